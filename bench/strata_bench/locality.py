"""The command line of `bench/locality`: how much of a layer changes when one file of many does.

Each edit is made in the entries file, where one line then names another file, or is gone, or is new: the input itself
stays as it is. Invariant: `layer.json` says where the members are, and one has changed if none of the layer before had
its bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strata_bench import cli, inputs, table
from strata_bench.errors import BenchError
from strata_bench.programs import ENTRIES_HEADER

RESULT_VERSION = 1
CODECS = ("gzip", "zstd")
WORDS = b"strata are layers of rock and soil that lie one upon another and tell their age "


@dataclass(frozen=True)
class Member:
    """A gzip member or zstd frame of a layer."""

    digest: bytes
    size: int


class Packer:
    """Packs lists of files, always to the same place."""

    def __init__(self, pack: Path, codec: str, folder: Path) -> None:
        self._pack = pack
        self._codec = codec
        self._folder = folder

    def members(self, files: dict[str, Path]) -> list[Member]:
        """The members of the layer of these files."""
        entries, blob, metadata, mtree = (self._folder / name for name in ("entries", "blob", "json", "mtree"))
        entries.write_text(ENTRIES_HEADER + "".join(f"file\n{path}\n{source}\n\n" for path, source in files.items()))
        options = {"entries": entries, "blob": blob, "metadata": metadata, "mtree": mtree, "compression": self._codec}
        command = [str(self._pack), "layer", "--created-by", "bench"]
        run = subprocess.run([*command, *(f"--{name}={value}" for name, value in options.items())], check=False)
        if run.returncode:
            raise BenchError(f"pack: exit code {run.returncode}")
        found = []
        content = blob.read_bytes()
        for member in json.loads(metadata.read_text())["members"]:
            piece = memoryview(content)[member["offset"] :][: member["size"]]
            found.append(Member(hashlib.sha256(piece).digest(), len(piece)))
        if sum(member.size for member in found) != len(content):
            raise BenchError(f"the members in {metadata} are not the whole of {blob}")
        for output in (blob, metadata, mtree):
            output.unlink()
        return found


Edit = Callable[[dict[str, Path], random.Random, Path], dict[str, Path]]


def _same_size(files: dict[str, Path], rng: random.Random, scratch: Path) -> dict[str, Path]:
    """Some bytes in the middle of one file are others."""
    path = rng.choice([path for path in files if files[path].stat().st_size])
    content = bytearray(files[path].read_bytes())
    start = rng.randrange(len(content))
    for index in range(start, min(start + 16, len(content))):
        content[index] ^= 1
    scratch.write_bytes(content)
    return files | {path: scratch}


def _longer(files: dict[str, Path], rng: random.Random, scratch: Path) -> dict[str, Path]:
    """One file is up to 4 KiB longer."""
    path = rng.choice(list(files))
    scratch.write_bytes(files[path].read_bytes() + (WORDS * 52)[: rng.randint(1, 4096)])
    return files | {path: scratch}


def _removed(files: dict[str, Path], rng: random.Random, _scratch: Path) -> dict[str, Path]:
    """One file is gone."""
    gone = rng.choice(list(files))
    return {path: source for path, source in files.items() if path != gone}


def _added(files: dict[str, Path], rng: random.Random, scratch: Path) -> dict[str, Path]:
    """There is one file more, of up to 8 KiB, beside another."""
    scratch.write_bytes((WORDS * 103)[: rng.randint(0, 8192)])
    return files | {f"{rng.choice(list(files))}.new": scratch}


EDITS: dict[str, Edit] = {"same size": _same_size, "longer": _longer, "removed": _removed, "added": _added}


def changed(before: list[Member], after: list[Member]) -> list[Member]:
    """The members of `after` that `before` has not."""
    left = Counter(after)
    left.subtract(Counter(before))
    return [member for member, count in left.items() for _ in range(count)]


def measure(pack: Path, source: inputs.Input, codec: str, edits: int, folder: Path) -> list[dict[str, Any]]:
    """Packs the input, and then once for each edit. The result has a record for each kind of edit."""
    files = {str(path.relative_to(source.directory)): path for path in inputs.regular_files(source.directory)}
    packer = Packer(pack, codec, folder)
    before = packer.members(files)
    if packer.members(files) != before:
        raise BenchError("the same files made two different layers")
    rng = random.Random(2)
    records = []
    for kind, edit in EDITS.items():
        runs = [
            changed(before, packer.members(edit(files, rng, folder / "edited"))) for _ in range(edits // len(EDITS))
        ]
        records.append(
            {
                "codec": codec,
                "edit": kind,
                "edits": len(runs),
                "members": len(before),
                "bytes": sum(member.size for member in before),
                "changed_members": [len(run) for run in runs],
                "changed_bytes": [sum(member.size for member in run) for run in runs],
            }
        )
        print(f"{codec}, {kind}: done", file=sys.stderr, flush=True)
    return records


def rows(data: dict[str, Any]) -> table.Rows:
    """The result as a table: a row for each codec and kind of edit."""
    result = [
        ["one file of (b)", "edits", "members", "changed: median", "most", "kB changed: median", "most", "of the layer"]
    ]
    for record in data["results"]:
        members, sizes = record["changed_members"], record["changed_bytes"]
        result.append(
            [
                f"{record['codec']}, {record['edit']}",
                str(record["edits"]),
                str(record["members"]),
                f"{statistics.median(members):g}",
                str(max(members)),
                f"{statistics.median(sizes) / 1e3:,.0f}",
                f"{max(sizes) / 1e3:,.0f}",
                f"{statistics.median(sizes) / record['bytes']:.2%}",
            ]
        )
    return result


def main(argv: list[str]) -> int:
    """Runs `bench/locality` and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="bench/locality",
        description="Edits one random file of input (b), many times, and counts the members of the layer that change.",
    )
    edits = "edits for each codec, a quarter of each kind (default: 200)"
    parser.add_argument("--edits", type=int, default=200, metavar="N", help=edits)
    cli.add_options(parser, "a small input, and one edit of each kind")
    options = parser.parse_args(argv)
    if options.edits < len(EDITS):
        parser.error(f"--edits: at least {len(EDITS)}, one of each kind")
    return cli.run("bench/locality", options, _run)


def _run(options: argparse.Namespace, work: Path) -> None:
    pack = cli.pack(options)
    source = cli.sources(options, work, ("b",))[0]
    edits = len(EDITS) if options.quick else options.edits
    with tempfile.TemporaryDirectory(dir=work) as folder:
        results = [record for codec in CODECS for record in measure(pack, source, codec, edits, Path(folder))]
    data = {
        "v": RESULT_VERSION,
        "quick": options.quick,
        "commit": cli.commit(),
        "input": source.about,
        "results": results,
    }
    if options.json:
        options.json.write_text(cli.to_json(data))
    print(table.aligned(rows(data)))
