"""The two plots of docs/performance.md, as SVG, drawn by matplotlib from the JSON of `bench/layers`.

Invariant: the same JSON and the same matplotlib give the same bytes. Text stays text, in whatever sans-serif font the
reader has, so that the pictures are small and readable by search and screen readers.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from strata_bench.programs import CODECS
from strata_bench.targets import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "rules_strata",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
OURS, PEERS, FLOOR = "#0b6e4f", "#9aa5b1", "#c0392b"
CODEC_COLOURS = {"gzip": "#0b6e4f", "zstd": "#1f5fa8"}
GAP = 0.5
"""Between codecs, in bars."""
SCALED = ("pack:gzip", "pack:zstd")


def draw(results: Results) -> dict[str, str]:
    """All plots, as SVG text by file name."""
    import matplotlib

    matplotlib.use("svg")
    with matplotlib.rc_context(SETTINGS):
        return {"throughput.svg": _svg(_throughput(results)), "scaling.svg": _svg(_scaling(results))}


def _svg(figure: Figure) -> str:
    """A figure without date and creator, which would change its bytes."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _throughput(results: Results) -> Figure:
    """Horizontal bars: MB of tar a second, a panel for each input, by codec, with the floor as a line."""
    from matplotlib.figure import Figure

    sources = list(results.inputs)
    programs = sorted(results.data["programs"], key=lambda program: CODECS.index(program["codec"]))
    rows = [row + GAP * CODECS.index(program["codec"]) for row, program in enumerate(programs)]
    figure = Figure(figsize=(9.5, 0.7 + 0.24 * len(programs)))
    panels = figure.subplots(1, len(sources), sharey=True, squeeze=False)[0]
    for panel, source in zip(panels, sources, strict=True):
        _bars(panel, results, source, list(zip(rows, programs, strict=True)))
    panels[0].set_yticks(rows, [program["key"].replace(":", ", ") for program in programs])
    panels[0].invert_yaxis()
    figure.supxlabel("MB of tar a second, median; dashed: SHA-256 of the tar on one core", fontsize=9)
    figure.tight_layout(w_pad=0.6)
    return figure


def _bars(panel: Axes, results: Results, source: str, programs: list[tuple[float, dict[str, Any]]]) -> None:
    tar = results.inputs[source]["tar_bytes"]
    for row, program in programs:
        wall = results.wall(source, program["key"])
        if wall is not None:
            rate = tar / wall / 1e6
            panel.barh(row, rate, height=0.72, color=OURS if program["ours"] else PEERS)
            panel.annotate(f"{rate:,.0f}", (rate, row), (2, 0), textcoords="offset points", va="center", fontsize=7)
    panel.axvline(tar / results.floor(source) / 1e6, color=FLOOR, linestyle="--", linewidth=1)
    panel.set_title(f"({source}) {tar / 1e6:,.0f} MB", fontsize=9)
    panel.tick_params(axis="y", length=0)
    panel.set_xlim(right=panel.get_xlim()[1] * 1.08)


def _scaling(results: Results) -> Figure:
    """Wall time by number of cores, both axes logarithmic: a panel for each input, with what linear would be."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullLocator

    sources = list(results.inputs)
    counts = sorted({run["cores"] for run in results.data["results"] if run["program"] == SCALED[0]})
    figure = Figure(figsize=(9.5, 2.6))
    panels = figure.subplots(1, len(sources), squeeze=False)[0]
    for panel, source in zip(panels, sources, strict=True):
        for program in SCALED:
            _line(panel, results, source, program, counts)
        panel.axhline(results.floor(source), color=FLOOR, linestyle="--", linewidth=1, label="SHA-256 of the tar")
        panel.set_xscale("log", base=2)
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panel.yaxis.set_minor_locator(NullLocator())
        panel.set_xticks(counts, [str(count) for count in counts])
        panel.yaxis.set_major_formatter(lambda value, _position: f"{value:g}")
        panel.set_title(f"({source}) {results.inputs[source]['tar_bytes'] / 1e6:,.0f} MB", fontsize=9)
    panels[0].set_ylabel("seconds, median")
    figure.supxlabel("cores", fontsize=9)
    figure.tight_layout(w_pad=0.6)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), bbox_to_anchor=(0.5, -0.09))
    return figure


def _line(panel: Axes, results: Results, source: str, program: str, counts: list[int]) -> None:
    points = [(count, wall) for count in counts if (wall := results.wall(source, program, count)) is not None]
    codec = program.partition(":")[2]
    colour = CODEC_COLOURS[codec]
    panel.plot(
        *zip(*points, strict=True), color=colour, marker="o", markersize=3.5, linewidth=1.4, label=f"pack, {codec}"
    )
    one = points[0][1] * points[0][0]
    ideal = [max(one / count, results.floor(source)) for count in counts]
    panel.plot(counts, ideal, color=colour, linestyle=":", linewidth=1, label=f"{codec}, linear until the hash")
