"""Ackley's function: shallow ripples around one deep basin (Ackley 1987)."""

from __future__ import annotations

import math

import numpy as np

from parzen.benchmarks.composition import boxed, embedded, failing, functions, rounded
from parzen.benchmarks.problem import Array


def ackley(y: Array) -> float:
    ripple = math.exp(float(np.cos(2 * math.pi * y).mean()))
    return -20.0 * math.exp(-0.2 * math.sqrt(float((y**2).mean()))) - ripple + 20.0 + math.e


FAMILIES = [
    functions("ackley", boxed(ackley, -20.0, 20.0), functions=(5, 10), high_dimensional=(30,)),
    functions("ackley-rounded", boxed(ackley, -20.0, 20.0, rounded(40)), rounded=(10,)),
    functions("ackley-failing", boxed(ackley, -20.0, 20.0, failing(0.5)), failing=(10,)),
    functions(
        "ackley-embedded", embedded(boxed(ackley, -20.0, 20.0), 5), range(5, 1001), low_effective_dimension=(30,)
    ),
    functions("ackley-long", boxed(ackley, -20.0, 20.0, turned=True, budget=2000), long=(20,)),
]
