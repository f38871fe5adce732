"""Layers are as docs/layer-format.md has them, byte for byte: e2e/format/check.py says so, and sees what is not."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

from harness import spoil
from harness.processes import run
from harness.requirements import tool
from harness.world import REPOSITORY, World

CHECK = REPOSITORY / "e2e" / "format" / "check.py"

# layer of odd_trees, what the checker is told of it
BUILT = {
    "gzip": ("--compression=gzip", "--defaults"),
    "gzip_one": ("--compression=gzip", "--gzip-members=one", "--defaults"),
    "none": ("--compression=none", "--defaults"),
    "zstd": ("--compression=zstd", "--defaults"),
    "dedupe": ("--compression=gzip", "--dedupe", "--defaults"),
    "declared": ("--compression=gzip",),
}

# compression, levels
LEVELS = (("gzip", (0, 1, 2, 7, 8, 12)), ("zstd", (1, 4, 9, 19)))


def scenario(world: World) -> None:
    """Runs the scenario."""
    tool("zstd")
    files = {f"{path.parent.name}/{path.name}": path for path in world.module("odd_trees").files("//:everything")}
    layers: dict[str, tuple[Path, Path]] = {}
    for name, options in BUILT.items():
        (blob,) = (path for key, path in files.items() if key.rpartition("/")[2].startswith(f"{name}.tar"))
        metadata, mtree = files[f"{name}.strata/layer.json"], files[f"{name}.strata/layer.mtree"]
        seen = _check(blob, metadata, "--mtree", mtree, *options)
        layers[name] = (blob, metadata)
        world.step(f"{name}: {seen}")

    _spoiled(world, layers)
    _packed(world)


def _check(blob: Path, metadata: Path, *options: str | Path) -> str:
    return run([CHECK, "--blob", blob, "--metadata", metadata, *options], timeout=300).stdout.strip()


def _spoiled(world: World, layers: dict[str, tuple[Path, Path]]) -> None:
    """What is not in the format is seen, even where all digests are right."""
    folder = world.scratch("spoiled")
    folder.mkdir()
    kinds = (("none", spoil.spoiled_tars), ("gzip", spoil.spoiled_gzips), ("zstd", spoil.spoiled_zstds))
    for name, spoilers in kinds:
        layer = spoil.Layer.read(*layers[name])
        options = BUILT[name]
        _check(*layer.write(folder), *options)
        seen = []
        for what, words, spoiled in (*_flipped(layer), *spoilers(layer)):
            blob, metadata = spoiled.write(folder)
            result = run([CHECK, "--blob", blob, "--metadata", metadata, *options], code=1, timeout=300)
            world.check(words in result.stderr, f"{name} with {what}: the message does not say `{words}`", result)
            seen.append(what)
        world.step(f"{name}: seen to be wrong: {', '.join(seen)}")
    for name, option, words in (("none", "--dedupe", "is no hard link"), ("dedupe", "--defaults", "is a hard link")):
        blob, metadata = layers[name]
        result = run([CHECK, "--blob", blob, "--metadata", metadata, option], code=1, timeout=300)
        world.check(words in result.stderr, f"{name} {option}: the message does not say `{words}`", result)
    world.step("hard links are where they are asked for, and nowhere else")


def _flipped(layer: spoil.Layer) -> Iterator[tuple[str, str, spoil.Layer]]:
    """A bit flipped anywhere: with all digests as they were; compressed, also with the blob's made right."""
    places = random.Random(1)

    def flipped() -> bytes:
        at = places.randrange(len(layer.blob))
        return layer.blob[:at] + bytes([layer.blob[at] ^ 1 << places.randrange(8)]) + layer.blob[at + 1 :]

    yield "a flipped bit", "digest in layer.json", spoil.Layer(flipped(), layer.metadata)
    if "members" in layer.metadata:
        for count in range(1, 6):
            yield f"another flipped bit ({count}), sealed", ": ", layer.sealed(flipped())


def _packed(world: World) -> None:
    """What the rules do not say: every level's framing, numbers that fit no field, and tars from elsewhere."""
    (pack,) = world.bazel.files("//crates/pack:release")
    folder = world.scratch("packed")
    folder.mkdir()
    noise = random.Random(2)
    (folder / "noise").write_bytes(noise.randbytes(3_000_000))
    (folder / "text").write_bytes(bytes(noise.choices(b"abcdefgh ", k=1_500_000)))
    entries = [("file", "noise", "noise", ""), ("file", "text", "text", "4755")]
    entries += [("mtime", "", str(1 << 40), ""), ("owner", "", "2097152:2097151", "")]
    lines = [line for entry in entries for line in entry]
    (folder / "entries").write_text("".join(f"{line}\n" for line in ["strata-entries 2", *lines]))
    blob, metadata, mtree = folder / "blob", folder / "layer.json", folder / "layer.mtree"
    outputs = ["--blob", blob, "--metadata", metadata, "--mtree", mtree, "--created-by", "//e2e:packed"]
    for compression, levels in LEVELS:
        for level in levels:
            options = ["--compression", compression, "--compression-level", str(level)]
            run([pack, "layer", "--entries", "entries", *outputs, *options], cwd=folder)
            _check(blob, metadata, "--mtree", mtree, "--compression", compression, "--level", str(level))
        world.step(f"{compression}: levels {', '.join(map(str, levels))}")

    _foreign_tar(folder / "merged.tar")
    (folder / "entries").write_text("strata-entries 2\ntar\n\nmerged.tar\n\n" + "file\nd/text\ntext\n\n")
    for options in ([], ["--dedupe"]):
        run([pack, "layer", "--entries", "entries", *outputs, *options], cwd=folder)
        _check(blob, metadata, "--mtree", mtree, "--merged", *options)
    world.step("devices, pipes, hard links, old times and attributes, from a tar that is merged")

    run(["tar", "-cf", "foreign.tar", "noise", "text"], cwd=folder)
    for options in (["--compression", "gzip"], ["--compression", "zstd"]):
        run([pack, "import", "--tar", "foreign.tar", *outputs, *options], cwd=folder)
        _check(blob, metadata, "--imported", *options)
    world.step("a tar from elsewhere, compressed")


def _foreign_tar(path: Path) -> None:
    """A tar with what no declaration can say."""
    kinds = [tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE]
    kinds += [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE]
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for index, kind in enumerate(kinds):
            info = tarfile.TarInfo(f"d/{index}" if index else "d")
            info.type, info.mode, info.mtime, info.uname = kind, 0o2751, -index, "ümlaut"
            info.linkname = "d/1" if kind in (tarfile.LNKTYPE, tarfile.SYMTYPE) else ""
            info.devmajor, info.devminor = (4095, 1048575) if kind in (tarfile.CHRTYPE, tarfile.BLKTYPE) else (0, 0)
            info.pax_headers = {"SCHILY.xattr.user.kind": kind.decode()}
            content = b"content" * 1000 if kind == tarfile.REGTYPE else b""
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
