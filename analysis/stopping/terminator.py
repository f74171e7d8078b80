"""Optuna's terminators: stop when an estimate of what can still be gained falls below an estimate of an error.

Names, arguments and answers are Optuna's. The bounds are those of parzen's Gaussian process, so their numbers differ in
what the models differ in; see `regret`.
"""

from __future__ import annotations

import math
import sys
import warnings
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import Space
from ...engine.history import History
from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, StudyDirection, TrialState
from ...samplers.gp import PlainModel, modelled
from .folds import CV_SCORES, deviation
from .regret import DELTA, N_TRIALS, regret_bound, width

_logger = get_logger(__name__)

NEVER = 0.1 * sys.float_info.max  # an improvement to be expected that no error exceeds


class BaseImprovementEvaluator(ABC):
    """Estimates what more trials can still gain."""

    @abstractmethod
    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Estimate it from all trials of a study, and the direction of its objective."""


class BaseErrorEvaluator(ABC):
    """Estimates how large an improvement is too small to matter."""

    @abstractmethod
    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Estimate it from all trials of a study, and the direction of its objective."""


# --- improvements ----------------------------------------------------------------------------------------------------


class RegretBoundEvaluator(BaseImprovementEvaluator):
    """Bounds the regret of the best trials, in units of the objective; see `regret.regret_bound`.

    Parameters
    ----------
    top_trials_ratio
        Which share of the trials, the best ones, the model learns from.
    min_n_trials
        At least how many trials it learns from, if there are as many.
    seed
        Of the search for the least that the model thinks possible.
    """

    def __init__(self, top_trials_ratio: float = 0.5, min_n_trials: int = N_TRIALS, seed: int | None = None) -> None:
        self._share, self._fewest = top_trials_ratio, min_n_trials
        self._rng = np.random.default_rng(seed)

    @np.errstate(all="ignore")
    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Bound the regret; ``ValueError`` without a complete trial, or without a parameter that all of them have."""
        history = _history(trials, study_direction)
        if not history.n:
            raise ValueError("Because no trial has been completed yet, the regret bound cannot be evaluated.")
        space = _space(history)
        if not space:
            raise ValueError(
                "The intersection search space is empty. This condition is not supported by RegretBoundEvaluator: it "
                "needs a parameter that all complete trials have."
            )
        return regret_bound(history, np.arange(history.n), space, self._share, self._fewest, self._rng)


class BestValueStagnationEvaluator(BaseImprovementEvaluator):
    """Counts down from a number of trials since the best value: below 0 there were more without a better one.

    Parameters
    ----------
    max_stagnation_trials
        How many complete trials may pass without a better value.

    Raises
    ------
    ValueError
        If it is negative.
    """

    def __init__(self, max_stagnation_trials: int = 30) -> None:
        if max_stagnation_trials < 0:
            raise ValueError("The maximum number of stagnant trials must not be negative.")
        self._max_stagnation_trials = max_stagnation_trials

    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Count; ``ValueError`` without a complete trial."""
        losses = _losses(_complete(trials), study_direction)
        if not len(losses):
            raise ValueError("Because no trial has been completed yet, the improvement cannot be evaluated.")
        return self._max_stagnation_trials - (len(losses) - 1 - int(np.argmin(losses)))


class EMMREvaluator(BaseImprovementEvaluator):
    """Bounds how much the last trial lowered the expected minimum regret, in standard deviations of the values.

    Source: Ishibashi, Karasuyama, Takeuchi and Hino, "A stopping criterion for Bayesian optimization by the gap of
    expected minimum simple regrets", AISTATS 2023, theorem 1.

    Parameters
    ----------
    deterministic_objective
        Whether values carry no noise. The model finds out by itself, so it changes nothing here.
    delta
        The bounds hold with probability 1 - delta.
    min_n_trials
        Complete trials below which nothing is said, at least 2.
    seed
        Of the search for the least that the model thinks possible.

    Raises
    ------
    ValueError
        If `min_n_trials` is less than 2.
    """

    def __init__(
        self,
        deterministic_objective: bool = False,
        delta: float = DELTA,
        min_n_trials: int = 2,
        seed: int | None = None,
    ) -> None:
        if min_n_trials <= 1 or not math.isfinite(min_n_trials):
            raise ValueError("`min_n_trials` is expected to be a finite integer more than one.")
        self._delta, self._min_n_trials = delta, min_n_trials
        self._rng = np.random.default_rng(seed)

    @np.errstate(all="ignore")
    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Bound it; a number that no error exceeds where there is too little to learn from, with a warning if never."""
        history = _history(trials, study_direction)
        if history.n < self._min_n_trials:
            return NEVER
        space = _space(history)
        if not space:
            warnings.warn(
                "EMMREvaluator cannot consider any search space. Termination will never occur in this study: it needs "
                "a parameter that all complete trials have.",
                UserWarning,
                stacklevel=2,
            )
            return NEVER
        now = modelled(history, np.arange(history.n))
        before = now[now < history.n - 1]
        if len(before) < 1:
            return NEVER
        return self._gap(history, PlainModel(history, before, space), PlainModel(history, now, space))

    def _gap(self, history: History, before: PlainModel, now: PlainModel) -> float:
        """Sum the four terms of theorem 1, of losses: the difference, v phi(g), v g Phi(g), and kappa sqrt(KL / 2)."""
        best, old = (now.at(history, int(model.numbers[np.argmin(model.losses)])) for model in (now, before))
        difference = float(before.predict(old)[0][0] - now.predict(best)[0][0])
        variance = now.covariance(best, best) - 2.0 * now.covariance(best, old) + now.covariance(old, old)
        v = math.sqrt(max(variance, 1e-10 * float(now.losses.var())))
        g = float(now.predict(old)[0][0] - now.predict(best)[0][0]) / v if v > 0.0 else 0.0
        density = math.exp(-0.5 * g * g) / math.sqrt(2.0 * math.pi)
        below = 0.5 * math.erfc(-g / math.sqrt(2.0))
        bound = width(before.d, len(before.numbers), self._delta)
        kappa = max(before.believed(bound) - before.least(bound, self._rng), 0.0)
        gap = (
            abs(difference)
            + v * (density + g * below)
            + kappa * math.sqrt(0.5 * self._divergence(history, before, now))
        )
        unit = float(now.losses.std()) or 1.0
        return min(gap / unit, NEVER)

    @staticmethod
    def _divergence(history: History, before: PlainModel, now: PlainModel) -> float:
        """Give the Kullback-Leibler divergence of the two posteriors, which differ in one observation (lemma 2)."""
        last = int(now.numbers[-1])
        mean, sd = before.predict(before.at(history, last))
        variance = float(sd[0]) ** 2
        noise = max(before.noise, 1e-10 * float(now.losses.var()), sys.float_info.min)
        error = float(now.losses[-1] - mean[0])
        ratio = variance / noise
        total = variance + noise
        return 0.5 * max(math.log1p(ratio) - variance / total + variance * error**2 / total**2, 0.0)


# --- errors ----------------------------------------------------------------------------------------------------------


class CrossValidationErrorEvaluator(BaseErrorEvaluator):
    """Takes the deviation of the best trial's cross-validation, as `report_cross_validation_scores` stored it."""

    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Give it; ``ValueError`` if the best complete trial has no scores, or there is none."""
        complete = _complete(trials)
        if not complete:
            raise ValueError("Because no trial has been completed yet, the cross-validation error is not known.")
        best = complete[int(np.argmin(_losses(complete, study_direction)))]
        scores = best.system_attrs.get(CV_SCORES)
        if scores is None:
            raise ValueError(
                "Cross-validation scores have not been reported. Please call `report_cross_validation_scores(trial, "
                "scores)` during a trial and pass the list of scores as `scores`."
            )
        return deviation(scores)


class StaticErrorEvaluator(BaseErrorEvaluator):
    """Gives one number, always.

    Parameters
    ----------
    constant
        The number.
    """

    def __init__(self, constant: float) -> None:
        self._constant = constant

    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Give the number."""
        return self._constant


class MedianErrorEvaluator(BaseErrorEvaluator):
    """Gives a share of the median of what could still be gained after each of the first trials; it stays.

    Parameters
    ----------
    paired_improvement_evaluator
        What estimates the gain: the evaluator that this error is compared with.
    warm_up_trials
        How many complete trials are left out at first.
    n_initial_trials
        After how many trials beyond these the gain is estimated, one after the other.
    threshold_ratio
        The share.

    Raises
    ------
    ValueError
        If an argument lies outside its range.
    """

    def __init__(
        self,
        paired_improvement_evaluator: BaseImprovementEvaluator,
        warm_up_trials: int = 10,
        n_initial_trials: int = 20,
        threshold_ratio: float = 0.01,
    ) -> None:
        if warm_up_trials < 0:
            raise ValueError("`warm_up_trials` is expected to be a non-negative integer.")
        if n_initial_trials <= 0:
            raise ValueError("`n_initial_trials` is expected to be a positive integer.")
        if not 0.0 < threshold_ratio < math.inf:
            raise ValueError("`threshold_ratio_to_initial_median` is expected to be a positive, finite number.")
        self._paired = paired_improvement_evaluator
        self._warm_up, self._n_initial, self._ratio = warm_up_trials, n_initial_trials, threshold_ratio
        self._threshold: float | None = None

    def evaluate(self, trials: list[FrozenTrial], study_direction: StudyDirection) -> float:
        """Give the share; less than any gain until there are enough trials."""
        if self._threshold is None:
            complete = sorted(_complete(trials), key=lambda trial: trial.number)
            if len(complete) < self._warm_up + self._n_initial:
                return -sys.float_info.min
            begin = self._warm_up
            gains = sorted(
                self._paired.evaluate(complete[begin : begin + n], study_direction)
                for n in range(1, self._n_initial + 1)
            )
            self._threshold = self._ratio * min(gains[len(gains) // 2], sys.float_info.max)
        return self._threshold


# --- terminators -----------------------------------------------------------------------------------------------------


class BaseTerminator(ABC):
    """Tells whether a study should stop."""

    @abstractmethod
    def should_terminate(self, study: Any) -> bool:
        """Tell whether it should."""


class Terminator(BaseTerminator):
    """Stops when what can still be gained is less than an error.

    Parameters
    ----------
    improvement_evaluator
        Estimates the gain; `RegretBoundEvaluator` by default.
    error_evaluator
        Estimates the error: by default `CrossValidationErrorEvaluator`, or 0 for `BestValueStagnationEvaluator`.
    min_n_trials
        Complete trials below which it goes on.

    Raises
    ------
    ValueError
        If `min_n_trials` is not positive.
    """

    def __init__(
        self,
        improvement_evaluator: BaseImprovementEvaluator | None = None,
        error_evaluator: BaseErrorEvaluator | None = None,
        min_n_trials: int = N_TRIALS,
    ) -> None:
        if min_n_trials <= 0:
            raise ValueError("`min_n_trials` is expected to be a positive integer.")
        self._improvement = RegretBoundEvaluator() if improvement_evaluator is None else improvement_evaluator
        if error_evaluator is None:
            counts = isinstance(improvement_evaluator, BestValueStagnationEvaluator)
            error_evaluator = StaticErrorEvaluator(0) if counts else CrossValidationErrorEvaluator()
        self._error, self._min_n_trials = error_evaluator, min_n_trials

    def should_terminate(self, study: Any) -> bool:
        """Tell whether the study should stop; ``RuntimeError`` if it has several objectives."""
        trials = study.get_trials(deepcopy=False)
        if len(_complete(trials)) < self._min_n_trials:
            return False
        direction = study.direction
        gain = self._improvement.evaluate(trials, study_direction=direction)
        error = self._error.evaluate(trials, study_direction=direction)
        return bool(gain < error)


class TerminatorCallback:
    """A callback that stops `Study.optimize` when a terminator says so.

    Parameters
    ----------
    terminator
        By default a `Terminator` with its defaults.
    """

    def __init__(self, terminator: BaseTerminator | None = None) -> None:
        self._terminator = terminator or Terminator()

    def __call__(self, study: Any, trial: Any) -> None:
        """Ask the terminator, and stop."""
        if self._terminator.should_terminate(study):
            _logger.info("The study has been stopped by the terminator.")
            study.stop()


# --- lists of trials -------------------------------------------------------------------------------------------------


def _complete(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.state == TrialState.COMPLETE]


def _losses(trials: list[FrozenTrial], direction: Any) -> FloatArray:
    sign = StudyDirection(int(direction)).sign
    return np.array([sign * trial.value for trial in trials if trial.value is not None], dtype=np.float64)


def _history(trials: list[FrozenTrial], direction: Any) -> History:
    """Give the complete ones among some trials as columns, numbered anew."""
    history = History([StudyDirection(int(direction))])
    for number, trial in enumerate(_complete(trials)):
        record = FrozenTrial.adopted(trial).copy()
        record.number = number
        history.open(record)
    return history


def _space(history: History) -> Space:
    """Give the parameters that all trials have alike, without constant ones."""
    return {name: one for name, one in history.intersection().items() if not one.single()}
