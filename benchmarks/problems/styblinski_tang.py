"""The function of Styblinski and Tang (1990): two basins a dimension, of unlike depth."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def styblinski_tang(x: Array) -> float:
    return float(0.5 * (x**4 - 16.0 * x**2 + 5.0 * x).sum())


FAMILIES = [
    functions(
        "styblinski-tang",
        boxed(
            styblinski_tang,
            -5.0,
            5.0,
            optimum=lambda d: -39.16616570377142 * d,
            at=lambda d: np.full(d, -2.903534027771177),
        ),
        functions=(5,),
    )
]
