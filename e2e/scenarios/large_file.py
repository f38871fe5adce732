"""A file of more than 8 GiB, which no field of a tar header can say, keeps its size, and what follows it its place."""

from __future__ import annotations

import json
import time

from harness.processes import run
from harness.requirements import tool
from harness.world import World

SIZE = 9 << 30


def scenario(world: World) -> None:
    """Runs the scenario."""
    tool("zstd")
    (pack,) = world.bazel.files("//crates/pack:release")
    folder = world.scratch("large_file")
    folder.mkdir()
    with (folder / "sparse").open("wb") as sparse:
        sparse.truncate(SIZE)
    world.equal((folder / "sparse").stat().st_blocks, 0, "blocks that the file takes on disk")
    (folder / "small").write_text("small\n")
    lines = ("file", "large", "sparse", "", "file", "small", "small", "")
    (folder / "entries").write_text("".join(f"{line}\n" for line in ("strata-entries 2", *lines)))
    outputs = ("--blob", "blob", "--metadata", "layer.json", "--mtree", "mtree", "--created-by", "//e2e:large_file")
    started = time.monotonic()
    run([pack, "layer", "--entries", "entries", *outputs, "--compression", "zstd"], cwd=folder, timeout=300)
    world.step(f"packed in {time.monotonic() - started:.0f} s")

    # A pax header with its record, a header, the content; a header, a block of content; the end.
    metadata = json.loads((folder / "layer.json").read_bytes())
    world.equal(metadata["uncompressed_size"], 3 * 512 + SIZE + 2 * 512 + 1024, "length of the tar")
    sizes = [line.split(" ")[5] for line in (folder / "mtree").read_text().splitlines()[1:]]
    world.equal(sizes, [f"size={SIZE}", "size=6"], "sizes in the listing")

    script = "set -o pipefail; zstd -dc blob | tar -tvf - --full-time"
    seen = run(["bash", "-c", script], cwd=folder, timeout=300).stdout
    listed = [(line.split()[2], line.split()[-1]) for line in seen.splitlines()]
    world.equal(listed, [(str(SIZE), "large"), ("6", "small")], "what GNU tar lists")
    world.step(f"GNU tar reads {SIZE} bytes and the file behind them")
