"""Load where no docker daemon runs, or where it is told nonsense: clear words, and nothing on standard output."""

from __future__ import annotations

import socket

from harness.world import World

TARGET = "//examples/hello:image.load"
USAGE, UNREACHABLE = 2, 5
"""ship's exit codes."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    missing = world.scratch("missing.sock")
    dead = world.folder / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))

    for host, code, words in (
        (
            f"unix://{missing}",
            UNREACHABLE,
            (f"unix://{missing}", "no such file", "DOCKER_HOST", "systemctl start docker"),
        ),
        (f"unix://{dead}", UNREACHABLE, (f"unix://{dead}", "nothing listens on it")),
        ("tcp://127.0.0.1:1", UNREACHABLE, ("tcp://127.0.0.1:1", "connection refused")),
        ("ssh://build.example", USAGE, ("ssh://build.example", "forward the socket")),
    ):
        result = world.bazel.run(TARGET, env={"DOCKER_HOST": host}, code=code)
        world.contains(result, *words)
        world.equal(result.stdout, "", "standard output")
        world.step(f"DOCKER_HOST={host.replace(str(world.folder), '…')}: exit code {code} and clear words")

    result = world.bazel.run(TARGET, "--tag", "Hello:latest", env={"DOCKER_HOST": f"unix://{missing}"}, code=USAGE)
    world.contains(result, "Hello:latest", "must be lower case", "hello")
    world.step("an upper-case name is refused before a daemon is looked for")
