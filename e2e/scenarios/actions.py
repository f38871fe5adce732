"""What the build does: manifests and indexes see no layer's bytes, and a push lays nothing out."""

from __future__ import annotations

import time

from harness.bazel import executed_mnemonics
from harness.world import World

IMAGES = "deps(//examples/hello:index) + deps(//examples/layers:image)"
LAYERS = ("OciLayer", "OciLayerImport")
MANIFESTS = ("OciManifest", "OciIndex")


def scenario(world: World) -> None:
    """Runs the scenario."""
    graph = world.bazel.actions(f'mnemonic("Oci.*", {IMAGES})')
    blobs = {blob for action in graph.of(*LAYERS) for blob in action.values("--blob")}
    world.check(len(blobs) >= 4, "the examples have fewer layers than they should", sorted(blobs))
    for mnemonic in MANIFESTS:
        actions = graph.of(mnemonic)
        world.check(bool(actions), f"no {mnemonic} action in the examples")
        for action in actions:
            seen = action.inputs & blobs
            world.equal(sorted(seen), [], f"blobs among the inputs of {mnemonic} for {sorted(action.outputs)[0]}")
    # The same question with another answer, so that the check is known to see blobs where there are some.
    world.check(any(action.inputs & blobs for action in graph.of("OciLayout")), "no blob is seen even in a layout")
    world.step(f"of {len(blobs)} blobs none is an input of {' or '.join(MANIFESTS)}")

    bazel = world.module("three_layers")
    graph = bazel.actions('mnemonic("Oci.*", deps(//shared:all))')
    counts = {mnemonic: len(graph.of(mnemonic)) for mnemonic in ("OciLayerImport", "OciManifest")}
    world.equal(counts, {"OciLayerImport": 9 + 20, "OciManifest": 20}, "actions of 20 images that share 9 of 10 tars")
    world.step("20 images that share 9 of 10 tars import each tar once")

    text = bazel.workspace / "top.txt"
    # Never seen before, by earlier runs either: Bazel would find their outputs.
    text.write_text(f"{text.read_text()}{time.time_ns()}\n")
    log = world.scratch("pushed.json")
    registry = world.registry
    bazel.run("//:image.push", "--registry", registry.host, flags=[f"--execution_log_json_file={log}"])
    executed = sorted(m for m in executed_mnemonics(log) if m.startswith("Oci"))
    world.check("OciManifest" in executed, "the push after a change wrote no manifest", executed)
    world.check("OciLayout" not in executed, "the push laid the image out", executed)
    world.step(f"a push after a change executes {', '.join(executed)}, and no OciLayout")

    log = world.scratch("built.json")
    bazel.build("//:image", f"--execution_log_json_file={log}")
    world.check("OciLayout" in executed_mnemonics(log), "the default output is laid out when it is asked for")
    links = [path for path in bazel.files("//:image")[0].rglob("*") if path.is_symlink()]
    world.equal(links, [], "symlinks in the layout")
    world.step("a build of the image itself executes OciLayout, whose blobs are files")
