"""The plugins of oci/aspect for `aspect configure`: gazelle with them writes what is expected, and nothing when it is run again.

The tree is `modules/aspect_configure`: each of its packages is a case, with `BUILD.in` before and `BUILD.out` after; a package
without one has no BUILD file then.

Gazelle, with its Go language, is the real one. The host of the plugins is `standins/orion`, or where the variable ORION_HOST names a
program, that one: so the same can be asked of a gazelle that is built with the real host.
"""

from __future__ import annotations

import difflib
import shutil
from pathlib import Path

from harness import orion
from harness.processes import Result, run
from harness.world import REPOSITORY, World

LANGUAGES = ("cc", "go", "java", "js", "py", "rust")
TREE = REPOSITORY / "e2e" / "scenarios" / "modules" / "aspect_configure"
PROGRAM = "package main\n\nfunc main() {}\n"
# Packages that configure would change after the plugins, and why: it sees more, or is told less.
CONFIGURE_CHANGES = {
    "beside": "it sees that the only go_image is of another package's program",
    "disabled": "gazelle:go_image is not for it",
    "ignored": "gazelle:oci_ignore is not for it",
    "py/in_doubt": "it sees that the binary is gone",
    "stated": "there are no binaries of these names",
    "stated/none": "gazelle:oci_binary is not for it",
}
MODULE = 'module(name = "apps")\n\nbazel_dep(name = "rules_strata", version = "0.0.0")\n'


def scenario(world: World) -> None:
    """Runs the scenario."""
    host = orion.build(world)
    tree = world.scratch("tree")
    _cases(world, host, tree)
    _agrees(world, tree)
    _life(world, host, tree)
    _name_taken(world, host)
    _nameless(world, host)


def _copy_plugins(workspace: Path) -> None:
    """Copies the plugins into a workspace, as its owner does."""
    folder = workspace / "tools" / "configure"
    folder.mkdir(parents=True)
    for language in LANGUAGES:
        shutil.copy(REPOSITORY / "oci" / "aspect" / f"{language}_image.star", folder)


def _configure(host: Path, workspace: Path, *flags: str, code: int | None = 0) -> Result:
    plugins = [f"tools/configure/{language}_image.star" for language in LANGUAGES]
    return orion.update(host, workspace, plugins, *flags, code=code)


def _cases(world: World, host: Path, tree: Path) -> None:
    shutil.copytree(TREE, tree, ignore=shutil.ignore_patterns("BUILD.out"))
    for before in tree.rglob("BUILD.in"):
        before.rename(before.with_name("BUILD.bazel"))
    _copy_plugins(tree)
    _configure(host, tree)
    expected = {path.parent.relative_to(TREE): path.read_text() for path in TREE.rglob("BUILD.out")}
    found = {path.parent.relative_to(tree): path.read_text() for path in tree.rglob("BUILD.bazel")}
    for package in sorted(expected.keys() | found.keys()):
        texts = [texts.get(package, "").splitlines(keepends=True) for texts in (expected, found)]
        difference = "".join(difflib.unified_diff(*texts, f"{package}/BUILD.out", f"{package}/BUILD.bazel"))
        world.check(not difference, f"the BUILD file of {package} is as expected", difference)
    world.equal(sorted(found), sorted(expected), "packages")
    world.step(f"{len(expected)} packages are as expected")
    _unchanged(world, host, tree)
    world.step("the second run changes nothing")


def _unchanged(world: World, host: Path, tree: Path) -> None:
    world.equal(_configure(host, tree, "-mode=diff").stdout, "", "what another run would change")


def _agrees(world: World, tree: Path) -> None:
    tool = world.tools / "configure"
    differs = run([tool, f"-repo_root={tree}", "-mode=diff"], cwd=tree, code=1)
    files = [line.removeprefix("--- ") for line in differs.stdout.splitlines() if line.startswith("--- ")]
    changed = sorted(file.removesuffix("/BUILD.bazel") for file in files)
    world.equal(changed, sorted(CONFIGURE_CHANGES), "packages that configure would change")
    world.step(f"configure would change nothing, but in {len(changed)} packages of which it knows more or is told less")


def _life(world: World, host: Path, tree: Path) -> None:
    source, build = tree / "one" / "main.go", tree / "one" / "BUILD.bazel"
    with_image = build.read_text()
    source.write_text("package one\n")
    _configure(host, tree)
    world.check("go_image" not in build.read_text(), "an image whose program is gone is gone, and its load", build.read_text())
    _unchanged(world, host, tree)
    source.write_text(PROGRAM)
    _configure(host, tree)
    world.equal(sorted(build.read_text().splitlines()), sorted(with_image.splitlines()), "lines when the program is back")
    world.step("the image goes with its program, and comes with it")


def _workspace(world: World, name: str, files: dict[str, str]) -> Path:
    workspace = world.scratch(name)
    workspace.mkdir()
    for path, text in {"MODULE.bazel": MODULE, **files}.items():
        (workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (workspace / path).write_text(text)
    _copy_plugins(workspace)
    return workspace


def _name_taken(world: World, host: Path) -> None:
    taken = '# gazelle:prefix example.com/apps\n\nfilegroup(name = "image")\n'
    workspace = _workspace(world, "taken", {"BUILD.bazel": taken, "main.go": PROGRAM})
    refused = _configure(host, workspace, code=None)
    world.check(refused.code != 0, "a name that another kind of target has is an error", refused)
    said = refused.stdout + refused.stderr
    for part in ("image", "go_image", "filegroup", "already exists"):
        world.check(part in said, f"the message has {part}", refused)
    world.equal((workspace / "BUILD.bazel").read_text(), taken, "the BUILD file")
    (workspace / "BUILD.bazel").write_text(f"# gazelle:oci_image_name container\n{taken}")
    _configure(host, workspace)
    world.check('name = "container"' in (workspace / "BUILD.bazel").read_text(), "oci_image_name gives it another name")
    world.step("a name that is taken is an error of the host; `# gazelle:oci_image_name` gives another")


def _nameless(world: World, host: Path) -> None:
    files = {"BUILD.bazel": "# gazelle:oci_base golang @base\n", "main.go": PROGRAM}
    workspace = _workspace(world, "nameless", files)
    said = _configure(host, workspace).stdout
    world.check("`# gazelle:oci_binary go NAME`" in said, "a program at the root whose name can't be known is reported", said)
    world.check("`# gazelle:oci_base golang @base`: the first word must be one of cc, go" in said, "an unknown language is", said)
    world.check("go_image" not in (workspace / "BUILD.bazel").read_text(), "no image names a target that may not exist")
    # Gazelle reads go.mod where it has a BUILD file, and calls the program after the folder where it has none.
    first = _workspace(world, "first", {"go.mod": "module example.com/apps\n", "main.go": PROGRAM})
    said = _configure(host, first).stdout
    world.check("`# gazelle:oci_binary go NAME`" in said, "so is one of a root that had no BUILD file", said)
    world.check("go_image" not in (first / "BUILD.bazel").read_text(), "no image names a target that doesn't exist")
    world.step("what can't be known is reported, with the directive that says it")
