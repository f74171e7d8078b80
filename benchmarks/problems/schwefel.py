"""Schwefel's function: the second best basin lies far from the best (Schwefel 1981)."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def schwefel(x: Array) -> float:
    return float(418.9828872724338 * len(x) - (x * np.sin(np.sqrt(np.abs(x)))).sum())


FAMILIES = [
    functions(
        "schwefel",
        boxed(schwefel, -500.0, 500.0, at=lambda d: np.full(d, 420.968746359982)),
        functions=(4,),
        rugged=(10,),
    )
]
