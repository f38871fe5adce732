"""Load into docker and run: the server answers, and only the requested name is left behind."""

from __future__ import annotations

import re
import time

from harness import net
from harness.errors import Failure
from harness.world import World

TARGET = "//examples/hello:image.load"


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.docker
    docker.remove_everything()

    loaded = world.bazel.run(TARGET, env=docker.env)
    world.equal(loaded.stdout, "Loaded image: hello:latest\n", "standard output")
    world.equal(docker.references(), ["hello:latest"], "names in the daemon after the load")
    world.step("loaded as hello:latest, and no other name is left")

    again = world.bazel.run(TARGET, "--tag", "other/name:v2", env=docker.env)
    world.equal(again.stdout, "Loaded image: other/name:v2\n", "standard output with --tag")
    world.equal(docker.references(), ["hello:latest", "other/name:v2"], "names after the second load")
    world.step("loaded once more under a name from the command line")

    world.bazel.run("//examples/layers:image.load", env=docker.env)
    counted = docker.command("run", "--rm", "--network=none", "count:latest")
    world.check(re.fullmatch(r"[1-9][0-9]* words, 2 settings", counted) is not None, "the program's output", counted)
    world.step(f"a program with data in three layers runs and finds them: {counted}")

    port = net.free_port()
    container = docker.command("run", "--detach", "--network=host", "hello:latest", str(port))
    try:
        page = _page(port)
        if page is None:
            raise Failure("the server does not answer", docker.command("logs", container))
        world.equal(page[0], 200, "status of the page")
        world.check("Hello from rules_strata" in page[1], "the page is another", page[1])
        world.step(f"the server answers: {page[1].strip().splitlines()[0]}")
    finally:
        docker.command("stop", "--time=2", container)
        docker.command("rm", "--force", container)
    world.check(net.get(port, "/") is None, "the server still answers after docker stop")
    world.step("stopped")


def _page(port: int, seconds: float = 20) -> tuple[int, str] | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        page = net.get(port, "/")
        if page:
            return page
        time.sleep(0.1)
    return None
