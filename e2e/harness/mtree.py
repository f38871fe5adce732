"""Listings of trees: what a layer declares (its `.mtree`) and what lies in a folder, in one form to compare them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from harness.errors import Failure

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
    """What layers without whiteouts make together: the upper one wins."""
    tree: Tree = {}
    for layer in layers:
        tree.update(layer)
    return tree


def scan(root: Path) -> Tree:
    """What lies in a folder; the folder itself is left out, since no layer has to declare it."""
    tree: Tree = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = Path(folder, name)
            tree[f"./{path.relative_to(root)}"] = _entry(path)
    return tree


def _entry(path: Path) -> dict[str, str]:
    info = path.lstat()
    entry = {
        "mode": f"{stat.S_IMODE(info.st_mode):04o}",
        "uid": str(info.st_uid),
        "gid": str(info.st_gid),
        "time": f"{int(info.st_mtime)}.0",
    }
    if stat.S_ISLNK(info.st_mode):
        return entry | {"type": "link", "link": os.readlink(path)}
    if stat.S_ISDIR(info.st_mode):
        return entry | {"type": "dir"}
    return entry | {"type": "file", "size": str(info.st_size)}


def differences(declared: Tree, found: Tree) -> list[str]:
    """What differs, a line each. The mode of a link says nothing on Linux; sizes are those of files."""
    lines = [f"{path}: declared, but not there" for path in sorted(declared.keys() - found.keys())]
    lines += [f"{path}: there, but not declared" for path in sorted(found.keys() - declared.keys())]
    for path in sorted(declared.keys() & found.keys()):
        for key, value in sorted(found[path].items()):
            if key == "mode" and found[path]["type"] == "link":
                continue
            expected = declared[path].get(key)
            if key == "mode" and expected is not None:
                expected = expected.zfill(4)
            if expected != value:
                lines.append(f"{path}: {key} is {value}, declared {expected}")
    return lines
