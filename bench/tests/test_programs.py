"""Peers are read from the command line, and placeholders filled in."""

import tempfile
import unittest
from pathlib import Path

from strata_bench.errors import BenchError
from strata_bench.inputs import Input
from strata_bench.programs import ENTRIES_HEADER, Files, parse_peer


class Peers(unittest.TestCase):
    def test_good(self) -> None:
        peer = parse_peer("mine:gzip=tar -C {dir} -c '.|' | gzip -6 {out}")
        self.assertEqual(peer.key, "mine:gzip")
        self.assertEqual(peer.stages, (("tar", "-C", "{dir}", "-c", ".|"), ("gzip", "-6", "{out}")))
        self.assertFalse(peer.ours)
        self.assertIn("SHA-256", peer.version)

    def test_bad(self) -> None:
        bad = {
            "tar {dir}": "is not NAME:CODEC=COMMAND",
            "mine=tar {dir}": "is not NAME:CODEC=COMMAND",
            ":gzip=tar {dir}": "is not NAME:CODEC=COMMAND",
            "mine:gzip=": "is not NAME:CODEC=COMMAND",
            "mine:xz=tar {dir}": "'xz'",
            "mine:gzip=tar {dir} | | gzip": "empty stage",
            "mine:gzip=no-such-program {dir}": "no program 'no-such-program'",
            "mine:gzip=tar . | gzip": "neither",
        }
        for text, told in bad.items():
            with self.subTest(text), self.assertRaisesRegex(BenchError, told):
                parse_peer(text)

    def test_placeholders(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            directory = folder / "in"
            (directory / "b").mkdir(parents=True)
            for path in ("b/2", "1"):
                (directory / path).write_text("x")
            files = Files(Input.measure("x", directory, "two files"), folder)
            peer = parse_peer("mine:none=tar {dir} {out}.json {list} {list:%p%0f%s%%} {entries} {other}")
            [argv] = files.fill_in(peer, Path("/out"))
            self.assertEqual(argv[:3], ["tar", str(directory), "/out.json"])
            self.assertEqual(Path(argv[3]).read_text(), "1\nb/2\n")
            self.assertEqual(Path(argv[4]).read_text(), f"1\0f{directory}/1%\nb/2\0f{directory}/b/2%\n")
            self.assertEqual(Path(argv[5]).read_text(), f"{ENTRIES_HEADER}tree\n/\n{directory}\n\n")
            self.assertEqual(argv[6], "{other}")


if __name__ == "__main__":
    unittest.main()
