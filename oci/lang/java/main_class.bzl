"""The class that a java_binary starts where its attribute main_class names none.

By Bazel's documentation (https://bazel.build/reference/be/java#java_binary.main_class) it is the source named as the target, or else the
target's own path; the package is what comes after the Java root, a directory by a name that says so.
"""

visibility("//oci/...")

_ROOTS = ["java", "javatests", "src", "testsrc"]
_DOMAINS = ["com", "net", "org"]

def _inner_root(segments, root):
    """The root where that of the first name holds further ones, as `src/main/java` and `src/java/com` do."""
    is_src = segments[root] == "src"
    if not is_src and root != 0:
        return root
    maven = root if is_src else None
    for index in range(root + 1, len(segments) - 1):
        segment = segments[index]
        if segment == "src" or (is_src and segment in ("java", "javatests")):
            if segments[index + 1] in _DOMAINS:
                root = index
            elif segment == "src":
                maven = index
            break
    if maven != None and maven + 2 < len(segments):
        if segments[maven + 1] in ("main", "test") and segments[maven + 2] in ("java", "resources"):
            return maven + 2
    return root

def class_at(path):
    """The name of the class whose source is at a path.

    Args:
      path: string, without the extension.

    Returns:
      string; or None where no directory of the path says that Java's packages start there.
    """
    segments = path.split("/")
    for index, segment in enumerate(segments):
        if segment in _ROOTS:
            return ".".join(segments[_inner_root(segments, index) + 1:])
    return None

def main_class_of(label, attributes, files):
    """The class that a binary starts.

    Args:
      label: Label. The binary.
      attributes: its rule's attributes, `ctx.rule.attr` of an aspect.
      files: its rule's files, `ctx.rule.files`.

    Returns:
      string; or None where nothing says it.
    """
    declared = getattr(attributes, "main_class", None)
    if declared:
        return declared
    for source in getattr(files, "srcs", []):
        if source.basename == label.name + ".java":
            return class_at(source.short_path.removesuffix(".java"))
    return class_at("/".join([part for part in (label.package, label.name) if part]))
