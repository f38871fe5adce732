"""bench/lang writes the same module each time, counts what packs, and judges ratios of what it measured."""

import hashlib
import io
import json
import tarfile
import tempfile
import unittest
from pathlib import Path
from typing import Any

from strata_bench import lang, lang_check, lang_module, lang_tables
from strata_bench.bazel import of_events
from strata_bench.errors import BenchError

GOLDEN = "9cf11b82f9c6444c"
"""Of --quick's inputs. Other bytes would be other inputs: results could no longer be compared with those before."""


class Module(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "module"
        lang_module.write(self.folder, lang_module.QUICK)

    def inputs(self) -> str:
        """The digest of all that is generated, but for node.tgz, which has the bytes of the machine's zlib."""
        paths = []
        for name in ("distributions", "runtime/bin", "runtime/lib", "installed"):
            paths += sorted(path for path in (self.folder / name).rglob("*") if path.is_file())
        text = [(str(path.relative_to(self.folder)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
        return hashlib.sha256(repr(text).encode()).hexdigest()[:16]

    def test_inputs(self) -> None:
        self.assertEqual(self.inputs(), GOLDEN)
        lang_module.write(self.folder, lang_module.QUICK)
        self.assertEqual(self.inputs(), GOLDEN)

    def test_packages(self) -> None:
        """Every target that is built has a package whose macro declares it."""
        for item in lang.contenders():
            with self.subTest(item):
                package = self.folder / lang_module.package(item.language, item.shape)
                self.assertRegex((package / "BUILD.bazel").read_text(), rf'\n(layers|peer)\("{item.language}", compression')
        for language in lang_module.LANGUAGES:
            for number in range(lang_module.QUICK.images + 1):
                bare, image = (
                    (self.folder / lang_module.analysed(language, kind, number) / "BUILD.bazel").read_text()
                    for kind in ("bare", "image")
                )
                self.assertIn(f'{language}_program(name = "server")', bare)
                self.assertNotIn("image(", bare)
                self.assertIn(f'{language}_program(name = "server")', image)
                self.assertIn(f'image("{language}", binary = ":server")', image)

    def test_packages_of_npm(self) -> None:
        """package.json leads to all of them, and none needs itself."""
        for sizes in (lang_module.QUICK, lang_module.FULL):
            found = set(range(lang_module.DIRECT))
            for number in range(sizes.packages):
                self.assertIn(number, found)
                needed = lang_module.needs(number, sizes.packages)
                self.assertTrue(all(need > number for need in needed))
                found.update(needed)
            self.assertEqual(len(found), sizes.packages)

    def test_edit(self) -> None:
        for language in lang_module.LANGUAGES:
            file = lang_module.edited_file(self.folder, language)
            before = file.read_text().splitlines()
            lang_module.edit(file, 7)
            after = file.read_text().splitlines()
            self.assertEqual((before[:-1], len(before)), (after[:-1], len(after)))
            self.assertEqual(after[-1], "edited = 7;")

    def test_sizes(self) -> None:
        """The programs that figures are told of."""
        full = lang_module.FULL
        self.assertAlmostEqual(full.site_packages_bytes, 300_000_000, delta=1_000_000)
        self.assertEqual((full.node_modules_files, full.images), (20_000, 200))


class Counts(unittest.TestCase):
    def test_rounds(self) -> None:
        everyone = lang.contenders()
        self.assertEqual(len(everyone), len(lang_module.LANGUAGES) * len(lang_module.SHAPES))
        for turn in range(4):
            self.assertCountEqual(lang.rotated(everyone, turn), everyone)

    def test_execution_log(self) -> None:
        spawns: list[dict[str, Any]] = [
            {"mnemonic": "OciLayer", "cacheHit": True},
            {"mnemonic": "OciLayer"},
            {"mnemonic": "OciLayer", "cacheHit": False},
            {"mnemonic": "CopyDirectory"},
        ]
        for separator in ("", "\n", "\n\n"):
            log = separator.join(json.dumps(spawn, indent=1) for spawn in spawns) + separator
            self.assertEqual(lang.packed_in(log), {"OciLayer": 2})

    def test_events(self) -> None:
        metrics = {
            "actionSummary": {
                "actionData": [
                    {"mnemonic": "OciLayer", "actionsExecuted": "3", "firstStartedMs": "2000", "lastEndedMs": "3500"},
                    {"mnemonic": "Unused", "firstStartedMs": "1", "lastEndedMs": "2"},
                ],
                "runnerCount": [{"name": "total"}],
            },
            "buildGraphMetrics": {"actionCount": 17},
        }
        build = of_events(2, json.dumps({"buildMetrics": metrics}))
        self.assertEqual((build.spans, build.declared, build.processes), ({"OciLayer": 1.5}, 17, 0))


class Check(unittest.TestCase):
    """Layers hold what a tar holds, or the check says so."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def tar(self, name: str, texts: str) -> Path:
        path = self.folder / name
        with tarfile.open(path, "w") as archive:
            for text in texts:
                member = tarfile.TarInfo(f"{name}-{text}")
                member.size = 1
                archive.addfile(member, io.BytesIO(text.encode()))
        return path

    def test_same(self) -> None:
        """A launcher that has been changed, and two files that only an image has, are as they should be."""
        lang_check.check([self.tar("one", "abc"), self.tar("two", "defgh")], self.tar("peer", "abcdeL"))

    def test_different(self) -> None:
        for name, peer in {"less": "ab", "more": "abcdeLMNO"}.items():
            with self.subTest(name), self.assertRaisesRegex(BenchError, "different files"):
                lang_check.check([self.tar("one", "abc"), self.tar("two", "defgh")], self.tar(name, peer))


def packed(shape: str, cold: float, changed: float) -> dict[str, Any]:
    """The result of a shape whose builds take so long beyond one second."""
    known = lang_module.SHAPES[shape]

    def step(seconds: float) -> dict[str, Any]:
        return {"wall_s": [99.0, 0.5, 1 + seconds], "packing_s": [seconds], "actions": {"OciLayer": 3, "Symlink": 2}}

    return {
        "language": "py",
        "shape": shape,
        "name": known.name,
        "compression": known.compression,
        "level": known.level,
        "cold": step(cold),
        "changed": step(changed),
        "unchanged": step(0),
        "elsewhere": {"OciLayer": 1} if shape == "layers_gzip" else {},
        "output_bytes": 1_000_000,
    }


class Tables(unittest.TestCase):
    def setUp(self) -> None:
        results = [
            packed("layers_gzip", 1, 0.25),
            packed("layers_gzip_9", 2, 0.25),
            packed("pkg_tar_gzip", 10, 10),
            packed("layers_none", 1, 0.25),
            packed("pkg_tar_none", 2, 2),
        ]
        analysis = [
            {"language": language, "kind": kind, "wall_s": [wall], "cpu_s": [cpu], "actions": 200}
            for language in lang_module.LANGUAGES
            for kind, wall, cpu in (("bare", 1.0, 2.0), ("image", 1.25, 4.0))
        ]
        self.data = {
            "sizes": lang_module.describe(lang_module.FULL),
            "packing": [result | {"language": language} for result in results for language in lang_module.LANGUAGES],
            "analysis": analysis,
        }

    def test_verdicts(self) -> None:
        found = {item.target: item for item in lang_tables.verdicts(self.data) if item.source == "Python"}
        for target, value, reached in (
            ("cold-gzip", 0.1, True),
            ("cold-none", 0.5, False),
            ("rebuild", 0.25, True),
            ("analysis-wall", 1.25, True),
            ("analysis-CPU", 2.0, False),
        ):
            with self.subTest(target):
                self.assertAlmostEqual(found[target].value or 0, value)
                self.assertEqual(found[target].reached, reached)

    def test_rows(self) -> None:
        tables = dict(lang_tables.all_of(self.data))
        self.assertEqual(len(tables), 4)
        (rows,) = (rows for title, rows in tables.items() if title.startswith("Python, 300 MB"))
        self.assertEqual(
            rows[1], ["layers", "gzip 5", "1.00", "1.00", "3 OciLayer", "0.25", "3 OciLayer", "1 OciLayer", "1.0"]
        )
        self.assertEqual(rows[4][6:8], ["3 OciLayer", ""])
        self.assertEqual(tables["Analysis of 200"][1][-2:], ["1.25", "2.00"])

    def test_half(self) -> None:
        """What was left out by --only has no table, and nothing is judged."""
        self.assertEqual(len(lang_tables.all_of(self.data | {"packing": []})), 1)
        self.assertEqual(len(lang_tables.all_of(self.data | {"analysis": []})), 2)


if __name__ == "__main__":
    unittest.main()
