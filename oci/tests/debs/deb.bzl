"""deb: a package for tests."""

visibility("//oci/tests/...")

def deb(name, architecture, compression, entries):
    """Declares `<name>.deb`.

    Args:
      name: string. Also the package's.
      architecture: string, as Debian names it.
      compression: string, `gz` or `xz`.
      entries: list of string, see deb.py.
    """
    native.genrule(
        name = name + "_deb",
        srcs = ["//oci/tests/debs:deb.py"],
        outs = [name + ".deb"],
        cmd = "python3 $< $@ %s %s %s %s" % (name, architecture, compression, " ".join(["'%s'" % entry for entry in entries])),
    )
