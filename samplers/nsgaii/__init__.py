"""NSGA-II, a genetic algorithm for several objectives; its crossovers and mutations can be replaced by your own."""

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
