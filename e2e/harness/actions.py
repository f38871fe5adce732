"""The action graph, from `bazel aquery --output=jsonproto`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Action:
    """One action; paths are relative to the execution root."""

    mnemonic: str
    inputs: frozenset[str]
    outputs: frozenset[str]
    arguments: tuple[str, ...]
    """The command line, with its param files in place."""

    def values(self, option: str) -> list[str]:
        """The values that follow an option, in order."""
        pairs = zip(self.arguments, self.arguments[1:], strict=False)
        return [value for name, value in pairs if name == option]


class Actions:
    """The actions of a query's result."""

    def __init__(self, graph: dict[str, Any]) -> None:
        fragments = {fragment["id"]: fragment for fragment in graph.get("pathFragments", [])}
        sets = {entry["id"]: entry for entry in graph.get("depSetOfFiles", [])}

        @cache
        def path(fragment: int) -> str:
            entry = fragments[fragment]
            parent = entry.get("parentId")
            return f"{path(parent)}/{entry['label']}" if parent else str(entry["label"])

        artifacts = {artifact["id"]: path(artifact["pathFragmentId"]) for artifact in graph.get("artifacts", [])}

        @cache
        def members(depset: int) -> frozenset[str]:
            entry = sets[depset]
            direct = {artifacts[artifact] for artifact in entry.get("directArtifactIds", [])}
            return frozenset(direct.union(*(members(child) for child in entry.get("transitiveDepSetIds", []))))

        self._actions = [
            Action(
                mnemonic=action["mnemonic"],
                inputs=frozenset().union(*(members(depset) for depset in action.get("inputDepSetIds", []))),
                outputs=frozenset(artifacts[artifact] for artifact in action.get("outputIds", [])),
                arguments=_arguments(action),
            )
            for action in graph.get("actions", [])
        ]

    def of(self, *mnemonics: str) -> list[Action]:
        """The actions with one of these mnemonics."""
        return [action for action in self._actions if action.mnemonic in mnemonics]


def _arguments(action: dict[str, Any]) -> tuple[str, ...]:
    """A command line whose `@FILE` is replaced by what the file will hold."""
    files = {file["execPath"]: file.get("arguments", []) for file in action.get("paramFiles", [])}
    found: list[str] = []
    for argument in action.get("arguments", []):
        found += files.get(argument.removeprefix("@"), [argument])
    return tuple(found)
