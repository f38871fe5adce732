"""Stamps: what --workspace_status_command prints goes into images, where they ask for it and the build says --stamp."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.world import World

PACKAGE = "//oci/tests/attributes"


def scenario(world: World) -> None:
    """Runs the scenario."""
    command = world.scratch("status.sh")
    stamp = ("--stamp", f"--workspace_status_command={command}")

    _print(command, "STABLE_A one, $two {name}", "BUILD_TIMESTAMP 1700000000")
    plain = _config(world, "status_by_flag")
    world.equal(plain["config"]["Env"], ["A={STABLE_A}"], "env without --stamp")
    world.step("without --stamp a placeholder stays")

    stamped = _config(world, "status_by_flag", stamp)
    world.equal(stamped["config"]["Env"], ["A=one, $two {name}"], "env with --stamp")
    world.step("with --stamp it is the value, whose dollars and braces mean nothing")

    _print(command, "STABLE_A three", "BUILD_TIMESTAMP 1700000000")
    world.equal(_config(world, "status_by_flag", stamp)["config"]["Env"], ["A=three"], "env of the next build")
    world.equal(_config(world, "status_never", stamp)["config"]["Env"], ["A={STABLE_A}"], "env with stamp = 0")
    world.step("another value makes another image, and stamp = 0 none")

    world.equal(_config(world, "status_created")["created"], "1970-01-01T00:00:00Z", "created without --stamp")
    created = _config(world, "status_created", stamp)["created"]
    world.check(created > "2023-11-14T22:13:19Z" and len(created) == 20, "created with --stamp", created)
    world.step(f"{{BUILD_TIMESTAMP}} in created is a time: {created}")

    flags = ("--experimental_output_paths=strip", "--stamp")
    actions = world.bazel.actions(f"{PACKAGE}:status_by_flag", flags)
    (manifest,) = actions.of("OciManifest")
    world.equal(manifest.values("--status-file"), ["bazel-out/stable-status.txt"], "the status file with mapped paths")
    (archive,) = world.bazel.actions("//oci/tests/run:stamped_load", flags).of("OciArchive")
    world.equal(archive.values("--status-file"), ["bazel-out/stable-status.txt"], "the status file of an archive")
    (layout,) = actions.of("OciLayout")
    (output,) = layout.values("--output")
    world.check("/cfg/" not in output, "OciLayout, which has no sandbox, has mapped paths", output)
    world.step("what mapped paths would lead astray has none")

    _print(command, "STABLE_B four")
    failed = world.bazel.build(*stamp, f"{PACKAGE}:status_by_flag", code=1)
    world.contains(failed, f"{PACKAGE}:status_by_flag", 'env, the value of "A"', "{STABLE_A}", "BUILD_USER, STABLE_B")
    world.step("a key that is not printed fails, and the message says which there are")


def _print(command: Path, *lines: str) -> None:
    """Makes the status command print lines."""
    text = "\n".join(lines)
    command.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n")
    command.chmod(0o755)


def _config(world: World, image: str, flags: Sequence[str] = ()) -> dict[str, Any]:
    """The config of an image of the package."""
    (path,) = world.bazel.files(f"{PACKAGE}:{image}", "config", flags)
    config: dict[str, Any] = json.loads(path.read_text())
    return config
