"""What every language's image must do: start from a bare root, answer, and change in one layer when one line changes."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import net
from harness.base import add_base
from harness.bazel import Bazel, executions
from harness.docker import Docker
from harness.errors import Failure
from harness.world import REPOSITORY, World

_ANSWER_SECONDS = 20
# Whoever the image says it runs as, it gets no root and no place to write.
_RESTRICTED = ["--read-only", "--user=65532", "--network=host"]


def module(world: World, name: str) -> Bazel:
    """Bazel in a fresh copy of a module of `e2e/scenarios/modules`, with the base image of libc as its package `//base`."""
    bazel = world.module(name)
    add_base(REPOSITORY, bazel.workspace)
    return bazel


def load(world: World, bazel: Bazel, target: str, expected: str) -> dict[str, Any]:
    """Loads the image of `TARGET.load` into docker, under the name `expected`; returns its config as docker has it."""
    loaded = bazel.run(f"{target}.load", env=world.docker.env)
    world.equal(loaded.stdout, f"Loaded image: {expected}\n", f"standard output of {target}.load")
    config: dict[str, Any] = json.loads(world.docker.command("image", "inspect", "--format={{json .Config}}", expected))
    return config


def output(
    docker: Docker, image: str, *arguments: str, env: Mapping[str, str] | None = None, entrypoint: str | None = None
) -> str:
    """What a container prints on standard output until it ends, which it must with exit code 0."""
    options = [*_RESTRICTED, *_variables(env), *([f"--entrypoint={entrypoint}"] if entrypoint else [])]
    return docker.command("run", "--rm", *options, image, *arguments)


@contextmanager
def serving(docker: Docker, image: str, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """Starts a server that reads its port from `$PORT` and listens on loopback; ended when the context is.

    Its arguments take the place of the image's cmd. Yields the port once something listens there.
    """
    port = net.free_port()
    variables = _variables({**(env or {}), "PORT": str(port)})
    container = docker.command("run", "--detach", *_RESTRICTED, *variables, image, *arguments)
    try:
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not net.listens(port):
            state = docker.command("inspect", "--format={{.State.Status}} {{.State.ExitCode}}", container)
            if not state.startswith(("created", "running")) or time.monotonic() > deadline:
                raise Failure(f"the server of {image} does not listen: its container is {state}", docker.logs(container))
            time.sleep(0.05)
        yield port
    finally:
        docker.command("rm", "--force", container)


def answer(docker: Docker, image: str, *arguments: str, env: Mapping[str, str] | None = None, path: str = "/") -> str:
    """The body with which a server, as `serving` starts it, answers `GET PATH`, with status 200."""
    with serving(docker, image, *arguments, env=env) as port:
        page = net.get(port, path, timeout=_ANSWER_SECONDS)
    if page is None or page[0] != 200:
        raise Failure(f"the server of {image} answers {path} with {page}")
    return page[1]


def _variables(env: Mapping[str, str] | None) -> list[str]:
    return [f"--env={name}={value}" for name, value in (env or {}).items()]


def layers(bazel: Bazel, image: str) -> dict[str, str]:
    """The digest of each layer of an image, by its name, the lowest first.

    `app` is what `IMAGE.app_layer` gives; the layers of a base, which have no such targets, are `base 1`, `base 2`, ….
    """
    (manifest,) = bazel.files(image, "manifest")
    digests = [layer["digest"] for layer in json.loads(manifest.read_text())["layers"]]
    own = _own_layers(bazel, image)
    missing = sorted(own.keys() - {name for name, digest in own.items() if digest in digests})
    if missing:
        raise Failure(f"{image} has no layer with the blob of {', '.join(missing)}", "\n".join(digests))
    inherited = [digest for digest in digests if digest not in own.values()]
    found = {f"base {number}": digest for number, digest in enumerate(inherited, 1)}
    # Empty layers are equal, and in the manifest once each.
    return found | {name: own[name] for name in sorted(own, key=lambda name: digests.index(own[name]))}


def _own_layers(bazel: Bazel, image: str) -> dict[str, str]:
    """The digests of the layers for which the macro of an image has made targets."""
    package = image.partition(":")[0]
    targets = bazel.command("query", f"filter('^{image}[.].*_layer$', {package}:all)").stdout.split()
    if not targets:
        raise Failure(f"there are no targets {image}.*_layer")
    bazel.build(*targets)
    # One question for all of them: Bazel takes half a second to answer.
    expression = "target.label.name + '=' + ' '.join([file.path for file in target.files.to_list()])"
    listed = bazel.command(
        "cquery", f"config(set({' '.join(targets)}), target)", "--output=starlark", f"--starlark:expr={expression}"
    )
    found: dict[str, str] = {}
    for line in listed.stdout.splitlines():
        target, _, blob = line.partition("=")
        name = target.removeprefix(f"{image.partition(':')[2]}.").removesuffix("_layer")
        found[name] = f"sha256:{hashlib.sha256((bazel.workspace / blob).read_bytes()).hexdigest()}"
    return found


def change_one_line(
    world: World,
    bazel: Bazel,
    image: str,
    file: str,
    text: str,
    *,
    changed: Iterable[str] = ("app",),
    packed_after_clean: Iterable[str] | None = None,
) -> None:
    """Changes a file of a module where it has `text`, and checks that no layers but those of `changed` have other digests.

    Then it changes it again after `bazel clean`, when nothing but the disk cache knows what was built. Both times it checks
    which layers were packed: those that changed; after `clean` those of `packed_after_clean`, if that is given. At the end the
    file is what it was.
    """
    path = bazel.workspace / file
    original = path.read_text()
    before, expected = layers(bazel, image), set(changed)
    after_clean = expected if packed_after_clean is None else set(packed_after_clean)
    for clean, packed in ((False, expected), (True, after_clean)):
        if clean:
            bazel.command("clean")
        how = "after `bazel clean`, with a disk cache" if clean else "in a warm workspace"
        _edit(path, text)
        log = world.scratch(f"{time.time_ns()}.json")
        bazel.build(f"--execution_log_json_file={log}", image)
        after = layers(bazel, image)
        world.equal(list(after), list(before), f"layers of {image}, the lowest first")
        found = {name for name, digest in after.items() if digest != before[name]}
        world.equal(found, expected, f"layers of {image} with another digest after a change in {file}")
        ran = _ran(log)
        blobs = {digest for entry in ran if entry["mnemonic"] == "OciLayer" for digest in _outputs(entry)}
        found = {name for name, digest in after.items() if digest in blobs}
        world.equal(found, packed, f"layers of {image} that were packed after a change in {file}, {how}")
        counted = Counter(entry["mnemonic"] for entry in ran)
        actions = ", ".join(f"{count} {mnemonic}" for mnemonic, count in sorted(counted.items()))
        kept = ", ".join(name for name in after if name not in expected)
        world.step(f"one line of {file} {how}: {kept or 'no other layer'} as before; ran {actions}")
        before = after
    path.write_text(original)


def _edit(path: Path, text: str) -> None:
    """Changes a file to what it never was before, in earlier runs either: Bazel would find what it had built then."""
    before = path.read_text()
    if before.count(text) != 1:
        raise Failure(f"{path} has `{text}` {before.count(text)} times, and must have it once, to be changed there")
    path.write_text(before.replace(text, f"{text} {time.time_ns()}"))


def _ran(log: Path) -> list[dict[str, Any]]:
    """The actions that no cache has answered for."""
    return [entry for entry in executions(log) if not entry.get("cacheHit")]


def _outputs(entry: dict[str, Any]) -> list[str]:
    return [f"sha256:{output['digest']['hash']}" for output in entry["actualOutputs"] if "digest" in output]
