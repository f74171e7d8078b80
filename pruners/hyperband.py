"""Hyperband: successive halving in several brackets, which differ in how early they stop trials.

Source: Li, L. et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization", JMLR 18(185), 2018,
Algorithm 1. Each bracket here is asynchronous successive halving; a trial's bracket is drawn by a checksum of the
study's name and its number, in proportion to the number of configurations that Algorithm 1 starts a bracket with. So
all workers know it, those of Optuna included, which uses the same.
"""

from __future__ import annotations

import math
from bisect import bisect
from functools import partial
from itertools import accumulate
from operator import index
from typing import Any
from zlib import crc32

from ..engine.history import BracketStudy, History, Remembered, Selection
from ..engine.records import FrozenTrial
from .base import BasePruner, check_at_least
from .successive_halving import Competition, Ladder, climb, longest


class Brackets:
    """The brackets of one study.

    Parameters
    ----------
    study_name
        Name of the study.
    ladders
        The rungs of each bracket, first the one that stops trials earliest.

    Attributes
    ----------
    sizes : list[int]
        Number of configurations that each bracket starts with in Algorithm 1.
    """

    def __init__(self, study_name: str, ladders: list[Ladder]) -> None:
        self.ladders = ladders
        n = len(ladders)
        # Algorithm 1, line 3: n = ceil((s_max + 1) eta^s / (s + 1)) for s = s_max, ..., 0.
        self.sizes = [math.ceil(n * ladders[0].factor ** (n - 1 - b) / (n - b)) for b in range(n)]
        self._ends = list(accumulate(self.sizes))
        self._prefix = f"{study_name}_"

    def of(self, number: int) -> int:
        """Give the bracket of a trial."""
        return bisect(self._ends, crc32(f"{self._prefix}{number}".encode()) % self._ends[-1])


class HyperbandPruner(BasePruner):
    """Runs successive halving in brackets that begin at different rungs, so that none of them need be the right one.

    Parameters
    ----------
    min_resource
        The step of the first rung of the first bracket.
    max_resource
        The number of steps of a full trial. "auto" takes the longest trial, at the first report after one is complete;
        until then there are no brackets and nothing is pruned, nor ever if that trial is shorter than `min_resource`.
    reduction_factor
        Of so many trials at a rung one goes on.
    bootstrap_count
        Number of trials that complete a rung, and stop there, before one goes on.

    Raises
    ------
    ValueError
        If an argument lies outside its range, or `bootstrap_count` is given with ``max_resource="auto"``.

    Notes
    -----
    There are ``floor(log(max_resource / min_resource) / log(reduction_factor)) + 1`` brackets, in floating point as in
    Optuna: of 243 steps and a factor of 3 that makes 5, not 6. A sampler sees only trials of the bracket for which it
    samples, as in Optuna. Some learn from all brackets nevertheless: the genetic ones, as in Optuna, and
    ``TPESampler(fidelity=largest_budget)``, with which and ``bootstrap_count=reduction_factor`` more is found
    (docs/pruning.md). A trial's bracket depends on the study's name: give it one for a study that can be repeated.
    """

    def __init__(
        self,
        min_resource: int = 1,
        max_resource: str | int = "auto",
        reduction_factor: int = 3,
        bootstrap_count: int = 0,
    ) -> None:
        self._max_resource = _max_resource(max_resource)
        check_at_least(1, min_resource=min_resource)
        check_at_least(2, reduction_factor=reduction_factor)
        check_at_least(0, bootstrap_count=bootstrap_count)
        if self._max_resource is not None and self._max_resource < min_resource:
            raise ValueError(
                f"`max_resource` must be at least `min_resource`, but got {max_resource} and {min_resource}: "
                "give the number of steps of a full trial."
            )
        if bootstrap_count > 0 and self._max_resource is None:
            raise ValueError(
                f"A `bootstrap_count` needs to know the brackets, but got bootstrap_count={bootstrap_count} with "
                'max_resource="auto": give `max_resource` as an integer.'
            )
        self._min_resource = min_resource
        self._reduction_factor = reduction_factor
        self._bootstrap_count = bootstrap_count
        self._known: dict[str, Brackets] = {}  # by name of the study
        self._competitions: Remembered[Competition] = Remembered()
        self._selections: Remembered[dict[int, Selection]] = Remembered()

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        if not trial.intermediate_values:
            return False
        brackets = self._brackets(study)
        if brackets is None or not brackets.ladders:
            return False
        bracket = brackets.of(trial.number)
        return climb(study, trial, brackets.ladders[bracket], self._competition(study.history, brackets), bracket)

    def view(self, study: Any, number: int) -> Any:
        """Give the study with the trials of one bracket, that of a trial; in columns with all that its sampler uses."""
        if len(study.directions) > 1:
            return study
        # What "auto" stands for is found out by `prune`, as in Optuna: at a look in between it could be another number.
        brackets = self._known.get(study.study_name) if self._max_resource is None else self._brackets(study)
        if brackets is None or len(brackets.ladders) < 2:
            return study
        learns_across = getattr(study.sampler, "across_brackets", False)
        return BracketStudy(study, partial(self._select, brackets, brackets.of(number)), learns_across)

    def _brackets(self, study: Any) -> Brackets | None:
        """Give the brackets of a study, None if they are not known yet."""
        known = self._known.get(study.study_name)
        if known is None:
            n = self._count_brackets(study.history)
            if n is None:
                return None
            factor = self._reduction_factor
            ladders = [Ladder(self._min_resource * factor**b, factor, self._bootstrap_count) for b in range(n)]
            known = self._known[study.study_name] = Brackets(study.study_name, ladders)
        return known

    def _count_brackets(self, history: History) -> int | None:
        resource = self._max_resource
        if resource is None:
            steps = longest(history)
            if steps is None:
                return None
            resource = steps + 1
        if resource < self._min_resource:
            return 0
        return math.floor(math.log(resource / self._min_resource) / math.log(self._reduction_factor)) + 1

    def _competition(self, history: History, brackets: Brackets) -> Competition:
        found = self._competitions.get(history)
        if found is None:
            found = self._competitions[history] = Competition(history, brackets.of)
        return found

    def _select(self, brackets: Brackets, bracket: int, history: History) -> Selection:
        """Give the trials of a bracket, up to date."""
        known = self._selections.setdefault(history, {})
        found = known.get(bracket)
        if found is None:
            found = known[bracket] = Selection(history, lambda number: brackets.of(number) == bracket)
            return found
        return found.update(history)


def _max_resource(given: Any) -> int | None:
    """Check the argument; None for "auto"."""
    if isinstance(given, str) and given == "auto":
        return None
    try:
        return index(given)
    except TypeError:
        raise ValueError(f'`max_resource` must be an integer or "auto", but got {given!r}.') from None
