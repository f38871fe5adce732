"""Running programs in turn, and what was measured.

Invariants: everything that is compared runs in the same rounds, so that a slower or faster hour of the machine reaches
all alike; an output is deleted before the next run; every output was unpacked and compared, or has the same bytes as
one that was.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata_bench import tree
from strata_bench.errors import BenchError
from strata_bench.inputs import Input
from strata_bench.programs import ENTRIES_HEADER, Files, Program

LAUNCHER = Path(__file__).with_name("launch.py")
HASH_FILE = Path(__file__).with_name("hash_file.py")
START_UPS = 200


@dataclass(frozen=True)
class Item:
    """A program on so many cores."""

    program: Program
    cores: int


@dataclass
class Measured:
    """What the runs of an item on one input took. Times in seconds, sizes in bytes."""

    item: Item
    source: Input
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[int] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    """CPU time that the machine spent on other things meanwhile."""
    read: list[int] = field(default_factory=list)
    """What all processes of the pipeline read together; only of programs of a single process."""
    size: int = 0
    digests: set[str] = field(default_factory=set)
    """Of the outputs: one, if the program writes the same bytes each time."""

    def result(self) -> dict[str, Any]:
        """The JSON of it."""
        return {
            "input": self.source.name,
            "program": self.item.program.key,
            "cores": self.item.cores,
            "wall_s": _rounded(self.wall),
            "cpu_s": _rounded(self.cpu),
            "others_cpu_s": _rounded(self.others),
            "peak_bytes": self.peak,
            "read_bytes": int(statistics.median(self.read)) if self.read else None,
            "size_bytes": self.size,
            "same_bytes": len(self.digests) == 1,
        }


def _rounded(seconds: list[float]) -> list[float]:
    return [round(value, 4) for value in seconds]


def launch(request: dict[str, Any], errors: Path) -> Any:
    """Runs the launcher on a request and returns its report. What is printed to standard error goes to `errors`."""
    with errors.open("wb") as stderr:
        run = subprocess.run(
            [sys.executable, "-I", "-S", LAUNCHER],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=stderr,
            check=False,
        )
    if run.returncode:
        raise BenchError(f"cannot run {request}:\n{_tail(errors)}")
    return json.loads(run.stdout)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def rotated(items: list[Item], turn: int) -> list[Item]:
    """The order of a round: begun elsewhere each time, every other round backwards, so that neighbours change."""
    start = turn * 3 % len(items)
    order = items[start:] + items[:start]
    return order[::-1] if turn % 2 else order


class Bench:
    """Measures items on one input after the other."""

    def __init__(self, work: Path, cpus: list[int], rounds: int) -> None:
        self._work = work
        self._cpus = cpus
        self._rounds = rounds
        self.modes: dict[str, dict[str, list[str]]] = {}
        """By input: the programs that agree on the modes of files."""

    def run(self, source: Input, items: list[Item]) -> tuple[list[Measured], dict[str, list[float]]]:
        """All rounds on one input. Returns what was measured, and the times of hashing the tar, by method."""
        expected = tree.of_directory(source.directory)
        source.warm()
        files = Files(source, self._work)
        measured = {item: Measured(item, source) for item in items}
        modes: dict[str, set[str]] = defaultdict(set)
        floor: dict[str, list[float]] = defaultdict(list)
        tar = self._tar(source, files, items)
        for turn in range(self._rounds):
            for item in rotated(items, turn):
                self._once(measured[item], files, expected, modes)
            self._hash(tar, floor)
            print(f"({source.name}) round {turn + 1} of {self._rounds} done", file=sys.stderr, flush=True)
        tar.unlink()
        self.modes[source.name] = {digest: sorted(keys) for digest, keys in modes.items()}
        ours = {
            digest
            for digest, keys in modes.items()
            if any(item.program.ours and item.program.key in keys for item in items)
        }
        if len(ours) > 1:
            raise BenchError(f"input {source.name}: pack's layers differ in modes: {self.modes[source.name]}")
        return list(measured.values()), dict(floor)

    def _tar(self, source: Input, files: Files, items: list[Item]) -> Path:
        """The tar whose hash is diff_id, by `pack` without compression."""
        program = next(item.program for item in items if item.program.key == "pack:none")
        tar = self._work / f"{source.name}.floor.tar"
        self._launch(Item(program, len(self._cpus)), files, tar)
        return tar

    def _launch(self, item: Item, files: Files, out: Path) -> Any:
        """Runs an item once and returns the launcher's report."""
        stages = files.fill_in(item.program, out)
        stdout = "/dev/null" if any("{out" in word for stage in item.program.stages for word in stage) else str(out)
        subprocess.run(["sync"], check=True)  # What others wrote is written now, and not while the clock runs.
        errors = self._work / "stderr"
        report = launch({"stages": stages, "stdout": stdout, "cpus": self._cpus[: item.cores]}, errors)
        failed = [
            f"{process['name']}: exit code {process['exit']}" for process in report["processes"] if process["exit"]
        ]
        if failed:
            raise BenchError(f"{item.program.key} on input {files.name}: {', '.join(failed)}\n{_tail(errors)}")
        if not out.is_file():
            raise BenchError(f"{item.program.key} wrote nothing to {out}")
        return report

    def _once(self, measured: Measured, files: Files, expected: tree.Tree, modes: dict[str, set[str]]) -> None:
        program = measured.item.program
        out = self._work / "out"
        report = self._launch(measured.item, files, out)
        processes = report["processes"]
        measured.wall.append(report["wall"])
        measured.cpu.append(report["cpu"])
        measured.others.append(report["others"])
        measured.peak.append(sum(process["peak"] for process in processes))
        if len(processes) == 1 and processes[0]["read"] is not None:
            measured.read.append(processes[0]["read"])
        with out.open("rb") as blob:
            digest = hashlib.file_digest(blob, "sha256").hexdigest()
        if digest not in measured.digests:
            measured.digests.add(digest)
            measured.size = out.stat().st_size
            self._check(program, measured.source, out, expected, modes)
        for leftover in self._work.glob("out*"):
            leftover.unlink()

    def _check(
        self, program: Program, source: Input, out: Path, expected: tree.Tree, modes: dict[str, set[str]]
    ) -> None:
        """That a layer is of the codec that its program says, and holds the input."""
        if (codec := tree.codec_of(out)) != program.codec:
            raise BenchError(f"{program.key} on input {source.name} wrote {codec}")
        found = tree.of_layer(out)
        if difference := tree.difference(expected, found):
            raise BenchError(f"{program.key} on input {source.name} does not hold what went in: {difference}")
        modes[found.modes_digest()].add(program.key)

    def _hash(self, tar: Path, floor: dict[str, list[float]]) -> None:
        """Hashes the tar on one core, once by each method."""
        out = self._work / "hash"
        for method, argv in (
            ("openssl dgst -sha256", ["openssl", "dgst", "-sha256", str(tar)]),
            ("hashlib", [sys.executable, "-I", str(HASH_FILE), str(tar)]),
        ):
            report = launch({"stages": [argv], "stdout": str(out), "cpus": self._cpus[:1]}, self._work / "stderr")
            if report["processes"][0]["exit"]:
                raise BenchError(f"{argv}:\n{_tail(self._work / 'stderr')}")
            floor[method].append(float(out.read_text()) if method == "hashlib" else report["wall"])
        out.unlink()

    def start_up(self, pack: Path) -> dict[str, list[float]]:
        """Seconds from start to end: `pack --help`, a layer of one directory, and a program that does nothing."""
        entries = self._work / "one.entries"
        entries.write_text(ENTRIES_HEADER + "dir\nd\n\n\n")
        outputs = [f"{self._work}/one{suffix}" for suffix in ("", ".json", ".mtree")]
        layer = ["layer", "--entries", str(entries), "--created-by", "bench"]
        for option, path in zip(("--blob", "--metadata", "--mtree"), outputs, strict=True):
            layer += [option, path]
        commands = {
            "pack --help": [str(pack), "--help"],
            "pack layer (one directory)": [str(pack), *layer],
            "true": ["true"],
        }
        request = {"repeat": START_UPS, "commands": list(commands.values()), "delete": outputs, "cpus": self._cpus}
        return dict(zip(commands, launch(request, self._work / "stderr"), strict=True))
