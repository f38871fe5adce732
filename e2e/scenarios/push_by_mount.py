"""Push to a second repository of a registry: the registry mounts what the first one has, and nothing is sent."""

from __future__ import annotations

from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry, bazel = world.registry, world.module("three_layers")
    first = bazel.run("//:image.push", "--registry", registry.host)

    start = registry.mark()
    second = bazel.run("//:copy.push", "--registry", registry.host)
    requests = registry.requests(start)
    mounts = [request for request in requests if "mount=" in request.path]
    world.equal([request.status for request in mounts], [201] * 4, "answers to the mounts of three layers and a config")
    world.equal([request for request in requests if request.sends_blob], [], "blobs sent")
    world.contains(second, "4 mounted")
    world.equal(second.stdout, first.stdout.replace("/three-layers@", "/copy@"), "standard output")
    world.step("three layers and the config were mounted, and nothing was sent")
