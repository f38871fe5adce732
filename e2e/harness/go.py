"""Go for modules of Go programs: that of this machine, or Debian's."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.bazel import cache_folder
from harness.processes import run


def goroot(repository: Path) -> str:
    """The folder of a Go that Bazel's actions see.

    `bazelw` may hide this machine's /usr, as it does with Rust: a Go from there does not do. Then, and where there is none
    at all, Debian's packages are unpacked into the user's cache, once.
    """
    go = shutil.which("go")
    found = run([go, "env", "GOROOT"]).stdout.strip() if go else ""
    if found and (not found.startswith("/usr/") or found.startswith("/usr/local/")):
        return found
    root = cache_folder() / "go"
    if not root.is_dir():
        packages = repository / "e2e" / "standins" / "rules_go" / "packages.txt"
        run([repository / "tools" / "debian" / "setup.sh", root, packages], timeout=1200)
    return str((root / "usr" / "lib" / "go").resolve())
