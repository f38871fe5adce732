"""The module that bench/images builds in: bench/modules/images with inputs, the peer's tool, and a package a shape.

Invariant: the same sizes give the same inputs on any machine.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from strata_bench.errors import BenchError
from strata_bench.machine import REPOSITORY

SHAPES = {
    "layers": "oci_layer, oci_image",
    "tars": "bsdtar, oci_image",
    "copies": "bsdtar, layout of copies",
    "links": "bsdtar, layout of links",
}
"""By name, what makes layers and image. The last two are rules_oci's shape."""
OURS = ("layers", "tars")
CODECS = ("none", "gzip")
MODULE = REPOSITORY / "bench" / "modules" / "images"

# The C library comes from wherever the program runs, so that it fits the loader there.
_C_LIBRARY = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util)\.so.*)")


@dataclass(frozen=True)
class Sizes:
    """How large the images are."""

    layers: int
    """Of the large image."""
    files: int
    """In each of its layers."""
    file_bytes: int
    images: int
    """How many small images there are."""
    shared: int
    """How many layers each small image shares with the others."""
    small_bytes: int
    """What a layer of the small images holds, in one file."""

    @property
    def content_bytes(self) -> int:
        """What the large image holds."""
        return self.layers * self.files * self.file_bytes


FULL = Sizes(layers=10, files=300, file_bytes=100_000, images=20, shared=9, small_bytes=100_000)
QUICK = Sizes(layers=3, files=4, file_bytes=2_000, images=4, shared=2, small_bytes=1_000)


def write(folder: Path, sizes: Sizes) -> None:
    """Writes the module to `folder`, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(MODULE, folder)
    shutil.copy(REPOSITORY / ".bazelversion", folder)
    _copy_bsdtar(folder / "tools")
    _write_inputs(folder / "inputs", sizes)
    for shape in SHAPES:
        for codec in CODECS:
            call = f'large_image("{shape}", gzip = {codec == "gzip"}, layers = {sizes.layers})'
            _write_package(folder / large(shape, codec), "large_image", call)
        call = f'many_images("{shape}", images = {sizes.images}, shared = {sizes.shared})'
        _write_package(folder / many(shape), "many_images", call)


def large(shape: str, codec: str) -> str:
    """The package of a large image."""
    return f"large_{shape}_{codec}"


def many(shape: str) -> str:
    """The package of many images."""
    return f"many_{shape}"


def edited_file(folder: Path, sizes: Sizes) -> Path:
    """The file that changes: in the middle of the large image."""
    return folder / "inputs" / "layers" / str(sizes.layers // 2) / "f0000"


def edit(file: Path) -> None:
    """Changes one byte, always to another value; after 256 edits the file is as it was."""
    with file.open("r+b") as stream:
        byte = stream.read(1)[0]
        stream.seek(0)
        stream.write(bytes([(byte + 1) % 256]))


def _write_package(folder: Path, macro: str, call: str) -> None:
    folder.mkdir()
    (folder / "BUILD.bazel").write_text(f'load("//:shapes.bzl", "{macro}")\n\n{call}\n')


def _write_inputs(folder: Path, sizes: Sizes) -> None:
    """Files that are half random bytes and half text. The order of the draws from `rng` decides the bytes."""
    rng = random.Random(1)
    small = sizes.shared + sizes.images
    (folder / "layers.bzl").write_text(f'"""How many there are."""\n\nLAYERS = {sizes.layers}\nSMALL = {small}\n')
    for number in range(sizes.layers):
        for index in range(sizes.files):
            _write_file(folder / "layers" / str(number) / f"f{index:04d}", rng, sizes.file_bytes)
    for number in range(small):
        _write_file(folder / "small" / str(number) / "f0000", rng, sizes.small_bytes)


def _write_file(path: Path, rng: random.Random, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = rng.randbytes(size // 2)
    path.write_bytes(noise + noise[: size // 8].hex().encode().ljust(size - len(noise), b"."))


def _copy_bsdtar(folder: Path) -> None:
    """Copies bsdtar with its libraries: Bazel's actions may see another /usr than this program does."""
    path = shutil.which("bsdtar")
    if path is None:
        raise BenchError("bsdtar is not installed: apt-get install libarchive-tools")
    shutil.copy(path, folder / "bsdtar")
    (folder / "lib").mkdir()
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():  # `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)`
        name, arrow, rest = line.strip().partition(" => ")
        if arrow and not _C_LIBRARY.fullmatch(name):
            shutil.copy(rest.split(" (")[0], folder / "lib" / name)


def describe(sizes: Sizes) -> dict[str, int]:
    """The JSON of it."""
    return asdict(sizes) | {"content_bytes": sizes.content_bytes}
