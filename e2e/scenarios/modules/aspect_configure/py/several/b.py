'''
if __name__ == '__main__':
'''
if '__main__' == __name__:
    print(r"\")
