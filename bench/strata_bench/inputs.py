"""The inputs: four directories of regular files, written anew or taken as they are.

Invariant: the same seed and sizes give the same bytes for (a) and (b) on any machine; (c) and (d) are copies of a real
tree, which differs between machines, and so the result says which it was.
"""

from __future__ import annotations

import json
import os
import platform
import random
import shutil
import sys
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path

from strata_bench.errors import BenchError

NAMES = ("a", "b", "c", "d")
MARKER = "inputs.json"
VERSION = 1
"""Of what is written below a folder of inputs; another version is written anew."""
LEFT_OUT = frozenset({"test", "tests", "__pycache__"})
"""Directories of the real tree that are left out: caches differ between runs of Python, tests are large and many."""


@dataclass(frozen=True)
class Sizes:
    """How large (a) and (b) are."""

    single_file: int
    """(a), in bytes."""
    files: int
    """Of (b)."""
    files_a_directory: int


FULL = Sizes(single_file=1 << 30, files=50_000, files_a_directory=25)
QUICK = Sizes(single_file=4 << 20, files=300, files_a_directory=25)


@dataclass(frozen=True)
class Input:
    """A directory to pack, and what is in it."""

    name: str
    directory: Path
    about: str
    """What it is, for people."""
    files: int
    content_bytes: int

    @classmethod
    def measure(cls, name: str, directory: Path, about: str) -> Input:
        """Counts the files and bytes of a directory."""
        sizes = [path.stat().st_size for path in regular_files(directory)]
        if not sizes:
            raise BenchError(f"input {name}: {directory} holds no files")
        return cls(name, directory, about, len(sizes), sum(sizes))

    def warm(self) -> None:
        """Reads everything once, so that it is in the page cache."""
        for path in regular_files(self.directory):
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 20):
                    pass


def regular_files(directory: Path) -> list[Path]:
    """All regular files below a directory, sorted by path. Links are not among them."""
    found = []
    for folder, folders, names in os.walk(directory):
        folders.sort()
        found += [path for name in names if (path := Path(folder, name)).is_file() and not path.is_symlink()]
    return sorted(found)


def default_real_tree() -> Path:
    """This Python's standard library, with its site-packages: on every machine that runs this."""
    return Path(sysconfig.get_path("stdlib"))


def prepare(folder: Path, sizes: Sizes, real_tree: Path, names: tuple[str, ...]) -> list[Input]:
    """The inputs `names` below `folder`, written unless they are there from an earlier run with the same sizes."""
    if not real_tree.is_dir():
        raise BenchError(f"--real-tree: {real_tree} is no directory")
    wanted = {"version": VERSION, "sizes": asdict(sizes), "real_tree": str(real_tree.resolve())}
    marker = folder / MARKER
    if not marker.is_file() or json.loads(marker.read_text()) != wanted:
        print(f"writing inputs to {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _write_synthetic(folder, sizes)
        _copy_tree(real_tree, folder / "c")
        for side in ("first", "second"):
            _copy_tree(folder / "c", folder / "d" / side)
        marker.write_text(json.dumps(wanted, indent=1) + "\n")
    tree = f"the regular files of {real_tree}"
    if real_tree == default_real_tree():  # Where that lies differs from machine to machine and tells nothing.
        tree = (
            f"the standard library and site-packages of Python {platform.python_version()} as installed, without tests"
        )
    about = {
        "a": f"one file of {sizes.single_file >> 20:,} MiB, random bytes and text in runs of 0.2 to 1.7 MB",
        "b": f"{sizes.files:,} files of 0 to 8 KiB of text",
        "c": tree,
        "d": "(c) twice, side by side",
    }
    return [Input.measure(name, folder / name, about[name]) for name in names]


def _write_synthetic(folder: Path, sizes: Sizes) -> None:
    """(a) and (b). The order of the draws from `rng` decides the bytes."""
    rng = random.Random(1)
    alphabet = b"abcdefghijklmnopqrstuvwxyz"
    words = [bytes(rng.choice(alphabet) for _ in range(rng.randint(2, 9))) for _ in range(5000)]

    def text(size: int) -> bytes:
        """Words, and the same words again: what compresses about as well as source code."""
        return (b" ".join(rng.choices(words, k=size // 5 + 2)) * 2)[:size]

    (folder / "a").mkdir()
    with (folder / "a" / "a.bin").open("wb") as file:
        left = sizes.single_file
        while left:  # Uneven runs, so that no size of blocks fits them by luck.
            size = min(left, rng.randint(200_000, 1_700_000))
            file.write(rng.randbytes(size) if rng.random() < 0.5 else text(size))
            left -= size
    for index in range(sizes.files):
        directory = folder / "b" / f"d{index // sizes.files_a_directory:04d}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"f{index:05d}").write_bytes(text(rng.randint(0, 8192)))


def _copy_tree(source: Path, target: Path) -> None:
    """Copies the regular files, with their modes; links and empty directories aren't treated alike by all peers."""
    for path in regular_files(source):
        relative = path.relative_to(source)
        if LEFT_OUT.isdisjoint(relative.parts[:-1]) and os.access(path, os.R_OK):
            copy = target / relative
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            shutil.copymode(path, copy)
