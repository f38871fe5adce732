"""Podman with a storage of its own: that of the machine is not used or seen. There is no daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import requirements
from harness.containerd import skip_without_containers
from harness.processes import run


class Podman:
    """The podman command."""

    def __init__(self, folder: Path) -> None:
        skip_without_containers()
        folder = folder / "podman"
        folder.mkdir()
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
