"""`CarriedOver`, kept up: of the trials at each budget those that changed are read, and budgets above them rest."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from .fidelity import Assessment, CarriedOver, Evidence, in_order, median


class Carrying:
    """What a rule gives for evidence that changes from some row on, to the bit.

    Parameters
    ----------
    rule
        The rule.
    """

    def __init__(self, rule: CarriedOver) -> None:
        self._rule = rule
        self._budgets: list[_Seen] = []
        self._scale, self._weight = np.empty(0), np.empty(0)

    def __call__(self, evidence: Evidence, d: int, first: int) -> Assessment:
        """Assess evidence of which the rows before `first` are those of the call before."""
        n, b = evidence.loss.shape
        if b != len(self._budgets):
            first, self._budgets = 0, [_Seen() for _ in range(b)]
        self._scale = np.concatenate([self._scale[:first], np.full(n - first, np.inf)])
        self._weight = np.concatenate([self._weight[:first], np.ones(n - first)])
        for budget in range(self._read(evidence, first), -1, -1):
            if not self._carry(evidence, budget):
                self._budgets = []
                return self._rule(evidence, d)
        order = in_order(self._scale, evidence)
        return Assessment(order, self._scale[order], self._weight[order])

    def _read(self, evidence: Evidence, first: int) -> int:
        """Read the rows from `first` on; give the largest budget at which something changed, -1 if there is none."""
        loss, last, top = evidence.loss[first:], evidence.last[first:], -1
        own = loss[np.arange(len(last)), last] if len(self._budgets) else np.empty(len(last))
        for budget, seen in enumerate(self._budgets):
            x = loss[:, budget]
            here = np.flatnonzero(last == budget)
            on = np.flatnonzero((last > budget) & np.isfinite(x) & np.isfinite(own))
            if seen.replace(first, here, x[here], on, x[on]):
                top = budget
        return top

    def _carry(self, evidence: Evidence, budget: int) -> bool:
        """Carry over from one budget; False if a loss came out infinite or finite that should not have."""
        seen, scale = self._budgets[budget], self._scale
        if len(seen.here):
            at_best = median(scale[seen.on]) if len(seen.on) else scale[evidence.last > budget].max(initial=-np.inf)
            found, weight = self._rule.carry(
                seen.x_on, scale[seen.on], seen.x_here, evidence.stopped[seen.here], at_best
            )
            scale[seen.here] = found
            self._weight[seen.here] = 1.0 if budget == len(self._budgets) - 1 else weight
            return bool((np.isfinite(found) == np.isfinite(seen.x_here)).all())
        return True


class _Seen:
    """The trials that stopped at a budget, here, and those that went on: their rows, ascending, and losses there."""

    def __init__(self) -> None:
        self.here = self.on = np.empty(0, np.int64)
        self.x_here = self.x_on = np.empty(0)

    def replace(self, first: int, here: IntArray, x_here: FloatArray, on: IntArray, x_on: FloatArray) -> bool:
        """Put others in the place of the rows from `first` on, counted from there; tell whether there are any."""
        n_here, n_on = np.searchsorted(self.here, first), np.searchsorted(self.on, first)
        if not (len(here) or len(on) or n_here < len(self.here) or n_on < len(self.on)):
            return False
        self.here, self.x_here = np.append(self.here[:n_here], here + first), np.append(self.x_here[:n_here], x_here)
        self.on, self.x_on = np.append(self.on[:n_on], on + first), np.append(self.x_on[:n_on], x_on)
        return True
