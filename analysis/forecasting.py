"""What more trials of a study will bring: the best value to expect, a band around it, the chance of one, and time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from ..engine.arrays import FloatArray, IntArray
from ..engine.history import History, StudyLike, history_of
from ..engine.history.trial_columns import NO_TIME
from ..engine.kernels import order_statistics as kernels
from ..engine.records import FrozenTrial, TrialState

Cost = float | str | Callable[[FrozenTrial], float]

LEVEL = 0.9
_N_DRAWS = 1000  # for each tail
_TAILS = (2, 4, 8)  # the best half, quarter and eighth
_MOMENTUM = 0.3  # share of the draws that go on as the study did
_SHARE_MEAN, _SHARE_SD = math.log(0.3), 1.5  # of what the last doubling gained, the next one's share: its logarithm
_N_POINTS = 40  # of the curve on either side of today
_SMALL = 1e-100  # size of losses below which they are scaled; above its inverse, too
_FEWEST, _FEW = 4, 20  # different values, and trials, of which a band needs either

ASSUMPTIONS = (
    "Trials to come are drawn as those so far, better by the trend that the new bests so far show.",
    "Near its best values the objective follows a power law, with at most as many parameters that matter as there are, "
    "or it goes on as it did when the trials doubled last; a bound of its own, such as an accuracy of 1, is not known.",
    "Pruned, failed and infeasible trials count as the worst value, and go on to come as often.",
    "The objective does not change, and its noise is part of its values: a lucky value counts as a good one.",
)


@dataclass(frozen=True)
class Curve:
    """The best value against the number of finished trials, in the units of the objective.

    Attributes
    ----------
    n_trials : ndarray
        Shape (k,), ascending. Up to the number of trials so far: of that many, had they been drawn from those. Beyond:
        the forecast.
    expected, low, high : ndarray
        The expected best, and the band around it, shape (k,).
    """

    n_trials: IntArray
    expected: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Forecast:
    """What more trials are expected to bring; see `forecast`. `str` gives it in words.

    Attributes
    ----------
    n_trials, n_more : int
        How many trials finished so far, and how many more are meant.
    best : float
        The best value so far.
    expected, low, high : float
        The best value after these, and where it lies with probability `level`; at worst it stays `best`. What is
        expected is the median, which a few possible values far away do not move. The band is
        infinite towards better values below 20 trials if less than four different values are known.
    level : float
        Probability of the band.
    chance : float
        Probability that any of them is better than the best so far.
    n_workers : int
        How many trials ran at a time.
    seconds : float
        How long they take with as many; NaN where no trial has its times.
    cost : float or None
        What they cost, None unless it was asked for.
    curve : Curve
        The best value trial by trial.
    assumptions : tuple of str
        What all this rests on.
    """

    n_trials: int
    n_more: int
    best: float
    expected: float
    low: float
    high: float
    level: float
    chance: float
    n_workers: int
    seconds: float
    cost: float | None
    curve: Curve
    assumptions: tuple[str, ...] = ASSUMPTIONS

    def __str__(self) -> str:
        lines = [
            f"{self.n_more} more trials: the best value is expected at {self.expected:.6g}, "
            f"with {self.level:.0%} between {self.low:.6g} and {self.high:.6g} (now {self.best:.6g}).",
            f"A new best comes with a chance of {self.chance:.0%}.",
        ]
        if not math.isnan(self.seconds):
            lines.append(f"They take about {_in_words(self.seconds)} at {self.n_workers} at a time.")
        if self.cost is not None:
            lines.append(f"They cost about {self.cost:.6g}.")
        return "\n".join([*lines, "This assumes:", *(f"- {line}" for line in self.assumptions)])


@np.errstate(all="ignore")
def forecast(study: StudyLike, n_more: int, cost: Cost | None = None) -> Forecast:
    """Forecast what more trials of a study will bring.

    Up to the number of trials so far the expected best is a U-statistic. Beyond, the smallest losses so far are taken
    to follow a power law (see `order_statistics`), or the study to go on as it did when its trials doubled last, and
    new bests to come as the ones before did. How often the band held what came: ``docs/analysis-stopping.md``.

    Parameters
    ----------
    study
        A study of one objective with a complete trial.
    n_more
        How many more trials.
    cost
        What a trial costs: a number, the name of the user attribute that holds it, or a function of a `FrozenTrial`.
        Trials of which it is not known are left out of the mean.

    Returns
    -------
    forecast
        The same again for the same trials.

    Raises
    ------
    RuntimeError
        If the study has several objectives.
    ValueError
        If `n_more` is negative or no integer, no trial is complete and feasible, or no trial has a cost.

    Examples
    --------
    >>> print(parzen.planning.forecast(study, 100))
    """
    if len(study.directions) > 1:
        raise RuntimeError("A forecast is for studies of one objective; this one has several.")
    m = _checked(n_more)
    history = history_of(study)
    with history.lock:
        if history.best is None:
            raise ValueError("No trials are completed yet, so there is nothing to forecast from. Run some first.")
        sign, losses = history.signs[0], _losses(history)
        n_params = len(history.param_names)
        n_workers, seconds = _pace(history)
        spent = None if cost is None else m * _mean_cost(history, cost)
    unit = _unit(losses)
    curve, chance = _curve(losses / unit, m, n_params)
    ends = (curve.low, curve.high) if sign > 0 else (curve.high, curve.low)
    turned = Curve(curve.n_trials, *(sign * unit * part for part in (curve.expected, *ends)))
    return Forecast(
        n_trials=len(losses),
        n_more=m,
        best=sign * float(losses.min()),
        expected=float(turned.expected[-1]),
        low=float(turned.low[-1]),
        high=float(turned.high[-1]),
        level=LEVEL,
        chance=chance,
        n_workers=n_workers,
        seconds=m * seconds / n_workers,
        cost=spent,
        curve=turned,
    )


def _checked(n_more: Any) -> int:
    try:
        m = index(n_more)
    except TypeError:
        m = -1
    if m < 0:
        raise ValueError(f"`n_more` must be a number of trials, 0 or more, but got {n_more!r}.")
    return m


def _losses(history: History) -> FloatArray:
    """Give the losses of the finished trials, in the order of their ends; the worst for those without one."""
    numbers = history.finished
    losses = history.losses(numbers)[:, 0]
    counts = (history.states[numbers] == TrialState.COMPLETE) & ~(history.violation[numbers] > 0)
    return np.where(counts, losses, losses[counts].max())


def _unit(losses: FloatArray) -> float:
    """Give the power of two, mostly 1, by which losses are divided, so that their differences stay finite and no 0."""
    size = float(np.abs(losses[np.isfinite(losses)]).max(initial=0.0))
    return 1.0 if size == 0.0 or _SMALL < size < 1.0 / _SMALL else 2.0 ** min(max(math.frexp(size)[1], -1000), 1000)


def _curve(losses: FloatArray, m: int, n_params: int) -> tuple[Curve, float]:
    """Give the curve of losses, and the chance of a new best, from those so far in the order in which they came."""
    n, ordered = len(losses), np.sort(losses)
    so_far = np.unique(np.rint(np.geomspace(1, n, _N_POINTS)).astype(np.int64))
    more = np.unique(np.rint(np.geomspace(1, m, _N_POINTS)).astype(np.int64)) if m else np.empty(0, dtype=np.int64)
    rest = (1.0 - LEVEL) / 2.0
    is_record = np.append(True, losses[1:] < np.minimum.accumulate(losses)[:-1]).astype(np.float64)
    trends, weights = kernels.trend_posterior(is_record)
    chance = float(weights @ -np.expm1(-trends * np.log1p(m / n)))
    draws = _draws(losses, more, n_params, trends, weights)
    low, middle, high = np.quantile(draws, (rest, 0.5, 1.0 - rest), axis=1, method="nearest")
    parts = (
        (kernels.expected_best(ordered, so_far), middle),
        (kernels.quantile_best(ordered, so_far, rest), np.where(_is_little(ordered), -np.inf, low)),
        (kernels.quantile_best(ordered, so_far, 1.0 - rest), high),
    )
    return Curve(np.append(so_far, n + more), *(np.concatenate(part) for part in parts)), chance


def _is_little(ordered: FloatArray) -> bool:
    """Tell whether too little is known for a band."""
    return len(ordered) < _FEW and len(np.unique(ordered[np.isfinite(ordered)])) < _FEWEST


def _draws(losses: FloatArray, more: IntArray, n_params: int, trends: FloatArray, weights: FloatArray) -> FloatArray:
    """Draw the best loss after some more trials (k,): shape (k, s).

    Part of the draws are from the power law, fitted to tails of several sizes, since none is right for all studies; the
    others go on as the study did when its trials doubled last: a model-based search leaves the trials that it began
    with so far behind that these say little.
    """
    n, ordered = len(losses), np.sort(losses)
    rng = np.random.default_rng(0)  # a forecast is a function of the trials
    if ordered[0] == -np.inf:
        return np.full((len(more), 1), ordered[0])
    parts = []
    for part in _TAILS:
        trend = rng.choice(trends, size=_N_DRAWS, p=weights)
        amount = kernels.alike(n, more.astype(np.float64), trend)
        parts.append(_beyond(ordered, kernels.tail_size(n, part), amount, n_params, rng))
    n_momentum = round(len(_TAILS) * _N_DRAWS * _MOMENTUM / (1.0 - _MOMENTUM))
    trend = rng.choice(trends, size=n_momentum, p=weights)
    has_new = rng.random(n_momentum) < -np.expm1(-trend * np.log1p(more[:, None] / n))
    gain = float(losses[: max(n // 2, 1)].min() - ordered[0])
    share = np.exp(_SHARE_MEAN + _SHARE_SD * rng.standard_normal(n_momentum)) * np.log2(1.0 + more[:, None] / n)
    parts.append(ordered[0] - np.where(has_new, share * (gain if np.isfinite(gain) else 0.0), 0.0))
    return np.concatenate(parts, axis=1)


def _beyond(ordered: FloatArray, k: int, amount: FloatArray, n_params: int, rng: np.random.Generator) -> FloatArray:
    """Draw the best loss after amounts (..., s) of trials alike, by the power law of the k best so far."""
    n, n_draws, tail = len(ordered), amount.shape[-1], ordered[:k][np.isfinite(ordered[:k])]
    if kernels.is_flat(tail):  # nothing to be drawn from
        return np.full(amount.shape, ordered[0])
    ends, kappas, probabilities = kernels.tail_posterior(tail, n_params / 2.0)
    chosen = rng.choice(len(ends), size=n_draws, p=probabilities)
    share: FloatArray = np.asarray(rng.beta(len(tail), n - len(tail) + 1, size=n_draws))
    # Of so many uniform numbers the smallest one:
    lowest: FloatArray = -np.expm1(np.log1p(-rng.random(n_draws)) / amount)
    return kernels.best_of_more(tail, ends[chosen], kappas[chosen], share, lowest)


def _pace(history: History) -> tuple[int, float]:
    """Give how many trials ran at a time, the median over their ends, and the mean seconds of one, without extremes."""
    numbers = history.finished
    start, end = history.started[numbers], history.completed[numbers]
    known = (start != NO_TIME) & (end != NO_TIME)
    start, end = np.sort(start[known]), np.sort(end[known])
    if not len(start):
        return 1, float("nan")
    at_once = np.searchsorted(start, end, side="left") - np.searchsorted(end, end, side="left")
    seconds = history.seconds(numbers[known])
    usual = np.minimum(seconds, np.quantile(seconds, 0.95))  # a machine that slept is no measure
    return max(int(np.median(at_once)), 1), float(usual.mean())


def _mean_cost(history: History, cost: Cost) -> float:
    """Give the mean cost of a trial."""
    if callable(cost):
        found = [cost(history.copy_record(number)) for number in history.finished.tolist()]
    elif isinstance(cost, str):
        found = [history.user_attr(number, cost) for number in history.finished.tolist()]
    else:
        found = [cost]
    known = [float(one) for one in found if isinstance(one, (int, float)) and math.isfinite(one)]
    if not known or min(known) < 0:
        raise ValueError(
            f"`cost` must be the cost of a trial, a function of it, or the name of a user attribute with it, and no "
            f"cost may be negative: {cost!r} gave {found[:3]}."
        )
    return math.fsum(known) / len(known)


def _in_words(seconds: float) -> str:
    for unit, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.3g} seconds"
