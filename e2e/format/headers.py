"""Sections 1 and 2 of docs/layer-format.md: entries and tar headers.

Headers are read, and then written again from what was read: each must have come out byte for byte as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from problem import Problem, check, same

BLOCK = 512
END = 1024
FILE, HARDLINK, SYMLINK, CHARACTER, DEVICE, DIRECTORY, PIPE = (b"%d" % flag for flag in range(7))
RECORDS = b"x"
MOST_ID, MOST_LONG = 0o7777777, 0o77777777777
XATTR = b"SCHILY.xattr."
RECORD = re.compile(rb"([1-9][0-9]*) ([^=]+)=")


@dataclass(frozen=True)
class Entry:
    """An entry, and where it is in the tar."""

    path: bytes
    kind: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    user: bytes
    group: bytes
    xattrs: tuple[tuple[bytes, bytes], ...]
    device: tuple[int, int]
    target: bytes
    start: int
    """Its first byte, that of its pax records if it has any."""
    content: int
    """Where its content begins."""

    @property
    def length(self) -> int:
        """Headers, records, content and padding."""
        return self.content + padded(self.size) - self.start

    @property
    def name(self) -> str:
        """For messages."""
        return "/" + self.path.decode(errors="backslashreplace")


def padded(size: int) -> int:
    """Up to a multiple of 512."""
    return (size + BLOCK - 1) // BLOCK * BLOCK


def read(tar: bytes) -> list[Entry]:
    """The entries of a tar, all of whose headers are as the format has them."""
    entries: list[Entry] = []
    at = 0
    while tar[at : at + BLOCK].strip(b"\0"):
        entry = _entry(tar, at)
        same(tar[at : entry.content], encode(entry), f"the header of {entry.name}")
        end = entry.content + entry.size
        check(end <= len(tar), f"the content of {entry.name} is cut short")
        same(tar[end : end + -entry.size % BLOCK], bytes(-entry.size % BLOCK), f"the padding of {entry.name}")
        entries.append(entry)
        at += entry.length
    same(tar[at:], bytes(END), f"the end of the archive, after {at} bytes")
    return entries


def _entry(tar: bytes, start: int) -> Entry:
    """What a header says, with the records in front of it."""
    at = start
    records: dict[bytes, bytes] = {}
    if tar[at + 156 : at + 157] == RECORDS:
        size = _octal(tar, at + 124, 12)
        records = _records(tar[at + BLOCK : at + BLOCK + size])
        at += BLOCK + padded(size)
    check(len(tar) >= at + BLOCK, f"the header after {at} bytes is cut short")
    kind = tar[at + 156 : at + 157]
    check(b"0" <= kind <= b"6", f"the header after {at} bytes has the type {kind!r}")
    prefix, name = _text(tar, at + 345, 155), _text(tar, at, 100)
    path = records.get(b"path", prefix + b"/" + name if prefix else name)
    if kind == DIRECTORY:
        check(path.endswith(b"/"), f"the directory {path!r} has no slash at the end")
        path = path[:-1]

    def number(key: bytes, offset: int, length: int) -> int:
        return int(records[key]) if key in records else _octal(tar, at + offset, length)

    return Entry(
        path=path,
        kind=kind,
        mode=_octal(tar, at + 100, 8),
        uid=number(b"uid", 108, 8),
        gid=number(b"gid", 116, 8),
        size=number(b"size", 124, 12),
        mtime=number(b"mtime", 136, 12),
        user=records.get(b"uname", _text(tar, at + 265, 32)),
        group=records.get(b"gname", _text(tar, at + 297, 32)),
        xattrs=tuple((key[len(XATTR) :], value) for key, value in records.items() if key.startswith(XATTR)),
        device=(_octal(tar, at + 329, 8), _octal(tar, at + 337, 8)),
        target=records.get(b"linkpath", _text(tar, at + 157, 100)),
        start=start,
        content=at + BLOCK,
    )


def _octal(tar: bytes, at: int, length: int) -> int:
    field = tar[at : at + length]
    if not re.fullmatch(rb"[0-7]+\0", field):
        raise Problem(f"the number after {at} bytes is {field!r}")
    return int(field[:-1], 8)


def _text(tar: bytes, at: int, length: int) -> bytes:
    return tar[at : at + length].split(b"\0", 1)[0]


def _records(text: bytes) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    while text:
        match = RECORD.match(text)
        check(match is not None, f"the pax record {text[:40]!r} is malformed")
        assert match is not None
        length, key = int(match[1]), match[2]
        check(match.end() < length <= len(text), f"the pax record {text[:40]!r} has a wrong length")
        check(key not in found, f"two pax records {key!r}")
        found[key] = text[match.end() : length - 1]
        text = text[length:]
    return found


def encode(entry: Entry) -> bytes:
    """The header of an entry, and its records, as section 2 has them."""
    full = entry.path + (b"/" if entry.kind == DIRECTORY else b"")
    split = _split(full)
    wanted = [
        (b"path", full, split is None),
        (b"linkpath", entry.target, len(entry.target) > 100),
        (b"size", b"%d" % entry.size, entry.size > MOST_LONG),
        (b"uid", b"%d" % entry.uid, entry.uid > MOST_ID),
        (b"gid", b"%d" % entry.gid, entry.gid > MOST_ID),
        (b"mtime", b"%d" % entry.mtime, not 0 <= entry.mtime <= MOST_LONG),
        (b"uname", entry.user, not _fits(entry.user)),
        (b"gname", entry.group, not _fits(entry.group)),
        *((XATTR + name, value, True) for name, value in sorted(entry.xattrs)),
    ]
    records = b"".join(_record(key, value) for key, value, needed in wanted if needed)
    before = b""
    if records:
        before = _header(b"", b"PaxHeaders/x", 0o644, 0, 0, len(records), 0, RECORDS, b"", b"", b"", (0, 0))
        before += records + bytes(-len(records) % BLOCK)
    prefix, name = split or (b"", full[:100])
    numbers = (
        entry.uid if entry.uid <= MOST_ID else 0,
        entry.gid if entry.gid <= MOST_ID else 0,
        entry.size if entry.size <= MOST_LONG else 0,
        entry.mtime if 0 <= entry.mtime <= MOST_LONG else 0,
    )
    names = (name if _fits(name) else b"" for name in (entry.user, entry.group))
    return before + _header(prefix, name, entry.mode, *numbers, entry.kind, entry.target[:100], *names, entry.device)


def _fits(owner: bytes) -> bool:
    return len(owner) <= 31 and owner.isascii()


def _split(full: bytes) -> tuple[bytes, bytes] | None:
    """Prefix and name; None if a record must have the path."""
    n = len(full)
    if n <= 100:
        return b"", full
    for i in range(n):
        if full[i : i + 1] == b"/" and 0 < i <= 155 and i <= n - 2 and n - i - 1 <= 100:
            return full[:i], full[i + 1 :]
    return None


def _record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def _header(
    prefix: bytes,
    name: bytes,
    mode: int,
    uid: int,
    gid: int,
    size: int,
    mtime: int,
    kind: bytes,
    link: bytes,
    user: bytes,
    group: bytes,
    device: tuple[int, int],
) -> bytes:
    fields = [
        name.ljust(100, b"\0"),
        b"%07o\0%07o\0%07o\0" % (mode, uid, gid),
        b"%011o\0%011o\0" % (size, mtime),
        b" " * 8,
        kind,
        link.ljust(100, b"\0"),
        b"ustar\0" + b"00",
        user.ljust(32, b"\0"),
        group.ljust(32, b"\0"),
        b"%07o\0%07o\0" % device,
        prefix.ljust(155, b"\0"),
        bytes(12),
    ]
    header = b"".join(fields)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]
