"""Push where no registry is, or under a name that cannot be: clear words and the right exit code."""

from __future__ import annotations

from harness import net
from harness.world import World

TARGET = "//examples/hello:image.push"
USAGE, UNREACHABLE = 2, 5
"""ship's exit codes."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    host = f"127.0.0.1:{net.free_port()}"
    result = world.bazel.run(TARGET, "--registry", host, code=UNREACHABLE)
    world.contains(result, host)
    world.equal(result.stdout, "", "standard output")
    world.step("no registry: exit code 5, and the message names it")

    for arguments, words in (
        (("--repository", "127.0.0.1:1/Hello"), ("must be lower case", "hello")),
        (("--tag", "not a tag"), ("not a tag",)),
        (("--tag", ".dot"), (".dot",)),
    ):
        result = world.bazel.run(TARGET, *arguments, code=USAGE)
        world.contains(result, *words)
        world.step(f"{' '.join(arguments)}: exit code 2 and clear words")
