"""That every output of every program holds the input, and that those of `pack` are as they must be.

Invariants of `pack` that are checked beside the tree: the same bytes in every round and on any number of cores, and the
same modes with every codec.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path

from strata_bench import tree
from strata_bench.errors import BenchError
from strata_bench.inputs import Input
from strata_bench.programs import Program


class Checks:
    """What is known of the outputs on one input."""

    def __init__(self, source: Input) -> None:
        self._name = source.name
        self._expected = tree.of_directory(source.directory)
        self._modes_of: dict[str, str] = {}
        """By digest of an output that was unpacked: the digest of its modes."""
        self._digests: dict[Program, set[str]] = defaultdict(set)

    def check(self, program: Program, out: Path) -> str:
        """Compares an output with the input, unless one of the same bytes was. Returns its SHA-256."""
        with out.open("rb") as blob:
            digest = hashlib.file_digest(blob, "sha256").hexdigest()
        if digest not in self._modes_of:
            found = tree.of_layer(out)
            if difference := tree.difference(self._expected, found):
                raise BenchError(f"{program.key} on input {self._name} does not hold what went in: {difference}")
            self._modes_of[digest] = found.modes_digest()
        if (codec := tree.codec_of(out)) != program.codec:
            raise BenchError(f"{program.key} on input {self._name} wrote {codec}")
        self._digests[program].add(digest)
        return digest

    def together(self) -> None:
        """What can only be told when all is done."""
        ours = {program: digests for program, digests in self._digests.items() if program.ours}
        for program, digests in ours.items():
            if len(digests) > 1:
                raise BenchError(
                    f"{program.key} on input {self._name} wrote different bytes in different runs or on other cores"
                )
        if len({self._modes_of[digest] for digests in ours.values() for digest in digests}) > 1:
            raise BenchError(f"pack's layers of input {self._name} differ in modes: {self.agree_on_modes()}")

    def agree_on_modes(self) -> list[list[str]]:
        """The programs that give files the same modes, together."""
        groups: dict[str, set[str]] = defaultdict(set)
        for program, digests in self._digests.items():
            for digest in digests:
                groups[self._modes_of[digest]].add(program.key)
        return sorted(map(sorted, groups.values()))
