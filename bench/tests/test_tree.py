"""What a layer unpacks to is read right, and differences are seen."""

import io
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

from strata_bench import tree
from strata_bench.errors import BenchError

Entry = tuple[str, bytes, bytes | str]
"""Name, tar type, and content or link target."""
FILES: list[Entry] = [("a/x", tarfile.REGTYPE, b"one"), ("a/y", tarfile.REGTYPE, b"two")]


def tar(entries: list[Entry], mode: int = 0o644) -> bytes:
    """A tar of these entries."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, content in entries:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, mode
            if isinstance(content, str):
                member.linkname, content = content, b""
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Trees(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name, _, content in FILES:
            path = self.folder / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(content, "ascii") if isinstance(content, str) else content)
        self.expected = tree.of_directory(self.folder / "in")

    def read(self, content: bytes) -> tree.Tree:
        blob = self.folder / "blob"
        blob.write_bytes(content)
        return tree.of_layer(blob)

    def test_equal(self) -> None:
        """Every way of writing the same tree down."""
        equal: dict[str, list[Entry]] = {
            "as it is": FILES,
            "another order": FILES[::-1],
            "with directories and dots": [("./", tarfile.DIRTYPE, b""), ("./a", tarfile.DIRTYPE, b""), *FILES],
            "a directory after its files": [*FILES, ("a", tarfile.DIRTYPE, b"")],
            "absolute": [(f"/{name}", kind, content) for name, kind, content in FILES],
        }
        for name, entries in equal.items():
            with self.subTest(name):
                self.assertIsNone(tree.difference(self.expected, self.read(tar(entries))))

    def test_different(self) -> None:
        """Each difference is told with its path."""
        x, y = FILES
        different: dict[str, tuple[list[Entry], str]] = {
            "less": ([x], "a/y: file 3fc4"),
            "more": ([x, y, ("z", tarfile.REGTYPE, b"")], "z: nothing expected"),
            "an empty directory": ([x, y, ("z", tarfile.DIRTYPE, b"")], "z: nothing expected, dir found"),
            "content": ([x, ("a/y", tarfile.REGTYPE, b"tow")], "a/y: file"),
            "type": ([x, ("a/y", tarfile.SYMTYPE, "x")], "link x found"),
            "a hard link to nothing": ([x, ("a/y", tarfile.LNKTYPE, "b")], "hard link to b, which is not there"),
            "a fifo": ([x, ("a/y", tarfile.FIFOTYPE, b"")], "type b'6' found"),
        }
        for name, (entries, told) in different.items():
            with self.subTest(name):
                self.assertIn(told, str(tree.difference(self.expected, self.read(tar(entries)))))

    def test_hard_links_are_files(self) -> None:
        files: list[Entry] = [("x", tarfile.REGTYPE, b"one"), ("y", tarfile.REGTYPE, b"one")]
        links: list[Entry] = [("x", tarfile.REGTYPE, b"one"), ("y", tarfile.LNKTYPE, "./x")]
        self.assertIsNone(tree.difference(self.read(tar(files)), self.read(tar(links))))

    def test_twice_is_an_error(self) -> None:
        with self.assertRaisesRegex(BenchError, "'a/x' is there twice"):
            self.read(tar([*FILES, FILES[0]]))

    def test_codecs(self) -> None:
        plain = tar(FILES)
        for codec in ("gzip", "zstd"):
            with self.subTest(codec):
                packed = subprocess.run([codec, "-c"], input=plain, stdout=subprocess.PIPE, check=True).stdout
                found = self.read(packed)
                self.assertEqual(tree.codec_of(self.folder / "blob"), codec)
                self.assertIsNone(tree.difference(self.expected, found))
                with self.assertRaises(BenchError):
                    self.read(packed[:-9])

    def test_modes(self) -> None:
        same, other = self.read(tar(FILES)), self.read(tar(FILES, mode=0o755))
        self.assertIsNone(tree.difference(same, other))
        self.assertNotEqual(same.modes_digest(), other.modes_digest())


if __name__ == "__main__":
    unittest.main()
