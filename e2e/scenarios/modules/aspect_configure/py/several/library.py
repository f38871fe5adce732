"""A library.

if __name__ == "__main__":
    print("in a docstring")
"""

# if __name__ == "__main__":
TEXT = "__main__"
