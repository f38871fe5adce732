"""Whether a layout directory is an image of the files that went into it: read by nothing of ours."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from strata_bench import tree
from strata_bench.errors import BenchError


def check(layout: Path, inputs: Path) -> None:
    """Fails unless the layout has one image whose layers hold the files below `inputs`, each as often as it is there.

    Contents are compared and paths are not: where files are placed is not what is measured.
    """
    (manifest,) = _second(layout, json.loads((layout / "index.json").read_text()))["manifests"]
    document = _second(layout, json.loads(_read(layout, manifest)))
    _read(layout, document["config"])
    found: Counter[str] = Counter()
    for layer in document["layers"]:
        _read(layout, layer)
        found.update(_files(tree.of_layer(_path(layout, layer))))
    expected = Counter(_files(tree.of_directory(inputs)))
    if found != expected:
        raise BenchError(
            f"{layout} holds {found.total()} files, {inputs} {expected.total()}, and {(found & expected).total()} are equal"
        )


def _second(layout: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The document, if its schema is that of OCI and of Docker's second version."""
    if document.get("schemaVersion") != 2:
        raise BenchError(f"{layout}: a document has no schemaVersion 2")
    return document


def _path(layout: Path, descriptor: dict[str, Any]) -> Path:
    return layout.joinpath("blobs", *descriptor["digest"].split(":"))


def _read(layout: Path, descriptor: dict[str, Any]) -> bytes:
    content = _path(layout, descriptor).read_bytes()
    if len(content) != descriptor["size"] or "sha256:" + hashlib.sha256(content).hexdigest() != descriptor["digest"]:
        raise BenchError(f"{_path(layout, descriptor)} is not what {layout} says")
    return content


def _files(found: tree.Tree) -> list[str]:
    return [node for node in found.nodes.values() if node.startswith("file ")]
