"""The result of bench/configure as tables: what it prints, and what docs/performance.md repeats."""

from __future__ import annotations

import statistics
from typing import Any

from strata_bench import table
from strata_bench.targets import MIB, Verdict

SECONDS, MEMORY, OF_BUILDIFIER, NO_SLOWER = 1.5, 200.0, 1.0, 1.0

NOTES = """\
Wall, CPU and memory are medians over the rounds. The BUILD files are in the page cache; all rows run on the same tree, in turn, in the
same rounds, and what `configure` wrote is taken back after each. buildifier finds nothing to change, neither before nor after."""


def all_of(data: dict[str, Any]) -> list[tuple[str, table.Rows]]:
    """All tables, each with its title."""
    sizes = data["sizes"]
    about = (
        f"{sizes['files']:,} BUILD files, {sizes['bytes'] / 1e6:,.0f} MB, {sizes['sources']:,} files beside them; "
        f"{sizes['with_binaries']:,} have binaries, {sizes['binaries']:,} in all"
    )
    # The figures of --quick mean nothing.
    to_reach = [] if data["quick"] else [("To reach", table.of_targets(verdicts(data)))]
    return [*to_reach, (about, of_runs(data))]


def of_runs(data: dict[str, Any]) -> table.Rows:
    """A row for each command."""
    rows = [["command", "wall s", "CPU s", "peak MiB", "files/s", "of buildifier"]]
    check = _wall(data, "check")
    for run in data["results"]:
        wall = statistics.median(run["wall_s"])
        rows.append(
            [
                run["about"],
                f"{wall:.2f}",
                f"{statistics.median(run['cpu_s']):.2f}",
                f"{statistics.median(run['peak_bytes']) / MIB:,.0f}",
                f"{data['sizes']['files'] / wall:,.0f}",
                f"{wall / check:.3f}",
            ]
        )
    return rows


def verdicts(data: dict[str, Any]) -> list[Verdict]:
    """What is to be reached, held against what was measured."""
    ours = {"diff": "all images missing, -mode=diff", "again": "nothing to do"}
    found = []
    for key, case in ours.items():
        wall = _wall(data, key)
        peak = max(_run(data, key)["peak_bytes"]) / MIB
        found += [
            Verdict("seconds", "seconds", case, SECONDS, False, wall),
            Verdict("memory", "peak memory, MiB", case, MEMORY, False, peak),
            Verdict("buildifier", "wall time, of `buildifier -mode=check -r`", case, OF_BUILDIFIER, False, wall / _wall(data, "check")),
        ]
    slower = _wall(data, "again") / _wall(data, "fix")
    found.append(Verdict("again", "wall time, of the run that wrote all images", ours["again"], NO_SLOWER, False, slower))
    return found


def _run(data: dict[str, Any], key: str) -> dict[str, Any]:
    return next(run for run in data["results"] if run["key"] == key)


def _wall(data: dict[str, Any], key: str) -> float:
    return float(statistics.median(_run(data, key)["wall_s"]))
