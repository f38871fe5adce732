"""Command tests of an image in real docker and podman: from `bazel test`, in its sandbox, and nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
import time

from harness.processes import Result, run
from harness.world import World

TARGET = "//examples/layers:commands_test"
INTERRUPTED = 130
"""ship's exit code."""
PASSED = ("PASS  Command Test: counts", "PASS  Command Test: counts again", f"{TARGET}: 2 passed, 0 failed")


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker, podman = world.docker, world.podman
    docker.remove_everything()
    host = docker.env["DOCKER_HOST"]
    # Sandboxes have a /tmp of their own, and this daemon's socket is in that of the machine.
    seen = f"--sandbox_add_mount_pair={world.folder}"
    flags = ("--test_output=all", "--nocache_test_results", seen)
    for more in ((), ("--sandbox_default_allow_network=false",)):
        tested = world.bazel.test(*flags, *more, f"--test_env=DOCKER_HOST={host}", TARGET)
        _says(world, tested, *PASSED)
        _is_empty(world)
    world.step("`bazel test` runs commands in docker, and leaves neither containers nor images there")

    failed = world.bazel.test(*flags, f"--test_env=DOCKER_HOST=unix://{world.folder}/missing.sock", TARGET, code=3)
    _says(world, failed, "FAIL  Command Test: counts", "it needs a container runtime", "/missing.sock")
    world.step("without a daemon each of them fails, and says what to do")

    executable = world.bazel.executable(TARGET)
    podman.command("rmi", "--all", "--force")
    for way, env in (("service", podman.service_env), ("command", podman.command_env)):
        tested = run([executable, "--runtime=podman"], env={**env, "HOME": str(world.folder)})
        _says(world, tested, *PASSED)
        world.equal(podman.names(), [], "names in podman")
        world.equal(podman.command("ps", "--all", "--quiet"), "", "containers in podman")
        world.step(f"so in podman, by its {way}")

    process = subprocess.Popen([executable], env={**docker.env, "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not docker.references() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    world.equal(process.wait(30), INTERRUPTED, "exit code")
    _is_empty(world)
    world.step("interrupted, as Bazel does when its time is over, it leaves nothing")


def _says(world: World, result: Result, *texts: str) -> None:
    for text in texts:
        world.check(text in result.stdout, f"standard output has {text!r}", result)


def _is_empty(world: World) -> None:
    world.equal(world.docker.references(), [], "names in docker")
    world.equal(world.docker.command("ps", "--all", "--quiet"), "", "containers in docker")
