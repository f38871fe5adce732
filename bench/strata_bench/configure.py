"""The command line of bench/configure: image targets of a generated monorepo, beside buildifier's check of the same files.

Invariants: all rows run in each round, on the same tree; what `configure` wrote is taken back before the next round; what it did and
what buildifier thinks of it is checked each time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata_bench import cli, configure_tables, machine, monorepo, summary
from strata_bench.errors import BenchError
from strata_bench.measure import launch
from strata_bench.monorepo import Written

RESULT_VERSION = 1
FULL, QUICK = 50_000, 2_000
"""Packages."""


@dataclass(frozen=True)
class Row:
    """A command that is measured."""

    key: str
    about: str
    program: str
    arguments: tuple[str, ...]
    expected: str
    """The end of what it says, `{…}` filled in; nothing at all where this is empty."""
    exit: int = 0


ROWS = (
    Row(
        "diff",
        "`configure -mode=diff`, all images missing",
        "configure",
        ("-mode=diff",),
        "{changed} files would change, {images} images added",
        exit=1,
    ),
    Row("check", "`buildifier -mode=check -r`", "buildifier", ("-mode=check", "-r", "."), ""),
    Row("fix", "`configure`, all images missing", "configure", (), "{changed} files changed, {images} images added"),
    Row(
        "again",
        "`configure`, nothing to do",
        "configure",
        (),
        "nothing to change: {images} images in {files} BUILD files",
    ),
    Row("check-again", "`buildifier -mode=check -r` of what it wrote", "buildifier", ("-mode=check", "-r", "."), ""),
)


@dataclass
class Measured:
    """What the runs of a row took."""

    row: Row
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    """CPU time that the machine spent on other things meanwhile."""
    peak: list[int] = field(default_factory=list)

    def result(self) -> dict[str, Any]:
        """The JSON of it."""
        return {
            "key": self.row.key,
            "about": self.row.about,
            "wall_s": [round(seconds, 4) for seconds in self.wall],
            "cpu_s": [round(seconds, 4) for seconds in self.cpu],
            "others_cpu_s": [round(seconds, 4) for seconds in self.others],
            "peak_bytes": self.peak,
        }


class Bench:
    """A monorepo, and the programs that run in it."""

    def __init__(self, work: Path, tree: Path, written: Written, programs: dict[str, Path], cpus: list[int]) -> None:
        self._work, self._tree, self._written, self._programs, self._cpus = work, tree, written, programs, cpus
        self._before = {path: path.read_bytes() for path in written.with_binaries}

    def round(self, measured: Sequence[Measured]) -> None:
        """Runs all rows once, and takes back what they wrote."""
        try:
            for item in measured:
                self._run(item)
        finally:
            for path, content in self._before.items():
                path.write_bytes(content)

    def _run(self, measured: Measured) -> None:
        row = measured.row
        out, errors = self._work / "stdout", self._work / "stderr"
        os.sync()  # What was written before is on disk, and not written while the clock runs.
        command = ["env", f"--chdir={self._tree}", str(self._programs[row.program]), *row.arguments]
        report = launch({"stages": [command], "stdout": str(out), "cpus": self._cpus}, errors)
        process = report["processes"][0]
        self._check(row, process["exit"], out, errors.read_text(errors="replace"))
        measured.wall.append(report["wall"])
        measured.cpu.append(report["cpu"])
        measured.others.append(report["others"])
        measured.peak.append(process["peak"])

    def _check(self, row: Row, code: int, out: Path, errors: str) -> None:
        counts = {
            "changed": len(self._written.with_binaries),
            "images": self._written.binaries,
            "files": self._written.files,
        }
        expected = row.expected.format(**counts)
        if code != row.exit or errors.strip() != expected:
            shown = "\n".join(errors.splitlines()[-20:])
            raise BenchError(f"{row.about}: exit code {code}, {row.exit} expected; `{expected}` expected, and it said\n{shown}")
        if bool(out.stat().st_size) != (row.key == "diff"):
            raise BenchError(f"{row.about}: {out.stat().st_size} bytes on standard output")


def _buildifier(named: Path | None) -> Path:
    """buildifier itself: a script that starts it would be measured along."""
    found = shutil.which(named or "buildifier")
    if not found:
        raise BenchError("there is no buildifier on PATH: name one by --buildifier, such as that in npm's @bazel/buildifier")
    path = Path(found).resolve()
    if path.suffix == ".js":
        system, architecture = sys.platform, {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "")
        path = path.with_name(f"buildifier-{system}_{architecture}")
    if not path.is_file():
        raise BenchError(f"{found} starts {path}, which is not there: name buildifier itself by --buildifier")
    return path


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/configure",
        description="Writes the image targets of a generated monorepo, and measures it beside `buildifier -mode=check -r`.",
    )
    add = parser.add_argument
    add("--configure", type=Path, metavar="FILE", help="use this executable, not what `cargo build --release` makes")
    add("--buildifier", type=Path, metavar="FILE", help="buildifier (default: that on PATH)")
    add("--work", type=Path, metavar="DIR", help="for the monorepo (default: target/bench/configure)")
    add("--rounds", type=int, default=5, metavar="N", help="how often everything runs (default: 5; 1 with --quick)")
    add("--cores", type=int, default=4, metavar="N", help="the most cores to use (default: 4, or what there is)")
    add("--json", type=Path, metavar="FILE", help="write the result there")
    add("--quick", action="store_true", help=f"{QUICK:,} packages, one round: shows that everything works")
    return parser.parse_args(argv)


def _work(options: argparse.Namespace, work: Path) -> None:
    rounds = cli.rounds(options)
    buildifier = _buildifier(options.buildifier)
    # A copy: a build meanwhile must not change what is measured.
    configure = options.configure.resolve() if options.configure else cli.built("configure")
    programs = {"configure": Path(shutil.copy(configure, work / "configure")), "buildifier": buildifier}
    tree = work / "monorepo"
    shutil.rmtree(tree, ignore_errors=True)
    print(f"writing {tree}", file=sys.stderr, flush=True)
    written = monorepo.write(tree, QUICK if options.quick else FULL)
    cpus = sorted(os.sched_getaffinity(0))[: options.cores]
    about = machine.describe(work)
    bench = Bench(work, tree, written, programs, cpus)
    bench.round([Measured(row) for row in ROWS])  # Not counted: it brings the files into the page cache.
    measured = [Measured(row) for row in ROWS]
    for turn in range(rounds):
        bench.round(measured)
        print(f"round {turn + 1} of {rounds} done", file=sys.stderr, flush=True)
    data = {
        "v": RESULT_VERSION,
        "quick": options.quick,
        "commit": cli.commit(),
        "buildifier": _version(buildifier),
        "machine": about,
        "cores": len(cpus),
        "rounds": rounds,
        "sizes": {
            "files": written.files,
            "bytes": written.bytes,
            "sources": written.sources,
            "with_binaries": len(written.with_binaries),
            "binaries": written.binaries,
        },
        "results": [item.result() for item in measured],
    }
    cli.publish(options, data, configure_tables.all_of(data))
    print(f"\n{summary.others_line(data)}")


def _version(buildifier: Path) -> str:
    first = cli.output([str(buildifier), "--version"]).splitlines()[0]
    return first.removeprefix("buildifier version:").strip()


def main(argv: list[str]) -> int:
    """Runs `bench/configure` and returns its exit code."""
    options = _parse(argv)
    if not options.work:
        options.work = machine.REPOSITORY / "target" / "bench" / "configure"
    return cli.run("bench/configure", options, _work)
