"""Load into a daemon with a loopback of its own, as rootless and nested ones have: it says so, and soon."""

from __future__ import annotations

import time

from harness.world import World

TARGET = "//examples/hello:image.load"
UNREACHABLE = 5
"""ship's exit code."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.distant_docker
    world.bazel.build(TARGET)
    start = time.monotonic()
    result = world.bazel.run(TARGET, env=docker.env, code=UNREACHABLE)
    world.contains(result, str(docker.socket), "does not reach 127.0.0.1:", "DOCKER_HOST")
    world.equal(result.stdout, "", "standard output")
    world.equal(docker.references(), [], "names in the daemon")
    world.check(time.monotonic() - start < 30, "the message took its time", result)
    world.step("exit code 5 and clear words")
