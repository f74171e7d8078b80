"""Children of a generation as columns: parents read from the history, crossed and mutated in the unit cube."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.history import Dimensions, History
from ...engine.kernels import loading, offspring, variation
from .crossovers import BaseCrossover, UniformCrossover, one_by_one
from .mutations import BaseMutation, PolynomialMutation, each

REHEARSAL = f"{__package__}.rehearsal"


class Operators(NamedTuple):
    """How children are made of parents; see `NSGAIISampler`."""

    crossover: BaseCrossover
    crossover_prob: float
    swapping_prob: float
    mutation: BaseMutation
    mutation_prob: float | None


def breed(
    parents: IntArray,
    grades: IntArray,
    dims: Dimensions,
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
    dims
        The d parameters to be bred.
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
        Internal values, shape (n, d); NaN for a parameter that no parent of a child has.
    """
    values = dims.read(history, parents)
    if dims.discrete:
        values = dims.settled(values)
    # Of a discrete value only the cell is known, not where in it a child once stood: it is put anywhere in its cell, so
    # that its neighbours are within reach of small changes.
    share = rng.random(values.T.shape).T
    if len(parents) < how.crossover.n_parents:  # they serve in turn
        turns = np.arange(how.crossover.n_parents) % len(parents)
        values, share, grades = values.T[:, turns].T, share.T[:, turns].T, grades[turns]
    if type(how.crossover) is UniformCrossover and type(how.mutation) is PolynomialMutation:
        return _by_default(values, share, grades, dims, rng.random((n, 5 + 3 * len(dims.names))), how)
    points = dims.to_unit(values, share)
    values = np.where(np.isnan(points), np.nan, values)  # without what left its range since
    mates = variation.tournament(grades, rng.random((n, how.crossover.n_parents, 2)))
    genes, families = variation.lent(points[mates]), variation.lent(values[mates])  # (n, k, d)
    children = cross(genes, dims, rng, how, study)
    changed = mutate(children, genes, dims, rng, how, study)
    found = dims.from_unit(changed)
    for k in range(genes.shape[1]):  # what was handed down as it is keeps every bit
        np.copyto(found, families[:, k], where=changed == genes[:, k])
    return found


def _by_default(
    values: FloatArray, share: FloatArray, grades: IntArray, dims: Dimensions, u: FloatArray, how: Operators
) -> FloatArray:
    """Make children by the default operators; see `offspring.litter`."""
    tier: Any = offspring
    if loading.is_ready(REHEARSAL) or loading.want(REHEARSAL):
        from ...engine.kernels.compiled import offspring as tier
    crossover, mutation = cast(UniformCrossover, how.crossover), cast(PolynomialMutation, how.mutation)
    swap = np.where(dims.is_choice, how.swapping_prob, crossover._swapping_prob)
    chances = float(how.crossover_prob), -1.0 if how.mutation_prob is None else float(how.mutation_prob)
    parents = values.T, share.T, dims.scale, grades, dims.is_choice
    children: FloatArray = tier.litter(*parents, swap, *chances, float(mutation._eta), u).T
    return dims.settled(children) if dims.discrete else children


# --- crossover and mutation by any operators -------------------------------------------------------------------------


def cross(genes: FloatArray, dims: Dimensions, rng: np.random.Generator, how: Operators, study: Any) -> FloatArray:
    """Make children (n, d) of parents (n, k, d): a child that is not crossed is its first parent."""
    n, _, d = genes.shape
    children = genes[:, 0].copy()
    numerical = np.flatnonzero(~dims.is_choice)
    if len(numerical) < d:
        children = variation.uniform(genes, how.swapping_prob, rng.random((n, d)))
    if len(numerical):
        parents = genes[:, :, numerical]
        children[:, numerical] = _cross_numerical(parents, dims, numerical, rng, how.crossover, study)
    is_crossed = rng.random((n, 1)) < how.crossover_prob
    return np.where(is_crossed, children, genes[:, 0])


def _cross_numerical(
    genes: FloatArray,
    dims: Dimensions,
    columns: IntArray,
    rng: np.random.Generator,
    crossover: BaseCrossover,
    study: Any,
) -> FloatArray:
    is_missing = np.isnan(genes[:, 0])
    if is_missing.any():
        crossed = _cross_numerical(np.nan_to_num(genes), dims, columns, rng, crossover, study)
        return np.asarray(np.where(is_missing, np.nan, crossed))
    if first_defined(crossover, "children", "crossover") == "children":
        return np.asarray(crossover.children(genes, _unit_bounds(genes.shape[2]), rng, study))
    low, width = dims.scale.lower[columns], dims.scale.width[columns]
    made = one_by_one(crossover, low + genes * width, np.stack([low, low + width], axis=1), rng, study)
    return variation.bounce(
        np.asarray((made - low) / width), genes[:, 0], np.zeros(len(low)), np.ones(len(low)), rng.random(made.shape)
    )


def mutate(
    children: FloatArray, genes: FloatArray, dims: Dimensions, rng: np.random.Generator, how: Operators, study: Any
) -> FloatArray:
    """Change some coordinates (n, d) of children: a choice to any, a number by the mutation."""
    mutants: FloatArray = children.copy()
    probability = -1.0 if how.mutation_prob is None else how.mutation_prob
    rows, columns = np.nonzero(variation.hits(children, genes, probability, rng.random(children.shape)))
    is_number = ~dims.is_choice[columns]
    mutants[rows, columns] = rng.random(len(rows))
    rows, columns = rows[is_number], columns[is_number]
    if len(rows):
        mutants[rows, columns] = _mutate_numerical(children[rows, columns], dims, columns, rng, how.mutation, study)
    return mutants


def _mutate_numerical(
    x: FloatArray, dims: Dimensions, columns: IntArray, rng: np.random.Generator, mutation: BaseMutation, study: Any
) -> FloatArray:
    if first_defined(mutation, "mutants", "mutation") == "mutants":
        return np.asarray(mutation.mutants(x, _unit_bounds(len(x)), rng, study))
    low, width = dims.scale.lower[columns], dims.scale.width[columns]
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
