"""Categorical kernels: log-probability rows around an observed choice, and draws from rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray


class ChoiceTables(NamedTuple):
    """The kernels of the categorical among d dimensions.

    Attributes
    ----------
    log_probability
        (t,) for each of them the rows of `log_rows`, flat: row c is the kernel of choice c, the last row the prior's.
    start
        (d,) where a dimension's rows begin.
    """

    log_probability: FloatArray
    start: IntArray


def log_rows(n_choices: int, leak: float, distance: FloatArray | None = None) -> FloatArray:
    """Return the kernel of every possible observation, and the uniform prior, as rows of log probabilities.

    The kernel of an observation c gives choice j a probability in proportion to leak^((D[c, j] / max D)^2): 1 at c
    itself, `leak` at the farthest choice. Without a distance matrix all other choices are equally far (Aitchison and
    Aitken, Biometrika 63, 1976).

    Parameters
    ----------
    n_choices
        Number of choices C >= 1.
    leak
        Relative probability of the farthest choice, in [0, 1].
    distance
        (C, C) distances between choices, with a zero diagonal, or None.

    Returns
    -------
    (C + 1, C) log probabilities; the last row is the prior's.
    """
    exponent = 1.0 - np.eye(n_choices) if distance is None else (distance / max(distance.max(), 1e-300)) ** 2
    rows = np.ones((n_choices + 1, n_choices))
    np.power(leak, exponent, out=rows[:-1])
    rows /= rows.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):  # leak = 0: a kernel that never leaves its observation
        return np.asarray(np.log(rows))


def draw_rows(log_probability: FloatArray, u: FloatArray) -> IntArray:
    """Return one choice index for each row of log probabilities (n, C), by inverting its cdf at u (n,) in [0, 1)."""
    cumulative = np.cumsum(np.exp(log_probability), axis=1)
    return np.asarray((cumulative <= (u * cumulative[:, -1])[:, None]).sum(axis=1), dtype=np.int64)
