"""The inputs are the same on every machine, and an edit's members are counted right."""

import hashlib
import tempfile
import unittest
from pathlib import Path

from strata_bench import inputs, tree
from strata_bench.errors import BenchError
from strata_bench.locality import Member, changed

GOLDEN = {"a": "d5d3bc09f637b77d", "b": "f6ee47c2bf88fbc4"}
"""Of --quick. Other bytes would be other inputs: results could no longer be compared with those before."""


def digest(directory: Path) -> str:
    """Of all paths and contents."""
    nodes = sorted(tree.of_directory(directory).nodes.items())
    return hashlib.sha256(repr(nodes).encode()).hexdigest()[:16]


class Inputs(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        real = self.folder / "real"
        for path in ("x", "sub/y", "sub/tests/z", "__pycache__/w"):
            (real / path).parent.mkdir(parents=True, exist_ok=True)
            (real / path).write_text(path)
        (real / "x").chmod(0o755)
        (real / "link").symlink_to("x")
        (real / "empty").mkdir()
        self.real = real

    def prepare(self, real: Path) -> dict[str, inputs.Input]:
        found = inputs.prepare(self.folder / "inputs", inputs.QUICK, real, inputs.NAMES)
        return {source.name: source for source in found}

    def test_all(self) -> None:
        found = self.prepare(self.real)
        self.assertEqual({name: digest(found[name].directory) for name in GOLDEN}, GOLDEN)
        self.assertEqual((found["a"].files, found["a"].content_bytes), (1, inputs.QUICK.single_file))
        self.assertEqual(found["b"].files, inputs.QUICK.files)
        self.assertEqual(sorted(tree.of_directory(found["c"].directory).nodes), ["sub", "sub/y", "x"])
        self.assertEqual((found["c"].directory / "x").stat().st_mode & 0o777, 0o755)
        self.assertEqual(found["d"].files, 4)
        self.assertEqual(digest(found["d"].directory / "first"), digest(found["d"].directory / "second"))

    def test_written_once(self) -> None:
        """What is there is taken, unless it is of another tree."""
        file = self.prepare(self.real)["a"].directory / "a.bin"
        file.write_text("kept")
        self.assertEqual(self.prepare(self.real)["a"].content_bytes, 4)
        self.assertEqual(self.prepare(self.real / "sub")["a"].content_bytes, inputs.QUICK.single_file)

    def test_no_tree(self) -> None:
        with self.assertRaisesRegex(BenchError, "--real-tree"):
            self.prepare(self.folder / "nowhere")


class Edits(unittest.TestCase):
    def test_changed(self) -> None:
        one, two, three = (Member(name, 1) for name in (b"1", b"2", b"3"))
        cases = [
            ([one, two], [one, two], []),
            ([one, two], [one, three], [three]),
            ([one, two], [two], []),
            ([one], [one, one], [one]),
            ([], [one, two], [one, two]),
        ]
        for before, after, expected in cases:
            with self.subTest(before=before, after=after):
                self.assertEqual(changed(before, after), expected)


if __name__ == "__main__":
    unittest.main()
