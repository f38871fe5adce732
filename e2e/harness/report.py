"""What the user sees: a line for each step, and at the end `N passed, N failed, N skipped`."""

from __future__ import annotations

import sys
import time


class Report:
    """Prints lines as they happen and counts scenarios."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.passed: list[str] = []
        self.failed: list[tuple[str, str]] = []
        self.skipped: list[tuple[str, str]] = []

    def _line(self, mark: str, scenario: str, text: str) -> None:
        print(f"{mark:4} {scenario}: {text} [{self._elapsed()}]", flush=True)

    def _elapsed(self) -> str:
        seconds = int(time.monotonic() - self._started)
        return f"{seconds // 60}:{seconds % 60:02}"

    def step(self, scenario: str, text: str) -> None:
        """Something of a scenario is as it should be."""
        self._line("ok", scenario, text)

    def passing(self, scenario: str) -> None:
        """A scenario is through."""
        self.passed.append(scenario)
        self._line("PASS", scenario, "all steps")

    def failing(self, scenario: str, reason: str, detail: str) -> None:
        """A scenario failed; `detail` is the end of the logs."""
        self.failed.append((scenario, reason))
        self._line("FAIL", scenario, reason)
        if detail.strip():
            print("".join(f"     | {line}\n" for line in detail.splitlines()), end="", flush=True)

    def skipping(self, scenario: str, reason: str) -> None:
        """The machine cannot have what a scenario needs."""
        self.skipped.append((scenario, reason))
        self._line("SKIP", scenario, reason)

    def summary(self) -> int:
        """Prints how it all ended and returns the exit code. The count is the last line and alone on it."""
        sys.stderr.flush()
        print()
        for scenario, reason in self.skipped:
            print(f"SKIPPED, NOT TESTED: {scenario}: {reason}")
        for scenario, reason in self.failed:
            print(f"FAILED: {scenario}: {reason}")
        print(f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped", flush=True)
        return 1 if self.failed or not self.passed else 0
