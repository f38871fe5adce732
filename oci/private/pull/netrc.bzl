"""The file `.netrc`: user and password by host, as curl and git read it, and as pushes and loads do
(crates/registry/src/keychain/netrc.rs).

Its entry `default`, which is for every host there is, is passed over: a registry has credentials of its own, and those would
never be found behind it.
"""

visibility("//oci/...")

def _words_of_line(line):
    """The words of a line: comments left out, quotes taken off."""
    words = []
    word, quoted, escaped = None, False, False
    for c in line.elems():
        if quoted:
            if not escaped and c == "\\":
                escaped = True
            elif not escaped and c == '"':
                words.append(word)
                word, quoted = None, False
            else:
                word, escaped = word + c, False
        elif c.isspace():
            if word != None:
                words.append(word)
                word = None
        elif word != None:
            word += c
        elif c == "#":
            return words
        elif c == '"':
            word, quoted = "", True
        else:
            word = c
    return words + ([word] if word != None else [])

def _words(text):
    """The words of a file: macros left out, too."""
    words = []
    in_macro = False
    for line in text.split("\n"):
        if in_macro:
            # Up to an empty line it is the text of a macro.
            in_macro = bool(line.strip())
            continue
        for word in _words_of_line(line):
            if word == "macdef":
                in_macro = True
                break
            words.append(word)
    return words

def netrc_entry(text, hosts):
    """User and password for a host.

    Args:
      text: string, the file.
      hosts: list of string, names without port of which any will do.

    Returns:
      (string, string), of the first entry that is complete; or None.
    """
    entry = None
    field = None
    for word in _words(text):
        if field == "machine":
            entry = {} if word in hosts else None
        elif field:
            if entry != None:
                entry[field] = word
        elif word in ("machine", "default"):
            if entry and "login" in entry and "password" in entry:
                break
            entry = None
        field = word if not field and word in ("machine", "login", "password", "account") else None
    if entry and "login" in entry and "password" in entry:
        return entry["login"], entry["password"]
    return None
