"""An output that isn't as it must be ends the run."""

import io
import tarfile
import tempfile
import unittest
from pathlib import Path

from strata_bench.check import Checks
from strata_bench.errors import BenchError
from strata_bench.inputs import Input
from strata_bench.programs import Program

PACK = Program("pack", "none", (("pack",),), ours=True)
DEDUPE = Program("pack-dedupe", "none", (("pack",),), ours=True)
PEER = Program("peer", "none", (("peer",),))
GZIP = Program("gzip", "gzip", (("gzip",),))


def tar(content: bytes, mode: int = 0o644, mtime: int = 0) -> bytes:
    """A tar of one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("x")
        member.size, member.mode, member.mtime = len(content), mode, mtime
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


class Outputs(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "out"
        directory = Path(folder.name) / "in"
        directory.mkdir()
        (directory / "x").write_bytes(b"one")
        self.checks = Checks(Input.measure("a", directory, "one file"))

    def check(self, program: Program, content: bytes) -> str:
        self.out.write_bytes(content)
        return self.checks.check(program, self.out)

    def test_good(self) -> None:
        digests = [self.check(program, tar(b"one")) for program in (PACK, PACK, DEDUPE, PEER)]
        self.assertEqual(len(set(digests)), 1)
        self.check(PEER, tar(b"one", mode=0o755, mtime=1))  # Peers may differ in modes, and from run to run.
        self.checks.together()
        self.assertEqual(self.checks.agree_on_modes(), [["pack-dedupe:none", "pack:none", "peer:none"], ["peer:none"]])

    def test_another_tree(self) -> None:
        with self.assertRaisesRegex(BenchError, "peer:none on input a does not hold what went in"):
            self.check(PEER, tar(b"two"))

    def test_another_codec(self) -> None:
        with self.assertRaisesRegex(BenchError, "gzip:gzip on input a wrote none"):
            self.check(GZIP, tar(b"one"))

    def test_pack_writes_other_bytes(self) -> None:
        for mtime in (0, 1):
            self.check(PACK, tar(b"one", mtime=mtime))
        with self.assertRaisesRegex(BenchError, "pack:none on input a wrote different bytes"):
            self.checks.together()

    def test_pack_disagrees_on_modes(self) -> None:
        self.check(PACK, tar(b"one"))
        self.check(DEDUPE, tar(b"one", mode=0o755))
        with self.assertRaisesRegex(BenchError, "differ in modes"):
            self.checks.together()


if __name__ == "__main__":
    unittest.main()
