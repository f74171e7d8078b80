"""Schaffers' F7: ripples that get finer towards the optimum (COCO's f17)."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def schaffers(y: Array) -> float:
    s = np.sqrt(y[:-1] ** 2 + y[1:] ** 2)
    return float(np.mean(np.sqrt(s) * (1.0 + np.sin(50.0 * s**0.2) ** 2)) ** 2)


FAMILIES = [functions("schaffers", boxed(schaffers, -5.0, 5.0, turned=True), rugged=(5, 10))]
