"""Whether what was packed in different ways is the same: read by nothing of ours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from strata_bench import tree
from strata_bench.errors import BenchError

# The launcher of a program in JavaScript, which an image has changed.
_CHANGED = 1

# That launcher, Bazel's repo mapping, and the `__init__.py` of packages that have none, of which all are empty.
_ADDED = 3


def check(ours: Iterable[Path], peer: Path) -> None:
    """Fails unless the layers hold the contents that the peer's tar holds.

    Contents are compared and paths are not: where files are placed is not what is measured.
    """
    own = frozenset[str]().union(*(_contents(blob) for blob in ours))
    others = _contents(peer)
    missing, added = len(others - own), len(own - others)
    if missing > _CHANGED or added > _ADDED:
        raise BenchError(
            f"{peer} holds {len(others)} different files: {missing} of them are in none of the layers, and {added} in layers alone"
        )


def _contents(blob: Path) -> frozenset[str]:
    return frozenset(node for node in tree.of_layer(blob).nodes.values() if node.startswith("file "))
