"""Rosenbrock's function: a long, curved valley (Rosenbrock 1960)."""

from __future__ import annotations

from parzen.benchmarks.composition import boxed, embedded, functions, noisy
from parzen.benchmarks.problem import Array


def rosenbrock(y: Array) -> float:
    x = y + 1.0
    return float((100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum())


FAMILIES = [
    functions("rosenbrock", boxed(rosenbrock, -2.0, 2.0), functions=(5,), high_dimensional=(20,)),
    functions("rosenbrock-rotated", boxed(rosenbrock, -2.0, 2.0, turned=True), functions=(5,)),
    functions("rosenbrock-noisy", boxed(rosenbrock, -2.0, 2.0, noisy(20.0)), noisy=(5,)),
    functions(
        "rosenbrock-embedded", embedded(boxed(rosenbrock, -2.0, 2.0), 4), range(4, 1001), low_effective_dimension=(25,)
    ),
    functions("rosenbrock-long", boxed(rosenbrock, -2.0, 2.0, budget=1000), long=(10,)),
]
