"""Writes saved.tar and two.tar.gz: archives as `docker save` wrote them before Docker 25, with the same bytes each time.

    python3 oci/tests/archive/save.py oci/tests/archive

Layers are plain tars, named by an ID; one that comes twice is a link; there is no manifest of a registry.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path


def tar(entries: list[tuple[str, bytes | str | None]]) -> bytes:
    """A tar of files (bytes), links (text) and directories (None)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in entries:
            info = tarfile.TarInfo(path)
            info.mode = 0o644
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def image(tag: str, layers: list[bytes]) -> tuple[dict[str, object], list[tuple[str, bytes | str | None]]]:
    """What manifest.json says of an image, and its files."""
    config = json.dumps(
        {
            "architecture": "amd64",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"], "Labels": None},
            "created": "2024-01-02T03:04:05.678901234Z",
            "docker_version": "20.10.24",
            "history": [
                {"created": "2024-01-02T03:04:05Z", "created_by": "/bin/sh -c #(nop) ADD file:0123 in / "},
                {"created": "2024-01-02T03:04:05Z", "created_by": '/bin/sh -c #(nop)  CMD ["/bin/sh"]', "empty_layer": True},
                *[{"created": "2024-01-02T03:04:05Z", "created_by": "/bin/sh -c true"} for _ in layers[1:]],
            ],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]},
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    files: list[tuple[str, bytes | str | None]] = [(name, config)]
    paths: list[str] = []
    seen: dict[bytes, str] = {}
    for number, layer in enumerate(layers):
        layer_id = hashlib.sha256(f"{tag} {number}".encode()).hexdigest()
        path = f"{layer_id}/layer.tar"
        files += [
            (layer_id, None),
            (f"{layer_id}/VERSION", b"1.0"),
            (f"{layer_id}/json", b"{}"),
            (path, f"../{seen[layer]}/layer.tar" if layer in seen else layer),
        ]
        seen.setdefault(layer, layer_id)
        paths.append(path)
    return {"Config": name, "RepoTags": [tag], "Layers": paths}, files


def archive(images: list[tuple[dict[str, object], list[tuple[str, bytes | str | None]]]]) -> bytes:
    """The archive of some images."""
    files = [file for _, image_files in images for file in image_files]
    listed = [entry for entry, _ in images]
    return tar([*files, ("manifest.json", json.dumps(listed).encode()), ("repositories", b"{}")])


def main(folder: Path) -> None:
    """Writes the archives."""
    base = tar([("bin", "usr/bin"), ("etc", None), ("etc/gone.txt", b"gone\n"), ("usr", None), ("usr/bin", None)])
    same = tar([("etc", None), ("etc/twice.txt", b"twice\n")])
    first = image("saved:1", [base, same, same])
    second = image("saved:2", [base])
    (folder / "saved.tar").write_bytes(archive([first]))
    (folder / "two.tar.gz").write_bytes(gzip.compress(archive([first, second]), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
