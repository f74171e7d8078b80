"""Sorted columns of a changing set of points, and the distances to their neighbours (Bergstra et al. 2011, section 4).

For each dimension `order[j, : count[j]]` lists the members by (coordinate, number), so that the order does not depend on
who came first; a point without the coordinate is not listed, and choices are not sorted at all. Adding or removing a
point moves part of the row (a memory move) and changes three distances.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import jit
from ..axes import Axes

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Order = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

BLOCK = 1024
FEW = 64


@jit
def rebuild(
    ids: IntArray, z: Array, axes: Axes, endpoints: bool, order: Order, count: IntArray, distance: Array
) -> None:
    """Sort the points `ids`, ascending column numbers of z (d, n), from scratch; fill `distance` (d, n) for them."""
    for j in range(z.shape[0]):
        count[j] = 0
        if axes.n_choices[j] > 0:
            continue
        for i in ids:
            if z[j, i] == z[j, i]:
                order[j, count[j]] = i
                count[j] += 1
        listed = order[j, : count[j]]
        if listed.size <= FEW:
            _insertion_sort(listed, z[j])
        else:
            listed[:] = listed[np.argsort(z[j][listed], kind="mergesort")]
        points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
        for position in range(count[j]):
            _measure(position, z[j], points, axes.lower[j], axes.upper[j], endpoints, listed, distance[j])


@jit
def change(
    changed: IntArray,
    members: Mask,
    z: Array,
    axes: Axes,
    endpoints: bool,
    order: Order,
    count: IntArray,
    distance: Array,
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
                    order[j, left : count[j] - 1] = order[j, left + 1 : count[j]]
                    count[j] -= 1
                listed = order[j, : count[j]]
                points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
                for position in range(max(left - 1, 0), min(left + 2, count[j])):
                    _measure(position, z[j], points, axes.lower[j], axes.upper[j], endpoints, listed, distance[j])


@jit
def merge(
    added: IntArray,
    members: Mask,
    z: Array,
    axes: Axes,
    endpoints: bool,
    order: Order,
    count: IntArray,
    distance: Array,
) -> None:
    """Bring the sorted columns up to date in one pass: keep the `members` (n,) and merge in the points `added`."""
    fresh = np.empty(order.shape[1], np.int32)
    for j in range(z.shape[0]):
        if axes.n_choices[j] > 0:
            continue
        new = added[z[j][added] == z[j][added]].astype(np.int32)
        new = new[np.argsort(z[j][new], kind="mergesort")]
        a = size = 0
        for position in range(count[j]):
            i = order[j, position]
            if not members[i]:
                continue
            while a < new.size and (z[j, new[a]] < z[j, i] or (z[j, new[a]] == z[j, i] and new[a] < i)):
                fresh[size] = new[a]
                a, size = a + 1, size + 1
            fresh[size] = i
            size += 1
        rest = new[a:]
        fresh[size : size + rest.size] = rest
        count[j] = size + rest.size
        order[j, : count[j]] = fresh[: count[j]]
        listed = order[j, : count[j]]
        points = axes.points[axes.start[j] : axes.start[j] + axes.n_values[j]]
        for position in range(count[j]):
            _measure(position, z[j], points, axes.lower[j], axes.upper[j], endpoints, listed, distance[j])


@jit
def distances(z: Array, axes: Axes, endpoints: bool) -> Array:
    """Return the distances (d, n) of all points to their farther neighbours."""
    d, n = z.shape
    out = np.full((d, n), np.nan)
    rebuild(np.arange(n), z, axes, endpoints, np.empty((d, n), np.int32), np.empty(d, np.int64), out)
    return out


@jit
def _insertion_sort(listed: Order, z: Array) -> None:
    """Sort a few points by their coordinate, stably."""
    for a in range(1, listed.size):
        i = listed[a]
        b = a
        while b > 0 and z[listed[b - 1]] > z[i]:
            listed[b] = listed[b - 1]
            b -= 1
        listed[b] = i


@jit
def _position(i: int, z: Array, order: Order, n: int) -> int:
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
        block[: stop - start] = order[start:stop]
        order[start + 1 : stop + 1] = block[: stop - start]
        stop = start


@jit
def _measure(
    position: int,
    z: Array,
    points: Array,
    lower: float,
    upper: float,
    endpoints: bool,
    listed: Order,
    distance: Array,
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
def _model(z: float, points: Array) -> float:
    """Return the model coordinate of a kernel coordinate."""
    return points[np.int64(z)] if points.size else z
