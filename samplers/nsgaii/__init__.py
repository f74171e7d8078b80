"""NSGA-II and what it is made of: crossovers and mutations that can be replaced by one's own."""

from .crossovers import (
    BaseCrossover,
    BLXAlphaCrossover,
    SBXCrossover,
    SPXCrossover,
    UNDXCrossover,
    UniformCrossover,
    VSBXCrossover,
)
from .mutations import BaseMutation, PolynomialMutation, UniformMutation

__all__ = [
    "BLXAlphaCrossover",
    "BaseCrossover",
    "BaseMutation",
    "PolynomialMutation",
    "SBXCrossover",
    "SPXCrossover",
    "UNDXCrossover",
    "UniformCrossover",
    "UniformMutation",
    "VSBXCrossover",
]
