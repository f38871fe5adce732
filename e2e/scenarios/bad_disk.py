"""A full disk, and files that may not be read: exit code 1, the path, and nothing half-written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.containerd import skip_without_containers
from harness.processes import Result, run
from harness.world import World

# Root, but for the right to pass over permissions.
BOUND_BY_PERMISSIONS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
SIZE = 4 << 20
"""Of the disk, in bytes."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    # For the right to mount.
    skip_without_containers()
    pack = world.bazel.files("//crates/pack:release")[0]
    folder = world.scratch("sources")
    folder.mkdir()
    (folder / "large").write_bytes(random.Random(1).randbytes(2 * SIZE))
    run(["tar", "-cf", "large.tar", "large"], cwd=folder)
    # What is compressed is unpacked beside the output, to be merged.
    run(["tar", "-czf", "large.tar.gz", "large"], cwd=folder)
    (folder / "merge.entries").write_text("strata-entries 2\ntar\n\nlarge.tar.gz\n\n")
    _write_entries(folder, "layer", "file", "large")
    layer, tar = ["layer", "--entries=layer.entries"], ["import", "--tar=large.tar"]

    with _disk(world.scratch("disk")) as disk:
        merge = ["layer", "--entries=merge.entries"]
        for arguments in ([*layer, "--compression=none"], layer, [*layer, "--compression=zstd"], tar, merge):
            result = _fails(world, [pack, *arguments, *_outputs(disk)], folder)
            world.contains(result, str(disk), "No space left on device")
            world.equal(list(disk.iterdir()), [], "files on the disk that was full")
        # One that is full from the first byte on.
        with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as ballast:
            while ballast.write(bytes(4096)):
                pass
        (folder / "small").write_text("small\n")
        _write_entries(folder, "small", "file", "small")
        result = _fails(world, [pack, "layer", "--entries=small.entries", *_outputs(disk)], folder)
        world.contains(result, str(disk), "No space left on device")
        world.equal([path.name for path in disk.iterdir()], ["ballast"], "files on the full disk")
    world.step("a disk that is full, or becomes so, ends in words that name the output, and nothing is left on it")

    (folder / "tree" / "closed").mkdir(parents=True)
    (folder / "tree" / "closed").chmod(0)
    (folder / "closed.tar").write_bytes((folder / "large.tar").read_bytes())
    for name in ("closed-file", "closed.tar", "closed.entries"):
        (folder / name).touch()
        (folder / name).chmod(0)
    _write_entries(folder, "file", "file", "closed-file")
    _write_entries(folder, "tree", "tree", "tree")
    (folder / "closed-folder").mkdir(mode=0)
    out = world.scratch("out")
    out.mkdir()
    for arguments, closed in (
        (["layer", "--entries=file.entries", *_outputs(out)], "closed-file"),
        (["layer", "--entries=tree.entries", *_outputs(out)], "tree/closed"),
        (["layer", "--entries=closed.entries", *_outputs(out)], "closed.entries"),
        (["import", "--tar=closed.tar", *_outputs(out)], "closed.tar"),
        ([*layer, *_outputs(folder / "closed-folder")], "closed-folder/"),
    ):
        result = _fails(world, [*BOUND_BY_PERMISSIONS, pack, *arguments], folder)
        world.contains(result, closed, "Permission denied")
        world.equal(list(out.iterdir()), [], f"outputs without {closed}")
    world.step("what may not be read or written is named")


def _write_entries(folder: Path, name: str, kind: str, source: str) -> None:
    (folder / f"{name}.entries").write_text(f"strata-entries 2\n{kind}\n{source}\n{source}\n\n")


def _outputs(folder: Path) -> list[str]:
    outputs = [f"--{name}={folder / name}" for name in ("blob", "metadata", "mtree")]
    return [*outputs, "--created-by=//:layer"]


def _fails(world: World, command: list[str | Path], folder: Path) -> Result:
    result = run(command, cwd=folder, code=1)
    world.equal(result.stdout, "", "standard output")
    return result


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    """A disk of SIZE."""
    folder.mkdir()
    run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "strata-e2e", folder])
    try:
        yield folder
    finally:
        run(["umount", folder])

