"""Tools from a folder: a module that names it compiles nothing, another tool there is noticed, and what is wrong is said."""

from __future__ import annotations

import shutil

from harness.world import World

IMAGE = "//:image"


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = world.module("three_layers")
    graph = bazel.actions('mnemonic("Rustc|OciLayer", deps(//...))')
    world.check(bool(graph.of("OciLayer")), "the module has no layer")
    world.equal(len(graph.of("Rustc")), 0, "Rustc actions")
    world.step("no action of the module compiles Rust")

    folder = world.scratch("tools")
    shutil.copytree(world.tools, folder)
    # Actions see an empty /tmp, in which this folder lies.
    flags = [f"--repo_env=RULES_STRATA_TOOLS={folder}", "--noincompatible_sandbox_hermetic_tmp"]
    bazel.build(*flags, IMAGE)

    pack = folder / "pack"
    pack.unlink()
    pack.write_text("#!/bin/sh\necho 'another pack' >&2\nexit 3\n")
    pack.chmod(0o755)
    world.contains(bazel.build(*flags, IMAGE, code=1), "another pack")
    world.step("another tool in the folder makes the layers anew, without a restart")

    pack.unlink()
    missing = bazel.build(*flags, IMAGE, code=1)
    world.contains(missing, str(folder), "there is no pack", "//tools/prebuilt:tools")
    unset = bazel.build(*flags, "--repo_env=RULES_STRATA_TOOLS=", IMAGE, code=1)
    world.contains(unset, "RULES_STRATA_TOOLS is not set", "--repo_env=RULES_STRATA_TOOLS=")
    relative = bazel.build(*flags, "--repo_env=RULES_STRATA_TOOLS=some/folder", IMAGE, code=1)
    world.contains(relative, "some/folder", "absolute path")
    world.step("a folder without a tool, none at all, and a relative path are errors that say so")
