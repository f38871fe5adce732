"""Push to a registry: the second push of the same image sends no blob.

Counted in the registry's own log, so it does not matter what ship thinks that it did.
"""

from __future__ import annotations

import json

from harness.processes import run
from harness.requirements import tool
from harness.world import World

TARGET = "//examples/hello:image.push"


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry
    repository = f"{registry.host}/hello"

    start = registry.mark()
    first = world.bazel.run(TARGET, "--registry", registry.host, "--tag", "one")
    sent = [request for request in registry.requests(start) if request.sends_blob]
    world.check(bool(sent), "the first push sent no blob", first)
    pushed = first.stdout.splitlines()
    world.equal(len(pushed), 1, "standard output is one line")
    world.check(pushed[0].startswith(f"{repository}@sha256:"), "standard output is REPOSITORY@sha256:…", first)
    world.step(f"first push sent blobs and printed {pushed[0][:60]}…")

    start = registry.mark()
    second = world.bazel.run(TARGET, "--registry", registry.host, "--tag", "one")
    requests = registry.requests(start)
    world.equal([request for request in requests if request.sends_blob], [], "the second push sends no blob")
    world.equal(second.stdout, first.stdout, "both pushes print the same")
    world.step(f"second push sent no blob: {len(requests)} requests in all")

    raw = run([tool("skopeo"), "inspect", "--raw", "--tls-verify=false", f"docker://{repository}:one"]).stdout
    manifest = json.loads(raw)
    world.equal(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json", "media type of the manifest")
    digest = run(
        [tool("skopeo"), "inspect", "--tls-verify=false", "--format={{.Digest}}", f"docker://{repository}:one"]
    )
    world.equal(f"{repository}@{digest.stdout.strip()}", pushed[0], "the tag is at the digest that was printed")
    world.step("the tag names what was printed")
