"""Load layers that are zstd into a docker that cannot read them: they go as gzip, and the image is the same but for a digest."""

from __future__ import annotations

import json
import re

from harness.processes import run
from harness.world import World

_MOVED = re.compile(r"^moved: (?P<layer>[^,\n]+),", re.MULTILINE)


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker, bazel = world.docker, world.module("three_layers")
    docker.remove_everything()
    reads_zstd = int(docker.version().split(".")[0]) >= 23
    load = bazel.executable("//:zstd.load")
    first = run([load], env=docker.env)
    world.equal(first.stdout, "Loaded image: zstd:latest\n", "standard output")
    if not reads_zstd:
        world.contains(first, f"docker {docker.version()} cannot read zstd", "//:zstd_layer", "sha256:")

    config = next(path for path in bazel.files("//:zstd", "config"))
    image = json.loads(docker.command("image", "inspect", "zstd:latest"))[0]
    diff_ids = json.loads(config.read_text())["rootfs"]["diff_ids"]
    world.equal(image["RootFS"]["Layers"], diff_ids, "layers in the daemon")
    world.step(f"docker {docker.version()} has the layers that the configuration names")

    again = run([load], env=docker.env)
    world.equal(set(_MOVED.findall(again.stderr)), set(), "layers that moved though nothing changed")
    world.step("a load without a change moved none")
