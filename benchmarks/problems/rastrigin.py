"""Rastrigin's function: a bowl of 11 basins a dimension (Rastrigin 1974)."""

from __future__ import annotations

import math

import numpy as np

from parzen.benchmarks.composition import boxed, functions, rounded
from parzen.benchmarks.problem import Array


def rastrigin(y: Array) -> float:
    return float((y**2 - 10.0 * np.cos(2 * math.pi * y) + 10.0).sum())


FAMILIES = [
    functions("rastrigin", boxed(rastrigin, -5.0, 5.0), functions=(5,), rugged=(10,), high_dimensional=(40,)),
    functions("rastrigin-rotated", boxed(rastrigin, -5.0, 5.0, turned=True), rugged=(10,)),
    functions("rastrigin-rounded", boxed(rastrigin, -5.0, 5.0, rounded(20)), rounded=(8,)),
    functions("rastrigin-long", boxed(rastrigin, -5.0, 5.0, budget=2000), long=(20,)),
]
