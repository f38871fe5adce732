"""Gazelle with its Go language, and the host of Starlark plugins that `aspect configure` has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness.go import goroot
from harness.processes import Result, run
from harness.world import REPOSITORY, World


def build(world: World) -> Path:
    """`standins/orion`, or where the variable ORION_HOST names a program, that one."""
    given = os.environ.get("ORION_HOST")
    if given:
        world.step(f"the host of the plugins is {given}")
        return Path(given)
    program = world.scratch("orion")
    go = Path(goroot(REPOSITORY)) / "bin" / "go"
    run([go, "build", "-buildvcs=false", "-o", program, "."], cwd=REPOSITORY / "e2e" / "standins" / "orion", env={"GOWORK": "off"}, timeout=600)
    return program


def update(host: Path, workspace: Path, plugins: Sequence[str], *flags: str, code: int | None = 0) -> Result:
    """`update` in a workspace, with plugins that lie in it."""
    return run([host, "update", *flags], cwd=workspace, env={"ORION_EXTENSIONS": ",".join(plugins)}, code=code)
