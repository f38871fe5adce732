"""Load into a daemon with a loopback of its own, as rootless and nested ones have: the image goes as an archive, and soon."""

from __future__ import annotations

import json
import time

from harness.processes import run
from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.distant_docker
    load = world.bazel.executable("//examples/layers:image.load")
    start = time.monotonic()
    result = run([load, "--tag=mine:v1", "--tag=r.example/mine:v2"], env=docker.env)
    world.check(time.monotonic() - start < 30, "the load took its time", result)
    world.equal(result.stdout, "Loaded image: mine:v1\nLoaded image: r.example/mine:v2\n", "standard output")
    world.contains(result, "docker does not reach 127.0.0.1:", "as an archive", "moved: an archive of ")
    world.equal(docker.references(), ["mine:v1", "r.example/mine:v2"], "names in the daemon")
    world.step("the daemon does not find the way, and gets an archive instead")

    config = next(iter(world.bazel.files("//examples/layers:image", "config")))
    image = json.loads(docker.command("image", "inspect", "mine:v1"))[0]
    diff_ids = json.loads(config.read_text())["rootfs"]["diff_ids"]
    world.equal(image["RootFS"]["Layers"], diff_ids, "layers in the daemon")
    counted = docker.command("run", "--rm", "--network=none", "mine:v1")
    world.check("words, 2 settings" in counted, "the program's output", counted)
    world.step(f"it has the layers that the configuration names, and runs: {counted}")
