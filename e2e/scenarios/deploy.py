"""Deploy: one command pushes two images to two repositories and loads one, and sends what they share once."""

from __future__ import annotations

import json

from harness.processes import run
from harness.requirements import tool
from harness.world import World

PACKAGE = "//examples/deploy"


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry, docker, bazel = world.registry, world.docker, world.bazel
    docker.remove_everything()
    digests = world.scratch("digests.json")

    start = registry.mark()
    flags = ("--registry", registry.host, "--tag", "v1", "--digests-out", str(digests))
    deployed = bazel.run(f"{PACKAGE}:all", *flags, env=docker.env)
    requests = registry.requests(start)
    sent = [request for request in requests if request.sends_blob and request.method == "PUT"]
    # Three layers and two configs.
    world.equal(len(sent), 5, "blobs sent")
    mounts = [request.status for request in requests if "mount=" in request.path]
    world.equal(mounts, [201], "answers to the mount of what both images have")
    world.step("two images that share a layer: five blobs sent, one mounted")

    told = json.loads(digests.read_text())
    world.equal(sorted(told), [f"{PACKAGE}:api.push", f"{PACKAGE}:web.push"], "targets in --digests-out")
    lines = [f"{label} {told[label]['reference']}" for label in sorted(told)]
    world.equal(deployed.stdout.splitlines(), [*lines, "Loaded image: api:latest"], "standard output")
    for label, pushed in told.items():
        world.equal(pushed["tags"], ["v1"], f"tags of {label}")
        name, digest = pushed["reference"].split("@")
        command = [tool("skopeo"), "inspect", "--tls-verify=false", "--format={{.Digest}}", f"docker://{name}:v1"]
        world.equal(run(command).stdout.strip(), digest, f"what {name}:v1 names")
    docker.command("image", "inspect", "api:latest")
    world.step("each tag names what --digests-out says, and docker has the image that was to be loaded")

    start = registry.mark()
    bazel.run(f"{PACKAGE}:all", *flags, env=docker.env)
    world.equal([r for r in registry.requests(start) if r.sends_blob or "mount=" in r.path], [], "blobs moved again")
    world.step("a second run moves no blob")
