"""Sections 3 and 4 of docs/layer-format.md: members, their segments, and which blocks are dense."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby

from headers import END, Entry

LARGE = 1 << 20
BLOCK = 65536


@dataclass(frozen=True)
class Cuts:
    """A row of the table in section 3."""

    min: int
    max: int
    distance: int
    piece: int


CUTS = {
    "gzip": Cuts(524288, 2097152, 524288, 1048576),
    "zstd": Cuts(1048576, 4194304, 1048576, 2097152),
}


@dataclass(frozen=True)
class Segment:
    """A part of a member, by its place in the tar."""

    start: int
    end: int
    stored: bool


def members(entries: list[Entry], length: int, cuts: Cuts) -> list[tuple[int, int]]:
    """Begin and end in the tar of each member of a layer, whose tar is so long."""
    at = {0, length}
    begin = 0
    """Where the current member begins."""
    for entry in entries:
        m = entry.start - begin
        if entry.size >= LARGE:
            at.update(range(entry.start, entry.start + entry.length, cuts.piece))
            begin = entry.start + entry.length
            at.add(begin)
        elif m > 0 and (m + entry.length > cuts.max or (m >= cuts.min and _hash(entry, cuts) < entry.length)):
            begin = entry.start
            at.add(begin)
    if length - END - begin + END > cuts.max:
        at.add(length - END)
    return _pairs(at)


def pieces(length: int, cuts: Cuts) -> list[tuple[int, int]]:
    """The same for an imported tar."""
    return _pairs({*range(0, length, cuts.piece), length})


def _pairs(at: set[int]) -> list[tuple[int, int]]:
    places = sorted(at)
    return list(zip(places, places[1:]))


def _hash(entry: Entry, cuts: Cuts) -> int:
    h = int.from_bytes(hashlib.sha256(entry.path).digest()[:8], "big")
    return h * cuts.distance // 2**64


def segments(tar: bytes, start: int, end: int, level: int) -> list[Segment]:
    """The segments of the member at these places; at level 0 nothing is looked at."""
    if level == 0:
        return [Segment(start, end, True)]
    count = max((end - start) // BLOCK, 1)
    places = [start + i * BLOCK for i in range(count)] + [end]
    dense = [is_dense(tar[a:b]) for a, b in zip(places, places[1:])]
    runs = [(kind, len(list(run))) for kind, run in groupby(dense)]
    found: list[Segment] = []
    block = 0
    for kind, run in runs:
        stored = kind and (run >= 2 or run == count)
        a, b = places[block], places[block + run]
        block += run
        if found and found[-1].stored == stored:
            a = found.pop().start
        found.append(Segment(a, b, stored))
    return found


def is_dense(block: bytes) -> bool:
    """Whether a block looks like noise."""
    if len(block) < BLOCK:
        return False
    if len(set(block[:1024])) < 208:
        return False
    parts = [block[at : at + 1024] for at in range(0, len(block), 4096)]
    sample = b"".join(parts)
    counts = [sample.count(bytes([value])) for value in range(256)]
    if 256 * 32 * sum(c * (c - 1) for c in counts) > 33 * len(sample) ** 2:
        return False
    slots = [0] * 1024
    places = picks = repeats = 0
    for part in parts:
        for at in range(len(part) - 3):
            places += 1
            w = int.from_bytes(part[at : at + 4], "little")
            h = w * 2654435761 % 2**32
            if h >= 2**27:
                continue
            picks += 1
            repeats += slots[h >> 17] == w
            slots[h >> 17] = w
    return 16 * repeats <= picks and places <= 64 * picks
