"""The command line of bench/images: whole images, beside rules_oci's way of making them.

A contender is a shape, a codec, and what of it is built. All contenders run once a round, in an order that changes, each
with an empty disk cache and none of its outputs: built, built again with one byte changed in one file, built again with
nothing changed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strata_bench import cli, disk, image_module, image_tables, layouts, machine
from strata_bench.bazel import Bazel, Build
from strata_bench.image_module import CODECS, OURS, SHAPES, Sizes

@dataclass(frozen=True)
class Contender:
    """One way to make the large image."""

    shape: str
    codec: str
    laid_out: bool
    """Whether the layout directory is built, and not only what a push needs. rules_oci's push needs the directory."""

    @property
    def name(self) -> str:
        """For people."""
        return SHAPES[self.shape] + (", laid out" if self.laid_out and self.shape in OURS else "")

    @property
    def package(self) -> str:
        """Where its targets are."""
        return image_module.large(self.shape, self.codec)

    @property
    def targets(self) -> list[str]:
        """What is built."""
        return [f"//{self.package}:image" + ("" if self.laid_out else ".push")]


@dataclass
class Measured:
    """What the rounds of a contender took."""

    contender: Contender
    cold: list[Build] = field(default_factory=list)
    changed: list[Build] = field(default_factory=list)
    unchanged: list[Build] = field(default_factory=list)
    cache_bytes: list[int] = field(default_factory=list)
    """In the disk cache after the first build."""
    cache_bytes_added: list[int] = field(default_factory=list)
    """By the build after the change."""
    output_bytes: list[int] = field(default_factory=list)
    """In bazel-bin after the first build."""

    def result(self) -> dict[str, Any]:
        """The JSON of it. Actions are those of the last round; they don't differ between rounds."""
        return {
            "name": self.contender.name,
            "shape": self.contender.shape,
            "codec": self.contender.codec,
            "laid_out": self.contender.laid_out,
            **{
                step: {
                    "wall_s": [round(build.wall, 3) for build in builds],
                    "processes": builds[-1].processes,
                    "actions": builds[-1].actions,
                }
                for step, builds in (
                    ("cold", self.cold),
                    ("changed", self.changed),
                    ("unchanged", self.unchanged),
                )
            },
            "cache_bytes": int(statistics.median(self.cache_bytes)),
            "cache_bytes_added": int(statistics.median(self.cache_bytes_added)),
            "output_bytes": int(statistics.median(self.output_bytes)),
        }


def contenders() -> list[Contender]:
    """All ways to make the large image."""
    return [
        Contender(shape, codec, laid_out)
        for codec in CODECS
        for shape in SHAPES
        for laid_out in ([False, True] if shape in OURS else [True])
    ]


def rotated(items: list[Contender], turn: int) -> list[Contender]:
    """The order of a round: begun elsewhere each time, every other round backwards, so that neighbours change."""
    start = turn * 3 % len(items)
    order = items[start:] + items[:start]
    return order[::-1] if turn % 2 else order


class Bench:
    """A module, and Bazel in it."""

    def __init__(self, work: Path, sizes: Sizes, tools_cache: Path | None) -> None:
        self._module = work / "module"
        self._sizes = sizes
        self._cache = work / "disk_cache"
        print(f"writing {self._module}", file=sys.stderr, flush=True)
        image_module.write(self._module, sizes)
        flags = [
            f"--override_module=rules_strata={machine.REPOSITORY}",
            "--lockfile_mode=off",
        ]
        if any(path.is_relative_to("/tmp") for path in (machine.REPOSITORY, work)):
            # Actions see an empty /tmp, and so not the sources of a module that another module finds there.
            flags.append("--noincompatible_sandbox_hermetic_tmp")
        self.bazel = Bazel(machine.REPOSITORY / "bazelw", self._module, work / "output_base", flags)
        print("building the tools", file=sys.stderr, flush=True)
        # All outputs, since the builds that are measured have another cache, and Bazel would seek in it what it left here.
        self.bazel.build(["//:warm", "//:warm.push", "//:read"], tools_cache, "--remote_download_outputs=all")
        self._outputs = self.bazel.outputs()

    def run(self, measured: Measured) -> None:
        """One round of a contender."""
        contender = measured.contender
        self._forget(contender.package)
        measured.cold.append(self._build(contender.targets))
        measured.cache_bytes.append(disk.used(self._cache))
        measured.output_bytes.append(disk.used(self._outputs / contender.package))
        if contender.laid_out and len(measured.cold) == 1:
            layouts.check(self._outputs / contender.package / "image", self._module / "inputs" / "layers")
        image_module.edit(image_module.edited_file(self._module, self._sizes))
        measured.changed.append(self._build(contender.targets))
        measured.cache_bytes_added.append(disk.used(self._cache) - measured.cache_bytes[-1])
        measured.unchanged.append(self._build(contender.targets))
        self._forget(contender.package)

    def many(self, shape: str) -> Build:
        """Builds what pushes of all the small images need."""
        package = image_module.many(shape)
        self._forget(package)
        suffix = ".push" if shape in OURS else ""
        build = self._build([f"//{package}:image_{number}{suffix}" for number in range(self._sizes.images)])
        self._forget(package)
        return build

    def _build(self, targets: Sequence[str]) -> Build:
        return self.bazel.build(targets, self._cache)

    def _forget(self, package: str) -> None:
        disk.remove(self._cache)
        disk.remove(self._outputs / package)


def measure(bench: Bench, rounds: int) -> list[Measured]:
    """Runs all contenders, so many rounds."""
    items = contenders()
    measured = {item: Measured(item) for item in items}
    for turn in range(rounds):
        for item in rotated(items, turn):
            bench.run(measured[item])
        print(f"round {turn + 1} of {rounds} done", file=sys.stderr, flush=True)
    return list(measured.values())


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/images", description="Measures whole images beside rules_oci's way of making them."
    )
    add = parser.add_argument
    add("--work", type=Path, metavar="DIR", help="for the module and Bazel's outputs (default: target/bench/images)")
    add("--rounds", type=int, default=5, help="how often everything runs (default: 5; 1 with --quick)")
    add("--tools-cache", type=Path, metavar="DIR", help="a --disk_cache in which the tools may be found built")
    add("--json", type=Path, metavar="FILE", help="write the result there")
    add("--quick", action="store_true", help="small images, one round: shows that everything works")
    return parser.parse_args(argv)


def _work(options: argparse.Namespace) -> None:
    sizes = image_module.QUICK if options.quick else image_module.FULL
    rounds = cli.rounds(options)
    # The module lies at the same place each time, since Bazel knows a workspace by its path.
    work: Path = (options.work or machine.REPOSITORY / "target" / "bench" / "images").resolve()
    work.mkdir(parents=True, exist_ok=True)
    about = machine.describe(work)
    bench = Bench(work, sizes, options.tools_cache)
    try:
        large = [measured.result() for measured in measure(bench, rounds)]
        many = []
        for shape, name in SHAPES.items():
            build = bench.many(shape)
            many.append(
                {
                    "name": name,
                    "shape": shape,
                    "wall_s": round(build.wall, 3),
                    "processes": build.processes,
                    "actions": build.actions,
                }
            )
        version = bench.bazel.version()
    finally:
        bench.bazel.shutdown()
    data = {
        "v": 1,
        "quick": options.quick,
        "commit": cli.commit(),
        "bazel": version,
        "machine": about,
        "sizes": image_module.describe(sizes),
        "rounds": rounds,
        "large": large,
        "many": many,
    }
    cli.publish(options, data, image_tables.all_of(data))


def main(argv: list[str]) -> int:
    """Runs `bench/images` and returns its exit code."""
    options = _parse(argv)
    return cli.exit_code("bench/images", lambda: _work(options))
