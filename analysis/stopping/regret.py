"""When to stop by a model: how much better than the best trials the optimum may still be.

Source: Makarova et al., "Automatic termination for hyperparameter optimization", AutoML 2022.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engine.arrays import IntArray
from ...engine.distributions import Space
from ...engine.history import History, Remembered, StudyLike, history_of
from ...engine.records import TrialState
from ...samplers.gp import PlainModel, modelled
from .folds import CV_SCORES, deviation
from .rules import Rule, at_least_one, check_single

DELTA = 0.1  # the bounds hold with probability 1 - DELTA
N_TRIALS = 20  # fewer tell too little

Folds = str | Callable[[Any], Sequence[float]]


def width(d: int, n: int, delta: float = DELTA) -> float:
    """Give how many deviations a bound lies from the mean.

    sqrt(beta / 5), beta = 2 log(d n^2 pi^2 / (6 delta)): Srinivas et al., "Gaussian process optimization in the bandit
    setting", ICML 2010, theorem 1, and the factor of their section 6.
    """
    return math.sqrt(max(2.0 * math.log(max(d, 1) * n**2 * math.pi**2 / (6.0 * delta)), 0.0) / 5.0)


def regret_bound(
    history: History, numbers: IntArray, space: Space, share: float, fewest: int, rng: np.random.Generator
) -> float:
    """Bound how much better than the best of some trials the optimum is, in units of the objective (eq. 4).

    The lowest upper bound that the best trials have, less the lowest lower bound that the space has. The model learns
    from the best trials alone, so that what happens far from the optimum does not blur it.

    Parameters
    ----------
    history, numbers
        The trials, complete ones.
    space
        Their parameters, at least one.
    share, fewest
        Which share of the trials are the best ones, and at least how many.
    rng
        For the search of the space.
    """
    model = PlainModel(history, modelled(history, numbers, share, fewest), space)
    bound = width(model.d, len(model.numbers))
    return max(model.believed(bound) - model.least(bound, rng), 0.0)


class RegretBound(Rule):
    """Stops when, by parzen's Gaussian process, the best trial is within `tolerance` of what can be reached.

    Parameters
    ----------
    tolerance
        In units of the objective, above 0.
    min_n_trials
        Complete trials below which nothing is said, at least 2.
    top_trials_ratio
        Which share of the trials the model learns from, the best ones, in (0, 1].
    seed
        Of the search for the least that the model thinks possible.
    """

    _name = "RegretBound"

    def __init__(
        self, tolerance: float, *, min_n_trials: int = N_TRIALS, top_trials_ratio: float = 0.5, seed: int = 0
    ) -> None:
        if not 0.0 < tolerance < math.inf:
            raise ValueError(f"`tolerance` must be a number above 0, in units of the objective, but got {tolerance!r}.")
        self._tolerance = float(tolerance)
        self._prepare(min_n_trials, top_trials_ratio, seed)

    def _prepare(self, min_n_trials: int, top_trials_ratio: float, seed: int) -> None:
        self._fewest = at_least_one("min_n_trials", min_n_trials)
        if not 0.0 < top_trials_ratio <= 1.0:
            raise ValueError(f"`top_trials_ratio` must be above 0 and at most 1, but got {top_trials_ratio!r}.")
        self._share, self._seed = top_trials_ratio, seed
        self.bound: float | None = None  # what the last call found
        self._known: Remembered[tuple[int, float | None]] = Remembered()  # after how many trials, and the bound then

    def judge(self, study: StudyLike) -> str | None:
        check_single(study, self._name)
        history = history_of(study)
        with history.lock:
            limit, of = self._limit(history)
            n_known, self.bound = self._known.get(history, (-1, None))
            if n_known != history.n_finished:  # a model is fitted once for the same trials
                self.bound = self._bound(history)
                self._known[history] = history.n_finished, self.bound
        if self.bound is None or not self.bound < limit:  # NaN says nothing
            return None
        return f"the optimum is at most {self.bound:.3g} better than the best trials, less than {of} of {limit:.3g}"

    def _limit(self, history: History) -> tuple[float, str]:
        """Give the regret that does not matter, and what it is."""
        return self._tolerance, "the tolerance"

    @np.errstate(all="ignore")
    def _bound(self, history: History) -> float | None:
        finished, space = history.finished, history.joint_space()
        fine = (history.states[finished] == TrialState.COMPLETE) & ~(history.violation[finished] > 0)
        numbers = np.sort(finished[fine])
        n_finite = int(np.isfinite(history.losses(numbers)[:, 0]).sum())
        if not space or n_finite < max(self._fewest, 2):
            return None
        return regret_bound(history, numbers, space, self._share, self._fewest, np.random.default_rng(self._seed))


class NoiseFloor(RegretBound):
    """Stops when what can still be gained is less than the noise of the best trial's cross-validation.

    Beyond that a better value is luck, and may well be worse on new data.

    Parameters
    ----------
    folds
        Where the scores of a trial's folds are: the name of a user attribute, or a function of a `FrozenTrial`. None:
        `report_cross_validation_scores` stored them.
    min_n_trials, top_trials_ratio, seed
        See `RegretBound`.

    Raises
    ------
    ValueError
        When called, if the best trial has no scores of at least two folds.
    """

    _name = "NoiseFloor"

    def __init__(
        self,
        folds: Folds | None = None,
        *,
        min_n_trials: int = N_TRIALS,
        top_trials_ratio: float = 0.5,
        seed: int = 0,
    ) -> None:
        if folds is not None and not isinstance(folds, str) and not callable(folds):
            raise TypeError(
                f"`folds` must be the name of a user attribute, or a function of a trial, that gives the scores of its "
                f"folds, but got {folds!r}."
            )
        self._folds = folds
        self._prepare(min_n_trials, top_trials_ratio, seed)

    def _limit(self, history: History) -> tuple[float, str]:
        if history.best is None:
            return 0.0, ""
        scores = self._scores(history, history.best)
        known = isinstance(scores, Sequence) and not isinstance(scores, str)
        if not known or len(scores) < 2 or not all(isinstance(one, (int, float)) for one in scores):
            raise ValueError(
                f"Trial {history.best}, the best, should have the scores of at least two folds, but has {scores!r}: "
                "call `parzen.stopping.report_cross_validation_scores(trial, scores)` in each trial, or say in `folds` "
                "where they are."
            )
        return deviation(scores), f"the noise of trial {history.best}"

    def _scores(self, history: History, number: int) -> Any:
        if callable(self._folds):
            return np.asarray(self._folds(history.copy_record(number))).tolist()
        if self._folds is not None:
            return history.user_attr(number, self._folds)
        return history.system_attr(number, CV_SCORES)
