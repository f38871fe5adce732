"""Starting programs and ending them.

Invariant: every process is started by its argument list, is known by its pid, and has ended when `Processes.stop_all`
returns, also after Ctrl-C. Nothing is ever ended by name.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import Failure

TAIL_LINES = 40
"""Of what a command printed."""
LOG_LINES = 12
"""Of the log of each process that runs beside the scenarios."""
LOG_WIDTH = 200
"""Of a line of such a log, in characters."""


def tail(text: str) -> str:
    """The last lines of what a command printed."""
    return "\n".join(text.splitlines()[-TAIL_LINES:])


@dataclass(frozen=True)
class Result:
    """A program that has ended."""

    argv: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    def describe(self) -> str:
        """The command and the ends of what it printed."""
        parts = [f"$ {' '.join(self.argv)}", f"exit code {self.code}"]
        for name, text in (("standard output", self.stdout), ("standard error", self.stderr)):
            if text.strip():
                parts.append(f"--- {name}\n{tail(text)}")
        return "\n".join(parts)


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 120,
    code: int | None = 0,
) -> Result:
    """Runs a program to its end. An exit code other than `code` is a failure; None takes any."""
    args = tuple(str(argument) for argument in argv)
    process = subprocess.Popen(
        args,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as expired:
        process.kill()
        stdout, stderr = process.communicate()
        result = Result(args, process.returncode, stdout, stderr)
        raise Failure(f"{args[0]} did not end within {timeout:.0f} s", result.describe()) from expired
    except BaseException:
        # Ctrl-C: give it the time to clean up after itself.
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    result = Result(args, process.returncode, stdout, stderr)
    if code is not None and result.code != code:
        raise Failure(f"{args[0]} ended with exit code {result.code}, expected {code}", result.describe())
    return result


class Process:
    """A program that runs beside the scenarios and writes to a log."""

    def __init__(self, name: str, argv: Sequence[str | Path], log: Path, env: Mapping[str, str] | None) -> None:
        self.name = name
        self.log = log
        self._new_from = 0
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                [str(argument) for argument in argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                # Ctrl-C on the terminal is for us: we end it in its turn.
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def mark(self) -> None:
        """What is logged from here on is new."""
        self._new_from = self.log.stat().st_size

    def describe(self) -> str:
        """The end of what is new in its log; nothing if it has logged nothing and runs."""
        state = "running" if self.running else f"ended with exit code {self._popen.returncode}"
        with self.log.open("rb") as log:
            log.seek(self._new_from)
            lines = log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
        if not lines and self.running:
            return ""
        return "\n".join([f"--- log of {self.name} ({state})", *(line[:LOG_WIDTH] for line in lines)])

    def wait_until(self, answers: Callable[[], bool], seconds: float = 60) -> None:
        """Waits until `answers` is true; a failure with the log's end if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not answers():
            if not self.running:
                raise Failure(f"{self.name} ended instead of starting", self.describe())
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} did not answer within {seconds:.0f} s", self.describe())
            time.sleep(0.1)

    def stop(self, seconds: float = 20) -> None:
        """Asks it to end and waits; kills it if it does not."""
        if not self.running:
            return
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


class Processes:
    """All that runs beside the scenarios."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[Process] = []

    def start(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Process:
        """Starts a program; its output goes to `NAME.log`."""
        process = Process(name, argv, self._logs / f"{name}.log", env)
        self._started.append(process)
        return process

    def mark(self) -> None:
        """What is logged from here on is what `describe` shows."""
        for process in self._started:
            process.mark()

    def stop_all(self) -> None:
        """Ends everything, the last started first."""
        while self._started:
            self._started.pop().stop()

    def describe(self) -> str:
        """The ends of what is new in all logs."""
        return "\n".join(filter(None, (process.describe() for process in self._started)))
