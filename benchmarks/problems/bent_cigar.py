"""The bent cigar: one direction hardly counts (COCO's f12, without the bend)."""

from __future__ import annotations

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def bent_cigar(y: Array) -> float:
    return float(y[0] ** 2 + 1e4 * (y[1:] ** 2).sum())


FAMILIES = [functions("bent-cigar", boxed(bent_cigar, -5.0, 5.0, turned=True), functions=(5,))]
