"""Hartmann's functions: four bumps in three or six dimensions (Dixon and Szego 1978)."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, embedded, functions, noisy
from parzen.benchmarks.problem import Array

BUMPS = {
    3: (
        [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]],
        [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]],
    ),
    6: (
        [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]],
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ],
    ),
}
OPTIMUM = {3: -3.86277978733, 6: -3.32236801141}
AT = {
    3: np.array([0.11458887014880233, 0.5556488934193615, 0.8525469851261757]),
    6: np.array(
        [
            0.2016895103279493,
            0.15001069304730044,
            0.47687397364067585,
            0.2753324306987863,
            0.31165161592102175,
            0.6573005358687076,
        ]
    ),
}


def hartmann(x: Array) -> float:
    a, p = (np.array(table, dtype=float) for table in BUMPS[len(x)])
    return -float(np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-(a * (x - p * 1e-4) ** 2).sum(axis=1)))


BOX = boxed(hartmann, 0.0, 1.0, optimum=OPTIMUM.__getitem__, at=AT.__getitem__)
NOISY = boxed(hartmann, 0.0, 1.0, noisy(0.3), optimum=OPTIMUM.__getitem__, at=AT.__getitem__)
FAMILIES = [
    functions("hartmann", BOX, (3, 6), functions=(3, 6)),
    functions("hartmann-noisy", NOISY, (3, 6), noisy=(6,)),
    functions("hartmann-embedded", embedded(BOX, 6), range(6, 1001), low_effective_dimension=(25,)),
]
