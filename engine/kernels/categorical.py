"""Categorical kernels: log-probability rows around an observed choice, and draws from rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray


class ChoiceTables(NamedTuple):
    """The kernels of the categorical among d dimensions, as rows of log probabilities that may overlap.

    Attributes
    ----------
    log_probability
        (t,) all rows.
    first, stride
        (d,) the kernel of choice c is the row that begins at ``first + c * stride``.
    prior
        (d,) where the row of the prior begins.
    """

    log_probability: FloatArray
    first: IntArray
    stride: IntArray
    prior: IntArray

    @classmethod
    def of(cls, n_choices: IntArray, leak: float, distances: Mapping[int, FloatArray]) -> ChoiceTables:
        """Lay out the kernels of dimensions of so many choices (d,), 0 of a number, some with distances (C, C).

        The kernel of an observation c gives choice j a probability in proportion to leak^((D[c, j] / max D)^2): 1 at c
        itself, `leak` at the farthest choice. Without distances all other choices are equally far (Aitchison and
        Aitken, Biometrika 63, 1976): the rows lie one within the other, each shifted by one, and take 2 C - 1 numbers.

        Parameters
        ----------
        n_choices
            Number of choices of each dimension, shape (d,).
        leak
            Relative probability of the farthest choice, in [0, 1].
        distances
            By dimension; with a zero diagonal.
        """
        first, stride, prior = np.zeros((3, len(n_choices)), dtype=np.int64)
        parts, size = [np.empty(0)], 0
        for j in np.flatnonzero(n_choices).tolist():
            n = int(n_choices[j])
            if j in distances:
                rows, first[j], stride[j] = log_rows(leak, distances[j]).ravel(), size, n
            else:
                rows, first[j], stride[j] = log_band(n, leak), size + n - 1, -1
            prior[j] = size + len(rows)
            parts += [rows, np.full(n, -np.log(n))]
            size = int(prior[j]) + n
        return cls(np.concatenate(parts), first, stride, prior)

    def along(self, dims: IntArray) -> ChoiceTables:
        """Keep some of the dimensions."""
        return ChoiceTables(self.log_probability, self.first[dims], self.stride[dims], self.prior[dims])


def log_rows(leak: float, distance: FloatArray) -> FloatArray:
    """Return the kernels (C, C) of choices with distances (C, C), as rows of log probabilities."""
    rows = np.power(leak, (distance / max(distance.max(), 1e-300)) ** 2)
    rows /= rows.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore"):  # leak = 0: a kernel that never leaves its observation
        return np.asarray(np.log(rows))


def log_band(n_choices: int, leak: float) -> FloatArray:
    """Return log probabilities (2 C - 1,), of which the kernel of choice c among C equally far ones begins at C-1-c."""
    band = np.full(2 * n_choices - 1, leak)
    band[n_choices - 1] = 1.0
    band /= 1.0 + (n_choices - 1) * leak
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(band))


def draw_rows(log_probability: FloatArray, u: FloatArray) -> IntArray:
    """Return one choice index for each row of log probabilities (n, C), by inverting its cdf at u (n,) in [0, 1)."""
    cumulative = np.cumsum(np.exp(log_probability), axis=1)
    return np.asarray((cumulative <= (u * cumulative[:, -1])[:, None]).sum(axis=1), dtype=np.int64)
