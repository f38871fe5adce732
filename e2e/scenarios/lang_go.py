"""Images of Go programs: from scratch and on a base, with data, arguments and variables, and for two platforms.

rules_go is no package of Debian: `standins/rules_go` has its labels, attributes, providers and output paths, and calls a real Go.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

from harness import language
from harness.bazel import Bazel
from harness.go import goroot
from harness.processes import run
from harness.requirements import tool
from harness.world import REPOSITORY, World

HELLO = "//cmd/hello:image"
PAGE = "//cmd/page:image"


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = language.module(world, "lang_go")
    bazel.add_flags(f"--repo_env=GOROOT={goroot(REPOSITORY)}")
    _loaded(world, bazel)
    _hello(world, bazel)
    _page(world, bazel)
    _platforms(world, bazel)


def _loaded(world: World, bazel: Bazel) -> None:
    loaded = bazel.command("query", "buildfiles(//cmd/hello:all)").stdout.split()
    world.check(any("//oci/lang:py.bzl" in file for file in loaded), "the rules of all languages are loaded")
    others = [file for file in loaded if any(f"@rules_{name}" in file or f"_rules_{name}" in file for name in ("java", "js", "python"))]
    world.equal(others, [], "files of other languages' rulesets that a package with go_image loads")
    world.step("a package with go_image loads nothing of the rulesets of other languages")


def _hello(world: World, bazel: Bazel) -> None:
    (layout,) = bazel.files(HELLO)
    world.equal(sorted(path.name for path in layout.iterdir()), ["blobs", "index.json", "oci-layout"], "files of the layout")
    config = language.load(world, bazel, HELLO, "cmd/hello:latest")
    runfiles = "/cmd/hello/hello.runfiles"
    expected = {"Entrypoint": ["/cmd/hello/hello"], "Env": [f"RUNFILES_DIR={runfiles}"], "WorkingDir": f"{runfiles}/_main"}
    world.equal(config, expected, "config of the image")
    world.equal(language.answer(world.docker, "cmd/hello:latest"), "Hello from Go\n", "answer")
    world.step("go_image(name, binary): from scratch, loaded as cmd/hello:latest, it answers")

    host = world.registry.host
    pushed = bazel.run(f"{HELLO}.push", "--registry", host, "--tag", "v1").stdout.strip()
    found = run([tool("skopeo"), "inspect", "--tls-verify=false", "--format={{.Digest}}", f"docker://{host}/hello:v1"])
    world.equal(pushed, f"{host}/hello@{found.stdout.strip()}", "standard output of the push, and what is in the registry")
    world.step(f"pushed: {pushed}")
    language.change_one_line(world, bazel, HELLO, "cmd/hello/main.go", "Hello from Go")


def _page(world: World, bazel: Bazel) -> None:
    config = language.load(world, bazel, PAGE, "page:v1")
    world.equal(config["Cmd"], ["--title=A page", "--text=cmd/page/page.txt"], "cmd")
    expected = ["Good morning", "A page", "The text of the page", "made of cmd/page/page.txt", "5 $$", "yes"]
    world.equal(language.answer(world.docker, "page:v1").splitlines(), expected, "answer")
    world.step("args and env of the binary, with $(location), and data of a library through runfiles; on a base")
    found = language.answer(world.docker, "page:v1", "--title=Another", "--text=cmd/page/page.txt").splitlines()
    world.equal(found[1], "Another", "answer with other arguments")
    language.change_one_line(world, bazel, PAGE, "cmd/page/page.txt", "The text")


def _platforms(world: World, bazel: Bazel) -> None:
    target = "//cmd/page:index"
    host = world.registry.host
    bazel.run(f"{target}.push", "--registry", host, "--tag", "v1")
    for architecture, machine in (("amd64", 62), ("arm64", 183)):
        layout = world.scratch(architecture)
        command = [tool("skopeo"), "--override-os=linux", f"--override-arch={architecture}", "copy", "--src-tls-verify=false"]
        run([*command, f"docker://{host}/page:v1", f"oci:{layout}:page"])
        found = int.from_bytes(_file(layout, "cmd/page/page")[18:20], "little")
        world.equal(found, machine, f"ELF's e_machine of the program for {architecture}")
    config = language.load(world, bazel, target, "cmd/page:latest")
    world.equal(config["Entrypoint"], ["/cmd/page/page"], "entrypoint of the index's image")
    world.check("A page" in language.answer(world.docker, "cmd/page:latest"), "the index's image for this machine answers")
    world.step("platforms: an index of two images, each with a program for its CPU; docker gets its own")


def _file(layout: Path, name: str) -> bytes:
    """A file of the one image of a layout."""

    def document(digest: str) -> Path:
        return layout / "blobs" / digest.replace(":", "/")

    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads(document(index["manifests"][0]["digest"]).read_text())
    with tarfile.open(document(manifest["layers"][-1]["digest"])) as tar:
        member = tar.extractfile(name)
        assert member
        return member.read()
