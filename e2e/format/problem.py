"""What is wrong with a layer, and a check that says so."""

from __future__ import annotations


class Problem(Exception):
    """The layer is not in the format; the text says where and how."""


def check(holds: bool, what: str) -> None:
    """`what` must be so, or it is the problem."""
    if not holds:
        raise Problem(what)


def same(found: object, expected: object, what: str) -> None:
    """Two values must be equal; bytes are told by the place where they part."""
    if found == expected:
        return
    if isinstance(found, bytes) and isinstance(expected, bytes):
        at = next((i for i, (a, b) in enumerate(zip(found, expected)) if a != b), min(len(found), len(expected)))
        raise Problem(
            f"{what}: at byte {at} stands {found[at : at + 16].hex(' ') or 'the end'},"
            f" and should {expected[at : at + 16].hex(' ') or 'the end'}"
        )
    raise Problem(f"{what}: found {found!r}, expected {expected!r}")
