"""Section 5 of docs/layer-format.md: how segments stand in a blob.

Stored segments are made again and compared. What a compressor wrote is decompressed, each segment with a
decompressor of its own, and all that surrounds it is compared.
"""

from __future__ import annotations

import shutil
import subprocess
import zlib

from cuts import Segment
from problem import Problem, check, same

HEADER = bytes.fromhex("1f8b08 00 00000000")
UNKNOWN_SYSTEM = b"\xff"
LAST_BLOCK = b"\x03\x00"
FLUSHED = b"\x00\x00\xff\xff"
MAGIC = bytes.fromhex("28b52ffd")


def decompress(blob: bytes, compression: str) -> bytes:
    """The tar in a blob, as any reader sees it."""
    if compression == "none":
        return blob
    if compression == "zstd":
        return _zstd(blob)
    out, rest = [], blob
    while rest:
        reader = zlib.decompressobj(wbits=31)
        try:
            out.append(reader.decompress(rest))
        except zlib.error as error:
            raise Problem(f"the gzip member after {len(blob) - len(rest)} bytes: {error}") from error
        check(reader.eof, "the last gzip member is cut short")
        rest = reader.unused_data
    return b"".join(out)


def _zstd(frames: bytes) -> bytes:
    # Neither a module of Python's before 3.14 nor in reach of its zlib.
    check(shutil.which("zstd") is not None, "the program zstd is not installed: apt-get install zstd")
    done = subprocess.run(["zstd", "-dc"], input=frames, capture_output=True, check=False)
    check(done.returncode == 0, f"zstd: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def check_gzip(blob: bytes, tar: bytes, segments: list[Segment], level: int) -> int:
    """Checks the gzip members that a member consists of, and returns its length; `blob` begins with it."""
    at = 0
    for segment in segments:
        data = tar[segment.start : segment.end]
        if segment.stored:
            expected = HEADER + b"\0" + UNKNOWN_SYSTEM + _stored(data, True) + _trailer(data)
            same(blob[at : at + len(expected)], expected, _where(segment))
            at += len(expected)
            continue
        extra_flags = 4 if level < 2 else 2 if level >= 8 else 0
        header = HEADER + bytes([extra_flags]) + UNKNOWN_SYSTEM
        same(blob[at : at + 10], header, f"header of {_where(segment)}")
        reader = zlib.decompressobj(wbits=-15)
        try:
            same(reader.decompress(blob[at + 10 :]), data, f"content of {_where(segment)}")
        except zlib.error as error:
            raise Problem(f"{_where(segment)}: {error}") from error
        check(reader.eof, f"{_where(segment)} is cut short")
        end = len(blob) - len(reader.unused_data)
        same(blob[end : end + 8], _trailer(data), f"end of {_where(segment)}")
        at = end + 8
    return at


def check_one_gzip(blob: bytes, tar: bytes, segments: list[Segment]) -> int:
    """Checks a blob that is one gzip member, and returns the length of what was checked."""
    same(blob[:10], HEADER + b"\0" + UNKNOWN_SYSTEM, "header of the gzip member")
    at = 10
    for segment in segments:
        data = tar[segment.start : segment.end]
        if segment.stored:
            expected = _stored(data, False)
            same(blob[at : at + len(expected)], expected, _where(segment))
            at += len(expected)
        else:
            at += _flushed(blob[at:], data, _where(segment))
    expected = LAST_BLOCK + _trailer(tar)
    same(blob[at : at + len(expected)], expected, "end of the gzip member")
    return at + len(expected)


def _flushed(blob: bytes, data: bytes, where: str) -> int:
    """Length of the blocks that hold `data` and refer to nothing before them, the empty one of a flush included."""
    reader = zlib.decompressobj(wbits=-15)
    out, at = b"", 0
    # A decompressor does not tell how much it took for its output. The flush ends with these four bytes, and where
    # they stand by chance some of the data is still to come.
    while len(out) < len(data):
        found = blob.find(FLUSHED, at)
        check(found >= 0, f"{where} does not end with a flush")
        end = found + len(FLUSHED)
        try:
            out += reader.decompress(blob[at:end])
        except zlib.error as error:
            raise Problem(f"{where}: {error}") from error
        check(not reader.eof, f"{where} has a block that is marked as the last one")
        at = end
    same(out, data, f"content of {where}")
    return at


def _stored(data: bytes, last: bool) -> bytes:
    """Deflate blocks without compression."""
    out = []
    for at in range(0, len(data), 65535):
        block = data[at : at + 65535]
        final = last and at + 65535 >= len(data)
        length = len(block)
        lengths = length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")
        out.append(bytes([final]) + lengths + block)
    return b"".join(out)


def _trailer(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")


def check_zstd(blob: bytes, tar: bytes, segments: list[Segment]) -> int:
    """Checks the frames that a member consists of, and returns its length; `blob` begins with it."""
    at = 0
    for segment in segments:
        data = tar[segment.start : segment.end]
        if segment.stored:
            expected = MAGIC + b"\xa0" + len(data).to_bytes(4, "little") + _raw_blocks(data)
            same(blob[at : at + len(expected)], expected, _where(segment))
            at += len(expected)
            continue
        length = _frame(blob[at:], len(data), _where(segment))
        same(_zstd(blob[at : at + length]), data, f"content of {_where(segment)}")
        at += length
    return at


def _raw_blocks(data: bytes) -> bytes:
    out = []
    for at in range(0, len(data), 131072):
        block = data[at : at + 131072]
        out.append((len(block) * 8 + (at + 131072 >= len(data))).to_bytes(3, "little") + block)
    return b"".join(out)


def _frame(blob: bytes, size: int, where: str) -> int:
    """Length of the frame (RFC 8878, 3.1.1) at the beginning of `blob`, which holds `size` bytes."""
    same(blob[:4], MAGIC, f"magic number of {where}")
    descriptor = blob[4]
    same(descriptor & 0b111, 0, f"no checksum and no dictionary in the descriptor of {where}")
    single = descriptor >> 5 & 1
    at = 5 if single else 6
    width = {0: single, 1: 2, 2: 4, 3: 8}[descriptor >> 6]
    check(width > 0, f"{where} has no content size")
    found = int.from_bytes(blob[at : at + width], "little") + (256 if width == 2 else 0)
    same(found, size, f"content size of {where}")
    at += width
    last = False
    while not last:
        header = int.from_bytes(blob[at : at + 3], "little")
        last, kind, length = bool(header & 1), header >> 1 & 3, header >> 3
        check(kind != 3, f"{where} has a block of a reserved type")
        # A block of type 1 is one byte, repeated.
        at += 3 + (1 if kind == 1 else length)
        check(at <= len(blob), f"{where} is cut short")
    return at


def _where(segment: Segment) -> str:
    kind = "stored" if segment.stored else "compressed"
    return f"the {kind} segment of tar bytes {segment.start} to {segment.end}"
