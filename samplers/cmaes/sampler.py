"""CMA-ES as a sampler: which parameters it models, who gets which point, and what it is asked with."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import BaseDistribution, Space
from ...engine.history import History, Remembered, StudyLike, history_of
from ...engine.logging import get_logger
from ...engine.records import FIXED, FrozenTrial, StudyDirection, TrialState
from ..base import BaseSampler, Columns, Sampler, draws_columns
from ..random import RandomSampler
from .course import Course, Settings
from .frame import Frame, first_distributions
from .restarts import STRATEGIES
from .strategy import Points

_logger = get_logger(__name__)
_POPULATION, _BATCH = 1 << 20, (1 << 20) + 1  # purposes of random numbers beside those of `Sampler`


class CmaEsSampler(Sampler):
    """Adapts a normal distribution to the best trials, generation after generation.

    Parameters
    ----------
    x0
        Where to begin: a value of each number by name. None: in the middle of the ranges.
    sigma0
        The first standard deviation, in the parameters' units, or in logarithms where ``log=True``. None: a sixth of
        each range.
    n_startup_trials
        Complete trials before which all parameters are sampled by `independent_sampler`.
    independent_sampler
        Samples the parameters that not all trials have; in a batch, unless it is one of parzen's, they are uniform.
        None: `parzen.samplers.RandomSampler`.
    warn_independent_sampling
        Log a warning when that happens.
    seed
        A non-negative integer for a study that can be repeated.
    consider_pruned_trials
        Learn from pruned trials, too, by what they reported last.
    restart_strategy
        ``"ipop"``: begin anew with a larger population whenever a run is over; ``"bipop"``: with a larger or a smaller
        one. None: never. Optuna 5 takes the argument and does nothing.
    popsize
        Trials of a generation, at least 2. None: ``4 + floor(3 ln d)`` of d parameters.
    inc_popsize
        By which the population grows from run to run; -1 for 2.
    use_separable_cma
        Adapt a variance for each parameter and no covariances, which needs fewer trials and where parameters do not
        interact loses nothing.
    with_margin
        Keep every number on a grid, an integer or one with a step, from settling at one value too early.
    lr_adapt
        Adapt the learning rates, for objectives with noise or many optima.
    source_trials
        Trials of a similar study, in whose promising region to begin.

    Raises
    ------
    ValueError
        If arguments exclude each other or lie outside of their range; at the first trial, if the study has several
        objectives; later if `x0` or `source_trials` lack a parameter, or hold values outside of its range.

    Notes
    -----
    Modelled together are the parameters that all trials have, categorical ones among them: a normal distribution of the
    numbers, and probabilities of the choices. docs/cmaes.md says what else differs from Optuna's sampler, and has the
    measurements.

    Examples
    --------
    >>> study = parzen.create_study(sampler=parzen.samplers.CmaEsSampler(seed=1))
    """

    _course: type[Course] = Course

    def __init__(
        self,
        *,
        x0: dict[str, Any] | None = None,
        sigma0: float | None = None,
        n_startup_trials: int = 1,
        independent_sampler: BaseSampler | None = None,
        warn_independent_sampling: bool = True,
        seed: int | None = None,
        consider_pruned_trials: bool = False,
        restart_strategy: str | None = None,
        popsize: int | None = None,
        inc_popsize: int = -1,
        use_separable_cma: bool = False,
        with_margin: bool = False,
        lr_adapt: bool = False,
        source_trials: list[FrozenTrial] | None = None,
    ) -> None:
        super().__init__(seed)
        _check_together(use_separable_cma, with_margin, lr_adapt, source_trials, x0, sigma0)
        if restart_strategy is not None and restart_strategy not in STRATEGIES:
            raise ValueError(f"`restart_strategy` must be one of {STRATEGIES} or None, but got {restart_strategy!r}.")
        if popsize is not None and (not hasattr(popsize, "__index__") or popsize < 2):
            raise ValueError(f"`popsize` must be an integer of at least 2, or None, but got {popsize!r}.")
        if sigma0 is not None and not 0 < sigma0 < np.inf:
            raise ValueError(f"`sigma0` must be a positive number, but got {sigma0!r}.")
        if inc_popsize != -1 and inc_popsize < 2:
            raise ValueError(f"`inc_popsize` must be an integer of at least 2, or -1 for 2, but got {inc_popsize!r}.")
        self._settings = Settings(
            x0=x0,
            sigma0=sigma0,
            popsize=popsize,
            consider_pruned_trials=consider_pruned_trials,
            restart_strategy=restart_strategy,
            inc_popsize=2 if inc_popsize == -1 else inc_popsize,
            use_separable_cma=use_separable_cma,
            with_margin=with_margin,
            lr_adapt=lr_adapt,
            source_trials=source_trials,
        )
        self._n_startup_trials = n_startup_trials
        self._uniform = RandomSampler(seed)
        self._independent: BaseSampler = self._uniform if independent_sampler is None else independent_sampler
        self._warns = warn_independent_sampling
        self._accounts: Remembered[Account] = Remembered()

    def reseed_rng(self) -> None:
        super().reseed_rng()
        self._independent.reseed_rng()

    # --- what is sampled together ------------------------------------------------------------------------------------

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        if len(history.directions) > 1:
            raise ValueError(
                f"CmaEsSampler is for one objective, but the study has {len(history.directions)}. Give it another "
                "sampler, or one value to optimize."
            )
        return {} if self._is_starting(history) else history.joint_space(common=True)

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        history = history_of(study)
        with history.lock:
            return self.joint_space(history)

    def _is_starting(self, history: History) -> bool:
        return history.n_complete < self._n_startup_trials

    def _account(self, history: History, space: Space) -> Account:
        """Give what is remembered of a study, up to date."""
        account = self._accounts.get(history)
        if account is None or account.course.frame.space is not space:
            account = self._accounts[history] = self._moved(account, history, space)
        account.course.update(history)
        return account

    @np.errstate(all="ignore")
    def _moved(self, account: Account | None, history: History, space: Space) -> Account:
        first = first_distributions(history, space)
        if account is not None and account.course.frame.fits(space, first):
            account.course.frame.move(space)
            return Account(account.course)
        is_minimized = history.directions[0] != StudyDirection.MAXIMIZE
        return Account(self._course(self._settings, Frame(space, first), is_minimized))

    # --- one trial ---------------------------------------------------------------------------------------------------

    def sample_relative(
        self, study: StudyLike, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if not search_space:
            return {}
        history = history_of(study)
        with history.lock:
            account = self._account(history, search_space)
            population, row = account.population(self._streams.of(study), trial.number)
        if FIXED in trial.system_attrs and trial.system_attrs[FIXED].keys() >= search_space.keys():
            return {}  # an enqueued trial counts by itself
        note = population.notes[row]
        if trial._trial_id >= 0 and hasattr(study, "note"):  # a draft is stored together with its attributes
            study.note(trial, note)
        trial.system_attrs.update(note)
        return account.course.frame.external(population.internal[row].tolist())

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        history = history_of(study)
        with history.lock:
            self.joint_space(history)  # refuses several objectives
            is_starting = self._is_starting(history)
        if self._warns and not is_starting:
            _logger.warning(
                f"The parameter {name!r} of trial {trial.number} is sampled independently by {self._independent}, as "
                "not all trials have it: CmaEsSampler models those that all have. `warn_independent_sampling=False` "
                "switches this message off."
            )
        if draws_columns(self._independent):
            return self._independent.draw(study, trial, name, distribution)
        value = self._independent.sample_independent(study, trial, name, distribution)
        return {name: distribution.to_internal_repr(value)}

    def before_trial(self, study: Any, trial: FrozenTrial) -> None:
        self._independent.before_trial(study, trial)

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._independent.after_trial(study, trial, state, values)

    # --- many trials -------------------------------------------------------------------------------------------------

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        """Sample `n` points from the present distribution; what it does not model uniformly. See `Sampler.sample`."""
        joint = self.joint_space(history)
        columns = {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}
        if any(name in joint for name in space):
            course = self._account(history, joint).course
            internal = course.frame.values(course.strategy.ask(rng, n))
            modelled = zip(joint, internal.T, strict=True)
            columns.update({name: space[name].to_model(values) for name, values in modelled if name in space})
        return columns

    @np.errstate(all="ignore")
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history = history_of(study)
        with history.lock:
            joint = self.joint_space(history)
            found: dict[str, FloatArray] = {}
            if (known := self._accounts.get(history)) is not None:
                known.batch.clear()
            if joint and all(name in space and space[name] is joint[name] for name in joint):
                account = self._account(history, joint)
                rng = self._streams.of(study).generator(number, _BATCH)
                population = drawn(account.course, rng, n, max(n, account.course.size))
                account.batch = deque(population.notes)
                found = dict(zip(joint, population.internal.T, strict=True))
        rest = {name: distribution for name, distribution in space.items() if name not in found}
        if rest:
            sampler = self._independent if draws_columns(self._independent) else self._uniform
            found |= sampler.sample_batch(study, number, rest, n)
        return found

    def notes(self, study: StudyLike, number: int) -> dict[str, Any]:
        account = self._accounts.get(history_of(study))
        return account.batch.popleft() if account is not None and account.batch else {}


def _check_together(
    separable: bool, with_margin: bool, lr_adapt: bool, source_trials: Any, x0: Any, sigma0: Any
) -> None:
    """Raise ``ValueError`` for arguments that exclude each other."""
    if lr_adapt and (separable or with_margin):
        raise ValueError("`lr_adapt` goes neither with `use_separable_cma` nor with `with_margin`: choose one.")
    if separable and with_margin:
        raise ValueError("`use_separable_cma` does not go with `with_margin`: choose one.")
    if source_trials is not None and separable:
        raise ValueError("`source_trials` tell covariances, which `use_separable_cma` leaves out: choose one.")
    if source_trials is not None and (x0 is not None or sigma0 is not None):
        raise ValueError("`source_trials` say where to begin, as `x0` and `sigma0` do: give either.")


# --- what is remembered of a study -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Population:
    """Points drawn at once: internal values (k, d), and for each its trial's system attributes."""

    key: Any
    internal: FloatArray
    notes: list[dict[str, Any]]


@np.errstate(all="ignore")
def drawn(course: Course, rng: np.random.Generator, k: int, size: int, key: Any = None) -> Population:
    """Draw k points for a generation of a size."""
    points: Points = course.strategy.ask(rng, k)
    return Population(key, course.frame.values(points), course.notes(points, size))


@dataclass(eq=False)
class Account:
    """The course of a study, the population that is handed out, and the notes of a batch that is about to be stored."""

    course: Course
    handed: Population | None = None
    batch: deque[dict[str, Any]] = field(default_factory=deque)

    def population(self, streams: Any, number: int) -> tuple[Population, int]:
        """Give the population in which a trial's point is, and its row.

        Trials are counted off from the first one of the generation. So a study of one process hands out a whole
        population in each generation, and no two trials have the same point, whichever workers ask.
        """
        course = self.course
        begin = course.origin % course.size
        block, row = divmod(number - begin, course.size)
        key = course.run, course.generation, block, streams
        if self.handed is None or self.handed.key != key:
            rng = streams.generator(block + 1, _POPULATION)
            self.handed = drawn(course, rng, course.size, course.size, key)
        return self.handed, row
