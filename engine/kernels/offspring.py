"""Children by the default operators, from their parents' values to theirs: the NumPy tier of `compiled.offspring`."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from .variation import hits, lent, polynomial, tournament

SLACK = 1e-12  # share of a range by which a logarithm may miss its end, and somewhat more


def offspring(
    points: FloatArray,
    grades: IntArray,
    is_choice: BoolArray,
    swap: FloatArray,
    crossover_prob: float,
    mutation_prob: float,
    eta: float,
    u: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """Make children by tournaments, uniform crossover and polynomial mutation in the unit cube.

    Parameters
    ----------
    points
        Those that compete to be parents, shape (d, k), k > 1; NaN where one lacks a coordinate.
    grades
        Their places in tournaments, 0 for the best, shape (k,).
    is_choice
        Which coordinates mutate to anywhere, shape (d,).
    swap
        Probability for each coordinate to be taken from the second parent, shape (d,).
    crossover_prob
        Probability that a child is crossed, and not like its first parent.
    mutation_prob
        See `hits`.
    eta
        Distribution index of the mutation.
    u
        Uniform numbers, shape (n, 5 + 3 d): four for the tournaments, whether to cross, and for each coordinate from
        whom it is, whether it mutates, and what to.

    Returns
    -------
    children
        Shape (n, d); NaN where neither parent has a coordinate.
    source
        Of which point a coordinate is, shape (n, d); -1 for one that mutated or is NaN.
    """
    n, d = len(u), len(points)
    mates = tournament(grades, u[:, :4].reshape(n, 2, 2))
    raw = points.T[mates]  # (n, 2, d)
    genes = lent(raw)
    owners = np.where(np.isnan(raw), mates[:, ::-1, np.newaxis], mates[:, :, np.newaxis])
    from_whom, whether, what = u[:, 5 : 5 + d], u[:, 5 + d : 5 + 2 * d], u[:, 5 + 2 * d :]
    is_second = (from_whom < swap) & (u[:, 4:5] < crossover_prob)
    children = np.where(is_second, genes[:, 1], genes[:, 0])
    is_hit = hits(children, genes, mutation_prob, whether)
    mutants = np.where(is_choice, what, polynomial(children, np.zeros(d), np.ones(d), eta, what))
    source = np.where(is_hit | np.isnan(children), -1, np.where(is_second, owners[:, 1], owners[:, 0]))
    return np.where(is_hit, mutants, children), source


def litter(
    values: FloatArray,
    places: FloatArray,
    low: FloatArray,
    width: FloatArray,
    is_log: BoolArray,
    ends: FloatArray,
    grades: IntArray,
    is_choice: BoolArray,
    swap: FloatArray,
    crossover_prob: float,
    mutation_prob: float,
    eta: float,
    u: FloatArray,
) -> tuple[FloatArray, IntArray]:
    """Make children of values by `offspring`.

    Parameters
    ----------
    values
        Of the parents, shape (d, k), k > 1; NaN for what one lacks.
    places
        Where those values lie in their ranges, shape (d, k): the values themselves, but for a grid or choices.
    low, width, is_log, ends
        See `into_cube` and `out_of_cube`.
    grades, is_choice, swap, crossover_prob, mutation_prob, eta, u
        See `offspring`.

    Returns
    -------
    children
        Shape (d, n): values of the parents to the last bit, where they did not mutate, unless they missed their ends by
        less than `SLACK`; NaN where neither has one within the range.
    source
        Shape (d, n); see `offspring`.
    """
    points = into_cube(places, low, width, is_log)
    children, source = offspring(points, grades, is_choice, swap, crossover_prob, mutation_prob, eta, u)
    kept = between(np.take_along_axis(values, source.T, axis=1), ends)
    return np.where(source.T >= 0, kept, out_of_cube(children, low, width, is_log, ends)), source.T


def into_cube(places: FloatArray, low: FloatArray, width: FloatArray, is_log: BoolArray) -> FloatArray:
    """Turn values into the unit cube.

    Parameters
    ----------
    places
        Values, shape (d, k).
    low, width
        Where each range begins and its width, on its scale, shape (d,).
    is_log
        Whether that is logarithmic, shape (d,).

    Returns
    -------
    points
        Shape (d, k); NaN for what lies outside of its range, by more than `SLACK`.
    """
    scaled = places
    if is_log.any():
        scaled = places.copy()
        scaled[is_log] = np.log(places[is_log])
    points = (scaled - low[:, np.newaxis]) / width[:, np.newaxis]
    is_inside = (points >= -SLACK) & (points <= 1 + SLACK)
    return np.asarray(np.where(is_inside, np.minimum(np.maximum(points, 0.0), 1.0), np.nan))


def out_of_cube(
    points: FloatArray, low: FloatArray, width: FloatArray, is_log: BoolArray, ends: FloatArray
) -> FloatArray:
    """Turn points of the unit cube (n, d) into values (d, n) between their `ends` (2, d); NaN stays NaN."""
    values = (low + points * width).T
    values[is_log] = np.exp(values[is_log])
    return between(values, ends)


def between(values: FloatArray, ends: FloatArray) -> FloatArray:
    """Bring values (d, n) to between their `ends` (2, d); NaN stays NaN."""
    return np.asarray(np.clip(values, ends[0][:, np.newaxis], ends[1][:, np.newaxis]))
