"""Slow, obvious twin of `engine.history.points`: one trial, one parameter, one value at a time, from records."""

import math

from parzen.distributions import CategoricalDistribution


def is_same(a, b):
    """Whether two choices are the same value: of one type, NaN equal to NaN."""
    return type(a) is type(b) and (a == b or (a != a and b != b))


def read(trial, name, today):
    """The internal value of a parameter, NaN if the trial has none or a choice that is none of today's."""
    if name not in trial.params:
        return math.nan
    value = trial.params[name]
    if not isinstance(today, CategoricalDistribution):
        return float(value)
    same = [float(i) for i, choice in enumerate(today.choices) if is_same(choice, value)]
    equal = [float(i) for i, choice in enumerate(today.choices) if choice == value]  # 1 for a choice 1.0
    return [*same, *equal, math.nan][0]


def values_of(distribution):
    """All internal values of a distribution that has a grid or choices, ascending; None of others."""
    if isinstance(distribution, CategoricalDistribution):
        return [float(i) for i in range(len(distribution.choices))]
    if distribution.step is None:
        return None
    n = round((distribution.high - distribution.low) / distribution.step)
    return [float(distribution.low + k * distribution.step) for k in range(n + 1)]


def ends(distribution):
    values = values_of(distribution)
    return (values[0], values[-1]) if values else (distribution.low, distribution.high)


def fits(distribution, x):
    low, high = ends(distribution)
    return low <= x <= high or math.isclose(x, high, rel_tol=1e-12)  # the last point of a grid, as it is written


def half_cell(distribution):
    if isinstance(distribution, CategoricalDistribution):
        return 0.5
    return (distribution.step or 0) / 2


def to_model(distribution, x):
    if not fits(distribution, x):
        return math.nan
    return math.log(x) if getattr(distribution, "log", False) else x


def to_unit(distribution, x, share=None):
    """How far through the support x lies, or a point at a share of the way through the cell of x."""
    if not fits(distribution, x):
        return math.nan
    low, high = ends(distribution)
    half = half_cell(distribution)
    scale = math.log if getattr(distribution, "log", False) else float
    start, end = scale(low - half), scale(high + half)
    at = scale(x) if share is None else scale(x - half) + share * (scale(x + half) - scale(x - half))
    return min(max((at - start) / (end - start), 0.0), 1.0) if end > start else 0.0


def settle(distribution, x):
    """The value of the space that is nearest to x; NaN if x lies outside of the range."""
    if not fits(distribution, x):
        return math.nan
    values = values_of(distribution)
    return x if values is None else min(values, key=lambda value: abs(value - x))


def from_unit(distribution, u):
    """The value in whose share of the unit interval u lies."""
    values = values_of(distribution)
    if values is None:
        low, high = ends(distribution)
        return low ** (1 - u) * high**u if distribution.log else low + u * (high - low)
    half = half_cell(distribution)
    scale = math.log if getattr(distribution, "log", False) else float
    start, end = scale(values[0] - half), scale(values[-1] + half)
    return next((x for x in values if start + u * (end - start) < scale(x + half)), values[-1])
