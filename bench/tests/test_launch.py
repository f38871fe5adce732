"""What the launcher measures is what ran: peak memory of each process, CPU time, bytes read, exit codes."""

import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

from strata_bench.measure import launch, rotated

MIB = 1 << 20
ALLOCATE = "import sys; data = b'x' * (int(sys.argv[1]) << 20)"


class Launches(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_stages(self, *stages: list[str]) -> Any:
        return launch({"stages": stages, "stdout": str(self.folder / "out"), "cpus": [0]}, self.folder / "stderr")

    def test_peak_memory(self) -> None:
        """Each process's own, and neither its parent's nor a neighbour's."""
        python = [sys.executable, "-I", "-S", "-c", ALLOCATE]
        ballast = b"x" * (64 * MIB)  # A large parent of the launcher must not show.
        report = self.run_stages([*python, "200"], [*python, "100"], ["sleep", "0.05"])
        del ballast
        large, medium, small = (process["peak"] for process in report["processes"])
        self.assertTrue(200 * MIB < large < 225 * MIB, large)
        self.assertTrue(100 * MIB < medium < 125 * MIB, medium)
        self.assertTrue(0 < small < 8 * MIB, small)

    def test_times(self) -> None:
        report = self.run_stages(["sleep", "0.3"])
        self.assertGreaterEqual(report["wall"], 0.3)
        self.assertLess(report["cpu"], 0.1)

    def test_bytes_read(self) -> None:
        data = self.folder / "data"
        data.write_bytes(bytes(3_000_000))
        [process] = self.run_stages(["cat", str(data)])["processes"]
        self.assertTrue(3_000_000 <= process["read"] < 3_100_000, process)
        self.assertEqual((self.folder / "out").stat().st_size, 3_000_000)

    def test_pipe_and_exit_codes(self) -> None:
        report = self.run_stages(["printf", "some words"], ["sh", "-c", "wc -c; exit 3"])
        self.assertEqual((self.folder / "out").read_text().strip(), "10")
        self.assertEqual([process["exit"] for process in report["processes"]], [0, 3])

    def test_rounds(self) -> None:
        """Everything runs once a round, and nothing is first in all of them."""
        items: list[Any] = list(range(7))
        orders = [rotated(items, turn) for turn in range(5)]
        for order in orders:
            self.assertEqual(sorted(order), items)
        self.assertEqual(len({order[0] for order in orders}), 5)


if __name__ == "__main__":
    unittest.main()
