"""Population based training: members that do badly go on from the checkpoints of others, with other parameters.

Source: Jaderberg et al., "Population Based Training of Neural Networks", 2017, arXiv 1711.09846, section 3: truncation
selection. Several intervals: Doulazmi et al., "Multiple-Frequencies Population-Based Training", 2025, arXiv 2506.03225.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ...engine.history import RUNGS_BEHIND, BracketStudy, History, Remembered, Selection
from ...engine.history.trial_columns import microseconds
from ...engine.records import FORKED_AT, PARENT, PAUSED_AT, RETRIED, FrozenTrial, TrialState
from ...engine.seeds import Streams
from ..promotion import Fork, Leave, PromotingPruner, Promotion, losses
from .explore import Explorer, Member, Perturb, child_params
from .population import Population, Rules, Vacancy

REPLACES = "parzen:replaces"  # of a child: the number of the trial whose place it has
INTERVAL = "parzen:interval"  # of a child, where there are several intervals
LOST_AT = "parzen:lost_at"  # of a trial that gave up its place: the step at which others were better
_PURPOSE = 2**32  # of the generators: whoever gives sampler and pruner one seed gets other numbers here
_ENDLESS = 2**62
_FAIL, _PRUNED = int(TrialState.FAIL), int(TrialState.PRUNED)


class _Populations:
    """The populations of one study, kept up with its history, of which they can be made again at any time."""

    def __init__(self, history: History, rules: Rules, intervals: tuple[int, ...]) -> None:
        self._rules = rules
        self._intervals = intervals
        self._signs = history.signs
        self._of: list[Population] = []  # by trial number
        self._newest: Population | None = None
        self._n_completions = self._n_finished = self._n_pauses = 0
        self.children: set[int] = set()
        self.active: list[Population] = []

    def of(self, number: int) -> Population:
        """Give the population to which a trial belongs."""
        return self._of[number]

    def update(self, history: History) -> None:
        """Take in what happened since."""
        for number in range(len(self._of), history.n):
            self._of.append(self._join(history, number))
        for number, rung, values in history.rungs.since(self._n_completions):
            step = (rung + 1) * interval_of(history.system_attrs(number), number, self._intervals)
            self._of[number].arrive(number, step, losses(values, self._signs))
        self._n_completions = len(history.rungs)
        for number in history.finished_since(self._n_finished):
            self._of[number].end(number, _leaves_place(history, number))
        self._n_finished = history.n_finished
        for number in history.pauses[self._n_pauses :].tolist():
            self._of[number].wait(number)
        self._n_pauses = len(history.pauses)
        self.active = [population for population in self.active if not population.is_over]

    def _join(self, history: History, number: int) -> Population:
        attrs = history.system_attrs(number)
        if PARENT in attrs:
            self.children.add(number)
        member = _replaced_by(attrs)
        if member is not None:
            population = self._of[member]
            population.replace(member, number, attrs.get(FORKED_AT, 0))
            return population
        if self._newest is None or self._newest.is_full:
            self._newest = Population(self._rules, len(self._signs))
            self.active.append(self._newest)
        self._newest.found(number)
        return self._newest


def _replaced_by(attrs: Mapping[str, Any]) -> int | None:
    """Give the member whose place a trial has: a child's, or that of a dead process whose trial is tried again."""
    member: int | None = attrs.get(REPLACES)
    return member if member is not None or not attrs.get(RETRIED) else attrs[RETRIED][-1]


def _leaves_place(history: History, number: int) -> bool:
    """Tell whether a trial that ended is to be replaced: one that failed, or that the pruner ended."""
    state = history.state(number)
    return state == _FAIL or (state == _PRUNED and history.system_attr(number, LOST_AT) is not None)


def interval_of(attrs: Mapping[str, Any], number: int, intervals: tuple[int, ...]) -> int:
    """Give the interval of a trial: that of the place which it has, and of those that start from nothing in turn."""
    interval: int = attrs.get(INTERVAL) or intervals[number % len(intervals)]
    return interval


class PBTPruner(PromotingPruner):
    """Population based training (PBT): trains a population, and lets bad members go on as variations of good ones.

    After every `interval` steps a member is paused and compared with the others that came to that step. If it is among
    the worst `quantile`, it ends as a pruned trial, and a child takes its place: a new trial, which goes on from the
    checkpoint of one of the best `quantile`, with that one's parameters explored. So a lineage of trials has a schedule
    of parameters, see `Study.lineage`, and the parameters of each trial stay what they are.

    `Study.ask` gives a new member, a member that goes on, or a child: load the checkpoint that trial
    ``trial.resume_from`` made at ``trial.resume_step``, or start afresh if that is None, and train up to
    ``trial.next_rung``. No worker waits: where all members are at work, the next population is begun.

    Parameters
    ----------
    population_size
        Number of members.
    interval
        Steps between two comparisons.
    quantile
        The share of those compared that is replaced, and the share that may have children; up to 0.5.
    resample_probability
        How often a parameter of a child is drawn anew.
    perturbation_factors
        A parameter of a child that is not drawn anew is multiplied by one of these; see `parzen.pruners.pbt.Perturb`.
    explore
        Gives a child's parameters instead of the two above: a function of the parent, a `parzen.pruners.pbt.Member`,
        and a NumPy generator, that gives values by name. `parzen.pruners.pbt.TimeVaryingBandit` is one (PB2).
    intervals
        Several intervals instead of one, for as many equal parts of the population (MF-PBT). A part is compared at its
        own steps, with the members of other parts that come there, too. A member with a longer interval that goes on
        from one with a shorter one keeps its own parameters: what is good for the next few steps does not count there.
    max_resource
        The step at which members are complete, a multiple of the intervals; None: when the user tells their values.
    synchronous
        Compare only when all members have come to a step. Then workers that are free begin the next population.
    deadline
        Seconds after the last arrival at a step after which a synchronous population gives up, and replaces, members
        that have not come there; None: never.
    seed
        Of what is drawn for children; None for numbers that differ every time.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Notes
    -----
    Samplers learn from the members that start from nothing, and not from children, whose results are also their
    parents'. With several objectives members are compared by non-dominated rank, then by crowding distance.

    Examples
    --------
    >>> study = parzen.create_study(pruner=PBTPruner(population_size=8, interval=5, max_resource=60))
    >>> trial = study.ask()
    >>> lr = trial.suggest_float("lr", 1e-4, 1.0, log=True)
    >>> network = new_network() if trial.resume_from is None else load(trial.resume_from, trial.resume_step)
    >>> for step in range(trial.resume_step + 1, trial.next_rung + 1):
    ...     trial.report(train(network, lr), step)
    >>> save(network, trial.number, step)
    >>> study.tell(trial, state=TrialState.PAUSED) if trial.should_pause() else study.tell(trial, error(network))
    """

    forks = True

    def __init__(
        self,
        population_size: int,
        interval: int | None = None,
        quantile: float = 0.25,
        resample_probability: float = 0.25,
        perturbation_factors: Sequence[float] = (0.8, 1.2),
        explore: Explorer | None = None,
        intervals: Sequence[int] | None = None,
        *,
        max_resource: int | None = None,
        synchronous: bool = False,
        deadline: float | None = None,
        seed: int | None = None,
    ) -> None:
        if not isinstance(population_size, int) or population_size < 2:
            raise ValueError(f"`population_size` must be a whole number of at least 2, but got {population_size!r}.")
        if not 1 / population_size <= quantile <= 0.5:
            raise ValueError(
                f"`quantile` must lie in [1 / population_size, 0.5], or nobody is replaced, but got {quantile!r} of "
                f"{population_size} members."
            )
        if deadline is not None and not (synchronous and deadline >= 0):
            raise ValueError(
                f"`deadline` must be at least 0, and is for synchronous populations, but got deadline={deadline!r} "
                f"with synchronous={synchronous}."
            )
        self._intervals = _intervals(interval, intervals, max_resource)
        self._max_resource = _ENDLESS if max_resource is None else max_resource
        patience = None if not synchronous else float("inf") if deadline is None else deadline * 1e6
        self._rules = Rules(population_size, quantile, patience)
        self._explore = explore or Perturb(resample_probability, perturbation_factors)
        self._streams = Streams(seed)
        self._populations: Remembered[_Populations] = Remembered()
        self._selections: Remembered[Selection] = Remembered()

    def levels(self, number: int) -> range:
        return self._levels(interval_of({}, number, self._intervals))

    def levels_of(self, trial: FrozenTrial) -> range:
        return self._levels(interval_of(trial.system_attrs, trial.number, self._intervals))

    def _levels(self, interval: int) -> range:
        return range(interval, self._max_resource + 1, interval)

    def _populations_of(self, history: History) -> _Populations:
        """Give the populations of a study, up to date; its history's lock is held."""
        populations = self._populations.get(history)
        if populations is None:
            populations = self._populations[history] = _Populations(history, self._rules, self._intervals)
        populations.update(history)
        return populations

    def promote(self, study: Any) -> Promotion:
        history: History = study.history
        now = microseconds(datetime.now())
        with history.lock:
            for population in self._populations_of(history).active:
                superfluous = population.superfluous(history)
                if superfluous is not None:
                    return Leave(superfluous)
                number = population.unstarted(history)
                if number is not None:
                    return number
                vacancy = population.vacancy(history, now)
                if vacancy is not None:
                    return self._fork(study, vacancy)
                if not population.is_full:
                    return None
                waiting = population.waiting(history, now)
                if waiting is not None:
                    number, step, loses = waiting
                    return Leave(number, {LOST_AT: step}) if loses else number
        return None

    def _fork(self, study: Any, vacancy: Vacancy) -> Fork:
        """Choose a parent for a vacancy, and explore its parameters."""
        history: History = study.history
        number = history.n
        rng = self._streams.of(study).generator(number, _PURPOSE)
        parent = vacancy.parents[int(rng.integers(len(vacancy.parents)))]
        record = history.record(parent)
        step: int = record.system_attrs[PAUSED_AT]
        member = Member(record, step, history)
        own, its = (interval_of(history.system_attrs(n), n, self._intervals) for n in (vacancy.member, parent))
        params = (
            history.record(vacancy.member).params if own > its else child_params(member, self._explore(member, rng))
        )
        attrs = {REPLACES: vacancy.member, RUNGS_BEHIND: step // own}
        if len(self._intervals) > 1:
            attrs[INTERVAL] = own
        return Fork(number, parent, step, params, attrs)

    def leads(self, study: Any, trial: FrozenTrial) -> bool:
        history: History = study.history
        with history.lock:
            return not self._populations_of(history).of(trial.number).loses(trial.number)

    def view(self, study: Any, number: int) -> Any:
        """Give the study with the members that start from nothing: children teach a model what their parents did."""
        history: History = study.history
        with history.lock:
            if not self._populations_of(history).children:
                return study
        return BracketStudy(study, self._select)

    def _select(self, history: History) -> Selection:
        with history.lock:
            children = self._populations_of(history).children
            found = self._selections.get(history)
            if found is None:
                found = self._selections[history] = Selection(history, lambda number: number not in children)
                return found
            return found.update(history)


def _intervals(interval: int | None, intervals: Sequence[int] | None, max_resource: int | None) -> tuple[int, ...]:
    """Check the intervals and the step at which members are complete."""
    if (interval is None) == (intervals is None):
        raise ValueError(f"Expected `interval` or `intervals`, but got {interval!r} and {intervals!r}.")
    found = tuple(d for d in (intervals or (interval,)) if isinstance(d, int) and d >= 1)
    if len(found) != len(intervals or (interval,)):
        raise ValueError(f"Intervals must be whole numbers of at least 1, but got {intervals or interval!r}.")
    if max_resource is not None and (max_resource < 1 or any(max_resource % d for d in found)):
        raise ValueError(f"`max_resource` must be a multiple of the intervals {found}, but got {max_resource!r}.")
    return found
