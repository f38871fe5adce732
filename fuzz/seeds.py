#!/usr/bin/env python3
"""Writes inputs for fuzzers to begin with: `fuzz/seeds.py fuzz/corpus`. Named by digest, as libFuzzer does it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path


def tars() -> list[bytes]:
    """Every kind of entry in every format that Python writes, and what it does not write."""
    found = []
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as tar:
            for info, content in _entries(form):
                tar.addfile(info, io.BytesIO(content))
        whole = out.getvalue()
        found += [whole.rstrip(b"\0") + bytes(-len(whole.rstrip(b"\0")) % 512 + 1024), whole[:1700]]
    found.append(_raw([(b"big", b"0", b"\x80" + bytes(7) + b"\0\0\2\0")]) + bytes(1024))
    found.append(_raw([(b"sparse", b"S", b"00000001000\0")], old_sparse=True) + bytes(512) + bytes(1024))
    for records in (
        {b"GNU.sparse.major": b"1", b"GNU.sparse.minor": b"0", b"GNU.sparse.name": b"s", b"GNU.sparse.realsize": b"9"},
        {b"GNU.sparse.size": b"9", b"GNU.sparse.numblocks": b"1", b"GNU.sparse.map": b"0,4"},
        {b"path": b"p" * 120, b"mtime": b"1.5", b"SCHILY.xattr.user.a": b"\0=\n", b"uid": b"9999999", b"uname": b"u"},
    ):
        text = b"".join(_record(key, value) for key, value in records.items())
        content = b"1\n0\n4\n".ljust(512, b"\0") + b"data".ljust(512, b"\0")
        headers = _raw([(b"PaxHeaders", b"x", b"%011o\0" % len(text))]) + text.ljust(-(-len(text) // 512) * 512, b"\0")
        found.append(headers + _raw([(b"f", b"0", b"%011o\0" % 516)]) + content + bytes(1024))
    # A path like the beginning of a gzip member.
    found.append(_raw([(b"\x1f\x8b\x08", b"0", b"00000000000\0")]) + bytes(1024))
    return found + [bytes(1024), bytes(512)]


def _entries(form: int) -> list[tuple[tarfile.TarInfo, bytes]]:
    kinds = [tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
    found = []
    for index, kind in enumerate(kinds):
        info = tarfile.TarInfo(f"d/e{index}" if index else "d")
        info.type, info.mode, info.uid, info.mtime = kind, 0o4755, 7, 1_000_000_000
        info.linkname = "d/e1" if kind in (tarfile.LNKTYPE, tarfile.SYMTYPE) else ""
        content = b"content" if kind == tarfile.REGTYPE else b""
        info.size = len(content)
        found.append((info, content))
    if form != tarfile.USTAR_FORMAT:
        long = tarfile.TarInfo("long/" * 60 + "ü")
        long.type, long.linkname = tarfile.SYMTYPE, "target/" * 30
        found.append((long, b""))
    for name in (".wh.gone", "d/.wh..wh..opq"):
        found.append((tarfile.TarInfo(name), b""))
    return found


def _raw(headers: list[tuple[bytes, bytes, bytes]], old_sparse: bool = False) -> bytes:
    out = b""
    for name, flag, size in headers:
        header = name.ljust(100, b"\0") + b"0000644\0" * 3 + size + b"00000000000\0" + b" " * 8 + flag
        header = header.ljust(257, b"\0") + (b"ustar  \0" if old_sparse else b"ustar\x0000")
        if old_sparse:
            header = header.ljust(386, b"\0") + b"00000000000\0" + b"00000001000\0"
            header = header.ljust(483, b"\0") + b"00000002000\0"
        header = header.ljust(512, b"\0")
        out += header[:148] + b"%06o\0 " % sum(header) + header[156:]
    return out


def _record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    while len(str(length)) + len(key) + len(value) + 3 != length:
        length += 1
    return b"%d %s=%s\n" % (length, key, value)


def imports() -> list[bytes]:
    """Tars as they are, and compressed; beginnings of what is none."""
    small = tars()[0]
    zstd = subprocess.run(["zstd", "-c"], input=small, capture_output=True, check=True).stdout
    packed = gzip.compress(small, mtime=0)
    found = [small, packed, packed + packed, packed[:-9], zstd, zstd + bytes.fromhex("502a4d1804000000") + bytes(4)]
    heads = [b"\xfd7zXZ\0", b"BZh9", b"PK\3\4", b"<html>", b"{", b"\x7fELF", b"!<arch>\n", b"version https://git-lfs"]
    return found + heads


def entries() -> list[bytes]:
    """Every kind of entry and setting."""
    contents = [
        ("file", "/a/b", "src", "0755"),
        ("symlink", "l", "../x", ""),
        ("dir", "d/", "", "1777"),
        ("empty", "e", "", ""),
        ("whiteout", "etc/gone", "", ""),
        ("opaque", "srv", "", ""),
        ("tree", "/", "out", "0600"),
        ("readlink", "r", "link", ""),
        ("tar", "", "x.tar", ""),
    ]
    settings = [
        ("owner", "", "1:2", ""),
        ("owner", "d/**", "4294967295:0", ""),
        ("names", "", "user:ümlaut", ""),
        ("mode", "", "", "0640"),
        ("mode", "{d,e}*", "", "0700"),
        ("mtime", "", "1700000000", ""),
        ("xattr", "e", "user.a=0x00ff", ""),
        ("xattr", "e", "security.capability=cap_net_bind_service+ep", ""),
    ]
    few = [("dir", "d", "", ""), ("dir", "d/x", "", ""), ("empty", "e", "", ""), ("symlink", "n" * 120, "t" * 120, "")]
    sets = [[entry] for entry in contents] + [few + [setting] for setting in settings] + [few + settings]
    sets += [contents[:6], few + [("empty", "d/" * 200 + "e", "", "")], []]
    lines = [["strata-entries 2", *(line for entry in found for line in entry)] for found in sets]
    return ["".join(f"{line}\n" for line in text).encode() for text in lines]


def layer_jsons() -> list[bytes]:
    """One with everything, and with less and less."""
    digest = "sha256:" + "0123456789abcdef" * 4
    layer = {
        "v": 1,
        "digest": digest,
        "diff_id": digest,
        "size": 1,
        "uncompressed_size": 2,
        "media_type": "application/vnd.oci.image.layer.v1.tar+gzip",
        "history": {"created_by": "//x"},
        "blob": {"kind": "file"},
        "annotations": {"k": "ü\n"},
        "layer_format": 1,
        "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
        "members": [{"offset": 0, "size": 1}],
        "shape": {"depth": 3, "paths": ["a/b/"], "symlinks": {"l": "t"}, "whiteouts": ["w"], "opaque": [""]},
    }
    keys = list(layer)
    found = [json.dumps({key: layer[key] for key in keys[:count]}).encode() for count in range(len(keys) + 1)]
    for kind in ("source", "recipe", "other"):
        found.append(json.dumps({**layer, "blob": {"kind": kind}}).encode())
    return found + [b'{"v":2}', b'{"v":18446744073709551616}', b"[", b""]


def merges() -> list[bytes]:
    """Each tar upon each other one of a few."""
    some = [tar for tar in tars() if len(tar) % 512 == 0 and len(tar) < 255 * 512]
    pairs = [(first, second) for first in some for second in (some[0], some[2], some[-2])]
    # A whiteout that an opaque directory makes superfluous.
    nothing = b"00000000000\0"
    opaque = _raw([(b"d/", b"5", nothing), (b"d/.wh..wh..opq", b"0", nothing)])
    pairs.append((opaque + bytes(1024), _raw([(b"d/.wh.x", b"0", nothing)]) + bytes(1024)))
    return [bytes([len(first) // 512]) + first + second for first, second in pairs]


def codecs() -> list[bytes]:
    """Programs of fuzz/codec.rs: codec, level, operations of two bytes."""
    programs = [b"", b"\0\5hello!", b"\2\xff", b"\3\xff", b"\5\xff\3\x7f\3\x7f\5\xff"]
    programs += [b"\3\x3f\7\0\5\x20\6\x10", b"\3\xff\x0e\xff\5\x40"]
    return [bytes([kind, level]) + program for kind in range(3) for level in (0, 2, 5, 8) for program in programs]


def buildfiles() -> list[bytes]:
    """Edits of crates/buildfile/src/fuzz.rs (their number, two bytes each) in files that have some of everything."""
    loads = [
        'load("//:defs.bzl", "a")\n',
        'load(\n    "@m//:b.bzl",\n    "a",  # why\n    # keep\n    "z",\n    c = "d",\n)\n',
        'load(":defs.bzl",\n     "a",\n     "b")\n',
    ]
    rules = [
        'a(\n    name = "x",\n    srcs = glob(["*.c"]) + select({":y": [1, 0x2F, 1.5]}),\n)\n',
        "# above\nf(*a, **b); g()  # beside\n# below\n",
        "x, y = [a for a, b in c if not d], {1: -2} if e else lambda q, *r: q[1:2]\n",
        "def f(a: int = 1, *, b) -> str:\n    if a:\n        return b\n    elif a.c: pass\n    # tail\n",
        'z = r"raw\\" % "\\x41\\u00e9\\\n" \\\n  in z\n',
    ]
    texts = ["", *loads, *rules, "\n".join(['"""doc"""\n', "".join(loads), *rules])]
    texts += [texts[-1].replace("\n", "\r\n"), "\ufeff" + "\n".join(rules)[:-1]]
    programs = [b"\0", b"\2\0\0\1\1", b"\4\2\0\3\1\4\2\5\0", b"\7" + bytes(range(14)), b"\3\1\0\1\1\0\1"]
    return [program + text.encode() for text in texts for program in programs]


def main(corpus: Path) -> None:
    """Writes all of them."""
    seeds = {"buildfile": buildfiles(), "codec": codecs(), "entries": entries(), "import": imports()}
    seeds |= {"layer_json": layer_jsons(), "merge": merges(), "tar": tars()}
    for target, inputs in seeds.items():
        (corpus / target).mkdir(parents=True, exist_ok=True)
        for data in inputs:
            (corpus / target / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
