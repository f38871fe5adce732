"""Listings of trees: what a layer declares (its `.mtree`) and what lies in a folder, in one form to compare them."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from harness.errors import Failure

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"

Tree = dict[str, dict[str, str]]
"""Path (`./usr/bin/count`) to keywords (`mode`, `uid`, …) and their values."""


def parse(text: str) -> Tree:
    """Reads an mtree listing of full paths: `./path key=value …`; blanks in names are written `\\040`."""
    lines = text.splitlines()
    if not lines or lines[0].strip() != "#mtree":
        raise Failure("a listing does not begin with #mtree", text[:200])
    tree: Tree = {}
    for line in lines[1:]:
        if line.strip():
            path, *words = line.split(" ")
            tree[_plain(path).rstrip("/")] = {key: _plain(value) for key, _, value in (w.partition("=") for w in words)}
    return tree


def _plain(text: str) -> str:
    """Takes the octal escapes back; names are bytes, kept as Python keeps those of files."""
    raw = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), os.fsencode(text))
    return os.fsdecode(raw)


def overlay(layers: list[Tree]) -> Tree:
    """What layers make together: the upper one wins, and its whiteouts delete what lower ones have."""
    tree: Tree = {}
    for layer in layers:
        for path in layer:
            folder, name = path.rsplit("/", 1)
            if name == _OPAQUE:
                _delete_below(tree, folder)
            elif name.startswith(_WHITEOUT):
                deleted = f"{folder}/{name.removeprefix(_WHITEOUT)}"
                tree.pop(deleted, None)
                _delete_below(tree, deleted)
        for path, entry in layer.items():
            if not path.rsplit("/", 1)[1].startswith(_WHITEOUT):
                if entry["type"] != "dir":
                    _delete_below(tree, path)
                tree[path] = entry
    return tree


def _delete_below(tree: Tree, folder: str) -> None:
    for path in [path for path in tree if path.startswith(f"{folder}/")]:
        del tree[path]


def linked(tree: Tree) -> Tree:
    """The same tree, in which a hard link has what the file has that it is linked to."""
    return {
        path: tree[entry["contents"]] | {"contents": entry["contents"]} if "contents" in entry else entry
        for path, entry in tree.items()
    }


def scan(root: Path) -> Tree:
    """What lies in a folder; the folder itself is left out, since no layer has to declare it.

    Of files that are hard links to one another, the first one is the file, and the others have its path as `contents`.
    """
    tree: Tree = {}
    files: dict[tuple[int, int], str] = {}
    # Names are sorted as `pack` does it, by bytes.
    for path in sorted(_below(root), key=os.fsencode):
        name, info = f"./{path.relative_to(root)}", path.lstat()
        tree[name] = _entry(path, info)
        if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
            first = files.setdefault((info.st_dev, info.st_ino), name)
            if first != name:
                tree[name]["contents"] = first
    return tree


def _below(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in folders + files)


def _entry(path: Path, info: os.stat_result) -> dict[str, str]:
    entry = {
        "mode": f"{stat.S_IMODE(info.st_mode):04o}",
        "uid": str(info.st_uid),
        "gid": str(info.st_gid),
        "time": f"{info.st_mtime_ns // 10**9}.0",
    }
    for name in os.listxattr(path, follow_symlinks=False):
        # Those that the machine itself gives to every file are nobody's.
        if name != "security.selinux":
            value = os.getxattr(path, name, follow_symlinks=False)
            entry[f"xattr.{name}"] = base64.b64encode(value).decode()
    device = f"native,{os.major(info.st_rdev)},{os.minor(info.st_rdev)}"
    match stat.S_IFMT(info.st_mode):
        case stat.S_IFLNK:
            return entry | {"type": "link", "link": os.readlink(path)}
        case stat.S_IFDIR:
            return entry | {"type": "dir"}
        case stat.S_IFCHR:
            return entry | {"type": "char", "device": device}
        case stat.S_IFBLK:
            return entry | {"type": "block", "device": device}
        case stat.S_IFIFO:
            return entry | {"type": "fifo"}
        case _:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            return entry | {"type": "file", "size": str(info.st_size), "sha256": digest}


Ignored = Callable[[dict[str, str], str], bool]
"""Whether a keyword of a declared entry is not looked at."""


def differences(declared: Tree, found: Tree, ignored: Ignored = lambda _entry, _key: False) -> list[str]:
    """What differs, a line each.

    The mode of a link says nothing on Linux; a listing says of files alone that they have a size, has the names of
    owners for whoever wants them, and no digests: those are compared where a test has put them in.
    """
    lines = [f"{path}: declared, but not there" for path in sorted(declared.keys() - found.keys())]
    lines += [f"{path}: there, but not declared" for path in sorted(found.keys() - declared.keys())]
    for path in sorted(declared.keys() & found.keys()):
        expected, actual = dict(declared[path]), dict(found[path])
        if actual["type"] == "link":
            actual.pop("mode")
        if "mode" in expected:
            expected["mode"] = expected["mode"].zfill(4)
        optional = {"mode", "size", "sha256", "uname", "gname"}
        keys = (actual.keys() - ({"sha256"} - expected.keys())) | (expected.keys() - optional)
        for key in sorted(keys):
            if actual.get(key) != expected.get(key) and not ignored(expected, key):
                lines.append(f"{path}: {key} is {actual.get(key)}, declared {expected.get(key)}")
    return lines
