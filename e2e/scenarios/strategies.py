"""Where Bazel runs an action does not show in a layer: the same digests in each sandbox and without one.

A sandbox gives an action links to its inputs, and the local strategy the files themselves, with other times and modes.
"""

from __future__ import annotations

import json

from harness.bazel import executed
from harness.world import World

STRATEGIES = ("linux-sandbox", "processwrapper-sandbox", "local")
# Programs with runfiles, scripts, data, trees, declared links, and files at several places.
TARGETS = ["//examples/layers:app"] + [
    f"//oci/tests/layer:{name}" for name in ("below_a_directory", "dedupe", "links", "modes", "runfiles", "trees")
]


def scenario(world: World) -> None:
    """Runs the scenario."""
    layers = world.bazel.actions(f'mnemonic("OciLayer", {" + ".join(TARGETS)})').of("OciLayer")
    world.equal(len(layers), len(TARGETS), "number of layers")
    world.bazel.build(*TARGETS)
    root = world.bazel.execution_root()

    found: dict[str, dict[str, tuple[str, str]]] = {}
    for strategy in STRATEGIES:
        # An action whose outputs are gone runs again; no cache may answer for it.
        for path in (root / output for layer in layers for output in layer.outputs):
            path.unlink()
        log = world.scratch(f"{strategy}.json")
        flags = [f"--strategy=OciLayer={strategy}", f"--execution_log_json_file={log}"]
        world.bazel.build(*flags, "--remote_cache=", "--disk_cache=", *TARGETS)
        runners = [runner for mnemonic, runner in executed(log) if mnemonic == "OciLayer"]
        world.equal(runners, [strategy] * len(TARGETS), f"where layers were packed with {flags[0]}")
        metadata = (root / layer.values("--metadata")[0] for layer in layers)
        found[strategy] = {path.parent.name: _digests(json.loads(path.read_text())) for path in metadata}
        world.equal(found[strategy], found[STRATEGIES[0]], f"digests under {strategy}")
    world.step(f"{len(layers)} layers have the same digests under {', '.join(STRATEGIES)}")


def _digests(metadata: dict[str, str]) -> tuple[str, str]:
    return metadata["digest"], metadata["diff_id"]
