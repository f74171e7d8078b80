"""Differential evolution Hyperband (Awad, Mallik and Hutter, IJCAI 2021, arXiv:2105.09821).

Trials are evaluations of Hyperband's brackets, one rung after the other; each is a new configuration. For every budget
there is a subpopulation of the best configurations evaluated with it. The first bracket is successive halving; from
then on a trial is a child by differential evolution, rand/1/bin (Storn and Price, Journal of Global Optimization 11,
1997), which takes the place of one member of its subpopulation if it is not worse.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..engine.arrays import BoolArray, FloatArray, IntArray
from ..engine.brackets import Schedule, hyperband_table
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import Dimensions, History, Remembered, StudyLike, history_of
from ..engine.records import FrozenTrial, TrialState
from .base import Columns, Sampler

N_PARENTS = 3  # of rand/1
ALONE = 20  # members where there is a single budget: Hyperband would give it one, with which nothing evolves
NOBODY = -1  # in the place of a trial number
_COMPLETE, _PRUNED = int(TrialState.COMPLETE), int(TrialState.PRUNED)


class DEHBSampler(Sampler):
    """Evolves one subpopulation a budget; for objectives that can be evaluated with less than the full budget.

    Parameters
    ----------
    min_resource
        The smallest budget; see `engine.brackets.hyperband_table`.
    max_resource
        The full budget, which must be given.
    reduction_factor
        Ratio of one budget to the next lower one.
    mutation_factor
        F, by which the difference of two parents is multiplied, in (0, 2].
    crossover_probability
        Share of the parameters, in [0, 1], that a child has from its parents and not from the member that it competes
        with; at least one is.
    seed
        A non-negative integer for a study that can be repeated.

    Raises
    ------
    ValueError
        If an argument lies outside its range; at the first trial, if the study has several objectives.

    Notes
    -----
    A trial's budget follows from its number. Either the objective asks for it, ``sampler.budget(trial.number)``, and
    returns what it finds with that; or it reports after each unit of the resource, and `parzen.pruners.BudgetPruner`,
    with the same three arguments, prunes it there: what it reported last is its value then.

    Nothing waits: where results of a lower budget are not in yet, those that are there are used, and random points
    where there are none (section 4.3). A parameter that a parent does not have is drawn uniformly. Constraints do not
    count.

    Examples
    --------
    >>> import parzen
    >>> sampler, pruner = parzen.samplers.DEHBSampler(1, 81), parzen.pruners.BudgetPruner(1, 81)
    >>> study = parzen.create_study(sampler=sampler, pruner=pruner)
    """

    def __init__(
        self,
        min_resource: int = 1,
        max_resource: int | None = None,
        reduction_factor: int = 3,
        *,
        mutation_factor: float = 0.5,
        crossover_probability: float = 0.5,
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        if not 0 < mutation_factor <= 2:
            raise ValueError(f"`mutation_factor` must lie in (0, 2], but got {mutation_factor}; 0.5 is the paper's.")
        if not 0 <= crossover_probability <= 1:
            raise ValueError(f"`crossover_probability` must lie in [0, 1], but got {crossover_probability}.")
        self._schedule = Schedule(hyperband_table(min_resource, max_resource, reduction_factor))
        self._factor = mutation_factor
        self._crossover = crossover_probability
        self._subpopulations: Remembered[Subpopulations] = Remembered()

    def budget(self, number: int) -> int:
        """Give the budget of a trial.

        Parameters
        ----------
        number
            The trial's number, from 0.
        """
        return self._schedule.budget(number)

    # --- what is sampled together ------------------------------------------------------------------------------------

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        # All parameters of all trials, so that whoever is promoted keeps those of its branch.
        self._of(history)  # refuses several objectives
        return history.joint_space()

    def _of(self, history: History) -> Subpopulations:
        found = self._subpopulations.get(history)
        if found is None:
            if len(history.directions) > 1:
                raise ValueError(
                    f"DEHBSampler is for one objective, but the study has {len(history.directions)}. Give it another "
                    "sampler, or one value to optimize."
                )
            found = self._subpopulations[history] = Subpopulations(self._schedule)
        return found

    # --- sampling ----------------------------------------------------------------------------------------------------

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        """Sample for the trials that come next; see `Sampler.sample`."""
        rows = [self._breed(space, history, history.n + i, rng) for i in range(n)]
        columns = zip(space.items(), _columns(rows, len(space)), strict=True)
        return {name: distribution.to_model(column) for (name, distribution), column in columns}

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history, streams = history_of(study), self._streams.of(study)
        with history.lock:
            rows = [self._breed(space, history, k, streams.generator(k)) for k in range(number, number + n)]
        return dict(zip(space, _columns(rows, len(space)), strict=True))

    @np.errstate(all="ignore")
    def _sample_one(self, study: StudyLike, trial: FrozenTrial, space: Space, purpose: int) -> dict[str, float]:
        history, rng = history_of(study), self._streams.of(study).generator(trial.number, purpose)
        with history.lock:
            row = self._breed(space, history, trial.number, rng)
        return dict(zip(space, row, strict=True))

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        self._of(history_of(study))  # refuses several objectives, too
        u = self._streams.of(study).uniform(trial.number, len(trial.params))
        return {name: distribution.from_unit(u)}

    def _breed(self, space: Space, history: History, number: int, rng: np.random.Generator) -> list[float]:
        """Give the internal values of a trial, in the order of the space."""
        found = self._of(history).update(history)
        dims = found.dims(space)
        member, parents = found.family(number, rng)
        kept = dims.settled(_read(dims, history, [member]))[0]
        u = rng.random((3, len(space)))
        child = np.where(np.isnan(kept), u[0], np.nan)
        if parents is not None:
            mutant = mutate(_points(dims, history, parents, rng), self._factor, u[1])
            crosses = u[2] < self._crossover
            crosses[_one_of(~np.isnan(kept), rng)] = True
            child = np.where(crosses, mutant, child)
        pairs = zip(space.values(), child.tolist(), kept.tolist(), strict=True)
        return [distribution.from_unit(unit) if unit == unit else own for distribution, unit, own in pairs]


def _columns(rows: list[list[float]], d: int) -> FloatArray:
    """Turn rows of d values into columns, shape (d, n)."""
    columns: FloatArray = np.array(rows, dtype=np.float64).reshape(-1, d).T
    return columns


def _one_of(known: BoolArray, rng: np.random.Generator) -> int:
    """Choose the parameter that is the mutant's in any case: one that the member has, for others may not count."""
    candidates = np.flatnonzero(known) if known.any() else np.arange(len(known))
    return int(candidates[rng.integers(len(candidates))])


def mutate(parents: FloatArray, factor: float, u: FloatArray) -> FloatArray:
    """Make a mutant by rand/1: a parent, and to it F times the difference of two others (section 3.1).

    Parameters
    ----------
    parents
        Points of the unit cube, shape (3, d).
    factor
        F.
    u
        Uniform numbers, shape (d,), for the coordinates that leave the cube.
    """
    mutant = parents[0] + factor * (parents[1] - parents[2])
    return np.where((mutant >= 0) & (mutant <= 1), mutant, u)


# --- trials as points ------------------------------------------------------------------------------------------------


def _read(dims: Dimensions, history: History, numbers: list[int]) -> FloatArray:
    """Give internal values of trials, shape (n, d); NaN for `NOBODY`."""
    found = np.full((len(numbers), len(dims.names)), np.nan)
    there = [i for i, number in enumerate(numbers) if number != NOBODY]
    found[there] = dims.read(history, np.array(numbers, dtype=np.int64)[there])
    return found


def _points(dims: Dimensions, history: History, numbers: list[int], rng: np.random.Generator) -> FloatArray:
    """Give trials as points of the unit cube, shape (n, d); uniform where a trial has no value in today's range.

    Of a discrete value only the cell is known, not where in it a child once stood: it may be anywhere in the cell. So
    differences are not multiples of cells, of which halves would fall between two.
    """
    internal = _read(dims, history, numbers)
    share, uniform = rng.random((2, *internal.T.shape))
    points = dims.to_unit(internal, share.T)
    return np.where(np.isnan(points), uniform.T, points)


# --- subpopulations --------------------------------------------------------------------------------------------------


class Subpopulations:
    """The subpopulations of one study: rebuilt from its history, and kept up with what finished since.

    Parameters
    ----------
    schedule
        What budget each trial has.

    Attributes
    ----------
    members : list[ndarray]
        For each budget, ascending, numbers of trials by place; `NOBODY` where there is none.
    losses : list[ndarray]
        What they found, to be minimized; inf where there is nobody.

    Notes
    -----
    What it holds depends on the set of trials that finished, not on their order: of equal ones the newest stays.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        n_levels = len(schedule.brackets)
        self._before: dict[tuple[int, int], int] = {}  # evaluations of a rung's budget that come before in an iteration
        self._per_iteration = [0] * n_levels
        sizes = [ALONE if n_levels == 1 else 0] * n_levels
        for b, bracket in enumerate(schedule.brackets):
            for rung, size in enumerate(bracket.sizes):
                self._before[b, rung] = self._per_iteration[b + rung]
                self._per_iteration[b + rung] += size
                sizes[b + rung] = max(sizes[b + rung], size)  # as many as a bracket evaluates at most: section 4.1
        self.members: list[IntArray] = [np.full(size, NOBODY) for size in sizes]
        self.losses: list[FloatArray] = [np.full(size, np.inf) for size in sizes]
        self._seen = 0
        self._dims: tuple[Space, Dimensions] = {}, Dimensions.of({})

    def dims(self, space: Space) -> Dimensions:
        """Describe a space."""
        if self._dims[0] is not space:
            self._dims = space, Dimensions.of(space)
        return self._dims[1]

    # --- selection ---------------------------------------------------------------------------------------------------

    def update(self, history: History) -> Subpopulations:
        """Let the trials that finished since compete."""
        finished = history.finished
        for number in finished[self._seen :].tolist():
            loss = _loss(history, number)
            if loss < np.inf:
                self._compete(number, loss)
        self._seen = len(finished)
        return self

    def _compete(self, number: int, loss: float) -> None:
        level, place = self.target(number)
        members, losses = self.members[level], self.losses[level]
        if (loss, -number) < (losses[place], -members[place]):
            members[place], losses[place] = number, loss

    def target(self, number: int) -> tuple[int, int]:
        """Give level and place of the member that a trial competes with: places are taken in turn."""
        at = self._schedule.by_evaluation(number)
        level = at.bracket + at.rung
        turn = at.iteration * self._per_iteration[level] + self._before[at.bracket, at.rung] + at.slot
        return level, turn % len(self.members[level])

    # --- parents -----------------------------------------------------------------------------------------------------

    def family(self, number: int, rng: np.random.Generator) -> tuple[int, list[int] | None]:
        """Choose what a trial is made of.

        Returns
        -------
        member
            The trial that it competes with, or is a copy of; `NOBODY` for a random point.
        parents
            Three trials, `NOBODY` among them for random points; None where nothing is bred.
        """
        at = self._schedule.by_evaluation(number)
        level, place = self.target(number)
        if at.instance == 0 and at.rung > 0:  # the first bracket promotes as successive halving does: section 4.1
            best = self._best(level - 1, at.slot + 1)
            return int(best[at.slot]) if at.slot < len(best) else NOBODY, None
        member = int(self.members[level][place])
        if at.rung == 0 and member == NOBODY:  # the first generation of differential evolution
            return NOBODY, None
        # From a lower budget only its best take part, as many as the rung has places; at the lowest rung of a bracket
        # the whole subpopulation does, as in plain differential evolution: section 4.2.
        n_promoted = self._schedule.brackets[at.bracket].sizes[at.rung]
        pool = self._best(level - 1, n_promoted) if at.rung else self._all([level])
        return member, self._parents(pool, member, rng)

    def _best(self, level: int, n: int) -> IntArray:
        """Give the up to `n` best members of one budget, best first."""
        order = np.argsort(self.losses[level], kind="stable")[:n]
        return _present(self.members[level][order])

    def _all(self, levels: Iterable[int]) -> IntArray:
        return _present(np.concatenate([self.members[level] for level in levels]))

    def _parents(self, pool: IntArray, member: int, rng: np.random.Generator) -> list[int]:
        """Draw three different parents, other than the member; those that the pool lacks from all budgets."""
        drawn: IntArray = rng.permutation(pool[pool != member])[:N_PARENTS]
        if len(drawn) < N_PARENTS:
            everybody = self._all(range(len(self.members)))
            others = everybody[(everybody != member) & ~np.isin(everybody, drawn)]
            drawn = np.concatenate([drawn, rng.permutation(others)[: N_PARENTS - len(drawn)]])
        return [*drawn.tolist(), *[NOBODY] * (N_PARENTS - len(drawn))]


def _present(members: IntArray) -> IntArray:
    return np.asarray(members[members != NOBODY])


def _loss(history: History, number: int) -> float:
    """Give what a finished trial found, to be minimized; inf where that is nothing."""
    state = history.states[number]
    if state == _COMPLETE:
        loss = history.signs[0] * float(history.values[number, 0])
    elif state == _PRUNED:
        loss = history.signs[0] * float(history.last_value[number])
    else:
        return np.inf
    return np.inf if np.isnan(loss) else loss
