"""A base image of libc and the libraries that interpreters link, for modules whose programs are not static."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from pathlib import Path

from harness.bazel import cache_folder
from harness.errors import Skip
from harness.processes import run

# For C, C++, Rust, Python (with expat, ssl, sqlite3, ctypes and the compressors), Node and Java.
PACKAGES = [
    "libatomic1",
    "libbz2-1.0",
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "liblzma5",
    "libsqlite3-0",
    "libssl3t64",
    "libstdc++6",
    "libzstd1",
    "zlib1g",
]


def add_base(repository: Path, workspace: Path) -> None:
    """Adds the package `//base` to a copied module: the image `//base`, which has no program but the dynamic linker.

    Its packages are of the suite of `bazelw`'s compilers, whose programs want no older libc. They are downloaded once, and
    stay in the user's cache.
    """
    folder = workspace / "base"
    if folder.exists():
        return
    if platform.machine() != "x86_64":
        raise Skip("the base image is one for amd64")
    shutil.copytree(repository / "e2e" / "standins" / "base", folder)
    add_packages(repository, folder / "debs", PACKAGES)


def add_packages(repository: Path, folder: Path, packages: list[str]) -> None:
    """Adds a folder with these packages of that suite, which go on top of the base image. They stay in the user's cache as well."""
    tools = repository / "tools" / "debian"
    # New compilers are reason to fetch anew.
    key = hashlib.sha256("\n".join([*packages, (tools / "packages.txt").read_text()]).encode()).hexdigest()
    debs = cache_folder() / f"base-{key[:16]}"
    run([tools / "download.sh", debs, *packages], timeout=600)
    shutil.copytree(debs, folder, copy_function=os.link)
