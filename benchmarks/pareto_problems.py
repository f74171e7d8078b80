"""Problems of several objectives for `pareto.py`: pymoo's, one of mixed parameters, and tables of real searches.

Sources: ZDT (Zitzler, Deb and Thiele 2000), DTLZ (Deb, Thiele, Laumanns and Zitzler 2005), WFG4 (Huband et al. 2006),
C2-DTLZ2 (Jain and Deb 2014), OSY (Osyczka and Kundu 1995); tables: see `tables.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tables

from parzen.engine.kernels.dominance import non_dominated

Array = np.ndarray[Any, Any]
Outcome = tuple[Array, Array]  # values (m,) and constraint values (c,), which are to be 0 at most


@dataclass(frozen=True)
class Parameter:
    """A parameter: a float, or an integer, or the index of one of so many choices without an order."""

    name: str
    kind: str
    low: float
    high: float


@dataclass(frozen=True)
class Problem:
    """Objectives to be minimised.

    Attributes
    ----------
    name
        What it is called.
    parameters
        Its d parameters.
    evaluate
        Takes their values, shape (d,).
    ideal
        The least value of each objective on the front.
    near, far
        Reference points of hypervolume: a tenth of the front's extent behind its worst values, as the literature has
        it; and where random points lie, so that the first steps count as well.
    """

    name: str
    parameters: list[Parameter]
    evaluate: Callable[[Array], Outcome]
    ideal: Array
    near: Array
    far: Array


def _of_pymoo(
    name: str, ideal: list[float], near: list[float], far: list[float], n_var: int | None = None, **arguments: Any
) -> Problem:
    from pymoo.problems import get_problem

    problem = get_problem(name, **({} if n_var is None else {"n_var": n_var}), **arguments)
    ends = zip(problem.xl.tolist(), problem.xu.tolist(), strict=True)
    parameters = [Parameter(f"x{i:02d}", "float", low, high) for i, (low, high) in enumerate(ends)]

    def evaluate(x: Array) -> Outcome:
        found = problem.evaluate(x[np.newaxis], return_as_dictionary=True)
        return found["F"][0], found["G"][0] if problem.n_constr else np.empty(0)

    return Problem(name, parameters, evaluate, np.array(ideal), np.array(near), np.array(far))


def _mixed() -> Problem:
    """Make DTLZ2 of mixed parameters: a position on a grid; distances of floats, of integers, and of shuffled choices.

    An integer of 0 to 20 is best at 13; each of the choices stands for a distance of its own, one of them for none.
    """
    kinds = ["float", "integer"] + ["float"] * 4 + ["integer"] * 3 + ["choice"] * 3
    ends = {"float": (0.0, 1.0), "integer": (0.0, 20.0), "choice": (0.0, 5.0)}
    parameters = [Parameter(f"x{i:02d}", kind, *ends[kind]) for i, kind in enumerate(kinds)]
    rng = np.random.default_rng(0)
    distances = np.array([rng.permutation([0.0, 0.1, 0.2, 0.3, 0.4, 0.5]) for _ in range(3)])

    def evaluate(x: Array) -> Outcome:
        away = np.concatenate([x[2:6] - 0.5, (x[6:9] - 13) / 20, distances[np.arange(3), x[9:].astype(int)]])
        g = 1 + (away**2).sum()
        a, b = x[0] * np.pi / 2, x[1] / 20 * np.pi / 2
        return g * np.array([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)]), np.empty(0)

    return Problem("mixed", parameters, evaluate, np.zeros(3), np.full(3, 1.1), np.full(3, 1.5))


def _table(source: str, data: str, metrics: list[str]) -> Problem:
    """Make a problem of a table of real searches.

    Values are means over training seeds, of accuracies negated, of all else as logarithms. The far reference
    point is the median of all records, unless the near one lies behind it.
    """
    space, cells = tables.space_of(source), tables.cells_of(tables.folder_of(source) / f"{data}.pkl")
    columns = [np.nanmean(tables.values_of(cells, space, metric), axis=-1) for metric in metrics]
    signed = [
        -column if metric == "val_acc" else np.log(column) for metric, column in zip(metrics, columns, strict=True)
    ]
    grid = np.stack(signed, axis=-1)
    records = grid.reshape(-1, len(metrics))
    front = records[non_dominated(records)]
    near = front.max(axis=0) + 0.1 * np.ptp(front, axis=0)
    parameters = [
        Parameter(name, "choice" if isinstance(values[0], str) else "integer", 0, len(values) - 1)
        for name, values in space.items()
    ]

    def evaluate(x: Array) -> Outcome:
        return grid[tuple(x.astype(int))], np.empty(0)

    return Problem(data, parameters, evaluate, front.min(axis=0), near, np.maximum(np.median(records, axis=0), near))


CUBE = [0.0] * 3
PROBLEMS: dict[str, Callable[[], Problem]] = {
    "zdt1": lambda: _of_pymoo("zdt1", [0, 0], [1.1, 1.1], [1.1, 3.3]),
    "zdt2": lambda: _of_pymoo("zdt2", [0, 0], [1.1, 1.1], [1.1, 3.3]),
    "zdt3": lambda: _of_pymoo("zdt3", [0, -0.78], [0.94, 1.18], [1.1, 3.3]),
    "zdt4": lambda: _of_pymoo("zdt4", [0, 0], [1.1, 1.1], [1.1, 100]),
    "zdt6": lambda: _of_pymoo("zdt6", [0.28, 0], [1.08, 1.01], [1.1, 8]),
    "dtlz1": lambda: _of_pymoo("dtlz1", CUBE, [0.55] * 3, [100] * 3, 7),
    "dtlz2": lambda: _of_pymoo("dtlz2", CUBE, [1.1] * 3, [1.5] * 3, 12),
    "dtlz5": lambda: _of_pymoo("dtlz5", CUBE, [0.78, 0.78, 1.1], [1.5] * 3, 12),
    "dtlz7": lambda: _of_pymoo("dtlz7", [0, 0, 2.61], [0.95, 0.95, 6.34], [1, 1, 15], 22),
    "wfg4": lambda: _of_pymoo("wfg4", CUBE, [2.2, 4.4, 6.6], [3, 5, 7], 12, n_obj=3),
    "c2dtlz2": lambda: _of_pymoo("c2dtlz2", CUBE, [1.1] * 3, [1.5] * 3, 12, n_obj=3),
    "osy": lambda: _of_pymoo("osy", [-274, 4], [-18, 84], [0, 130]),
    "mixed": _mixed,
    "segment": lambda: _table("hpobench", "segment", ["val_acc", "train_time"]),
    "protein": lambda: _table("hpolib", "protein_structure", ["val_loss", "train_time"]),
    "slice": lambda: _table("hpolib", "slice_localization", ["val_loss", "model_size"]),
    "cifar100": lambda: _table("nasbench201", "cifar100", ["val_acc", "latency"]),
}


@functools.cache
def problem(name: str) -> Problem:
    """Make a problem."""
    try:
        return PROBLEMS[name]()
    except ImportError as error:
        raise SystemExit('The problems come with the extra `bench`: pip install "parzen[bench]"') from error
