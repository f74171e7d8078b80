"""The base of samplers that breed generation after generation."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import Any

from ..engine.frozen import FrozenTrial
from ..engine.history import History
from ..engine.remembered import Remembered
from .base import BaseSampler
from .generations import Generations


class BaseGASampler(BaseSampler):
    """Keeps account of generations, for samplers that choose parents; write `select_parent` and the sampling.

    Parameters
    ----------
    population_size
        Complete trials of a full generation.

    Notes
    -----
    A trial's generation is kept in its system attribute ``"<class>:generation"``, as by Optuna: either library goes on
    where the other stopped.
    """

    def __init__(self, population_size: int | None) -> None:
        self._population_size: Any = population_size
        self._accounts: Remembered[Generations] = Remembered()

    @property
    def population_size(self) -> Any:
        """Complete trials of a full generation; may be set."""
        return self._population_size

    @population_size.setter
    def population_size(self, value: int) -> None:
        self._population_size = value
        self._accounts = Remembered()

    @cached_property
    def _generation_key(self) -> str:
        return f"{type(self).__name__}:generation"

    @abstractmethod
    def select_parent(self, study: Any, generation: int) -> list[FrozenTrial]:
        """Choose the parents of a generation; asked once for each.

        Parameters
        ----------
        study
            The study.
        generation
            Number of the generation to be bred, from 1.
        """

    def get_trial_generation(self, study: Any, trial: FrozenTrial) -> int:
        """Give the generation of a trial; one that has none yet joins the current one, and keeps that.

        Parameters
        ----------
        study
            The study.
        trial
            A trial of it.
        """
        known = trial.system_attrs.get(self._generation_key)
        if known is not None:
            return int(known)
        generation = self._account(study.history).current
        if trial._trial_id >= 0:  # otherwise a draft, which is stored together with its attributes
            study._storage.set_trial_system_attr(trial._trial_id, self._generation_key, generation)
        trial.system_attrs[self._generation_key] = generation
        return generation

    def get_population(self, study: Any, generation: int) -> list[FrozenTrial]:
        """List the complete trials of a generation, by number.

        Parameters
        ----------
        study
            The study.
        generation
            Number of the generation, from 0.
        """
        history: History = study.history
        members = self._account(history).members
        with history.lock:
            return [
                history.record(number) for number in sorted(members[generation] if generation < len(members) else ())
            ]

    def get_parent_population(self, study: Any, generation: int) -> list[FrozenTrial]:
        """List the parents of a generation: what `select_parent` chose, once for all processes.

        Parameters
        ----------
        study
            The study, which keeps the choice in a system attribute ``"<class>:parent:<generation>"``.
        generation
            Number of the generation; 0 has no parents.
        """
        if generation == 0:
            return []
        history: History = study.history
        chosen = self._account(history).chosen
        if generation not in chosen:
            chosen[generation] = self._choose_parents(study, generation)
        return [history.record(number) for number in chosen[generation]]

    def _choose_parents(self, study: Any, generation: int) -> list[int]:
        """Give the parents' numbers as they are stored, or choose and store them."""
        storage, key = study._storage, f"{type(self).__name__}:parent:{generation}"
        ids = storage.get_study_system_attrs(study._study_id).get(key)
        if ids is not None:
            return [storage.get_trial_number_from_id(trial_id) for trial_id in ids]
        parents = self.select_parent(study, generation)
        storage.set_study_system_attr(study._study_id, key, [trial._trial_id for trial in parents])
        return [trial.number for trial in parents]

    def _account(self, history: History) -> Generations:
        """Give the generations of a study, up to date."""
        with history.lock:
            return self._known_account(history).update(history)

    def _known_account(self, history: History) -> Generations:
        found = self._accounts.get(history)
        if found is None:
            found = self._accounts[history] = self._new_account()
        return found

    def _new_account(self) -> Generations:
        return Generations(self._generation_key, self._population_size or 1)
