"""The mappings of rules_pkg (`pkg_files`, `pkg_mkdirs`, `pkg_mklink`, `pkg_filegroup`) as entries of a layer.

They say themselves where things go, and with which mode and owner. Runtimes go by the numbers of owners, so a name alone,
which rules_pkg would write into the tar beside 0, is an error, but for root.
"""

load(
    "@rules_pkg//pkg:providers.bzl",
    "PackageDirsInfo",
    "PackageFilegroupInfo",
    "PackageFilesInfo",
    "PackageSymlinkInfo",
)
load(":layer_entries.bzl", "add_lines", "entry_lines", "file_lines", "setting_lines")

visibility("//oci/...")

def is_pkg(target):
    """Whether a target is a mapping of rules_pkg.

    Args:
      target: Target.

    Returns:
      bool.
    """
    return any([provider in target for provider in [PackageDirsInfo, PackageFilegroupInfo, PackageFilesInfo, PackageSymlinkInfo]])

def _number(label, attributes, number, name):
    """One half of an owner: a string of digits, or None if nothing is said."""
    if attributes.get(number) != None:
        return str(attributes[number])
    text = attributes.get(name)
    if not text:
        return None
    if text == "root":
        return "0"
    if text.isdigit():
        return text
    fail("%s: the attribute %s = %r of pkg_attributes is a name, and a layer stores numbers, since names stand in the image's /etc/passwd. Add %s, the number." % (
        label,
        name,
        text,
        number,
    ))

def _owner(label, attributes):
    uid = _number(label, attributes, "uid", "user")
    gid = _number(label, attributes, "gid", "group")
    return None if uid == None and gid == None else "%s:%s" % (uid or "0", gid or "0")

def _literal(path):
    """A glob that fits this path alone."""
    for special in ["\\", "*", "?", "[", "]", "{", "}"]:
        path = path.replace(special, "\\" + special)
    return path

def _owner_lines(path, owner, is_tree = False):
    if owner == None:
        return []
    globs = [_literal(path)] if path.strip("/") else []
    if is_tree:
        globs.append(_literal(path.rstrip("/") + "/") + "**")
    return [
        line
        for glob in globs
        for line in setting_lines("owner", attribute = "attributes of rules_pkg", glob = glob, value = owner)
    ]

def add_pkg(entries, target, package_dir):
    """Adds what a mapping of rules_pkg says.

    Args:
      entries: list.
      target: Target for which is_pkg holds.
      package_dir: string. Directory in the image below which all of it is placed.
    """
    root = package_dir.rstrip("/") + "/"

    def place(path):
        return root + path.strip("/").removeprefix("./")

    def add_files(info, label):
        owner, mode = _owner(label, info.attributes), info.attributes.get("mode") or ""
        add_lines(entries, [info], lambda info: [
            line
            for path, file in info.dest_src_map.items()
            for line in file_lines(place(path), file, mode) + _owner_lines(place(path), owner, file.is_directory)
        ])

    def add_dirs(info, label):
        owner, mode = _owner(label, info.attributes), info.attributes.get("mode") or ""
        for path in info.dirs:
            add_lines(entries, entry_lines("dir", place(path), mode = mode) + _owner_lines(place(path), owner))

    def add_symlink(info, label):
        path = place(info.destination)
        add_lines(entries, entry_lines("symlink", path, info.target) + _owner_lines(path, _owner(label, info.attributes)))

    if PackageFilesInfo in target:
        add_files(target[PackageFilesInfo], target.label)
    if PackageDirsInfo in target:
        add_dirs(target[PackageDirsInfo], target.label)
    if PackageSymlinkInfo in target:
        add_symlink(target[PackageSymlinkInfo], target.label)
    if PackageFilegroupInfo in target:
        group = target[PackageFilegroupInfo]
        for field, add in [("pkg_files", add_files), ("pkg_dirs", add_dirs), ("pkg_symlinks", add_symlink)]:
            for info, label in getattr(group, field, []):
                add(info, label)
