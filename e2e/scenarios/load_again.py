"""Load again after a one-line change in the last layer: that layer moves and no other.

The image comes from a module of its own, which depends on rules_strata as a user's does and lies in a copy that may be
edited.
"""

from __future__ import annotations

import json
import re

from harness.processes import Result
from harness.world import World

_MOVED = re.compile(r"^moved: (?P<layer>[^,\n]+),", re.MULTILINE)


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker, bazel = world.docker, world.module("three_layers")
    docker.remove_everything()
    text = bazel.workspace / "top.txt"

    first = bazel.run("//:image.load", env=docker.env)
    world.equal(_moved(first), {"//:bottom", "//:middle", "//:top"}, "layers that moved at first")
    before = _layers(world)
    world.step("the first load moved all three layers")

    again = bazel.run("//:image.load", env=docker.env)
    world.equal(_moved(again), set(), "layers that moved though nothing changed")
    world.step("a load without a change moved none")

    text.write_text(text.read_text() + "one more line\n")
    changed = bazel.run("//:image.load", env=docker.env)
    world.equal(_moved(changed), {"//:top"}, "layers that moved after a change in the top one")
    after = _layers(world)
    world.equal(after[:2], before[:2], "the lower layers in the daemon")
    world.check(after[2] != before[2], "the daemon still has the old top layer", changed)
    world.equal(changed.stdout, "Loaded image: three-layers:latest\n", "standard output")
    world.step("after a change of one line in the top layer, it alone moved")


def _moved(result: Result) -> set[str]:
    return {match["layer"] for match in _MOVED.finditer(result.stderr)}


def _layers(world: World) -> list[str]:
    details = json.loads(world.docker.command("image", "inspect", "three-layers:latest"))
    return list(details[0]["RootFS"]["Layers"])
