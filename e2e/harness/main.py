"""The command line of `e2e/run`: chooses scenarios, runs them one after the other, reports.

A scenario is a module of e2e/scenarios whose docstring's first line says what it shows, with `def scenario(world)`. It
passes if that returns, is skipped if it raises `Skip`, and fails otherwise. Scenarios don't depend on one another.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType, ModuleType

from harness import requirements
from harness.errors import Failure, Skip
from harness.report import Report
from harness.world import REPOSITORY, World

INTERRUPTED = 130


def scenarios() -> dict[str, ModuleType]:
    """All scenarios by name, in the order of their names."""
    folder = REPOSITORY / "e2e" / "scenarios"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"scenarios.{name}") for name in names}


def summary_of(module: ModuleType) -> str:
    """The first line of a scenario's docstring."""
    return (module.__doc__ or "").strip().splitlines()[0]


def _parse(argv: list[str], known: dict[str, ModuleType]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="e2e/run", description="End-to-end scenarios against real programs.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="the scenarios to run; all if none is named")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument("--packages", action="store_true", help="list the apt packages that are needed, and end")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and data")
    parser.add_argument(
        "--output-base",
        type=Path,
        help="Bazel's output base for this repository, if not its own: so as not to wait for it",
    )
    options = parser.parse_args(argv)
    for name in options.scenarios:
        if name not in known:
            parser.error(f"there is no scenario `{name}`; there are: {', '.join(known)}")
    return options


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the run as Ctrl-C does: what was started is ended too."""
    raise KeyboardInterrupt


def _run_one(name: str, module: ModuleType, world: World, report: Report) -> None:
    world.enter(name)
    try:
        module.scenario(world)
    except Skip as skip:
        report.skipping(name, str(skip))
    except Failure as failure:
        report.failing(name, str(failure), f"{failure.detail}\n{world.processes.describe()}")
    except Exception as error:  # A mistake in a scenario must not hide the others.
        detail = f"{traceback.format_exc()}\n{world.processes.describe()}"
        report.failing(name, f"{type(error).__name__}: {error}", detail)
    else:
        report.passing(name)


def main(argv: list[str]) -> int:
    """Runs `e2e/run` and returns its exit code."""
    known = scenarios()
    options = _parse(argv, known)
    if options.list:
        width = max(map(len, known))
        for name, module in known.items():
            print(f"{name:{width}}  {summary_of(module)}")
        return 0
    if options.packages:
        print("\n".join(requirements.packages()))
        return 0
    missing = requirements.missing_packages()
    if missing:
        print(f"Missing packages: apt-get install --no-install-recommends {' '.join(missing)}", file=sys.stderr)

    signal.signal(signal.SIGTERM, _terminate)
    report = Report()
    world = World(report, keep=options.keep, output_base=options.output_base)
    try:
        for name in options.scenarios or known:
            _run_one(name, known[name], world, report)
    except KeyboardInterrupt:
        print("Interrupted: ending what was started.", file=sys.stderr)
        return INTERRUPTED
    finally:
        # A second Ctrl-C must not leave daemons behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        world.close()
    return report.summary()
