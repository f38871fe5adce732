"""Images of C++ programs: shared libraries on a base of libc, static from scratch, and three that share their runfiles."""

from __future__ import annotations

import tarfile
from collections import Counter

from harness import language
from harness.bazel import Bazel
from harness.world import World

LIST = "//tools:image"
TOOLBOX = "//tools:toolbox"


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = language.module(world, "lang_cc")
    _base(world, bazel)
    _shared_libraries(world, bazel)
    _static(world, bazel)
    _several(world, bazel)


def _base(world: World, bazel: Bazel) -> None:
    """What all languages' scenarios take for granted."""
    (listing,) = bazel.files("//base:libraries", "mtree")
    files = [line.split()[0] for line in listing.read_text().splitlines() if " type=file " in line]
    programs = [path for path in files if "/bin/" in path or "/sbin/" in path]
    world.check(len(files) > 20 and not programs, "the base has libraries and no programs", programs or files)
    world.step(f"the base of {len(files)} files has no program: neither a shell nor an interpreter")


def _shared_libraries(world: World, bazel: Bazel) -> None:
    config = language.load(world, bazel, LIST, "tools/list:latest")
    runfiles = "/tools/list.runfiles"
    expected = {
        "Cmd": ["--separator=, ", "--footer=tools/footer.txt"],
        "Entrypoint": ["/tools/list"],
        "Env": ["FROM_BASE=yes", f"RUNFILES_DIR={runfiles}", "PRICE=5 $"],
        "WorkingDir": f"{runfiles}/_main",
    }
    world.equal(config, expected, "config of the image")
    printed = language.output(world.docker, "tools/list:latest")
    world.equal(printed, "Words: layers, of, an, image\n5 $\nThese were the words", "standard output")
    world.step("a program with a shared library of the build finds it, and a file through runfiles, on a base of libc alone")
    language.change_one_line(
        world,
        bazel,
        LIST,
        "tools/list.cc",
        "Words:",
        # A layer by a regex is told from all files: without what a warm workspace knows, it is packed anew, to the same bytes.
        packed_after_clean=("libraries", "app"),
    )


def _static(world: World, bazel: Bazel) -> None:
    target = "//static:image"
    language.load(world, bazel, target, "static/count:latest")
    world.equal(language.output(world.docker, "static/count:latest"), "4 words", "standard output")
    world.step("a static program with a file in its runfiles, from scratch")
    refused = bazel.build("//static:dynamic_image", code=1)
    world.contains(refused, "/tools/count is linked dynamically", "ld-linux-x86-64.so.2", "fully_static_link")
    world.step("a dynamic one from scratch is an error that says what loads it, and the fix")


def _several(world: World, bazel: Bazel) -> None:
    language.load(world, bazel, TOOLBOX, "toolbox:latest")
    found = language.output(world.docker, "toolbox:latest").splitlines()[0]
    world.equal(found, "Words: layers, of, an, image", "the first program is the entrypoint")
    for program, expected in (("count", "4 words"), ("shout", "LAYERS\nOF\nAN\nIMAGE")):
        found = language.output(world.docker, "toolbox:latest", entrypoint=f"/tools/{program}")
        world.equal(found, expected, f"standard output of {program}")
    (blob,) = bazel.files(f"{TOOLBOX}.app_layer")
    with tarfile.open(blob) as tar:
        names = Counter(member.name.rpartition("/")[2] for member in tar if member.isreg())
    common = ("libwords_Slibwords.so", "words.txt", "footer.txt")
    world.equal({name: names[name] for name in common}, dict.fromkeys(common, 1), "how often each common file is in the layer")
    world.step(f"three programs in one image: {', '.join(common)} are in it once, and each program finds them")
