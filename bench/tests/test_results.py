"""Targets are judged right, and the page notices when it is stale."""

import unittest
from typing import Any
from unittest import mock

from strata_bench import report, table, targets
from strata_bench.errors import BenchError


def run(program: str, cores: int, wall: float, **more: Any) -> dict[str, Any]:
    """A result on input (a); its median wall time is `wall`."""
    figures = {"size_bytes": 100, "read_bytes": 1000, "peak_bytes": [64 << 20]}
    return {"input": "a", "program": program, "cores": cores, "wall_s": [9.0, 0.0, wall], **figures, **more}


RUNS = [
    run("pack:gzip", 1, 4.0),
    run("pack:gzip", 2, 2.0),
    run("pack:gzip", 4, 1.6),
    run("bsdtar:gzip", 4, 8.0, size_bytes=90),
]
RESULTS = targets.Results(
    {
        "results": RUNS,
        "inputs": [
            {"name": "a", "files": 1, "content_bytes": 1000, "floor_s": {"slow": [9.0], "fast": [1.5, 7.0, 1.4]}}
        ],
        "start_up_s": {"pack --help": [0.001, 0.0015, 0.002]},
    }
)


class Targets(unittest.TestCase):
    def judge(self, target: dict[str, Any]) -> targets.Verdict:
        whole = {"id": "x", "text": "x", "program": "pack:gzip", "against": "bsdtar:gzip", "cores": 4} | target
        [verdict] = targets.judge(RESULTS, [whole])
        return verdict

    def test_values(self) -> None:
        cases: list[tuple[dict[str, Any], float | None, str]] = [
            ({"kind": "wall", "at_most": {"a": 0.2}}, 0.2, "reached"),
            ({"kind": "wall", "at_most": {"a": 0.1}}, 0.2, "missed by 100%"),
            ({"kind": "wall", "at_most": {"a": 1}, "against": "absent:gzip"}, None, "not measured"),
            ({"kind": "wall", "at_most": {"a": 1}, "cores": 8}, None, "not measured"),
            ({"kind": "size", "at_most": {"a": 1}}, 100 / 90, "missed by 11%"),
            ({"kind": "floor", "at_most": {"a": 1.1}}, 1.6 / 1.5, "reached"),
            ({"kind": "scaling", "cores": 2, "at_least": {"a": 0.85}}, 1.0, "reached"),
            (
                {"kind": "scaling", "cores": 4, "at_least": {"a": 0.85}},
                1.5 / 1.6,
                "reached",
            ),  # The hash alone takes 1.5.
            ({"kind": "scaling", "cores": 4, "at_least": {"a": 0.95}}, 1.5 / 1.6, "missed by 1%"),
            ({"kind": "reading", "at_most": {"a": 1.02}}, 1.0, "reached"),
            ({"kind": "memory", "at_most": {"a": 1}}, (64 << 20) / ((128 << 20) + 300), "reached"),
            ({"kind": "start_up", "command": "pack --help", "at_most": {"": 1}}, 0.5, "reached"),
        ]
        for target, value, outcome in cases:
            with self.subTest(target):
                verdict = self.judge(target)
                if value is None:
                    self.assertIsNone(verdict.value)
                else:
                    self.assertAlmostEqual(verdict.value or 0, value)
                self.assertEqual(verdict.outcome, outcome)

    def test_inputs_that_did_not_run(self) -> None:
        target = {"id": "x", "text": "x", "kind": "wall", "program": "pack:gzip", "against": "bsdtar:gzip"}
        self.assertEqual(targets.judge(RESULTS, [target | {"at_most": {"b": 1}}]), [])

    def test_file(self) -> None:
        """Every target in the file is of a known kind, and can be judged."""
        wanted = targets.load()
        self.assertEqual(len({target["id"] for target in wanted}), len(wanted))
        verdicts = targets.judge(RESULTS, wanted)
        self.assertEqual(
            {verdict.target for verdict in verdicts},
            {
                target["id"]
                for target in wanted
                if "a" in target.get("at_most", target.get("at_least", {})) or "" in target.get("at_most", {})
            },
        )
        self.assertEqual(targets.cores_needed(wanted)["pack:gzip"], {1, 2, 4})

    def test_row(self) -> None:
        wanted = [
            {
                "id": "x",
                "text": "x",
                "kind": "wall",
                "program": "pack:gzip",
                "against": "bsdtar:gzip",
                "at_most": {"a": 0.1},
            }
        ]
        rows = table.of_targets(targets.judge(RESULTS, wanted))
        self.assertEqual(rows[1], ["x", "≤ 0.1", "0.2", "(a) missed by 100%"])


class Page(unittest.TestCase):
    def test_replaced(self) -> None:
        page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
        self.assertEqual(report.replaced(page, "new"), f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n")
        with self.assertRaisesRegex(BenchError, "markers"):
            report.replaced(page.replace(report.END, ""), "new")

    def test_stamp(self) -> None:
        """A stamp holds for one picture and one result only."""
        picture = "<svg/>\n"
        stamp = report.stamp(picture)
        self.assertRegex(picture + stamp, report.STAMP)
        self.assertNotEqual(stamp, report.stamp("<svg />\n"))
        with mock.patch.object(report, "LAYERS", report.LOCALITY):
            self.assertNotEqual(stamp, report.stamp(picture))


if __name__ == "__main__":
    unittest.main()
