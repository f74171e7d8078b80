"""Children of a generation as columns: parents read from the history, crossed and mutated in the unit cube."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...engine.distributions import BaseDistribution, CategoricalDistribution, FloatArray, FloatDistribution
from ...engine.history import History
from ...engine.kernels import variation
from ..base import Space
from .crossovers import BaseCrossover, one_by_one
from .mutations import BaseMutation, each

IntArray = npt.NDArray[np.int64]


class Operators(NamedTuple):
    """How children are made of parents; see `NSGAIISampler`."""

    crossover: BaseCrossover
    crossover_prob: float
    swapping_prob: float
    mutation: BaseMutation
    mutation_prob: float | None


class Box(NamedTuple):
    """The parameters to be bred, in the order of their names: d of them."""

    names: list[str]
    distributions: list[BaseDistribution]
    low: FloatArray  # ends of the ranges in model coordinates, (d,)
    width: FloatArray
    is_number: npt.NDArray[np.bool_]  # whether a parameter is not categorical, (d,)
    numerical: IntArray  # indices of those
    discrete: list[int]  # of those that have a grid, or choices
    logarithmic: IntArray  # of the others whose scale is logarithmic
    ends: FloatArray  # least and greatest value of the others, infinite for the discrete ones, (2, d)

    @classmethod
    def of(cls, space: Space) -> Box:
        """Describe a search space."""
        names = sorted(space)
        distributions = [space[name] for name in names]
        support = np.array([distribution.support for distribution in distributions]).reshape(-1, 2)
        is_number = np.array([not isinstance(d, CategoricalDistribution) for d in distributions], dtype=bool)
        plain = {j: d for j, d in enumerate(distributions) if isinstance(d, FloatDistribution) and d.step is None}
        ends = [(plain[j].low, plain[j].high) if j in plain else (-np.inf, np.inf) for j in range(len(names))]
        return cls(
            names,
            distributions,
            support[:, 0],
            np.maximum(np.ptp(support, axis=1), np.finfo(np.float64).tiny),
            is_number,
            np.flatnonzero(is_number),
            [j for j in range(len(names)) if j not in plain],
            np.array([j for j, d in plain.items() if d.log], dtype=np.int64),
            np.array(ends).reshape(-1, 2).T,
        )


def breed(
    parents: IntArray,
    grades: IntArray,
    box: Box,
    history: History,
    rng: np.random.Generator,
    n: int,
    how: Operators,
    study: Any,
) -> FloatArray:
    """Make n children.

    Parameters
    ----------
    parents
        Numbers of trials, shape (k,).
    grades
        Their places in tournaments, 0 for the best, shape (k,).
    box
        Their parameters.
    history
        The study's trials; its lock is held.
    rng
        Random numbers.
    n
        Number of children.
    how
        Crossover and mutation.
    study
        The study, for operators of users.

    Returns
    -------
    internal
        Internal values, shape (d, n); NaN for a parameter that no parent of a child has.
    """
    values = internal_values(box, history, parents)
    points = to_unit(box, values, rng.random(values.shape))
    values = np.where(np.isnan(points), np.nan, values)  # without what left its range since
    mates = choose_mates(grades, how.crossover.n_parents, rng.random((n, how.crossover.n_parents, 2)))
    genes, families = _lent(points.T[mates]), _lent(values.T[mates])  # (n, k, d)
    children = cross(genes, box, rng, how, study)
    changed = mutate(children, genes, box, rng, how, study)
    found = _from_unit(box, changed)
    for k in range(genes.shape[1]):  # what was handed down as it is keeps every bit
        np.copyto(found, families[:, k].T, where=(changed == genes[:, k]).T)
    return found


def choose_mates(grades: IntArray, n_each: int, u: FloatArray) -> IntArray:
    """Choose each child's parents by tournaments; where there are fewer than a child has, they serve in turn."""
    places = np.arange(max(len(grades), n_each)) % len(grades)
    return np.asarray(places[variation.tournament(grades[places], u)])


def _lent(genes: FloatArray) -> FloatArray:
    """Give parents (n, k, d) that lack a parameter the value of another one of theirs."""
    is_missing = np.isnan(genes)
    if not is_missing.any():
        return genes
    other = np.take_along_axis(genes, is_missing.argmin(axis=1)[:, np.newaxis], axis=1)  # the first that has it
    return np.where(is_missing, other, genes)


# --- crossover and mutation ------------------------------------------------------------------------------------------


def cross(genes: FloatArray, box: Box, rng: np.random.Generator, how: Operators, study: Any) -> FloatArray:
    """Make children (n, d) of parents (n, k, d): a child that is not crossed is its first parent."""
    n, _, d = genes.shape
    children = genes[:, 0].copy()
    if len(box.numerical) < d:
        children = variation.uniform(genes, how.swapping_prob, rng.random((n, d)))
    if len(box.numerical):
        made = _cross_numerical(genes[:, :, box.numerical], box, rng, how.crossover, study)
        children[:, box.numerical] = made
    is_crossed = rng.random((n, 1)) < how.crossover_prob
    return np.where(is_crossed, children, genes[:, 0])


def _cross_numerical(
    genes: FloatArray, box: Box, rng: np.random.Generator, crossover: BaseCrossover, study: Any
) -> FloatArray:
    is_missing = np.isnan(genes[:, 0])
    if is_missing.any():
        crossed = _cross_numerical(np.nan_to_num(genes), box, rng, crossover, study)
        return np.where(is_missing, np.nan, crossed)
    if first_defined(crossover, "children", "crossover") == "children":
        return np.asarray(crossover.children(genes, _unit_bounds(genes.shape[2]), rng, study))
    low, width = box.low[box.numerical], box.width[box.numerical]
    made = one_by_one(crossover, low + genes * width, np.stack([low, low + width], axis=1), rng, study)
    return variation.bounce(
        np.asarray((made - low) / width), genes[:, 0], np.zeros(len(low)), np.ones(len(low)), rng.random(made.shape)
    )


def mutate(
    children: FloatArray, genes: FloatArray, box: Box, rng: np.random.Generator, how: Operators, study: Any
) -> FloatArray:
    """Change some coordinates (n, d) of children: a choice to any, a number by the mutation."""
    mutants = children.copy()
    rows, columns = np.nonzero(choose_hits(children, genes, how.mutation_prob, rng))
    is_number = box.is_number[columns]
    mutants[rows, columns] = rng.random(len(rows))
    rows, columns = rows[is_number], columns[is_number]
    if len(rows):
        mutants[rows, columns] = _mutate_numerical(children[rows, columns], box, columns, rng, how.mutation, study)
    return mutants


def choose_hits(
    children: FloatArray, genes: FloatArray, probability: float | None, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Choose the coordinates to be mutated (n, d): by default one a child on average, one at least of a copy."""
    there = ~np.isnan(children)
    u = np.where(there, rng.random(children.shape), np.inf)
    if probability is not None:
        return np.asarray(u < probability)
    is_hit = u * np.maximum(there.sum(axis=1, keepdims=True), 1) < 1
    is_copy = ((children[:, None] == genes) | ~there[:, None]).all(axis=2).any(axis=1) & ~is_hit.any(axis=1)
    rows = np.flatnonzero(is_copy)
    is_hit[rows, u[rows].argmin(axis=1)] = there[rows].any(axis=1)
    return np.asarray(is_hit)


def _mutate_numerical(
    x: FloatArray, box: Box, columns: IntArray, rng: np.random.Generator, mutation: BaseMutation, study: Any
) -> FloatArray:
    if first_defined(mutation, "mutants", "mutation") == "mutants":
        return np.asarray(mutation.mutants(x, _unit_bounds(len(x)), rng, study))
    low, width = box.low[columns], box.width[columns]
    made = each(mutation, low + x * width, np.stack([low, low + width], axis=1), rng, study)
    return np.clip((made - low) / width, 0.0, 1.0)


def _unit_bounds(d: int) -> FloatArray:
    return np.stack([np.zeros(d), np.ones(d)], axis=1)


def first_defined(operator: Any, *names: str) -> str:
    """Tell which method a class defines nearest to itself: of a subclass that overrides one, that one is to count."""
    for cls in type(operator).__mro__:
        for name in names:
            if name in vars(cls):
                return name
    return names[-1]


# --- trials as points ------------------------------------------------------------------------------------------------


def internal_values(box: Box, history: History, numbers: IntArray) -> FloatArray:
    """Give internal values of trials (d, k); NaN where a trial does not have a parameter."""
    rows = history.rows_of(box.names)  # first, because it may make the table larger
    found: FloatArray = history.table[rows[:, None], numbers]
    for j, (name, distribution) in enumerate(zip(box.names, box.distributions, strict=True)):
        if name in history.changed_choices and isinstance(distribution, CategoricalDistribution):
            found[j] = history.choice_indices(name, numbers, distribution)
    return found


def to_unit(box: Box, values: FloatArray, share: FloatArray) -> FloatArray:
    """Turn internal values (d, k) into the unit cube; NaN for what is outside of its range now.

    Of a discrete value only the cell is known, not where in it a child once stood: it is put at a share of the way
    through its cell, so that the neighbouring ones are within reach of small changes.
    """
    model = values.copy()
    if len(box.logarithmic):
        model[box.logarithmic] = np.log(values[box.logarithmic])
    for j in box.discrete:
        distribution = box.distributions[j]
        half = abs(distribution.grid) / 2 or 0.5
        lower = distribution.to_model(values[j] - half)
        model[j] = lower + share[j] * (distribution.to_model(values[j] + half) - lower)
    points = (model - box.low[:, np.newaxis]) / box.width[:, np.newaxis]
    return np.where((points >= 0) & (points <= 1), points, np.nan)


def _from_unit(box: Box, points: FloatArray) -> FloatArray:
    """Turn points of the unit cube (n, d) into internal values (d, n); NaN stays NaN."""
    model = (box.low + points * box.width).T
    if len(box.logarithmic):
        model[box.logarithmic] = np.exp(model[box.logarithmic])
    for j in box.discrete:
        model[j] = box.distributions[j].from_model(model[j])
    return np.clip(model, box.ends[0][:, np.newaxis], box.ends[1][:, np.newaxis])
