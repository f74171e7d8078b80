"""DTLZ2 in mixed parameters: a position on a grid; distances of floats, of integers, and of shuffled choices.

An integer of 0 to 20 is best at 13; each of the choices stands for a distance of its own, one of them for none.
"""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Array, Distribution, Front, Params
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

FLOAT, INTEGER, CHOICE = FloatDistribution(0.0, 1.0), IntDistribution(0, 20), CategoricalDistribution(list(range(6)))
KINDS: list[Distribution] = [FLOAT, INTEGER, *[FLOAT] * 4, *[INTEGER] * 3, *[CHOICE] * 3]
RNG = np.random.default_rng(0)
DISTANCES = np.array([RNG.permutation([0.0, 0.1, 0.2, 0.3, 0.4, 0.5]) for _ in range(3)])


def dtlz2(params: Params, seed: int) -> tuple[Array, Array]:
    x = np.array([params[f"x{i:02d}"] for i in range(len(KINDS))], dtype=float)
    away = np.concatenate([x[2:6] - 0.5, (x[6:9] - 13) / 20, DISTANCES[np.arange(3), x[9:].astype(int)]])
    g = 1 + (away**2).sum()
    a, b = x[0] * np.pi / 2, x[1] / 20 * np.pi / 2
    return g * np.array([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)]), np.empty(0)


MIXED = {
    "space": {f"x{i:02d}": kind for i, kind in enumerate(KINDS)},
    "function": dtlz2,
    "front": Front(np.zeros(3), np.full(3, 1.1), np.full(3, 1.5)),
    "budget": 1000,
}
FAMILIES = [fixed("dtlz2-mixed", lambda: MIXED, "fronts", len(KINDS))]
