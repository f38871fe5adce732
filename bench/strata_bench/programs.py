"""The programs that are measured: `pack`, the peers that are installed, and others that the user names.

A program has a name and a codec; `NAME:CODEC` is its key in results and targets. Its stages are argument lists, joined
by pipes without a shell, in which these are filled in:
  {dir}          the directory to pack
  {out}          the file to write; a pipeline that doesn't name it has its standard output written there
  {list}         a file that names the files to pack, one a line, relative to {dir} (as `tar -T` takes it)
  {list:FORMAT}  the same with lines of another form: %p the relative path, %s the path on disk, %0 a NUL, %% a %
  {entries}      an entries file of `pack layer` that places {dir} at the root
"""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from strata_bench.errors import BenchError
from strata_bench.inputs import Input, regular_files

CODECS = ("gzip", "zstd", "none")
ENTRIES_HEADER = "strata-entries 2\n"
"""How an entries file of `pack layer` begins."""
PLACEHOLDER = re.compile(r"\{(dir|out|entries|list)(?::([^{}]*))?\}")


@dataclass(frozen=True)
class Program:
    """A command line that makes a layer of a directory."""

    name: str
    codec: str
    stages: tuple[tuple[str, ...], ...]
    version: str = ""
    ours: bool = field(default=False)

    @property
    def key(self) -> str:
        """How results and targets call it."""
        return f"{self.name}:{self.codec}"

    def names(self, placeholder: str) -> bool:
        """Whether the command has this placeholder anywhere."""
        words = [word for stage in self.stages for word in stage]
        return any(match[1] == placeholder for word in words for match in PLACEHOLDER.finditer(word))


class Files:
    """Fills in placeholders for one input; writes the lists that they name, each once."""

    def __init__(self, source: Input, folder: Path) -> None:
        self.name = source.name
        self._source = source
        self._folder = folder
        self._lists: dict[str, Path] = {}

    def fill_in(self, program: Program, out: Path) -> list[list[str]]:
        """The stages of a program, ready to run."""
        return [
            [PLACEHOLDER.sub(lambda match: self._value(match, out), word) for word in stage] for stage in program.stages
        ]

    def _value(self, match: re.Match[str], out: Path) -> str:
        kind, form = match.groups()
        if kind == "dir":
            return str(self._source.directory)
        if kind == "out":
            return str(out)
        if kind == "entries":
            return str(self._written("entries", lambda: f"{ENTRIES_HEADER}tree\n/\n{self._source.directory}\n\n"))
        form = form or "%p"
        return str(
            self._written(
                form, lambda: "".join(self._line(form, path) for path in regular_files(self._source.directory))
            )
        )

    def _line(self, form: str, path: Path) -> str:
        values = {"%p": str(path.relative_to(self._source.directory)), "%s": str(path), "%0": "\0", "%%": "%"}
        return re.sub("%[ps0%]", lambda match: values[match[0]], form) + "\n"

    def _written(self, form: str, text: Callable[[], str]) -> Path:
        if form not in self._lists:
            path = self._folder / f"{self.name}.{len(self._lists)}.list"
            path.write_text(text())
            self._lists[form] = path
        return self._lists[form]


def ours(pack: Path, version: str, levels: dict[str, list[int]]) -> list[Program]:
    """`pack` with every codec at its default level, at those that are asked for, and with equal files stored once."""

    def program(name: str, codec: str, *options: str) -> Program:
        argv: tuple[str, ...] = (str(pack), "layer", "--entries", "{entries}", "--blob", "{out}")
        argv += (
            "--metadata",
            "{out}.json",
            "--mtree",
            "{out}.mtree",
            "--created-by",
            "bench",
            "--compression",
            codec,
            *options,
        )
        return Program(name, codec, (argv,), version, ours=True)

    programs = [program("pack", codec) for codec in CODECS]
    programs.append(program("pack-dedupe", "gzip", "--dedupe"))
    for codec, numbers in levels.items():
        programs += [program(f"pack-{level}", codec, "--compression-level", str(level)) for level in numbers]
    return programs


_TAR = ("tar", "-C", "{dir}", "-cf", "-", ".")
_INSTALLED = (
    ("bsdtar", "gzip", (("bsdtar", "-czf", "{out}", "-C", "{dir}", "."),)),
    ("pigz", "gzip", (_TAR, ("pigz", "-6"))),
    ("zstd", "zstd", (_TAR, ("zstd", "-q", "-T0", "-3"))),
    ("tar", "none", (("tar", "-C", "{dir}", "-cf", "{out}", "."),)),
)


def installed_peers() -> tuple[list[Program], list[str]]:
    """The peers that this machine has, and the names of those that it hasn't."""
    found, absent = [], []
    for name, codec, stages in _INSTALLED:
        commands = [stage[0] for stage in stages]
        if all(map(shutil.which, commands)):
            version = ", ".join(filter(None, map(version_of, dict.fromkeys(commands))))
            found.append(Program(name, codec, stages, version))
        else:
            absent.append(name)
    return found, absent


def version_of(command: str) -> str:
    """The first line that `COMMAND --version` prints; empty if it prints none."""
    run = subprocess.run([command, "--version"], capture_output=True, text=True, errors="replace", check=False)
    lines = (run.stdout or run.stderr).strip().splitlines()
    return lines[0].strip() if run.returncode == 0 and lines else ""


def parse_peer(text: str) -> Program:
    """`NAME:CODEC=COMMAND`. The command is split as a shell would, and `|` alone joins stages; no shell runs."""
    head, equals, command = text.partition("=")
    name, colon, codec = head.partition(":")
    if not (equals and colon and name and command.strip()):
        raise BenchError(f"--peer: {text!r} is not NAME:CODEC=COMMAND")
    if codec not in CODECS:
        raise BenchError(f"--peer: {codec!r} in {text!r} is no codec; there are {', '.join(CODECS)}")
    stages: list[list[str]] = [[]]
    for word in shlex.split(command):
        if word == "|":
            stages.append([])
        else:
            stages[-1].append(word)
    if not all(stages):
        raise BenchError(f"--peer: an empty stage in {text!r}")
    for stage in stages:
        if shutil.which(stage[0]) is None:
            raise BenchError(f"--peer {name}: there is no program {stage[0]!r}")
    program = Program(name, codec, tuple(map(tuple, stages)), _fingerprint(stages[0][0]))
    if not any(map(program.names, ("dir", "list", "entries"))):
        raise BenchError(
            f"--peer {name}: its command names neither {{dir}} nor {{list}}, so it can't know what to pack"
        )
    return program


def _fingerprint(command: str) -> str:
    """What tells one build of a program from another where nobody gave its version."""
    digest = hashlib.sha256(Path(str(shutil.which(command))).read_bytes()).hexdigest()
    return f"executable with SHA-256 {digest[:16]}…"
