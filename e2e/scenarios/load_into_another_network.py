"""Load into a daemon with a loopback of its own, as rootless and nested ones have: the image goes as an archive, and soon."""

from __future__ import annotations

import json
import re
import time

from harness.errors import Failure
from harness.processes import Result, run
from harness.world import World

_SENT = re.compile(r"^moved: an archive of (?P<count>[0-9.]+) (?P<unit>B|kB|MB|GB),", re.MULTILINE)
_UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}


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

    again = run([load], env=docker.env)
    world.check(_sent(again) * 10 < _sent(result), "layers that are there moved again", again)
    docker.command("rmi", "count:latest")
    world.step(f"once more, and the archive is without its layers: {_sent(again):.0f} bytes, at first {_sent(result):.0f}")

    config = next(iter(world.bazel.files("//examples/layers:image", "config")))
    image = json.loads(docker.command("image", "inspect", "mine:v1"))[0]
    diff_ids = json.loads(config.read_text())["rootfs"]["diff_ids"]
    world.equal(image["RootFS"]["Layers"], diff_ids, "layers in the daemon")
    counted = docker.command("run", "--rm", "--network=none", "mine:v1")
    world.check("words, 2 settings" in counted, "the program's output", counted)
    world.step(f"it has the layers that the configuration names, and runs: {counted}")


def _sent(result: Result) -> float:
    """The bytes of the archive, as the command says."""
    found = _SENT.search(result.stderr)
    if found is None:
        raise Failure("no word of an archive", result.describe())
    return float(found["count"]) * _UNITS[found["unit"]]
