"""A real docker daemon with its own containerd, in a folder of its own: that of the machine is not used or seen."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import requirements
from harness.containerd import Containerd, daemon_env, skip_without_containers
from harness.errors import Failure
from harness.processes import Processes, Result, run


class Docker:
    """A running daemon and the docker command that talks to it.

    With `own_network`, the daemon is in a network namespace of its own, as rootless and nested daemons are: it has
    another loopback than this machine.
    """

    def __init__(self, processes: Processes, folder: Path, name: str = "docker", own_network: bool = False) -> None:
        skip_without_containers()
        for needed in ("docker", "dockerd", "runc"):
            requirements.tool(needed)
        containerd = Containerd(processes, folder, f"{name}-containerd")
        folder = folder / name
        folder.mkdir()
        self._folder = folder
        self.socket = folder / "docker.sock"
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
                f"--containerd={containerd.socket}",
                f"--data-root={folder}/data",
                f"--exec-root={folder}/exec",
                f"--pidfile={folder}/dockerd.pid",
                f"--host=unix://{self.socket}",
            ],
            daemon_env(),
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

    def logs(self, container: str) -> str:
        """What a container has printed, on standard output and error."""
        printed = self._command("logs", container)
        return printed.stdout + printed.stderr

    def version(self) -> str:
        """That of the daemon."""
        return self.command("version", "--format={{.Server.Version}}")

    @contextmanager
    def unpacked(self, reference: str) -> Iterator[Path]:
        """Pulls an image, and shows its tree in a folder for as long as the context lasts.

        Docker has no command for that: its layers are put on top of each other here, as it does for a container.
        """
        self.command("pull", "--quiet", reference)
        layers = json.loads(self.command("image", "inspect", "--format={{json .GraphDriver}}", reference))
        if layers["Name"] != "overlay2":
            raise Failure(f"docker stores layers by {layers['Name']}, and not by overlay2")
        folder, empty = self._folder / "unpacked", self._folder / "empty"
        folder.mkdir()
        # Linux wants two folders at least, and an image may have one layer.
        empty.mkdir(exist_ok=True)
        lower = ":".join([layers["Data"]["UpperDir"], *filter(None, [layers["Data"].get("LowerDir")]), str(empty)])
        run(["mount", "-t", "overlay", "-o", f"ro,lowerdir={lower}", "overlay", folder])
        try:
            yield folder
        finally:
            run(["umount", folder])
            folder.rmdir()
            self.command("rmi", reference)

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
