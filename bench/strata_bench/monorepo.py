"""A generated monorepo: BUILD files of six languages with their sources beside them, and binaries without images in a few.

Invariant: the same sizes make the same bytes everywhere, and buildifier finds nothing to change in them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BINARIES_EVERY = 20
"""One in so many packages has binaries."""
TEAM = 50
"""Packages of a team, each team a directory."""
AREA = 50
"""Teams of an area, each area a directory."""


@dataclass(frozen=True)
class Language:
    """Rules as a ruleset calls them."""

    name: str
    load: str
    extension: str
    test: bool = True
    """Whether it has a rule for tests that is like those for libraries."""
    data: str = "deps"
    """The attribute of a binary that its library goes to."""


LANGUAGES = (
    Language("go", "@rules_go//go:def.bzl", ".go"),
    Language("rust", "@rules_rust//rust:defs.bzl", ".rs"),
    Language("cc", "@rules_cc//cc:defs.bzl", ".cc"),
    Language("py", "@rules_python//python:defs.bzl", ".py"),
    Language("js", "@aspect_rules_js//js:defs.bzl", ".js", test=False, data="data"),
    Language("java", "@rules_java//java:defs.bzl", ".java"),
)
_LIBRARIES = {"rust": "rust_library", "go": "go_library", "js": "js_library"}
_WORDS = "account billing cache catalog codec config events export feature gateway index ledger metrics notify policy".split()
_ROOT = {
    "MODULE.bazel": 'module(name = "monorepo")\n\nbazel_dep(name = "rules_strata", version = "0.0.0")\n',
    ".bazelignore": "# Other workspaces\nthird_party/vendored\n",
    ".gitignore": "/bazel-*\n*.pyc\n*.swp\nnode_modules/\n/third_party/vendored/cache\n",
}


@dataclass(frozen=True)
class Package:
    """A package that is to be written."""

    path: str
    build: str
    sources: tuple[str, ...]
    binaries: int


@dataclass(frozen=True)
class Written:
    """What was written."""

    files: int
    """BUILD files."""
    bytes: int
    """Of BUILD files."""
    sources: int
    """Files beside them, all empty: neither program reads them."""
    with_binaries: tuple[Path, ...]
    """The BUILD files that have binaries."""
    binaries: int


def packages(count: int) -> Iterator[Package]:
    """So many packages, in an order of their own."""
    rng = random.Random(7)
    for number in range(count):
        binaries = 0 if number % BINARIES_EVERY else 1 + (rng.random() < 0.2)
        yield _package(rng, _path(number), binaries)


def write(folder: Path, count: int) -> Written:
    """Writes a repository with so many packages to a folder that isn't there."""
    folder.mkdir(parents=True)
    for name, text in _ROOT.items():
        (folder / name).write_text(text)
    size = sources = binaries = 0
    with_binaries = []
    for package in packages(count):
        directory = folder / package.path
        directory.mkdir(parents=True, exist_ok=True)
        build = directory / "BUILD.bazel"
        build.write_text(package.build)
        for name in package.sources:
            os.close(os.open(directory / name, os.O_WRONLY | os.O_CREAT, 0o644))
        size += len(package.build)
        sources += len(package.sources)
        binaries += package.binaries
        if package.binaries:
            with_binaries.append(build)
    return Written(count, size, sources, tuple(with_binaries), binaries)


def _path(number: int) -> str:
    team, within = divmod(number, TEAM)
    area, team = divmod(team, AREA)
    parts = [f"area{area:02}", f"team{team:02}"]
    if within % 7 == 6:
        parts += [f"p{within - 1:02}", "internal"]
    elif within:
        parts.append(f"p{within:02}")
    return "/".join(parts)


def _package(rng: random.Random, path: str, binaries: int) -> Package:
    language = rng.choice(LANGUAGES)
    kinds = set()
    sources: list[str] = []
    rules = []
    names = sorted(rng.sample(_WORDS, rng.randint(1, 5)))
    for name in names:
        kinds.add(_LIBRARIES.get(language.name, f"{language.name}_library"))
        rules.append(_library(rng, language, name, names, sources))
        if language.test and rng.random() < 0.7:
            kinds.add(f"{language.name}_test")
            rules.append(_test(language, name, sources))
    for name in ("server", "worker")[:binaries]:
        kinds.add(f"{language.name}_binary")
        rules.append(_binary(language, name, names[0], sources))
    head = [f"# Owners of {path}: see OWNERS.", "", _load(language.load, sorted(kinds)), ""]
    if rng.random() < 0.5:
        head += ['package(default_visibility = ["//visibility:public"])', ""]
    if rng.random() < 0.2:
        sources.append("testdata.json")
        rules.append(_rule("filegroup", [("name", '"testdata"'), ("srcs", '["testdata.json"]')]))
    return Package(path, "\n".join(head) + "\n" + "\n\n".join(rules) + "\n", tuple(sources), binaries)


def _library(rng: random.Random, language: Language, name: str, names: list[str], sources: list[str]) -> str:
    files = [f"{name}_{part}{language.extension}" for part in sorted(rng.sample(_WORDS, rng.randint(1, 3)))]
    sources.extend(files)
    local = [f":{other}" for other in names if other < name and rng.random() < 0.5]
    remote = {f"//{_path(rng.randrange(50_000))}:{rng.choice(_WORDS)}" for _ in range(rng.randint(0, 10))}
    external = [f"@{language.name}_deps//:{word}" for word in sorted(rng.sample(_WORDS, rng.randint(0, 3)))]
    deps = [*local, *sorted(remote, key=_order), *external]
    attributes = [("name", f'"{name}"'), ("srcs", _list(files))]
    if language.name == "go":
        attributes.append(("importpath", f'"example.com/monorepo/{name}"'))
    if rng.random() < 0.3:
        attributes.append(("visibility", '["//visibility:private"]'))
    if deps:
        attributes.append(("deps", _list(deps)))
    rule = _rule(_LIBRARIES.get(language.name, f"{language.name}_library"), attributes)
    return f"# {name.capitalize()} for those who call it; keep its deps few.\n{rule}" if rng.random() < 0.3 else rule


def _test(language: Language, name: str, sources: list[str]) -> str:
    source = f"{name}_test{language.extension}"
    sources.append(source)
    reference = ("embed" if language.name == "go" else "deps", f'[":{name}"]')
    attributes = [("name", f'"{name}_test"'), ("size", '"small"'), ("srcs", _list([source])), reference]
    return _rule(f"{language.name}_test", attributes)


def _binary(language: Language, name: str, library: str, sources: list[str]) -> str:
    source = f"{name}{language.extension}"
    sources.append(source)
    attributes = [("name", f'"{name}"')]
    if language.name == "js":
        attributes += [("data", f'[":{library}"]'), ("entry_point", f'"{source}"')]
    else:
        attributes.append(("srcs", _list([source])))
        if language.name == "java":
            attributes.append(("main_class", '"com.example.Main"'))
        attributes.append((language.data, f'[":{library}"]'))
    return _rule(f"{language.name}_binary", attributes)


def _order(label: str) -> list[str]:
    """The order that buildifier has for labels: that of their parts."""
    return label.replace(":", "/:").split("/")


def _list(items: list[str]) -> str:
    if len(items) == 1:
        return f'["{items[0]}"]'
    return "[\n" + "".join(f'        "{item}",\n' for item in items) + "    ]"


def _rule(kind: str, attributes: list[tuple[str, str]]) -> str:
    return f"{kind}(\n" + "".join(f"    {name} = {value},\n" for name, value in attributes) + ")"


def _load(file: str, symbols: list[str]) -> str:
    return f'load("{file}", ' + ", ".join(f'"{symbol}"' for symbol in symbols) + ")"
