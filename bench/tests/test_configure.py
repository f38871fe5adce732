"""bench/configure writes the same monorepo each time, notices wrong outputs, and takes back what was written."""

import hashlib
import re
import tempfile
import unittest
from pathlib import Path
from typing import Any

from strata_bench import configure, configure_tables, monorepo
from strata_bench.configure import Bench, Measured
from strata_bench.errors import BenchError

GOLDEN = "7d90ad21935a16de"
"""Of --quick's packages. Other bytes would be other inputs: results could no longer be compared with those before."""

# Does what bench/configure expects of `configure` and of buildifier, but for what its name says.
STAND_IN = """\
#!/usr/bin/env python3
import pathlib, sys
wrong = {wrong!r}
files = [pathlib.Path(line) for line in {files!r}]
images = {images}
if sys.argv[0].endswith("buildifier"):
    sys.exit(wrong == "format")
missing = "image" not in files[0].read_text()
if "-mode=diff" in sys.argv:
    print("a diff")
    sys.stderr.write(f"{{len(files)}} files would change, {{images}} images added\\n")
    sys.exit(1)
if missing:
    for file in files:
        file.write_text("image")
    sys.stderr.write(f"{{len(files)}} files changed, {{images - (wrong == 'count')}} images added\\n")
else:
    if wrong == "twice":
        print("something")
    sys.stderr.write(f"nothing to change: {{images}} images in {count} BUILD files\\n")
"""


class Packages(unittest.TestCase):
    def test_same_bytes(self) -> None:
        digest = hashlib.sha256()
        for package in monorepo.packages(configure.QUICK):
            digest.update(repr(package).encode())
        self.assertEqual(digest.hexdigest()[:16], GOLDEN)

    def test_mix(self) -> None:
        packages = list(monorepo.packages(configure.QUICK))
        self.assertEqual(len({package.path for package in packages}), len(packages))
        with_binaries = [package for package in packages if package.binaries]
        self.assertEqual(len(with_binaries) * 20, len(packages))
        self.assertEqual({package.binaries for package in with_binaries}, {1, 2})
        kinds = {kind for package in with_binaries for kind in re.findall(r"^(\w+)_binary\($", package.build, re.M)}
        self.assertEqual(kinds, {language.name for language in monorepo.LANGUAGES})
        for package in packages:
            self.assertEqual(len(re.findall(r"^\w+_binary\($", package.build, re.M)), package.binaries, package.path)
            self.assertEqual(len(package.sources), len(set(package.sources)), package.path)
        self.assertTrue(any(package.path.endswith("/internal") for package in packages))

    def test_written(self) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "monorepo"
            written = monorepo.write(folder, 60)
            files = sorted(folder.rglob("BUILD.bazel"))
            self.assertEqual((written.files, written.bytes), (len(files), sum(file.stat().st_size for file in files)))
            others = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]
            self.assertEqual(written.sources, len(others) - len(files))
            self.assertEqual(len(written.with_binaries), 3)


class Rounds(unittest.TestCase):
    def round(self, wrong: str) -> list[Measured]:
        with tempfile.TemporaryDirectory() as temporary:
            work = Path(temporary)
            written = monorepo.write(work / "monorepo", 60)
            files = [str(file) for file in written.with_binaries]
            text = STAND_IN.format(wrong=wrong, files=files, images=written.binaries, count=written.files)
            programs = {name: work / name for name in ("configure", "buildifier")}
            for path in programs.values():
                path.write_text(text)
                path.chmod(0o755)
            before = [file.read_bytes() for file in written.with_binaries]
            measured = [Measured(row) for row in configure.ROWS]
            try:
                Bench(work, work / "monorepo", written, programs, [0]).round(measured)
            finally:
                self.assertEqual([file.read_bytes() for file in written.with_binaries], before)
            return measured

    def test_measures_all(self) -> None:
        measured = self.round("")
        self.assertEqual([len(item.wall) for item in measured], [1] * len(configure.ROWS))
        self.assertTrue(all(item.peak[0] > 0 for item in measured))

    def test_what_is_wrong_is_noticed(self) -> None:
        for wrong, message in (
            ("count", "files changed"),
            ("twice", "10 bytes on standard output"),
            ("format", "exit code 1, 0 expected"),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(BenchError, message):
                self.round(wrong)


class Tables(unittest.TestCase):
    def data(self, **walls: float) -> dict[str, Any]:
        results = [
            {"key": row.key, "about": row.about, "wall_s": [walls[row.key.replace("-", "_")]], "cpu_s": [1.0], "peak_bytes": [1 << 20]}
            for row in configure.ROWS
        ]
        sizes = {"files": 100, "bytes": 1000, "sources": 7, "with_binaries": 5, "binaries": 6}
        return {"quick": False, "sizes": sizes, "results": results}

    def test_targets(self) -> None:
        data = self.data(diff=1.0, check=2.0, fix=1.0, again=1.2, check_again=2.0)
        outcomes = {(verdict.target, verdict.source): verdict.reached for verdict in configure_tables.verdicts(data)}
        missed = {key for key, reached in outcomes.items() if not reached}
        self.assertEqual(missed, {("again", "nothing to do")})
        data = self.data(diff=1.6, check=1.5, fix=1.4, again=1.4, check_again=2.0)
        outcomes = {(verdict.target, verdict.source): verdict.reached for verdict in configure_tables.verdicts(data)}
        missed = {key for key, reached in outcomes.items() if not reached}
        case = "all images missing, -mode=diff"
        self.assertEqual(missed, {("seconds", case), ("buildifier", case)})

    def test_quick_figures_are_not_judged(self) -> None:
        data = self.data(diff=1.0, check=2.0, fix=1.0, again=0.5, check_again=2.0)
        titles = [title for title, _ in configure_tables.all_of(data)]
        self.assertEqual([title for title, _ in configure_tables.all_of(data | {"quick": True})], titles[1:])

    def test_rows(self) -> None:
        rows = configure_tables.of_runs(self.data(diff=1.0, check=2.0, fix=1.0, again=0.5, check_again=2.0))
        self.assertEqual(rows[4], ["`configure`, nothing to do", "0.50", "1.00", "1", "200", "0.250"])


if __name__ == "__main__":
    unittest.main()
