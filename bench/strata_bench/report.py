"""The command line of `bench/report`: docs/performance.md and its plots, from the results that are checked in.

Invariant: what is generated depends on docs/performance/*.json and on this program alone, and stands between two
markers; what people wrote around it stays. Each plot ends in a stamp, the digests of the data, of the program that drew
it, and of the picture, so that `--check` can tell a stale or an edited one on a machine without matplotlib.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from strata_bench import configure_tables, image_tables, lang_tables, locality, machine, summary, table, targets
from strata_bench.errors import BenchError

PAGE = machine.REPOSITORY / "docs" / "performance.md"
FOLDER = machine.REPOSITORY / "docs" / "performance"
LAYERS, LOCALITY = FOLDER / "layers.json", FOLDER / "locality.json"
IMAGES, LANG, CONFIGURE = FOLDER / "images.json", FOLDER / "lang.json", FOLDER / "configure.json"
PLOTS = ("throughput.svg", "scaling.svg")
DRAWN_BY = Path(__file__).with_name("plots.py")
BEGIN = "<!-- begin: written by bench/report, not by hand -->"
END = "<!-- end: written by bench/report -->"
STAMP = re.compile(r"<!-- bench/report: data (\w+), plots\.py (\w+), picture (\w+) -->\n\Z")


def main(argv: list[str]) -> int:
    """Runs `bench/report` and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="bench/report",
        description=f"Writes the tables and plots of {PAGE.relative_to(machine.REPOSITORY)} from "
        f"{LAYERS.relative_to(machine.REPOSITORY)}, {LOCALITY.name}, {IMAGES.name}, {LANG.name} and {CONFIGURE.name}. Plots that are "
        "not fresh are drawn again, which needs matplotlib.",
    )
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if anything is not fresh")
    options = parser.parse_args(argv)
    try:
        if options.check:
            check()
        else:
            write()
    except BenchError as error:
        print(f"bench/report: {error}", file=sys.stderr)
        return 1
    return 0


def write() -> None:
    """Writes the section, and the plots if some are not fresh."""
    if not all(map(is_fresh, PLOTS)):
        _draw()
    page = PAGE.read_text()
    PAGE.write_text(replaced(page, section()))


def _draw() -> None:
    try:
        from strata_bench import plots

        drawn = plots.draw(targets.Results(load(LAYERS)))
    except ImportError as error:
        raise BenchError(f"{error}: install matplotlib, by pip or as the package python3-matplotlib") from error
    for name, svg in drawn.items():
        (FOLDER / name).write_text(svg + stamp(svg))


def is_fresh(plot: str) -> bool:
    """Whether a plot is drawn from the results by this program, and not edited."""
    file = FOLDER / plot
    text = file.read_text() if file.exists() else ""
    match = STAMP.search(text)
    return match is not None and match[0] == stamp(text[: match.start()])


def check() -> None:
    """Fails if the section or a plot is not what the results make of it."""
    page = PAGE.read_text()
    if replaced(page, section()) != page:
        raise BenchError(f"{PAGE} is not what its results make: run bench/report")
    for name in PLOTS:
        if not is_fresh(name):
            raise BenchError(f"{FOLDER / name} is not drawn from the results, or edited: run bench/report")


def load(file: Path) -> dict[str, Any]:
    """A result that may be published."""
    data: dict[str, Any] = json.loads(file.read_text())
    if data["v"] != 1:
        raise BenchError(f"{file}: version {data['v']} is not known here")
    if data["quick"]:
        raise BenchError(f"{file} comes from --quick: its figures mean nothing")
    return data


def stamp(svg: str) -> str:
    """The last line of a plot."""
    contents = (LAYERS.read_bytes(), DRAWN_BY.read_bytes(), svg.encode())
    digests = (hashlib.sha256(content).hexdigest()[:16] for content in contents)
    return "<!-- bench/report: data {}, plots.py {}, picture {} -->\n".format(*digests)


def replaced(page: str, text: str) -> str:
    """The page with another section between the markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchError(f"{PAGE} has lost its markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def section() -> str:
    """What stands between the markers."""
    results = targets.Results(load(LAYERS))
    edits, images, programs, monorepo = map(load, (LOCALITY, IMAGES, LANG, CONFIGURE))
    data = results.data
    verdicts = targets.judge(results, targets.load())
    parts = [
        f"{summary.machine_line(data['machine'], results.cores)}. Commit {data['commit']}, {data['rounds']} rounds.",
        summary.others_line(results.data),
        "![Throughput of every program on every input](performance/throughput.svg)",
        "![Wall time by number of cores](performance/scaling.svg)",
        "### Targets",
        summary.score(verdicts),
        table.markdown(table.of_targets(verdicts)),
    ]
    for source in data["inputs"]:
        parts += [f"### {summary.input_line(source)}", table.markdown(table.of_input(results, source["name"]))]
    parts += [
        summary.NOTES,
        summary.checked_line(results),
        "### Fewer cores",
        "Wall time in seconds, median.",
        table.markdown(table.of_cores(results)),
        "### Start-up",
        f"From start to end, median of {summary.start_ups(results)}: {summary.start_up_line(results)}.",
        "### One file of many edited",
        f"Input: {edits['input']}. Commit {edits['commit']}. A member (gzip) or frame (zstd) has changed if the\n"
        "layer before the edit has none with its bytes.",
        table.markdown(locality.rows(edits)),
        "### Whole images",
        f"{summary.machine_line(images['machine'])}; Bazel {images['bazel']}. Commit {images['commit']}, medians of\n"
        f"{images['rounds']} rounds.",
        *(f"{title}:\n\n{table.markdown(rows)}" for title, rows in image_tables.all_of(images)),
        "### Images of programs",
        f"{summary.machine_line(programs['machine'])}; Bazel {programs['bazel']}. Commit {programs['commit']}, medians of\n"
        f"{programs['rounds']} rounds.",
        *(f"{title}:\n\n{table.markdown(rows)}" for title, rows in lang_tables.all_of(programs)),
        lang_tables.NOTES,
        "### Image targets of a monorepo",
        f"{summary.machine_line(monorepo['machine'], monorepo['cores'])}; buildifier {monorepo['buildifier']}. Commit {monorepo['commit']}, "
        f"medians of\n{monorepo['rounds']} rounds.",
        summary.others_line(monorepo),
        *(f"{title}:\n\n{table.markdown(rows)}" for title, rows in configure_tables.all_of(monorepo)),
        configure_tables.NOTES,
        "### Programs",
        table.markdown(table.of_programs(results), left=True),
    ]
    return "\n\n".join(parts)
