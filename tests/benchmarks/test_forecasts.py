"""The program that measures forecasts runs, and its second guess is what it says."""

import sys

import numpy as np
import pytest

from parzen.benchmarks import forecasts


def test_it_runs(monkeypatch, capsys):
    words = ["--problems", "branin", "levy-failing", "--samplers", "random", "--seeds", "2", "--after", "10:5", "5:1"]
    monkeypatch.setattr(sys, "argv", ["forecasts", *words])
    forecasts.main()
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0] == "random, 2 problems, 2 seeds"
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| 10, 5", "| 5, 1", "| functions", "| failing"]
    assert all(line.count("|") == lines[2].count("|") for line in lines[3:])
    assert lines[4].split(" | ")[1] == "4"


@pytest.mark.parametrize("g", [2.0, 3.0])
def test_least_squares_find_a_power_law(g):
    """Losses at the expected order statistics of U^(2/g): extrapolated, they lie at those of the larger sample."""
    n, m, s = 60, 60, 2.0 / g

    def expected(i, n):
        j = np.arange(1, n + 1)
        return np.exp(np.log1p(s / j[: i - 1]).sum() - np.log1p(s / j).sum())

    ordered = np.array([0.5 + expected(i, n) for i in range(1, n + 1)])
    assert forecasts.least_squares(ordered, m, g) == pytest.approx(0.5 + expected(1, n + m))
