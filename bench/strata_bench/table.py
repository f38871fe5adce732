"""Results as tables: rows of cells, printed as aligned text or written as Markdown."""

from __future__ import annotations

import statistics
from typing import Any

from strata_bench.targets import MIB, Results, Verdict

Rows = list[list[str]]


def aligned(rows: Rows) -> str:
    """For a terminal: the first column to the left, the others to the right."""
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def markdown(rows: Rows, *, left: bool = False) -> str:
    """A Markdown table; the first row is its head. The columns after the first are figures unless `left`."""
    rule = ["---"] + ["---" if left else "--:"] * (len(rows[0]) - 1)
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [escaped[0], rule, *escaped[1:]])


def of_input(results: Results, source: str) -> Rows:
    """Every program on one input, on all cores, by codec; the floor last."""
    rows = [["program", "wall s", "MB/s", "CPU s", "peak MiB", "size MB", "÷ best peer", "÷ floor"]]
    tar = results.inputs[source]["tar_bytes"]
    floor = results.floor(source)
    for codec in ("gzip", "zstd", "none"):
        programs = [program for program in results.data["programs"] if program["codec"] == codec]
        peers = [wall for program in programs if not program["ours"] and (wall := results.wall(source, program["key"]))]
        for program in programs:
            run = results.run(source, program["key"])
            if run:
                wall = statistics.median(run["wall_s"])
                relative = f"{wall / min(peers):.2f}" if peers else "–"
                rows.append([program["key"], *_figures(run, wall, tar), relative, f"{wall / floor:.2f}"])
    rows.append(
        [
            f"SHA-256 ({results.floor_method(source)})",
            f"{floor:.3f}",
            f"{tar / floor / 1e6:,.0f}",
            "",
            "",
            "",
            "",
            "1.00",
        ]
    )
    return rows


def _figures(run: dict[str, Any], wall: float, tar: int) -> list[str]:
    return [
        f"{wall:.3f}",
        f"{tar / wall / 1e6:,.0f}",
        f"{statistics.median(run['cpu_s']):.2f}",
        f"{statistics.median(run['peak_bytes']) / MIB:,.1f}",
        f"{run['size_bytes'] / 1e6:,.1f}",
    ]


def of_cores(results: Results) -> Rows:
    """Wall time of what was measured on fewer cores than all, in seconds."""
    cores = sorted({run["cores"] for run in results.data["results"]})
    rows = [["input, program", *(f"{count} core{'s' * (count > 1)}" for count in cores), "floor"]]
    for source in results.inputs:
        for program in results.data["programs"]:
            walls = [results.wall(source, program["key"], count) for count in cores]
            if sum(wall is not None for wall in walls) > 1:
                cells = ["–" if wall is None else f"{wall:.3f}" for wall in walls]
                rows.append([f"({source}) {program['key']}", *cells, f"{results.floor(source):.3f}"])
    return rows


def of_targets(verdicts: list[Verdict]) -> Rows:
    """A row for each target, a column for each input."""
    sources = sorted({verdict.source for verdict in verdicts if verdict.source})
    rows = [["target", "to reach", *(f"({source})" for source in sources), "outcome"]]
    for target in dict.fromkeys(verdict.target for verdict in verdicts):
        of_target = {verdict.source: verdict for verdict in verdicts if verdict.target == target}
        first = next(iter(of_target.values()))
        limits = dict.fromkeys(f"{verdict.limit:g}" for verdict in of_target.values())
        if len(limits) > 1:
            limits = dict.fromkeys(f"{verdict.limit:g} ({source})" for source, verdict in of_target.items())
        cells = [_measured(of_target.get(source)) for source in sources]
        if "" in of_target:  # No input of its own: the one figure stands in the first column.
            cells[0] = _measured(of_target[""])
        rows.append([first.text, f"{'≥' if first.at_least else '≤'} {', '.join(limits)}", *cells, outcome(of_target)])
    return rows


def _measured(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    return "not measured" if verdict.value is None else f"{verdict.value:.3g}"


def outcome(of_target: dict[str, Verdict]) -> str:
    """What became of one target, over the inputs."""
    missed = [
        f"({source}) {verdict.outcome}".removeprefix("() ")
        for source, verdict in of_target.items()
        if not verdict.reached
    ]
    return ", ".join(missed) or "reached"


def of_programs(results: Results) -> Rows:
    """What ran, with its version."""
    rows = [["program", "command", "version"]]
    for program in results.data["programs"]:
        rows.append([program["key"], f"`{program['command']}`", program["version"]])
    return rows
