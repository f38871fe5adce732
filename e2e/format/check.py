#!/usr/bin/env python3
"""Checks a layer against docs/layer-format.md, byte for byte.

    e2e/format/check.py --metadata layer.json --blob blob [--mtree listing] [--level N] [--gzip-members one]

It was written from that page and shares nothing with the tool that writes layers. Standard library only, and the
program `zstd` for zstd. What is compressed is decompressed and not compressed again: the bytes that a compressor chose
are not compared, all others are. Exit codes: 0 the layer is as the page has it, 1 it is not, and how.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # No __pycache__ in the work tree.

from blob import check_gzip, check_one_gzip, check_zstd, decompress  # noqa: E402
from cuts import CUTS, Segment, members, pieces, segments  # noqa: E402
from entries import check_defaults, check_entries, check_links, check_listing, check_shape  # noqa: E402
from headers import read  # noqa: E402
from problem import Problem, check, same  # noqa: E402

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar"
SUFFIXES = {"none": "", "gzip": "+gzip", "zstd": "+zstd"}
KEYS = {"v", "layer_format", "digest", "size", "diff_id", "uncompressed_size", "media_type"}
KEYS |= {"annotations", "history", "blob", "shape"}


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _check_metadata(raw: bytes, blob: bytes) -> tuple[dict, str]:
    """What layer.json says of the blob as a whole; returns it, and the kind of compression."""
    metadata = json.loads(raw)
    canonical = json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    same(raw, canonical.encode(), "bytes of layer.json")
    same((metadata.get("v"), metadata.get("layer_format")), (1, 1), "versions in layer.json")
    kinds = [kind for kind, suffix in SUFFIXES.items() if metadata.get("media_type") == MEDIA_TYPE + suffix]
    check(len(kinds) == 1, f"the media type is {metadata.get('media_type')!r}")
    keys = KEYS | ({"members"} if kinds[0] != "none" else set())
    same(metadata.keys() - {"platform"}, keys, "keys of layer.json")
    same(metadata["blob"], {"kind": "file"}, "blob in layer.json")
    same(list(metadata["history"]), ["created_by"], "history in layer.json")
    same(metadata["size"], len(blob), "size in layer.json")
    same(metadata["digest"], _digest(blob), "digest in layer.json")
    return metadata, kinds[0]


def _check_blob(
    blob: bytes, tar: bytes, table: list[dict], found: list[list[Segment]], options: argparse.Namespace
) -> None:
    """Members and segments in the blob, and the table of members."""
    if options.gzip_members == "one":
        same(table, [{"offset": 0, "size": len(blob)}], "table of members")
        same(check_one_gzip(blob, tar, [s for member in found for s in member]), len(blob), "length of the blob")
        return
    at, places = 0, []
    for member in found:
        if options.compression == "gzip":
            size = check_gzip(blob[at:], tar, member, options.level)
        else:
            size = check_zstd(blob[at:], tar, member)
        places.append({"offset": at, "size": size})
        at += size
    same(at, len(blob), "length of all members")
    same(table, places, "table of members")


def check_layer(options: argparse.Namespace) -> str:
    """Checks a layer, and returns a line on what was seen."""
    blob = options.blob.read_bytes()
    metadata, compression = _check_metadata(options.metadata.read_bytes(), blob)
    if options.compression is not None:
        same(compression, options.compression, "compression")
    options.compression = compression
    if options.level is None:
        options.level = {"gzip": 5, "zstd": 3, "none": None}[compression]
    tar = decompress(blob, compression)
    same(metadata["uncompressed_size"], len(tar), "uncompressed_size in layer.json")
    same(metadata["diff_id"], _digest(tar), "diff_id in layer.json")

    entries = []
    if not options.imported:
        entries = read(tar)
        check_entries(entries)
        check_links(entries, tar, options.dedupe, options.merged)
        check_shape(entries, metadata["shape"])
        if options.defaults:
            check_defaults(entries, tar)
        if options.mtree is not None:
            check_listing(entries, options.mtree.read_text(encoding="ascii"))
    said = f"{len(entries)} entries, {len(tar)} bytes of tar"
    if compression == "none":
        same(blob, tar, "the blob")
        return said
    cuts = CUTS[compression]
    ranges = pieces(len(tar), cuts) if options.imported else members(entries, len(tar), cuts)
    found = [segments(tar, start, end, options.level) for start, end in ranges]
    _check_blob(blob, tar, metadata["members"], found, options)
    stored = sum(segment.stored for member in found for segment in member)
    return f"{said}, {len(found)} members, {sum(map(len, found))} segments, {stored} of them stored"


def main(argv: list[str]) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Checks a layer against docs/layer-format.md.")
    parser.add_argument("--blob", type=Path, required=True)
    parser.add_argument("--metadata", type=Path, required=True, help="its layer.json")
    parser.add_argument("--mtree", type=Path, help="its listing")
    parser.add_argument("--compression", choices=sorted(SUFFIXES), help="what layer.json must say")
    parser.add_argument("--level", type=int, help="compression level; default 5 for gzip, 3 for zstd")
    parser.add_argument("--gzip-members", choices=["many", "one"], default="many")
    parser.add_argument("--imported", action="store_true", help="a tar from elsewhere: its entries are its own")
    parser.add_argument("--dedupe", action="store_true", help="equal files are to be stored once")
    parser.add_argument("--merged", action="store_true", help="tars were merged into it, which may hold hard links")
    parser.add_argument("--defaults", action="store_true", help="no mode, owner or time is declared")
    options = parser.parse_args(argv)
    try:
        print(check_layer(options))
    except Problem as problem:
        print(f"{options.blob}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
