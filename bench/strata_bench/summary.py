"""The result of `bench/layers` as text: what it prints, and the sentences that docs/performance.md repeats."""

from __future__ import annotations

import statistics
from typing import Any

from strata_bench import table
from strata_bench.targets import Results, Verdict

NOTES = """\
wall, CPU and memory are medians over the rounds; MB/s is of tar. peak MiB: each process's own peak (of those that it
started, the largest), summed over a pipeline's processes. ÷ best peer: of the fastest peer of that codec. The floor is
SHA-256 of the tar on one core, which every layer's diff_id needs."""


def machine_line(about: dict[str, Any], cores: int | None = None) -> str:
    """What it was measured on, with so many of its cores (default: all)."""
    cores = cores or about["cores_of_machine"]
    memory = f"{about['memory_bytes'] / 2**30:.0f} GiB"
    sha = "with" if about["sha_extensions"] else "without"
    return (
        f"{about['cpu']} ({sha} SHA instructions), {cores} of {about['cores_of_machine']} cores, "
        f"{memory} of memory, {about['kernel']}, {about['file_system']}"
    )


def input_line(source: dict[str, Any]) -> str:
    """What an input is."""
    files = f"{source['files']:,} file{'s' * (source['files'] > 1)}"
    return f"({source['name']}) {source['about']}: {files}, {source['tar_bytes'] / 1e6:,.0f} MB of tar"


def start_up_line(results: Results) -> str:
    """How long it takes to start and end."""
    times = results.data["start_up_s"].items()
    return ", ".join(f"{command} {statistics.median(seconds) * 1e3:.2f} ms" for command, seconds in times)


def start_ups(results: Results) -> int:
    """How many starts were timed of each command."""
    return min(map(len, results.data["start_up_s"].values()))


def score(verdicts: list[Verdict]) -> str:
    """How many targets are reached, counted by input."""
    reached = sum(verdict.reached is True for verdict in verdicts)
    unknown = sum(verdict.reached is None for verdict in verdicts)
    missed = len(verdicts) - reached - unknown
    return (
        f"Of {len(verdicts)} targets, counted by input, {reached} are reached, {missed} missed, {unknown} not measured."
    )


def others_line(data: dict[str, Any]) -> str:
    """How quiet the machine was."""
    shares = [
        others / wall
        for run in data["results"]
        for others, wall in zip(run["others_cpu_s"], run["wall_s"], strict=True)
    ]
    worst = statistics.quantiles(shares, n=20)[-1]
    return (
        f"While the clock ran, the machine spent {statistics.median(shares):.2f} cores on other things "
        f"(median of all runs; {worst:.2f} at the 95th percentile)."
    )


def checked_line(results: Results) -> str:
    """What was checked of the outputs."""
    changing = sorted({run["program"] for run in results.data["results"] if not run["same_bytes"]})
    return (
        "Every output holds what went in, and `pack` writes the same bytes on any number of cores. "
        f"Outputs that differ from run to run: {', '.join(changing) or 'none'}."
    )


def whole(results: Results, verdicts: list[Verdict]) -> str:
    """All of it."""
    data = results.data
    parts = [machine_line(data["machine"], results.cores)]
    for source in data["inputs"]:
        parts.append(f"{input_line(source)}\n{table.aligned(table.of_input(results, source['name']))}")
    parts.append(f"Wall time in seconds by number of cores\n{table.aligned(table.of_cores(results))}")
    parts.append(f"Start to end, median: {start_up_line(results)}")
    parts.append(f"{NOTES}\n{checked_line(results)}")
    if data["absent"]:
        parts.append(f"Not installed, so not measured: {', '.join(data['absent'])}.")
    if data["quick"]:
        parts.append("Quick: everything works. The figures mean nothing, so targets are not judged.")
    else:
        parts += [others_line(results.data), table.aligned(table.of_targets(verdicts)), score(verdicts)]
    return "\n\n".join(parts)
