"""The sphere, and what is made of it: an ellipsoid, noise, a region that fails (Hansen et al., COCO 2021)."""

from __future__ import annotations

from parzen.benchmarks.composition import boxed, failing, functions, noisy
from parzen.benchmarks.problem import Array


def sphere(y: Array) -> float:
    return float((y**2).sum())


FAMILIES = [
    functions("sphere", boxed(sphere, -5.0, 5.0), functions=(5, 20), high_dimensional=(40,)),
    functions("sphere-noisy", boxed(sphere, -5.0, 5.0, noisy(1.0)), noisy=(5, 10)),
    functions("sphere-failing", boxed(sphere, -5.0, 5.0, failing(0.3)), failing=(5,)),
    functions(
        "ellipsoid", boxed(sphere, -5.0, 5.0, turned=True, condition=1e3), functions=(5, 10), high_dimensional=(20,)
    ),
    functions("ellipsoid-long", boxed(sphere, -5.0, 5.0, turned=True, condition=1e3, budget=5000), long=(40,)),
]
