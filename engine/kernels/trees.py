"""Regression trees as piecewise constant functions on boxes: volumes, variances, and what single parameters explain.

A tree is a set of leaves, boxes that fill a range, each with a value. If a point is drawn uniformly from the range, the
tree's value is a random variable, and all that is asked of it here is a finite sum over leaves: exact, nothing is
sampled. Shapes: L leaves, d columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray

_BLOCK = 2**21  # pairs of leaves held at a time


class Leaves(NamedTuple):
    """The leaves of a tree.

    Attributes
    ----------
    start, width : ndarray
        Where each box begins and how wide it is, in shares of the whole range, shape (d, L) each.
    value : ndarray
        What the tree gives there, shape (L,), less its mean.
    volume : ndarray
        Shares of the whole volume, shape (L,).
    """

    start: FloatArray
    width: FloatArray
    value: FloatArray
    volume: FloatArray

    @property
    def variance(self) -> float:
        """The variance of the tree's value."""
        return float(self.volume @ self.value**2)


def leaves(
    children: tuple[IntArray, IntArray], feature: IntArray, threshold: FloatArray, value: FloatArray, ranges: FloatArray
) -> Leaves:
    """Lay out a tree.

    Parameters
    ----------
    children
        The left and the right child of each node, -1 of a leaf, shape (nodes,) each; the root is node 0. To the left go
        points that are not above the threshold.
    feature, threshold, value
        Column and place of each node's split, and what the tree gives there, shape (nodes,).
    ranges
        Lowest and highest value of each column, shape (d, 2).
    """
    left, right = children
    low, span = ranges[:, 0], np.ptp(ranges, axis=1)
    split = np.maximum(feature, 0)  # of a leaf it is negative
    place = np.clip((threshold - low[split]) / span[split], 0.0, 1.0)
    nodes, starts, ends = np.zeros(1, np.int64), np.zeros((len(low), 1)), np.ones((len(low), 1))
    found: list[tuple[IntArray, FloatArray, FloatArray]] = []
    while len(nodes):  # one level of the tree after the other
        is_leaf = left[nodes] < 0
        found.append((nodes[is_leaf], starts[:, is_leaf], ends[:, is_leaf]))
        nodes, starts, ends = nodes[~is_leaf], starts[:, ~is_leaf], ends[:, ~is_leaf]
        column, at, each = feature[nodes], place[nodes], np.arange(len(nodes))
        to_left, to_right = ends.copy(), starts.copy()
        to_left[column, each] = np.minimum(ends[column, each], at)
        to_right[column, each] = np.maximum(starts[column, each], at)
        starts, ends = np.concatenate([starts, to_right], axis=1), np.concatenate([to_left, ends], axis=1)
        nodes = np.concatenate([left[nodes], right[nodes]])
    at_leaf, start, end = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
    width = np.maximum(end - start, 0.0)
    volume = width.prod(axis=0)
    return Leaves(start, width, value[at_leaf] - volume @ value[at_leaf], volume)


def main_variances(tree: Leaves) -> FloatArray:
    """Give the variance of the tree's mean value where one column is known, for each column: shape (d,).

    The marginal of a column is a step function, which changes by value times the volume of the other columns where a
    leaf begins, and back where it ends: all of them come from one pass over the leaves (Hutter, Hoos and Leyton-Brown,
    "An efficient approach for assessing hyperparameter importance", ICML 2014, algorithm 2, without its loop).
    """
    weight = tree.value * _without_each(tree.width)
    return np.array([_of_steps(*column) for column in zip(tree.start, tree.width, weight, strict=True)])


def _of_steps(start: FloatArray, width: FloatArray, weight: FloatArray) -> float:
    """Give the variance of a sum of steps: `weight` from `start` on over `width`; its mean is 0."""
    inner = (start > 0.0) | (start + width < 1.0)  # the others add the same everywhere
    level = weight[~inner].sum()
    edges = np.concatenate([start[inner], start[inner] + width[inner]])
    order = np.argsort(edges)
    steps = np.concatenate([weight[inner], -weight[inner]])[order]
    heights = level + np.concatenate([[0.0], np.cumsum(steps)])
    return float(np.diff(edges[order], prepend=0.0, append=1.0) @ heights**2)


def _without_each(width: FloatArray) -> FloatArray:
    """Give for each column the product of the widths of all others, shape (d, L); widths may be 0."""
    ones = np.ones((1, width.shape[1]))
    before = np.cumprod(np.concatenate([ones, width[:-1]]), axis=0)
    after = np.cumprod(np.concatenate([ones, width[:0:-1]]), axis=0)[::-1]
    return before * after


def joint_variance(tree: Leaves, columns: BoolArray) -> float:
    """Give the variance of the tree's mean value where some columns are known, each of which has one place of splits.

    Such columns are the choices of a categorical parameter, 0 or 1. Leaves that lie alike in them count together; of
    two kinds of leaves the overlap is 2^-k if k of the columns are bounded in either, or none if they contradict each
    other. So it takes the square of the number of kinds, where the cells of the columns would be 2^choices.

    Parameters
    ----------
    tree
        The leaves.
    columns
        Which columns, shape (d,).
    """
    start, width = tree.start[columns], tree.width[columns]
    weight = tree.value * tree.width[~columns].prod(axis=0)
    sides = np.where(start > 0.0, 1, np.where(width < 1.0, -1, 0)).T  # above the split, below it, on both
    kinds, kind = np.unique(sides, axis=0, return_inverse=True)
    total = np.bincount(kind.reshape(-1), weights=weight, minlength=len(kinds))
    above, below, free = ((kinds == side).astype(float) for side in (1, -1, 0))
    found, rows = 0.0, max(1, _BLOCK // len(kinds))
    for i in range(0, len(kinds), rows):
        at = slice(i, i + rows)
        contradict = above[at] @ below.T + below[at] @ above.T
        overlap = np.where(contradict > 0, 0.0, 0.5 ** (kinds.shape[1] - free[at] @ free.T))
        found += float(total[at] @ overlap @ total)
    return max(found, 0.0)
