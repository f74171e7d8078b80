"""The programs of ``benchmarks/speed/``, and what they share."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from parzen.benchmarks.command import main
from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step


def sides(log: list[str], **seconds: list[float]) -> dict[str, Callable[[], Step]]:
    """Make sides whose steps take these seconds, and write down whose turn it is."""

    def maker(name: str) -> Step:
        left = iter(seconds[name])

        def step(pause: Pause) -> float:
            pause()
            log.append(name)
            return next(left)

        return step

    return {name: partial(maker, name) for name in seconds}


def test_ratios_are_those_of_rounds_and_the_first_step_does_not_count() -> None:
    log: list[str] = []
    case = Case("a", 7, sides(log, parzen=[99.0, 1.0, 2.0, 4.0], optuna=[0.1, 3.0, 2.0, 8.0]))
    record = timing.measured(case, rounds=3)
    assert record["seconds"] == {"parzen": 2.0, "optuna": 3.0}
    assert record["ratios"] == {"optuna": [1.5, 2.0, 2.5]}  # of 3, 1 and 2
    assert (record["case"], record["size"], record["cold"], record["rounds"]) == ("a", 7, False, 3)
    assert log[2:] == ["parzen", "optuna", "optuna", "parzen", "parzen", "optuna"]


def test_cold_steps_touch_more_than_the_caches_hold() -> None:
    before = timing._MANY.copy()
    assert timing.measured(Case("a", 1, sides([], parzen=[1.0] * 3)), rounds=2)["ratios"] == {}
    assert (before == timing._MANY).all()
    timing.measured(Case("a", 1, sides([], parzen=[1.0] * 3)), rounds=2, cold=True)
    assert (before + 3 == timing._MANY).all()
    assert timing._MANY.nbytes == 32 * 2**20


def test_a_line_tells_ratio_and_spread() -> None:
    case = Case("a trial", 1000, sides([], parzen=[1e-6] * 3, optuna=[1e-6, 2e-6, 4e-6]))
    line = timing.shown(timing.measured(case, rounds=2))
    assert " ".join(line.split()) == "a trial 1,000 warm parzen 1.0 us optuna 3.0 us, ratio 3.00 (2.50 to 3.50)"


@pytest.mark.parametrize(
    ("program", "words", "n_records"),
    [
        pytest.param("overhead", ["--sizes", "0", "3", "--cold"], 16, marks=pytest.mark.slow),
        ("overhead", ["--sizes", "3", "--spaces", "mixed"], 2),
        ("importance", ["--sizes", "20", "--what", "PED-ANOVA"], 1),
        ("report", ["--sizes", "20", "--what", "write"], 1),
        pytest.param("importance", ["--sizes", "20"], 2, marks=pytest.mark.slow),
        pytest.param(
            "pruning", ["--sizes", "8", "--pruners", "MedianPruner", "ThresholdPruner"], 6, marks=pytest.mark.slow
        ),
        pytest.param("startup", ["--sizes", "0"], 1, marks=pytest.mark.slow),
        pytest.param("plots", ["--sizes", "12", "--plots", "slice", "timeline"], 2, marks=pytest.mark.slow),
        pytest.param("default", ["--sizes", "12", "--spaces", "mixed"], 1, marks=pytest.mark.slow),  # it compiles
    ],
)
def test_programs(program: str, words: list[str], n_records: int, tmp_path: Path) -> None:
    """A second run appends to the file; the environment stands there once."""
    path = tmp_path / "new" / "speed.jsonl"
    flags = ["--rounds", "2", "--libraries", "parzen", "none_of_this_name", "--out", str(path)]
    for _ in range(2):
        assert main(["speed", program, *words, *flags]) == 0
    environment, *records = [json.loads(line) for line in path.read_text().splitlines()]
    assert "parzen" in environment["packages"]
    assert len(records) == 2 * n_records
    assert {record["program"] for record in records} == {program}
    assert all(record["seconds"]["parzen"] > 0 for record in records)
    assert len({record["environment"] for record in records}) == 1


@pytest.mark.slow  # it compiles
def test_fronts(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--what", "ranks", "--objectives", "2", "--kinds", "levels", "halves", "--sizes", "30", "--rounds", "2"]
    assert main(["speed", "fronts", *words]) == 0
    cases = [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    assert cases == ["ranks, 2 objectives, levels", "ranks, 2 objectives, halves"]


@pytest.mark.slow  # it compiles
def test_the_table_of_asks(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--sizes", "12", "60", "--rounds", "2", "--libraries", "parzen", "none_of_this_name", "--clock", "cpu"]
    assert main(["speed", "ahead", *words, "--rows", "tpe", "random", "--cold"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "| microseconds, cpu | 12 trials | 60 trials |"
    assert [row.split(" | ")[0] for row in rows[:2]] == [
        "| TPE, floats, 1 objective",
        "| TPE, floats, 1 objective, cold",
    ]
    assert len(rows) == 2 * (2 * 3 + 1)
    assert all(float(cell.replace(",", "")) > 0 for row in rows for cell in row.strip(" |").split(" | ")[1:])
