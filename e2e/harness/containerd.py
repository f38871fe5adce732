"""A real containerd, in a folder of its own: that of the machine is not used or seen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import requirements
from harness.errors import Skip
from harness.processes import Processes, run

_CONFIG = """\
version = 2
root = "{folder}/containerd/root"
state = "{folder}/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]

[grpc]
address = "{folder}/containerd.sock"

[ttrpc]
address = "{folder}/containerd.ttrpc.sock"
"""


def why_not() -> str | None:
    """Why this machine cannot run containers, whatever is installed; None if it can."""
    if os.geteuid() != 0:
        return "containers need root: run e2e/run as root"
    cgroups = Path("/sys/fs/cgroup")
    if not any((cgroups / name).exists() for name in ("cgroup.controllers", "memory", "pids")):
        return "no cgroups are mounted at /sys/fs/cgroup"
    status = Path("/proc/self/status").read_text()
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff"))
    if not effective >> 21 & 1:
        return "this root lacks CAP_SYS_ADMIN (a container that is not privileged?)"
    return None


def skip_without_containers() -> None:
    """Raises `Skip` where no container can run."""
    reason = why_not()
    if reason:
        raise Skip(reason)


def daemon_env() -> dict[str, str]:
    """The environment of a daemon, whose helpers (containerd-shim, runc) are found through PATH."""
    return {"PATH": os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"}


class Containerd:
    """A running containerd and `ctr`, which talks to it."""

    def __init__(self, processes: Processes, folder: Path, name: str = "containerd") -> None:
        skip_without_containers()
        folder = folder / name
        folder.mkdir()
        self._folder = folder
        self.socket = folder / "containerd.sock"
        config = folder / "containerd.toml"
        config.write_text(_CONFIG.format(folder=folder))
        daemon = processes.start(
            name, [requirements.tool("containerd"), "--log-level=warn", "--config", config], daemon_env()
        )
        daemon.wait_until(self.socket.is_socket)

    def command(self, *arguments: str | Path) -> str:
        """What `ctr ARGUMENTS` prints."""
        return run([requirements.tool("ctr"), "--address", self.socket, *arguments]).stdout.strip()

    @property
    def env(self) -> dict[str, str]:
        """The environment in which this containerd is the runtime that is found."""
        return {"CONTAINERD_ADDRESS": str(self.socket)}

    def names(self, namespace: str = "default") -> list[str]:
        """The names of the images of a namespace, sorted."""
        return sorted(self.command("--namespace", namespace, "images", "list", "--quiet").splitlines())

    def remove(self, *names: str) -> None:
        """Removes images and what nothing names any more."""
        if names:
            self.command("images", "remove", "--sync", *names)

    def version(self) -> str:
        """That of the daemon."""
        lines = self.command("version").partition("Server:")[2].splitlines()
        return next(line.split()[1] for line in lines if line.strip().startswith("Version:"))

    @contextmanager
    def unpacked(self, reference: str) -> Iterator[Path]:
        """Pulls an image over plain HTTP, and shows its tree in a folder for as long as the context lasts."""
        self.command("images", "pull", "--plain-http", reference)
        folder = self._folder / "unpacked"
        folder.mkdir()
        self.command("images", "mount", reference, folder)
        try:
            yield folder
        finally:
            self.command("images", "unmount", "--rm", folder)
            folder.rmdir()
            self.command("images", "remove", "--sync", reference)
