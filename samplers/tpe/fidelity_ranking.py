"""Trials of one objective of which some were stopped early, in the order of a rule of `fidelity`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...engine.arrays import IntArray
from ...engine.history import History
from .carrying import Carrying
from .coreset import N_BEST
from .evidence import COMPLETE, resumed, stopped
from .fidelity import Assessment, CarriedOver, Fidelity, furthest_first
from .gathering import Gathering
from .observations import Observations
from .split import Split
from .value_ranking import ValueRanking


class FidelityRanking:
    """Orders trials of different lengths by a rule; those that violate constraints come last, by how much.

    As long as no trial was stopped early, and for `furthest_first` as long as none paused, the order is that of
    `ValueRanking`, which is faster to keep up.

    Parameters
    ----------
    history
        The study's trials.
    rule
        The rule.
    """

    def __init__(self, history: History, rule: Fidelity) -> None:
        self._history = history
        self._rule = rule
        self._by_value = ValueRanking(history)
        self._gathering = Gathering(history)
        self._carrying = Carrying(rule) if type(rule) is CarriedOver else None
        self._assessed_for = -1
        self._order = self._assessed = np.empty(0, np.int64)  # with and without infeasible trials
        # By trial number: losses on one scale, inf where there is none, weights, and which trials are in the order.
        self._loss, self._weight, self._modelled = np.empty(0), np.empty(0), np.empty(0, dtype=bool)

    def split(self, observations: Observations, gamma: Callable[[int], int]) -> Split:
        """Split the trials in the order of the rule."""
        history = self._history
        if not (len(history.pauses) or resumed(history)) and (self._rule is furthest_first or not history.n_pruned):
            return self._by_value.split(observations, gamma)
        order = self.order(len(observations.space.names))
        order = order[observations.has(order)]
        n_below = gamma(len(order))
        below, best_above = order[:n_below], order[n_below : n_below + N_BEST]
        return Split(below, best_above, self._loss[order[: n_below + 1]], self._weight, self._modelled)

    def order(self, d: int) -> IntArray:
        """Assess all trials for a space of `d` parameters; give the numbers of those modelled, from best to worst."""
        history = self._history
        if self._gathering.update():
            self._assessed_for = -1
        if self._assessed_for != d:
            self._assess(d)
            self._assessed_for = d
        more = history.n - len(self._weight)  # trials that run, or failed
        if more > 0:
            self._loss, self._weight = (
                np.append(self._loss, np.full(more, np.inf)),
                np.append(self._weight, np.ones(more)),
            )
            self._modelled = np.append(self._modelled, np.zeros(more, dtype=bool))
        return self._order

    def _assess(self, d: int) -> None:
        history, numbers, evidence = self._history, self._gathering.numbers, self._gathering.evidence
        evidence = evidence._replace(before=self._before(numbers))
        found = self._carrying(evidence, d, self._gathering.first) if self._carrying else self._rule(evidence, d)
        found = _checked(found, len(numbers))
        order = self._assessed = numbers[found.order]
        self._loss, self._weight = np.full(history.n, np.inf), np.ones(history.n)
        self._loss[order], self._weight[order] = found.loss, found.weight
        infeasible = np.flatnonzero((stopped(history) | (history.states == COMPLETE)) & (history.violation > 0))
        least_first = np.argsort(history.violation[infeasible], kind="stable")
        self._order = np.concatenate([order, infeasible[least_first]])
        self._modelled = np.zeros(history.n, dtype=bool)
        self._modelled[self._order] = True

    def _before(self, numbers: IntArray) -> IntArray:
        """Give the indices of trials (n,) in the order in which they were assessed last, new ones at the end."""
        place = np.full(self._history.n, -1)
        place[numbers] = np.arange(len(numbers))
        known = place[self._assessed]
        known = known[known >= 0]
        is_new = np.ones(len(numbers), dtype=bool)
        is_new[known] = False
        return np.concatenate([known, np.flatnonzero(is_new)])


def _checked(found: Assessment, n: int) -> Assessment:
    """Raise ``ValueError`` if a rule does not give some of `n` trials, each once, a loss and a weight for each."""
    order, loss, weight = found
    is_fitting = len(order) == len(loss) == len(weight) and bool((loss[1:] >= loss[:-1]).all())
    is_fitting = is_fitting and not np.isnan(loss[:1]).any()
    is_fitting = is_fitting and bool((np.isfinite(weight) & (weight >= 0)).all())
    is_fitting = is_fitting and bool(((order >= 0) & (order < n)).all())
    if not is_fitting or np.bincount(order, minlength=1).max() > 1:
        raise ValueError(
            f"`fidelity` must give different indices of {n} trials, for each a loss, ascending and not NaN, and a "
            f"finite weight that is not negative, but gave {found!r}."
        )
    return found
