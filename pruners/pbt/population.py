"""One population: its members, how they rank at each step, and what is to happen next.

A member is a trial that runs or waits. One that gives up its place leaves a vacancy, which a child fills; so does one
that failed. All of it can be made again from a study's history, and does not depend on the order in which a
process read what happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ...engine.history import History
from ...engine.records import PAUSED_AT, TrialState
from ..rung import Loss, ParetoRung, Rung, new_rung

_RUNNING, _PAUSED = int(TrialState.RUNNING), int(TrialState.PAUSED)


@dataclass(frozen=True)
class Rules:
    """What a population goes by.

    Attributes
    ----------
    size
        Number of members.
    quantile
        The share of them that give up their places, and the share from whose members children are forked.
    patience
        Microseconds after the last arrival at a step for which a synchronous population waits for the others; inf for
        ever, None for one that is asynchronous.
    """

    size: int
    quantile: float
    patience: float | None = None


@dataclass(frozen=True)
class Vacancy:
    """A place that is free: the member that had it, and the members from one of which a child is to be forked."""

    member: int
    parents: tuple[int, ...]


class Population:
    """The members of one population.

    Parameters
    ----------
    rules
        What it goes by.
    n_objectives
        Number of objectives.

    Attributes
    ----------
    n_founders : int
        Number of members that started from nothing.
    members : dict[int, int]
        The members by number, with the step at which each was compared last, or from which it was forked.
    """

    def __init__(self, rules: Rules, n_objectives: int) -> None:
        self._rules = rules
        self._n_objectives = n_objectives
        self.n_founders = 0
        self.members: dict[int, int] = {}
        self._rungs: dict[int, Rung | ParetoRung] = {}  # by step
        self._waiting: defaultdict[int, set[int]] = defaultdict(set)  # members by step, perhaps gone on since
        self._unstarted: set[int] = set()  # members that wait, and were not compared yet
        self._superfluous: set[int] = set()  # trials that wait, and whose place another one has
        self._replaced: set[int] = set()
        self._vacant: dict[int, int] = {}  # members that ended and left their place to nobody yet, with their steps

    # --- what happened -----------------------------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether all members that start from nothing have been started."""
        return self.n_founders >= self._rules.size

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more, as far as is known."""
        return self.is_full and not self.members and not self._superfluous

    def found(self, number: int) -> None:
        """Note a new member that starts from nothing."""
        self.n_founders += 1
        self.members[number] = 0

    def replace(self, member: int, child: int, step: int) -> None:
        """Note that a child, forked at a step, has the place of a member, unless another one had it before."""
        if member in self._replaced:
            return
        self._replaced.add(member)
        self.members.pop(member, None)
        self._vacant.pop(member, None)
        self.members[child] = step

    def arrive(self, number: int, step: int, loss: Loss) -> None:
        """Note what a trial reported at a step at which it is compared."""
        rung = self._rungs.get(step)
        if rung is None:
            rung = self._rungs[step] = new_rung(self._n_objectives)
        rung.add(number, loss)
        if number in self.members:
            self.members[number] = max(step, self.members[number])

    def wait(self, number: int) -> None:
        """Note that a trial paused."""
        step = self.members.get(number)
        if step is None:
            self._superfluous.add(number)
        elif number in self._rungs.get(step, ()):
            self._waiting[step].add(number)
        else:
            self._unstarted.add(number)

    def end(self, number: int, is_free: bool) -> None:
        """Note that a trial ended, and whether its place is free for a child."""
        self._superfluous.discard(number)
        step = self.members.pop(number, None)
        if step is not None and is_free:
            self._vacant[number] = step

    # --- what is next ------------------------------------------------------------------------------------------------

    def superfluous(self, history: History) -> int | None:
        """Give a paused trial whose place another one has; None without any."""
        return _least_paused(self._superfluous, history)

    def unstarted(self, history: History) -> int | None:
        """Give a member that is to start again, as its worker died before it came to be compared; None without any."""
        return _least_paused(self._unstarted & self.members.keys(), history)

    def vacancy(self, history: History, now: int) -> Vacancy | None:
        """Give a place that a child may have now; None if there is none, or nobody to fork it from."""
        free = {**self._vacant, **self._given_up(history, now)}
        if not free or not self._rungs:
            return None
        member = min(free)
        step = free[member] if free[member] in self._rungs else max(self._rungs)
        parents = self.parents(history, step, without=free)
        return Vacancy(member, parents) if parents else None

    def parents(self, history: History, step: int, without: Container[int] = ()) -> tuple[int, ...]:
        """Give the best quantile of the members that were compared at a step, from best to worst, at least one."""
        quota = max(int(self._rules.quantile * len(self._rungs[step])), 1)
        return tuple(islice(self._possible_parents(history, step, without), quota))

    def _possible_parents(self, history: History, step: int, without: Container[int] = ()) -> Iterator[int]:
        """Give those that were compared at a step and may have children, from best to worst.

        They are members still, have a checkpoint, and are not about to give up their own places.
        """
        rung = self._rungs[step]
        for number in rung.best(len(rung) - self._n_losers(rung)):
            if number not in without and self._may_have_children(history, number):
                yield number

    def _may_have_children(self, history: History, number: int) -> bool:
        step = self.members.get(number)
        if step is None or history.state(number) not in (_RUNNING, _PAUSED):
            return False
        return (history.system_attrs(number).get(PAUSED_AT) or 0) >= step and not self._loses(number, step)

    def waiting(self, history: History, now: int) -> tuple[int, int, bool] | None:
        """Give who is to be dealt with first of those that wait at the lowest step: who loses, else the best.

        Returns
        -------
        number, step, loses
            None if nobody waits, or if those that wait are to wait on.
        """
        while self._waiting:
            step = min(self._waiting)
            here = {number for number in self._waiting[step] if self._waits_at(history, number, step)}
            if not here:
                del self._waiting[step]
                continue
            self._waiting[step] = here
            if not self._is_decided(history, step, now):
                return None
            place = self._rungs[step].place
            ranked = [(place(number), number) for number in here]
            last, first = max(ranked)[1], min(ranked)[1]
            if self._loses(last, step) and any(True for _ in self._possible_parents(history, step)):
                return last, step, True
            return first, step, False
        return None

    def _waits_at(self, history: History, number: int, step: int) -> bool:
        return self.members.get(number) == step and history.state(number) == _PAUSED

    def loses(self, number: int) -> bool:
        """Tell whether a member is among the worst quantile of those that were compared where it was compared last."""
        return self._loses(number, self.members[number])

    def _loses(self, number: int, step: int) -> bool:
        rung = self._rungs[step]
        return rung.place(number) >= len(rung) - self._n_losers(rung)

    def _n_losers(self, rung: Rung | ParetoRung) -> int:
        return int(self._rules.quantile * len(rung))

    # --- synchronous populations -------------------------------------------------------------------------------------

    def _is_decided(self, history: History, step: int, now: int) -> bool:
        """Tell whether those that came to a step may be compared: in a synchronous population, if all are there."""
        return self._rules.patience is None or not self._behind(step) or self._is_too_late(history, step, now)

    def _behind(self, step: int) -> dict[int, int]:
        return {number: reached for number, reached in self.members.items() if reached < step}

    def _is_too_late(self, history: History, step: int, now: int) -> bool:
        """Tell whether the others have waited long enough at a step."""
        arrived = [history.completed[number] for number in self._waiting[step]]
        assert self._rules.patience is not None
        return bool(now - np.max(arrived) > self._rules.patience)

    def _given_up(self, history: History, now: int) -> dict[int, int]:
        """Give the running members, with their steps, for which a synchronous population has waited long enough."""
        if self._rules.patience is None or not self._waiting:
            return {}
        step = min(self._waiting)
        if not any(self._waits_at(history, number, step) for number in self._waiting[step]):
            return {}
        behind = self._behind(step) if self._is_too_late(history, step, now) else {}
        return {number: reached for number, reached in behind.items() if history.state(number) == _RUNNING}


def _least_paused(numbers: set[int], history: History) -> int | None:
    """Give the least of these trials that is paused."""
    return min((number for number in numbers if history.state(number) == _PAUSED), default=None)
