"""The statistics of the benchmarks, against slow twins that enumerate, and against printed tables."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from parzen.benchmarks import stats

RNG = np.random.default_rng(0)


def test_regret_counts_from_the_best_in_units_and_is_never_negative():
    assert stats.regret([[3.0, 2.0, 0.5]], 1.0, 2.0).tolist() == [[1.0, 0.5, 0.0]]


@pytest.mark.parametrize("floor", [0.0, 0.5])
def test_geometric_mean(floor):
    values = [0.1, 2.0, 8.0]
    expected = math.prod(max(value, floor) for value in values) ** (1 / 3)
    assert stats.geometric_mean(values, floor) == pytest.approx(expected)


def test_the_geometric_mean_of_a_zero_needs_a_floor():
    assert stats.geometric_mean([0.0, 1.0]) == 0.0
    assert stats.geometric_mean([0.0, 1.0], 1e-4) == pytest.approx(1e-2)


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (5, 0), (7, 3), (3, 7), (29, 15)])
def test_sign_test(won, lost):
    n = won + lost
    tail = sum(math.comb(n, k) for k in range(max(won, lost), n + 1)) / 2**n
    assert stats.sign_test(won, lost) == pytest.approx(min(1.0, 2 * tail) if n else 1.0)


def test_mann_whitney():
    """All ways to deal the values to the two samples are alike."""
    for _ in range(5):
        a, b = RNG.standard_normal(5), RNG.standard_normal(4) + 1.0
        both = np.concatenate([a, b])

        def u(first, both=both):
            rest = [v for i, v in enumerate(both) if i not in first]
            return sum(both[i] > v for i in first for v in rest)

        dealt = [u(first) for first in itertools.combinations(range(9), 5)]
        seen = u(tuple(range(5)))
        tail = min(np.mean([d <= seen for d in dealt]), np.mean([d >= seen for d in dealt]))
        assert stats.mann_whitney(a, b) == pytest.approx(min(1.0, 2 * tail))


@pytest.mark.parametrize("pair", [([1.0, 2.0], [2.0, 1.0]), ([1.0], [5.0, 6.0]), ([0.0, 0.0], [0.0, 0.0])])
def test_samples_that_are_alike_or_too_few_do_not_differ(pair):
    assert stats.mann_whitney(*map(np.array, pair)) == 1.0


def test_wilcoxon():
    """All signs of the differences are alike."""
    for n in (5, 8):
        a, b = RNG.standard_normal(n), RNG.standard_normal(n) + 0.5
        ranks = np.argsort(np.argsort(np.abs(a - b))) + 1
        seen = ranks[a > b].sum()
        sums = [sum(r for r, s in zip(ranks, signs, strict=True) if s) for signs in itertools.product([0, 1], repeat=n)]
        tail = min(np.mean([s <= seen for s in sums]), np.mean([s >= seen for s in sums]))
        assert stats.wilcoxon(a, b) == pytest.approx(min(1.0, 2 * tail))
    assert stats.wilcoxon(np.ones(4), np.ones(4)) == 1.0


def test_mean_ranks_share_ties():
    scores = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 1.0], [2.0, 2.0, 2.0]])
    assert stats.mean_ranks(scores).tolist() == pytest.approx([(1 + 2.5 + 2) / 3, (2 + 2.5 + 2) / 3, (3 + 1 + 2) / 3])


def test_friedman():
    scores = RNG.standard_normal((12, 4)) + np.array([0.0, 0.3, 0.6, 0.9])
    n, k = scores.shape
    statistic = 12 * n / (k * (k + 1)) * (sum(stats.mean_ranks(scores) ** 2) - k * (k + 1) ** 2 / 4)
    chi2 = np.random.default_rng(1).chisquare(k - 1, 400_000)
    assert stats.friedman(scores) == pytest.approx((chi2 > statistic).mean(), abs=0.004)  # five standard errors
    assert stats.friedman(scores[:, :2]) == 1.0
    assert stats.friedman(np.ones((5, 3))) == 1.0


@pytest.mark.parametrize(("k", "q"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (7, 2.949), (10, 3.164)])
def test_critical_difference(k, q):
    """The values q of Demsar (2006), table 5."""
    assert stats.critical_difference(k, 30) == pytest.approx(q * math.sqrt(k * (k + 1) / 180), rel=3e-4)


def test_groups_that_do_not_differ():
    for _ in range(50):
        ranks, difference = RNG.uniform(1, 5, 6), RNG.uniform(0.1, 2.0)
        ordered = sorted(ranks)
        pairs = {(i, j) for i in range(6) for j in range(i + 1, 6) if ordered[j] - ordered[i] <= difference}
        largest = {p for p in pairs if not any(p != q and q[0] <= p[0] and p[1] <= q[1] for q in pairs)}
        assert set(stats.alike(ranks, difference)) == largest


def test_when_a_level_is_reached():
    assert stats.reached(np.array([4.0, 3.0, 2.0, 2.0]), 2.5) == 0.75
    assert stats.reached(np.array([4.0, 3.0]), 2.5) == math.inf


@pytest.mark.parametrize(
    ("p", "is_better", "words"), [(0.01, True, "better"), (0.01, False, "worse"), (0.06, True, "not significant")]
)
def test_a_verdict_is_in_words(p, is_better, words):
    assert stats.verdict(p, is_better) == words
