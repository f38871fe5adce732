"""The attribute `args` of a binary as words.

Bazel takes each item apart as a Bourne shell would, quotes and backslashes included
(https://bazel.build/reference/be/common-definitions#binary.args), and refuses those with a quote that isn't closed.
"""

visibility("//oci/...")

# Inside double quotes a backslash is a backslash before anything but these.
_ESCAPED_IN_QUOTES = "\"\\$`"

def words(text):
    """Takes a text apart.

    Args:
      text: string.

    Returns:
      list of strings.
    """
    found = []
    word = None  # None between words: "" is a word, too.
    quote = None
    escaped = False
    for character in text.elems():
        if escaped:
            keep_backslash = quote == "\"" and character not in _ESCAPED_IN_QUOTES
            word = (word or "") + ("\\" if keep_backslash else "") + character
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            if character == quote:
                quote = None
            else:
                word = word + character
        elif character in "'\"":
            quote = character
            word = word or ""
        elif character in " \t\n\r":
            if word != None:
                found.append(word)
            word = None
        else:
            word = (word or "") + character
    return found + ([word] if word != None else [])
