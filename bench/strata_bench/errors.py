"""The one kind of error that the programs in bench/ end with: a message for whoever ran them."""


class BenchError(Exception):
    """Something that the user can mend; the message says what."""
