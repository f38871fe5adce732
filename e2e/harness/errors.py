"""How a scenario ends early."""

from __future__ import annotations


class Failure(Exception):
    """Something is not as it must be. `detail` is what helps to find out why: the end of a log, a difference."""

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class Skip(Exception):
    """This machine cannot have a part that the scenario needs. What could be installed is a `Failure` instead."""
