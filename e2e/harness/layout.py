"""OCI image layouts, written from the specification: so that other tools read our layers, and nothing else of ours."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Layer:
    """A blob, and what is said of it."""

    blob: Path
    metadata: dict[str, Any]
    """Its layer.json."""


def write(folder: Path, name: str, layers: list[Layer]) -> None:
    """Writes a layout with one image, `name`, of these layers, the lowest first."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(document: dict[str, Any], media_type: str) -> dict[str, Any]:
        text = json.dumps(document).encode()
        digest = hashlib.sha256(text).hexdigest()
        (blobs / digest).write_bytes(text)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(text)}

    for layer in layers:
        shutil.copy(layer.blob, blobs / layer.metadata["digest"].removeprefix("sha256:"))
    diff_ids = [layer.metadata["diff_id"] for layer in layers]
    config = put(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Cmd": ["/nothing"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created_by": "end-to-end tests"} for _ in layers],
        },
        "application/vnd.oci.image.config.v1+json",
    )
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = put(
        {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": config,
            "layers": [
                {
                    "mediaType": layer.metadata["media_type"],
                    "digest": layer.metadata["digest"],
                    "size": layer.metadata["size"],
                }
                for layer in layers
            ],
        },
        manifest_type,
    )
    named = manifest | {"annotations": {"org.opencontainers.image.ref.name": name}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
