"""The module that bench/lang builds in: bench/modules/lang with what programs need, and a package for each way to pack them.

Invariant: the same sizes give the same inputs on any machine.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path

from strata_bench.machine import REPOSITORY

LANGUAGES = {"py": "Python", "js": "JavaScript"}
MODULE = REPOSITORY / "bench" / "modules" / "lang"
STAND_IN = REPOSITORY / "e2e" / "standins" / "aspect_rules_js"
LIBRARIES = ("api", "models", "storage", "views")
"""Of a program, as programs.bzl has them."""
DIRECT = 20
"""How many npm packages package.json names; the others are needed by those."""


@dataclass(frozen=True)
class Sizes:
    """How large the programs are."""

    distributions: int
    """Of Python, each with as many modules and a native library."""
    modules: int
    module_bytes: int
    library_bytes: int
    packages: int
    """Of npm, each with as many files."""
    files: int
    file_bytes: int
    runtime_bytes: int
    """Of Python's interpreter, of its standard library, and of Node."""
    images: int
    """How many are analysed."""

    @property
    def site_packages_bytes(self) -> int:
        """What is in all distributions, about."""
        return self.distributions * (self.modules * self.module_bytes + self.library_bytes)

    @property
    def node_modules_files(self) -> int:
        """Files of all npm packages, links not counted."""
        return self.packages * self.files


FULL = Sizes(
    distributions=40,
    modules=200,
    module_bytes=8_000,
    library_bytes=5_900_000,
    packages=400,
    files=50,
    file_bytes=4_000,
    runtime_bytes=5_000_000,
    images=200,
)
QUICK = Sizes(
    distributions=3,
    modules=3,
    module_bytes=500,
    library_bytes=20_000,
    packages=25,
    files=3,
    file_bytes=500,
    runtime_bytes=10_000,
    images=3,
)


@dataclass(frozen=True)
class Shape:
    """One way to pack a program."""

    name: str
    """For people."""
    call: str
    """The macro of shapes.bzl, and its arguments after the language."""
    compression: str
    """`gzip` or `none`."""
    ours: bool = True
    level: str = ""
    """Of gzip, as it is by default."""


SHAPES = {
    "layers_gzip": Shape("layers", 'layers("{}", compression = "gzip", level = -1)', "gzip", level="5"),
    "layers_gzip_9": Shape("layers", 'layers("{}", compression = "gzip", level = 9)', "gzip", level="9"),
    "pkg_tar_gzip": Shape("pkg_tar", 'peer("{}", compression = "gzip")', "gzip", ours=False, level="9"),
    "layers_none": Shape("layers", 'layers("{}", compression = "none", level = -1)', "none"),
    "pkg_tar_none": Shape("pkg_tar", 'peer("{}", compression = "none")', "none", ours=False),
}
"""By the end of the package's name."""


def package(language: str, shape: str) -> str:
    """The package in which a program is packed."""
    return f"{language}_{shape}"


def analysed(language: str, kind: str, number: int) -> str:
    """A package with a program of its own: `bare`, or with its image, `image`."""
    return f"{kind}_{language}/{number}"


def edited_file(folder: Path, language: str) -> Path:
    """The first file of the program that is packed."""
    return folder / language / f"server.{language}"


def edit(file: Path, number: int) -> None:
    """Changes one line."""
    lines = file.read_text().splitlines()
    lines[-1] = f"edited = {number};"
    file.write_text("\n".join(lines) + "\n")


def write(folder: Path, sizes: Sizes) -> None:
    """Writes the module to `folder`, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(MODULE, folder)
    shutil.copy(REPOSITORY / ".bazelversion", folder)
    text = _Text()
    _write_distributions(folder, sizes, text)
    _write_runtimes(folder, sizes, text)
    _write_packages(folder, sizes, text)
    for language in LANGUAGES:
        _write_program(folder / language, language)
        for name, shape in SHAPES.items():
            macro = shape.call.partition("(")[0]
            build = f'load("//:shapes.bzl", "{macro}")\n\n{shape.call.format(language)}\n'
            (folder / package(language, name)).mkdir()
            (folder / package(language, name) / "BUILD.bazel").write_text(build)
        for number in range(sizes.images + 1):
            _write_analysed(folder, language, number)


class _Text:
    """Words from a seed: what compresses about as well as source code. The order of the draws decides the bytes."""

    def __init__(self) -> None:
        self._rng = random.Random(1)
        alphabet = "abcdefghijklmnopqrstuvwxyz"
        self._words = ["".join(self._rng.choices(alphabet, k=self._rng.randint(2, 9))) for _ in range(5000)]

    def text(self, size: int) -> str:
        """So many characters."""
        return (" ".join(self._rng.choices(self._words, k=size // 10 + 2)) * 2)[:size]

    def native(self, size: int) -> bytes:
        """What compresses about as well as machine code: noise and text, in turns."""
        found = bytearray()
        while len(found) < size:
            found += self._rng.randbytes(4_000)
            found += self.text(12_000).encode()
        return bytes(found[:size])


def _write_distributions(folder: Path, sizes: Sizes, text: _Text) -> None:
    names = [f"distribution_{number}" for number in range(sizes.distributions)]
    (folder / "distributions.txt").write_text("\n".join(names) + "\n")
    for name in names:
        root = folder / "distributions" / name / name
        for number in range(sizes.modules):
            path = root / f"part_{number // 20}" / f"module_{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.text(sizes.module_bytes))
        (root / "_native.so").write_bytes(text.native(sizes.library_bytes))
        about = root.parent / f"{name}-1.0.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")


def _write_runtimes(folder: Path, sizes: Sizes, text: _Text) -> None:
    """A Python, and a Node as npm's archive has it."""
    python = folder / "runtime" / "bin" / "python3"
    python.parent.mkdir()
    python.write_bytes(text.native(sizes.runtime_bytes))
    python.chmod(0o755)
    library = folder / "runtime" / "lib" / "python3"
    library.mkdir(parents=True)
    for number in range(max(1, sizes.runtime_bytes // 20_000)):
        (library / f"module_{number}.py").write_text(text.text(20_000))
    node = text.native(sizes.runtime_bytes)
    with tarfile.open(folder / "node.tgz", "w:gz") as archive:
        member = tarfile.TarInfo("package/bin/node")
        member.size, member.mode = len(node), 0o755
        archive.addfile(member, io.BytesIO(node))


def needs(number: int, packages: int) -> list[int]:
    """What an npm package needs: two of its own, and one that others need too."""
    needed = {DIRECT + 2 * number, DIRECT + 2 * number + 1, DIRECT + 3 * number}
    return sorted(need for need in needed if number < need < packages)


def _write_packages(folder: Path, sizes: Sizes, text: _Text) -> None:
    """A folder that npm could have filled, and its lock file."""
    root = folder / "installed"
    direct = {f"package-{number}": "1.0.0" for number in range(min(DIRECT, sizes.packages))}
    places: dict[str, object] = {"": {"dependencies": direct}}
    for number in range(sizes.packages):
        name = f"package-{number}"
        manifest = {
            "name": name,
            "version": "1.0.0",
            "dependencies": {f"package-{need}": "1.0.0" for need in needs(number, sizes.packages)},
        }
        places[f"node_modules/{name}"] = manifest
        library = root / "node_modules" / name / "lib"
        library.mkdir(parents=True)
        (library.parent / "package.json").write_text(json.dumps(manifest))
        for index in range(sizes.files - 1):
            (library / f"file-{index}.js").write_text(text.text(sizes.file_bytes))
    (root / "package.json").write_text(json.dumps({"name": "lang", "dependencies": direct}))
    (folder / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": places}))


def _write_program(folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("server", *LIBRARIES):
        (folder / f"{name}.{language}").write_text(f"name = '{name}';\nedited = 0;\n")


def _write_analysed(folder: Path, language: str, number: int) -> None:
    loads = f'load("//:programs.bzl", "{language}_program")\n'
    program = f'\n{language}_program(name = "server")\n'
    image = f'\nimage("{language}", binary = ":server")\n'
    for kind, build in (
        ("bare", loads + program),
        ("image", loads + 'load("//:shapes.bzl", "image")\n' + program + image),
    ):
        home = folder / analysed(language, kind, number)
        _write_program(home, language)
        (home / "BUILD.bazel").write_text(build)


def describe(sizes: Sizes) -> dict[str, int]:
    """The JSON of it."""
    return asdict(sizes) | {
        "site_packages_bytes": sizes.site_packages_bytes,
        "node_modules_files": sizes.node_modules_files,
    }
