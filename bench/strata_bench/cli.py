"""What the command lines in bench/ share: options, the folder to work in, `pack`, JSON, and how a program ends."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strata_bench import inputs, machine, table
from strata_bench.errors import BenchError

INTERRUPTED = 130


def add_options(parser: argparse.ArgumentParser, quick: str) -> None:
    """Adds the options that every program has; `quick` says what its --quick does."""
    add = parser.add_argument
    add("--pack", type=Path, help="use this executable, instead of what `cargo build --release` makes")
    add("--work", type=Path, metavar="DIR", help="for inputs, kept, and outputs, deleted (default: target/bench)")
    add("--real-tree", type=Path, metavar="DIR", help="where (c) is copied from (default: Python's standard library)")
    add("--json", type=Path, metavar="FILE", help="write the result there")
    add("--quick", action="store_true", help=quick)


def run(name: str, options: argparse.Namespace, work: Callable[[argparse.Namespace, Path], None]) -> int:
    """Does the work in the folder for it, which is a temporary one for --quick, and returns the exit code."""

    def in_folder() -> None:
        if options.quick:
            with tempfile.TemporaryDirectory(prefix="strata-bench-") as temporary:
                work(options, Path(temporary))
        else:
            folder: Path = (options.work or machine.REPOSITORY / "target" / "bench").resolve()
            folder.mkdir(parents=True, exist_ok=True)
            work(options, folder)

    return exit_code(name, in_folder)


def exit_code(name: str, work: Callable[[], None]) -> int:
    """Does the work, says what was wrong, and returns the exit code."""
    try:
        work()
    except BenchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def rounds(options: argparse.Namespace) -> int:
    """How often everything runs: once with --quick."""
    count: int = 1 if options.quick else options.rounds
    if count < 1:
        raise BenchError(f"--rounds: {count} is less than 1")
    return count


def publish(options: argparse.Namespace, data: dict[str, Any], tables: list[tuple[str, table.Rows]]) -> None:
    """Prints the tables of a result, and writes it to where --json says."""
    print("\n\n".join(f"{title}\n\n{table.aligned(rows)}" for title, rows in tables))
    if options.json:
        options.json.write_text(to_json(data))


def sources(options: argparse.Namespace, work: Path, names: tuple[str, ...]) -> list[inputs.Input]:
    """The inputs, written to the folder to work in unless they are there."""
    quick_tree = inputs.default_real_tree() / "encodings"
    real_tree = options.real_tree or (quick_tree if options.quick else inputs.default_real_tree())
    return inputs.prepare(work / "inputs", inputs.QUICK if options.quick else inputs.FULL, real_tree, names)


def pack(options: argparse.Namespace) -> Path:
    """`pack`: the one given, or built by cargo in release mode."""
    return Path(options.pack).resolve() if options.pack else built("pack")


def built(package: str) -> Path:
    """The binary of a package of this workspace, built by cargo in release mode."""
    command = ["cargo", "build", "--release", "--locked", "-p", package, "--message-format=json-render-diagnostics"]
    build = subprocess.run(command, cwd=machine.REPOSITORY, stdout=subprocess.PIPE, text=True, check=False)
    if build.returncode:
        raise BenchError(f"cargo can't build {package}")
    messages = map(json.loads, build.stdout.splitlines())
    executables = [Path(path) for message in messages if (path := message.get("executable"))]
    return next(path for path in executables if path.name == package)


def output(command: list[str]) -> str:
    """What a command prints."""
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        raise BenchError(f"{' '.join(command)}: exit code {run.returncode}")
    return run.stdout


def commit() -> str:
    """Which commit is measured; `-dirty` if the work tree has other changes."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    described = subprocess.run(command, cwd=machine.REPOSITORY, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


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
