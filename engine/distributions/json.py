"""Distributions as JSON, in Optuna's forms."""

from __future__ import annotations

import json
from functools import lru_cache

from .base import BaseDistribution
from .categorical import CategoricalDistribution
from .numeric import FloatDistribution, IntDistribution
from .old import (
    DiscreteUniformDistribution,
    IntLogUniformDistribution,
    IntUniformDistribution,
    LogUniformDistribution,
    UniformDistribution,
)

_CLASSES: dict[str, type[BaseDistribution]] = {
    cls.__name__: cls
    for cls in (
        FloatDistribution,
        IntDistribution,
        CategoricalDistribution,
        UniformDistribution,
        LogUniformDistribution,
        DiscreteUniformDistribution,
        IntUniformDistribution,
        IntLogUniformDistribution,
    )
}
_SHORT_TYPES = {"float": FloatDistribution, "int": IntDistribution, "categorical": CategoricalDistribution}


def distribution_to_json(dist: BaseDistribution) -> str:
    """Write a distribution as JSON, to the letter as Optuna does."""
    return json.dumps({"name": type(dist).__name__, "attributes": dist._asdict()})


def json_to_distribution(json_str: str) -> BaseDistribution:
    """Read a distribution from `distribution_to_json`'s form or from ``{"type": "float", "low": 0, "high": 1}``.

    Raises
    ------
    ValueError
        If the name or type of the distribution is unknown.
    """
    description = json.loads(json_str)
    if "name" in description:
        if description["name"] not in _CLASSES:
            raise ValueError(f"Unknown distribution class: {description['name']}; expected one of {sorted(_CLASSES)}.")
        distribution: BaseDistribution = _CLASSES[description["name"]](**description["attributes"])
        return distribution
    kind = description.pop("type", None)
    if kind not in _SHORT_TYPES:
        raise ValueError(f"Unknown distribution type: {kind}; expected one of {sorted(_SHORT_TYPES)}.")
    short: BaseDistribution = _SHORT_TYPES[kind](**description)
    return short


@lru_cache(maxsize=4096)
def cached_distribution(text: str) -> BaseDistribution:
    """Read a distribution, one object for equal texts."""
    return json_to_distribution(text)


_json_of: dict[int, tuple[BaseDistribution, str]] = {}


def stored_json(name: str, distribution: BaseDistribution) -> str:
    """Write the distribution of a parameter, once for each object.

    Raises
    ------
    TypeError
        If a choice is not JSON; with the parameter's name.
    """
    known = _json_of.get(id(distribution))
    if known is None or known[0] is not distribution:
        if len(_json_of) > 4096:
            _json_of.clear()
        known = _json_of[id(distribution)] = (distribution, _checked_json(name, distribution))
    return known[1]


def _checked_json(name: str, distribution: BaseDistribution) -> str:
    try:
        return distribution_to_json(distribution)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"The choices of the parameter {name!r} cannot be stored: expected what JSON can hold, such as numbers, "
            f"strings and lists of these, but got {distribution!r}: {error}. Suggest names, and let the objective look "
            "up what they stand for; or keep the study in memory."
        ) from error
