"""What folders take on disk, and how to be rid of them."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path


def used(folder: Path) -> int:
    """Bytes of the regular files below a folder, each inode once: a hard link takes nothing, a symbolic link neither."""
    seen: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(os.path.join(parent, name))
            if stat.S_ISREG(status.st_mode):
                seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def remove(folder: Path) -> None:
    """Deletes a folder whose directories may be read-only, as Bazel's output directories are."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(parent, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755)
    if folder.exists():
        shutil.rmtree(folder)
