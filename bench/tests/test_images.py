"""bench/images counts what Bazel says, weighs what is on disk, and writes the same module each time."""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
import unittest
from pathlib import Path

from strata_bench import disk, image_module, images, layouts
from strata_bench.bazel import of_events
from strata_bench.errors import BenchError

GOLDEN = "112eed807b7f444e"
"""Of --quick's inputs. Other bytes would be other inputs: results could no longer be compared with those before."""


def events(*metrics: dict[str, object]) -> str:
    """A build's events: others, and these metrics."""
    documents: list[dict[str, object]] = [{"id": {"started": {}}}, *({"buildMetrics": m} for m in metrics)]
    return "".join(json.dumps(document) + "\n" for document in documents)


class Events(unittest.TestCase):
    def test_counts(self) -> None:
        summary = {
            "actionsExecuted": "4",
            "actionData": [
                {"mnemonic": "OciLayer", "actionsExecuted": "2"},
                {"mnemonic": "FileWrite", "actionsExecuted": "1"},
                {"mnemonic": "Unused"},
            ],
            "runnerCount": [
                {"name": "total", "count": 3},
                {"name": "internal", "count": 1},
                {"name": "linux-sandbox", "count": 1, "execKind": "Local"},
                {"name": "local", "count": 1, "execKind": "Local"},
                {"name": "disk cache hit", "count": 7},
            ],
        }
        build = of_events(1.5, events({"actionSummary": summary}))
        self.assertEqual((build.wall, build.total, build.processes), (1.5, 3, 2))
        self.assertEqual(build.actions, {"FileWrite": 1, "OciLayer": 2})

    def test_nothing_done(self) -> None:
        build = of_events(0.1, events({"actionSummary": {}}))
        self.assertEqual((build.total, build.processes), (0, 0))

    def test_no_metrics(self) -> None:
        with self.assertRaisesRegex(BenchError, "no metrics"):
            of_events(1, events())


class Disk(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "x"
        (self.folder / "sub").mkdir(parents=True)
        (self.folder / "file").write_bytes(bytes(1000))

    def test_links_take_nothing(self) -> None:
        self.assertEqual(disk.used(self.folder), 1000)
        os.link(self.folder / "file", self.folder / "sub" / "hard")
        (self.folder / "sub" / "soft").symlink_to("../file")
        self.assertEqual(disk.used(self.folder), 1000)
        (self.folder / "sub" / "copy").write_bytes(bytes(1000))
        self.assertEqual(disk.used(self.folder), 2000)
        self.assertEqual(disk.used(self.folder / "nowhere"), 0)

    def test_removes_what_is_read_only(self) -> None:
        (self.folder / "sub" / "deep").mkdir()
        (self.folder / "sub" / "deep" / "file").touch()
        (self.folder / "sub" / "deep").chmod(0o555)
        (self.folder / "sub").chmod(0o555)
        disk.remove(self.folder)
        self.assertFalse(self.folder.exists())
        disk.remove(self.folder)


class Module(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "module"
        image_module.write(self.folder, image_module.QUICK)

    def inputs(self) -> str:
        paths = sorted(path for path in (self.folder / "inputs").rglob("f*") if path.is_file())
        text = [(str(path.relative_to(self.folder)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]
        return hashlib.sha256(repr(text).encode()).hexdigest()[:16]

    def test_inputs(self) -> None:
        self.assertEqual(self.inputs(), GOLDEN)
        image_module.write(self.folder, image_module.QUICK)
        self.assertEqual(self.inputs(), GOLDEN)

    def test_packages(self) -> None:
        """Every target that is asked for has a package that calls the macro for it."""
        wanted = {item.package for item in images.contenders()} | set(map(image_module.many, image_module.SHAPES))
        for package in wanted:
            with self.subTest(package):
                text = (self.folder / package / "BUILD.bazel").read_text()
                self.assertRegex(text, r'load\("//:shapes.bzl", "(large_image|many_images)"\)\n\n\1\(')
        self.assertRegex((self.folder / "large_links_gzip" / "BUILD.bazel").read_text(), '"links", gzip = True, layers')
        self.assertRegex((self.folder / "large_links_none" / "BUILD.bazel").read_text(), '"links", gzip = False, layers')

    def test_peers_tool(self) -> None:
        """bsdtar is there with its libraries, and without the C library of this machine."""
        self.assertTrue(os.access(self.folder / "tools" / "bsdtar", os.X_OK))
        names = [path.name for path in (self.folder / "tools" / "lib").iterdir()]
        self.assertTrue(any(name.startswith("libarchive.so") for name in names), names)
        self.assertFalse([name for name in names if re.match(r"libc\.|libm\.|ld-", name)])

    def test_edit(self) -> None:
        file = image_module.edited_file(self.folder, image_module.QUICK)
        before = file.read_bytes()
        image_module.edit(file)
        after = file.read_bytes()
        self.assertEqual((before[1:], len(before)), (after[1:], len(after)))
        self.assertNotEqual(before[0], after[0])
        file.write_bytes(b"\xff!")
        image_module.edit(file)
        self.assertEqual(file.read_bytes(), b"\x00!")


class Layouts(unittest.TestCase):
    """A layout is an image of the files, or the check says why not."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.inputs = self.folder / "inputs"
        self.inputs.mkdir()
        for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
            (self.inputs / name).write_text(text)

    def put(self, content: bytes) -> dict[str, object]:
        digest = hashlib.sha256(content).hexdigest()
        blobs = self.folder / "layout" / "blobs" / "sha256"
        blobs.mkdir(parents=True, exist_ok=True)
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    def layout(self, files: dict[str, str]) -> Path:
        """A layout of one image with one layer."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f"elsewhere/{name}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        layers = [self.put(buffer.getvalue())]
        manifest = {"schemaVersion": 2, "config": self.put(b"{}"), "layers": layers}
        index = {"schemaVersion": 2, "manifests": [self.put(json.dumps(manifest).encode())]}
        (self.folder / "layout" / "index.json").write_text(json.dumps(index))
        return self.folder / "layout"

    def test_right(self) -> None:
        layouts.check(self.layout({"x": "one", "y": "two", "z": "one"}), self.inputs)

    def test_wrong(self) -> None:
        for name, files in {
            "less": {"x": "one", "y": "two"},
            "more": {"x": "one", "y": "two", "z": "one", "w": "one"},
            "other": {"x": "one", "y": "two", "z": "three"},
        }.items():
            with self.subTest(name), self.assertRaisesRegex(BenchError, "are equal"):
                layouts.check(self.layout(files), self.inputs)

    def test_wrong_blob(self) -> None:
        layout = self.layout({"x": "one", "y": "two", "z": "one"})
        config = hashlib.sha256(b"{}").hexdigest()
        (layout / "blobs" / "sha256" / config).write_bytes(b"[]")
        with self.assertRaisesRegex(BenchError, "is not what"):
            layouts.check(layout, self.inputs)


class Rounds(unittest.TestCase):
    def test_everyone_takes_part(self) -> None:
        everyone = images.contenders()
        self.assertEqual(len(everyone), 12)
        self.assertEqual(len({(item.package, item.laid_out) for item in everyone}), 12)
        orders = [images.rotated(everyone, turn) for turn in range(4)]
        for order in orders:
            self.assertCountEqual(order, everyone)
        self.assertEqual(len({order[0] for order in orders}), 4)

    def test_sizes(self) -> None:
        """The image that figures are told of: ten layers of about 300 MB, and twenty that share nine of ten."""
        full = image_module.FULL
        self.assertEqual((full.layers, full.content_bytes), (10, 300_000_000))
        self.assertEqual((full.images, full.shared), (20, 9))


if __name__ == "__main__":
    unittest.main()
