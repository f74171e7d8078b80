"""What is computed from the figures of runs: arrays in, numbers out.

Sources: comparing many contenders on many problems, Demsar, "Statistical comparisons of classifiers over multiple data
sets", JMLR 7 (2006): Friedman's test on ranks, and Nemenyi's critical difference.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import scipy.stats

from parzen.benchmarks.problem import Array

SIGNIFICANT = 0.05


def regret(curves: npt.ArrayLike, best: float, unit: float) -> Array:
    """Give what values are worse than the best, in units; none is better than 0."""
    return np.maximum(np.asarray(curves) - best, 0.0) / unit


def geometric_mean(values: npt.ArrayLike, floor: float = 0.0) -> float:
    """Give the geometric mean of values, each of them raised to a floor; 0 if one is 0."""
    raised = np.maximum(np.asarray(values, dtype=float), floor)
    return float(np.exp(np.mean(np.log(raised)))) if (raised > 0).all() else 0.0


def sign_test(won: int, lost: int) -> float:
    """Give the two-sided p-value of so many wins and losses if both were equally likely."""
    return float(scipy.stats.binomtest(won, won + lost).pvalue) if won + lost else 1.0


def mann_whitney(a: Array, b: Array) -> float:
    """Give the two-sided p-value that two samples are alike; 1 if they are the same or too few."""
    if min(len(a), len(b)) < 2 or np.array_equal(np.sort(a), np.sort(b)):
        return 1.0
    return float(scipy.stats.mannwhitneyu(a, b).pvalue)


def can_differ(n_a: int, n_b: int) -> bool:
    """Tell whether so many seeds can be significant at all by Mann-Whitney: one way of dealing them lies outermost."""
    return 2.0 / math.comb(n_a + n_b, n_a) < SIGNIFICANT


def wilcoxon(a: Array, b: Array) -> float:
    """Give the two-sided p-value that pairs differ in neither direction: Wilcoxon's signed-rank test."""
    return 1.0 if np.array_equal(a, b) else float(scipy.stats.wilcoxon(a, b).pvalue)


def mean_ranks(scores: Array) -> Array:
    """Rank the contenders on each problem, from 1 for the lowest score, ties shared; give the means.

    Parameters
    ----------
    scores
        Shape (n_problems, n_contenders), the lower the better.
    """
    return np.asarray(scipy.stats.rankdata(scores, axis=1).mean(axis=0))


def friedman(scores: Array) -> float:
    """Give the p-value that contenders, the columns of scores (n, k), are alike; 1 for less than three of them."""
    if scores.shape[1] < 3 or len(scores) < 2 or (scores == scores[:, :1]).all():
        return 1.0
    return float(scipy.stats.friedmanchisquare(*scores.T).pvalue)


def critical_difference(n_contenders: int, n_problems: int, level: float = SIGNIFICANT) -> float:
    """Give the difference of mean ranks beyond which two contenders differ, by Nemenyi's test."""
    q = scipy.stats.studentized_range.ppf(1.0 - level, n_contenders, np.inf) / np.sqrt(2.0)
    return float(q * np.sqrt(n_contenders * (n_contenders + 1) / (6.0 * n_problems)))


def alike(ranks: Array, difference: float) -> list[tuple[int, int]]:
    """Give the groups of contenders that do not differ, as (first, last) among those sorted by mean rank.

    Groups that lie in another one are left out.
    """
    ordered = np.sort(ranks)
    found: list[tuple[int, int]] = []
    for first, low in enumerate(ordered):
        last = int(np.searchsorted(ordered, low + difference, side="right")) - 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def reached(curve: Array, level: float) -> float:
    """Give the share of a falling curve's length after which it is at a level; infinite if it never is."""
    there = np.flatnonzero(curve <= level)
    return float(there[0] + 1) / len(curve) if len(there) else np.inf


def verdict(p_value: float, is_better: bool) -> str:
    """Say in words what a comparison comes to."""
    return ("better" if is_better else "worse") if p_value < SIGNIFICANT else "not significant"
