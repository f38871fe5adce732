"""What a layer unpacks to, and whether that is what went in.

Invariant: two trees are equal if they have the same paths, with the same type, and the same content (by SHA-256) or
link target. A hard link is the file that it links to. Directories are there if anything is below them, said or not.
Modes are compared apart, since programs differ in what they take them from.
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from strata_bench.errors import BenchError
from strata_bench.inputs import regular_files

CHUNK = 1 << 20
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x50\x2a\x4d\x18", "zstd"))
_DECOMPRESSORS = {"gzip": ("gzip", "-dc"), "zstd": ("zstd", "-qdc"), "none": ("cat",)}


@dataclass
class Tree:
    """Paths, and what is there."""

    nodes: dict[str, str] = field(default_factory=dict)
    """By path: `dir`, `file SHA256`, `link TARGET`, or a tar type that none of these is."""
    modes: dict[str, int] = field(default_factory=dict)
    """Of files and links, by path. Directories are left out: not every program writes them."""

    def add(self, path: str, node: str, mode: int | None = None) -> None:
        """Adds an entry, and the directories above it."""
        before = self.nodes.get(path)
        if before is not None and not before == node == "dir":
            raise BenchError(f"{path!r} is there twice: {before}, {node}")
        self.nodes[path] = node
        if mode is not None:
            self.modes[path] = mode
        for parent in PurePosixPath(path).parents:
            if str(parent) != ".":
                self.nodes.setdefault(str(parent), "dir")

    def modes_digest(self) -> str:
        """Equal for equal modes."""
        text = "".join(f"{mode:o} {path}\n" for path, mode in sorted(self.modes.items()))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def of_directory(directory: Path) -> Tree:
    """The regular files of a directory on disk, with the directories above them."""
    tree = Tree()
    for path in regular_files(directory):
        with path.open("rb") as file:
            tree.add(str(path.relative_to(directory)), f"file {hashlib.file_digest(file, 'sha256').hexdigest()}")
    return tree


def codec_of(blob: Path) -> str:
    """The codec of a layer, by its first bytes."""
    with blob.open("rb") as file:
        start = file.read(4)
    return next((codec for magic, codec in _MAGIC if start.startswith(magic)), "none")


def of_layer(blob: Path) -> Tree:
    """What a layer unpacks to. Read by Python's tarfile from what gzip or zstd unpack, so by no code of ours."""
    command = [*_DECOMPRESSORS[codec_of(blob)], str(blob)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            tree = _read(process.stdout)
            while process.stdout.read(CHUNK):  # What follows the end of the archive.
                pass
        except tarfile.TarError as error:
            raise BenchError(f"{blob}: not a tar: {error}") from error
    if process.returncode:
        raise BenchError(f"{' '.join(command)}: exit code {process.returncode}")
    return tree


def _read(stream: IO[bytes]) -> Tree:
    tree = Tree()
    with tarfile.open(fileobj=stream, mode="r|", bufsize=CHUNK) as archive:
        for member in archive:
            path = str(PurePosixPath(member.name.removeprefix("/")))
            archive.members = []  # type: ignore[attr-defined]  # Else it keeps all of them.
            if path == ".":
                continue
            if member.isdir():
                tree.add(path, "dir")
            elif member.isreg():
                tree.add(path, f"file {_digest(archive.extractfile(member))}", member.mode)
            elif member.islnk():
                target = str(PurePosixPath(member.linkname.removeprefix("/")))
                tree.add(path, tree.nodes.get(target, f"hard link to {target}, which is not there"), member.mode)
            elif member.issym():
                tree.add(path, f"link {member.linkname}", member.mode)
            else:
                tree.add(path, f"type {member.type!r}", member.mode)
    return tree


def _digest(file: IO[bytes] | None) -> str:
    assert file is not None
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def difference(expected: Tree, found: Tree) -> str | None:
    """The first few paths in which two trees differ, for people; None if they are equal."""
    if expected.nodes == found.nodes:
        return None
    paths = sorted(
        path for path in expected.nodes.keys() | found.nodes.keys() if expected.nodes.get(path) != found.nodes.get(path)
    )
    lines = [
        f"  {path}: {expected.nodes.get(path, 'nothing')} expected, {found.nodes.get(path, 'nothing')} found"
        for path in paths[:5]
    ]
    return "\n".join([f"{len(paths)} paths differ:", *lines])
