"""The result of bench/images as tables: what it prints, and what docs/performance.md repeats."""

from __future__ import annotations

import statistics
from typing import Any

from strata_bench import table

MB = 1e6

# What Bazel does itself for anything that can be run.
_OF_BAZEL = frozenset(
    {
        "BazelWorkspaceStatusAction",
        "ExecutableSymlink",
        "FileWrite",
        "RepoMappingManifest",
        "SourceSymlinkManifest",
        "Symlink",
        "SymlinkTree",
    }
)


def all_of(data: dict[str, Any]) -> list[tuple[str, table.Rows]]:
    """All tables, each with its title."""
    sizes = data["sizes"]
    large = f"One image, {sizes['layers']} layers, {sizes['content_bytes'] / MB:,.1f} MB of files"
    many = f"{sizes['images']} images that share {sizes['shared']} of {sizes['shared'] + 1} layers"
    return [
        (f"{large}, not compressed", of_large(data["large"], "none")),
        (f"{large}, compressed with gzip", of_large(data["large"], "gzip")),
        (many, of_many(data["many"])),
    ]


def of_large(results: list[dict[str, Any]], codec: str) -> table.Rows:
    """The large image, a row for each way to make it."""
    rows = [
        [
            "made by",
            "processes",
            "actions",
            "cold s",
            "processes after a change",
            "s",
            "nothing changed s",
            "disk cache MB",
            "+ by the change",
            "bazel-bin MB",
        ]
    ]
    for result in results:
        if result["codec"] == codec:
            cold, changed, unchanged = (result[step] for step in ("cold", "changed", "unchanged"))
            rows.append(
                [
                    result["name"],
                    f"{cold['processes']}",
                    f"{sum(cold['actions'].values())}",
                    f"{statistics.median(cold['wall_s']):.2f}",
                    f"{changed['processes']}",
                    f"{statistics.median(changed['wall_s']):.2f}",
                    f"{statistics.median(unchanged['wall_s']):.2f}",
                    f"{result['cache_bytes'] / MB:,.1f}",
                    f"{result['cache_bytes_added'] / MB:,.1f}",
                    f"{result['output_bytes'] / MB:,.1f}",
                ]
            )
    return rows


def of_many(results: list[dict[str, Any]]) -> table.Rows:
    """The small images, a row for each way to make them."""
    rows = [["made by", "processes", "actions", "s", "actions but for Bazel's own"]]
    for result in results:
        actions = {mnemonic: count for mnemonic, count in result["actions"].items() if mnemonic not in _OF_BAZEL}
        ran = ", ".join(f"{count} {mnemonic}" for mnemonic, count in actions.items())
        rows.append(
            [
                result["name"],
                f"{result['processes']}",
                f"{sum(result['actions'].values())}",
                f"{result['wall_s']:.2f}",
                ran,
            ]
        )
    return rows
