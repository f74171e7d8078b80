"""The same loop driven by each library: ask for n points, tell n losses. What differs is the sampler and the store."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parzen.distributions import FloatDistribution, IntDistribution

Array = npt.NDArray[Any]
Space = Mapping[str, FloatDistribution | IntDistribution]


class Driver(Protocol):
    """A study of a library."""

    def ask(self, n: int) -> Mapping[str, Array]:
        """Start n trials; give columns (n,)."""

    def tell(self, losses: Array, epochs: Array, stopped: Array) -> None:
        """Tell the trials of the last `ask`: their last losses, after which epoch, and which were stopped then."""


class Parzen:
    """A study of parzen's: batches as columns."""

    def __init__(self, space: Space, sampler: Any, storage: str | None) -> None:
        import parzen

        self._states = parzen.trial.TrialState
        self._space = space
        self._study = parzen.create_study(study_name="gpu", sampler=sampler, storage=storage)

    def ask(self, n: int) -> Mapping[str, Array]:
        self._batch = self._study.ask_batch(n, self._space)
        return dict(self._batch.items())

    def tell(self, losses: Array, epochs: Array, stopped: Array) -> None:
        for place in np.flatnonzero(stopped).tolist():
            self._batch.trials[place].report(float(losses[place]), int(epochs[place]))
        states = [self._states.PRUNED if each else self._states.COMPLETE for each in stopped.tolist()]
        self._study.tell_batch(self._batch, losses, states=states)


class Singly:
    """A study of Optuna's or Rustuna's: n trials one by one.

    Rustuna has no reports, and forgets the value of a trial that it is told was pruned: it is told the last loss as if
    the trial were complete, so that it learns from it as well.
    """

    def __init__(self, library: str, space: Space, sampler: Any, storage: Any) -> None:
        module = importlib.import_module(library)
        self._states = module.trial.TrialState
        self._has_reports = library != "rustuna"
        self._space = space
        self._study = module.create_study(study_name="gpu", sampler=sampler, storage=storage)
        self._trials: list[Any] = []

    def ask(self, n: int) -> Mapping[str, Array]:
        self._trials = [self._study.ask() for _ in range(n)]
        points = [{name: _suggest(trial, name, d) for name, d in self._space.items()} for trial in self._trials]
        return {name: np.array([point[name] for point in points]) for name in self._space}

    def tell(self, losses: Array, epochs: Array, stopped: Array) -> None:
        told = zip(self._trials, losses.tolist(), epochs.tolist(), stopped.tolist(), strict=True)
        for trial, loss, epoch, is_stopped in told:
            if is_stopped and self._has_reports:
                trial.report(loss, epoch)
                self._study.tell(trial.number, state=self._states.PRUNED)
            else:
                self._study.tell(trial.number, loss)


def _suggest(trial: Any, name: str, distribution: FloatDistribution | IntDistribution) -> Any:
    suggest = trial.suggest_int if isinstance(distribution, IntDistribution) else trial.suggest_float
    return suggest(name, distribution.low, distribution.high, log=distribution.log)


def _parzen(sampler: str) -> Callable[[Space, int, Path | None], Driver]:
    def make(space: Space, seed: int, folder: Path | None) -> Driver:
        import parzen

        parzen.logging.set_verbosity(parzen.logging.ERROR)
        made = getattr(parzen.samplers, sampler)(seed=seed)
        return Parzen(space, made, None if folder is None else f"sqlite:///{folder}/parzen.db")

    return make


def _optuna(space: Space, seed: int, folder: Path | None) -> Driver:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = None if folder is None else f"sqlite:///{folder}/optuna.db"
    return Singly("optuna", space, optuna.samplers.TPESampler(seed=seed), storage)


def _rustuna(space: Space, seed: int, folder: Path | None) -> Driver:
    import rustuna

    storage = None if folder is None else rustuna.storages.SQLite3Storage(str(folder / "rustuna.db"))
    return Singly("rustuna", space, rustuna.samplers.TPESampler(seed=seed), storage)


DRIVERS: dict[str, Callable[[Space, int, Path | None], Driver]] = {
    "parzen": _parzen("AutoSampler"),
    "parzen-tpe": _parzen("TPESampler"),
    "parzen-random": _parzen("RandomSampler"),
    "optuna": _optuna,
    "rustuna": _rustuna,
}
