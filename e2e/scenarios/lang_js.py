"""JavaScript: a service with 117 npm packages in five layers runs, links across layers resolve, and a change in the app is one layer.

Node and the packages are real ones, as npm installs them. aspect_rules_js itself is a stand-in, e2e/standins/aspect_rules_js.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from pathlib import Path

from harness import base, language, npm
from harness.bazel import Bazel
from harness.docker import Docker
from harness.world import REPOSITORY, World

IMAGE = "server:latest"
NODE = "26.10.0"
GROUPS = ["node", "package_store_3p", "package_store_1p", "node_modules", "app"]
# What a base of js_image must have, and what scripts of packages start.
PROGRAMS = ["bash", "coreutils", "dash", "libacl1", "libpcre2-8-0", "libselinux1", "libtinfo6", "sed"]
STORE = "node_modules/.aspect_rules_js/"

# target of //wrong, what its message must hold
WRONG = (
    ("matches_nothing", ("stylesheets of //wrong:matches_nothing", "\\.scss$", "matches no file")),
    ("no_regex", ("broken of //wrong:no_regex", "/node_modules/(express", "does not parse")),
    ("unmatched", ("app of //wrong:unmatched", "in no group", "./server.runfiles/_main/greeting/index.js")),
)
# It needs a binary that aspect_rules_js does not make.
NO_NODE = "//oci/tests/lang_js:no_node"


def scenario(world: World) -> None:
    """Runs the scenario."""
    docker = world.docker
    docker.remove_everything()
    bazel = language.module(world, "lang_js")
    _fill(bazel.workspace)
    _service(world, docker, bazel)
    _layers(world, bazel)
    _without_a_shell(world, docker, bazel)
    _both(world, docker, bazel)
    language.change_one_line(
        world, bazel, "//:image", "server.js", "'listening'", packed_after_clean=GROUPS
    )
    _wrong(world, bazel)
    _examples(world, docker, bazel)


def _fill(workspace: Path) -> None:
    """Adds to the module what npm and apt-get have."""
    (workspace / "installed").symlink_to(npm.install(workspace))
    (workspace / "node").mkdir()
    for name, cpu in (("x64", "x64"), ("arm64", "arm64")):
        os.link(npm.archive(f"node-linux-{cpu}", NODE), workspace / "node" / f"{name}.tgz")
    base.add_packages(REPOSITORY, workspace / "shell" / "debs", PROGRAMS)


def _service(world: World, docker: Docker, bazel: Bazel) -> None:
    """A server that uses packages with and without scope, of this repository, and a program of one."""
    config = language.load(world, bazel, "//:image", IMAGE)
    world.equal(config["Entrypoint"], ["/srv/server"], "Entrypoint")
    world.equal(config.get("Cmd"), None, "Cmd")
    world.equal(config["WorkingDir"], "/srv/server.runfiles/_main", "WorkingDir")
    found = json.loads(language.answer(docker, IMAGE))
    expected = {"greeting": "Hello, layers", "scoped": "RegExp", "sorted": ["1.9.0", "1.10.0"], "user": 65532}
    world.equal(found, expected, "what the server answers")
    found = json.loads(language.answer(docker, IMAGE, "--name=args"))
    world.equal(found["greeting"], "Hello, args", "what the server answers with an argument")
    world.step("the server answers: a scoped package, one of this repository, and the program of one that it starts")


def _layers(world: World, bazel: Bazel) -> None:
    """Which files are in which layer, each in one; every link leads to something when all are there."""
    blobs = bazel.files("//:image.layers")
    names = [blob.name.removeprefix("image.").removesuffix("_layer.tar.gz") for blob in blobs]
    world.equal(names, GROUPS, "default outputs")
    root = world.scratch("root")
    where: dict[str, str] = {}
    links = 0
    for name, blob in zip(names, blobs, strict=True):
        with tarfile.open(blob) as tar:
            for member in tar:
                if member.isdir():
                    continue
                world.check(member.name not in where, f"{member.name} is in the layers {where.get(member.name)} and {name}")
                where[member.name] = name
                if member.issym():
                    links += 1
                    world.check(not member.linkname.startswith("/"), f"{member.name} is absolute: {member.linkname}")
                else:
                    world.equal(member.mode, 0o555, f"mode of {member.name}")
                # Empty files will do: 130 MB of Node take a second to unpack.
                place = root / member.name
                place.parent.mkdir(parents=True, exist_ok=True)
                os.symlink(member.linkname, place) if member.issym() else place.touch()
    for path in where:
        if (root / path).is_symlink():
            target = (root / path).resolve()
            world.check(target.exists(), f"the link {path} leads to nothing: {os.readlink(root / path)}")
            world.check(target.is_relative_to(root), f"the link {path} leads out of the image: {target}")
    world.step(f"{len(where)} files, each in one layer; all of {links} links are relative and lead to something")

    packages = {path.partition(STORE)[2].partition("/")[0] for path, name in where.items() if name == "package_store_3p"}
    world.check(len(packages) >= 100, "packages in the layer package_store_3p", len(packages))
    runfiles = "srv/server.runfiles/_main"
    for path, layer in (
        (f"{runfiles}/{STORE}@sindresorhus+is@4.6.0/node_modules/@sindresorhus/is/package.json", "package_store_3p"),
        (f"{runfiles}/{STORE}send@0.19.0/node_modules/ms", "package_store_3p"),
        (f"{runfiles}/{STORE}@lang_js+greeting@0.0.0/node_modules/@lang_js/greeting", "package_store_1p"),
        (f"{runfiles}/node_modules/@sindresorhus/is", "node_modules"),
        (f"{runfiles}/node_modules/.bin/semver", "node_modules"),
        (f"{runfiles}/greeting/index.js", "app"),
        (f"{runfiles}/server.js", "app"),
        ("srv/server", "app"),
    ):
        world.equal(where.get(path), layer, f"layer of {path}")
    nodes = [path for path, layer in where.items() if layer == "node"]
    world.equal(sorted(Path(path).name for path in nodes), ["bootstrap.cjs", "node"], "files of the layer node")
    launcher = next(line for blob in blobs if (line := _member(blob, "srv/server")) is not None)
    for text in ("\nexport BAZEL_BINDIR=.\n", '\nexport JS_BINARY__BINDIR="$(pwd)"\n', '\nexport JS_BINARY__TARGET_CPU="$(uname -m)"\n'):
        world.check(text in launcher, f"the launcher lacks {text.strip()}", launcher)
    world.check("bazel-out" not in launcher.replace('"/bazel-out/"', ""), "the launcher names an output tree", launcher)
    world.step(f"{len(packages)} packages in a layer of their own; the launcher names no output tree")


def _member(blob: Path, name: str) -> str | None:
    with tarfile.open(blob) as tar:
        return tar.extractfile(name).read().decode() if name in tar.getnames() else None


def _without_a_shell(world: World, docker: Docker, bazel: Bazel) -> None:
    language.load(world, bazel, "//:bare", "hello:latest")
    printed = language.output(docker, "hello:latest")
    world.equal(printed, "Hello from /hello.runfiles/_main: RegExp", "output of the image without a shell")
    world.step("with Node as entrypoint, a program runs on a base without a shell")


def _both(world: World, docker: Docker, bazel: Bazel) -> None:
    language.load(world, bazel, "//:both", "both:latest")
    answer = json.loads(language.answer(docker, "both:latest"))
    printed = docker.command("run", "--rm", "--read-only", "--user=65532", "--entrypoint=/hello", "both:latest")
    world.equal(printed, "Hello from /server.runfiles/_main: RegExp", "output of the second program of an image")
    world.equal(answer["greeting"], "Hello, layers", "answer of the first")
    world.step("two programs share the runfiles of one image, each started by its launcher")


def _wrong(world: World, bazel: Bazel) -> None:
    for target, parts in WRONG:
        failed = bazel.build(f"//wrong:{target}", code=None)
        world.check(failed.code != 0, f"//wrong:{target} is built", failed)
        world.contains(failed, *parts)
    failed = world.bazel.build(NO_NODE, code=None)
    world.check(failed.code != 0, f"{NO_NODE} is built", failed)
    world.contains(failed, f"{NO_NODE}: the runfiles of //oci/tests/lang_js:without_node hold no Node", "node_in_base = True")
    world.step(f"{len(WRONG) + 1} wrong targets fail, in words that name target and fix")


def _examples(world: World, docker: Docker, bazel: Bazel) -> None:
    """The three examples in the documentation of js_image_layer, each as the BUILD file of the module's root."""
    examples = bazel.workspace / "examples"
    build = bazel.workspace / "BUILD.bazel"
    # To be run, the first needs a base, which the documentation leaves to its reader.
    shutil.copy(examples / "one_platform.BUILD", build)
    with build.open("a") as file:
        file.write(
            'oci_image(name = "run", base = "//shell", cmd = ["/app/bin"], entrypoint = ["bash"], tars = [":layers"], '
            'workdir = "/app/bin.runfiles/_main", repo_tags = ["example:latest"])\n'
        )
    bazel.build("//:image")
    language.load(world, bazel, "//:run", "example:latest")
    printed = language.output(docker, "example:latest")
    world.equal(printed, "Hello from /app/bin.runfiles/_main", "output of the first example")
    world.step("the example for one platform runs")

    shutil.copy(examples / "two_platforms.BUILD", build)
    (layout,) = bazel.files("//:image")
    index = json.loads((layout / "index.json").read_text())["manifests"]
    while index[0]["mediaType"].endswith("index.v1+json"):
        blob = layout / "blobs" / index[0]["digest"].replace(":", "/")
        index = json.loads(blob.read_text())["manifests"]
    world.equal([image["platform"]["architecture"] for image in index], ["arm64", "amd64"], "platforms of the second example")
    nodes = [bazel.files(f"//:{cpu}_layers", "node")[0].read_bytes() for cpu in ("arm64", "amd64")]
    world.check(nodes[0] != nodes[1], "both platforms have one Node")
    world.step("the example for two platforms has a Node for each")

    shutil.copy(examples / "one_layer.BUILD", build)
    for group, whole in zip(GROUPS, bazel.files("//:layers"), strict=True):
        world.equal(bazel.files(f"//:{group}_tar"), [whole], f"files of {group}_tar")
    world.step("the example with single layers has each of them")
