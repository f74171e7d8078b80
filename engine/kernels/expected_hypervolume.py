"""The logarithm of the expected hypervolume improvement of two or three objectives.

Emmerich, Yang, Deutz, Wang and Fonseca, "A multicriteria generalization of Bayesian global optimization" (2016): what
is not dominated yet is cut into boxes, and where the objectives are independent, the expected part of a box that a
point dominates is a product over the objectives. In an interval [a, b] of one, with EI(t) = E[max(t - Y, 0)],

    E[length of the part of [a, b] above Y] = EI(b) - EI(a)

All of it is computed as logarithms, since far from the front everything underflows (Ament et al. 2023, section 3.3).
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray
from .improvement import log_h


def log_expected_hypervolume_improvement(
    mean: FloatArray, sd: FloatArray, front: FloatArray, reference: FloatArray
) -> FloatArray:
    """Return the logarithms (n,) of the expected improvements at n points.

    Parameters
    ----------
    mean, sd
        Predictions of the m = 2 or 3 objectives, less is better, shape (n, m).
    front
        k values that do not dominate each other, shape (k, m).
    reference
        What bounds the hypervolume, shape (m,). Values of the front that lie beyond it do not count.
    """
    front = front[(front < reference).all(axis=1)]
    if len(reference) == 2:
        return _over_strips(mean, sd, front, reference)
    levels = np.unique(front[:, 2])
    begins, ends = np.append(-np.inf, levels), np.append(levels, reference[2])
    found = np.full(len(mean), -np.inf)
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        below = front[front[:, 2] <= begin, :2]
        area = _over_strips(mean[:, :2], sd[:, :2], below[_is_minimal(below)], reference[:2])
        found = np.logaddexp(
            found, area + _log_length(mean[:, 2:], sd[:, 2:], np.array([begin]), np.array([end]))[:, 0]
        )
    return found


def _over_strips(mean: FloatArray, sd: FloatArray, front: FloatArray, reference: FloatArray) -> FloatArray:
    """Add up the strips between neighbouring values of the first of two objectives."""
    front = front[np.argsort(front[:, 0], kind="stable")]
    begins, ends = np.append(-np.inf, front[:, 0]), np.append(front[:, 0], reference[0])
    tops = np.append(reference[1], front[:, 1])
    strips = _log_length(mean[:, :1], sd[:, :1], begins, ends) + _log_improvement(mean[:, 1:], sd[:, 1:], tops)
    return np.asarray(np.logaddexp.reduce(strips, axis=1))


def _log_length(mean: FloatArray, sd: FloatArray, begins: FloatArray, ends: FloatArray) -> FloatArray:
    """Return log(EI(b) - EI(a)), shape (n, k), of predictions (n, 1) in k intervals."""
    longer, shorter = _log_improvement(mean, sd, ends), _log_improvement(mean, sd, begins)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = longer + np.log(-np.expm1(np.minimum(shorter - longer, 0.0)))
    return np.where(np.isnan(found), -np.inf, found)


def _log_improvement(mean: FloatArray, sd: FloatArray, below: FloatArray) -> FloatArray:
    """Return log EI(t), shape (n, k), of predictions (n, 1) below k values, some of which may be -inf."""
    u = (np.where(np.isinf(below), 0.0, below) - mean) / sd
    return np.where(np.isinf(below), -np.inf, log_h(u)[0] + np.log(sd))


def _is_minimal(values: FloatArray) -> FloatArray:
    """Tell which values (k, 2) no other one dominates; of equal ones the first."""
    order = np.lexsort([values[:, 1], values[:, 0]])
    lowest = np.minimum.accumulate(np.append(np.inf, values[order, 1]))[:-1]
    found = np.zeros(len(values), dtype=bool)
    found[order] = values[order, 1] < lowest
    return found
