"""Children of a generation as columns: parents read from the history, crossed and mutated in the unit cube."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from ...engine.history import History
from ...engine.kernels import COMPILED_FROM, offspring, variation
from ..base import Space
from .crossovers import BaseCrossover, UniformCrossover, one_by_one
from .mutations import BaseMutation, PolynomialMutation, each

COMPILED_TRIALS = 10 * COMPILED_FROM  # from which loading the compiled tier costs less than it saves


class Operators(NamedTuple):
    """How children are made of parents; see `NSGAIISampler`."""

    crossover: BaseCrossover
    crossover_prob: float
    swapping_prob: float
    mutation: BaseMutation
    mutation_prob: float | None
    is_compiled: bool = False  # whether the compiled tier of the default operators is used


class Box(NamedTuple):
    """The parameters to be bred, in the order of their names: d of them."""

    names: list[str]
    distributions: list[BaseDistribution]
    low: FloatArray  # ends of the ranges in model coordinates, (d,)
    width: FloatArray
    is_number: BoolArray  # whether a parameter is not categorical, (d,)
    is_choice: BoolArray  # whether it is
    numerical: IntArray  # indices of those that are not
    discrete: list[int]  # of those that have a grid, or choices
    is_log: BoolArray  # which of the others have a logarithmic scale, (d,)
    ends: FloatArray  # least and greatest value of the others, infinite for the discrete ones, (2, d)
    stepped: IntArray  # indices of those that have a grid
    grids: FloatArray  # their least and greatest values, and spacings, (3, k, 1)

    @classmethod
    def of(cls, space: Space) -> Box:
        """Describe a search space."""
        names = sorted(space)
        distributions = [space[name] for name in names]
        support = np.array([distribution.support for distribution in distributions]).reshape(-1, 2)
        is_number = np.array([not isinstance(d, CategoricalDistribution) for d in distributions], dtype=bool)
        plain = {j: d for j, d in enumerate(distributions) if isinstance(d, FloatDistribution) and d.step is None}
        ends = [(plain[j].low, plain[j].high) if j in plain else (-np.inf, np.inf) for j in range(len(names))]
        stepped = [j for j, d in enumerate(distributions) if d.grid]
        grids = [(d.low, d.high, d.step) for d in (distributions[j] for j in stepped)]  # type: ignore[attr-defined]
        return cls(
            names,
            distributions,
            support[:, 0],
            np.maximum(np.ptp(support, axis=1), np.finfo(np.float64).tiny),
            is_number,
            ~is_number,
            np.flatnonzero(is_number),
            [j for j in range(len(names)) if j not in plain],
            np.array([j in plain and plain[j].log for j in range(len(names))], dtype=bool),
            np.ascontiguousarray(np.array(ends).reshape(-1, 2).T),
            np.array(stepped, dtype=np.int64),
            np.array(grids, dtype=np.float64).reshape(-1, 3).T[:, :, np.newaxis],
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
    places = _placed(box, values, rng.random(values.shape))
    values = _on_grids(box, values)
    if len(parents) < how.crossover.n_parents:  # they serve in turn
        turns = np.arange(how.crossover.n_parents) % len(parents)
        places, values, grades = places[:, turns], values[:, turns], grades[turns]
    if type(how.crossover) is UniformCrossover and type(how.mutation) is PolynomialMutation:
        return _by_default(values, places, grades, box, rng.random((n, 5 + 3 * len(values))), how)
    points = offspring.into_cube(places, box.low, box.width, box.is_log)
    values = offspring.between(values, box.ends)
    values = np.where(np.isnan(points), np.nan, values)  # without what left its range since
    mates = variation.tournament(grades, rng.random((n, how.crossover.n_parents, 2)))
    genes, families = variation.lent(points.T[mates]), variation.lent(values.T[mates])  # (n, k, d)
    children = cross(genes, box, rng, how, study)
    changed = mutate(children, genes, box, rng, how, study)
    found = _from_unit(box, changed)
    for k in range(genes.shape[1]):  # what was handed down as it is keeps every bit
        np.copyto(found, families[:, k].T, where=(changed == genes[:, k]).T)
    return found


def _by_default(
    values: FloatArray, places: FloatArray, grades: IntArray, box: Box, u: FloatArray, how: Operators
) -> FloatArray:
    """Make children by the default operators; see `offspring.litter`."""
    tier: Any = offspring
    if how.is_compiled:
        from ...engine.kernels.compiled import offspring as tier
    crossover, mutation = cast(UniformCrossover, how.crossover), cast(PolynomialMutation, how.mutation)
    swap = np.where(box.is_number, crossover._swapping_prob, how.swapping_prob)
    chances = float(how.crossover_prob), -1.0 if how.mutation_prob is None else float(how.mutation_prob)
    scale = box.low, box.width, box.is_log, box.ends
    found, source = tier.litter(values, places, *scale, grades, box.is_choice, swap, *chances, float(mutation._eta), u)
    for j in box.discrete:
        is_new = source[j] < 0
        found[j, is_new] = box.distributions[j].from_model(found[j, is_new])
    return np.asarray(found)


# --- crossover and mutation by any operators -------------------------------------------------------------------------


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
        return np.asarray(np.where(is_missing, np.nan, crossed))
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
    mutants: FloatArray = children.copy()
    probability = -1.0 if how.mutation_prob is None else how.mutation_prob
    rows, columns = np.nonzero(variation.hits(children, genes, probability, rng.random(children.shape)))
    is_number = box.is_number[columns]
    mutants[rows, columns] = rng.random(len(rows))
    rows, columns = rows[is_number], columns[is_number]
    if len(rows):
        mutants[rows, columns] = _mutate_numerical(children[rows, columns], box, columns, rng, how.mutation, study)
    return mutants


def _mutate_numerical(
    x: FloatArray, box: Box, columns: IntArray, rng: np.random.Generator, mutation: BaseMutation, study: Any
) -> FloatArray:
    if first_defined(mutation, "mutants", "mutation") == "mutants":
        return np.asarray(mutation.mutants(x, _unit_bounds(len(x)), rng, study))
    low, width = box.low[columns], box.width[columns]
    made = each(mutation, low + x * width, np.stack([low, low + width], axis=1), rng, study)
    return np.asarray(np.clip((made - low) / width, 0.0, 1.0))


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
    found: FloatArray = history.table.take(numbers, axis=1).take(rows, axis=0)  # quicker than by an index
    for name in history.changed_choices.intersection(box.names):
        j = box.names.index(name)
        distribution = box.distributions[j]
        if isinstance(distribution, CategoricalDistribution):
            found[j] = history.choice_indices(name, numbers, distribution)
    return found


def _placed(box: Box, values: FloatArray, share: FloatArray) -> FloatArray:
    """Tell where internal values (d, k) lie in their ranges.

    Of a discrete value only the cell is known, not where in it a child once stood: it is put at a share of the way
    through its cell, so that the neighbouring ones are within reach of small changes.
    """
    if not box.discrete:
        return values
    places = values.copy()
    for j in box.discrete:
        distribution = box.distributions[j]
        half = abs(distribution.grid) / 2 or 0.5
        lower = distribution.to_model(values[j] - half)
        places[j] = lower + share[j] * (distribution.to_model(values[j] + half) - lower)
    return np.asarray(places)


def _on_grids(box: Box, values: FloatArray) -> FloatArray:
    """Move values (d, k) of other grids to the next point of today's; NaN stays NaN."""
    if len(box.stepped):
        values = values.copy()
        low, high, step = box.grids
        on_grid = low + np.round((values[box.stepped] - low) / step) * step
        values[box.stepped] = np.minimum(np.maximum(on_grid, low), high)
        for j in box.stepped:
            distribution = box.distributions[j]
            if isinstance(distribution, IntDistribution) and not distribution.is_exact:
                values[j] = distribution.nearest(values[j])
    return values


def _from_unit(box: Box, points: FloatArray) -> FloatArray:
    """Turn points of the unit cube (n, d) into internal values (d, n); NaN stays NaN."""
    values = offspring.out_of_cube(points, box.low, box.width, box.is_log, box.ends)
    for j in box.discrete:
        values[j] = box.distributions[j].from_model(values[j])
    return values
