"""Load into docker and start a container in one command: its arguments, output, exit code, and end are the container's."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from harness import net
from harness.processes import run
from harness.world import World

TARGET = "//examples/hello:image.load"


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.docker
    docker.remove_everything()
    counted = run([world.bazel.executable("//examples/layers:image.load"), "--run"], env=docker.env)
    world.check("words, 2 settings" in counted.stdout, "the program's output", counted)
    world.check(counted.stdout.count("\n") == 1, "standard output is the container's alone", counted)
    world.contains(counted, "Loaded image: count:latest")
    world.step(f"standard output is the container's: {counted.stdout.strip()}")

    port = net.free_port()
    executable = world.bazel.executable(TARGET)
    process = subprocess.Popen([executable, "--run", str(port)], env={**os.environ, **docker.env})
    try:
        deadline = time.monotonic() + 30
        while (page := net.get(port, "/")) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        world.check(page is not None and page[0] == 200, "the server does not answer", page)
        world.step(f"the server got its argument and answers on port {port}")
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    world.check(net.get(port, "/") is None, "the server still answers")
    world.equal(docker.command("ps", "--all", "--quiet"), "", "containers that are left")
    world.step(f"SIGTERM reached it: it ended with exit code {code}, and no container is left")

    refused = run([executable, "--run", "no-port"], env=docker.env, code=None)
    world.check(refused.code not in (0, 125), "the exit code is the container's", refused)
    world.step(f"exit code {refused.code} is the container's")
