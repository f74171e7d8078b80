"""Hypervolume: what a set of points dominates below a reference point; all objectives are minimised."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from . import COMPILED_FROM

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def hypervolume(points: Array, reference: Array) -> float:
    """Return the volume dominated by points and bounded by the reference point.

    Parameters
    ----------
    points
        (n, m) finite; a point that is not better than the reference in every objective adds nothing.
    reference
        (m,) finite.
    """
    inside = points[(points < reference).all(axis=1)]
    if len(inside) >= COMPILED_FROM:
        from .compiled import hypervolume as compiled

        return compiled.hypervolume(inside, reference)
    return hypervolume_numpy(inside, reference)


def hypervolume_numpy(points: Array, reference: Array) -> float:
    """NumPy tier of `hypervolume`: slices along the last objective (Knowles 2002; While et al. 2006, "HSO")."""
    if len(points) == 0:
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    if points.shape[1] == 2:
        lowest = np.minimum.accumulate(points[:, 0])
        return float(((reference[0] - lowest) * np.diff(points[:, 1], append=reference[1])).sum())
    depth = np.diff(points[:, -1], append=reference[-1])
    return sum(
        float(depth[i]) * hypervolume_numpy(points[: i + 1, :-1], reference[:-1])
        for i in range(len(points))
        if depth[i] > 0.0
    )


def subset(points: Array, reference: Array, k: int, compiled: bool | None = None) -> IntArray:
    """Choose k points one by one, each the one that adds the largest volume to those before.

    Source: Guerreiro, Fonseca and Paquete, "Greedy hypervolume subset selection in low dimensions", Evolutionary
    Computation 24(3), 2016. What a point adds can only fall as others are chosen, so it is computed again only when
    its old value is the largest.

    Parameters
    ----------
    points
        (n, m) finite, and better than the reference to count.
    reference
        (m,) finite.
    k
        How many, at most n.
    compiled
        Which tier to use; None: by the number of points.

    Returns
    -------
    indices
        (k,) in order of choice; of equal ones the lowest index first.
    """
    k = min(k, len(points))
    if compiled or (compiled is None and len(points) >= COMPILED_FROM):
        from .compiled import hypervolume as tier

        return tier.subset(points, reference, k)
    return subset_numpy(points, reference, k)


def subset_numpy(points: Array, reference: Array, k: int) -> IntArray:
    """NumPy tier of `subset`."""
    volume = np.maximum(reference - points, 0.0).prod(axis=1)
    bounds = [
        (-v, i, 0) for i, v in enumerate(volume.tolist())
    ]  # minus what it adds, as known when how many were chosen
    heapq.heapify(bounds)
    chosen: list[int] = []
    while len(chosen) < k:
        _, i, known = heapq.heappop(bounds)
        if known == len(chosen):
            chosen.append(i)
            continue
        covered = np.maximum(points[chosen], points[i])  # the part of what i dominates that others do, too
        added = float(volume[i]) - hypervolume_numpy(covered[(covered < reference).all(axis=1)], reference)
        heapq.heappush(bounds, (-max(added, 0.0), i, len(chosen)))
    return np.array(chosen, dtype=np.int64)
