"""Levy's function: a valley with ripples (Surjanovic and Bingham, *Virtual Library of Simulation Experiments*)."""

from __future__ import annotations

import math

import numpy as np

from parzen.benchmarks.composition import boxed, branched, failing, functions
from parzen.benchmarks.problem import Array


def levy(y: Array) -> float:
    w = 1.0 + y / 4.0
    inner = ((w[:-1] - 1.0) ** 2 * (1.0 + 10.0 * np.sin(math.pi * w[:-1] + 1.0) ** 2)).sum()
    return float(np.sin(math.pi * w[0]) ** 2 + inner + (w[-1] - 1.0) ** 2 * (1.0 + np.sin(2 * math.pi * w[-1]) ** 2))


FAMILIES = [
    functions("levy", boxed(levy, -10.0, 10.0), functions=(6,), high_dimensional=(30,)),
    functions("levy-failing", boxed(levy, -10.0, 10.0, failing(0.3)), failing=(6,)),
    functions("levy-branched", branched(boxed(levy, -10.0, 10.0), [0.0, 0.5, 1.0]), range(7, 1001, 3), branched=(10,)),
]
