"""The command line of `bench/layers`."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any

from strata_bench import cli, inputs, machine, programs, summary, targets
from strata_bench.check import Checks
from strata_bench.errors import BenchError
from strata_bench.measure import Floor, Item, Measured, Place, measure, start_up

RESULT_VERSION = 1


def parser() -> argparse.ArgumentParser:
    """The options."""
    placeholders = (programs.__doc__ or "").partition("filled in:\n")[2]
    result = argparse.ArgumentParser(
        prog="bench/layers",
        description="Measures `pack layer` against other programs that make layers, in turn, and checks their outputs.",
        epilog=f"In COMMAND, split as a shell would and joined by | without one, are filled in:\n{placeholders}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = result.add_argument
    peer = "another program; CODEC is gzip, zstd or none"
    add("--peer", action="append", default=[], metavar="NAME:CODEC=COMMAND", help=peer)
    version = "the version of such a program, for the result"
    add("--peer-version", action="append", default=[], metavar="NAME=TEXT", help=version)
    add("--level", action="append", default=[], metavar="CODEC=N", help="measure `pack` at this compression level too")
    add("--inputs", default="a,b,c,d", metavar="NAMES", help="some of a,b,c,d (default: all)")
    add("--rounds", type=int, default=5, metavar="N", help="how often each program runs (default: 5)")
    add("--cores", type=int, default=4, metavar="N", help="the most cores to use (default: 4, or what there is)")
    cli.add_options(result, "small inputs, one round: shows that everything works, and measures nothing")
    return result


def main(argv: list[str]) -> int:
    """Runs `bench/layers` and returns its exit code."""
    return cli.run("bench/layers", parser().parse_args(argv), _run)


def _run(options: argparse.Namespace, work: Path) -> None:
    _check(options)
    # A copy: a build meanwhile must not change what is measured.
    pack = Path(shutil.copy(cli.pack(options), work / "pack"))
    everything, absent = _programs(options, pack)
    cpus = sorted(os.sched_getaffinity(0))[: options.cores]
    rounds = 1 if options.quick else options.rounds
    sources = cli.sources(options, work, tuple(options.inputs.split(",")))
    outputs = work / "outputs"
    shutil.rmtree(outputs, ignore_errors=True)
    outputs.mkdir()

    wanted = targets.load()
    items = _items(everything, wanted, len(cpus))
    about = machine.describe(outputs)
    place = Place(outputs, cpus)
    starts = start_up(place, pack)
    measured: list[Measured] = []
    described = []
    for source in sources:
        found, checks, floor = measure(place, source, items, rounds)
        measured += found
        described.append(_describe(source, found, checks, floor))
    shutil.rmtree(outputs)
    data = {
        "v": RESULT_VERSION,
        "quick": options.quick,
        "rounds": rounds,
        "machine": about,
        "commit": cli.commit(),
        "inputs": described,
        "programs": [_about(program) for program in everything],
        "absent": absent,
        "start_up_s": {command: [round(value, 6) for value in seconds] for command, seconds in starts.items()},
        "results": [item.result() for item in measured],
    }
    results = targets.Results(data)
    verdicts = targets.judge(results, wanted)
    data["targets"] = [dataclasses.asdict(verdict) | {"outcome": verdict.outcome} for verdict in verdicts]
    if options.json:
        options.json.write_text(cli.to_json(data))
    print(summary.whole(results, verdicts))


def _check(options: argparse.Namespace) -> None:
    """What argparse can't check."""
    if unknown := [name for name in options.inputs.split(",") if name not in inputs.NAMES]:
        raise BenchError(f"--inputs: there is no input {', '.join(unknown)}; there are {', '.join(inputs.NAMES)}")
    for option in ("rounds", "cores"):
        if getattr(options, option) < 1:
            raise BenchError(f"--{option}: at least 1")
    for needed in ("openssl", "gzip", "zstd"):
        if shutil.which(needed) is None:
            raise BenchError(f"{needed} is not on PATH: it takes part in measuring and checking")


def _programs(options: argparse.Namespace, pack: Path) -> tuple[list[programs.Program], list[str]]:
    """All programs to measure, and the names of the usual peers that aren't installed."""
    levels: dict[str, list[int]] = {}
    for text in options.level:
        codec, equals, level = text.partition("=")
        if codec not in ("gzip", "zstd") or not equals or not level.lstrip("-").isdigit():
            raise BenchError(f"--level: {text!r} is not gzip=N or zstd=N")
        levels.setdefault(codec, []).append(int(level))
    peers, absent = programs.installed_peers()
    peers += [programs.parse_peer(text) for text in options.peer]
    for text in options.peer_version:
        name, equals, version = text.partition("=")
        if not equals or all(peer.name != name for peer in peers):
            raise BenchError(f"--peer-version: {text!r} is not NAME=TEXT with the name of a --peer")
        peers = [dataclasses.replace(peer, version=version) if peer.name == name else peer for peer in peers]
    found = programs.ours(pack, "this repository", levels) + peers
    keys = [program.key for program in found]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise BenchError(f"there are two programs called {', '.join(sorted(twice))}")
    return found, absent


def _items(everything: list[programs.Program], wanted: list[dict[str, Any]], cores: int) -> list[Item]:
    """Every program on all cores, and on fewer where a target or a plot wants it."""
    needed = targets.cores_needed(wanted)
    needed["pack:zstd"] = needed["pack:gzip"]
    items = []
    for program in everything:
        counts = {count for count in needed.get(program.key, set()) if count <= cores} | {cores}
        items += [Item(program, count) for count in sorted(counts)]
    return items


def _describe(source: inputs.Input, found: list[Measured], checks: Checks, floor: Floor) -> dict[str, Any]:
    """The JSON of an input. Its tar is that of `pack` without compression."""
    return {
        "name": source.name,
        "about": source.about,
        "files": source.files,
        "content_bytes": source.content_bytes,
        "tar_bytes": next(measured.size for measured in found if measured.item.program.key == "pack:none"),
        "floor_s": {method: [round(value, 4) for value in seconds] for method, seconds in floor.items()},
        "agree_on_modes": checks.agree_on_modes(),
    }


def _about(program: programs.Program) -> dict[str, Any]:
    """The JSON of a program. Where it lies on this machine is nobody's business."""
    stages = " | ".join(" ".join([Path(stage[0]).name, *stage[1:]]) for stage in program.stages)
    return {
        "key": program.key,
        "codec": program.codec,
        "ours": program.ours,
        "command": stages,
        "version": program.version,
    }
