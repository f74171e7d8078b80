"""Where to begin, given the trials of a similar study (Nomura, Watanabe, Akimoto, Ozaki and Onishi, AAAI 2021)."""

from __future__ import annotations

import math

import numpy as np

from ...engine.arrays import FloatArray

_GAMMA = 0.1  # share of the trials that are promising: arXiv:2012.06932
_ALPHA = 0.1  # standard deviation of the normal distribution put on each of them, as a share of the range


def promising(points: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Give the normal distribution that is nearest to a mixture around the promising points.

    Parameters
    ----------
    points
        Points of the unit cube, best first, shape (k, n).

    Returns
    -------
    mean, sigma, covariance
        Shape (n,), a number, and shape (n, n) of determinant 1: the covariance matrix is ``sigma**2 * covariance``.
    """
    best = points[: max(1, int(_GAMMA * len(points)))]
    n = best.shape[1]
    mean = best.mean(axis=0)
    spread = best - mean
    covariance = _ALPHA**2 * np.eye(n) + spread.T @ spread / len(best)
    sigma = math.exp(np.linalg.slogdet(covariance)[1] / (2 * n))
    return mean, sigma, covariance / sigma**2
