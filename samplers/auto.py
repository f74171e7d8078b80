"""The default: a small Gaussian process proposes most trials, and the tree-structured Parzen estimator insures it.

Which of both proposes a trial is drawn at random, by the trial's number. A Gaussian process finds smooth structure in
few trials, and may be wrong about what is not smooth; every fifth trial by TPE keeps the search going there, and shows
the process points that it would not have chosen. In long studies over numbers CMA-ES closes in on what they found, and
they have every fourth population of trials. docs/default.md has the measurements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.arrays import BoolArray, FloatArray, IntArray
from ..engine.distributions import BaseDistribution, CategoricalDistribution, Space
from ..engine.history import History, Remembered, StudyLike, history_of
from ..engine.kernels import loading
from ..engine.records import FrozenTrial
from .base import PROPOSED_BY, Columns
from .cmaes.descent import DescentSampler
from .gp import REHEARSAL, Costs, Knowledge, Prior, Proposer, Transfer
from .tpe import TPESampler

SHARE, SHARE_OF_GRIDS = 0.8, 0.5  # and where all parameters are discrete
N_STARTUP, N_STARTUP_SEVERAL = 6, 10  # of one objective, and at least of several, which are TPE's alone
GP = "gp"  # what is noted on the trials that the Gaussian process proposed
_WHOSE, _PROPOSAL = 1 << 20, (1 << 20) + 1  # purposes of a trial's random numbers beside those of TPE


class AutoSampler(TPESampler):
    """Samples most trials by a Gaussian process, and the others by TPE.

    With several objectives all trials are TPE's.

    Parameters
    ----------
    seed
        A non-negative integer for a study that can be repeated.
    n_startup_trials
        Number of finished trials up to which sampling is random, the values of each parameter spread evenly.
    share
        Share of the trials that the Gaussian process proposes, in [0, 1]; by default 0.8, or 0.5 where all parameters
        are discrete. With 0 all trials are TPE's, which is for objectives that take less than some milliseconds.
    prior
        A guess of the optimum: by parameter name a value, or a distribution in which it should lie. It counts less
        from trial to trial, so that a bad guess costs some trials and no more.
    cost
        The name of the user attribute in which trials hold what they cost, or True for their duration: trials that are
        predicted to be cheap are preferred at first. Durations cannot repeat under a seed.
    transfer
        Other studies of one objective, with some of the parameters: their best trials are tried first, and all of them
        are observations that count as far as the studies turn out to be alike.

    Raises
    ------
    TypeError
        If `prior` or `cost` is of another type.
    ValueError
        If `share` lies outside its range, or a study of `transfer` has several objectives.

    Examples
    --------
    >>> study = parzen.create_study(sampler=parzen.samplers.AutoSampler(seed=1, prior={"lr": 1e-3}))
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        n_startup_trials: int = N_STARTUP,
        share: float | None = None,
        prior: Mapping[str, Any] | None = None,
        cost: str | bool | None = None,
        transfer: Sequence[Any] = (),
    ) -> None:
        super().__init__(seed=seed, n_startup_trials=n_startup_trials)
        if share is not None and not 0.0 <= share <= 1.0:
            raise ValueError(f"`share` must lie in [0, 1], but got {share}.")
        self._share = share
        self._knowledge = Knowledge(
            Prior(prior) if prior is not None else None,
            Costs(cost) if cost is not None and cost is not False else None,
            Transfer(transfer) if len(transfer) else None,
        )
        self._descent = DescentSampler(self._streams)
        self._proposers: Remembered[Proposer] = Remembered()
        self._discrete: Remembered[tuple[int, bool]] = Remembered()  # by version of the space

    # --- who proposes ------------------------------------------------------------------------------------------------

    def _startup(self, history: History) -> int:
        return (
            self._n_startup_trials if len(history.directions) == 1 else max(self._n_startup_trials, N_STARTUP_SEVERAL)
        )

    def _by_descent(self, history: History, number: int) -> bool:
        """Tell whether CMA-ES proposes a trial: where nobody asked for shares, or for cheap trials."""
        is_free = self._share is None and self._knowledge.costs is None and len(history.directions) == 1
        return is_free and self._descent.takes(history, number)

    def _by_process(self, study: StudyLike, history: History, number: int) -> bool:
        """Tell whether the Gaussian process proposes a trial."""
        share = self._share_now(history)
        return share > 0.0 and self._draws_below(study, number, share)

    def _share_now(self, history: History) -> float:
        """Give the share of the trials that the Gaussian process proposes from now on."""
        if self._is_starting(history) or len(history.directions) > 1:
            return 0.0
        if self._share is not None:
            return self._share
        return SHARE_OF_GRIDS if self._is_discrete(history) else SHARE

    def _draws_below(self, study: StudyLike, number: int, share: float) -> bool:
        return bool(self._streams.of(study).generator(number, _WHOSE).random() < share)

    def _is_discrete(self, history: History) -> bool:
        version, found = self._discrete.get(history, (-1, False))
        if version != history.space_version:
            found = all(isinstance(d, CategoricalDistribution) or d.grid != 0.0 for d in history.joint_space().values())
            self._discrete[history] = history.space_version, found
        return found

    def _proposer(self, history: History) -> Proposer:
        proposer = self._proposers.get(history)
        if proposer is None:
            proposer = self._proposers[history] = Proposer(knowledge=self._knowledge)
        return proposer

    # --- one trial ---------------------------------------------------------------------------------------------------

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        history = history_of(study)
        with history.lock:
            if self._by_descent(history, trial.number) or self._by_process(study, history, trial.number):
                return history.joint_space()
        return super().infer_relative_search_space(study, trial)

    @np.errstate(all="ignore")
    def sample_relative(
        self, study: StudyLike, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        history, number = history_of(study), trial.number
        found = None
        with history.lock:
            joint = history.joint_space(common=True)
            if search_space.keys() == joint.keys() and self._by_descent(history, number):
                return self._descent.sample_relative(study, trial, joint)
            if search_space and self._by_process(study, history, number):
                rng = self._streams.of(study).generator(number, _PROPOSAL)
                found = self._proposer(history).propose(history, rng)
        if found is None:
            common = history.joint_space(common=True)
            space = {name: d for name, d in search_space.items() if name in common}
            return super().sample_relative(study, trial, space)
        study.note(trial, {PROPOSED_BY: GP})
        return {
            name: distribution.to_external_repr(distribution.from_model_value(found[name]))
            for name, distribution in search_space.items()
            if name in found
        }

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        history = history_of(study)
        if self._is_starting(history):
            u = self._streams.of(study).uniform(trial.number, len(trial.params))
            with history.lock:
                told = self._proposer(history).told(history, trial.number, name, distribution, u)
            if told is not None:
                return {name: told}
        return super().draw(study, trial, name, distribution)

    # --- many trials -------------------------------------------------------------------------------------------------

    @np.errstate(all="ignore")
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history = history_of(study)
        with history.lock:
            joint = history.joint_space()
            is_same = space.keys() == joint.keys() and all(space[name] is joint[name] for name in space)
            descends = np.array([is_same and self._by_descent(history, number + i) for i in range(n)], dtype=np.bool_)
        n_descents = int(np.count_nonzero(descends))
        if not n_descents:
            return self._sample_others(study, np.arange(number, number + n), space, is_same)
        found = {name: np.empty(n) for name in space}
        parts = [(descends, self._descent.sample_batch(study, number, space, n_descents))]
        if n_descents < n:
            others = number + np.flatnonzero(~descends)
            parts.append((~descends, self._sample_others(study, others, space, is_same)))
        for places, part in parts:
            for name, values in part.items():
                found[name][places] = values
        return found

    def _sample_others(self, study: StudyLike, numbers: IntArray, space: Space, is_same: bool) -> dict[str, FloatArray]:
        """Sample trials of a batch by the process and TPE; `is_same`: whether it has all parameters that are known."""
        history, number, n = history_of(study), int(numbers[0]), len(numbers)
        with history.lock:
            share = self._share_now(history) if is_same else 0.0
            ours = np.array([self._draws_in_batch(study, k) < share for k in numbers.tolist()])
            n_ours = int(np.count_nonzero(ours))
            # In a grid TPE may propose the same points: then there have to be others.
            wanted = n if self._is_discrete(history) else n_ours
            rng = self._streams.of(study).generator(number, _PROPOSAL)
            found = self._proposer(history).propose_batch(history, rng, wanted, at_once=n) if n_ours else None
            if self._is_starting(history) and self._share != 0.0 and len(history.directions) == 1:
                loading.want(REHEARSAL)  # while this batch is evaluated: the next one is the process's
        if found is None:
            return super().sample_batch(study, number, space, n)
        first = {name: distribution.from_model(found[name]) for name, distribution in space.items()}
        if n_ours == n:
            return first
        return _merged(first, super().sample_batch(study, number, space, n - n_ours), ours)

    def notes(self, study: StudyLike, number: int) -> dict[str, Any]:
        history = history_of(study)
        with history.lock:
            if self._by_descent(history, number):
                return self._descent.notes(study, number)
            return {PROPOSED_BY: GP} if self._draws_in_batch(study, number) < self._share_now(history) else {}

    def _draws_in_batch(self, study: StudyLike, number: int) -> float:
        """Draw who proposes a trial of a batch: numbers for many trials are drawn together."""
        return self._streams.of(study).uniform(number, _WHOSE)


def _merged(first: Columns, others: Columns, ours: BoolArray) -> dict[str, FloatArray]:
    """Put rows of `others` (m,) among those of `first` (k,) where it is not `ours` (n,); no row stands there twice.

    Of `first` there are at least as many as places of ours: those left over replace others that are there already.
    """
    rows, more = np.stack(list(first.values()), axis=1), np.stack(list(others.values()), axis=1)
    n_ours = int(np.count_nonzero(ours))
    taken = {row.tobytes() for row in rows[:n_ours]}
    spare = iter(rows[n_ours:])
    found = np.empty((len(ours), rows.shape[1]))
    found[ours] = rows[:n_ours]
    for place, row in zip(np.flatnonzero(~ours).tolist(), more, strict=True):
        while row.tobytes() in taken and (other := next(spare, None)) is not None:  # else there are too few points
            row = other
        taken.add(row.tobytes())
        found[place] = row
    return {name: found[:, j] for j, name in enumerate(first)}
