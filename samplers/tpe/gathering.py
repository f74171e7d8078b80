"""The evidence of `evidence.gather`, kept up: of a trial that ended, paused or went on its row alone is read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from ...engine.arrays import AnyArray, FloatArray
from ...engine.history import History
from ...engine.records import FrozenTrial
from .evidence import COMPLETE, PAUSED, PRUNED, budgets_among, gather, reported_before, resumed
from .fidelity import Evidence

_FEW = 48  # trials up to which the row of each is read, instead of gathering all anew


class Gathering:
    """What is known of the feasible trials of one study; rows are kept as long as the budgets stay.

    Parameters
    ----------
    history
        The study's trials, of one objective.

    Attributes
    ----------
    numbers, evidence
        As `gather` gives them.
    first
        The first row that differs since the last change.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._n_seen = 0, 0  # ends, and pauses
        self._again: dict[int, FrozenTrial] = {}
        self._last_steps: Counter[int] = Counter()  # of stopped trials
        self._budgets: list[int] | None = None
        self._has_complete = False
        self.first = 0

    def update(self) -> bool:
        """Bring in what happened since; tell whether anything did."""
        history, again = self._history, resumed(self._history)
        n_ends, n_pauses = self._n_seen
        changed = {*history.finished_since(n_ends), *history.pauses[n_pauses:].tolist(), *(again.keys() ^ self._again)}
        if not changed and self._budgets is not None:
            return False
        self._n_seen, self._again = (history.n_finished, history.n_pauses), again
        changed.update(again)  # one may have reported a step that lies before its pause
        if self._budgets is None or not self._read_again(changed):
            self._gather()
        return True

    def _gather(self) -> None:
        self.numbers, found = gather(self._history)
        n, self.first = len(self.numbers), 0
        self._has_complete = bool(np.isinf(found.step).any())
        steps = found.step[np.isfinite(found.step) & (found.step >= 0)]
        self._last_steps = Counter(steps.astype(np.int64).tolist())
        self._budgets = budgets_among(sorted(self._last_steps))
        self._rows: list[AnyArray] = [np.resize(column, 2 * n + 1) for column in (self.numbers, *found[1:5])]
        self._loss = np.empty((found.loss.shape[1], 2 * n + 1))
        self._loss[:, :n] = found.loss.T
        self._show(n)

    def _show(self, n: int) -> None:
        self.numbers, last, step, final, stopped = (column[:n] for column in self._rows)
        self.evidence = Evidence(self._loss[:, :n].T, last, step, final, stopped)

    def _read_again(self, changed: set[int]) -> bool:
        """Read the rows of some trials; False, and nothing is done, if all are to be gathered anew."""
        counted = [number for number in changed if self._counts(number)]
        if len(changed) > _FEW or len(self.numbers) + len(counted) > len(self._rows[0]):
            return False
        if not self._has_complete and any(self._history.state(number) == COMPLETE for number in counted):
            return False
        rows = [self._row(number) for number in counted]
        first = int(np.searchsorted(self.numbers, min(changed)))
        is_kept = ~np.isin(self.numbers[first:], list(changed))
        kept, old = first + np.flatnonzero(is_kept), first + np.flatnonzero(~is_kept)
        n = first + len(kept) + len(rows)
        self._last_steps.subtract(_stops(self.evidence.step[old].tolist()))
        self._last_steps.update(_stops(row[2] for row in rows))
        self._last_steps += Counter()  # drops what is not there any more
        if budgets_among(sorted(self._last_steps)) != self._budgets:
            return False
        order = np.argsort(np.concatenate([self.numbers[kept], np.array([row[0] for row in rows], dtype=np.int64)]))
        fields = list(zip(*rows, strict=True)) or [()] * 6
        for column, new in zip(self._rows, fields, strict=False):
            column[first:n] = np.concatenate([column[kept], np.array(new, dtype=column.dtype)])[order]
        losses = np.array(fields[5]).reshape(len(rows), len(self._loss))
        self._loss[:, first:n] = np.concatenate([self._loss[:, kept], losses.T], axis=1)[:, order]
        self.first = first
        self._show(n)
        return True

    def _counts(self, number: int) -> bool:
        """Tell whether a trial is one to learn from, and feasible."""
        is_seen = number in self._again or self._history.state(number) in (COMPLETE, PRUNED, PAUSED)
        return is_seen and not self._history.violation[number] > 0

    def _row(self, number: int) -> tuple[int, int, float, float, bool, FloatArray]:
        """Give number, index of the last budget, last step, loss there, whether it was pruned, and losses (b,)."""
        assert self._budgets is not None
        history, record, budgets = self._history, self._again.get(number), self._budgets
        sign, state = history.signs[0], history.state(number)
        reported = history.reports.of(number) if record is None else reported_before(record)
        loss = np.full(len(self._loss), np.nan)
        for j, budget in enumerate(budgets):
            if budget in reported:
                loss[j] = _bad_nan(sign * reported[budget])
        if state == COMPLETE:
            loss[-1] = value = sign * float(history.values[number, 0])
            return number, len(budgets), math.inf, value, False, loss
        step = max(reported, default=-1)
        report = _bad_nan(sign * reported[step]) if reported else math.inf
        last = int(np.searchsorted(budgets, step, side="right")) - 1
        if last >= 0 and math.isnan(loss[last]):
            loss[last] = report
        return number, last, float(step), report, state == PRUNED, loss


def _bad_nan(value: float) -> float:
    return math.inf if value != value else value


def _stops(steps: Iterable[float]) -> list[int]:
    """Give the last steps of stopped trials that reported."""
    return [int(step) for step in steps if 0 <= step < math.inf]
