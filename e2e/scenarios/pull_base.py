"""Pull images of every shape as bases: a tag prints the line that pins it, and what is built on them is what was pulled and more."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from harness.processes import run
from harness.pulls import Pulls, pin, upload
from harness.requirements import tool
from harness.world import World

BOTH = ["linux/amd64", "linux/arm64/v8"]


def scenario(world: World) -> None:
    """Runs the scenario."""
    registry = world.registry.host
    pulls = Pulls(world.module("pulled"), world.scratch("pulls"))
    for name in ("amd64", "index", "zstd"):
        (layout,) = pulls.bazel.files(f"//fill:{name}")
        # The index of a layout that has one names an index: skopeo takes all that is below it.
        upload(layout, f"{registry}/team/{name}:v1", "--all", "--preserve-digests")
    pulls.bazel.run("//fill:nested.push", "--registry", registry, "--tag", "v1")
    (layout,) = pulls.bazel.files("//fill:amd64")
    upload(layout, f"{registry}/team/docker:v1", "--format=v2s2")
    (layout,) = pulls.bazel.files("//fill:index")
    upload(layout, f"{registry}/team/list:v1", "--format=v2s2", "--all")
    world.step("the registry holds an image, an index, a nested one, zstd layers, and Docker's formats")

    by_tag = {
        "base": {"image": f"{registry}/team/index:v1", "platforms": BOTH},
        "docker": {"image": f"{registry}/team/docker:v1"},
        "list": {"registry": registry, "repository": "team/list", "tag": "v1", "platforms": BOTH},
        "nested": {"image": f"{registry}/team/nested:v1", "platforms": [*BOTH, "linux/s390x"]},
        "single": {"image": f"{registry}/team/amd64:v1"},
        "zstd": {"image": f"{registry}/team/zstd:v1", "platforms": ["linux/amd64"]},
    }
    pulls.declare(**by_tag)
    pinned = {}
    for name, attributes in by_tag.items():
        result = pulls.fetch(f"@{name}")
        digest = pin(result)
        world.check(digest is not None, f"the build prints no line that pins {name}", result)
        repository = attributes.get("image", f"{registry}/team/list:v1")
        world.equal(digest, _digest(str(repository)), f"digest of {repository}")
        pinned[name] = {**attributes, "digest": digest}
    world.step("a tag alone works, and the build prints the line that pins it, for each of them")

    pulls.declare(**pinned)
    for name in pinned:
        result = pulls.fetch(f"@{name}")
        world.check(pin(result) is None, f"the build prints how to pin {name}, which is pinned", result)
    world.step("with that line pasted, it says nothing more")

    single = {**by_tag["single"], "reproducible": False}
    _lock(world, pulls, {**pinned, "single": single}, [registry, "team/amd64"])
    pulls.declare(**pinned)

    for name, digests in (("single", "amd64"), ("docker", "docker"), ("zstd", "zstd")):
        (layout,) = pulls.files(f"@{name}")
        world.equal(_root(layout), _digest(f"{registry}/team/{digests}:v1"), f"digest of the layout of {name}")
        _complete(world, layout)
    world.step("the layout of a pulled image has the digest of the registry's, and all its blobs")

    for cpu, platform in (("x86_64", "linux/amd64"), ("aarch64", "linux/arm64/v8")):
        (layout,) = pulls.files("//use:image", f"--platforms=//use:linux_{cpu}")
        manifest, config = _image(layout)
        found = "/".join(filter(None, (config["os"], config["architecture"], config.get("variant"))))
        world.equal(found, platform, f"platform of the image built for {cpu}")
        world.equal(len(manifest["layers"]), 3, "number of layers")
        _complete(world, layout)
        annotations = manifest.get("annotations", {})
        world.equal(annotations.get("org.opencontainers.image.base.name"), f"{registry}/team/index:v1", "base.name")
    world.step("an image on @base is for the target platform, has the base's layers below its own, and names the base")

    result = pulls.bazel_command("build", "--platforms=//use:linux_riscv64", "//use:image", code=1)
    world.contains(result, 'oci.pull(name = "base") has no image for the target platform', "linux/amd64", "@base_linux_arm64_v8")
    world.step("for another target platform the build says which there are")

    (digest,) = pulls.files("@base//:digest")
    world.equal(digest.read_text(), pinned["base"]["digest"], "@base//:digest")
    (layout,) = pulls.files("@nested//:any")
    index = json.loads(_blob(layout, _root(layout)))
    found = sorted(entry["platform"]["architecture"] for entry in index["manifests"])
    world.equal(found, ["amd64", "arm64", "s390x"], "platforms of @nested//:any")
    for entry in index["manifests"]:
        # Their annotations are not ASCII.
        world.equal(entry["size"], len(_blob(layout, entry["digest"])), "size of a manifest in bytes")
    purl = pulls.files("@base_linux_amd64//:package_metadata")[0].read_text()
    world.check("pkg:oci/index@sha256%3A" in purl and "arch=amd64" in purl, "the purl of @base_linux_amd64", purl)
    world.step("@base//:digest, @nested//:any and the purl are what they should be")

    mark = world.registry.mark()
    pulls.bazel_command("run", "//use:image.push", "--", "--registry", registry, "--tag", "e2e")
    requests = world.registry.requests(mark)
    world.equal([request for request in requests if request.reads_blob], [], "downloads of blobs")
    mounts = [request for request in requests if request.method == "POST" and request.status == 201]
    world.equal(len(mounts), 2, "mounts of the base's layers")
    world.step("a push to the registry of the base mounts the base's layers")

    for group in ("docker_archive", "mtree", "report"):
        pulls.bazel_command("build", f"--output_groups={group}", "@single")
    shown = pulls.bazel_command("run", "@single//:inspect")
    world.check("linux/amd64" in shown.stdout, "@single//:inspect shows no image", shown)
    world.step("a pulled image has archives, a listing and a report, and @single//:inspect shows it")

    pulls.declare(base={**pinned["docker"], "platforms": ["linux/amd64"]})
    (layout,) = pulls.files("//use:image", "--platforms=//use:linux_x86_64")
    manifest, _ = _image(layout)
    found = {entry["mediaType"] for entry in [manifest, manifest["config"], *manifest["layers"]]}
    world.equal({kind for kind in found if not kind.startswith("application/vnd.docker.")}, set(), "media types beside Docker's")
    world.equal(len(manifest["layers"]), 3, "number of layers")
    world.step("an image on a base in Docker's format keeps Docker's media types")


def _lock(world: World, pulls: Pulls, others: dict[str, dict[str, object]], unwanted: list[str]) -> None:
    """The lock file, as it is for what is declared now; it has to hold for other pulls, too."""
    lock = pulls.bazel.workspace / "MODULE.bazel.lock"
    pulls.fetch("@single", "--lockfile_mode=update")
    text = lock.read_text()
    if not json.loads(text):
        world.step("NOT SHOWN: this is Debian's Bazel, which writes no lock file that it can read")
        return
    for part in ("oci:extensions.bzl", *unwanted):
        world.check(part not in text, f"the lock file has {part} in it", text)
    pulls.declare(**others)
    pulls.fetch("@single", "--lockfile_mode=error")
    world.equal(lock.read_text(), text, "the lock file")
    world.step("the lock file says nothing of pulls, and takes another one, by digest or by tag, without an update")


def _digest(reference: str) -> str:
    raw = [tool("skopeo"), "inspect", "--raw", "--tls-verify=false", f"docker://{reference}"]
    return f"sha256:{hashlib.sha256(run(raw).stdout.encode()).hexdigest()}"


def _root(layout: Path) -> str:
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    return str(entry["digest"])


def _blob(layout: Path, digest: str) -> bytes:
    return (layout / "blobs" / digest.replace(":", "/")).read_bytes()


def _image(layout: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    manifest = json.loads(_blob(layout, _root(layout)))
    return manifest, json.loads(_blob(layout, manifest["config"]["digest"]))


def _complete(world: World, layout: Path) -> None:
    """Every blob that the manifest names is there, and is what its name says."""
    manifest, _ = _image(layout)
    for descriptor in [manifest["config"], *manifest["layers"]]:
        found = hashlib.sha256(_blob(layout, descriptor["digest"])).hexdigest()
        world.equal(f"sha256:{found}", descriptor["digest"], f"a blob of {layout}")
