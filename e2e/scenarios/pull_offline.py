"""Eager layers: fetched once, an image builds from the repository cache when the registry is gone."""

from __future__ import annotations

import shutil

from harness.gate import Gate
from harness.pulls import Pulls, pin, upload
from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    (layout,) = pulls.bazel.files("//fill:amd64")
    upload(layout, f"{world.registry.host}/image:v1")
    gate = Gate(world.registry.port)
    base: dict[str, object] = {"image": f"{gate.host}/image:v1", "layers": "eager"}
    pulls.declare(base=base)
    digest = pin(pulls.fetch("@base"))
    base["digest"] = digest
    pulls.declare(base=base)
    gate.forget()
    pulls.fetch("@base")
    world.equal(gate.paths(), [], "requests after pinning: everything is in the repository cache")
    world.step("fetched with its layers, and pinned")

    gate.close()
    # Another attribute: the repositories are fetched anew. Whatever they need comes from the repository cache.
    pulls.declare(base={**base, "bazel_tags": ["offline"]})
    built = pulls.bazel_command("build", "//use:image")
    world.check("OciFetch" not in built.stderr, "a layer was fetched by an action", built)
    world.step("with the registry gone and the repositories fetched anew, an image on top of it is laid out in full")

    pulls.declare(base={**base, "bazel_tags": ["offline, without cache"]})
    shutil.rmtree(pulls.repository_cache)
    failed = pulls.fetch("@base", code=1)
    world.contains(failed, f"{gate.host}/image: no route: ", "cannot get the manifest")
    world.step("without the cache it fails, and says that there is no way to the registry")
