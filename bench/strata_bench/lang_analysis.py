"""What Bazel's analysis of many images takes, beside that of their binaries alone.

Each figure is of a fresh server, in which one image, or one binary, has been analysed before the clock starts: what all of
them share, such as third-party libraries, toolchains and the rules' own code, counts for neither.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from strata_bench import lang_module
from strata_bench.bazel import Bazel

# Packages with nothing but a program, and packages with its image too.
KINDS = {"bare": "server", "image": "image"}
"""By kind of package, the target that is analysed in it."""


@dataclass
class Analysed:
    """What the rounds of a kind took."""

    language: str
    kind: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Of the server, all of its threads together."""
    actions: int = 0
    """How many were declared, by what all share too."""

    def result(self) -> dict[str, Any]:
        """The JSON of it."""
        return {
            "language": self.language,
            "kind": self.kind,
            "wall_s": [round(seconds, 3) for seconds in self.wall],
            "cpu_s": [round(seconds, 2) for seconds in self.cpu],
            "actions": self.actions,
        }


def _analyse(bazel: Bazel, analysed: Analysed, images: int) -> None:
    def target(number: int) -> str:
        package = lang_module.analysed(analysed.language, analysed.kind, number)
        return f"//{package}:{KINDS[analysed.kind]}"

    bazel.shutdown()
    first = bazel.build([target(0)], None, "--nobuild")
    before = bazel.server_cpu()
    build = bazel.build([target(number) for number in range(1, images + 1)], None, "--nobuild")
    analysed.cpu.append(bazel.server_cpu() - before)
    analysed.wall.append(build.wall)
    analysed.actions = build.declared - first.declared


def measure(bazel: Bazel, images: int, rounds: int) -> list[dict[str, Any]]:
    """Analyses so many images and binaries of each language, in turn."""
    kinds = [Analysed(language, kind) for language in lang_module.LANGUAGES for kind in KINDS]
    for turn in range(rounds):
        for analysed in kinds if turn % 2 == 0 else kinds[::-1]:
            _analyse(bazel, analysed, images)
        print(f"round {turn + 1} of {rounds} of the analysis done", file=sys.stderr, flush=True)
    return [analysed.result() for analysed in kinds]
