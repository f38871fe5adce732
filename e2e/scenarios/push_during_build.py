"""Push during the build: `bazel build` sends blobs by digest, `bazel run` moves tags alone, and a signer runs in between."""

from __future__ import annotations

import json

from harness.bazel import Bazel, executed_mnemonics
from harness.processes import run
from harness.registry import Registry, Request
from harness.requirements import tool
from harness.world import World


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry, bazel = world.registry, world.module("push_during_build")
    repository = f"{registry.host}/during-build"
    (bazel.workspace / "repository.txt").write_text(repository + "\n")

    start = registry.mark()
    bazel.build("//:push")
    result = bazel.workspace / "bazel-bin" / "push.strata" / "pushed"
    pushed = json.loads(result.read_text())
    sent = [request for request in registry.requests(start) if request.method == "PUT" and request.sends_blob]
    world.equal((pushed["sent"], pushed["existed"], len(sent)), (2, 0, 2), "blobs that the build sent")
    world.check(pushed["reference"].startswith(f"{repository}@sha256:"), "the reference", pushed)
    world.check(_has(pushed["reference"]), "the registry has no such manifest", pushed)
    world.check(not _has(f"{repository}:v1"), "the build has moved the tag")
    world.step("the build sent the blobs and the manifest, and no tag names it")

    start = registry.mark()
    log = world.scratch("again.json")
    bazel.build("//:push", f"--execution_log_json_file={log}")
    world.equal(executed_mnemonics(log), [], "actions of the second build")
    world.equal(registry.requests(start), [], "requests of the second build")
    world.step("the second build runs no action and asks nothing")

    start = registry.mark()
    ran = bazel.run("//:push")
    requests = registry.requests(start)
    world.equal(_manifests(requests), ["HEAD", "PUT"], "what the run asked of manifests")
    world.equal([request for request in requests if "/blobs/" in request.path], [], "what the run asked of blobs")
    world.equal(ran.stdout, pushed["reference"] + "\n", "standard output")
    world.check(_has(f"{repository}:v1"), "the run has not moved the tag")
    world.step("the run asked for the manifest and moved the tag")

    # Every cache has forgotten it, or never knew: another machine would think that it had pushed.
    bazel.command("clean")
    start = registry.mark()
    bazel.build("//:push", "--output_groups=pushed")
    world.equal(json.loads(result.read_text())["existed"], 2, "blobs that are there, to the next machine")
    world.equal(_manifests(registry.requests(start)), ["HEAD"], "requests of the build on the next machine")
    world.step("its result is in no disk cache")

    _signs(world, registry, bazel, repository)


def _signs(world: World, registry: Registry, bazel: Bazel, repository: str) -> None:
    """The same image, signed by a script before its tag moves."""
    # Not by `bazel run`: Debian's Bazel may show to what it runs another file system, which has no skopeo.
    program, env = bazel.executable("//:signed"), {"SKOPEO": str(tool("skopeo"))}
    failed = run([program], env=env | {"SIGNER_EXIT": "3"}, code=1)
    world.contains(
        failed,
        f"[a b][{repository}@sha256:",
        "]one\nthe image is there\nthe tag is not there\n",
        "the signer //:signer failed, exit status: 3",
        "no tag was moved",
    )
    world.equal(failed.stdout, "", "standard output of a push that isn't signed")
    world.check(not _has(f"{repository}:signed"), "the tag names what isn't signed")
    world.step("a signer that fails leaves the tag alone")

    signed = run([program], env=env)
    world.equal(signed.stdout.count("\n"), 1, "lines on standard output")
    world.check(_has(f"{repository}:signed"), "the tag has not moved")
    world.contains(signed, "the image is there\nthe tag is not there\n")
    world.step("with one that does not, the tag moves")


def _manifests(requests: list[Request]) -> list[str]:
    return [request.method for request in requests if "/manifests/" in request.path]


def _has(reference: str) -> bool:
    """Whether the registry has it."""
    inspect = [tool("skopeo"), "inspect", "--raw", "--tls-verify=false", f"docker://{reference}"]
    return run(inspect, code=None).code == 0
