"""The result of bench/lang as tables: what it prints, and what docs/performance.md repeats."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from strata_bench import table
from strata_bench.lang_module import LANGUAGES
from strata_bench.targets import Verdict

MB = 1e6

# Of rebuilds, seconds beyond Bazel's own; all else are ratios.
COLD, REBUILD, ANALYSIS = 0.2, 1.0, 1.3

NOTES = """\
Seconds are those beyond a build that finds nothing to do. packing: from the start of the first action that packs to the end of the
last. elsewhere: what is packed after the change where nothing has been built, and a disk cache has all that was before it. Analysis is
of that many programs with as many packages in a server that has analysed one; CPU is of all of the server's threads."""

_PACKING = ("OciLayer", "PackageTar")


def all_of(data: dict[str, Any]) -> list[tuple[str, table.Rows]]:
    """All tables that there is a result for, each with its title."""
    sizes = data["sizes"]
    about = {
        "py": f"Python, {sizes['site_packages_bytes'] / MB:,.0f} MB in {sizes['distributions']} distributions",
        "js": f"JavaScript, {sizes['node_modules_files']:,} files in {sizes['packages']} npm packages",
    }
    tables = []
    if data["packing"] and data["analysis"]:
        tables.append(("To reach", table.of_targets(verdicts(data))))
    if data["packing"]:
        tables += [(about[language], of_packing(data["packing"], language)) for language in LANGUAGES]
    if data["analysis"]:
        tables.append((f"Analysis of {sizes['images']}", of_analysis(data["analysis"])))
    return tables


def beyond(result: dict[str, Any], step: str) -> float:
    """Seconds of a build beyond those of one that finds nothing to do, medians."""
    return statistics.median(result[step]["wall_s"]) - statistics.median(result["unchanged"]["wall_s"])


def of_packing(results: Sequence[dict[str, Any]], language: str) -> table.Rows:
    """One program, a row for each way to pack it."""
    rows = [["made by", "compression", "cold s", "of it packing", "actions", "after a change s", "packed", "elsewhere", "MB"]]
    for result in results:
        if result["language"] == language:
            level = f" {result['level']}" if result["level"] else ""
            rows.append(
                [
                    result["name"],
                    result["compression"] + level,
                    f"{beyond(result, 'cold'):.2f}",
                    f"{statistics.median(result['cold']['packing_s']):.2f}",
                    _count(result["cold"]["actions"]),
                    f"{beyond(result, 'changed'):.2f}",
                    _count(result["changed"]["actions"]),
                    _count(result["elsewhere"]) if result["elsewhere"] else "",
                    f"{result['output_bytes'] / MB:,.1f}",
                ]
            )
    return rows


def _count(actions: dict[str, int]) -> str:
    return ", ".join(f"{actions[mnemonic]} {mnemonic}" for mnemonic in _PACKING if mnemonic in actions) or "0"


def of_analysis(results: Sequence[dict[str, Any]]) -> table.Rows:
    """A row for each language: what its images take, of what their binaries take."""
    rows = [["program", "binaries: wall s", "CPU s", "actions", "images: wall s", "CPU s", "actions", "ratio: wall", "CPU"]]
    for language, name in LANGUAGES.items():
        bare, image = (_analysed(results, language, kind) for kind in ("bare", "image"))
        cells = []
        for result in (bare, image):
            cells += [
                f"{statistics.median(result['wall_s']):.2f}",
                f"{statistics.median(result['cpu_s']):.2f}",
                f"{result['actions']:,}",
            ]
        rows.append([name, *cells, *(f"{ratio(results, language, figure):.2f}" for figure in ("wall_s", "cpu_s"))])
    return rows


def ratio(results: Sequence[dict[str, Any]], language: str, figure: str) -> float:
    """What the images take, of what their binaries take, medians."""
    bare, image = (statistics.median(_analysed(results, language, kind)[figure]) for kind in ("bare", "image"))
    return float(image / bare)


def _analysed(results: Sequence[dict[str, Any]], language: str, kind: str) -> dict[str, Any]:
    return next(result for result in results if (result["language"], result["kind"]) == (language, kind))


def verdicts(data: dict[str, Any]) -> list[Verdict]:
    """What is to be reached, held against what was measured."""
    found = []
    for language, name in LANGUAGES.items():
        of = {result["shape"]: result for result in data["packing"] if result["language"] == language}
        for codec in ("gzip", "none"):
            ours, peer = of[f"layers_{codec}"], of[f"pkg_tar_{codec}"]
            cold = beyond(ours, "cold") / beyond(peer, "cold")
            text = f"cold, {codec}: wall time, of `pkg_tar`"
            found.append(Verdict(f"cold-{codec}", text, name, COLD, False, cold))
        rebuild = beyond(of["layers_gzip"], "changed")
        found.append(Verdict("rebuild", "after a change, gzip: seconds beyond Bazel's own", name, REBUILD, False, rebuild))
        for figure, of_what in (("wall_s", "wall"), ("cpu_s", "CPU")):
            value = ratio(data["analysis"], language, figure)
            text = f"analysis: {of_what} time, of the binaries"
            found.append(Verdict(f"analysis-{of_what}", text, name, ANALYSIS, False, value))
    return found
