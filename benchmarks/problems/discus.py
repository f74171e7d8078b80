"""The discus: one direction counts more than all others (COCO's f11)."""

from __future__ import annotations

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def discus(y: Array) -> float:
    return float(1e4 * y[0] ** 2 + (y[1:] ** 2).sum())


FAMILIES = [functions("discus", boxed(discus, -5.0, 5.0, turned=True), functions=(5,))]
