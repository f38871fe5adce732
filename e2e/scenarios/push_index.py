"""Push an index of two platforms: the registry gives each platform its own image."""

from __future__ import annotations

import json

from harness.processes import run
from harness.requirements import tool
from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry
    pushed = world.bazel.run("//examples/hello:index.push", "--registry", registry.host, "--tag", "index")
    source = f"docker://{registry.host}/hello:index"

    index = json.loads(run([tool("skopeo"), "inspect", "--raw", "--tls-verify=false", source]).stdout)
    world.equal(index["mediaType"], "application/vnd.oci.image.index.v1+json", "media type of the index")
    platforms = [f"{m['platform']['os']}/{m['platform']['architecture']}" for m in index["manifests"]]
    world.equal(sorted(platforms), ["linux/amd64", "linux/arm64"], "platforms of the index")
    world.step(f"pushed {pushed.stdout.strip()[:60]}…")

    for architecture in ("amd64", "arm64"):
        chosen = run(
            [tool("skopeo"), "--override-os=linux", f"--override-arch={architecture}", "inspect", "--tls-verify=false"]
            + ["--format={{.Architecture}} {{len .Layers}}", source]
        )
        world.equal(chosen.stdout.split(), [architecture, "1"], f"image for {architecture}")
    world.step("skopeo finds the image of each platform")
