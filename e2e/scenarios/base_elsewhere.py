"""An image on a base that is in a registry and nowhere here: mounted, streamed through, and loaded from there.

A push to the base's registry mounts its layer, a push to another streams it through once, and a load passes it on to the
daemon. Without the registry each says which layer it lacks, and whom it asked.
"""

from __future__ import annotations

import json

from harness.registry import Registry, Request
from harness.world import World

UNREACHABLE = 5
"""ship's exit code where a registry can't be reached."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    home, other = world.registry, Registry(world.processes, world.folder)
    bazel = world.module("base_elsewhere")
    (bazel.workspace / "where.bzl").write_text(f'"""The registry that holds the base."""\n\nREGISTRY = "{home.host}"\n')
    bazel.run("//:base.push", "--registry", home.host)
    layer = _layer(bazel.files("//:app", "manifest")[0].read_text())

    start = home.mark()
    pushed = bazel.run("//:app.push", "--registry", home.host)
    requests = home.requests(start)
    mounts = [request.status for request in requests if f"mount={layer.replace(':', '%3A')}" in request.path]
    world.equal(mounts, [201], "answers to the mount of the base's layer")
    world.equal(_reads(requests, layer), [], "reads of the base's layer")
    world.contains(pushed, "mounted: //:large", "pushed 2 blobs", "1 mounted")
    world.step("to the base's registry: its layer was mounted, and none of its bytes moved")

    start = home.mark()
    pushed = bazel.run("//:app.push", "--registry", other.host)
    world.equal(len(_reads(home.requests(start), layer)), 1, "reads of the base's layer")
    world.contains(pushed, "sent: //:large", "pushed 3 blobs")
    world.step("to another registry: its layer was read once and sent on")

    start = home.mark()
    again = bazel.run("//:app.push", "--registry", other.host)
    world.equal(home.requests(start), [], "requests to the base's registry")
    world.contains(again, "pushed 0 blobs")
    world.step("to another registry again: the base's was not asked")

    docker = world.docker
    docker.remove_everything()
    start = home.mark()
    bazel.run("//:app.load", env=docker.env)
    world.equal(len(_reads(home.requests(start), layer)), 1, "reads of the base's layer")
    layers = json.loads(docker.command("image", "inspect", "on-a-base:latest"))[0]["RootFS"]["Layers"]
    world.equal(len(layers), 2, "layers in the daemon")
    world.step("into docker: its layer was read once and passed on to the daemon")

    home.process.stop()
    third = Registry(world.processes, world.folder)
    failed = bazel.run("//:app.push", "--registry", third.host, code=UNREACHABLE)
    world.contains(failed, f"cannot get //:large ({layer})", f"{home.host}/base: ", f"nothing listens at {home.host}")
    docker.remove_everything()
    failed = bazel.run("//:app.load", env=docker.env, code=UNREACHABLE)
    world.contains(failed, f"cannot get //:large ({layer})", f"{home.host}/base: ", f"nothing listens at {home.host}")
    world.step("without the base's registry: both name the layer, and whom they asked")


def _layer(manifest: str) -> str:
    """The digest of the base's layer."""
    return str(json.loads(manifest)["layers"][0]["digest"])


def _reads(requests: list[Request], digest: str) -> list[str]:
    return [request.path for request in requests if request.reads_blob and request.path.endswith(digest)]
