"""Test problems of several objectives, of which pymoo computes the values.

Sources: ZDT (Zitzler, Deb and Thiele 2000), DTLZ (Deb, Thiele, Laumanns and Zitzler 2005), WFG4 (Huband et al. 2006),
C2-DTLZ2 (Jain and Deb 2014), OSY (Osyczka and Kundu 1995).
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Array, Front, Params
from parzen.distributions import FloatDistribution


class Suite(NamedTuple):
    """What is known of a problem of pymoo's: number of parameters, and what `Front` holds."""

    d: int
    ideal: list[float]
    near: list[float]
    far: list[float]
    arguments: dict[str, int] = {}  # noqa: RUF012 - a default that nobody changes


CUBE = [0.0] * 3
SUITES = {
    "zdt1": Suite(30, [0, 0], [1.1, 1.1], [1.1, 3.3]),
    "zdt2": Suite(30, [0, 0], [1.1, 1.1], [1.1, 3.3]),
    "zdt3": Suite(30, [0, -0.78], [0.94, 1.18], [1.1, 3.3]),
    "zdt4": Suite(10, [0, 0], [1.1, 1.1], [1.1, 100]),
    "zdt6": Suite(10, [0.28, 0], [1.08, 1.01], [1.1, 8]),
    "dtlz1": Suite(7, CUBE, [0.55] * 3, [100] * 3),
    "dtlz2": Suite(12, CUBE, [1.1] * 3, [1.5] * 3),
    "dtlz5": Suite(12, CUBE, [0.78, 0.78, 1.1], [1.5] * 3),
    "dtlz7": Suite(22, [0, 0, 2.61], [0.95, 0.95, 6.34], [1, 1, 15]),
    "wfg4": Suite(12, CUBE, [2.2, 4.4, 6.6], [3, 5, 7], {"n_obj": 3}),
    "c2dtlz2": Suite(12, CUBE, [1.1] * 3, [1.5] * 3, {"n_obj": 3}),
    "osy": Suite(6, [-274, 4], [-18, 84], [0, 130]),
}


def pymoo(name: str) -> Any:
    """Make the problem that pymoo knows."""
    from pymoo.problems import get_problem

    suite = SUITES[name]
    return get_problem(name, **({} if name == "osy" else {"n_var": suite.d}), **suite.arguments)


def make(name: str) -> dict[str, Any]:
    """Give the fields of a problem."""
    problem, suite = pymoo(name), SUITES[name]
    ends = dict(zip([f"x{i:02d}" for i in range(suite.d)], zip(problem.xl, problem.xu, strict=True), strict=True))

    def function(params: Params, seed: int) -> tuple[Array, Array]:
        x = np.array([params[parameter] for parameter in ends])
        found = problem.evaluate(x[np.newaxis], return_as_dictionary=True)
        return found["F"][0], found["G"][0] if problem.n_constr else np.empty(0)

    return {
        "space": {parameter: FloatDistribution(float(low), float(high)) for parameter, (low, high) in ends.items()},
        "function": function,
        "front": Front(np.array(suite.ideal), np.array(suite.near), np.array(suite.far)),
        "budget": 1000,
    }


FAMILIES = [fixed(name, functools.partial(make, name), "fronts", suite.d, "pymoo") for name, suite in SUITES.items()]
