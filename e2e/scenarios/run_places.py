"""Run a push target from everywhere: bazel run, bazel-bin, data of programs and tests, another module, without links.

The workspace has spaces in its path, and so has one of the image's layers, a source file.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from harness.bazel import Bazel, executed_mnemonics
from harness.processes import Result, run
from harness.requirements import tool
from harness.world import World

USAGE = 2
"""ship's exit code."""


class Places:
    """Pushes from one place after the other, each time with another tag."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bazel = world.module("run_places", "run places")
        self._numbers = itertools.count(1)

    def pushes(
        self,
        how: str,
        push: Callable[[list[str], dict[str, str]], Result],
        tag: str = "from.a.file",
        repository: str = "places",
    ) -> None:
        """Checks what `push` does that is given flags, or an environment for programs that pass them on."""
        host, own = self.world.registry.host, f"number-{next(self._numbers)}"
        result = push(["--registry", host, "--tag", own], {"REGISTRY": host, "TAG": own})
        # A test's output stands among Bazel's own.
        found = [line for line in result.stdout.splitlines() if line.startswith(host)]
        for name in (own, tag):
            expected = [f"{host}/{repository}@{self.digest(repository, name)}"]
            self.world.equal(found, expected, f"{how}: standard output, and what the tag {name} names")
        self.world.step(how)

    def digest(self, repository: str, tag: str) -> str:
        """What a tag names, as another tool sees it."""
        source = f"docker://{self.world.registry.host}/{repository}:{tag}"
        return run([tool("skopeo"), "inspect", "--tls-verify=false", "--format={{.Digest}}", source]).stdout.strip()


def scenario(world: World) -> None:
    """Runs the scenario."""
    places = Places(world)
    bazel = places.bazel
    with tarfile.open(bazel.workspace / "app" / "a = layer.tar", "w") as tar:
        member = tarfile.TarInfo("etc/source.txt")
        member.size = 6
        tar.addfile(member, io.BytesIO(b"source"))

    places.pushes("bazel run", lambda flags, _: bazel.run("//app:push", *flags))
    places.pushes(
        "bazel run of a target of another module",
        lambda flags, _: bazel.run("@elsewhere//:push", *flags),
        "from.elsewhere",
        "elsewhere",
    )
    for command in ("env A=b", "//deploy:under"):
        places.pushes(
            f"--run_under={command}",
            lambda flags, _, command=command: bazel.run("//app:push", *flags, flags=[f"--run_under={command}"]),
        )
    _straight(places, bazel)
    _as_data(places, bazel)
    _without_links(places, bazel)
    _stamped(places, bazel)
    _references(world, bazel)


def _straight(places: Places, bazel: Bazel) -> None:
    folder = Path("bazel-bin/app")
    program = bazel.workspace / folder / "push.run"
    places.pushes(
        "straight from bazel-bin, by a relative path",
        lambda flags, _: run([f"./{folder}/push.run", *flags], cwd=bazel.workspace),
    )
    places.pushes("straight from bazel-bin, elsewhere", lambda flags, _: run([program, *flags], cwd=Path("/")))
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    places.pushes(
        "by its name alone, through PATH", lambda flags, _: run(["env", "push.run", *flags], env=path, cwd=Path("/"))
    )
    script = places.world.scratch("push.sh")
    bazel.run("//app:push", flags=[f"--script_path={script}"])
    places.pushes("by a script of --script_path", lambda flags, _: run([script, *flags]))


def _as_data(places: Places, bazel: Bazel) -> None:
    places.pushes("as data of an sh_binary", lambda _, env: bazel.run("//deploy", env=env))
    places.pushes("as data of a cc_binary", lambda _, env: bazel.run("//deploy:deploy_cc", env=env))
    places.pushes(
        "another module's, as data of an sh_binary",
        lambda _, env: bazel.run("//deploy:deploy_elsewhere", env=env),
        "from.elsewhere",
        "elsewhere",
    )

    def test(_: list[str], env: dict[str, str]) -> Result:
        passed_on = [f"--test_env={name}={value}" for name, value in env.items()]
        return bazel.test("//deploy:deploy_test", *passed_on, "--test_output=all")

    places.pushes("as data of a test", test)


def _without_links(places: Places, bazel: Bazel) -> None:
    flag, target = "--nobuild_runfile_links", "push_without_links"
    program = bazel.workspace / "bazel-bin" / "app" / f"{target}.run"
    links = program.with_name(f"{program.name}.runfiles") / "_main"
    # `bazel run` makes them whatever the flag says: those of an earlier run may be there.
    shutil.rmtree(links, ignore_errors=True)
    bazel.build(flag, f"//app:{target}")
    places.world.check(not links.exists(), f"{flag} makes links all the same")
    places.pushes(f"{flag}, straight from bazel-bin", lambda flags, _: run([program, *flags], cwd=Path("/")))
    places.pushes(f"{flag}, bazel run", lambda flags, _: bazel.run(f"//app:{target}", *flags, flags=[flag]))

    # As with --enable_runfiles=no, which would build the tools anew: nothing leads to the files but Bazel's manifest.
    alone = places.world.scratch("alone")
    alone.mkdir()
    for name in (program.name, f"{program.name}.json"):
        (alone / name).symlink_to(program.with_name(name).resolve())
    env = {"RUNFILES_MANIFEST_FILE": str(program.with_name(f"{program.name}.runfiles_manifest"))}
    places.pushes(
        "a runfiles manifest alone, with spaces in its paths",
        lambda flags, _: run([alone / program.name, *flags], env=env, cwd=Path("/")),
    )


def _stamped(places: Places, bazel: Bazel) -> None:
    world = places.world
    status = world.scratch("status.sh")
    flags = ["--registry", world.registry.host]

    def push(commit: str) -> tuple[Result, list[str]]:
        status.write_text(f"#!/bin/sh\necho STABLE_COMMIT {commit}\necho STABLE_TEAM blue\necho NOW 1-{commit}\n")
        status.chmod(0o755)
        log = world.scratch(f"{commit}.json")
        command = [f"--workspace_status_command={status}", f"--execution_log_json_file={log}"]
        result = bazel.run("//app:stamped_push", *flags, flags=command)
        return result, [mnemonic for mnemonic in executed_mnemonics(log) if mnemonic.startswith("Oci")]

    first, _ = push("4fa2")
    second, executed = push("77e1")
    world.equal(second.stdout, first.stdout, "the digest after another commit")
    world.equal(executed, [], "actions of ours after another commit")
    digest = first.stdout.strip().rpartition("@")[2]
    for tag in ("4fa2", "at-1-4fa2", "77e1", "at-1-77e1"):
        world.equal(places.digest("blue", tag), digest, f"what {tag} names")
    world.step("stamps in repository and tags: another commit gives other tags, and runs no action")

    missing = bazel.run("//app:stamped_push", *flags, code=USAGE)
    world.contains(missing, "{STABLE_TEAM}", "the keys there are", "BUILD_HOST", "--workspace_status_command")
    world.step("a stamp that does not exist: exit code 2, and those that do are named")


def _references(world: World, bazel: Bazel) -> None:
    (file,) = bazel.files("//app:push", "reference")
    (digest,) = bazel.files("//app:image", "digest")
    world.equal(file.read_text(), f"localhost:5000/places@{digest.read_text()}", "output group reference")
    failed = bazel.build("--output_groups=reference", "//app:stamped_push", code=1)
    world.contains(failed, "{STABLE_TEAM} gets its value when the push runs")
    world.step("output group reference: repo@sha256:…, and why there is none with stamps")
