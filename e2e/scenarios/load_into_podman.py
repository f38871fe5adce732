"""Load into podman, by its service and by its command: names, what moves, what is left behind, platforms."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harness.processes import Result, run
from harness.world import World

UNREACHABLE = 5
"""ship's exit code."""
NAME = "docker.io/library/three-layers:latest"
_MOVED = re.compile(r"^moved: (?P<layer>[^,\n]+),", re.MULTILINE)


def scenario(world: World) -> None:
    """Runs the scenario."""
    podman, bazel = world.podman, world.module("three_layers")
    text = bazel.workspace / "top.txt"
    for way, env in (("service", podman.service_env), ("command", podman.command_env)):
        run_env = {**env, "HOME": str(world.folder)}
        podman.command("rmi", "--all", "--force")

        first = run([bazel.executable("//:image.load"), "--runtime=podman"], env=run_env)
        world.equal(first.stdout, f"Loaded image: {NAME}\n", "standard output")
        world.equal(_moved(first), {"//:bottom", "//:middle", "//:top"}, "layers that moved at first")
        world.equal(podman.names(), [NAME], "names in podman after the load")
        world.equal(podman.command("inspect", "--format={{len .RootFS.Layers}}", "three-layers"), "3", "layers")
        world.step(f"by its {way}: three layers moved, and {NAME} is all that is there")

        again = run([bazel.executable("//:image.load"), "--runtime=podman"], env=run_env)
        world.equal(_moved(again), set(), "layers that moved though nothing changed")
        text.write_text(text.read_text() + "one more line\n")
        changed = run([bazel.executable("//:image.load"), "--runtime=podman", "--tag=mine:v2"], env=run_env)
        world.equal(_moved(changed), {"//:top"}, "layers that moved after a change in the top one")
        world.equal(changed.stdout, "Loaded image: docker.io/library/mine:v2\n", "standard output with --tag")
        world.equal(podman.names(), ["docker.io/library/mine:v2", NAME], "names after the second load")
        world.step("after a change of one line in the top layer, it alone moved")

        _platforms(world, run_env)

    _found_without_being_asked(world)
    missing = world.scratch("missing.sock")
    result = run(
        [bazel.executable("//:image.load")], env={"CONTAINER_HOST": f"unix://{missing}"}, code=UNREACHABLE
    )
    world.contains(result, "no podman answers", f"unix://{missing} (from CONTAINER_HOST): no such file")
    world.step("a service that does not run is named, with exit code 5")


def _moved(result: Result) -> set[str]:
    return {match["layer"] for match in _MOVED.finditer(result.stderr)}


def _platforms(world: World, env: dict[str, str]) -> None:
    """An index gives podman the image for its own platform, or for another that is asked for."""
    load: Path = world.bazel.executable("//examples/hello:index.load")
    for arguments, expected in (([], "amd64"), (["--platform=linux/arm64"], "arm64")):
        run([load, "--runtime=podman", *arguments], env=env)
        found = json.loads(world.podman.command("image", "inspect", "hello:index"))[0]["Architecture"]
        world.equal(found, expected, f"architecture with {arguments}")
    world.step("of an index, its own platform is loaded, and another with --platform")


def _found_without_being_asked(world: World) -> None:
    """DOCKER_HOST may be podman's, as the package podman-docker has it."""
    host = world.podman.service_env["CONTAINER_HOST"]
    for env in ({"CONTAINER_HOST": host}, {"DOCKER_HOST": host}):
        result = run([world.module("three_layers").executable("//:image.load")], env=env)
        world.equal(result.stdout, f"Loaded image: {NAME}\n", "standard output")
        world.contains(result, f"loading into podman {world.podman.version()} (linux/amd64) at {host}")
    world.step("CONTAINER_HOST and DOCKER_HOST name it")
