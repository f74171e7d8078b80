"""Reference points and niches: how NSGA-III chooses among points of one rank; all objectives are minimised.

Source: Deb and Jain, "An evolutionary many-objective optimization algorithm using reference-point-based nondominated
sorting approach, part I", IEEE Trans. Evol. Comput. 18(4), 2014, algorithms 1 to 4. NumPy alone: a generation takes a
few array operations and some microseconds a point that is chosen.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray

_EPSILON = 1e-6  # weight of the other objectives where an extreme point is looked for (section IV-C)
_LARGEST = np.finfo(np.float64).max / 4  # in size, of values that are told apart
_FLAT = 1e-9  # an intercept this much smaller or larger than the values of its objective is one of rounding


class Scale(NamedTuple):
    """What makes objectives comparable: ``(values - ideal) / length``."""

    ideal: FloatArray  # (m,)
    extremes: FloatArray  # (m, m): the extreme point of each objective
    length: FloatArray  # (m,)


def reference_points(m: int, divisions: int, inner: int = 0) -> FloatArray:
    """Spread points evenly over the simplex (Das and Dennis, SIAM J. Optim. 8(3), 1998).

    Parameters
    ----------
    m
        Number of objectives, at least 1.
    divisions
        Into how many parts each edge is divided, at least 1.
    inner
        The same for a second layer, half as large around the middle, which many objectives need (section V); 0: none.

    Returns
    -------
    points
        Shape (h, m), in [0, 1], each of sum 1; h is ``comb(divisions + m - 1, m - 1)``, plus the same for `inner`.

    Raises
    ------
    ValueError
        If there is no objective or no division.
    """
    if m < 1 or divisions < 1 or inner < 0:
        raise ValueError(
            f"Expected at least one objective, one division and no negative inner layer, but got m={m}, "
            f"divisions={divisions} and inner={inner}."
        )
    outer = _lattice(m, divisions)
    return np.vstack([outer, (_lattice(m, inner) + 1 / m) / 2]) if inner else outer


def _lattice(m: int, divisions: int) -> FloatArray:
    """Share `divisions` parts among m: m - 1 bars between as many stars."""
    places = divisions + m - 1
    bars = np.array(list(itertools.combinations(range(places), m - 1)), dtype=np.int64)
    bars = bars.reshape(math.comb(places, m - 1), m - 1)
    stars = np.diff(bars, axis=1, prepend=-1, append=places) - 1
    return np.asarray(stars / divisions)


def scale(values: FloatArray, ideal: FloatArray, extremes: FloatArray) -> Scale:
    """Find the ideal point, the extreme points and the intercepts of the plane through these (algorithm 2).

    Where the plane has no positive intercepts, say because points coincide, the largest values of the points take their
    place (as in Blank, Deb and Roy, "Investigating the normalization procedure of NSGA-III", EMO 2019).

    Parameters
    ----------
    values
        Shape (n, m), n > 0, without NaN. An infinite value counts as the largest finite one of its objective, or as the
        smallest.
    ideal
        Shape (m,), the ideal point of earlier generations; infinite if there were none.
    extremes
        Shape (k, m), the extreme points of earlier generations; k = 0 if there were none.
    """
    values = finite(values)
    ideal = np.minimum(values.min(axis=0), ideal)
    candidates = np.vstack([extremes, values]) - ideal
    factors = np.where(np.eye(values.shape[1]) > 0, _EPSILON, 1.0)  # epsilon over the paper's weights: none overflows
    achievement = (candidates[:, np.newaxis] * factors).max(axis=2)  # (k + n, m), eq. 4
    found = candidates[achievement.argmin(axis=0)]
    return Scale(ideal, found + ideal, _lengths(found, values.max(axis=0) - ideal))


def _lengths(extremes: FloatArray, largest: FloatArray) -> FloatArray:
    """Return the intercepts of the plane through m points, or the largest values."""
    try:
        inverse = np.linalg.solve(extremes, np.ones(len(extremes)))
    except np.linalg.LinAlgError:
        inverse = np.zeros(len(extremes))
    is_plane = ((inverse * largest > _FLAT) & (inverse * largest < 1 / _FLAT)).all()
    return 1 / inverse if is_plane else np.where(largest > 0, largest, 1.0)


def finite(values: FloatArray) -> FloatArray:
    """Set infinite values (n, m) to the largest finite one of their objective or to the smallest; to 0 without any.

    Beyond `_LARGEST` all are alike, so that differences are finite.
    """
    is_finite = np.isfinite(values)
    values = np.clip(values, -_LARGEST, _LARGEST)
    low = np.where(is_finite, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(is_finite, values, -np.inf).max(axis=0, initial=-np.inf)
    is_empty = low > high
    return np.clip(values, np.where(is_empty, 0.0, low), np.where(is_empty, 0.0, high))


def associate(values: FloatArray, reference: FloatArray, by: Scale) -> tuple[IntArray, FloatArray]:
    """Find the reference line that is nearest to each point (algorithm 3).

    Parameters
    ----------
    values
        Shape (n, m), without NaN.
    reference
        Shape (h, m): points on lines from the origin of the scaled objectives, none of them 0.
    by
        How to scale; see `scale`.

    Returns
    -------
    niche
        Shape (n,), the index of the line; the lowest of equally near ones.
    distance
        Shape (n,), measured perpendicular to the line.
    """
    points = (finite(values) - by.ideal) / by.length
    directions = reference / np.linalg.norm(reference, axis=1, keepdims=True)
    along = points @ directions.T  # (n, h): a point is nearest to the line along which it is farthest
    niche = along.argmax(axis=1)
    feet = along[np.arange(len(points)), niche, np.newaxis] * directions[niche]
    return niche, np.linalg.norm(points - feet, axis=1)


def fill(niche: IntArray, distance: FloatArray, counts: IntArray, k: int, u: FloatArray) -> IntArray:
    """Choose from points so that niches fill evenly (algorithm 4).

    Each time, one of the emptiest niches that have a point to offer gives one: its nearest if it is empty, else any.

    Parameters
    ----------
    niche, distance
        Shape (n,); see `associate`.
    counts
        Shape (h,): how many points chosen before are in each niche.
    k
        How many to choose, at most n.
    u
        Shape (k, 2), uniform numbers in [0, 1): which niche, and which point.

    Returns
    -------
    indices
        Shape (k,), in order of choice.
    """
    offers: dict[int, list[int]] = {}
    for i in np.argsort(distance, kind="stable").tolist():
        offers.setdefault(int(niche[i]), []).append(i)
    counts, chosen = counts.copy(), np.empty(k, dtype=np.int64)
    names = np.array(list(offers), dtype=np.int64)
    names.sort()
    for c, (first, second) in enumerate(u.tolist()):
        held = counts[names]
        emptiest = names[held == held.min()]
        j = int(emptiest[int(first * len(emptiest))])
        members = offers[j]
        chosen[c] = members.pop(int(second * len(members)) if counts[j] else 0)
        counts[j] += 1
        if not members:
            names = names[names != j]
    return chosen


def survivors(
    values: FloatArray,
    rank: IntArray,
    size: int,
    reference: FloatArray,
    ideal: FloatArray,
    extremes: FloatArray,
    u: FloatArray,
) -> tuple[IntArray, Scale]:
    """Choose the next generation: rank by rank, and within the rank that has too many by niches (algorithm 1).

    Parameters
    ----------
    values
        Shape (n, m), without NaN.
    rank
        Shape (n,), 0 for the best.
    size
        How many to choose, from 1 to n.
    reference
        Shape (h, m); see `reference_points`.
    ideal, extremes
        What earlier generations found; see `scale`.
    u
        Shape (size, 2), uniform numbers in [0, 1).

    Returns
    -------
    indices
        Shape (size,), by rank.
    scale
        Its ideal and extreme points are for the next generation.
    """
    order = np.argsort(rank, kind="stable")
    last = rank[order[size - 1]]
    considered, n_safe = order[: np.count_nonzero(rank <= last)], np.count_nonzero(rank < last)
    by = scale(values[considered], ideal, extremes)
    niche, distance = associate(values[considered], reference, by)
    counts = np.bincount(niche[:n_safe], minlength=len(reference))
    chosen = fill(niche[n_safe:], distance[n_safe:], counts, size - n_safe, u[: size - n_safe])
    return np.concatenate([considered[:n_safe], considered[n_safe + chosen]]), by
