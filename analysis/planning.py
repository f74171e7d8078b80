"""What a budget is good for, before there are any trials: how many, by which sampler, and with which pruner."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from operator import index
from typing import Any

from ..engine.brackets import Bracket, hyperband_table
from ..pruners import BasePruner, HyperbandPruner, SuccessiveHalvingPruner
from ..samplers import AutoSampler, BaseSampler

STRATEGIES = ((20, "random"), (50, "tpe"), (200, "tpe_multivariate"), (math.inf, "hyperband"))  # below so many trials
FACTOR = 3  # of so many trials at a rung one goes on
_RUNGS = 4  # of the single bracket of a short search, the last one a full training
_MOST = 1e12  # trainings
_QUICK = 0.05  # seconds of a trial below which what a sampler takes counts

_WHY = (
    "the default in place of {strategy}: it spreads its first trials evenly, as a random search should, then "
    "models the objective, and was on none of 67 problems significantly behind TPE (docs/default.md)"
)
_PLAIN = {
    "random": "a random search",
    "tpe": "plain TPE",
    "tpe_multivariate": "multivariate TPE",
    "hyperband": "the random search or the TPE that Hyperband mostly goes with",
}
_WHY_QUICK = "the default without its Gaussian process, which would take longer than a trial"


@dataclass(frozen=True)
class Plan(Mapping[str, Any]):
    """A mapping of what a budget is good for; every key is an attribute, too. `str` gives it in words.

    Attributes
    ----------
    max_trials : int
        Full trainings that the budget pays.
    strategy : str
        ``"random"`` below 20 of them, ``"tpe"`` below 50, ``"tpe_multivariate"`` below 200, then ``"hyperband"``.
    recommendation : str
        What to do, in words.
    estimated_hours : float
        How long it takes, by the clock, with `n_workers` at a time.
    gpu_hours : float
        What it takes of the budget.
    n_workers : int
        Trials at a time.
    trials_with_pruner, full_trainings : int or None
        How many trials the same budget starts with the pruner, and about how many of them run to their last step; None
        without a pruner.
    expected_rank : float or None
        Expected rank of the best of `max_trials` random trials among all configurations, the best of which is 1; None
        where these are infinitely many.
    expected_quantile : float
        Expected share of the configurations that are better than, or as good as, the best trial.
    sampler, pruner : str or None
        What `study_arguments` gives, in words.
    reason : str
        Why this sampler.
    """

    max_trials: int
    strategy: str
    recommendation: str
    estimated_hours: float
    gpu_hours: float
    n_workers: int
    trials_with_pruner: int | None
    full_trainings: int | None
    expected_rank: float | None
    expected_quantile: float
    sampler: str
    pruner: str | None
    reason: str
    _steps: int | None = field(default=None, repr=False)
    _is_quick: bool = field(default=False, repr=False)

    def study_arguments(self) -> dict[str, Any]:
        """Make a sampler, and a pruner if there are steps, for ``create_study(**plan.study_arguments())``."""
        pruner, _ = _pruner(self.strategy, self._steps)
        found: dict[str, Any] = {"sampler": _sampler(self._is_quick)}
        return found if pruner is None else found | {"pruner": pruner}

    def __getitem__(self, key: str) -> Any:
        if key not in set(self):
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in fields(self) if not entry.name.startswith("_"))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __str__(self) -> str:
        rank = "" if self.expected_rank is None else f", at rank {self.expected_rank:.4g}"
        lines = [
            self.recommendation,
            f"{self.max_trials} full trainings take {self.gpu_hours:g} GPU hours, by the clock "
            f"{self.estimated_hours:g} hours with {self.n_workers} at a time.",
            f"The best of as many random trials is expected among the best {self.expected_quantile:.2g} of all "
            f"configurations{rank}; a model should do better.",
            f"Sampler: {self.sampler}, {self.reason}.",
        ]
        return "\n".join(lines if self.pruner is None else [*lines, f"Pruner: {self.pruner}."])


def plan_optimization(
    gpu_hours_budget: float,
    single_trial_hours: float,
    search_space_size: float,
    n_workers: int = 1,
    steps_per_trial: int | None = None,
) -> Plan:
    """Plan how to spend a budget.

    Parameters
    ----------
    gpu_hours_budget
        Hours in all, of all workers together.
    single_trial_hours
        Hours of one full training.
    search_space_size
        Number of different configurations; ``math.inf`` where a parameter is continuous.
    n_workers
        Trials at a time.
    steps_per_trial
        Steps, such as epochs, of a full training that reports each; None for one that does not, which cannot be pruned.

    Raises
    ------
    ValueError
        If an argument lies outside its range, or the budget pays a trillion trainings.

    Examples
    --------
    >>> plan = plan_optimization(100, 1, math.inf, steps_per_trial=81)
    >>> study = parzen.create_study(**plan.study_arguments())
    >>> study.optimize(objective, n_trials=plan.trials_with_pruner)
    """
    budget = _number("gpu_hours_budget", gpu_hours_budget, least=0.0)
    hours = _number("single_trial_hours", single_trial_hours)
    size = _number("search_space_size", search_space_size, most=math.inf, least=1.0)
    workers = _whole("n_workers", n_workers)
    steps = None if steps_per_trial is None else _whole("steps_per_trial", steps_per_trial)
    if not budget / hours < _MOST:
        raise ValueError(
            f"The budget must pay less than {_MOST:g} trainings, but got {budget:g} hours for trainings of {hours:g}: "
            "is one of the two in another unit?"
        )
    n = math.floor(budget / hours * (1.0 + 1e-9))  # 0.3 / 0.1 is 2.9999999999999996
    strategy = next(name for below, name in STRATEGIES if n < below)
    pruner, brackets = _pruner(strategy, steps)
    started, full = (None, None) if pruner is None else _with_pruner(brackets, n)
    drawn = min(float(n), size)
    is_quick = hours * 3600.0 < _QUICK
    return Plan(
        max_trials=n,
        strategy=strategy,
        recommendation=_recommendation(n, strategy, size, steps, started, full),
        estimated_hours=math.ceil(n / workers) * hours,
        gpu_hours=n * hours,
        n_workers=workers,
        trials_with_pruner=started,
        full_trainings=full,
        expected_rank=min((size + 1.0) / (drawn + 1.0), size) if size < math.inf else None,
        expected_quantile=min((1.0 + 1.0 / size) / (drawn + 1.0), 1.0),
        sampler="AutoSampler(share=0.0)" if is_quick else "AutoSampler()",
        pruner=None if pruner is None else _words(pruner, brackets),
        reason=_WHY_QUICK if is_quick else _WHY.format(strategy=_PLAIN[strategy]),
        _steps=steps,
        _is_quick=is_quick,
    )


def _sampler(is_quick: bool) -> BaseSampler:
    return AutoSampler(share=0.0) if is_quick else AutoSampler()


def _pruner(strategy: str, steps: int | None) -> tuple[BasePruner | None, list[Bracket]]:
    """Make the pruner of a strategy, and say what brackets it runs; none where too few steps are there to halve."""
    if steps is None or steps < FACTOR:
        return None, []
    if strategy == "hyperband":
        return HyperbandPruner(1, steps, FACTOR), hyperband_table(1, steps, FACTOR)
    least = max(1, steps // FACTOR ** (_RUNGS - 1))
    return SuccessiveHalvingPruner(least, FACTOR), hyperband_table(least, steps, FACTOR)[:1]


def _with_pruner(brackets: list[Bracket], n: int) -> tuple[int, int]:
    """Give how many trials are started, and how many of them are full trainings, for what `n` of these take."""
    started = sum(bracket.sizes[0] for bracket in brackets)
    full = sum(bracket.sizes[-1] for bracket in brackets)
    steps = sum(_steps_of(bracket) for bracket in brackets)
    n_started = max(int(n * brackets[0].resources[-1] * started / steps), n)
    return n_started, min(max(round(n_started * full / started), 1), n)


def _steps_of(bracket: Bracket) -> int:
    """Count the steps of one run of a bracket, where a trial that goes on continues."""
    before = (0, *bracket.resources[:-1])
    more = (end - begin for begin, end in zip(before, bracket.resources, strict=True))
    return sum(size * steps for size, steps in zip(bracket.sizes, more, strict=True))


def _words(pruner: BasePruner, brackets: list[Bracket]) -> str:
    first, last = brackets[0].resources[0], brackets[0].resources[-1]
    if isinstance(pruner, HyperbandPruner):
        return f"HyperbandPruner(min_resource=1, max_resource={last}, reduction_factor={FACTOR})"
    return f"SuccessiveHalvingPruner(min_resource={first}, reduction_factor={FACTOR})"


def _recommendation(
    n: int, strategy: str, size: float, steps: int | None, started: int | None, full: int | None
) -> str:
    if n == 0:
        return "The budget does not pay one full training: raise it, or train on less data or for fewer steps."
    if n >= size:
        return f"Try all {size:g} configurations once; the budget pays {n} full trainings. No search is needed."
    found = f"Run {n} trials ({strategy})."
    if started is not None:
        found = (
            f"Start {started} trials and let the pruner stop most: about {full} run to the end ({strategy}). "
            "A sampler that learns makes more of them run on: stop when the hours are spent (`stopping.Budget`)."
        )
    elif strategy == "hyperband":
        if steps is not None:
            found += f" Trainings of {steps} steps are too short to be pruned."
        else:
            found += (
                " Report a training's steps, and give `steps_per_trial`: with a pruner many more trials are started."
            )
    if strategy == "random":
        found += " So few tell little: narrow the ranges, or enqueue what you would have tried by hand."
    return found


def _number(name: str, value: Any, least: float | None = None, most: float = 1e300) -> float:
    """Check a number: above 0, or at least `least`, and not NaN."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (number > 0.0 if least is None else number >= least) or number > most:
        wanted = "above 0" if least is None else f"of at least {least:g}"
        raise ValueError(f"`{name}` must be a number {wanted}, but got {value!r}.")
    return number


def _whole(name: str, value: Any) -> int:
    try:
        number = index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise ValueError(f"`{name}` must be a whole number of at least 1, but got {value!r}.")
    return number
