"""Ten pulls and no request: a registry is asked by what uses an image, and then once for each document."""

from __future__ import annotations

from harness.gate import Gate
from harness.pulls import Pulls, upload
from harness.world import World

PULLS = 10


def scenario(world: World) -> None:
    """Runs the scenario."""
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    (layout,) = pulls.bazel.files("//fill:index")
    upload(layout, f"{world.registry.host}/index:v1", "--all")
    gate = Gate(world.registry.port)
    image = {"image": f"{gate.host}/index:v1", "platforms": ["linux/amd64", "linux/arm64/v8"]}
    pulls.declare(base=image, **{f"pull{number}": image for number in range(1, PULLS)})

    for command in (["query", "//..."], ["build", "//fill:amd64"], ["cquery", "//fill:all"]):
        pulls.bazel_command(*command)
        world.equal(gate.paths(), [], f"requests of `bazel {' '.join(command)}`")
    world.step(f"with {PULLS} pulls, query //..., a build of something else and cquery of it make no request")

    pulls.fetch("@base_linux_amd64")
    manifests, blobs = gate.paths("/manifests/"), gate.paths("/blobs/")
    world.equal((len(manifests), len(blobs)), (2, 1), f"requests for manifests and for blobs: {gate.paths()}")
    world.step("one image of an index costs the index, its manifest and its config, and no layer")

    gate.forget()
    pulls.fetch("@base_linux_amd64")
    pulls.bazel_command("build", "//use:image", "--output_groups=manifest", "--platforms=//use:linux_x86_64")
    world.equal(gate.paths(), [], "requests once it is there")
    world.step("an image on top of it costs none")

    result = pulls.bazel_command("build", "--output_groups=manifest", "@pull1//:any")
    asked = gate.paths()
    world.equal(len(asked), 3, f"requests of another pull of the same image: its tag, and what is new of the second platform; {result.describe()}")
    world.step("another pull of the same image finds the documents in the repository cache")
    gate.close()
