"""Weierstrass' function, continuous and nowhere smooth, of 12 octaves (COCO's f16)."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array

OCTAVES = np.arange(12)


def weierstrass(y: Array) -> float:
    waves = 0.5**OCTAVES * np.cos(2 * np.pi * 3.0**OCTAVES * (y[:, None] + 0.5))
    return float((waves.sum(axis=1) - (0.5**OCTAVES * np.cos(np.pi * 3.0**OCTAVES)).sum()).mean())


FAMILIES = [functions("weierstrass", boxed(weierstrass, -0.5, 0.5, turned=True), rugged=(5,))]
