"""Layers that are wrong in one place each, with digests that are right again: only their format tells."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layer:
    """A blob and its layer.json."""

    blob: bytes
    metadata: dict

    @staticmethod
    def read(blob: Path, metadata: Path) -> Layer:
        """From its files."""
        return Layer(blob.read_bytes(), json.loads(metadata.read_text()))

    def write(self, folder: Path) -> tuple[Path, Path]:
        """To files in a folder."""
        blob, metadata = folder / "spoiled", folder / "spoiled.json"
        blob.write_bytes(self.blob)
        metadata.write_text(json.dumps(self.metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
        return blob, metadata

    def sealed(self, blob: bytes, tar: bytes | None = None, members: list | None = None) -> Layer:
        """Another blob, with a layer.json that agrees."""
        metadata = self.metadata | {"digest": _digest(blob), "size": len(blob)}
        if tar is not None:
            metadata |= {"diff_id": _digest(tar), "uncompressed_size": len(tar)}
        if members is not None:
            metadata["members"] = members
        return Layer(blob, metadata)


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def spoiled_tars(layer: Layer) -> Iterator[tuple[str, str, Layer]]:
    """What is wrong, words that the message must hold, and the layer. `layer` is not compressed; its first
    entries are the directory `0` with the file `0/x`, whose content has 2 bytes."""
    tar = layer.blob
    directory, header, content, rest = tar[:512], tar[512:1024], tar[1024:1536], tar[1536:]
    assert directory.startswith(b"0/\0") and header.startswith(b"0/x\0") and content.startswith(b"x\n\0"), tar[:1024]
    record = b"11 mtime=0\n"
    records = _field(_field(header, 124, b"%011o\0" % len(record)), 156, b"x")
    records = _checksum(_field(records, 0, b"PaxHeaders/x".ljust(100, b"\0"))) + record.ljust(512, b"\0")
    cases: list[tuple[str, str, bytes]] = [
        ("no parent", "its directory is not", header + content + rest),
        ("the parent behind what it holds", "stands behind /0/x", header + content + directory + rest),
        ("an entry twice", "stands behind /0", directory + directory + header + content + rest),
        ("GNU's magic", "header of /0/x", directory + _spoil(header, 257, b"ustar  \0") + content + rest),
        ("a mode with the type of file", "mode 100644", directory + _spoil(header, 100, b"0100644\0") + content + rest),
        ("a number with a blank", "number after", directory + _spoil(header, 108, b"000000 \0") + content + rest),
        ("a user's name", "names and attributes of /0/x", directory + _spoil(header, 265, b"root") + content + rest),
        ("a wrong checksum", "header of /0/x", directory + _field(header, 148, b"000000\0 ") + content + rest),
        ("a dot in front", "no path may have", _spoil(directory, 0, b"./0/") + tar[512:]),
        ("a hard link with content", "no regular file", directory + _spoil(header, 156, b"1") + content + rest),
        ("a type of GNU's", "type b'S'", directory + _spoil(header, 156, b"S") + content + rest),
        ("a record that is not needed", "header of /0/x", directory + records + header + content + rest),
        ("padding", "padding of /0/x", directory + header + content[:-1] + b"x" + rest),
        ("one block of zeros at the end", "end of the archive", tar[:-512]),
        ("more zeros at the end", "end of the archive", tar + bytes(512)),
        ("another mode", "mode of /0/x", directory + _spoil(header, 100, b"0000600\0") + content + rest),
        ("another time", "owner and time of /0/x", directory + _spoil(header, 136, b"00000000001\0") + content + rest),
    ]
    for what, words, spoiled in cases:
        yield what, words, layer.sealed(spoiled, spoiled)


def _field(header: bytes, at: int, value: bytes) -> bytes:
    return header[:at] + value + header[at + len(value) :]


def _checksum(header: bytes) -> bytes:
    return _field(header, 148, b"%06o\0 " % sum(_field(header, 148, b" " * 8)))


def _spoil(header: bytes, at: int, value: bytes) -> bytes:
    return _checksum(_field(header, at, value))


def spoiled_gzips(layer: Layer) -> Iterator[tuple[str, str, Layer]]:
    """The same for a layer of many gzip members, some of whose segments are stored."""
    blob, members = layer.blob, layer.metadata["members"]
    tars = [_inflate(blob[m["offset"] : m["offset"] + m["size"]]) for m in members]
    yield "a time", "header of", layer.sealed(_field(blob, 4, b"\1"))
    yield "another system", "header of", layer.sealed(_field(blob, 9, b"\3"))
    yield "another level's flags", "header of", layer.sealed(_field(blob, 8, b"\2"))
    table = [{**m, "offset": m["offset"] + 1} for m in members]
    yield "a table that is off", "table of members", layer.sealed(blob, members=table)
    yield "no segment stored", "compressed segment", layer.sealed(*_packed(tars, _gzip))
    whole = _packed([b"".join(tars)], _gzip)
    yield "no cuts", "segment", layer.sealed(*whole)
    moved = [tars[0] + tars[1][:512], tars[1][512:], *tars[2:]]
    yield "a cut elsewhere", "segment", layer.sealed(*_packed(moved, _gzip))


def spoiled_zstds(layer: Layer) -> Iterator[tuple[str, str, Layer]]:
    """The same for a layer of zstd frames."""
    blob = layer.blob
    tar = subprocess.run(["zstd", "-dc"], input=blob, capture_output=True, check=True).stdout
    for what, words, option in (("a checksum", "no checksum", "--check"), ("no cuts", "content size", "--no-check")):
        packed = _packed([tar], lambda data, option=option: _zstd(data, option))
        yield what, words, layer.sealed(*packed)
    skippable = bytes.fromhex("502a4d18 04000000 00000000")
    yield "a skippable frame", "length of all members", layer.sealed(blob + skippable)


def _packed(tars: list[bytes], compress: Callable[[bytes], bytes]) -> tuple[bytes, None, list]:
    """Members made anew: blob, no other tar, table."""
    blobs = [compress(tar) for tar in tars]
    offsets = [sum(map(len, blobs[:i])) for i in range(len(blobs))]
    return b"".join(blobs), None, [{"offset": at, "size": len(b)} for at, b in zip(offsets, blobs)]


def _gzip(data: bytes) -> bytes:
    compressor = zlib.compressobj(6, wbits=-15)
    deflated = compressor.compress(data) + compressor.flush()
    trailer = zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
    return bytes.fromhex("1f8b0800 00000000 00ff") + deflated + trailer


def _inflate(members: bytes) -> bytes:
    out = b""
    while members:
        reader = zlib.decompressobj(wbits=31)
        out += reader.decompress(members)
        members = reader.unused_data
    return out


def _zstd(data: bytes, option: str) -> bytes:
    size = f"--stream-size={len(data)}"
    return subprocess.run(["zstd", "-3", "-c", option, size], input=data, capture_output=True, check=True).stdout
