"""Running programs in turn, and what was measured.

Invariants: everything that is compared runs in the same rounds, so that a slower or faster hour of the machine reaches
all alike; an output is deleted before the next run; every output was compared with the input, or has the same bytes as
one that was.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata_bench.check import Checks
from strata_bench.errors import BenchError
from strata_bench.inputs import Input
from strata_bench.programs import ENTRIES_HEADER, Files, Program

LAUNCHER = Path(__file__).with_name("launch.py")
HASH_FILE = Path(__file__).with_name("hash_file.py")
START_UPS = 200

Floor = dict[str, list[float]]
"""Seconds that SHA-256 of a tar took, by method."""


@dataclass(frozen=True)
class Place:
    """Where everything runs."""

    work: Path
    """An empty folder for outputs."""
    cpus: list[int]
    """The most that a program is granted."""


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


def measure(place: Place, source: Input, items: list[Item], rounds: int) -> tuple[list[Measured], Checks, Floor]:
    """Runs all items on one input, so many rounds."""
    checks = Checks(source)
    source.warm()
    files = Files(source, place.work)
    measured = {item: Measured(item, source) for item in items}
    floor: Floor = {}
    tar = _tar(place, files, items)
    for turn in range(rounds):
        for item in rotated(items, turn):
            _once(place, files, checks, measured[item])
        for method, seconds in _hash(place, tar).items():
            floor.setdefault(method, []).append(seconds)
        print(f"({source.name}) round {turn + 1} of {rounds} done", file=sys.stderr, flush=True)
    tar.unlink()
    checks.together()
    return list(measured.values()), checks, floor


def _tar(place: Place, files: Files, items: list[Item]) -> Path:
    """The tar whose hash is diff_id, by `pack` without compression."""
    program = next(item.program for item in items if item.program.key == "pack:none")
    tar = place.work / f"{files.name}.floor.tar"
    _run(place, Item(program, len(place.cpus)), files, tar)
    return tar


def _once(place: Place, files: Files, checks: Checks, measured: Measured) -> None:
    """Runs an item once, adds to what was measured of it, and checks the output."""
    out = place.work / "out"
    report = _run(place, measured.item, files, out)
    processes = report["processes"]
    measured.wall.append(report["wall"])
    measured.cpu.append(report["cpu"])
    measured.others.append(report["others"])
    measured.peak.append(sum(process["peak"] for process in processes))
    if len(processes) == 1 and processes[0]["read"] is not None:
        measured.read.append(processes[0]["read"])
    measured.size = out.stat().st_size
    measured.digests.add(checks.check(measured.item.program, out))
    for leftover in place.work.glob("out*"):
        leftover.unlink()


def _run(place: Place, item: Item, files: Files, out: Path) -> Any:
    """Runs an item once and returns the launcher's report."""
    stages = files.fill_in(item.program, out)
    stdout = "/dev/null" if item.program.names("out") else str(out)
    os.sync()  # What was written before is on disk, and not written while the clock runs.
    errors = place.work / "stderr"
    report = launch({"stages": stages, "stdout": stdout, "cpus": place.cpus[: item.cores]}, errors)
    failed = [f"{process['name']}: exit code {process['exit']}" for process in report["processes"] if process["exit"]]
    if failed:
        raise BenchError(f"{item.program.key} on input {files.name}: {', '.join(failed)}\n{_tail(errors)}")
    if not out.is_file():
        raise BenchError(f"{item.program.key} wrote nothing to {out}")
    return report


def _hash(place: Place, tar: Path) -> dict[str, float]:
    """Seconds that SHA-256 of the tar takes on one core, by each method."""
    out, errors = place.work / "hash", place.work / "stderr"
    seconds = {}
    for method, argv in (
        ("openssl dgst -sha256", ["openssl", "dgst", "-sha256", str(tar)]),
        ("hashlib", [sys.executable, "-I", str(HASH_FILE), str(tar)]),
    ):
        report = launch({"stages": [argv], "stdout": str(out), "cpus": place.cpus[:1]}, errors)
        if report["processes"][0]["exit"]:
            raise BenchError(f"{argv}:\n{_tail(errors)}")
        seconds[method] = float(out.read_text()) if method == "hashlib" else report["wall"]
    out.unlink()
    return seconds


def start_up(place: Place, pack: Path) -> dict[str, list[float]]:
    """Seconds from start to end: `pack --help`, a layer of one directory, and a program that does nothing."""
    entries = place.work / "one.entries"
    entries.write_text(f"{ENTRIES_HEADER}dir\nd\n\n\n")
    outputs = {option: str(place.work / f"one.{option}") for option in ("blob", "metadata", "mtree")}
    layer = ["layer", f"--entries={entries}", "--created-by=bench"]
    commands = {
        "pack --help": [str(pack), "--help"],
        "pack layer (one directory)": [str(pack), *layer, *(f"--{option}={path}" for option, path in outputs.items())],
        "true": ["true"],
    }
    request = {
        "repeat": START_UPS,
        "commands": list(commands.values()),
        "delete": list(outputs.values()),
        "cpus": place.cpus,
    }
    return dict(zip(commands, launch(request, place.work / "stderr"), strict=True))
