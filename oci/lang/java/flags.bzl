"""Flags of a binary for the JVM, without the shell that Bazel's own script has for them."""

visibility("//oci/...")

_RUNFILES = ["${JAVA_RUNFILES}", "$JAVA_RUNFILES"]

def _wants_shell(flag):
    for text in flag.split("$")[1:]:
        if text[:1].isalpha() or text[:1] in ("_", "{", "("):
            return True
    return "`" in flag

def image_flags(label, binary, flags, runfiles_root):
    """Flags as a container gets them.

    Args:
      label: string. The target, for messages.
      binary: string. The binary's label.
      flags: iterable of strings, the binary's.
      runfiles_root: string. The runfiles directory in the image, which those flags know as JAVA_RUNFILES.

    Returns:
      list of strings.
    """
    found = []
    for flag in flags:
        for name in _RUNFILES:
            flag = flag.replace(name, runfiles_root)
        if _wants_shell(flag):
            fail(("%s: jvm_flags of %s: %r is one that a shell expands when `bazel run` starts it, and no shell starts it in a container. " +
                  "Write the value; of variables, $JAVA_RUNFILES alone is known.") % (label, binary, flag))
        found.append(flag)
    return found
