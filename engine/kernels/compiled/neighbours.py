"""Sorted columns of a changing set of points, and the distances to their neighbours (Bergstra et al. 2011, section 4).

For each dimension `order[j, : count[j]]` lists the members by (coordinate, number), so that the order does not depend
on who came first; a point without the coordinate is not listed, and choices are not sorted at all. Adding or removing a
point moves part of the row (a memory move) and changes three distances.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...arrays import BoolArray, FloatArray, IntArray
from .. import jit
from ..axes import Axes

Order = npt.NDArray[np.int32]

BLOCK = 1024
FEW = 64


def rebuild(
    ids: IntArray, z: FloatArray, axes: Axes, endpoints: bool, order: Order, count: IntArray, distance: FloatArray
) -> None:
    """Sort the points `ids`, ascending column numbers of z (d, n), from scratch; fill `distance` (d, n) for them."""
    for j, listed in enumerate(_sorted(ids, z, axes)):
        order[j, : len(listed)], count[j] = listed, len(listed)
    _measure_all(order, count, z, axes, endpoints, distance)


def merge(
    added: IntArray,
    members: BoolArray,
    z: FloatArray,
    axes: Axes,
    endpoints: bool,
    order: Order,
    count: IntArray,
    distance: FloatArray,
) -> None:
    """Bring the sorted columns up to date in one pass: keep the `members` (n,) and merge in the points `added`."""
    scratch = np.empty(order.shape[1], np.int32)
    for j, new in enumerate(_sorted(added, z, axes)):
        count[j] = _merge(new, members, z[j], order[j], count[j], scratch)
    _measure_all(order, count, z, axes, endpoints, distance)


def distances(z: FloatArray, axes: Axes, endpoints: bool) -> FloatArray:
    """Return the distances (d, n) of all points to their farther neighbours."""
    d, n = z.shape
    out = np.full((d, n), np.nan)
    if n <= FEW:
        distances_of_few(z, axes, endpoints, out)
    else:
        rebuild(np.arange(n), z, axes, endpoints, np.empty((d, n), np.int32), np.zeros(d, np.int64), out)
    return out


def _sorted(ids: IntArray, z: FloatArray, axes: Axes) -> list[Order]:
    """Sort points, ascending column numbers, by each numeric coordinate that they have."""
    x = z[:, ids]
    order = np.argsort(x, axis=1, kind="stable")  # NaN comes last
    counts = np.where(axes.n_choices == 0, (x == x).sum(axis=1), 0).tolist()
    return [ids[row[:k]].astype(np.int32) for row, k in zip(order, counts, strict=True)]


@jit
def change(
    changed: IntArray,
    members: BoolArray,
    z: FloatArray,
    axes: Axes,
    endpoints: bool,
    order: Order,
    count: IntArray,
    distance: FloatArray,
) -> None:
    """Take the points `changed` into the sorted columns, or out of them where they are no longer `members` (n,)."""
    block = np.empty(BLOCK, np.int32)
    for i in changed:
        for j in range(z.shape[0]):
            if axes.n_choices[j] == 0 and z[j, i] == z[j, i]:
                left = _position(i, z[j], order[j], count[j])
                if members[i]:
                    _open(order[j], left, count[j], block)
                    order[j, left] = i
                    count[j] += 1
                else:
                    source, target = order[j, left + 1 : count[j]], order[j, left : count[j] - 1]
                    for c in range(source.size):
                        target[c] = source[c]
                    count[j] -= 1
                listed = order[j, : count[j]]
                points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
                for position in range(max(left - 1, 0), min(left + 2, count[j])):
                    _measure(position, z[j], points, axes.lower[j], axes.upper[j], endpoints, listed, distance[j])


@jit
def _measure_all(
    order: Order, count: IntArray, z: FloatArray, axes: Axes, endpoints: bool, distance: FloatArray
) -> None:
    for j in range(z.shape[0]):
        points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
        listed = order[j, : count[j]]
        for position in range(count[j]):
            _measure(position, z[j], points, axes.lower[j], axes.upper[j], endpoints, listed, distance[j])


@jit
def distances_of_few(z: FloatArray, axes: Axes, endpoints: bool, distance: FloatArray) -> None:
    """Sort by insertion: for a few points the calls that others need take longer."""
    order = np.empty(z.shape[1], np.int32)
    for j in range(z.shape[0]):
        n = 0
        for i in range(z.shape[1]):
            if axes.n_choices[j] > 0 or z[j, i] != z[j, i]:
                continue
            at = n
            while at > 0 and z[j, order[at - 1]] > z[j, i]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = i
            n += 1
        points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
        for position in range(n):
            _measure(position, z[j], points, axes.lower[j], axes.upper[j], endpoints, order[:n], distance[j])


@jit
def _merge(new: Order, members: BoolArray, z: FloatArray, order: Order, n: int, scratch: Order) -> int:
    """Merge sorted points into a sorted row of n, dropping those that are no members; return the new length."""
    a = size = 0
    for position in range(n):
        i = order[position]
        if not members[i]:
            continue
        while a < new.size and (z[new[a]] < z[i] or (z[new[a]] == z[i] and new[a] < i)):
            scratch[size] = new[a]
            a, size = a + 1, size + 1
        scratch[size] = i
        size += 1
    while a < new.size:
        scratch[size] = new[a]
        a, size = a + 1, size + 1
    for position in range(size):
        order[position] = scratch[position]
    return size


@jit
def _position(i: int, z: FloatArray, order: Order, n: int) -> int:
    """Return the first position that is not before (z[i], i)."""
    left, right = 0, n
    while left < right:
        middle = (left + right) // 2
        other = order[middle]
        if z[other] < z[i] or (z[other] == z[i] and other < i):
            left = middle + 1
        else:
            right = middle
    return left


@jit
def _open(order: Order, left: int, n: int, block: Order) -> None:
    """Move order[left : n] one to the right, block by block from the end: elementwise it would not vectorise."""
    stop = n
    while stop > left:
        start = max(left, stop - BLOCK)
        source, target = order[start:stop], order[start + 1 : stop + 1]
        for c in range(source.size):
            block[c] = source[c]
        for c in range(target.size):
            target[c] = block[c]
        stop = start


@jit
def _measure(
    position: int,
    z: FloatArray,
    points: FloatArray,
    lower: float,
    upper: float,
    endpoints: bool,
    listed: Order,
    distance: FloatArray,
) -> None:
    """Set the distance of the point at a position to its farther neighbour; see `rules.neighbour_distance`.

    `points` are the model coordinates of a short grid's values; empty: z itself is the model coordinate.
    """
    n = listed.size
    here = _model(z[listed[position]], points)
    left = right = 0.0
    if position > 0:
        left = here - _model(z[listed[position - 1]], points)
    elif endpoints or n == 1:
        left = here - lower
    if position + 1 < n:
        right = _model(z[listed[position + 1]], points) - here
    elif endpoints or n == 1:
        right = upper - here
    distance[listed[position]] = max(left, right)


@jit
def _model(z: float, points: FloatArray) -> float:
    """Return the model coordinate of a kernel coordinate."""
    return points[np.int64(z)] if points.size else z
