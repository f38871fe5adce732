# The standard library.
