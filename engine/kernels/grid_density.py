"""Densities of a parameter's values on a grid, and how far two of them are apart: what PED-ANOVA is computed from.

Values are counted in the cells of a grid, so that a density costs the same for ten values as for a million. Shapes: r
densities at once, of n cells each.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray
from . import truncnorm

CELLS = 50  # of a grid, at most
_LEAST = 1e-12  # of a density, so that ratios are finite
_NARROWEST = 0.5 / 1.64  # of a kernel's standard deviations: 90 % of its mass lie in one cell
_PRIOR_WEIGHT = 1.0  # of the prior, in observations


def of_numbers(counts: FloatArray) -> FloatArray:
    """Smooth counts on a grid by normal kernels, cut off at its ends, and a wide one in the middle as a prior.

    The bandwidth is Scott's, 1.059 min(s, IQR / 1.34) N^(-1/5) for N values of standard deviation s and interquartile
    range IQR (Scott, "Multivariate density estimation", 1992), as in Watanabe et al., "PED-ANOVA", IJCAI 2023.

    Parameters
    ----------
    counts
        Shape (r, n): values in each of n > 1 cells; at least one in each row.

    Returns
    -------
    density
        Shape (r, n): the mass of each cell; a row sums to 1, and n times 1e-12.
    """
    n = counts.shape[1]
    cells, total = np.arange(n), counts.sum(axis=1, keepdims=True)
    sigma = np.maximum(_scott(counts), _NARROWEST)[:, np.newaxis]
    kernel = _mass(np.arange(1 - n, n), sigma)  # of a cell, by its distance from the kernel's
    inside = _mass((n - 1) / 2 - cells, sigma, n / 2)
    each = counts / (inside * (total + _PRIOR_WEIGHT))
    shifted = np.lib.stride_tricks.sliding_window_view(kernel, n, axis=1)
    prior = _mass(cells - (n - 1) / 2, np.array(float(n)))
    smoothed: FloatArray = (shifted @ each[:, ::-1, np.newaxis])[:, :, 0]
    return np.asarray(smoothed + prior / prior.sum() * _PRIOR_WEIGHT / (total + _PRIOR_WEIGHT) + _LEAST)


def of_choices(counts: FloatArray) -> FloatArray:
    """Smooth counts of choices by kernels that give a part of their mass to the other choices, and a uniform prior.

    A choice keeps 1 + 1/k of 1 + n/k parts of its own mass, and gives 1/k to each other one, if k - 1 of the n choices
    occur.

    Parameters
    ----------
    counts
        Shape (r, n): values of each of n > 1 choices.

    Returns
    -------
    density
        Shape (r, n), as of numbers.
    """
    n = counts.shape[1]
    total = counts.sum(axis=1, keepdims=True)
    share = 1.0 / (np.count_nonzero(counts, axis=1)[:, np.newaxis] + 1.0)
    smoothed = (counts + share * total) / (1.0 + n * share)
    return (smoothed + _PRIOR_WEIGHT / n) / (total + _PRIOR_WEIGHT) + _LEAST  # type: ignore[no-any-return]


def pearson(density: FloatArray, base: FloatArray) -> FloatArray:
    """Give the Pearson divergence sum_x base(x) (density(x) / base(x) - 1)^2 of rows (r, n): shape (r,)."""
    return (base * (density / base - 1.0) ** 2).sum(axis=1)  # type: ignore[no-any-return]


def _scott(counts: FloatArray) -> FloatArray:
    """Give the bandwidth of each row of counts (r, n), in cells: shape (r,)."""
    n = counts.shape[1]
    cells, total = np.arange(n), counts.sum(axis=1)
    mean = counts @ cells / total
    deviation = np.sqrt((counts * (cells - mean[:, np.newaxis]) ** 2).sum(axis=1) / np.maximum(total - 1, 1))
    below = np.cumsum(counts, axis=1)
    first = (below < (total // 4)[:, np.newaxis]).sum(axis=1)
    third = np.minimum((below <= (3 * total // 4)[:, np.newaxis]).sum(axis=1), n - 1)
    bandwidth: FloatArray = 1.059 * np.minimum((third - first) / 1.34, deviation) * total**-0.2
    return bandwidth


def _mass(distance: FloatArray, sigma: FloatArray, half: float = 0.5) -> FloatArray:
    """Give the mass of a normal distribution, of some sigma, from `half` before a distance to as much behind it."""
    return np.exp(truncnorm.log_mass((distance - half) / sigma, (distance + half) / sigma))  # type: ignore[no-any-return]
