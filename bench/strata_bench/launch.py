"""Runs one pipeline and measures it: a program of its own, started anew for each run, with little in memory.

Reads a request as JSON from standard input and writes the measures as JSON to standard output:
  {"stages": [[ARGUMENT...]...], "stdout": PATH, "cpus": [CPU...]}
or, to time how long commands take to start and end, in turn, many times:
  {"repeat": N, "commands": [[ARGUMENT...]...], "delete": [PATH...], "cpus": [CPU...]}
where the files of "delete" are deleted after each command.

Why a program of its own: a process inherits the peak memory of the one that started it (the kernel carries `ru_maxrss`
over exec, for vfork and posix_spawn too), so that whatever starts the measured programs must be small. What is left of
it, some 10 MB, is told from the programs' own by reading VmHWM of /proc/PID/status, which begins anew at exec.
"""

import json
import os
import sys
import threading
import time
from typing import Any

SAMPLE_SECONDS = 0.01
KIB = 1024


def high_water(pid: int) -> int:
    """Peak resident memory of a running process since its exec, in bytes; 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * KIB
    except OSError:
        pass
    return 0


def bytes_read(pid: int) -> int | None:
    """What an ended process, not yet waited for, has read by system calls, in bytes; None where it can't be told."""
    try:
        with open(f"/proc/{pid}/io", "rb") as file:
            return int(file.readline().split()[1])
    except OSError:
        return None


def machine_busy() -> float:
    """CPU seconds that the whole machine has spent working since its start, stolen ones too."""
    with open("/proc/stat", "rb") as file:
        user, nice, system, _idle, _wait, irq, soft, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


class Sampler(threading.Thread):
    """Reads the high-water marks of processes until it is told to stop."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__(daemon=True)
        self.peaks = {pid: high_water(pid) for pid in pids}
        self.done = threading.Event()

    def run(self) -> None:
        while True:
            for pid in self.peaks:
                self.peaks[pid] = max(self.peaks[pid], high_water(pid))
            if self.done.wait(SAMPLE_SECONDS):
                return


def spawn(stages: list[list[str]], stdout: str) -> list[int]:
    """Starts the stages with pipes between them, the last one writing to `stdout`. Returns their process ids."""
    pids: list[int] = []
    source = os.open(os.devnull, os.O_RDONLY)
    for index, argv in enumerate(stages):
        if index == len(stages) - 1:
            following, sink = -1, os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        else:
            following, sink = os.pipe()
        # Python's descriptors are closed on exec; dup2 makes copies that are not.
        actions = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, sink, 1)]
        pids.append(os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions))
        os.close(source)
        os.close(sink)
        source = following
    return pids


def start_up(commands: list[list[str]], delete: list[str], repeat: int) -> list[list[float]]:
    """Seconds from start to end of each command, `repeat` times, in turn."""
    seconds: list[list[float]] = [[] for _ in commands]
    null = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    for _ in range(repeat):
        for argv, taken in zip(commands, seconds, strict=True):
            start = time.perf_counter()
            pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=null)
            _, status = os.waitpid(pid, 0)
            taken.append(time.perf_counter() - start)
            if status:
                sys.exit(f"{argv}: exit code {os.waitstatus_to_exitcode(status)}")
            for path in filter(os.path.exists, delete):
                os.unlink(path)
    return seconds


def pipeline(request: dict[str, Any]) -> dict[str, Any]:
    """Runs the stages once. Returns the measures."""
    own = high_water(os.getpid())
    busy = machine_busy()
    start = time.perf_counter()
    pids = spawn(request["stages"], request["stdout"])
    sampler = Sampler(pids)
    sampler.start()
    processes = []
    for pid, argv in zip(pids, request["stages"], strict=True):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        read = bytes_read(pid)
        _, status, usage = os.wait4(pid, 0)
        processes.append((pid, argv[0], os.waitstatus_to_exitcode(status), usage, read))
    wall = time.perf_counter() - start
    sampler.done.set()
    sampler.join()
    cpu = sum(usage.ru_utime + usage.ru_stime for _, _, _, usage, _ in processes)
    others = machine_busy() - busy - cpu
    # Above the launcher's own size ru_maxrss is exact; below it, it only repeats that size.
    floor = max(own, high_water(os.getpid()))
    return {
        "wall": wall,
        "cpu": cpu,
        "others": max(0.0, others),
        "processes": [
            {
                "name": os.path.basename(name),
                "exit": code,
                "peak": usage.ru_maxrss * KIB if usage.ru_maxrss * KIB > floor else sampler.peaks[pid],
                "read": read,
            }
            for pid, name, code, usage, read in processes
        ],
    }


def main() -> None:
    request = json.load(sys.stdin)
    os.sched_setaffinity(0, request["cpus"])
    report: Any
    if "repeat" in request:
        report = start_up(request["commands"], request["delete"], request["repeat"])
    else:
        report = pipeline(request)
    json.dump(report, sys.stdout)


main()
