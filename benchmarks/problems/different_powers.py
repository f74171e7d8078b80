"""Different powers: the nearer, the more the sensitivities differ (COCO's f14)."""

from __future__ import annotations

import numpy as np

from parzen.benchmarks.composition import boxed, functions
from parzen.benchmarks.problem import Array


def different_powers(y: Array) -> float:
    return float(np.sqrt((np.abs(y) ** (2.0 + 4.0 * np.arange(len(y)) / (len(y) - 1))).sum()))


FAMILIES = [functions("different-powers", boxed(different_powers, -5.0, 5.0), functions=(5,))]
