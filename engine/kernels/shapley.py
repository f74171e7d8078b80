"""Shapley values of games, and interactions of pairs: exactly from all coalitions, or from permutations.

A game of d players gives a number v(S) for every coalition S; v({}) = 0. Source: Shapley, "A value for n-person games",
1953; interactions: Grabisch and Roubens, "An axiomatic approach to the concept of interaction among players in
cooperative games", Int. J. of Game Theory 28, 1999, equation 8 for pairs.
"""

from __future__ import annotations

from math import comb

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray


def coalitions(d: int) -> BoolArray:
    """List all coalitions, shape (2^d, d): player i is in coalition k if bit i of k is set."""
    return np.asarray((np.arange(2**d)[:, np.newaxis] >> np.arange(d)) & 1, dtype=bool)


def monotone(values: FloatArray) -> FloatArray:
    """Let each coalition have the largest value of those that it contains; values of all coalitions, shape (2^d,)."""
    found: FloatArray = values.copy()
    for i in range(len(values).bit_length() - 1):
        split = found.reshape(-1, 2, 2**i)  # without player i, and with it
        np.maximum(split[:, 1], split[:, 0], out=split[:, 1])
    return found


def exact(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give Shapley values, and interactions of pairs, from the values of all coalitions.

    Parameters
    ----------
    values
        Shape (2^d,), in the order of `coalitions`.

    Returns
    -------
    singles, pairs
        Shape (d,), whose sum is the value of all players together; and (d, d), symmetric, 0 on the diagonal.
    """
    d = len(values).bit_length() - 1
    members, size = np.arange(2**d), coalitions(d).sum(axis=1)
    of_one = np.array([1.0 / (d * comb(d - 1, s)) for s in range(d)])
    of_two = np.array([1.0 / ((d - 1) * comb(d - 2, s)) for s in range(d - 1)])
    singles, pairs = np.zeros(d), np.zeros((d, d))
    for i in range(d):
        without = members[(members >> i) & 1 == 0]
        singles[i] = of_one[size[without]] @ (values[without | 1 << i] - values[without])
        for j in range(i):
            neither = without[(without >> j) & 1 == 0]
            both, one, other = neither | 1 << i | 1 << j, neither | 1 << i, neither | 1 << j
            pairs[i, j] = of_two[size[neither]] @ (values[both] - values[one] - values[other] + values[neither])
            pairs[j, i] = pairs[i, j]
    return singles, pairs


def chains(permutations: IntArray) -> tuple[BoolArray, BoolArray]:
    """List the coalitions from which `sampled` estimates.

    Parameters
    ----------
    permutations
        Orders in which the players come, shape (n, d).

    Returns
    -------
    first, swapped
        The first 0 to d players of each, shape (n, d + 1, d); and the first 1 to d - 1 if the last of these changes
        places with the next one, shape (n, d - 1, d).
    """
    d = permutations.shape[1]
    place = np.argsort(permutations, axis=1)[:, np.newaxis, :]
    first = place < np.arange(d + 1)[np.newaxis, :, np.newaxis]
    k = np.arange(1, d)[np.newaxis, :, np.newaxis]
    return first, np.asarray((place < k - 1) | (place == k))


def sampled(
    permutations: IntArray, values: FloatArray, swapped: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Estimate Shapley values, and interactions of pairs, from permutations (Castro, Gomez and Tejada, 2009).

    Parameters
    ----------
    permutations
        Shape (n, d), n > 1.
    values, swapped
        Values of the coalitions that `chains` lists, shape (n, d + 1) and (n, d - 1). Those of all players are equal.

    Returns
    -------
    singles, errors, pairs
        Shape (d,), whose sum is the value of all players; their standard errors, shape (d,); and (d, d), symmetric, NaN
        for two players that are never neighbours.
    """
    n, d = permutations.shape
    gains = np.empty((n, d))
    np.put_along_axis(gains, permutations, np.diff(values, axis=1), axis=1)
    together = values[:, 2:] - values[:, 1:-1] - swapped + values[:, :-2]
    total, count = np.zeros((d, d)), np.zeros((d, d))
    left, right = permutations[:, :-1], permutations[:, 1:]
    np.add.at(total, (left, right), together)
    np.add.at(count, (left, right), 1.0)
    with np.errstate(invalid="ignore"):
        pairs = (total + total.T) / (count + count.T)
    np.fill_diagonal(pairs, 0.0)
    return gains.mean(axis=0), gains.std(axis=0, ddof=1) / np.sqrt(n), pairs


def monotone_chains(values: FloatArray, swapped: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Let each coalition have the largest value of those seen in it; all players the largest of all."""
    values, swapped = values.copy(), np.maximum(swapped, values[:, :-2])
    values[:, 2:] = np.maximum(values[:, 2:], swapped)
    values = np.maximum.accumulate(values, axis=1)
    values[:, -1] = values.max()
    return values, np.maximum(swapped, values[:, :-2])
