"""configure and gazelle on the same BUILD files: whichever runs last changes nothing of what the other wrote, and images follow programs.

Gazelle, with its Go language, is the real one.
"""

from __future__ import annotations

from pathlib import Path

from harness import orion
from harness.processes import Result, run
from harness.world import World

MODULE = """\
module(name = "apps")

bazel_dep(name = "rules_go", version = "0.57.0", repo_name = "go")
bazel_dep(name = "rules_strata", version = "0.0.0", repo_name = "strata")
"""
PROGRAM = "package main\n\nfunc main() {}\n"
LIBRARY = "package server\n"
IMAGE = """\
go_image(
    name = "image",
    base = "@base",
    binary = ":server",
)
"""
# A plugin that does nothing: gazelle's host wants one.
NONE = "none.star"


def scenario(world: World) -> None:
    """Runs the scenario."""
    gazelle, configure = orion.build(world), world.tools / "configure"
    tree = world.scratch("tree")
    for path, text in {
        "BUILD.bazel": "# gazelle:prefix example.com/apps\n# oci:base go @base\n",
        "MODULE.bazel": MODULE,
        NONE: "",
        "server/main.go": PROGRAM,
        "tools/a/main.go": PROGRAM,
        "tools/go.bzl": "",
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)

    _both(world, tree, gazelle, configure, "2 files changed, 2 images added\n")
    server = tree / "server" / "BUILD.bazel"
    written = server.read_text()
    for part in ('load("@go//go:def.bzl", "go_binary", "go_library")\n', 'load("@strata//oci:defs.bzl", "go_image")\n', IMAGE):
        world.check(part in written, f"server/BUILD.bazel lacks {part!r}", written)
    world.step("gazelle writes the programs, configure their images, and neither changes what the other wrote")

    root = tree / "BUILD.bazel"
    root.write_text(f"# gazelle:map_kind go_binary our_go_binary //tools:go.bzl\n{root.read_text()}")
    _both(world, tree, gazelle, configure, "nothing to change: 2 images in ")
    world.check("our_go_binary(" in server.read_text(), "gazelle has not mapped the kind", server.read_text())
    world.equal(server.read_text().count("go_image("), 1, "images of a program whose kind gazelle maps")
    world.step("the program of a kind that `# gazelle:map_kind` gives it keeps its image")

    (tree / "server" / "main.go").write_text(LIBRARY)
    _both(world, tree, gazelle, configure, "1 file changed, 1 image removed\n")
    world.check("go_image" not in server.read_text(), "server/BUILD.bazel has a rest of the image", server.read_text())
    (tree / "server" / "main.go").write_text(PROGRAM)
    _both(world, tree, gazelle, configure, "1 file changed, 1 image added\n")
    world.check(IMAGE in server.read_text(), "server/BUILD.bazel has no image again", server.read_text())
    world.step("when gazelle deletes a program, its image goes, and it comes with the program")


def _both(world: World, tree: Path, gazelle: Path, configure: Path, summary: str) -> None:
    """Runs gazelle, then configure, which ends with a summary; after that, neither finds anything to do."""
    orion.update(gazelle, tree, [NONE])
    world.contains(_configure(tree, configure), summary)
    world.equal(orion.update(gazelle, tree, [NONE], "-mode=diff").stdout, "", "what gazelle would change after configure")
    world.equal(_configure(tree, configure, "-mode=diff").stdout, "", "what configure would change after itself")


def _configure(tree: Path, configure: Path, *flags: str) -> Result:
    return run([configure, f"-repo_root={tree}", *flags])
