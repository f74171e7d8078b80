"""Distributions of parameters."""

from typing import TYPE_CHECKING

from parzen.engine.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    DiscreteUniformDistribution,
    FloatDistribution,
    IntDistribution,
    IntLogUniformDistribution,
    IntUniformDistribution,
    LogUniformDistribution,
    UniformDistribution,
    check_distribution_compatibility,
)
from parzen.engine.lazily import lazily

if TYPE_CHECKING:
    from parzen.engine.distributions.json import distribution_to_json, json_to_distribution
else:
    __getattr__, __dir__ = lazily(
        __name__, {"parzen.engine.distributions.json": ["distribution_to_json", "json_to_distribution"]}
    )

__all__ = [
    "BaseDistribution",
    "CategoricalChoiceType",
    "CategoricalDistribution",
    "DiscreteUniformDistribution",
    "FloatDistribution",
    "IntDistribution",
    "IntLogUniformDistribution",
    "IntUniformDistribution",
    "LogUniformDistribution",
    "UniformDistribution",
    "check_distribution_compatibility",
    "distribution_to_json",
    "json_to_distribution",
]
