"""The order of trials from best to worst, by which TPE splits them; kept up as trials finish."""

from __future__ import annotations

import bisect
from array import array
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.kernels.dominance import ranks
from .evidence import COMPLETE, PRUNED, gather, last_reports, resumed, stopped
from .fidelity import Assessment, Evidence, Fidelity

_FEW = 300  # newly finished trials up to which each is inserted, instead of sorting all again


def rank(history: History) -> IntArray:
    """Order the complete and pruned trials from best to worst.

    Feasible complete trials come first, by value; then feasible pruned ones, those that got further before, and of
    equal steps by their last report; then those that violate constraints, by how much.

    Returns
    -------
    numbers
        Trial numbers, shape (n_complete + n_pruned,).
    """
    complete, pruned, infeasible = tiers_of(history)
    return np.concatenate(
        [
            complete[_by_values(history.losses(complete))],
            pruned[by_last_report(history, pruned)],
            infeasible[np.argsort(history.violation[infeasible], kind="stable")],
        ]
    )


class Ranking:
    """What `rank` gives, for a study of one objective; a trial that finished since is inserted in O(log n).

    Parameters
    ----------
    history
        The study's trials.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._sign = history.signs[0]
        self._seen = 0
        # Complete trials by loss, pruned ones by step and report, infeasible ones by violation.
        self._tiers = Sorted(array("d")), Sorted([]), Sorted(array("d"))

    def update(self) -> int:
        """Bring in the trials that finished since; return the number of complete and pruned trials."""
        new = self._history.finished[self._seen :]
        self._seen += len(new)
        if len(new) > _FEW:
            self._sort()
        else:
            for number in new.tolist():
                self._insert(number)
        return sum(len(tier.numbers) for tier in self._tiers)

    def order(self, n: int | None = None) -> IntArray:
        """Give the numbers of the best `n` trials, from best to worst; None: of all."""
        numbers = self._tiers[0].numbers[:n]
        for tier in self._tiers[1:]:
            if n is None or len(numbers) < n:
                numbers += tier.numbers[: None if n is None else n - len(numbers)]
        return np.array(numbers, dtype=np.int64)

    def _insert(self, number: int) -> None:
        history = self._history
        state = history.states[number]
        if history.violation[number] > 0 and state in (COMPLETE, PRUNED):
            self._tiers[2].insert(float(history.violation[number]), number)
        elif state == COMPLETE:
            self._tiers[0].insert(self._sign * float(history.values[number, 0]), number)
        elif state == PRUNED:
            self._tiers[1].insert(self._progress(number), number)

    def _progress(self, number: int) -> tuple[float, float]:
        """Give what pruned trials are sorted by: how far they got, and what they reported there."""
        value = self._sign * float(self._history.last_value[number])
        return -float(self._history.last_step[number]), np.inf if np.isnan(value) else value

    def _sort(self) -> None:
        """Sort all trials from scratch."""
        history = self._history
        complete, pruned, infeasible = tiers_of(history)
        loss, violation = self._sign * history.values[complete, 0], history.violation[infeasible]
        best_first = np.argsort(loss, kind="stable"), np.argsort(violation, kind="stable")
        self._tiers[0].replace(loss[best_first[0]], complete[best_first[0]])
        self._tiers[2].replace(violation[best_first[1]], infeasible[best_first[1]])
        furthest_first = by_last_report(history, pruned)
        progress = [self._progress(number) for number in pruned[furthest_first].tolist()]
        self._tiers[1].replace(progress, pruned[furthest_first])


class Graded:
    """Trials of different lengths in the order of a rule of `fidelity`, for a study of one objective.

    Parameters
    ----------
    history
        The study's trials.
    rule
        The rule.

    Attributes
    ----------
    numbers : ndarray
        (k,) numbers of the trials that are modelled, from best to worst; the infeasible last.
    loss, weight : ndarray
        (n,) by trial number: losses on one scale, inf where there is none, and weights in the densities.
    """

    def __init__(self, history: History, rule: Fidelity) -> None:
        self._history = history
        self._rule = rule
        self._made_for: object = None
        self._evidence: tuple[IntArray, Evidence]
        self._assessed_for = -1
        self.numbers = np.empty(0, np.int64)
        self.loss, self.weight = np.empty(0), np.empty(0)

    def update(self, d: int) -> None:
        """Assess all trials, for a space of `d` parameters."""
        history = self._history
        made_for = len(history.finished), len(history.pauses), tuple(resumed(history))
        if made_for != self._made_for:
            self._evidence, self._made_for, self._assessed_for = gather(history), made_for, -1
        if self._assessed_for != d:
            self._assess(d)
            self._assessed_for = d
        more = history.n - len(self.weight)  # trials that run, or failed
        if more > 0:
            self.loss, self.weight = np.append(self.loss, np.full(more, np.inf)), np.append(self.weight, np.ones(more))

    def _assess(self, d: int) -> None:
        history, (numbers, evidence) = self._history, self._evidence
        found = _checked(self._rule(evidence, d), len(numbers))
        order = numbers[found.order]
        self.loss, self.weight = np.full(history.n, np.inf), np.ones(history.n)
        self.loss[order], self.weight[order] = found.loss, found.weight
        infeasible = np.flatnonzero((stopped(history) | (history.states == COMPLETE)) & (history.violation > 0))
        worst = infeasible[np.argsort(history.violation[infeasible], kind="stable")]
        self.numbers = np.concatenate([order, worst])

    def modelled(self) -> BoolArray:
        """Tell which trials (n,) are modelled."""
        found = np.zeros(self._history.n, dtype=bool)
        found[self.numbers] = True
        return found

    def made(self, below: IntArray, next_best: IntArray) -> bytes:
        """Give what decides about the weights of good trials, for a key."""
        return self.loss[below].tobytes() + self.loss[next_best].tobytes() + self.weight[below].tobytes()


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


class Sorted:
    """Numbers sorted by a key and, where keys are equal, by themselves.

    Parameters
    ----------
    keys
        An empty list or array to hold the keys.

    Attributes
    ----------
    numbers : array
        The numbers in order.
    """

    def __init__(self, keys: Any) -> None:
        self._keys = keys
        self.numbers = array("q")

    def insert(self, key: Any, number: int) -> None:
        """Add a number."""
        equal = bisect.bisect_left(self._keys, key), bisect.bisect_right(self._keys, key)
        position = bisect.bisect_left(self.numbers, number, *equal)
        self._keys.insert(position, key)
        self.numbers.insert(position, number)

    def replace(self, keys: Any, numbers: IntArray) -> None:
        """Take other numbers, sorted, and their keys."""
        del self._keys[:], self.numbers[:]
        if isinstance(keys, np.ndarray):
            self._keys.frombytes(keys.tobytes())
        else:
            self._keys.extend(keys)
        self.numbers.frombytes(numbers.tobytes())


def tiers_of(history: History) -> tuple[IntArray, IntArray, IntArray]:
    """Give the numbers of the complete, the pruned or paused, and the infeasible trials."""
    complete, pruned, infeasible = history.states == COMPLETE, stopped(history), history.violation > 0
    return (
        np.flatnonzero(complete & ~infeasible),
        np.flatnonzero(pruned & ~infeasible),
        np.flatnonzero((complete | pruned) & infeasible),
    )


def _by_values(losses: FloatArray) -> IntArray:
    """Order points by value, or with several objectives front by front."""
    return np.argsort(losses[:, 0] if losses.shape[1] == 1 else ranks(losses), kind="stable")


def by_last_report(history: History, numbers: IntArray) -> IntArray:
    """Order trials that were stopped or paused: those that got further before, of equal ones by their last report."""
    step, loss = last_reports(history, history.signs[0] if len(history.signs) == 1 else 1.0)
    return np.lexsort([loss[numbers], -step[numbers]])
