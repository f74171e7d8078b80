"""parzen's samplers and pruners in an Optuna study, which they read as columns."""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary

import optuna

from ...engine.distributions import BaseDistribution, CategoricalDistribution, modern
from ...engine.history import BracketStudy, History, Selection
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from ...engine.seeds import entropy
from ...pruners import BasePruner
from ...pruners.base import view_of
from ...samplers import BaseSampler
from ...samplers.base import draws_columns, is_keyed_by_number
from .converting import to_optuna

Distributions = dict[str, optuna.distributions.BaseDistribution]


class OptunaSampler(optuna.samplers.BaseSampler):  # type: ignore[misc, unused-ignore]
    """One of parzen's samplers, for an Optuna study.

    Parameters
    ----------
    sampler
        Any sampler of parzen's.

    Raises
    ------
    TypeError
        If it is none.

    Notes
    -----
    Random numbers belong to the seed and to a trial's number, so `reseed_rng` changes nothing, and threads or processes
    that share a study need no other seeds. Trials that have finished are read into columns once. All samplers and
    pruners of parzen's share these, for as long as the study's storage object lives.

    Optuna samples jointly when the first parameter is suggested, a study of parzen's when a trial is asked for: of
    several trials that are asked for before any of them suggests, the later ones know here what the earlier ones try.

    Examples
    --------
    >>> study = optuna.create_study(sampler=OptunaSampler(parzen.samplers.TPESampler(seed=1)))
    """

    def __init__(self, sampler: BaseSampler) -> None:
        if not isinstance(sampler, BaseSampler):
            raise TypeError(f"`OptunaSampler` takes a sampler of parzen's, but got {sampler!r}: see parzen.samplers.")
        self.sampler = sampler

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.sampler})"

    def before_trial(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        self.sampler.before_trial(StudyView(study).shown(trial.number), FrozenTrial.adopted(trial))

    def infer_relative_search_space(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> Distributions:
        view = StudyView(study)
        space = self.sampler.infer_relative_search_space(view.shown(trial.number), view.record(trial))
        return {name: to_optuna(distribution) for name, distribution in space.items()}

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: Distributions
    ) -> dict[str, Any]:
        view = StudyView(study)
        space = {name: view.adopted(name, distribution) for name, distribution in search_space.items()}
        return self.sampler.sample_relative(view.shown(trial.number), view.record(trial), space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> Any:
        view = StudyView(study)
        distribution = view.adopted(param_name, param_distribution)
        shown, record = view.shown(trial.number), view.record(trial)
        if not draws_columns(self.sampler):
            return self.sampler.sample_independent(shown, record, param_name, distribution)
        drawn = view.kept.drawn.setdefault(trial.number, {})  # what came along with an earlier parameter
        internal = drawn.pop(param_name, None)
        if internal is None or not distribution._contains(internal):
            drawn.update(self.sampler.draw(shown, record, param_name, distribution))
            internal = drawn.pop(param_name)
        return distribution.to_external_repr(internal)

    def after_trial(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        state: optuna.trial.TrialState,
        values: Sequence[float] | None,
    ) -> None:
        view = StudyView(study)
        view.kept.drawn.pop(trial.number, None)
        record = FrozenTrial.adopted(trial)
        self.sampler.after_trial(view.shown(trial.number), record, TrialState(int(state)), values)

    def reseed_rng(self) -> None:
        if not is_keyed_by_number(self.sampler):
            self.sampler.reseed_rng()


class OptunaPruner(optuna.pruners.BasePruner):  # type: ignore[misc, unused-ignore]
    """One of parzen's pruners, for an Optuna study.

    Parameters
    ----------
    pruner
        Any pruner of parzen's; one that pauses trials stops them here, as Optuna knows no pauses.

    Raises
    ------
    TypeError
        If it is none.

    Examples
    --------
    >>> study = optuna.create_study(pruner=OptunaPruner(parzen.pruners.HyperbandPruner()))
    """

    def __init__(self, pruner: BasePruner) -> None:
        if not isinstance(pruner, BasePruner):
            raise TypeError(f"`OptunaPruner` takes a pruner of parzen's, but got {pruner!r}: see parzen.pruners.")
        self.pruner = pruner

    def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
        view = StudyView(study)
        view.sync()
        return self.pruner.prune(view, view.record(trial))


# --- an Optuna study as columns --------------------------------------------------------------------------------------


class Kept:
    """What is kept of an Optuna study; all of it can be made again.

    Attributes
    ----------
    history : History
        Its trials as columns.
    entropy : int
        See `StudyLike`.
    seen : dict[str, tuple[optuna.distributions.BaseDistribution, BaseDistribution]]
        Optuna's distribution under which each parameter was suggested last, and ours for it.
    drawn : dict[int, dict[str, float]]
        Internal values that were drawn beside the one asked for, by trial number and name.
    selections : dict[tuple[int, int | None], Selection]
        The trials of each bracket of Optuna's Hyperband, by its index and the number of brackets.
    """

    def __init__(self, directions: Sequence[StudyDirection]) -> None:
        self.entropy = entropy()
        self._begin(directions)

    def _begin(self, directions: Sequence[StudyDirection]) -> None:
        self.history = History(directions)
        self._listed: Sequence[Any] = ()  # the listing that was brought in last
        self.seen: dict[str, tuple[optuna.distributions.BaseDistribution, BaseDistribution]] = {}
        self.drawn: dict[int, dict[str, float]] = {}
        self.selections: dict[tuple[int, int | None], Selection] = {}

    def update(self, trials: Sequence[Any]) -> History:
        """Bring in what is new in a listing of all trials, which looks at those alone that are new or not final."""
        if trials is self._listed:
            return self.history
        if self._is_of_another(trials):
            self._begin(self.history.directions)
        history = self.history
        with history.lock:
            for number in [*history.live, *range(history.n, len(trials))]:
                if number < len(trials):  # another thread's listing may be longer
                    history.put(FrozenTrial.adopted(trials[number]))
        self._listed = trials
        return history

    def _is_of_another(self, trials: Sequence[Any]) -> bool:
        """Tell whether the study was deleted, and another one got its identifier and name."""
        history = self.history
        if not trials or not history.n:
            return False
        if trials[0]._trial_id != history.trial_id(0):
            return True
        return history.is_final(0) and trials[0].datetime_start != history.started_at(0)


def _is_same(theirs: Any, ours: BaseDistribution, distribution: Any) -> bool:
    """Tell whether one of our distributions, made for one of Optuna's, is right for another one, too."""
    if isinstance(ours, CategoricalDistribution):  # 1 equals True, but is another choice
        return type(distribution) is type(theirs) and ours.is_of(distribution.choices)
    return bool(distribution == theirs)


# By storage object, then by identifier and name.
_KEPT: WeakKeyDictionary[Any, dict[tuple[int, str], Kept]] = WeakKeyDictionary()
_making = threading.Lock()


def kept_of(study: optuna.Study) -> Kept:
    """Give what is kept of a study."""
    key = study._study_id, study.study_name
    with _making:
        of_storage = _KEPT.setdefault(study._storage, {})
        if key not in of_storage:
            of_storage[key] = Kept([StudyDirection(int(direction)) for direction in study.directions])
        return of_storage[key]


class StudyView:
    """An Optuna study as parzen's samplers and pruners need it (`StudyLike`); all else is Optuna's study's own.

    One is made for each call. Trials are read when its `history` is looked at.

    Parameters
    ----------
    study
        Optuna's study, or the part of one that Optuna's Hyperband shows a sampler.
    """

    def __init__(self, study: Any) -> None:
        self._bracket: int | None = getattr(study, "_bracket_id", None)
        self._study: Any = study if self._bracket is None else study._study
        self.kept = kept_of(self._study)
        self._history: History | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # while it is being copied there is no study yet
            raise AttributeError(name)
        return getattr(self._study, name)

    def shown(self, number: int) -> Any:
        """Give the study as its pruner, parzen's or Optuna's, lets the sampler see it for a trial."""
        if self._bracket is None:
            return view_of(self, number)
        across = getattr(self.sampler, "across_brackets", False)
        return BracketStudy(self, partial(self._select, self._bracket), across)

    def _select(self, bracket: int, history: History) -> Selection:
        study, pruner = self._study, self._study.pruner
        key = bracket, pruner._n_brackets  # None until it is found out, and all trials are of one bracket as long
        found = self.kept.selections.get(key)
        if found is None:

            def is_in(number: int) -> bool:
                return bool(pruner._get_bracket_id(study, SimpleNamespace(number=number)) == bracket)

            found = self.kept.selections[key] = Selection(history, is_in)
        return found.update(history)

    # --- trials ------------------------------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """Its trials as columns, as of the trial's start or of `sync`."""
        if self._history is None:  # Optuna lists the trials once a trial, for all who ask this way
            self._history = self.kept.update(self._study._get_trials(deepcopy=False, use_cache=True))
        return self._history

    def sync(self) -> History:
        """Read the trials again."""
        self._history = self.kept.update(self._study.get_trials(deepcopy=False))
        return self._history

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """List the trials, by number."""
        return self._get_trials(deepcopy, states)

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        history = self.history if use_cache else self.sync()
        with history.lock:
            return history.records(states, copy=deepcopy)

    def record(self, trial: optuna.trial.FrozenTrial) -> FrozenTrial:
        """Give the record of a running trial in the columns, after bringing in what it suggested and reported since."""
        history = self.history
        live = history.live.get(trial.number)
        if live is None or live._trial_id != trial._trial_id:
            return FrozenTrial.adopted(trial)  # of another state, or of no study
        with history.lock:
            for name, value in trial.params.items() if len(trial.params) > len(live.params) else ():
                if name not in live.params:
                    distribution = self.adopted(name, trial.distributions[name])
                    history.set_param(live, name, distribution.to_internal_repr(value), distribution)
            live.intermediate_values.update(trial.intermediate_values)
        return live

    def adopted(self, name: str, distribution: optuna.distributions.BaseDistribution) -> BaseDistribution:
        """Give one of ours for a distribution of Optuna's, the same object for those alike."""
        seen = self.kept.seen.get(name)
        if seen is None or not _is_same(*seen, distribution):
            seen = self.kept.seen[name] = distribution, self.kept.history.shared(name, modern(distribution))
        return seen[1]

    # --- the parts of `StudyLike` that Optuna calls otherwise --------------------------------------------------------

    @property
    def entropy(self) -> int:
        """See `StudyLike`."""
        return self.kept.entropy

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of each objective."""
        return self.kept.history.directions

    @property
    def sampler(self) -> Any:
        """Its sampler: parzen's where one is wrapped."""
        sampler = self._study.sampler
        return sampler.sampler if isinstance(sampler, OptunaSampler) else sampler

    @property
    def pruner(self) -> Any:
        """Its pruner: parzen's where one is wrapped."""
        pruner = self._study.pruner
        return pruner.pruner if isinstance(pruner, OptunaPruner) else pruner

    def note(self, trial: FrozenTrial, attrs: Mapping[str, Any]) -> None:
        """Store system attributes of a running trial."""
        live = self.kept.history.live.get(trial.number)
        for key, value in attrs.items():
            self._study._storage.set_trial_system_attr(trial._trial_id, key, value)
            if live is not None:
                live.system_attrs[key] = value

    def note_on_study(self, key: str, value: Any) -> None:
        """Store a system attribute of the study."""
        self._study._storage.set_study_system_attr(self._study._study_id, key, value)

    def noted_on_study(self, key: str) -> Any:
        """Read a system attribute of the study."""
        return self.notes_on_study().get(key)

    def notes_on_study(self) -> Mapping[str, Any]:
        """Read all system attributes of the study."""
        notes: Mapping[str, Any] = self._study._storage.get_study_system_attrs(self._study._study_id)
        return notes
