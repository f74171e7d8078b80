"""Griewank's function: a wide bowl with fine ripples that depend on all parameters (Griewank 1981)."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def griewank(y: Array) -> float:
    return float((y**2).sum() / 4000.0 - np.cos(y / np.sqrt(1.0 + np.arange(len(y)))).prod() + 1.0)


FAMILIES = [functions("griewank", boxed(griewank, -60.0, 60.0), functions=(8,), rugged=(5,))]
