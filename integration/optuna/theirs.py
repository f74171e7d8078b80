"""Optuna's samplers and pruners in a study of parzen's, which they see as an Optuna study."""

from __future__ import annotations

import copy
from collections.abc import Container, Sequence
from typing import Any

import optuna

from ...engine.distributions import BaseDistribution
from ...engine.history import History, Remembered
from ...engine.hooks import is_ours
from ...engine.records import FrozenTrial, TrialState
from ...engine.study import Study
from ...pruners import BasePruner
from ...samplers import BaseSampler
from .converting import to_optuna, to_optuna_trial


class ParzenSampler(BaseSampler):
    """One of Optuna's samplers, for a study of parzen's.

    Parameters
    ----------
    sampler
        Any sampler that is an ``optuna.samplers.BaseSampler``.

    Raises
    ------
    TypeError
        If it is none.

    Notes
    -----
    Parameters go through an ``optuna.trial.Trial`` of an Optuna study on the same storage. So Optuna alone says when
    something is sampled, and its Hyperband shows its sampler one bracket.

    Examples
    --------
    >>> study = parzen.create_study(sampler=ParzenSampler(optuna.samplers.GPSampler(seed=1)))
    """

    def __init__(self, sampler: optuna.samplers.BaseSampler) -> None:
        if not isinstance(sampler, optuna.samplers.BaseSampler):
            raise TypeError(f"`ParzenSampler` takes a sampler of Optuna's, but got {sampler!r}: see optuna.samplers.")
        self.sampler = sampler
        self._trials: dict[tuple[Any, int], optuna.Trial] = {}  # those that run, by storage and identifier

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_trials": {}}

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.sampler})"

    def before_trial(self, study: Any, trial: FrozenTrial) -> None:
        self._trials[study._storage, trial._trial_id] = optuna.Trial(StudyForOptuna(study), trial._trial_id)

    def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}  # Optuna's trial samples jointly when the first parameter is suggested

    def sample_relative(
        self, study: Any, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Any, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        key = study._storage, trial._trial_id
        if key not in self._trials:  # another process started it
            self.before_trial(study, trial)
        return self._trials[key]._suggest(param_name, to_optuna(param_distribution))

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._trials.pop((study._storage, trial._trial_id), None)
        dressed = StudyForOptuna(study)
        record = dressed._storage.get_trial(trial._trial_id)
        shown = optuna.pruners._filter_study(dressed, record)
        self.sampler.after_trial(shown, record, optuna.trial.TrialState(int(state)), values)

    def reseed_rng(self) -> None:
        self.sampler.reseed_rng()


class ParzenPruner(BasePruner):
    """One of Optuna's pruners, for a study of parzen's.

    Optuna's own pruners need none: a study takes them as they are. This is for others that use more of a study
    than its public methods, or that look at the types of distributions.

    Parameters
    ----------
    pruner
        Any pruner that is an ``optuna.pruners.BasePruner``.

    Raises
    ------
    TypeError
        If it is none.

    Examples
    --------
    >>> study = parzen.create_study(pruner=ParzenPruner(optuna.pruners.HyperbandPruner()))
    """

    def __init__(self, pruner: optuna.pruners.BasePruner) -> None:
        if not isinstance(pruner, optuna.pruners.BasePruner):
            raise TypeError(f"`ParzenPruner` takes a pruner of Optuna's, but got {pruner!r}: see optuna.pruners.")
        self.pruner = pruner

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        dressed = StudyForOptuna(study)
        return bool(self.pruner.prune(dressed, dressed._storage.get_trial(trial._trial_id)))


# --- a study of parzen's as one of Optuna's --------------------------------------------------------------------------


class StudyForOptuna(optuna.Study):  # type: ignore[misc, unused-ignore]
    """An Optuna study on the storage of a study of parzen's; what an Optuna sampler or pruner gets to see.

    Parameters
    ----------
    study
        A study of parzen's, or the part of one that a pruner shows a sampler.
    """

    def __init__(self, study: Any) -> None:
        sampler, pruner = study.sampler, study.pruner
        storage: Any = StorageForOptuna(study)
        super().__init__(
            study.study_name,
            storage,
            sampler.sampler if isinstance(sampler, ParzenSampler) else sampler,
            pruner.pruner if isinstance(pruner, ParzenPruner) else pruner,
        )
        self._dressed = study

    def _get_trials(
        self, deepcopy: bool = True, states: Container[Any] | None = None, use_cache: bool = False
    ) -> list[optuna.trial.FrozenTrial]:
        # A listing costs little here, so none is kept for the whole trial.
        return self._storage.get_all_trials(self._study_id, deepcopy, states)

    def stop(self) -> None:
        self._dressed.stop()


class StorageForOptuna:
    """The storage of a study of parzen's, with directions and trials as Optuna's; its other verbs are the same.

    Parameters
    ----------
    study
        See `StudyForOptuna`.
    """

    def __init__(self, study: Any) -> None:
        self._study, self._storage = study, study._storage

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # while it is being copied there is no storage yet
            raise AttributeError(name)
        return getattr(self._storage, name)

    def get_study_directions(self, study_id: int) -> list[optuna.study.StudyDirection]:
        """Give the direction of each objective."""
        return [optuna.study.StudyDirection(int(direction)) for direction in self._study.directions]

    def set_trial_param(self, trial_id: int, param_name: str, param_value_internal: float, distribution: Any) -> None:
        """Do nothing: the trial of parzen's stores what it is given."""

    def get_trial(self, trial_id: int) -> optuna.trial.FrozenTrial:
        """Give a trial as it stands."""
        return to_optuna_trial(self._storage.get_trial(trial_id))

    def get_best_trial(self, study_id: int) -> optuna.trial.FrozenTrial:
        """Give the best trial."""
        return to_optuna_trial(self._storage.get_best_trial(study_id))

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[Any] | None = None
    ) -> list[optuna.trial.FrozenTrial]:
        """List the trials that the study lists, by number."""
        study = self._study
        history: History = study.sync()
        with history.lock:
            trials = _listings.setdefault(history, Listing()).update(history)
        if not (isinstance(study, Study) and is_ours(study, "get_trials", "_get_trials")):
            trials = [trials[trial.number] for trial in study.get_trials(deepcopy=False)]
        if states is not None:
            trials = [trial for trial in trials if trial.state in states]
        return copy.deepcopy(trials) if deepcopy else trials


class Listing:
    """The trials of one history as Optuna's; those that ended are made once."""

    def __init__(self) -> None:
        self._ended: list[Any] = []
        self._n_seen = 0, 0  # of those that finished, and that paused

    def update(self, history: History) -> list[optuna.trial.FrozenTrial]:
        """List all trials as they stand; the history's lock is held."""
        self._ended.extend([None] * (history.n - len(self._ended)))
        n_finished, n_paused = self._n_seen
        for number in [*history.finished_since(n_finished), *history.pauses[n_paused:].tolist()]:
            self._ended[number] = to_optuna_trial(history.copy_record(number))
        self._n_seen = history.n_finished, len(history.pauses)
        trials = self._ended.copy()
        for number, record in history.live.items():
            trials[number] = to_optuna_trial(record)
        return trials


_listings: Remembered[Listing] = Remembered()
