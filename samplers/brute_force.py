"""Exhaustive search: every combination of values that an objective can ask for once, whatever its conditions.

What an objective asks for is found out by running it (`tree`). What a trial explores is stored with the trial, so that
any number of workers share the search (`exploration`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History, Remembered, StudyLike, history_of
from ..engine.records import FIXED, FrozenTrial, TrialState
from .base import Columns, Sampler
from .claims import POINT, TOLD
from .exploration import NAME, Claim, Exploration, Way, claim_of
from .sequence import leave_unless, stop, up_to_date
from .tree import n_values, value_at

_KEY, _LEAF = (1 << 20) + 2, (1 << 20) + 3  # purposes of random numbers


class BruteForceSampler(Sampler):
    """Tries every combination of values once, and stops the study when all were told.

    Parameters
    ----------
    seed
        A non-negative integer for an order that can be repeated.
    avoid_premature_stop
        Go on as long as a trial runs, since it may turn out that more can be suggested after what it suggested; such
        points may be tried twice then. Otherwise a worker that has nothing to do stops, and those that have go on.
    retries
        How often a point is tried again whose trial failed. One whose process died is tried again in any case.

    Raises
    ------
    ValueError
        At a suggestion: if it has no end of values, or is of another parameter than at an earlier trial after the same
        values.

    Notes
    -----
    Any number of processes share the search. The point of a process that died comes back as soon as the storage's
    heartbeat tells. Without a heartbeat it is tried when no other is left, by a process that was started later, once
    its trial runs twice as long as any that ended.

    Examples
    --------
    >>> study = parzen.create_study(sampler=parzen.samplers.BruteForceSampler(seed=1))
    """

    claims = True
    across_brackets = True

    def __init__(self, seed: int | None = None, avoid_premature_stop: bool = False, *, retries: int = 0) -> None:
        super().__init__(seed)
        self._avoids = bool(avoid_premature_stop)
        self._retries = retries
        self._ignored: Container[str] = ()
        self._explorations: Remembered[Exploration] = Remembered()

    def without(self, names: Container[str]) -> BruteForceSampler:
        found = copy(self)
        found._explorations, found._ignored = Remembered(), names
        return found

    def _exploration(self, history: History) -> Exploration:
        found = self._explorations.get(history)
        if found is None:
            found = self._explorations[history] = Exploration(self._retries, self._ignored)
        return found

    def _update(self, study: Any, history: History, looks: bool = True) -> Exploration:
        return self._exploration(history).update(history, getattr(study, "has_heartbeat", False), looks)

    # --- claims ------------------------------------------------------------------------------------------------------

    def _claims(self, study: Any, history: History, number: int, n: int) -> list[tuple[Claim, bool]]:
        """Give what the `n` trials claim that come from a number on, and whether that is taken; the lock is held."""
        streams, first = self._streams.of(study), history.n
        exploration = self._update(study, history, looks=False)
        key = exploration.key
        if key is None:
            key = int(streams.generator(0, _KEY).integers(1 << 53))
        ahead = range(max(number - first, 0), max(number - first, 0) + n)
        return [exploration.ahead(k, key, lambda k: streams.generator(first + k, _LEAF)) for k in ahead]

    def notes(self, study: StudyLike, number: int) -> dict[str, Any]:
        history = history_of(study)
        with history.lock:
            claim, _ = self._claims(study, history, number, 1)[0]
        return {POINT: [NAME, claim.key, claim.rank, dict(claim.path)]}

    def before_trial(self, study: StudyLike, trial: FrozenTrial) -> None:
        if FIXED not in trial.system_attrs and POINT not in trial.system_attrs:
            history = history_of(study)
            with history.lock:
                _, is_repeat = self._claims(study, history, trial.number, 1)[0]
                exploration = self._exploration(history)
                is_over = exploration.root.n_leaves == 0
            if is_repeat and (is_over or not self._avoids):
                leave_unless(is_over and exploration.was_over, study, trial)
            attrs = self.notes(study, trial.number)
            study.note(trial, attrs)
            trial.system_attrs.update(attrs)

    # --- when it is over ---------------------------------------------------------------------------------------------

    def is_exhausted(self, study: Any) -> bool:
        """Tell whether nothing is left to ask for: each point was told, or is being tried by a living process.

        With `avoid_premature_stop`, whether each was told.

        Parameters
        ----------
        study
            The study.
        """
        history = up_to_date(study)
        with history.lock:
            exploration = self._update(study, history)
            return exploration.root.n_leaves == 0 if self._avoids else exploration.is_all_taken()

    def after_trial(
        self, study: StudyLike, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        if state == TrialState.FAIL and POINT in trial.system_attrs:
            study.note(trial, {TOLD: True})
        history = history_of(study)
        with history.lock:
            exploration = self._update(study, history)
            leaf = exploration.leaf_of(trial)
            if state == TrialState.FAIL and exploration.comes_back(leaf):
                return
            n_others = exploration.root.n_leaves - (leaf is not None)
            is_over = n_others == 0 if self._avoids else exploration.is_all_taken(leaf)
            exploration.was_over |= is_over
        if is_over:
            stop(study)

    # --- values ------------------------------------------------------------------------------------------------------

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        history = history_of(study)
        with history.lock:
            self._exploration(history).check(trial, name)
        n = n_values(name, distribution)
        before = {known: d for known, d in trial.distributions.items() if known not in self._ignored}
        way = Way(claim_of(trial.system_attrs)).follow(before, trial.params)
        index = way.choose(name, distribution)
        if index is None:
            index = int(self._streams.of(study).uniform(trial.number, len(trial.params)) * n)
        return {name: value_at(distribution, index)}

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        internal = _columns(space, [claim for claim, _ in self._claims(None, history, history.n, n)], rng)
        return {name: distribution.to_model(internal[name]) for name, distribution in space.items()}

    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history = history_of(study)
        with history.lock:
            claims = [claim for claim, _ in self._claims(study, history, number, n)]
        return _columns(space, claims, self._streams.of(study).generator(number))


def _columns(space: Space, claims: list[Claim], rng: np.random.Generator) -> dict[str, FloatArray]:
    """Choose all values of trials that suggest these parameters, in this order; shape (n,) each."""
    found: dict[str, list[float]] = {name: [] for name in space}
    for claim in claims:
        way = Way(claim)
        for name, distribution in space.items():
            index = way.choose(name, distribution)
            if index is None:
                index = int(rng.integers(n_values(name, distribution)))
            way.go(name, distribution, index)
            found[name].append(value_at(distribution, index))
    return {name: np.array(column, dtype=np.float64) for name, column in found.items()}
