"""How good a set of points is that stands for a Pareto front: one number, for comparing multi-objective searches.

All take points as an array of shape (n, m) or a sequence of n sequences of m objective values, say
``[trial.values for trial in study.best_trials]``, in the units of the objectives. Infinite values are allowed, NaN is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ..engine.arrays import FloatArray
from ..engine.kernels import hypervolume as kernels
from ..engine.records import StudyDirection

Direction = str | StudyDirection

_BLOCK = 2**20  # differences held at a time


@np.errstate(all="ignore")  # whatever the user's program asks of NumPy
def hypervolume(
    points: npt.ArrayLike, reference: npt.ArrayLike, directions: Sequence[Direction] | None = None
) -> float:
    """Measure what points dominate, up to a reference point; the larger the better.

    Source: Zitzler and Thiele, "Multiobjective optimization using evolutionary algorithms: a comparative case study",
    PPSN 1998. Computed by sweeps in up to five objectives, and by slices beyond ("WFG", While et al. 2012).

    Parameters
    ----------
    points
        Shape (n, m); may be empty. One that is not better than the reference point in every objective adds nothing.
    reference
        Shape (m,): a point that is worse than all that matter.
    directions
        ``"minimize"`` or ``"maximize"`` for each objective, such as `Study.directions`; None: all are minimised.

    Returns
    -------
    volume
        In the product of the objectives' units; infinite if a point that counts is infinitely better in one.

    Raises
    ------
    ValueError
        If a value is NaN, or shapes or directions do not fit.

    Examples
    --------
    >>> hypervolume([[0.0, 1.0], [1.0, 0.0]], [2.0, 2.0])
    3.0
    """
    return kernels.hypervolume(*_with_reference(points, reference, directions))


@np.errstate(all="ignore")
def hypervolume_contributions(
    points: npt.ArrayLike, reference: npt.ArrayLike, directions: Sequence[Direction] | None = None
) -> FloatArray:
    """Measure how much of the hypervolume would be lost without each point.

    Parameters
    ----------
    points, reference, directions
        See `hypervolume`. A point that is infinitely better than the reference in some objective counts there as twice
        as good as the best finite one.

    Returns
    -------
    contributions
        Shape (n,); 0 for a point that another one dominates or equals.

    Raises
    ------
    ValueError
        If a value is NaN, or shapes or directions do not fit.

    Examples
    --------
    >>> hypervolume_contributions([[0.0, 1.0], [1.0, 0.0]], [2.0, 2.0])
    array([1., 1.])
    """
    return kernels.contributions(*_with_reference(points, reference, directions))


@np.errstate(all="ignore")
def igd(points: npt.ArrayLike, front: npt.ArrayLike) -> float:
    """Measure how far a known front is from points: the mean distance of each of its points to the nearest one.

    Source: "inverted generational distance", Coello Coello and Reyes Sierra, MICAI 2004, with the mean of distances. A
    set can be better by this and yet be dominated: prefer `igd_plus`. The same for objectives that are minimised and
    maximised.

    Parameters
    ----------
    points
        Shape (n, m); the distance to no points is infinite.
    front
        Shape (r, m), r > 0: the Pareto front, or the best known, evenly sampled. Scale objectives of different units.

    Returns
    -------
    distance
        In the units of the objectives, Euclidean; the smaller the better.

    Raises
    ------
    ValueError
        If a value is NaN, the front is empty, or shapes do not fit.
    """
    return float(_smallest(_distance, *_with_front(points, front)).mean())


@np.errstate(all="ignore")
def igd_plus(points: npt.ArrayLike, front: npt.ArrayLike, directions: Sequence[Direction] | None = None) -> float:
    """Measure how far points are from dominating a known front, in the mean over its points.

    Like `igd`, but only objectives in which a point is worse than that of the front count, so that a set that dominates
    another is never the worse one (Ishibuchi et al., "Modified distance calculation in generational distance and
    inverted generational distance", EMO 2015).

    Parameters
    ----------
    points
        Shape (n, m); the distance of no points is infinite.
    front
        Shape (r, m), r > 0: the Pareto front, or the best known, evenly sampled. Scale objectives of different units.
    directions
        ``"minimize"`` or ``"maximize"`` for each objective; None: all are minimised.

    Returns
    -------
    distance
        In the units of the objectives, Euclidean; the smaller the better, 0 if all of the front is reached.

    Raises
    ------
    ValueError
        If a value is NaN, the front is empty, or shapes or directions do not fit.
    """
    return float(_smallest(_shortfall, *_with_front(points, front, directions)).mean())


@np.errstate(all="ignore")
def additive_epsilon(
    points: npt.ArrayLike, front: npt.ArrayLike, directions: Sequence[Direction] | None = None
) -> float:
    """Find the least by which points must be better in every objective to dominate all of a front, weakly.

    Source: the additive "epsilon indicator", Zitzler et al., "Performance assessment of multiobjective optimizers: an
    analysis and review", IEEE Trans. Evol. Comput. 7(2), 2003.

    Parameters
    ----------
    points
        Shape (n, m); of no points infinite.
    front
        Shape (r, m), r > 0: the Pareto front, the best known, or the points of another search.
    directions
        ``"minimize"`` or ``"maximize"`` for each objective; None: all are minimised.

    Returns
    -------
    epsilon
        In the units of the objectives, which should be alike; the smaller the better, negative if the points are
        better than the front in every objective.

    Raises
    ------
    ValueError
        If a value is NaN, the front is empty, or shapes or directions do not fit.
    """
    return float(_smallest(_worst, *_with_front(points, front, directions)).max())


def _distance(differences: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.norm(differences, axis=-1))


def _shortfall(differences: FloatArray) -> FloatArray:
    return _distance(np.maximum(differences, 0.0))


def _worst(differences: FloatArray) -> FloatArray:
    return np.asarray(differences.max(axis=-1))


def _smallest(measure: Callable[[FloatArray], FloatArray], points: FloatArray, front: FloatArray) -> FloatArray:
    """Measure how much worse each point is than each of the front; give the least for each of the front (r,)."""
    if len(points) == 0:
        return np.full(len(front), np.inf)
    rows = max(_BLOCK // points.size, 1)
    starts = range(0, len(front), rows)
    found = [measure(_differences(points, front[start : start + rows])).min(axis=1) for start in starts]
    return np.concatenate(found)


def _differences(points: FloatArray, front: FloatArray) -> FloatArray:
    """Return points minus front (r, n, m); equal values differ by 0, infinite ones too."""
    with np.errstate(invalid="ignore", over="ignore"):
        out = points - front[:, np.newaxis]
    out[np.isnan(out)] = 0.0
    return out


def _with_reference(
    points: npt.ArrayLike, reference: npt.ArrayLike, directions: Sequence[Direction] | None
) -> tuple[FloatArray, FloatArray]:
    """Check points and a reference point; return both so that all objectives are minimised."""
    at = np.asarray(reference, dtype=float)
    if at.ndim != 1 or at.size == 0 or np.isnan(at).any():
        raise ValueError(f"Expected one `reference` value for each objective and no NaN, but got {at.tolist()}.")
    signs = _signs(directions, at.size)
    shape = np.shape(points)
    if len(shape) == 2 and shape[0] and shape[1] != at.size:
        raise ValueError(
            f"Expected as many `reference` values as `points` have columns, but got {at.size} for points of shape "
            f"{shape}."
        )
    return _minimised(points, "points", signs), at * signs


def _with_front(
    points: npt.ArrayLike, front: npt.ArrayLike, directions: Sequence[Direction] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Check points and a front; return both so that all objectives are minimised."""
    to = np.asarray(front, dtype=float)
    if to.ndim != 2 or to.size == 0:
        raise ValueError(
            f"Expected a front of shape (r, m) with at least one point, but got shape {to.shape}. Give the "
            "Pareto front or the best points known."
        )
    signs = _signs(directions, to.shape[1])
    return _minimised(points, "points", signs), _minimised(to, "front", signs)


def _minimised(points: npt.ArrayLike, name: str, signs: FloatArray) -> FloatArray:
    """Check points: (n, m) without NaN; return them with signs."""
    m = signs.size
    try:
        found = np.asarray(points, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Expected `{name}` of {m} numbers each, such as [trial.values for trial in study.best_trials]: {error}."
        ) from error
    if found.shape == (0,):
        found = found.reshape(0, m)
    if found.ndim != 2 or found.shape[1] != m:
        raise ValueError(f"Expected `{name}` of shape (n, {m}), a row for each point, but got shape {found.shape}.")
    n_wrong = int(np.isnan(found).any(axis=1).sum())
    if n_wrong:
        raise ValueError(f"Expected `{name}` without NaN, but {n_wrong} of {len(found)} hold one. Leave these out.")
    return found * signs


def _signs(directions: Sequence[Direction] | None, m: int) -> FloatArray:
    """Give 1 for each objective that is minimised, and -1 for each that is maximised."""
    listed = [StudyDirection.MINIMIZE] * m if directions is None else list(directions)
    if isinstance(directions, str) or len(listed) != m:
        raise ValueError(f"Expected a list of {m} directions, one for each objective, but got {directions!r}.")
    return np.array([_sign(direction) for direction in listed])


def _sign(direction: Direction) -> float:
    for known in (StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE):
        if direction is known or direction == known.name.lower():
            return known.sign
    raise ValueError(f"Each direction must be `minimize` or `maximize`, but got {direction!r}.")
