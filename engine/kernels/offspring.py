"""Children by the default operators, from their parents' values to theirs: the NumPy tier of `compiled.offspring`."""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from .cube import Scale, near_unit, to_unit
from .variation import hits, lent, polynomial, tournament

# Mutants lie on a grid of the unit cube, so that both tiers make the same ones, whose last digits differ otherwise.
MUTANTS = 2.0**26


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
    numbers = np.rint(polynomial(children, np.zeros(d), np.ones(d), eta, what) * MUTANTS) / MUTANTS
    mutants = np.where(is_choice, what, numbers)
    source = np.where(is_hit | np.isnan(children), -1, np.where(is_second, owners[:, 1], owners[:, 0]))
    return np.where(is_hit, mutants, children), source


def litter(
    values: FloatArray,
    share: FloatArray,
    scale: Scale,
    grades: IntArray,
    is_choice: BoolArray,
    swap: FloatArray,
    crossover_prob: float,
    mutation_prob: float,
    eta: float,
    u: FloatArray,
) -> FloatArray:
    """Make children of values by `offspring`.

    Parameters
    ----------
    values
        Of the parents, shape (d, k), k > 1; NaN for what one lacks, which is also what lies outside of its range.
    share
        How far through its cell of the grid each value is put, in [0, 1), shape (d, k).
    scale
        The d ranges.
    grades, is_choice, swap, crossover_prob, mutation_prob, eta, u
        See `offspring`.

    Returns
    -------
    children
        Shape (d, n): values of the parents to the last bit, where they did not mutate; mutants of values of a grid may
        lie beside it (see `cube.settle`); NaN where neither parent has a value.
    """
    points = to_unit(values.T, scale, share.T).T
    return inherited(values, scale, *offspring(points, grades, is_choice, swap, crossover_prob, mutation_prob, eta, u))


def inherited(values: FloatArray, scale: Scale, children: FloatArray, source: IntArray) -> FloatArray:
    """Give the values (d, n) of children (n, d) in the unit cube: those of their sources (d, k), to the last bit."""
    kept = np.take_along_axis(values, source.T, axis=1)
    return np.where(source.T >= 0, kept, near_unit(children, scale).T)
