"""What a scenario is given: parts that start when they are first asked for, and checks."""

from __future__ import annotations

import shutil
import tempfile
from functools import cached_property
from pathlib import Path

from harness.bazel import Bazel, copy_module
from harness.containerd import Containerd
from harness.docker import Docker, unmount_below
from harness.errors import Failure
from harness.podman import Podman
from harness.processes import Processes, Result
from harness.registry import Registry
from harness.report import Report

REPOSITORY = Path(__file__).resolve().parents[2]


class World:
    """Everything that is shared by the scenarios of one run. Close it at the end, however the run ended."""

    def __init__(self, report: Report, keep: bool = False, output_base: Path | None = None) -> None:
        self.report = report
        self._keep = keep
        # Sockets lie in it, and their paths may have 107 bytes: not below a long TMPDIR.
        self.folder = Path(tempfile.mkdtemp(prefix="strata-e2e-", dir="/tmp"))
        self.processes = Processes(self.folder)
        self.bazel = Bazel(REPOSITORY / "bazelw", REPOSITORY, output_base=output_base)
        self._modules: dict[str, Bazel] = {}
        self._scenario = ""
        self._registry: Registry | None = None

    def enter(self, scenario: str) -> None:
        """Says which scenario the next steps belong to."""
        self._scenario = scenario
        self._registry = None
        self.processes.mark()

    @property
    def registry(self) -> Registry:
        """The scenario's own registry, empty at first, that takes anyone."""
        if self._registry is None:
            self._registry = Registry(self.processes, self.folder)
        return self._registry

    @cached_property
    def private_registry(self) -> Registry:
        """A registry that wants a user and password."""
        return Registry(self.processes, self.folder, ("strata", "correct horse"))

    @cached_property
    def docker(self) -> Docker:
        """A docker daemon."""
        return Docker(self.processes, self.folder)

    @cached_property
    def distant_docker(self) -> Docker:
        """A docker daemon that has another loopback."""
        return Docker(self.processes, self.folder, "distant", own_network=True)

    @cached_property
    def containerd(self) -> Containerd:
        """A containerd that is no docker daemon's."""
        return Containerd(self.processes, self.folder)

    @cached_property
    def podman(self) -> Podman:
        """Podman."""
        return Podman(self.processes, self.folder)

    @property
    def runtimes(self) -> dict[str, Docker | Containerd | Podman]:
        """Each container runtime by its name."""
        return {"docker": self.docker, "containerd": self.containerd, "podman": self.podman}

    @cached_property
    def tools(self) -> Path:
        """The folder with the tools, as this repository's own builds have them."""
        return self.bazel.files("//tools/prebuilt:tools")[0].parent

    def module(self, name: str, folder: str | None = None, from_source: bool = False) -> Bazel:
        """Bazel in a fresh copy of a module of `e2e/scenarios/modules`, in a folder of that name; one copy a run.

        It has the tools of this repository's own builds, unless it is to compile them as the modules of users do.
        """
        if name not in self._modules:
            tools = None if from_source else self.tools
            self._modules[name] = copy_module(REPOSITORY, name, folder or name, tools)
        return self._modules[name]

    def scratch(self, name: str) -> Path:
        """A path for a scenario's own files, at which nothing is yet."""
        folder = self.folder / "scratch" / self._scenario
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def step(self, text: str) -> None:
        """Reports that something is as it should be."""
        self.report.step(self._scenario, text)

    def equal(self, found: object, expected: object, what: str) -> None:
        """Two values must be equal."""
        if found != expected:
            raise Failure(what, f"found    {found!r}\nexpected {expected!r}")

    def check(self, holds: bool, what: str, detail: object = "") -> None:
        """Something must hold; `what` says what does not if it fails."""
        if not holds:
            raise Failure(what, detail.describe() if isinstance(detail, Result) else str(detail))

    def contains(self, result: Result, *parts: str) -> None:
        """Standard error must hold all of these."""
        for part in parts:
            if part not in result.stderr:
                raise Failure(f"the message does not say `{part}`", result.describe())

    def close(self) -> None:
        """Ends what was started and removes what was written."""
        for bazel in self._modules.values():
            bazel.shutdown()
        self.processes.stop_all()
        unmount_below(self.folder)
        if self._keep:
            print(f"Kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, onerror=_cannot_remove)


def _cannot_remove(_function: object, path: str, info: tuple[object, BaseException, object]) -> None:
    print(f"Cannot remove {path}: {info[1]}")
