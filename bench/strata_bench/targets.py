"""What is to be reached (bench/targets.json), held against what was measured.

Every target is a ratio for each input: at most, or at least, so much of something else that was measured in the same
run. A program without an input's figure, because a peer wasn't there, is told as not measured, never as reached.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "targets.json"
MIB = 1 << 20
MEMORY_BASE, MEMORY_A_CORE, MEMORY_A_FILE = 64 * MIB, 16 * MIB, 300
START_UP_SECONDS = 0.003


@dataclass(frozen=True)
class Verdict:
    """One target on one input."""

    target: str
    """Its id."""
    text: str
    source: str
    """The input's name; empty for what needs none."""
    limit: float
    at_least: bool
    """Whether the limit is a lower one."""
    value: float | None
    """None if it could not be measured."""

    @property
    def reached(self) -> bool | None:
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def outcome(self) -> str:
        """For people: `reached`, `missed by 12%`, `not measured`."""
        if self.value is None:
            return "not measured"
        if self.reached:
            return "reached"
        return f"missed by {abs(self.value / self.limit - 1):.0%}"


class Results:
    """What a run measured, from its JSON, to look things up in."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self._runs = {(run["input"], run["program"], run["cores"]): run for run in data["results"]}
        self.cores: int = max(run["cores"] for run in data["results"])
        self.inputs: dict[str, dict[str, Any]] = {source["name"]: source for source in data["inputs"]}

    def run(self, source: str, program: str, cores: int | None = None) -> dict[str, Any] | None:
        """What was measured of a program, on all cores unless said otherwise."""
        return self._runs.get((source, program, cores or self.cores))

    def wall(self, source: str, program: str, cores: int | None = None) -> float | None:
        """Median, in seconds."""
        run = self.run(source, program, cores)
        return float(statistics.median(run["wall_s"])) if run else None

    def floor(self, source: str) -> float:
        """Seconds that SHA-256 of the tar takes on one core, by the fastest method."""
        return float(statistics.median(self.inputs[source]["floor_s"][self.floor_method(source)]))

    def floor_method(self, source: str) -> str:
        """The method of `floor`."""
        methods: dict[str, list[float]] = self.inputs[source]["floor_s"]
        return min(methods, key=lambda method: statistics.median(methods[method]))


def load() -> list[dict[str, Any]]:
    """The targets as they stand in the file."""
    targets: list[dict[str, Any]] = json.loads(FILE.read_text())
    return targets


def cores_needed(targets: list[dict[str, Any]]) -> dict[str, set[int]]:
    """By program, the numbers of cores that targets want it measured on, beside all."""
    needed: dict[str, set[int]] = {}
    for target in targets:
        if "cores" in target:
            for key in filter(None, (target["program"], target.get("against"))):
                needed.setdefault(key, set()).add(target["cores"])
            if target["kind"] == "scaling":
                needed[target["program"]].add(1)
    return needed


def judge(results: Results, targets: list[dict[str, Any]]) -> list[Verdict]:
    """Every target on every input that it is for and that was measured."""
    verdicts = []
    for target in targets:
        at_least = "at_least" in target
        for source, limit in target["at_least" if at_least else "at_most"].items():
            if source == "" or source in results.inputs:
                value = _KINDS[target["kind"]](results, target, source)
                verdicts.append(Verdict(target["id"], target["text"], source, limit, at_least, value))
    return verdicts


def _ratio(value: float | None, of: float | None) -> float | None:
    return None if value is None or not of else value / of


def _wall(results: Results, target: dict[str, Any], source: str) -> float | None:
    cores = target.get("cores")
    return _ratio(results.wall(source, target["program"], cores), results.wall(source, target["against"], cores))


def _size(results: Results, target: dict[str, Any], source: str) -> float | None:
    run, other = results.run(source, target["program"]), results.run(source, target["against"])
    return _ratio(run["size_bytes"], other["size_bytes"]) if run and other else None


def _floor(results: Results, target: dict[str, Any], source: str) -> float | None:
    return _ratio(results.wall(source, target["program"]), results.floor(source))


def _scaling(results: Results, target: dict[str, Any], source: str) -> float | None:
    """What n cores should take, a n-th of one but never less than the floor, of what they take."""
    one = results.wall(source, target["program"], 1)
    if one is None:
        return None
    ideal = max(one / target["cores"], results.floor(source))
    return _ratio(ideal, results.wall(source, target["program"], target["cores"]))


def _reading(results: Results, target: dict[str, Any], source: str) -> float | None:
    run = results.run(source, target["program"])
    return _ratio(run["read_bytes"], results.inputs[source]["content_bytes"]) if run else None


def _memory(results: Results, target: dict[str, Any], source: str) -> float | None:
    run = results.run(source, target["program"])
    allowed = MEMORY_BASE + MEMORY_A_CORE * results.cores + MEMORY_A_FILE * results.inputs[source]["files"]
    return _ratio(max(run["peak_bytes"]), allowed) if run else None


def _start_up(results: Results, target: dict[str, Any], _source: str) -> float | None:
    seconds = results.data["start_up_s"].get(target["command"])
    return _ratio(statistics.median(seconds), START_UP_SECONDS) if seconds else None


_KINDS = {
    "wall": _wall,
    "size": _size,
    "floor": _floor,
    "scaling": _scaling,
    "reading": _reading,
    "memory": _memory,
    "start_up": _start_up,
}
