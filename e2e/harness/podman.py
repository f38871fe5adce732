"""Podman with a storage of its own: that of the machine is not used or seen. It needs no daemon, and can be one."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from harness import requirements
from harness.containerd import daemon_env, skip_without_containers
from harness.processes import Processes, run


class Podman:
    """The podman command, and its service where that is asked for."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        skip_without_containers()
        self._processes = processes
        folder = folder / "podman"
        folder.mkdir()
        self._folder = folder
        # By itself podman asks for more open files than a machine may allow.
        config = folder / "containers.conf"
        config.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
        self._env = {"CONTAINERS_CONF": str(config)}
        self._start: list[str | Path] = [
            requirements.tool("podman"),
            "--storage-driver=overlay",
            f"--root={folder}/root",
            f"--runroot={folder}/run",
            f"--tmpdir={folder}/tmp",
            "--cgroup-manager=cgroupfs",
            "--events-backend=none",
        ]

    def command(self, *arguments: str | Path) -> str:
        """What `podman ARGUMENTS` prints."""
        return run([*self._start, *arguments]).stdout.strip()

    @cached_property
    def service_env(self) -> dict[str, str]:
        """The environment in which the service, which runs from now on, is the podman that is found."""
        socket = self._folder / "podman.sock"
        service = self._processes.start(
            "podman-service",
            [*self._start, "system", "service", "--time=0", f"unix://{socket}"],
            {**daemon_env(), **self._env},
        )
        service.wait_until(socket.is_socket)
        return {"CONTAINER_HOST": f"unix://{socket}", **self._env}

    @cached_property
    def command_env(self) -> dict[str, str]:
        """The environment in which no service listens and `podman` on PATH is this one."""
        folder = self._folder / "bin"
        folder.mkdir()
        script = folder / "podman"
        script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, self._start))} "$@"\n')
        script.chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}", "XDG_RUNTIME_DIR": str(self._folder), **self._env}

    def names(self) -> list[str]:
        """Every name of every image, and `<none>:<none>` for an image without one; sorted."""
        return sorted(self.command("images", "--all", "--format={{.Repository}}:{{.Tag}}").splitlines())

    def version(self) -> str:
        """That of the program."""
        return self.command("version", "--format={{.Client.Version}}")

    @contextmanager
    def unpacked(self, reference: str) -> Iterator[Path]:
        """Pulls an image over plain HTTP, and shows its tree in a folder for as long as the context lasts."""
        self.command("pull", "--quiet", "--tls-verify=false", reference)
        folder = Path(self.command("image", "mount", reference))
        try:
            yield folder
        finally:
            self.command("image", "unmount", reference)
            self.command("image", "rm", reference)
