"""What modules are made of that no Bazel rule downloads: packages of this machine's Debian, and wheels of PyPI.

They are downloaded once, and stay in the user's cache. pip and apt-get are the user's own, with their mirrors and proxies.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from harness import requirements
from harness.bazel import cache_folder
from harness.processes import run


def debs(*packages: str) -> Path:
    """A folder with these packages, and not with what they depend on."""

    def fetch(folder: Path) -> None:
        run(["apt-get", "--option=APT::Sandbox::User=root", "download", *packages], cwd=folder, timeout=600)

    return kept("debs", packages, fetch)


def wheels(lock: Path, minor: int) -> Path:
    """A folder with the wheels that a requirements file names, each with its hash, for Python 3.`minor` on 64-bit x86 Linux."""
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", f"--python-version=3.{minor}", "--platform=manylinux2014_x86_64"]

    def fetch(folder: Path) -> None:
        pip = [requirements.tool("pip3"), "download", "--quiet", "--disable-pip-version-check", *options]
        run([*pip, f"--requirement={lock}", f"--dest={folder}"], timeout=600)

    return kept("wheels", [lock.read_text(), str(minor)], fetch)


def kept(kind: str, key: Sequence[str], fetch: Callable[[Path], None]) -> Path:
    """A folder that is there from an earlier run, or that `fetch` fills: it appears when it is complete."""
    folder = cache_folder() / f"{kind}-{hashlib.sha256(chr(10).join(key).encode()).hexdigest()[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            fetch(partial)
            partial.rename(folder)
    return folder
