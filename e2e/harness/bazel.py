"""Bazel through the repository's `bazelw`, in the repository itself or in a copied module."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from harness.actions import Actions
from harness.errors import Failure
from harness.processes import Result, run

# The first build compiles the tools: minutes on two cores.
_TIMEOUT = 1800

_held: list[TextIO] = []
"""Locks of this run."""


class Bazel:
    """Bazel in one workspace."""

    def __init__(
        self, bazelw: Path, workspace: Path, flags: Sequence[str] = (), output_base: Path | None = None
    ) -> None:
        self._start: list[str | Path] = [bazelw, *([f"--output_base={output_base}"] if output_base else [])]
        self.workspace = workspace
        self._flags = list(flags)

    def add_flags(self, *flags: str) -> None:
        """Adds flags to all commands from here on."""
        self._flags += flags

    def _bazel(
        self, command: str, *arguments: str, env: Mapping[str, str] | None = None, code: int | None = 0
    ) -> Result:
        argv = [*self._start, command, *self._flags, "--noshow_progress", "--color=no", *arguments]
        return run(argv, cwd=self.workspace, env=env, code=code, timeout=_TIMEOUT)

    def command(
        self, command: str, *arguments: str, env: Mapping[str, str] | None = None, code: int | None = 0
    ) -> Result:
        """`bazel COMMAND`, for those that have no method of their own, or with variables."""
        return self._bazel(command, *arguments, env=env, code=code)

    def build(self, *arguments: str, code: int | None = 0) -> Result:
        """`bazel build`."""
        return self._bazel("build", *arguments, code=code)

    def test(self, *arguments: str, code: int | None = 0) -> Result:
        """`bazel test`."""
        return self._bazel("test", *arguments, code=code)

    def run(
        self,
        target: str,
        *arguments: str,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        code: int | None = 0,
    ) -> Result:
        """`bazel run TARGET -- ARGUMENTS`; standard output is the program's own."""
        return self._bazel("run", *flags, target, "--", *arguments, env=env, code=code)

    def files(self, target: str, group: str | None = None, flags: Sequence[str] = ()) -> list[Path]:
        """Builds a target and returns its files: the default ones or those of an output group."""
        groups = [*flags, *([f"--output_groups={group}"] if group else [])]
        self.build(*groups, target)
        # Bazel may have it in the configuration of tools as well.
        listed = self._bazel("cquery", *groups, "--output=files", f"config({target}, target)")
        root = self.execution_root()
        files = [root / line for line in listed.stdout.splitlines() if line.strip()]
        if not files:
            raise Failure(f"{target} has no files{f' in the output group {group}' if group else ''}", listed.describe())
        return files

    def executable(self, target: str) -> Path:
        """Builds a run target and returns its executable, to be started without Bazel."""
        return next(path for path in self.files(target) if path.suffix == ".run")

    def execution_root(self) -> Path:
        """Where the paths of actions start."""
        return Path(self._bazel("info", "execution_root").stdout.strip())

    def actions(self, expression: str, flags: Sequence[str] = ()) -> Actions:
        """The actions of a query expression, as `bazel aquery` sees them: nothing is built."""
        result = self._bazel(
            "aquery", *flags, "--output=jsonproto", "--include_artifacts", "--include_param_files", expression
        )
        return Actions(json.loads(result.stdout))

    def shutdown(self) -> None:
        """Ends the server of this workspace."""
        run([*self._start, "shutdown"], cwd=self.workspace, code=None)


def cache_folder() -> Path:
    """Where downloads, what Bazel builds, and copies of modules outlive a run."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rules_strata"


def copy_module(repository: Path, name: str, folder: str, tools: Path | None) -> Bazel:
    """Copies a module of `e2e/scenarios/modules` to a folder where a scenario may edit it, and returns Bazel in the copy.

    The copy always lies at the same place, below the user's cache, since Bazel knows a workspace by its path: a second
    run finds what it needs built. So does another module, by the disk cache that all of them share. One run has it at a
    time. With `tools`, a folder that tools/prebuilt takes, nothing of Rust is built in it but its own programs.
    """
    cache = cache_folder() / "e2e"
    workspace = cache / folder
    _hold(cache / f"{folder}.lock")
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(repository / "e2e" / "scenarios" / "modules" / name, workspace, symlinks=True)
    shutil.copy(repository / ".bazelversion", workspace)
    flags = [f"--override_module=rules_strata={repository}", "--lockfile_mode=off"]
    # In the copy, the module's own paths to stand-ins lead nowhere.
    standins = re.findall(r'"(?:[.][.]/)+standins/(\w+)"', (workspace / "MODULE.bazel").read_text())
    flags += [f"--override_module={name}={repository / 'e2e' / 'standins' / name}" for name in standins]
    # All outputs, not only those that are asked for: what Bazel remembers of a module outlives the cache.
    flags += [f"--disk_cache={cache.parent / 'disk'}", "--remote_download_outputs=all"]
    # In a file, since `common` there leaves out what a command does not know.
    common = []
    if tools:
        # By the canonical name: modules call it what they want (repo_name).
        common += ["--extra_toolchains=@@rules_strata~//tools/prebuilt:all", f"--repo_env=RULES_STRATA_TOOLS={tools}"]
    if any(path and path.is_relative_to("/tmp") for path in (repository, tools)):
        # Actions see an empty /tmp, and so neither the sources of a module that another module finds there nor tools.
        common.append("--noincompatible_sandbox_hermetic_tmp")
    with (workspace / ".bazelrc").open("a") as options:
        options.writelines(f'common "{option}"\n' for option in common)
    return Bazel(repository / "bazelw", workspace, flags)


def _hold(lock: Path) -> None:
    """Waits until no other run has the lock, and keeps it until this one ends: two would write to one copy."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = lock.open("w")
    _held.append(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Waiting for another e2e/run, which has {lock} (or set XDG_CACHE_HOME to another folder).", file=sys.stderr)
        fcntl.flock(handle, fcntl.LOCK_EX)


def executions(log: Path) -> Iterator[dict[str, Any]]:
    """The entries of `--execution_log_json_file`: one for each action that ran, remotely or from a cache included.

    The file is a row of JSON documents without anything between them.
    """
    decoder, text, at = json.JSONDecoder(), log.read_text(), 0
    while at < len(text):
        entry, at = decoder.raw_decode(text, at)
        yield entry
        while at < len(text) and text[at].isspace():
            at += 1


def executed(log: Path) -> list[tuple[str, str]]:
    """The actions of such a file, each as its mnemonic and where it ran: `linux-sandbox`, `disk cache hit`, …."""
    return [(entry["mnemonic"], entry["runner"]) for entry in executions(log)]


def executed_mnemonics(log: Path) -> list[str]:
    """Those of `executed`."""
    return [mnemonic for mnemonic, _ in executed(log)]
