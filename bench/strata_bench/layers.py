"""The command line of `bench/layers`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from strata_bench import inputs, machine, programs, summary, targets
from strata_bench.errors import BenchError
from strata_bench.measure import Bench, Item, Measured

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
    add("--pack", type=Path, help="measure this executable, instead of what `cargo build --release` makes")
    add(
        "--peer",
        action="append",
        default=[],
        metavar="NAME:CODEC=COMMAND",
        help="another program; CODEC is gzip, zstd or none",
    )
    add(
        "--peer-version",
        action="append",
        default=[],
        metavar="NAME=TEXT",
        help="the version of such a program, for the result",
    )
    add("--level", action="append", default=[], metavar="CODEC=N", help="measure `pack` at this compression level too")
    add("--inputs", default="a,b,c,d", metavar="NAMES", help="some of a,b,c,d (default: all)")
    add(
        "--real-tree",
        type=Path,
        metavar="DIR",
        help="where (c) is copied from (default: this Python's standard library)",
    )
    add("--work", type=Path, metavar="DIR", help="for inputs, kept, and outputs, deleted (default: target/bench)")
    add("--rounds", type=int, default=5, metavar="N", help="how often each program runs (default: 5)")
    add("--cores", type=int, metavar="N", help="the most cores to use (default: 4, or all if there are fewer)")
    add("--json", type=Path, metavar="FILE", help="write the result there")
    add(
        "--quick",
        action="store_true",
        help="small inputs, one round: shows that everything works, and measures nothing",
    )
    return result


def main(argv: list[str]) -> int:
    """Runs `bench/layers` and returns its exit code."""
    options = parser().parse_args(argv)
    try:
        if options.quick:
            with tempfile.TemporaryDirectory(prefix="strata-bench-") as folder:
                _run(options, Path(folder))
        else:
            work = (options.work or machine.REPOSITORY / "target" / "bench").resolve()
            work.mkdir(parents=True, exist_ok=True)
            _run(options, work)
    except BenchError as error:
        print(f"bench/layers: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(options: argparse.Namespace, work: Path) -> None:
    names = tuple(options.inputs.split(","))
    if unknown := [name for name in names if name not in inputs.NAMES]:
        raise BenchError(f"--inputs: there is no input {', '.join(unknown)}; there are {', '.join(inputs.NAMES)}")
    for needed in ("openssl", "gzip", "zstd"):
        if shutil.which(needed) is None:
            raise BenchError(f"{needed} is not on PATH: outputs can't be checked without it")
    pack = options.pack.resolve() if options.pack else build_pack()
    everything, absent = _programs(options, pack)
    cpus = sorted(os.sched_getaffinity(0))[: options.cores or 4]
    quick_tree = inputs.default_real_tree() / "encodings"
    real_tree = options.real_tree or (quick_tree if options.quick else inputs.default_real_tree())
    sizes = inputs.QUICK if options.quick else inputs.FULL
    sources = inputs.prepare(work / "inputs", sizes, real_tree, names)
    outputs = work / "outputs"
    shutil.rmtree(outputs, ignore_errors=True)
    outputs.mkdir()

    wanted = targets.load()
    items = _items(everything, wanted, len(cpus))
    about = machine.describe(outputs)
    bench = Bench(outputs, cpus, 1 if options.quick else options.rounds)
    start_up = bench.start_up(pack)
    measured: list[Measured] = []
    described = []
    for source in sources:
        found, floor = bench.run(source, items)
        measured += found
        described.append(_describe(source, floor, found, bench.modes[source.name]))
    shutil.rmtree(outputs)
    data = {
        "v": RESULT_VERSION,
        "quick": options.quick,
        "rounds": 1 if options.quick else options.rounds,
        "machine": about,
        "commit": _commit(),
        "inputs": described,
        "programs": [_about(program) for program in everything],
        "absent": absent,
        "start_up_s": {command: [round(value, 6) for value in seconds] for command, seconds in start_up.items()},
        "results": [item.result() for item in measured],
    }
    results = targets.Results(data)
    verdicts = targets.judge(results, wanted)
    data["targets"] = [dataclasses.asdict(verdict) | {"outcome": verdict.outcome} for verdict in verdicts]
    if options.json:
        options.json.write_text(to_json(data))
    print(summary.whole(results, verdicts))


def build_pack() -> Path:
    """`pack`, built by cargo in release mode."""
    command = ["cargo", "build", "--release", "--locked", "-p", "pack", "--message-format=json-render-diagnostics"]
    run = subprocess.run(command, cwd=machine.REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise BenchError("cargo can't build pack")
    messages = map(json.loads, run.stdout.splitlines())
    return Path(next(path for message in messages if (path := message.get("executable")) and Path(path).name == "pack"))


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


def _describe(
    source: inputs.Input, floor: dict[str, list[float]], found: list[Measured], modes: dict[str, list[str]]
) -> dict[str, Any]:
    tar = next(item.size for item in found if item.item.program.key == "pack:none")
    return {
        "name": source.name,
        "about": source.about,
        "files": source.files,
        "content_bytes": source.content_bytes,
        "tar_bytes": tar,
        "floor_s": {method: [round(value, 4) for value in seconds] for method, seconds in floor.items()},
        "agree_on_modes": sorted(modes.values()),
    }


def _about(program: programs.Program) -> dict[str, Any]:
    command = f"pack {program.command.partition(' ')[2]}" if program.ours else program.command
    return {
        "key": program.key,
        "codec": program.codec,
        "ours": program.ours,
        "command": command,
        "version": program.version,
    }


def _commit() -> str:
    """Which commit was measured; `-dirty` if the work tree had other changes."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    run = subprocess.run(command, cwd=machine.REPOSITORY, capture_output=True, text=True, check=False)
    return run.stdout.strip() or "unknown"


def to_json(data: dict[str, Any]) -> str:
    """JSON with a line for each record, so that it can be read and its changes seen."""
    lines = []
    for key, value in data.items():
        if isinstance(value, list) and value:
            records = ",\n  ".join(json.dumps(record, ensure_ascii=False) for record in value)
            lines.append(f" {json.dumps(key)}: [\n  {records}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
