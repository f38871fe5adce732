"""A real docker daemon with its own containerd, in a folder of its own: that of the machine is not used or seen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from harness import requirements
from harness.errors import Skip
from harness.processes import Processes, Result, run

_CONTAINERD = """\
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
    """Why this machine cannot run a docker daemon, whatever is installed; None if it can."""
    if os.geteuid() != 0:
        return "dockerd needs root: run e2e/run as root"
    cgroups = Path("/sys/fs/cgroup")
    if not any((cgroups / name).exists() for name in ("cgroup.controllers", "memory", "pids")):
        return "no cgroups are mounted at /sys/fs/cgroup"
    status = Path("/proc/self/status").read_text()
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff"))
    if not effective >> 21 & 1:
        return "this root lacks CAP_SYS_ADMIN (a container that is not privileged?)"
    return None


class Docker:
    """A running daemon and the docker command that talks to it.

    With `own_network`, the daemon is in a network namespace of its own, as rootless and nested daemons are: it has
    another loopback than this machine.
    """

    def __init__(self, processes: Processes, folder: Path, name: str = "docker", own_network: bool = False) -> None:
        reason = why_not()
        if reason:
            raise Skip(reason)
        for needed in ("docker", "dockerd", "containerd", "runc"):
            requirements.tool(needed)
        folder = folder / name
        folder.mkdir()
        self._folder = folder
        self.socket = folder / "docker.sock"
        # The daemons' helpers (containerd-shim, runc) are found through PATH.
        env = {"PATH": os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"}

        config = folder / "containerd.toml"
        config.write_text(_CONTAINERD.format(folder=folder))
        containerd = processes.start(
            f"{name}-containerd", [requirements.tool("containerd"), "--log-level=warn", "--config", config], env
        )
        containerd.wait_until((folder / "containerd.sock").is_socket)

        dockerd = processes.start(
            f"{name}-dockerd",
            [
                *(["unshare", "--net"] if own_network else []),
                requirements.tool("dockerd"),
                "--config-file",
                self._write_empty_config(),
                "--log-level=warn",
                "--iptables=false",
                "--ip-forward=false",
                "--bridge=none",
                f"--containerd={folder}/containerd.sock",
                f"--data-root={folder}/data",
                f"--exec-root={folder}/exec",
                f"--pidfile={folder}/dockerd.pid",
                f"--host=unix://{self.socket}",
            ],
            env,
        )
        dockerd.wait_until(lambda: self._command("version", code=None).code == 0)

    def _write_empty_config(self) -> Path:
        """The machine's /etc/docker/daemon.json is not for this daemon."""
        path = self._folder / "daemon.json"
        path.write_text("{}")
        return path

    @property
    def env(self) -> dict[str, str]:
        """The environment in which this daemon is the one that is found."""
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def _command(self, *arguments: str, code: int | None = 0) -> Result:
        return run([requirements.tool("docker"), *arguments], env=self.env, code=code)

    def command(self, *arguments: str) -> str:
        """What `docker ARGUMENTS` prints."""
        return self._command(*arguments).stdout.strip()

    def references(self) -> list[str]:
        """Every name of every image, tags and digests alike, and `<none>` for an image without one; sorted."""
        names: list[str] = []
        for image in self.command("images", "--all", "--quiet", "--no-trunc").splitlines():
            details = json.loads(self.command("image", "inspect", image))[0]
            names += (details["RepoTags"] or []) + (details["RepoDigests"] or []) or ["<none>"]
        return sorted(set(names))

    def remove_everything(self) -> None:
        """Ends all containers and removes all images, so that the next scenario starts from nothing."""
        for kind, command in (("ps", "rm"), ("images", "rmi")):
            found = sorted(set(self.command(kind, "--all", "--quiet").split()))
            if found:
                self.command(command, "--force", *found)


def unmount_below(folder: Path) -> None:
    """Unmounts what a daemon that did not end well has left, the innermost first, so that the folder can go."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in sorted((p for p in points if p.startswith(f"{folder}/")), key=len, reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False)
