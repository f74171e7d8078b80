"""Hypervolume: what a set of points dominates below a reference point; all objectives are minimised."""

from __future__ import annotations

import bisect
import heapq
import math
from operator import ge

import numpy as np

from ..arrays import FloatArray, IntArray
from . import fronts
from .fronts import LEAST, PARTS

Box = tuple[float, ...]


def hypervolume(points: FloatArray, reference: FloatArray, compiled: bool | None = None) -> float:
    """Return the volume dominated by points and bounded by the reference point.

    Parameters
    ----------
    points
        (n, m), without NaN; a point that is not better than the reference in every objective adds nothing.
    reference
        (m,), without NaN.
    compiled
        Which tier to use; None: by the number of points.

    Returns
    -------
    volume
        Infinite if a point that counts is infinitely better than the reference in some objective.

    Raises
    ------
    ValueError
        If a value is NaN.
    """
    if _is_compiled(points, compiled):
        from .compiled import hypervolume as tier

        found = tier.volume_below(points, reference)
        if found >= 0.0:
            return found
    return _volume_in_any_unit(points, reference, _is_compiled(points, compiled))


def _is_compiled(points: FloatArray, compiled: bool | None) -> bool:
    return fronts.is_compiled(len(points)) if compiled is None else compiled


def _volume_in_any_unit(points: FloatArray, reference: FloatArray, compiled: bool) -> float:
    extents = _extents(points, reference)
    extents = extents[(extents > 0).all(axis=1)]
    if len(extents) == 0:
        return 0.0
    if np.isinf(extents).any():
        return math.inf
    extents, exponents = _scaled(extents)
    with np.errstate(over="ignore", under="ignore"):
        return float(np.ldexp(_volume(extents, compiled), exponents.sum()))


def _volume(extents: FloatArray, compiled: bool) -> float:
    """Return the volume of the union of boxes (n, m)."""
    if extents.shape[1] == 1:
        return float(extents.max())
    if compiled:
        from .compiled import hypervolume as tier

        return tier.volume(extents)
    return volume_python([tuple(box) for box in extents.tolist()])


def contributions(points: FloatArray, reference: FloatArray, compiled: bool | None = None) -> FloatArray:
    """Return what each point adds to the volume of all others ("exclusive hypervolume").

    Source: While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes", IEEE Trans. Evol. Comput.
    16(1), 2012; in two and three objectives by a sweep (as in Emmerich and Fonseca, "Computing hypervolume
    contributions in low dimensions", EMO 2011).

    Parameters
    ----------
    points
        (n, m), without NaN; one that is infinitely better than the reference in some objective counts there as twice as
        good as the best finite one.
    reference
        (m,), without NaN.
    compiled
        Which tier to use; None: by the number of points.

    Returns
    -------
    contributions
        (n,); 0 for a point that another one dominates or equals, and for one that is not better than the reference in
        every objective.

    Raises
    ------
    ValueError
        If a value is NaN.
    """
    compiled = _is_compiled(points, compiled)
    if compiled and points.shape[1] > 1:
        from .compiled import contributions as tier

        found = tier.contributions_below(points, reference)
        if found is not None:
            return found
    return _contributions_in_any_unit(points, reference, compiled)


def _contributions_in_any_unit(points: FloatArray, reference: FloatArray, compiled: bool) -> FloatArray:
    extents, exponents = _unit_extents(points, reference)
    out, is_inside = np.zeros(len(extents)), (extents > 0).all(axis=1)
    if is_inside.any():
        out[is_inside] = _contributions(extents[is_inside], compiled)
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.ldexp(out, exponents.sum()))


def _contributions(extents: FloatArray, compiled: bool) -> FloatArray:
    """Return what each box (n, m), m >= 2, shares with no other."""
    if compiled:
        from .compiled import contributions as tier

        return tier.contributions(extents)
    if extents.shape[1] == 2:
        return _contributions_of_two(extents)
    return contributions_python([tuple(box) for box in extents.tolist()])


def subset(points: FloatArray, reference: FloatArray, k: int, compiled: bool | None = None) -> IntArray:
    """Choose k points one by one, each the one that adds the largest volume to those before.

    Source: Guerreiro, Fonseca and Paquete, "Greedy hypervolume subset selection in low dimensions", Evolutionary
    Computation 24(3), 2016. What a point adds can only fall as others are chosen, so it is computed again only when
    its old value is the largest (Minoux, "Accelerated greedy algorithms", 1978).

    Parameters
    ----------
    points
        (n, m), without NaN; a point that is not better than the reference in every objective adds nothing. One that is
        infinitely better in some counts there as twice as good as the best finite one.
    reference
        (m,), without NaN.
    k
        How many, at most n.
    compiled
        Which tier to use; None: by the number of points.

    Returns
    -------
    indices
        (k,) in order of choice; of those that add the same, the lowest index first. Those that add nothing, such as
        repetitions of a chosen point, come last.

    Raises
    ------
    ValueError
        If a value is NaN.
    """
    extents, _ = _unit_extents(points, reference)
    k = min(k, len(extents))
    if _is_compiled(points, compiled):
        from .compiled import subset as tier

        return tier.subset(extents, k)
    return subset_python([tuple(box) for box in extents.tolist()], k)


def _unit_extents(points: FloatArray, reference: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return extents (n, max(m, 2)) of 0 to 1, infinite ones as 2, and the exponents of the units."""
    extents, exponents = _scaled(np.maximum(_extents(points, reference), 0.0))
    extents[np.isinf(extents)] = 2.0  # the best finite one is less than 1
    n, m = extents.shape
    return np.column_stack([extents, np.ones((n, max(2 - m, 0)))]), exponents


def _extents(points: FloatArray, reference: FloatArray) -> FloatArray:
    """Return how far each point stays below the reference (n, m), both possibly infinite; not at all if both are."""
    _refuse_nan(points)
    _refuse_nan(reference)
    with np.errstate(over="ignore", invalid="ignore"):
        extents = np.asarray(reference - points)
    extents[np.isnan(extents)] = 0.0
    return extents


def _refuse_nan(values: FloatArray) -> None:
    if np.isnan(values).any():
        raise ValueError("Points and reference point must not hold NaN: leave those out that have no value.")


def _scaled(extents: FloatArray) -> tuple[FloatArray, IntArray]:
    """Divide each column by a power of two, so that the largest finite extent is from 1/2 to 1; return the exponents.

    So no product overflows, and nothing is rounded.
    """
    exponents = np.frexp(np.where(np.isinf(extents), 0.0, extents).max(axis=0, initial=0.0))[1]
    return np.ldexp(extents, -exponents), exponents


def volume_python(boxes: list[Box]) -> float:
    """Return the volume of the union of boxes in two objectives or more: `hypervolume` without compilation.

    Slices along the last objective (While, Bradstreet and Barone, IEEE Trans. Evol. Comput. 16(1), 2012, "WFG").
    """
    boxes = sorted(boxes, key=_last, reverse=True)
    total = 0.0
    if boxes and len(boxes[0]) == 2:
        widest = 0.0
        for x, y in boxes:
            if x > widest:
                total += (x - widest) * y
                widest = x
        return total
    for i, box in enumerate(boxes):
        face = box[:-1]
        total += box[-1] * (math.prod(face) - volume_python(_limited(boxes[:i], face)))
    return total


def contributions_python(boxes: list[Box]) -> FloatArray:
    """Return what each box shares with no other: `contributions` without compilation."""
    out = np.zeros(len(boxes))
    for i, box in enumerate(boxes):
        shared = _limited(boxes[:i] + boxes[i + 1 :], box)
        if shared != [box]:
            out[i] = max(math.prod(box) - volume_python(shared), 0.0)
    return out


def _contributions_of_two(extents: FloatArray) -> FloatArray:
    """Return what each box (n, 2) shares with no other.

    Over first extents between those of one box and the next, the highest of the boxes so far is alone above the second.
    """
    order = np.argsort(-extents[:, 0])
    x, y = extents[order].T
    highest = np.maximum.accumulate(y)
    before = np.append(0.0, highest[:-1])
    second = np.maximum.accumulate(np.minimum(y, before))
    owner = np.maximum.accumulate(np.where(y > before, np.arange(len(x)), 0))
    out = np.empty(len(x))
    out[order] = np.bincount(owner, -np.diff(x, append=0.0) * (highest - second), len(x))
    return out


def _last(box: Box) -> float:
    return box[-1]


def _limited(boxes: list[Box], within: Box) -> list[Box]:
    """Return what boxes share with one of as many extents or fewer, without those that others cover."""
    out: list[Box] = []
    # In falling lexicographic order no box covers one before it.
    for box in sorted({tuple(map(min, box, within)) for box in boxes}, reverse=True):
        for other in out:
            if all(map(ge, other, box)):
                break
        else:
            out.append(box)
    return out


def subset_python(boxes: list[Box], k: int) -> IntArray:
    """Choose k points by their extents: `subset` without compilation."""
    if boxes and len(boxes[0]) == 2:
        return _subset_of_two(boxes, k)
    volume = [math.prod(box) for box in boxes]
    bounds = [(-v, i, 0) for i, v in enumerate(volume)]  # minus what each adds, as known when how many were chosen
    heapq.heapify(bounds)
    shared: list[list[Box]] = [[] for _ in boxes]  # what each shares with those chosen before it was last looked at
    chosen: list[int] = []
    while len(chosen) < k:
        bound, i, known = heapq.heappop(bounds)
        if known == len(chosen) or bound == 0.0:
            chosen.append(i)
            continue
        shared[i] = _limited(shared[i] + [boxes[c] for c in chosen[known:]], boxes[i])
        added = 0.0 if shared[i] == [boxes[i]] else max(_rounded(volume[i] - volume_python(shared[i])), LEAST)
        heapq.heappush(bounds, (max(bound, -added), i, len(chosen)))
    return np.array(chosen, dtype=np.int64)


def _rounded(volume: float) -> float:
    return round(volume * PARTS) / PARTS


def _subset_of_two(boxes: list[Box], k: int) -> IntArray:
    """Choose by rectangles between neighbours, as the compiled tier does; see `compiled.subset`."""
    order = sorted(range(len(boxes)), key=boxes.__getitem__, reverse=True)
    x, y = zip(*(boxes[i] for i in order), strict=True)
    added, left = [a * b for a, b in zip(x, y, strict=True)], set(range(len(boxes)))
    chosen: list[int] = []
    useful = [-1, len(boxes)]  # places by falling first extent; of those that added something, sorted
    while len(chosen) < k:
        best = min(left, key=lambda c: (-added[c], order[c]))
        chosen.append(best)
        left.remove(best)
        if added[best] == 0.0:
            continue
        place = bisect.bisect(useful, best)
        first, stop = useful[place - 1], useful[place]
        useful.insert(place, best)
        low, end = y[first] if first >= 0 else 0.0, x[stop] if stop < len(boxes) else 0.0
        for c in range(first + 1, best):
            added[c] = (x[c] - x[best]) * max(y[c] - low, 0.0)
        for c in range(best + 1, stop):
            added[c] = (x[c] - end) * max(y[c] - y[best], 0.0)
    return np.array(order, dtype=np.int64)[chosen]
