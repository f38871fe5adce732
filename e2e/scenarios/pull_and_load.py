"""Load what was pulled, as it is: one image, and of an index the daemon's."""

from __future__ import annotations

import json

from harness.pulls import Pulls, upload
from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker, registry = world.docker, world.registry
    docker.remove_everything()
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    for name in ("amd64", "index"):
        (layout,) = pulls.bazel.files(f"//fill:{name}")
        upload(layout, f"{registry.host}/team/{name}:v1", "--all")
    pulls.declare(
        single={"image": f"{registry.host}/team/amd64:v1"},
        several={"image": f"{registry.host}/team/index:v1", "platforms": ["linux/amd64", "linux/arm64/v8"]},
    )
    daemon = docker.command("version", "--format={{.Server.Arch}}")
    for name, image, architecture in (("single", "amd64", "amd64"), ("several", "index", daemon)):
        mark = registry.mark()
        loaded = pulls.bazel_command("run", f"@{name}//:load", env=docker.env)
        reference = f"{registry.host}/team/{image}:v1"
        world.equal(loaded.stdout, f"Loaded image: {reference}\n", "standard output")
        (details,) = json.loads(docker.command("image", "inspect", reference))
        world.equal((details["Os"], details["Architecture"]), ("linux", architecture), f"platform of {reference}")
        world.equal(len(details["RootFS"]["Layers"]), 2, f"layers of {reference}")
        reads = [request.path for request in registry.requests(mark) if request.reads_blob]
        world.equal(len(reads), len(set(reads)), f"downloads of blobs, each once: {reads}")
        world.step(f"@{name}//:load loads {image} under its own name, with each blob read once")
