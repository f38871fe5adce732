"""Load into containerd: names, namespaces, what moves, what is left behind, platforms, and a container by --run."""

from __future__ import annotations

import re

from harness.processes import Result, run
from harness.requirements import tool
from harness.world import World

UNREACHABLE = 5
"""ship's exit code."""
NAME = "docker.io/library/three-layers:latest"
_MOVED = re.compile(r"^moved: (?P<layer>[^,\n]+),", re.MULTILINE)


def scenario(world: World) -> None:
    """Runs the scenario."""
    containerd, bazel = world.containerd, world.module("three_layers")
    text = bazel.workspace / "top.txt"

    # Other scenarios share the daemon.
    containerd.remove(*containerd.names())
    first = run([bazel.executable("//:image.load")], env=containerd.env)
    world.equal(first.stdout, f"Loaded image: {NAME}\n", "standard output")
    world.contains(first, f"unix://{containerd.socket}, namespace default ")
    world.equal(_moved(first), {"//:bottom", "//:middle", "//:top"}, "layers that moved at first")
    world.equal(containerd.names(), [NAME], "names in containerd after the load")
    world.equal(_registries(world), "", "registries that containerd remembers")
    world.step(f"three layers moved, and {NAME} is all that is there, in the namespace default")

    again = run([bazel.executable("//:image.load")], env=containerd.env)
    world.equal(_moved(again), set(), "layers that moved though nothing changed")
    text.write_text(text.read_text() + "one more line\n")
    changed = run([bazel.executable("//:image.load")], env=containerd.env)
    world.equal(_moved(changed), {"//:top"}, "layers that moved after a change in the top one")
    world.equal(containerd.names(), [NAME], "names after the second load")
    world.step("after a change of one line in the top layer, it alone moved")

    other = run([bazel.executable("//:image.load")], env={**containerd.env, "CONTAINERD_NAMESPACE": "k8s.io"})
    world.contains(other, "namespace k8s.io ")
    world.equal(containerd.names("k8s.io"), [NAME], "names in the namespace k8s.io")
    world.step("CONTAINERD_NAMESPACE chooses another namespace, and it is named")

    zstd = run([bazel.executable("//:zstd.load")], env=containerd.env)
    world.equal(zstd.stdout, "Loaded image: docker.io/library/zstd:latest\n", "standard output")
    world.step("zstd goes as it is")

    index = world.bazel.executable("//examples/hello:index.load")
    for arguments, layer in (([], "app"), (["--platform=linux/arm64"], "app_arm64")):
        containerd.remove(*containerd.names())
        loaded = run([index, *arguments], env=containerd.env)
        world.equal(_moved(loaded), {f"//examples/hello:{layer}"}, f"layers that moved with {arguments}")
        world.equal(containerd.names(), ["docker.io/library/hello:index"], "names in containerd")
    world.step("of an index, its own platform is loaded, and another with --platform")

    run_image = world.bazel.executable("//examples/layers:image.load")
    started = run([run_image, "--run"], env=containerd.env)
    world.check(re.fullmatch(r"[1-9][0-9]* words, 2 settings\n", started.stdout) is not None, "output", started)
    world.step(f"--run starts a container, whose output is all that there is: {started.stdout.strip()}")

    _out_of_reach(world)


def _moved(result: Result) -> set[str]:
    return {match["layer"] for match in _MOVED.finditer(result.stderr)}


def _registries(world: World) -> str:
    """What is left of where blobs came from: one line for each blob that remembers a registry."""
    listed = world.containerd.command("content", "list")
    return "\n".join(line for line in listed.splitlines() if "distribution.source" in line)


def _out_of_reach(world: World) -> None:
    """No socket, a socket of which nothing listens, and one that may not be opened."""
    load = world.module("three_layers").executable("//:image.load")
    missing = world.scratch("missing.sock")
    result = run([load], env={"CONTAINERD_ADDRESS": str(missing)}, code=UNREACHABLE)
    world.contains(result, "no containerd answers", f"unix://{missing} (from CONTAINERD_ADDRESS): no such file")
    # Root may open everything, but for this.
    without = [tool("setpriv"), "--bounding-set=-dac_override,-dac_read_search"]
    world.containerd.socket.chmod(0)
    try:
        closed = run([*without, load], env=world.containerd.env, code=UNREACHABLE)
    finally:
        world.containerd.socket.chmod(0o660)
    world.equal(closed.stdout, "", "standard output")
    world.contains(closed, "permission denied")
    world.step("a socket that is missing or closed to this user is named, with exit code 5")
