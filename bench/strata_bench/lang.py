"""The command line of bench/lang: images of programs, beside rules_pkg's `pkg_tar` of the same runfiles.

Invariant: the program is built before the clock starts, and so are all tools; what is measured is what packs it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata_bench import cli, disk, lang_analysis, lang_check, lang_module, lang_tables, machine
from strata_bench.bazel import Bazel, Build
from strata_bench.errors import BenchError
from strata_bench.lang_module import LANGUAGES, SHAPES, Sizes


@dataclass(frozen=True)
class Contender:
    """One way to pack one program."""

    language: str
    shape: str

    @property
    def target(self) -> str:
        """What is built."""
        return f"//{lang_module.package(self.language, self.shape)}:packed"


@dataclass
class Measured:
    """What the rounds of a contender took."""

    contender: Contender
    cold: list[Build] = field(default_factory=list)
    changed: list[Build] = field(default_factory=list)
    unchanged: list[Build] = field(default_factory=list)
    elsewhere: dict[str, int] = field(default_factory=dict)
    """Packing actions that ran for a change where nothing is built and a disk cache has what was before, by mnemonic."""
    output_bytes: int = 0
    """Of what was packed."""

    def result(self) -> dict[str, Any]:
        """The JSON of it. Actions are those of the last round; they don't differ between rounds."""
        shape = SHAPES[self.contender.shape]
        return {
            "language": self.contender.language,
            "shape": self.contender.shape,
            "name": shape.name,
            "compression": shape.compression,
            "level": shape.level,
            "ours": shape.ours,
            **{
                step: {
                    "wall_s": [round(build.wall, 3) for build in builds],
                    "packing_s": [round(_packing(build), 3) for build in builds],
                    "processes": builds[-1].processes,
                    "actions": builds[-1].actions,
                }
                for step, builds in (
                    ("cold", self.cold),
                    ("changed", self.changed),
                    ("unchanged", self.unchanged),
                )
            },
            "elsewhere": self.elsewhere,
            "output_bytes": self.output_bytes,
        }


_PACKING = ("OciLayer", "PackageTar")

# How a layer is compressed makes no difference there.
_ELSEWHERE = ("layers_gzip", "pkg_tar_gzip")


def _packing(build: Build) -> float:
    """From the start of the first action that packs to the end of the last."""
    return max((build.spans.get(mnemonic, 0) for mnemonic in _PACKING), default=0)


def contenders() -> list[Contender]:
    """All ways to pack all programs."""
    return [Contender(language, shape) for language in LANGUAGES for shape in SHAPES]


def rotated(items: list[Contender], turn: int) -> list[Contender]:
    """The order of a round: begun elsewhere each time, every other round backwards, so that neighbours change."""
    start = turn * 3 % len(items)
    order = items[start:] + items[:start]
    return order[::-1] if turn % 2 else order


def _tools(tools_cache: Path | None) -> Path:
    """The folder of the tools, as this repository's own builds make them."""
    bazel = Bazel(machine.REPOSITORY / "bazelw", machine.REPOSITORY, None, [])
    cache = [f"--disk_cache={tools_cache}"] if tools_cache else []
    bazel.make(["//tools/prebuilt:tools"], *cache, "--remote_download_outputs=all")
    folder = bazel.outputs() / "tools" / "prebuilt" / "tools"
    bazel.shutdown()
    return folder


class Bench:
    """A module, and Bazel in it."""

    def __init__(self, work: Path, sizes: Sizes, tools_cache: Path | None) -> None:
        self._module = work / "module"
        self._cache = work / "disk_cache"
        self._edits = 0
        print("building the tools", file=sys.stderr, flush=True)
        tools = _tools(tools_cache)
        print(f"writing {self._module}", file=sys.stderr, flush=True)
        lang_module.write(self._module, sizes)
        flags = [
            f"--override_module=rules_strata={machine.REPOSITORY}",
            f"--override_module=aspect_rules_js={lang_module.STAND_IN}",
            "--extra_toolchains=@@rules_strata~//tools/prebuilt:all",
            f"--repo_env=RULES_STRATA_TOOLS={tools}",
            "--platforms=//:image",
            "--lockfile_mode=off",
        ]
        if any(path.is_relative_to("/tmp") for path in (machine.REPOSITORY, work, tools)):
            # Actions see an empty /tmp, and so not the sources of a module that another module finds there.
            flags.append("--noincompatible_sandbox_hermetic_tmp")
        self.bazel = Bazel(machine.REPOSITORY / "bazelw", self._module, work / "output_base", flags)
        print("building the programs", file=sys.stderr, flush=True)
        # Once all is packed, Bazel has the tools, and the digests of all sources.
        self.bazel.build([item.target for item in contenders()], None)
        self._outputs = self.bazel.outputs()
        for language in LANGUAGES:
            for codec in ("gzip", "none"):
                ours, peer = Contender(language, f"layers_{codec}"), Contender(language, f"pkg_tar_{codec}")
                lang_check.check(self._packed(ours), *self._packed(peer))

    def run(self, measured: Measured) -> None:
        """One round of a contender."""
        self._forget(measured.contender)
        measured.cold.append(self._build(measured.contender))
        if not measured.output_bytes:
            measured.output_bytes = sum(path.stat().st_size for path in self._packed(measured.contender))
        self._edit(measured.contender)
        measured.changed.append(self._build(measured.contender))
        measured.unchanged.append(self._build(measured.contender))
        self._forget(measured.contender)

    def run_elsewhere(self, measured: Measured) -> None:
        """Counts what runs for a change where a disk cache has everything before it and nothing else is there."""
        disk.remove(self._cache)
        self.bazel.clean()
        self._build(measured.contender)
        self._edit(measured.contender)
        self.bazel.clean()
        log = self._cache.with_name("executions.json")
        self._build(measured.contender, f"--execution_log_json_file={log}")
        measured.elsewhere = packed_in(log.read_text())
        log.unlink()
        disk.remove(self._cache)

    def _build(self, contender: Contender, *flags: str) -> Build:
        return self.bazel.build([contender.target], self._cache, *flags)

    def _edit(self, contender: Contender) -> None:
        self._edits += 1
        lang_module.edit(lang_module.edited_file(self._module, contender.language), self._edits)

    def _forget(self, contender: Contender) -> None:
        disk.remove(self._cache)
        disk.remove(self._outputs / lang_module.package(contender.language, contender.shape))

    def _packed(self, contender: Contender) -> list[Path]:
        folder = self._outputs / lang_module.package(contender.language, contender.shape)
        return [path for path in folder.iterdir() if path.suffix in (".gz", ".tar")]


def _documents(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    start = 0
    while start < len(text):
        document, end = decoder.raw_decode(text, start)
        yield document
        start = end
        while start < len(text) and text[start].isspace():
            start += 1


def packed_in(log: str) -> dict[str, int]:
    """Packing actions of an execution log, JSON documents one after the other, that no cache had, by mnemonic."""
    found: dict[str, int] = {}
    for spawn in _documents(log):
        if spawn["mnemonic"] in _PACKING and not spawn.get("cacheHit"):
            found[spawn["mnemonic"]] = found.get(spawn["mnemonic"], 0) + 1
    return found


def measure(bench: Bench, rounds: int) -> list[Measured]:
    """Runs all contenders, so many rounds."""
    items = contenders()
    measured = {item: Measured(item) for item in items}
    for turn in range(rounds):
        for item in rotated(items, turn):
            bench.run(measured[item])
        print(f"round {turn + 1} of {rounds} done", file=sys.stderr, flush=True)
    for item in items:
        if item.shape in _ELSEWHERE:
            bench.run_elsewhere(measured[item])
    return list(measured.values())


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/lang", description="Measures images of programs beside pkg_tar, and what their analysis takes."
    )
    add = parser.add_argument
    add("--work", type=Path, metavar="DIR", help="for the module and Bazel's outputs (default: target/bench/lang)")
    add("--rounds", type=int, default=5, help="how often everything runs (default: 5; 1 with --quick)")
    add("--only", choices=["packing", "analysis"], help="leave out the other half, and write no result")
    add("--tools-cache", type=Path, metavar="DIR", help="a --disk_cache in which the tools may be found built")
    add("--json", type=Path, metavar="FILE", help="write the result there")
    add("--quick", action="store_true", help="small programs, one round: shows that everything works")
    return parser.parse_args(argv)


def _work(options: argparse.Namespace) -> None:
    sizes = lang_module.QUICK if options.quick else lang_module.FULL
    rounds = cli.rounds(options)
    if options.only and options.json:
        raise BenchError("--only: half a result is not written; leave out --json")
    # The module lies at the same place each time, since Bazel knows a workspace by its path.
    work: Path = (options.work or machine.REPOSITORY / "target" / "bench" / "lang").resolve()
    work.mkdir(parents=True, exist_ok=True)
    about = machine.describe(work)
    bench = Bench(work, sizes, options.tools_cache)
    try:
        packing = [] if options.only == "analysis" else [item.result() for item in measure(bench, rounds)]
        analysis = [] if options.only == "packing" else lang_analysis.measure(bench.bazel, sizes.images, rounds)
        version = bench.bazel.version()
    finally:
        bench.bazel.shutdown()
    data = {
        "v": 1,
        "quick": options.quick,
        "commit": cli.commit(),
        "bazel": version,
        "machine": about,
        "sizes": lang_module.describe(sizes),
        "rounds": rounds,
        "packing": packing,
        "analysis": analysis,
    }
    cli.publish(options, data, lang_tables.all_of(data))


def main(argv: list[str]) -> int:
    """Runs `bench/lang` and returns its exit code."""
    options = _parse(argv)
    return cli.exit_code("bench/lang", lambda: _work(options))
