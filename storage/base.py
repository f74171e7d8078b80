"""The verbs of a storage: those of Optuna's `BaseStorage`, and some by which a storage can save work.

Each call is one transaction: after it returns, a killed process loses nothing of it; before it returns, no other
process sees anything of it.
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..engine.distributions import BaseDistribution
from ..engine.exceptions import UpdateFinishedTrialError
from ..engine.history import History
from ..engine.records import FrozenStudy, FrozenTrial, StudyDirection, TrialState


def name_or_new(study_name: str | None) -> str:
    """Give the name of a new study, made up if None is given."""
    return f"no-name-{uuid.uuid4()}" if study_name is None else study_name


def check_single(directions: Sequence[StudyDirection]) -> None:
    """Raise ``RuntimeError`` if a study has several objectives, and so no best trial."""
    if len(directions) > 1:
        raise RuntimeError(
            "A single best trial cannot be retrieved from a multi-objective study. "
            "Use Study.best_trials for the Pareto front."
        )


def no_best(has_complete: bool) -> ValueError:
    """Make the error for a study without a best trial."""
    return ValueError("No feasible trials are completed yet." if has_complete else "No trials are completed yet.")


class BaseStorage(ABC):
    """Where studies live. Subclass it for a storage of your own: the abstract methods are enough.

    Methods raise ``KeyError`` for an unknown study or trial, `UpdateFinishedTrialError` for a change to a finished
    trial, `DuplicatedStudyError` for a name that is taken.
    """

    called = "storage"  # in messages
    keeps_live_records = False  # whether the writing verbs change the record that `live_record` gave
    can_create_if_read = False  # whether it has `create_trial_if_read`, which saves a look before
    is_of_one_process = False  # whether a pickled copy is another storage, and not another door to this one

    # --- studies -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        """Create a study and return its identifier; a name is made up if None is given."""

    @abstractmethod
    def delete_study(self, study_id: int) -> None:
        """Delete a study with all its trials."""

    @abstractmethod
    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a user attribute of a study."""

    @abstractmethod
    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Set a system attribute of a study."""

    @abstractmethod
    def get_study_id_from_name(self, study_name: str) -> int:
        """Find a study's identifier."""

    @abstractmethod
    def get_study_name_from_id(self, study_id: int) -> str:
        """Find a study's name."""

    @abstractmethod
    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """Give the direction of each objective."""

    @abstractmethod
    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Give the user attributes of a study."""

    @abstractmethod
    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Give the system attributes of a study."""

    @abstractmethod
    def get_all_studies(self) -> list[FrozenStudy]:
        """List all studies."""

    # --- trials ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Create a trial, running unless the template says otherwise, and return its identifier."""

    @abstractmethod
    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        """Set a parameter of an unfinished trial; ``ValueError`` if the study knows it with another kind of domain."""

    @abstractmethod
    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Change a trial's state, and values.

        RUNNING starts a waiting trial or resumes a paused one; of several workers that try, one gets True. A paused
        trial is stored as a pruned one, which Optuna can read; see `engine.records.pauses`.
        """

    @abstractmethod
    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Store the value reported at a step; a second report of a step replaces the first."""

    @abstractmethod
    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a user attribute of a trial."""

    @abstractmethod
    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Set a system attribute of a trial."""

    @abstractmethod
    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Give a copy of a trial."""

    @abstractmethod
    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """List a study's trials by number; with ``deepcopy=False`` they are not to be changed."""

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        """Find a trial's identifier from its number; ``KeyError`` if there is none."""
        trials = self.get_all_trials(study_id, deepcopy=False)
        if not 0 <= trial_number < len(trials):
            raise KeyError(f"No trial with number {trial_number} exists in the study with id {study_id}.")
        return trials[trial_number]._trial_id

    def get_trial_number_from_id(self, trial_id: int) -> int:
        """Find a trial's number."""
        return self.get_trial(trial_id).number

    def get_trial_param(self, trial_id: int, param_name: str) -> float:
        """Give a parameter's internal value."""
        trial = self.get_trial(trial_id)
        return trial.distributions[param_name].to_internal_repr(trial.params[param_name])

    def get_trial_params(self, trial_id: int) -> dict[str, Any]:
        """Give a trial's parameters."""
        return self.get_trial(trial_id).params

    def get_trial_user_attrs(self, trial_id: int) -> dict[str, Any]:
        """Give the user attributes of a trial."""
        return self.get_trial(trial_id).user_attrs

    def get_trial_system_attrs(self, trial_id: int) -> dict[str, Any]:
        """Give the system attributes of a trial."""
        return self.get_trial(trial_id).system_attrs

    def get_n_trials(self, study_id: int, state: tuple[TrialState, ...] | TrialState | None = None) -> int:
        """Count the trials, all or those in some states."""
        states = (state,) if isinstance(state, TrialState) else state
        return self.get_history(study_id).count(states)

    def get_best_trial(self, study_id: int) -> FrozenTrial:
        """Give a copy of the best complete trial that violates no constraint.

        Raises
        ------
        ValueError
            If no such trial exists.
        RuntimeError
            If the study has several objectives.
        """
        history = self.get_history(study_id)
        check_single(history.directions)
        if history.best is None:
            raise no_best((history.states == TrialState.COMPLETE).any())
        return history.copy_record(history.best)

    def remove_session(self) -> None:  # noqa: B027 - a storage without connections has nothing to do
        """Close this thread's connection."""

    def check_trial_is_updatable(self, trial_id: int, trial_state: TrialState) -> None:
        """Raise `UpdateFinishedTrialError` for a finished state."""
        if trial_state.is_finished():
            trial = self.get_trial(trial_id)
            raise UpdateFinishedTrialError(f"Trial#{trial.number} has already finished and can not be updated.")

    # --- what parzen asks beyond Optuna's verbs; the defaults are made of those --------------------------------------

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        """Give the study's trials as columns. The storage keeps the object and goes on filling it.

        Parameters
        ----------
        study_id
            Identifier of the study.
        refresh
            Look for what other processes stored; otherwise the history may be as of the last look.
        """
        trials = self.get_all_trials(study_id, deepcopy=False)
        histories: dict[int, History] = self.__dict__.setdefault("_histories", {})
        history = histories.get(study_id)
        if history is None or [t._trial_id for t in trials[: history.n]] != history.trial_ids.tolist():
            history = histories[study_id] = History(self.get_study_directions(study_id))
        with history.lock:
            for trial in trials:
                if trial.number >= history.n or not history.is_final(trial.number):
                    history.put(trial.copy())
        return history

    def get_size(self, study_id: int) -> tuple[int, datetime | None]:
        """Give the number of trials, and when the first of them started."""
        history = self.get_history(study_id)
        with history.lock:
            return history.n, history.first_start()

    def live_record(self, trial_id: int) -> FrozenTrial:
        """Give the record of an unfinished trial: the storage's own, which changes with the trial, or else a copy."""
        return self.get_trial(trial_id)

    def claim_waiting_trial(self, study_id: int) -> int | None:
        """Start the waiting trial of the lowest number and return its identifier, None if none waits."""
        while True:
            history = self.get_history(study_id)
            if not history.may_wait:
                return None
            with history.lock:
                number = history.next_waiting()
                if number is None:
                    return None
                trial_id = history.live[number]._trial_id
            try:
                if self.set_trial_state_values(trial_id, TrialState.RUNNING):
                    return trial_id
            except UpdateFinishedTrialError:  # another worker was faster, and is even done
                continue

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        """Set several parameters, ``{name: (internal value, distribution)}``, in one transaction."""
        for name, (internal, distribution) in params.items():
            self.set_trial_param(trial_id, name, internal, distribution)

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        """Create several trials in one transaction and return their identifiers."""
        return [self.create_new_trial(study_id, template) for template in templates]

    def create_trials_at(self, study_id: int, number: int, templates: Sequence[FrozenTrial]) -> list[int] | None:
        """Create trials if the first one gets this number; otherwise create none and return None.

        Parameters sampled for a number belong to that number: else two workers with one seed would try the same. The
        templates are given away: the storage may keep them as its records.
        """
        if self.get_n_trials(study_id) != number:
            return None
        return self.create_new_trials(study_id, templates)

    def create_trial_if_read(self, study_id: int, template: FrozenTrial) -> int | None:
        """Create a trial of the template's number, unless `get_history` would now give more than it gave last.

        Then none is created, and None returned: the template was made from what was read last.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot tell what was read.")

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        """Finish several trials in one transaction."""
        for trial_id, state, trial_values in zip(trial_ids, states, values, strict=True):
            self.set_trial_state_values(trial_id, state, trial_values)

    def set_trials_system_attrs(self, attrs: Mapping[int, Mapping[str, Any]]) -> None:
        """Set system attributes, ``{trial_id: {key: value}}``, in one transaction."""
        for trial_id, values in attrs.items():
            for key, value in values.items():
                self.set_trial_system_attr(trial_id, key, value)

    # --- corrections: the only changes to finished trials ------------------------------------------------------------

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        """Replace the objective values of a finished trial, which has some; other processes see it at their next look.

        Raises
        ------
        ValueError
            If the trial has no values, or these cannot be its.
        NotImplementedError
            If the storage cannot do it.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot correct a trial. Copy the study by `copy_study`.")

    def erase_trial(self, trial_id: int) -> None:
        """Delete all that a trial holds. The trial itself stays, empty and failed, since numbers have no gaps.

        A worker that still runs the trial finds it finished. ``NotImplementedError`` if the storage cannot do it.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot erase a trial. Copy the study by `copy_study`.")
