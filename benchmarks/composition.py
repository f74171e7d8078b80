"""Compositions: a pure function on a box, moved and turned; and problems made of problems.

The functions are those of a *raw* argument y, with the optimum at y = 0 or at a place of its own; `boxed` shifts and
rotates what they see. `noisy`, `failing`, `rounded`, `embedded` and `branched` make a problem of a problem, and can be
chained. The idea is COCO's (Hansen et al., "COCO: a platform for comparing continuous optimizers", 2021).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from parzen.benchmarks.problem import (
    Array,
    FailedEvaluation,
    Family,
    Identity,
    Params,
    Problem,
)
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

Raw = Callable[[Array], float]
Maker = Callable[[Identity, str], Problem]
Transformation = Callable[[Problem], Problem]

ANY = range(2, 1001)  # dimensions

_ROTATION = 100  # its key, with the dimension; that of the shift is the dimension
_SETTING = 1000  # and those of what else is drawn


def boxed(
    raw: Raw,
    low: float,
    high: float,
    *then: Transformation,
    optimum: float | Callable[[int], float] = 0.0,
    at: Callable[[int], Array] | None = None,
    turned: bool = False,
    condition: float = 1.0,
    budget: int = 200,
) -> Maker:
    """Compose problems on a box: x goes through shift, rotation and stretch into a raw function.

    Parameters
    ----------
    raw
        Takes y (d,).
    low, high
        Ends of every parameter.
    *then
        Transformations of the problem, in turn.
    optimum, at
        The least value of `raw`, and where it is, by the dimension. Without `at` it is at y = 0, and the shift moves it
        to between 15 and 85 per cent of the range in every dimension; with it nothing is shifted.
    turned
        Whether to rotate.
    condition
        Condition number of the quadratic form that a sphere becomes.
    budget
        See `Problem`.
    """

    def make(identity: Identity, group: str) -> Problem:
        d = identity.dimension
        origin = at(d) if at else low + (high - low) * identity.rng(d).uniform(0.15, 0.85, d)
        matrix = _matrix(identity, turned, condition)
        names = [f"x{i}" for i in range(d)]

        def function(params: Params, seed: int) -> float:
            x = np.array([params[name] for name in names])
            return raw(x if at else x - origin if matrix is None else matrix @ (x - origin))

        problem = Problem(
            identity,
            group,
            {name: FloatDistribution(low, high) for name in names},
            function,
            optimum(d) if callable(optimum) else optimum,
            dict(zip(names, origin.tolist(), strict=True)),
            budget=budget,
        )
        for transformation in then:
            problem = transformation(problem)
        return problem

    return make


def _matrix(identity: Identity, turned: bool, condition: float) -> Array | None:
    """Give what turns and stretches (d, d); None: nothing does."""
    d = identity.dimension
    if not turned and condition == 1.0:
        return None
    q, r = np.linalg.qr(identity.rng(_ROTATION + d).standard_normal((d, d))) if turned else (np.eye(d), np.eye(d))
    rotation = q * np.sign(np.diag(r))
    return np.asarray(np.sqrt(condition ** (np.arange(d) / (d - 1)))[:, None] * rotation)


def functions(name: str, make: Maker, dimensions: Sequence[int] = ANY, **listed: tuple[int, ...]) -> Family:
    """Make a family of functions.

    Parameters
    ----------
    name, make
        See `Family`.
    dimensions
        Those that it can have, of any instance.
    **listed
        By group, with underscores, the dimensions that are raced unless others are named.
    """
    return Family(name, make, {group.replace("_", "-"): of for group, of in listed.items()}, dimensions)


def fixed(
    name: str, make: Callable[[], Mapping[str, Any]], group: str, dimension: int, needs: str | None = None
) -> Family:
    """Make a family of one member; `make` gives the other fields of the problem."""
    return Family(name, lambda identity, of: Problem(identity, of, **make()), {group: (dimension,)}, (), needs)


def noisy(deviation: float) -> Transformation:
    """Add normal noise to what contenders see; they are judged by the value without it."""

    def transform(problem: Problem) -> Problem:
        return replace(problem, noise=lambda params, value, rng: value + deviation * rng.standard_normal())

    return transform


def failing(share: float) -> Transformation:
    """Let evaluations fail on one side of a plane that leaves the optimum out.

    Parameters
    ----------
    share
        Of random points that fail, about.
    """

    def transform(problem: Problem) -> Problem:
        normal, names = problem.identity.rng(_SETTING).standard_normal(len(problem.space)), list(problem.space)
        points = [
            along(problem, names, normal, params)
            for params in uniform(problem, problem.identity.rng(_SETTING + 1), 512)
        ]
        assert problem.at is not None
        optimum = along(problem, names, normal, problem.at)
        sign = 1.0 if optimum <= np.median(points) else -1.0
        end = max(float(np.quantile(sign * np.array(points), 1.0 - share)), sign * optimum + 1e-9)

        def function(params: Params, seed: int) -> Any:
            if sign * along(problem, names, normal, params) > end:
                raise FailedEvaluation
            return problem.function(params, seed)

        return replace(problem, function=function)

    return transform


def along(problem: Problem, names: Sequence[str], normal: Array, params: Params) -> float:
    """Give how far a point of a box lies along a direction, in units of the ranges."""
    ends: list[Any] = [problem.space[name] for name in names]
    shares = [(params[name] - end.low) / (end.high - end.low) for name, end in zip(names, ends, strict=True)]
    return float(normal @ shares)


def uniform(problem: Problem, rng: np.random.Generator, n: int) -> list[Params]:
    """Draw points uniformly in the space, on a log scale where there is one."""

    def value(_: str, distribution: Any) -> Any:
        if isinstance(distribution, CategoricalDistribution):
            return distribution.choices[rng.integers(len(distribution.choices))]
        return draw(distribution, float(rng.random()))

    return [problem.choose(value) for _ in range(n)]


def draw(distribution: FloatDistribution | IntDistribution, share: float) -> float | int:
    """Give the number at a share of a range, which a step may round."""
    low, high, step = distribution.low, distribution.high, distribution.step
    value = low * (high / low) ** share if distribution.log else low + (high - low) * share
    if step is not None and not distribution.log:
        value = low + step * round((value - low) / step)
    return round(value) if isinstance(distribution, IntDistribution) else float(value)


def rounded(n: int, every: int = 2) -> Transformation:
    """Make every so many parameters an integer of 0 to n; the optimum is on the grid."""

    def transform(problem: Problem) -> Problem:
        assert problem.at is not None
        space, at, scale = dict(problem.space), dict(problem.at), {}
        for name in list(space)[::every]:
            step = (space[name].high - space[name].low) / n  # type: ignore[union-attr]
            at[name] = round((problem.at[name] - space[name].low) / step)  # type: ignore[union-attr]
            scale[name] = problem.at[name] - step * at[name], step
            space[name] = IntDistribution(0, n)

        def function(params: Params, seed: int) -> Any:
            placed = {name: a + params[name] * b for name, (a, b) in scale.items()}
            return problem.function({**params, **placed}, seed)

        return replace(problem, space=space, at=at, function=function)

    return transform


def embedded(inner: Maker, n: int) -> Maker:
    """Make problems in which only `n` of the parameters matter; which they are follows from the identity."""

    def make(identity: Identity, group: str) -> Problem:
        problem = inner(replace(identity, dimension=n), group)
        places = identity.rng(_SETTING + 2).permutation(identity.dimension)[:n].tolist()
        ends = next(iter(problem.space.values()))
        space = {f"x{i}": ends for i in range(identity.dimension)}
        assert problem.at is not None
        at = {name: ends.low for name in space}  # type: ignore[union-attr]
        at.update({f"x{place}": problem.at[f"x{i}"] for i, place in enumerate(places)})

        def function(params: Params, seed: int) -> Any:
            return problem.function({f"x{i}": params[f"x{place}"] for i, place in enumerate(places)}, seed)

        return replace(problem, identity=identity, space=space, at=at, function=function)

    return make


def branched(inner: Maker, offsets: Sequence[float]) -> Maker:
    """Make conditional problems: a choice of so many branches, each with an offset and parameters of its own.

    The branches are further instances of the same function, each with an equal part of the dimensions that remain.
    """

    def make(identity: Identity, group: str) -> Problem:
        d = (identity.dimension - 1) // len(offsets)
        instances = itertools.count(identity.instance * len(offsets) + 1)
        branches = {
            chr(ord("a") + i): inner(replace(identity, dimension=d, instance=next(instances)), group)
            for i in range(len(offsets))
        }
        costs = dict(zip(branches, offsets, strict=True))
        space: dict[str, Any] = {"branch": CategoricalDistribution(list(branches))}
        conditions = {}
        for branch, problem in branches.items():
            for name, distribution in problem.space.items():
                space[f"{branch}_{name}"] = distribution
                conditions[f"{branch}_{name}"] = lambda params, branch=branch: params["branch"] == branch

        def function(params: Params, seed: int) -> Any:
            branch = params["branch"]
            return costs[branch] + branches[branch].function(
                {k[2:]: v for k, v in params.items() if k != "branch"}, seed
            )

        best = min(branches, key=lambda branch: costs[branch] + (branches[branch].optimum or 0.0))
        at = {"branch": best, **{f"{best}_{name}": value for name, value in (branches[best].at or {}).items()}}
        optimum = costs[best] + (branches[best].optimum or 0.0)
        return Problem(identity, group, space, function, optimum, at, conditions=conditions)

    return make
