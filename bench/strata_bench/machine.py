"""What a result was measured on: without it the figures mean nothing. No names of hosts or people."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def describe(work: Path) -> dict[str, Any]:
    """The machine, as JSON. `work` is the folder that outputs are written to."""
    cpu = _fields(Path("/proc/cpuinfo"))
    memory = int(_fields(Path("/proc/meminfo"))["MemTotal"].split()[0]) * 1024
    cores = sorted(os.sched_getaffinity(0))
    return {
        "cpu": cpu.get("model name", platform.machine()),
        "sha_extensions": any(flag in cpu.get("flags", cpu.get("Features", "")).split() for flag in ("sha_ni", "sha2")),
        "cores_granted": len(cores),
        "cores_of_machine": os.cpu_count(),
        "memory_bytes": memory,
        "kernel": f"{platform.system()} {platform.release()}",
        "file_system": _file_system(work),
        "python": platform.python_version(),
        "load_average_before": [round(value, 2) for value in os.getloadavg()],
    }


def _fields(path: Path) -> dict[str, str]:
    """`name: value` lines; of a repeated name the first."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found


def _file_system(folder: Path) -> str:
    """The type of the file system that a folder is on."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0]
    return "unknown"
