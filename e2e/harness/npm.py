"""npm, by which scenarios of JavaScript get real packages. What it installs stays in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness import requirements
from harness.bazel import cache_folder
from harness.errors import Failure
from harness.processes import run

_FLAGS = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
_TIMEOUT = 600


def _npm() -> str:
    """npm, which on most machines is not Debian's."""
    path = requirements.find("npm")
    if path is None:
        raise Failure("npm is not installed: it comes with Node.js, from nodejs.org, or by apt-get install npm")
    return path


def install(package: Path) -> Path:
    """The folder with the `node_modules` of a package: what its lock file says, by npm's own configuration."""
    files = [package / "package.json", package / "package-lock.json"]

    def fill(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        run([_npm(), "ci", *_FLAGS], cwd=folder, timeout=_TIMEOUT)

    return _cached("npm", b"\n".join(file.read_bytes() for file in files), fill)


def archive(package: str, version: str) -> Path:
    """The archive of a package as npm's registry has it, whatever platform it is for."""

    def fill(folder: Path) -> None:
        run([_npm(), "pack", *_FLAGS, f"{package}@{version}"], cwd=folder, timeout=_TIMEOUT)

    (found,) = _cached("npm-archive", f"{package}@{version}".encode(), fill).iterdir()
    return found


def _cached(kind: str, key: bytes, fill: Callable[[Path], None]) -> Path:
    """A folder of the cache, which `fill` has filled: whole, or not there at all."""
    cache = cache_folder()
    folder = cache / f"{kind}-{hashlib.sha256(key).hexdigest()[:16]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{kind}-", dir=cache) as work:
            filled = Path(work) / "filled"
            filled.mkdir()
            fill(filled)
            try:
                os.rename(filled, folder)
            except OSError:
                # Another run was faster.
                if not folder.exists():
                    raise
    return folder
