"""What was pushed is what other tools read: skopeo copies it, umoci unpacks the tree that the layers declare."""

from __future__ import annotations

import json

from harness import mtree
from harness.processes import run
from harness.requirements import tool
from harness.world import World

LAYERS = ["//examples/layers:rootfs", "//examples/layers:config", "//examples/layers:app"]
"""Those of //examples/layers:image, the lowest first."""


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry
    source = f"docker://{registry.host}/count:e2e"
    world.bazel.run("//examples/layers:image.push", "--registry", registry.host, "--tag", "e2e")

    layout = world.scratch("layout")
    run(
        [
            tool("skopeo"),
            "copy",
            "--quiet",
            "--preserve-digests",
            "--src-tls-verify=false",
            source,
            f"oci:{layout}:image",
        ]
    )
    raw = run([tool("skopeo"), "inspect", "--raw", "--tls-verify=false", source]).stdout
    world.equal(run([tool("skopeo"), "inspect", "--raw", f"oci:{layout}:image"]).stdout, raw, "skopeo kept the bytes")
    manifest = json.loads(raw)
    world.equal(len(manifest["layers"]), len(LAYERS), "number of layers")
    world.step("skopeo copied the image, digests and all")

    bundle = world.scratch("bundle")
    run([tool("umoci"), "unpack", "--image", f"{layout}:image", bundle])
    declared = mtree.overlay([mtree.parse(_listing(world, layer)) for layer in LAYERS])
    found = mtree.scan(bundle / "rootfs")
    differences = mtree.differences(declared, found)
    world.check(not differences, "the unpacked tree is not what the layers declare", "\n".join(differences))
    world.step(f"umoci unpacked the declared tree: {len(found)} entries with modes, owners and times")


def _listing(world: World, layer: str) -> str:
    (path,) = world.bazel.files(layer, "mtree")
    return path.read_text()
