"""How good the best of some more values will be, given those so far: expectations, and draws of what lies beyond.

Losses are sorted, the best first. Near its lower end a distribution of losses is taken to follow a power law,
P(Y <= y) = ((y - a) / b)^kappa, as it does where a smooth function of g parameters that matter is drawn at random and
lies near its minimum a: then kappa = g / 2 (Lourie et al., "Hyperparameter loss surfaces are simple near their optima",
COLM 2025, arXiv 2510.02721).
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray, IntArray

LEAST_KAPPA = 0.25
_N_KAPPA, _N_END = 32, 48  # values tried of the power, and of the end
_END_RANGE = 1e-4, 10.0  # the end below the best value, as a share of the extent of the tail
_TREND_MEAN, _TREND_SD = 0.4, 0.5  # prior of the logarithm of a trend
_TEMPER = 0.5  # what the bests so far count for: a trend does not stay what it was
_TRENDS = np.exp(np.linspace(-1.5, 2.5, 81))


def tail_size(n: int, part: int) -> int:
    """Give how many of n sorted losses count as the tail: one in `part`, but eight, and at most a hundred."""
    return min(n, 100, max(8, n // part))


def expected_best(losses: FloatArray, sizes: IntArray) -> FloatArray:
    """Give the mean best of all subsets of some sizes (k,) of sorted losses (n,): the U-statistic, unbiased.

    sum_i y_(i) C(n - i, size - 1) / C(n, size): Tang et al., "Showing your work doesn't always work", ACL 2020, eq. 5.
    Infinite losses are infinitely bad, or good: one that is makes the mean so.
    """
    if np.isinf(losses[0]):
        return np.full(len(sizes), losses[0])
    found = np.empty(len(sizes))
    for place, size in enumerate(sizes.tolist()):
        absent = _absent(len(losses), size)
        is_best = -np.diff(absent, append=0.0)
        above = (losses[: len(absent)] - losses[0]) * is_best  # so that rounding never makes it better than the best
        found[place] = losses[0] + float(above.sum())
    return found


def _absent(n: int, size: int) -> FloatArray:
    """Give the chance that of n values none of the first i = 0, ..., n - size is in a subset of some size."""
    j = np.arange(n - size)
    return np.append(1.0, np.cumprod((n - size - j) / (n - j)))


def quantile_best(losses: FloatArray, sizes: IntArray, level: float) -> FloatArray:
    """Give the quantile of the best of all subsets of some sizes (k,) of sorted losses (n,)."""
    places = [int(np.searchsorted(-_absent(len(losses), size)[1:], level - 1.0)) for size in sizes.tolist()]
    return np.asarray(losses[places])


def trend_posterior(is_record: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Infer how much more often than by chance alone new bests came, from which of n trials were one (n,).

    With trend c, trial i is a new best with probability c / (i - 1 + c): 1 / i for c = 1, where all trials are alike;
    more where later ones are drawn from better and better distributions (Nevzorov's scheme of records, "Records:
    mathematical theory", 2001, lecture 25).

    Returns
    -------
    trends, probabilities
        Shape (t,) each.
    """
    before = np.arange(1, len(is_record))  # the first trial always is a record
    chance = _TRENDS[:, None] / (before + _TRENDS[:, None])
    log = _TEMPER * (is_record[1:] * np.log(chance) + (1.0 - is_record[1:]) * np.log1p(-chance)).sum(axis=1)
    log -= 0.5 * ((np.log(_TRENDS) - _TREND_MEAN) / _TREND_SD) ** 2
    return _TRENDS, _normalised(log)


def alike(n: int, n_more: FloatArray, trends: FloatArray) -> FloatArray:
    """Give to how many trials drawn as the n so far some more ones (k,) amount, under trends (t,): shape (k, t)."""
    return np.asarray(n * np.expm1(trends * np.log1p(n_more[:, None] / n)))


def is_flat(tail: FloatArray) -> bool:
    """Tell whether sorted losses (k,) lie too close to each other for an end to be told below them; so do none."""
    return not len(tail) or not bool(tail[0] - _END_RANGE[0] * (tail[-1] - tail[0]) < tail[0])


def tail_posterior(tail: FloatArray, most_kappa: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Infer the end and the power of the tail from the k smallest losses, which are not flat.

    Given the largest of them the others are independent with density kappa (y - a)^(kappa - 1) / (y_(k) - a)^kappa.
    At first a is uniform, as is right for a place beside a scale (the right Haar prior), and so is log kappa.

    Parameters
    ----------
    tail
        Sorted, finite, shape (k,).
    most_kappa
        Half the number of parameters.

    Returns
    -------
    ends, kappas, probabilities
        Pairs, shape (p,) each.
    """
    extent = tail[-1] - tail[0]
    below = np.geomspace(*_END_RANGE, _N_END)
    ends = tail[0] - extent * below
    kappas = np.geomspace(LEAST_KAPPA, max(most_kappa, 2.0 * LEAST_KAPPA), _N_KAPPA)
    logs = np.log(tail[:-1] - ends[:, None]).sum(axis=1)
    last = np.log(tail[-1] - ends)
    n = len(tail) - 1
    log = n * np.log(kappas) + (kappas - 1.0) * logs[:, None] - n * kappas * last[:, None] + np.log(below)[:, None]
    at, power = np.broadcast_arrays(ends[:, None], kappas)
    return at.ravel(), power.ravel(), _normalised(log.ravel())


def best_of_more(
    tail: FloatArray, end: FloatArray, kappa: FloatArray, share: FloatArray, lowest: FloatArray
) -> FloatArray:
    """Map draws to the best loss after more trials, at most the best so far.

    Parameters
    ----------
    tail
        The k smallest losses, sorted.
    end, kappa
        Of the power law, shape (s,).
    share
        P(Y <= the k-th), shape (s,): Beta(k, n - k + 1).
    lowest
        P(Y <= the best of the new ones), shape (..., s).
    """
    with np.errstate(over="ignore"):  # far above the tail the law says nothing, and the best so far stays
        found = end + (tail[-1] - end) * (lowest / share) ** (1.0 / kappa)
    return np.asarray(np.minimum(found, tail[0]))


def _normalised(log: FloatArray) -> FloatArray:
    weight = np.exp(log - log.max())
    return np.asarray(weight / weight.sum())
