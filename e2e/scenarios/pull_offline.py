"""Eager layers: fetched once, an image builds from the repository cache when the registry is gone; what is there needs no token."""

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
    gate = Gate(world.registry.port, anonymous=True)
    lazy: dict[str, object] = {"image": f"{gate.host}/image:v1"}
    pulls.declare(base=lazy)
    digest = pin(pulls.fetch("@base"))
    eager = {**lazy, "layers": "eager"}
    pulls.declare(base=eager)
    pulls.fetch("@base")
    world.check(bool(gate.paths("/token")) and bool(gate.paths("/blobs/")), "no token, or no layers", gate.paths())
    gate.forget()
    pulls.declare(base=lazy)
    pulls.fetch("@base")
    world.equal(gate.paths(), [], "requests of an image whose documents are in the repository cache, with a challenge that is known")
    world.step("fetched with its layers; fetched anew without them, not even a token is asked for")

    # The repository that knew the challenge is fetched anew, too, and is told of it.
    challenge = f'Bearer realm="http://{gate.host}/token",service="s"'
    base = {**eager, "digest": digest, "www_authenticate_challenges": {gate.host: challenge}}
    pulls.declare(base=base)
    pulls.fetch("@base")
    world.equal(gate.paths(), [], "requests after pinning, with a challenge that is declared")
    world.step("pinned, with its challenge declared: everything is in the repository cache, and nobody is asked")

    gate.close()
    # Another attribute: the repositories are fetched anew. Whatever they need comes from the repository cache.
    pulls.declare(base={**base, "bazel_tags": ["offline"]})
    pulls.bazel_command("build", "//use:image")
    cache = f"--repository_cache={pulls.repository_cache}"
    found = pulls.bazel.actions('mnemonic("OciFetch|OciLayout", deps(//use:image))', [cache])
    world.equal({action.mnemonic for action in found.of("OciFetch", "OciLayout")}, {"OciLayout"}, "actions for the layout")
    world.step("with the registry gone and the repositories fetched anew, an image on top of it is laid out in full")

    pulls.declare(base={**base, "bazel_tags": ["offline, without cache"]})
    shutil.rmtree(pulls.repository_cache)
    failed = pulls.fetch("@base", code=1)
    world.contains(failed, f"{gate.host}/image: no route: ", "cannot get the manifest")
    world.step("without the cache it fails, and says that there is no way to the registry")
