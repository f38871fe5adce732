"""Section 1 of docs/layer-format.md: order, parents, paths, default modes, equal files; and the listing, which must say
the same."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

from headers import CHARACTER, DEVICE, DIRECTORY, FILE, HARDLINK, PIPE, SYMLINK, Entry, encode, padded
from problem import Problem, check, same

TYPES = {FILE: "file", HARDLINK: "file", DIRECTORY: "dir", SYMLINK: "link"}
TYPES |= {CHARACTER: "char", DEVICE: "block", PIPE: "fifo"}


def check_entries(entries: list[Entry]) -> None:
    """What must hold of every layer."""
    for entry in entries:
        parts = entry.path.split(b"/")
        check(len(entry.path) <= 4096, f"the path {entry.name} is too long")
        check(not {b"", b".", b".."} & set(parts), f"the path {entry.name} has a part that no path may have")
        check(b"\0" not in entry.path + entry.target, f"{entry.name} holds a NUL byte")
        check(entry.mode <= 0o7777, f"{entry.name} has the mode {entry.mode:o}")
        check(entry.uid < 1 << 32 and entry.gid < 1 << 32, f"{entry.name} has the owner {entry.uid}:{entry.gid}")
        check(-1 << 63 <= entry.mtime < 1 << 63, f"{entry.name} has the time {entry.mtime}")
        if entry.kind == SYMLINK:
            check(1 <= len(entry.target) <= 4096, f"{entry.name} has a target of {len(entry.target)} bytes")
        elif entry.kind != HARDLINK:
            same(entry.target, b"", f"the target of {entry.name}, which is no link")
        check(len(entry.user) <= 255 and len(entry.group) <= 255, f"{entry.name} has an owner with a long name")
        check(b"\0" not in entry.user + entry.group, f"{entry.name} has an owner whose name holds a NUL byte")
        names = [name for name, _ in entry.xattrs]
        check(all(names) and len(names) == len(set(names)), f"names of attributes of {entry.name}: {names}")
        major, minor = entry.device
        most = (4095, 1048575) if entry.kind in (CHARACTER, DEVICE) else (0, 0)
        check(major <= most[0] and minor <= most[1], f"{entry.name} has the device {major}, {minor}")
        check(entry.content - entry.start <= 524288, f"{entry.name} has a header that is too long")
        if entry.kind != FILE:
            same(entry.size, 0, f"the size of {entry.name}, which is no regular file")
    for before, after in zip(entries, entries[1:]):
        check(before.path < after.path, f"{after.name} stands behind {before.name}")
    directories = {entry.path for entry in entries if entry.kind == DIRECTORY}
    for entry in entries:
        parent = entry.path.rpartition(b"/")[0]
        check(not parent or parent in directories, f"{entry.name} is there, and its directory is not")


def check_defaults(entries: list[Entry], tar: bytes) -> None:
    """What holds of a layer whose declarations say nothing of modes, owners and times."""
    for entry in entries:
        same((entry.uid, entry.gid, entry.mtime), (0, 0, 0), f"owner and time of {entry.name}")
        same((entry.user, entry.group, entry.xattrs), (b"", b"", ()), f"names and attributes of {entry.name}")
        # That of a hard link is that of the file.
        if entry.kind != HARDLINK:
            same(entry.mode, _default_mode(entry, tar), f"mode of {entry.name}")


def check_links(entries: list[Entry], tar: bytes, dedupe: bool, merged: bool) -> None:
    """Hard links lead to files before them. They are where equal files are, if they are asked for, or come from merged
    tars, and are nowhere else."""
    files: dict[bytes, Entry] = {}
    first: dict[tuple[object, ...], Entry] = {}
    for entry in entries:
        if entry.kind == HARDLINK:
            check(dedupe or merged, f"{entry.name} is a hard link, and equal files are to be stored each")
            target = files.get(entry.target)
            if target is None:
                raise Problem(f"{entry.name} is a hard link to /{entry.target!r}, which is no file before it")
            same(_attributes(entry), _attributes(target), f"attributes of {entry.name} and {target.name}")
            if merged:
                continue
            content = tar[target.content : target.content + target.size]
            stored = first[(content, *_attributes(target))]
            same(entry.target, stored.path, f"the file that {entry.name} is a hard link to")
            check(_link_is_shorter(entry, stored), f"{entry.name} is a hard link that is longer than the file")
        elif entry.kind == FILE:
            files[entry.path] = entry
            if entry.size == 0:
                continue
            key = (tar[entry.content : entry.content + entry.size], *_attributes(entry))
            stored = first.setdefault(key, entry)
            if dedupe and stored is not entry:
                check(not _link_is_shorter(entry, stored), f"{entry.name} equals {stored.name}, and is no hard link")


def _attributes(entry: Entry) -> tuple[object, ...]:
    return entry.mode, entry.uid, entry.gid, entry.user, entry.group, entry.xattrs, entry.mtime


def _link_is_shorter(entry: Entry, stored: Entry) -> bool:
    """Whether `entry` takes less room as a hard link to `stored` than as the same file."""
    link = replace(entry, kind=HARDLINK, target=stored.path, size=0)
    file = replace(entry, kind=FILE, target=b"", size=stored.size)
    return len(encode(link)) < len(encode(file)) + padded(stored.size)


def _default_mode(entry: Entry, tar: bytes) -> int:
    if entry.kind == SYMLINK:
        return 0o777
    if entry.kind == DIRECTORY:
        return {b"tmp": 0o1777, b"var/tmp": 0o1777, b"root": 0o700}.get(entry.path, 0o755)
    content = tar[entry.content : entry.content + entry.size]
    return 0o755 if content.startswith((b"#!", b"\x7fELF")) else 0o644


def check_listing(entries: list[Entry], listing: str) -> None:
    """The listing must have a line for each entry, in the same order and saying the same."""
    first, *lines = listing.split("\n")
    same(first, "#mtree", "first line of the listing")
    same(lines.pop(), "", "what follows the last line of the listing")
    same(len(lines), len(entries), "lines in the listing")
    for entry, line in zip(entries, lines):
        words = line.split(" ")
        said = dict(word.split("=", 1) for word in words[1:])
        same(_plain(words[0]), b"./" + entry.path, "a path in the listing")
        expected = {
            "type": TYPES[entry.kind],
            "mode": f"{entry.mode:04o}",
            "uid": str(entry.uid),
            "gid": str(entry.gid),
            "size": str(entry.size),
            "time": f"{entry.mtime}.0",
        }
        for keyword, name in (("uname", entry.user), ("gname", entry.group)):
            same(_plain(said.pop(keyword, "")), name, f"{keyword} of {entry.name} in the listing")
        for name, value in entry.xattrs:
            expected[f"xattr.{name.decode()}"] = base64.b64encode(value).decode()
        if entry.kind == HARDLINK:
            same(_plain(said.pop("contents", "")), b"./" + entry.target, f"target of {entry.name} in the listing")
        if entry.kind in (CHARACTER, DEVICE):
            expected["device"] = "native,{},{}".format(*entry.device)
        if entry.kind == SYMLINK:
            same(_plain(said.pop("link", "")), entry.target, f"target of {entry.name} in the listing")
        same(said, expected, f"{entry.name} in the listing")


def _plain(word: str) -> bytes:
    """Octal escapes taken back."""
    try:
        raw = word.encode("ascii")
    except UnicodeEncodeError as error:
        raise Problem(f"the listing has {word!r}, which is not ASCII") from error
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), raw)


def check_shape(entries: list[Entry], shape: dict) -> None:
    """The shape in layer.json tells of all directories and symbolic links, as far as their names are UTF-8."""
    depth = shape.get("depth", 4096)
    paths = {entry.path: entry for entry in entries if _is_text(entry.path) and entry.path.count(b"/") < depth}
    told: set[bytes] = set()
    for path in shape.get("paths", []):
        parts = path.encode().split(b"/")
        told.update(b"/".join(parts[:count]) for count in range(1, len(parts)))
    directories = {path for path, entry in paths.items() if entry.kind == DIRECTORY}
    same(told, directories, "directories in the shape")
    links = {path: entry.target for path, entry in paths.items() if entry.kind == SYMLINK and _is_text(entry.target)}
    found = {path.encode(): target.encode() for path, target in shape.get("symlinks", {}).items()}
    same(found, links, "symbolic links in the shape")


def _is_text(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True
