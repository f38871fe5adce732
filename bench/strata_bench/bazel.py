"""Bazel in a module of the benchmark's own: builds, and what Bazel says of each.

Invariant: every build that is measured starts with an empty disk cache and none of its outputs, but with the tools
built, the packages of rulesets loaded, and the digests of sources known.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata_bench.errors import BenchError

# Runners of the build event protocol that start no process.
_NO_PROCESS = frozenset({"total", "internal", "disk cache hit", "remote cache hit"})


@dataclass(frozen=True)
class Build:
    """One build."""

    wall: float
    """Seconds from the start of Bazel's client to its end."""
    actions: dict[str, int] = field(default_factory=dict)
    """Executed actions by mnemonic, also those that Bazel does itself, such as writing a file."""
    processes: int = 0
    """How many of them started a process."""
    spans: dict[str, float] = field(default_factory=dict)
    """Seconds from the start of the first action of a mnemonic to the end of the last."""
    declared: int = 0
    """Actions of all targets that were analysed, executed or not."""

    @property
    def total(self) -> int:
        """All executed actions."""
        return sum(self.actions.values())


class Bazel:
    """Bazel in one workspace, with an output base of its own, or without one for what isn't measured."""

    def __init__(self, bazelw: Path, workspace: Path, output_base: Path | None, flags: Sequence[str]) -> None:
        self._start = [str(bazelw), *([f"--output_base={output_base}"] if output_base else [])]
        self._workspace = workspace
        self._flags = list(flags)
        self._events = (output_base or workspace).with_suffix(".events.json")

    def _run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [*self._start, command, *arguments]
        done = subprocess.run(argv, cwd=self._workspace, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-30:])
            raise BenchError(f"bazel {command} {' '.join(arguments)} in {self._workspace}:\n{tail}")
        return done

    def build(self, targets: Sequence[str], disk_cache: Path | None, *flags: str) -> Build:
        """Builds targets. Bazel writes what it did to a file, which costs every shape alike."""
        cache = [f"--disk_cache={disk_cache}"] if disk_cache else []
        start = time.perf_counter()
        self._run(
            "build",
            *self._flags,
            *cache,
            *flags,
            "--noshow_progress",
            "--experimental_record_metrics_for_all_mnemonics",
            f"--build_event_json_file={self._events}",
            *targets,
        )
        wall = time.perf_counter() - start
        return of_events(wall, self._events.read_text())

    def make(self, targets: Sequence[str], *flags: str) -> None:
        """Builds targets, and notes nothing."""
        self._run("build", *self._flags, *flags, *targets)

    def clean(self) -> None:
        """Forgets all outputs and all actions."""
        self._run("clean", *self._flags)

    def server_cpu(self) -> float:
        """CPU seconds of the server so far, all of its threads together."""
        pid = self._run("info", *self._flags, "server_pid").stdout.strip()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def outputs(self) -> Path:
        """The folder of outputs, `bazel-bin`."""
        return Path(self._run("info", *self._flags, "bazel-bin").stdout.strip())

    def version(self) -> str:
        """Such as `7.7.1`."""
        return self._run("--version").stdout.split()[-1]

    def shutdown(self) -> None:
        """Ends the server."""
        self._run("shutdown")


def of_events(wall: float, text: str) -> Build:
    """What the build event protocol, one JSON document a line, says of a build."""
    for line in text.splitlines():
        event: dict[str, Any] = json.loads(line)
        if "buildMetrics" in event:
            summary = event["buildMetrics"]["actionSummary"]
            actions = {data["mnemonic"]: int(data.get("actionsExecuted", 0)) for data in summary.get("actionData", [])}
            runners = {runner["name"]: int(runner.get("count", 0)) for runner in summary.get("runnerCount", [])}
            ran = [data for data in summary.get("actionData", []) if int(data.get("actionsExecuted", 0))]
            return Build(
                wall,
                declared=int(event["buildMetrics"].get("buildGraphMetrics", {}).get("actionCount", 0)),
                spans={
                    data["mnemonic"]: (int(data.get("lastEndedMs", 0)) - int(data.get("firstStartedMs", 0))) / 1e3
                    for data in ran
                },
                actions={mnemonic: count for mnemonic, count in sorted(actions.items()) if count},
                processes=sum(count for name, count in runners.items() if name not in _NO_PROCESS),
            )
    raise BenchError("Bazel has written no metrics of a build")
