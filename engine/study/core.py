"""What a trial, asking, telling, batches and the loop need of a study: `Study` is the face on top of it."""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping
from typing import Any

from ...pruners import BasePruner, MedianPruner
from ...samplers import BaseSampler
from ...storage import BaseStorage, get_storage
from ..distributions import BaseDistribution
from ..history import Front, History
from ..records import FrozenTrial, StudyDirection, TrialState
from ..seeds import entropy

_METRIC_NAMES = "study:metric_names"


class StudyCore:
    """A study's storage, sampler and pruner, its trials as columns, and what is kept between two asks.

    Parameters
    ----------
    study_name
        Name of a study that the storage holds.
    storage
        A storage or its URL.
    sampler
        Chooses parameters; `AutoSampler` by default.
    pruner
        Stops trials early; `MedianPruner` by default.
    """

    def __init__(
        self,
        study_name: str,
        storage: str | BaseStorage,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
    ) -> None:
        self.study_name = study_name
        self._storage = get_storage(storage)
        self._study_id = self._storage.get_study_id_from_name(study_name)
        self._directions = self._storage.get_study_directions(self._study_id)
        check_parts(sampler, pruner)
        self.sampler: BaseSampler = sampler or _default_sampler()
        self.pruner: BasePruner = pruner or MedianPruner()
        self._seen: dict[str, tuple[Any, BaseDistribution]] = {}
        self._stop_flag = False
        self._begin()

    def _begin(self) -> None:
        """Make what is not copied with a study: it can be rebuilt, or belongs to this process."""
        self._history: History | None = None
        self._front = Front()
        self.entropy = entropy()
        self._next_search = 0.0  # when to look for trials of dead processes, by the monotonic clock
        self._thread_local = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        rebuilt = ("_thread_local", "_history", "_front", "_next_search", "entropy")
        return {key: value for key, value in self.__dict__.items() if key not in rebuilt}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    # --- trials ------------------------------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """The study's trials as columns, as of the last `ask`, `should_prune` or look at the trials."""
        return self._history or self.sync()

    def sync(self, refresh: bool = True) -> History:
        """Bring in what other workers stored, and give the history; without `refresh` as the storage knows it."""
        self._history = self._storage.get_history(self._study_id, refresh)
        return self._history

    def look_again(self) -> None:
        """Let the next look at the history bring in what was stored since."""
        self._history = None

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """List the trials, by number.

        Parameters
        ----------
        deepcopy
            Give copies; False gives shared records of the trials that ended, made once, that are not to be changed.
        states
            Only trials in these states.
        """
        return self._get_trials(deepcopy, states)

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        """Do as `get_trials` does: by this name samplers and plug-ins written for Optuna ask, and override it.

        `use_cache` changes nothing: what other workers stored is brought in either way, as that costs next to nothing.
        """
        return self._storage.get_all_trials(self._study_id, deepcopy=deepcopy, states=states)

    def remember(self, name: str, key: Any, distribution: BaseDistribution) -> tuple[Any, BaseDistribution]:
        """Keep the distribution under which a name was suggested last, and the arguments that made it."""
        seen = self._seen[name] = (key, self.history.shared(name, distribution))
        return seen

    # --- attributes --------------------------------------------------------------------------------------------------

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of each objective."""
        return list(self._directions)

    @property
    def metric_names(self) -> list[str] | None:
        """Names of the objectives, None unless set."""
        return self._storage.get_study_system_attrs(self._study_id).get(_METRIC_NAMES)

    def set_metric_names(self, metric_names: list[str]) -> None:
        """Name the objectives, for messages, data frames and plots; ``ValueError`` unless one name each."""
        if len(metric_names) != len(self._directions):
            raise ValueError(
                f"The number of objectives must match the length of the metric names: expected "
                f"{len(self._directions)}, but got {metric_names}."
            )
        self.note_on_study(_METRIC_NAMES, metric_names)

    @property
    def has_heartbeat(self) -> bool:
        """Whether trials of dead processes are found: then those that run are those of living ones."""
        interval = getattr(self._storage, "get_heartbeat_interval", None)
        return interval is not None and interval() is not None

    def note(self, trial: FrozenTrial, attrs: Mapping[str, Any]) -> None:
        """Store what a sampler or a pruner notes on a running trial: system attributes, JSON values by name."""
        if trial._trial_id < 0:  # it is stored once it has its parameters
            trial.system_attrs.update(attrs)
            return
        for key, value in attrs.items():
            self._storage.set_trial_system_attr(trial._trial_id, key, value)

    def note_on_study(self, key: str, value: Any) -> None:
        """Store what a sampler or a pruner notes on the study: a system attribute, JSON."""
        self._storage.set_study_system_attr(self._study_id, key, value)

    def noted_on_study(self, key: str) -> Any:
        """Read what `note_on_study` stored, in this process or in another; None if there is nothing."""
        return self.notes_on_study().get(key)

    def notes_on_study(self) -> Mapping[str, Any]:
        """Read all system attributes of the study, whoever stored them."""
        return self._storage.get_study_system_attrs(self._study_id)


def check_parts(sampler: Any, pruner: Any) -> None:
    """Raise ``TypeError`` if a sampler or a pruner is none, but the name or the class of one, or must be wrapped."""
    for name, part, method in (("sampler", sampler, "sample_independent"), ("pruner", pruner, "prune")):
        if part is None or (callable(getattr(part, method, None)) and not isinstance(part, type)):
            continue
        raise TypeError(f"`{name}` must be an object that has `{method}`, but got {part!r}: see parzen.{name}s.")
    if _reads_an_optuna_study(sampler):
        raise TypeError(
            f"`sampler` must be able to read a study of parzen's, but got Optuna's {type(sampler).__name__}. "
            "Wrap it: `ParzenSampler(sampler)` of parzen.integration.optuna."
        )


def _reads_an_optuna_study(sampler: Any) -> bool:
    """Tell whether a sampler is one of Optuna's that asks a study, or a distribution, for more than is public."""
    kinds = {kind.__name__ for kind in type(sampler).__mro__ if kind.__module__.startswith("optuna.samplers.")}
    return bool(kinds - {"BaseSampler", "GridSampler"})


def _default_sampler() -> BaseSampler:
    from ...samplers import AutoSampler  # late: a study with another sampler does not need it

    return AutoSampler()
