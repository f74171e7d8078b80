"""Ray's search spaces as parzen's distributions, and values as Ray's nested configurations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ray.tune.search import sample

from ...engine.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

_KNOWN = "uniform, loguniform, quniform, qloguniform, randint, lograndint, qrandint, qlograndint and choice"


class RaySpace:
    """A space of Ray's: dictionaries and lists with domains among constants.

    Parameters
    ----------
    space
        What Ray calls a parameter space.
    with_constants
        Whether configurations hold the constants, too, which Ray adds where the space is that of a run.

    Attributes
    ----------
    distributions : dict[str, BaseDistribution]
        By name, which is the path of a domain, joined by ``/``.

    Raises
    ------
    ValueError
        For what a model cannot learn (``grid_search``, ``sample_from``, normal distributions, a domain within a
        choice), and if two paths have one name.

    Notes
    -----
    A bound belongs to a domain as in Ray: a domain with `q` holds the multiples of `q` between its bounds, the upper
    one included unless it is a whole number's and `q` is 1; other whole numbers end below their upper bound.
    """

    def __init__(self, space: Mapping[str, Any], with_constants: bool = False) -> None:
        self._space, self._with_constants = space, with_constants
        self.distributions: dict[str, BaseDistribution] = {}
        self._grids: dict[str, float] = {}  # of logarithmic domains, which have no step of their own
        for path, domain in _domains(space):
            name = "/".join(map(str, path))
            if name in self.distributions:
                raise ValueError(f"Two parameters of the space are called {name!r}: rename one of them.")
            self.distributions[name], grid = _converted(name, domain)
            if grid is not None:
                self._grids[name] = grid

    def on_grid(self, name: str, internal: float) -> float:
        """Give the value of a logarithmic domain with a `q` that is next to an internal one; others as they are."""
        grid = self._grids.get(name)
        return internal if grid is None else round(internal / grid) * grid

    def config(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Nest values by name as the space does; constants that Ray adds are left out, but for those in lists."""
        filled: dict[str, Any] = _filled(self._space, values, (), self._with_constants)
        return filled

    def named(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Give the values of a configuration by name: of the parameters that it has, nested or by their names."""
        found = {}
        for path, _ in _domains(self._space):
            name, value = "/".join(map(str, path)), config
            try:
                for key in path:
                    value = value[key]
            except (KeyError, IndexError, TypeError):
                if name not in config:
                    continue
                value = config[name]
            found[name] = value
        return found


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nest values by the ``/`` in their names, as Ray does with those of a define-by-run function."""
    config: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split("/")
        inner = config
        for key in path:
            inner = inner.setdefault(key, {})
            if not isinstance(inner, dict):
                raise ValueError(f"The parameter {name!r} lies within {key!r}, which is a value: rename one of them.")
        inner[last] = value
    return config


def _domains(space: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], sample.Domain]]:
    if isinstance(space, sample.Domain):
        yield path, space
    elif isinstance(space, Mapping):
        if len(space) == 1 and ("grid_search" in space or "eval" in space):
            raise ValueError(
                f"{_called(path)} is a `{next(iter(space))}`, which no model can learn. Write `tune.choice(...)`, or "
                "leave the search to Ray."
            )
        for key, value in space.items():
            yield from _domains(value, (*path, key))
    elif isinstance(space, (list, tuple)):
        for place, value in enumerate(space):
            yield from _domains(value, (*path, place))


def _filled(space: Any, values: Mapping[str, Any], path: tuple[Any, ...], with_constants: bool) -> Any:
    if isinstance(space, sample.Domain):
        return values["/".join(map(str, path))]
    if isinstance(space, Mapping):
        return {
            key: _filled(value, values, (*path, key), with_constants)
            for key, value in space.items()
            if with_constants or any(_domains(value))
        }
    if isinstance(space, (list, tuple)):
        return type(space)([_filled(value, values, (*path, place), True) for place, value in enumerate(space)])
    return space


def _converted(name: str, domain: sample.Domain) -> tuple[BaseDistribution, float | None]:
    """Give the distribution of a domain, and the distance of its values where the distribution does not know it."""
    sampler, q = domain.get_sampler(), None
    if isinstance(sampler, sample.Quantized):
        sampler, q = sampler.get_sampler(), sampler.q
    is_log = isinstance(sampler, sample.LogUniform)
    if isinstance(domain, sample.Categorical) and not domain.is_grid():
        if any(True for _ in _domains(list(domain.categories))):
            raise ValueError(
                f"{name!r} chooses between domains. Give each a name of its own, or write the space as a function of a "
                "trial."
            )
        return CategoricalDistribution(domain.categories), None
    if isinstance(domain, (sample.Float, sample.Integer)) and (is_log or isinstance(sampler, sample.Uniform)):
        is_whole = isinstance(domain, sample.Integer)
        low, high = _bounds(domain, q, is_whole)
        if is_log:
            return (IntDistribution if is_whole else FloatDistribution)(low, high, log=True), q
        if is_whole:
            return IntDistribution(low, high, step=int(q or 1)), None
        return FloatDistribution(low, high, step=q), None
    raise ValueError(
        f"{name!r} is a {type(domain).__name__} with a {type(sampler).__name__.strip('_')} sampler. Expected one of "
        f"{_KNOWN}: others, `sample_from` among them, cannot be learned from. A parameter that depends on others can "
        "be suggested by a function of a trial, given as `space`."
    )


def _bounds(domain: Any, q: float | None, is_whole: bool) -> tuple[Any, Any]:
    if q is None or (is_whole and q == 1):
        return domain.lower, domain.upper - is_whole
    return _multiple(domain.lower, q, math.ceil), _multiple(domain.upper, q, math.floor)


def _multiple(bound: float, q: float, rounded: Any) -> float:
    """Give the multiple of `q` at a bound, or the next one inwards."""
    share = bound / q
    nearest = round(share)
    return (nearest if math.isclose(share, nearest) else rounded(share)) * q


def _called(path: tuple[Any, ...]) -> str:
    return repr("/".join(map(str, path))) if path else "The space"
