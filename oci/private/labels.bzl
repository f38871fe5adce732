"""Labels as people write them, the same with every Bazel."""

visibility("//oci/...")

def display_label(label):
    """A label without a canonical repository name, which differs between Bazel versions.

    It is recorded in images (`created_by`), so it must not depend on the Bazel that built them.

    Args:
      label: Label.

    Returns:
      string. `//pkg:name` in the main repository, else `@repo//pkg:name` with the module's name, or the
      repository's own name where a module extension made it.
    """
    path = "//%s:%s" % (label.package, label.name)
    parts = [p for p in label.repo_name.replace("+", "~").split("~") if p]
    if not parts:
        return path

    # module~ | module~version | module~~extension~repo | module~version~extension~repo
    return "@%s%s" % (parts[-1] if len(parts) > 2 else parts[0], path)
