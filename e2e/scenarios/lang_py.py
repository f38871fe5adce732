"""py_image: a web application with two wheels, one of them native, on a base without Python or shell; and what an edit repacks."""

from __future__ import annotations

import json
import py_compile
import shutil
from pathlib import Path

from harness import downloads, language, mtree
from harness.bazel import Bazel
from harness.world import World

IMAGE = "app/server:latest"
# The application of the module is for this one, and so are its wheels.
MINOR = 11
PYTHON = [f"python3.{MINOR}-minimal", f"libpython3.{MINOR}-minimal", f"libpython3.{MINOR}-stdlib"]

ROOT = "/app/server.runfiles"


def scenario(world: World) -> None:
    """Runs the scenario."""
    bazel = language.module(world, "lang_py")
    shutil.copytree(downloads.debs(*PYTHON), bazel.workspace / "debs")
    shutil.copytree(downloads.wheels(bazel.workspace / "requirements.txt", MINOR), bazel.workspace / "wheels")
    _stale_bytecode(world.scratch("older.py"), bazel.workspace / "greeting" / "src" / "greeting")
    _config(world, bazel)
    _answers(world)
    _layers(world, bazel)
    language.change_one_line(world, bazel, "//app:image", "app/server.py", "Answers every request.")
    language.change_one_line(world, bazel, "//app:split", "app/server.py", "Answers every request.")


def _stale_bytecode(scratch: Path, package: Path) -> None:
    """Bytecode of an older source, which goes by the time of that source, as compilers make it if nobody tells them otherwise."""
    scratch.write_text('def greet(name):\n    return "stale"\n')
    cached = package / "__pycache__" / f"__init__.cpython-3{MINOR}.pyc"
    py_compile.compile(str(scratch), str(cached), doraise=True, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)


def _config(world: World, bazel: Bazel) -> None:
    """How docker starts it: the interpreter of the toolchain with the main file, in the runfiles."""
    world.docker.remove_everything()
    config = language.load(world, bazel, "//app:image", IMAGE)
    (interpreter,) = config["Entrypoint"]
    world.check(
        interpreter.startswith(f"{ROOT}/") and interpreter.endswith(f"python_3_{MINOR}/usr/bin/python3.{MINOR}"),
        "the entrypoint is the interpreter in the runfiles",
        interpreter,
    )
    world.equal(config["Cmd"], [f"{ROOT}/_main/app/server.py", "--verbose"], "Cmd")
    world.equal(config["WorkingDir"], f"{ROOT}/_main", "WorkingDir")
    variables = dict(variable.split("=", 1) for variable in config["Env"])
    world.equal(variables["RUNFILES_DIR"], ROOT, "RUNFILES_DIR")
    world.step(f"docker inspect: {interpreter} {' '.join(config['Cmd'])}, in {config['WorkingDir']}")


def _answers(world: World) -> None:
    """It runs on the interpreter and the packages of its layers, as `bazel run` would have it."""
    found = json.loads(language.answer(world.docker, IMAGE, path="/?name=<you>"))
    world.equal(found["greeting"], "Hello, &lt;you&gt;", "the answer")
    world.equal(found["version"], [3, MINOR], "version of the interpreter")
    world.equal(found["uid"], 65532, "user")
    world.equal(found["argv"][1:], ["--verbose"], "arguments")
    for name in ("executable", "prefix", "markupsafe", "native"):
        world.check(found[name].startswith(f"{ROOT}/"), f"{name} is not in the runfiles", found[name])
    world.check(found["native"].endswith(".so"), "the native module", found["native"])
    world.check(f"{ROOT}/_main/app" not in found["path"], "the folder of the main file is on sys.path", found["path"])
    world.step(f"it answers as user 65532 on a read-only root: {found['greeting']}, by {found['native'].rpartition('/')[2]}")


def _layers(world: World, bazel: Bazel) -> None:
    """No file is in two layers, and each is where it belongs."""
    names = {
        "image": ["interpreter", "packages", "app"],
        "split": ["interpreter", "MarkupSafe", "packages", "app"],
        "bare": ["interpreter", "packages", "app"],
    }
    bazel.build("--output_groups=mtree", *(f"//app:{image}.{name}_layer" for image in names for name in names[image]))
    listings = {image: {name: _files(bazel, f"{image}.{name}_layer") for name in names[image]} for image in names}
    for image, layers in listings.items():
        seen: dict[str, str] = {}
        for name, files in layers.items():
            for path in files:
                world.check(path not in seen, f"{path} is in {name} and {seen.get(path)} of //app:{image}")
                seen[path] = name
    whole, split, bare = listings.values()
    world.check(any(path.endswith("/os.py") for path in whole["interpreter"]), "the standard library is in its layer")
    world.equal(split["MarkupSafe"] | split["packages"], whole["packages"], "packages, in one layer and in two")
    world.check(all("/site-packages/markupsafe" in path.lower() for path in split["MarkupSafe"]), "a layer of one distribution")
    world.check(any(path.endswith("/_main/app/server.py") for path in whole["app"]), "the program is in the layer app")
    counted = ", ".join(f"{len(files)} in {name}" for name, files in whole.items())
    world.step(f"no file is in two layers: {counted}")

    cached = {path for files in whole.values() for path in files if "/__pycache__/" in path}
    world.check(bool(cached), "the application has bytecode")
    kept = {path for files in bare.values() for path in files}
    world.equal({path for files in whole.values() for path in files} - kept, cached, "what pyc = \"omit\" leaves out")
    world.step(f"pyc = \"omit\" leaves out {len(cached)} files of bytecode, and nothing else")


def _files(bazel: Bazel, layer: str) -> set[str]:
    """What a layer has, without its directories."""
    listing = bazel.workspace / "bazel-bin" / "app" / f"{layer}.strata" / "layer.mtree"
    return {path for path, entry in mtree.parse(listing.read_text()).items() if entry["type"] != "dir"}
