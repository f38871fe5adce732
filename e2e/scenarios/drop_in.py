"""A module written for rules_oci 2.x: only its bazel_dep names rules_strata, and everything in it works.

Its own tests hold images, indexes and tarballs to what they say, from the outside. Then its pushes, loads and signatures
are run against a real registry and daemon.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from harness.bazel import Bazel
from harness.processes import run
from harness.requirements import tool
from harness.world import World

_IMAGE = "localhost:5000/base"
_DIGEST = "sha256:" + "0" * 64


def scenario(world: World) -> None:
    """Runs the scenario."""
    # As on a user's machine, which has nothing but the module: the tools are compiled.
    bazel = world.module("drop_in", from_source=True)
    registry = world.registry

    base = bazel.run("//base:push", "--registry", registry.host).stdout.strip()
    digest = base.rpartition("@")[2]
    _pin(bazel, f"{registry.host}/base", digest)
    world.step(f"the base image is on a registry: {base}")

    bazel.test("--test_output=errors", "//...")
    world.step("`bazel test //...` passes")

    pushed = bazel.run("//app:push", "--repository", f"{registry.host}/team/app", "--tag", "extra", "-t", "v1").stdout
    reference = pushed.strip()
    for tag in ("latest", "extra", "v1"):
        found = _inspect(f"{registry.host}/team/app:{tag}", "{{.Digest}}")
        world.equal(found, reference.rpartition("@")[2], f"digest of {tag}")
    world.step(f"oci_push pushes {reference[:60]}…, with tags of the file and of the command line")

    bazel.run("//multi_arch:push", "-r", f"{registry.host}/team/index")
    for architecture in ("amd64", "arm64"):
        arguments = ("--override-os=linux", f"--override-arch={architecture}")
        found = _inspect(f"{registry.host}/team/index:latest", "{{.Architecture}} {{len .Layers}}", *arguments)
        world.equal(found, f"{architecture} 2", f"image for {architecture}")
    bazel.run("//multi_arch:push_arm64", "-r", f"{registry.host}/team/arm64", "--tag=one")
    found = _inspect(f"{registry.host}/team/arm64:one", "{{.Architecture}}", "--override-arch=arm64")
    world.equal(found, "arm64", "image behind a transition")
    world.step("an index by `platforms`, and one image behind a transition, are pushed")

    loaded = bazel.run("//app:load", env=world.docker.env).stdout.splitlines()
    names = ["drop-in:latest", "registry.example.com/team/drop-in:v1"]
    world.equal(loaded, [f"Loaded image: {name}" for name in names], "what oci_load prints")
    world.step("oci_load loads the image under both names")

    log = world.scratch("cosign.json")
    cosign = _fake_cosign(world, log)
    path = f"{cosign}{os.pathsep}{os.environ['PATH']}"
    for target, expected in (
        ("sign", ["sign", reference]),
        ("attest", ["attest", reference, "--predicate", "sbom.spdx.json", "--type", "spdx"]),
    ):
        repository = f"--repository={registry.host}/team/app"
        bazel.run(f"//app:{target}", "--key", "k", repository, "--yes", env={"PATH": path})
        called = [argument.rpartition("/")[2] if argument.startswith("/") else argument for argument in _read(log)]
        world.equal(called, [*expected, "--key", "k", "--yes"], f"what cosign is given by {target}")
    world.step("cosign on PATH is given what was pushed")


def _pin(bazel: Bazel, image: str, digest: str) -> None:
    """Names the base image where it is pulled, as somebody would who has just pushed it."""
    for name in ("MODULE.bazel", "extension.bzl"):
        path = bazel.workspace / name
        path.write_text(path.read_text().replace(_IMAGE, image).replace(_DIGEST, digest))


def _inspect(reference: str, form: str, *flags: str) -> str:
    command = [tool("skopeo"), *flags, "inspect", "--tls-verify=false", f"--format={form}", f"docker://{reference}"]
    return run(command).stdout.strip()


def _fake_cosign(world: World, log: Path) -> str:
    """A folder with a `cosign` that writes down what it was called with."""
    folder = world.scratch("bin")
    folder.mkdir()
    cosign = folder / "cosign"
    cosign.write_text(f"#!/usr/bin/env python3\nimport json, sys\njson.dump(sys.argv[1:], open({str(log)!r}, 'w'))\n")
    cosign.chmod(cosign.stat().st_mode | stat.S_IXUSR)
    return str(folder)


def _read(log: Path) -> list[str]:
    found: list[str] = json.loads(log.read_text())
    return found
