"""One image for two platforms: pushed as an index, loaded for the daemon's platform, and built for either by this machine."""

from __future__ import annotations

import json
from collections import Counter

from harness.processes import run
from harness.requirements import tool
from harness.world import World

PACKAGE = "//examples/platforms"
ARCHITECTURES = ("amd64", "arm64")
STRIP = "--experimental_output_paths=strip"


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry
    world.bazel.run(f"{PACKAGE}:index.push", "--registry", registry.host, "--tag", "index")
    for architecture in ARCHITECTURES:
        found = _architecture(f"{registry.host}/tool:index", architecture)
        world.equal(found, architecture, f"architecture of the image that a machine of {architecture} gets")
        text = _file(world, f"{registry.host}/tool:index", architecture)
        world.equal(text, f"A program for {architecture} would be here.\n", f"/usr/bin/tool for {architecture}")
    world.step(f"an index from platforms, pushed: {' and '.join(ARCHITECTURES)} each get their own image")

    # No toolchain for the platform is registered, and this machine's tools pack, assemble and push.
    for architecture in ARCHITECTURES:
        world.bazel.run(
            f"{PACKAGE}:image.push",
            *("--registry", registry.host, "--tag", architecture),
            flags=[f"--platforms={PACKAGE}:linux_{architecture}"],
        )
        found = _architecture(f"{registry.host}/tool:{architecture}", None)
        world.equal(found, architecture, f"architecture under --platforms=linux_{architecture}")
    world.step("under --platforms, the image is for that platform, and what pushes it runs here")

    graph = world.bazel.actions(f'mnemonic("Oci.*", deps({PACKAGE}:index))')
    counted = Counter(action.mnemonic for action in graph.of("OciLayer", "OciManifest", "OciIndex", "OciLayout"))
    # The images' own layouts are there to be asked for, and nobody does.
    expected = {"OciLayer": 2, "OciManifest": 2, "OciIndex": 1, "OciLayout": 3}
    world.equal(dict(counted), expected, "actions for an index of one layer and two platforms")
    world.step(f"that is {', '.join(f'{count} {mnemonic}' for mnemonic, count in sorted(counted.items()))}")

    # Files of the two configurations have one path under path mapping: Bazel leaves out the actions that see both.
    digests = [world.bazel.files(f"{PACKAGE}:index", "digest")[0].read_text()]
    world.bazel.build(STRIP, f"{PACKAGE}:index")
    digests += [path.read_text() for path in world.bazel.files(f"{PACKAGE}:index", "digest")]
    world.equal(len(set(digests)), 1, f"digests with and without {STRIP}")
    world.step(f"{STRIP} builds the same index")

    docker = world.docker
    docker.remove_everything()
    own = docker.command("version", "--format={{.Server.Arch}}")
    for wanted in (None, *ARCHITECTURES):
        options = ["--platform", f"linux/{wanted}"] if wanted else []
        loaded = world.bazel.run(f"{PACKAGE}:index.load", *options, env=docker.env)
        world.equal(loaded.stdout, "Loaded image: tool:latest\n", "standard output")
        found = docker.command("image", "inspect", "--format={{.Architecture}}", "tool:latest")
        world.equal(found, wanted or own, "architecture of the loaded image")
    world.step(f"docker gets the image of its own platform, {own}, and of another if it is asked for")


def _architecture(reference: str, asked_for: str | None) -> str:
    override = ["--override-os=linux", f"--override-arch={asked_for}"] if asked_for else []
    command = [tool("skopeo"), *override, "inspect", "--tls-verify=false", "--config", f"docker://{reference}"]
    return str(json.loads(run(command).stdout)["architecture"])


def _file(world: World, reference: str, architecture: str) -> str:
    """The one file of the image, as another program unpacks it."""
    layout = world.scratch(f"layout_{architecture}")
    command = [tool("skopeo"), "--override-os=linux", f"--override-arch={architecture}", "copy", "--src-tls-verify=false"]
    run([*command, f"docker://{reference}", f"oci:{layout}:tool"])
    bundle = world.scratch(f"bundle_{architecture}")
    run([tool("umoci"), "unpack", "--image", f"{layout}:tool", str(bundle)])
    return (bundle / "rootfs" / "usr" / "bin" / "tool").read_text()
