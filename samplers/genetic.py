"""The base of samplers that breed generation after generation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..engine.history import History, Remembered, history_of
from ..engine.history.corrections import ERASED
from ..engine.records import PARENTS, FrozenTrial
from .base import BaseSampler
from .generations import Generations


def check_population_size(size: Any, least: int = 2) -> None:
    """Raise ``ValueError`` unless a population's size is an integer that is large enough."""
    if not hasattr(size, "__index__") or size < least:
        raise ValueError(f"`population_size` must be an integer greater than or equal to {least}, but got {size!r}.")


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

    across_brackets = True  # generations are those of the whole study

    def __init__(self, population_size: int | None) -> None:
        if population_size is not None:
            check_population_size(population_size, least=1)
        self._population_size: Any = population_size
        self._accounts: Remembered[Generations] = Remembered()

    @property
    def population_size(self) -> Any:
        """Complete trials of a full generation; may be set."""
        return self._population_size

    @population_size.setter
    def population_size(self, value: int) -> None:
        check_population_size(value, least=1)
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
        generation = self._account(history_of(study)).current
        # A draft is stored together with its attributes; a study-like object that only lists trials stores nothing.
        if trial._trial_id >= 0 and hasattr(study, "note"):
            study.note(trial, {self._generation_key: generation})
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
        history = history_of(study)
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
        history = history_of(study)
        account = self._account(history)
        with account.choosing:
            if generation not in account.chosen:
                account.chosen[generation] = self._choose_parents(study, generation)
            return [history.record(number) for number in account.chosen[generation]]

    def _choose_parents(self, study: Any, generation: int) -> list[int]:
        """Give the parents' numbers as they are stored, or choose and store them."""
        key = f"{type(self).__name__}{PARENTS}{generation}"
        keeps_notes = hasattr(study, "noted_on_study")
        stored = (study.noted_on_study(key) if keeps_notes else None) or ()
        with history_of(study).lock:
            known = _known(history_of(study), stored)
        if known:
            return known
        parents = self.select_parent(study, generation)
        if keeps_notes:
            study.note_on_study(key, [trial._trial_id for trial in parents])
        return [trial.number for trial in parents]

    def _account(self, history: History) -> Generations:
        """Give the generations of a study, up to date."""
        account = self._accounts.get(history)
        if account is None or account.n_seen != history.n_finished:
            with history.lock:
                account = (account or self._known_account(history)).update(history)
        return account

    def _known_account(self, history: History) -> Generations:
        found = self._accounts.get(history)
        if found is None:
            found = self._accounts[history] = self._new_account()
        return found

    def _new_account(self) -> Generations:
        return Generations(self._generation_key, self._population_size or 1)


def _known(history: History, trial_ids: Sequence[int]) -> list[int]:
    """Give the numbers of those that are trials of a study and were not deleted."""
    ids = history.trial_ids
    found = np.flatnonzero(np.isin(ids, trial_ids)).tolist()
    number_of = {int(ids[k]): k for k in found if not history.system_attr(k, ERASED)}
    return [number_of[trial_id] for trial_id in trial_ids if trial_id in number_of]
