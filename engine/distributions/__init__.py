"""Distributions of parameters (float, int, categorical). They alone turn a user's value into a number, and back.

A parameter's value is written in one of five coordinates:

========  ======  ==========================================  ========================================================
name      letter  range                                       who uses it
========  ======  ==========================================  ========================================================
external          a float, an int, or one of the choices      users, records
internal          the value as a float; a choice's index      storages, the columns of a history
model     x       log of the value for ``log=True``,          samplers; `BaseDistribution.to_model`, `from_model`
                  otherwise internal
kernel    z       x; on short grids the index of the point    `engine.kernels.axes`, TPE's densities
unit      u       [0, 1): share of the support in model       uniform draws (`BaseDistribution.from_unit`); genetic
                  coordinates                                 samplers and DEHB (`engine.history.points`)
========  ======  ==========================================  ========================================================

Integers on a log scale have the support ``[log(low - 1/2), log(high + 1/2)]`` in model coordinates, so that the end
points get a full share of the range.
"""

from .base import BaseDistribution, Space
from .categorical import CategoricalChoiceType, CategoricalDistribution
from .choices import CLOSE, is_close
from .domains import Domains, Signature, check_distribution_compatibility, check_same_kind
from .numeric import FloatDistribution, IntDistribution, NumericDistribution
from .old import (
    DiscreteUniformDistribution,
    IntLogUniformDistribution,
    IntUniformDistribution,
    LogUniformDistribution,
    UniformDistribution,
    modern,
)

__all__ = [
    "CLOSE",
    "BaseDistribution",
    "CategoricalChoiceType",
    "CategoricalDistribution",
    "DiscreteUniformDistribution",
    "Domains",
    "FloatDistribution",
    "IntDistribution",
    "IntLogUniformDistribution",
    "IntUniformDistribution",
    "LogUniformDistribution",
    "NumericDistribution",
    "Signature",
    "Space",
    "UniformDistribution",
    "check_distribution_compatibility",
    "check_same_kind",
    "is_close",
    "modern",
]
