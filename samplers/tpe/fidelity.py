"""What a trial that was stopped early says: rules that put trials of different lengths into one order.

With pruners most trials never run to the end: they are stopped, or paused and perhaps never taken up again. Each was
seen at some budgets, the steps at which trials stop. A rule turns what was seen there into an order from best to worst,
a loss on one scale and a weight for each trial; TPE splits by the order, and multiplies the weights into its densities.

A rule is a function ``(evidence, d) -> Assessment`` of `Evidence` and the number of parameters: `furthest_first`,
`largest_budget`, `carried_over`, or your own. What they do to a search: docs/tpe.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray

N_COMPARED = 64  # trials at most whose order at two budgets is compared, pair by pair
DOUBTFUL_PAIRS = 2.0  # pairs per trial, half of them in order, that agreement is assumed from before there are trials


class Evidence(NamedTuple):
    """What is known of n trials at b budgets, the smallest first; losses are turned so that less is better.

    Attributes
    ----------
    loss
        (n, b) what each trial reported at each budget; NaN where it did not, inf where it reported NaN. If a trial is
        complete, the last budget is the end, and the loss there its value.
    last
        (n,) index of the largest budget at which each trial was seen; -1: at none.
    step
        (n,) the last step of each trial: inf if it is complete, -1 if it reported nothing.
    final
        (n,) its loss there.
    stopped
        (n,) whether it was pruned: someone decided against it, by its reports or by something else. A paused one was
        not judged yet.
    before
        (n,) indices of the trials in the order of the last assessment, new ones at the end: nearly sorted, they are
        sorted sooner. None if nothing was assessed.
    """

    loss: FloatArray
    last: IntArray
    step: FloatArray
    final: FloatArray
    stopped: BoolArray
    before: IntArray | None = None


class Assessment(NamedTuple):
    """Trials from best to worst; those left out are not modelled.

    Attributes
    ----------
    order
        (k,) indices of trials.
    loss
        (k,) their losses on one scale, ascending; inf where there is none.
    weight
        (k,) what they weigh in the densities, where a trial that ran to the end weighs 1.
    """

    order: IntArray
    loss: FloatArray
    weight: FloatArray


Fidelity = Callable[[Evidence, int], Assessment]


def furthest_first(evidence: Evidence, d: int) -> Assessment:
    """Put complete trials first, then those that got further, and of equal steps the lower loss, as Optuna does.

    Only the losses of those that got furthest are on one scale.
    """
    order = np.lexsort([evidence.final, -evidence.step])
    loss = np.where(evidence.step == evidence.step.max(initial=-1.0), evidence.final, np.inf)
    return Assessment(order, loss[order], np.ones(len(order)))


def largest_budget(evidence: Evidence, d: int) -> Assessment:
    """Model the largest budget at which enough trials were seen, and those trials alone.

    d + 3 trials are enough: d + 1 for a density, and two more so that both densities have some (Falkner, Klein and
    Hutter 2018, section 3.2). Where no budget has that many, the largest of the budgets with most trials is modelled.
    Trials without reports come last.
    """
    loss, last = evidence.loss, evidence.last
    if not loss.shape[1]:
        return furthest_first(evidence, d)
    n_seen = np.count_nonzero(~np.isnan(loss), axis=0)
    budget = np.flatnonzero(n_seen >= min(d + 3, n_seen.max()))[-1]
    column = np.where(last < 0, np.inf, loss[:, budget])
    order = np.lexsort([-last, column])[: np.count_nonzero(~np.isnan(column))]
    return Assessment(order, column[order], np.ones(len(order)))


class CarriedOver:
    """Carry losses at small budgets over to the largest budget, by what became of the trials that went on.

    Budgets are taken from the largest down. Of the trials seen at a budget, those that went on have a loss on the scale
    of the largest budget already. A line, never falling, is fitted to their losses on that scale over their losses at
    the budget. The line gives the trials that stopped at the budget a loss on that scale. It is made worse by `doubt`
    deviations from the line, because the best of many guesses is mostly too good.

    Whoever stops a trial may know more than was reported: at best it counts as the median of those that went on from
    the same step. Where none of those that got further reported at that step, it counts as the worst of them.

    The trials that stopped at a budget weigh the less, the less the order at the budget agrees with the final order. Li
    et al., "MFES-HB" (AAAI 2021), section 4.2, weigh the surrogates of several budgets in this way.

    Parameters
    ----------
    prior
        Number of trials that the line is assumed from, with slope 1: a difference at the budget stays what it is.
    doubt
        Deviations by which a carried loss is made worse. With 0 a guess counts as a value; with many deviations trials
        that went further come first, as with `furthest_first`.
    least
        Smallest weight, in [0, 1]; 1: all trials weigh alike.

    Raises
    ------
    ValueError
        If an argument lies outside its range.
    """

    def __init__(self, prior: float = 0.5, doubt: float = 1.0, least: float = 0.1) -> None:
        if not (prior > 0.0 and math.isfinite(prior) and doubt >= 0.0 and 0.0 <= least <= 1.0):
            raise ValueError(
                f"Expected a positive `prior`, a `doubt` not below 0 and `least` in [0, 1], but got prior={prior}, "
                f"doubt={doubt}, least={least}."
            )
        self.prior, self.doubt, self.least = prior, doubt, least

    def __call__(self, evidence: Evidence, d: int) -> Assessment:
        loss, last = evidence.loss, evidence.last
        scale, weight = np.full(len(last), np.inf), np.ones(len(last))
        for budget in range(loss.shape[1])[::-1]:
            here, x = np.flatnonzero(last == budget), loss[:, budget]
            on = np.flatnonzero((last > budget) & np.isfinite(x) & np.isfinite(scale))
            if len(here):
                at_best = median(scale[on]) if len(on) else scale[last > budget].max(initial=-np.inf)
                scale[here], weight[here] = self.carry(x[on], scale[on], x[here], evidence.stopped[here], at_best)
        weight[last == loss.shape[1] - 1] = 1.0
        order = in_order(scale, evidence)
        return Assessment(order, scale[order], weight[order])

    def carry(
        self, x: FloatArray, y: FloatArray, here: FloatArray, stopped: BoolArray, at_best: float
    ) -> tuple[FloatArray, float]:
        """Carry losses over from one budget.

        Parameters
        ----------
        x, y
            (m,) losses of the trials that went on: at the budget, and on the final scale.
        here, stopped
            (k,) losses of the trials that did not, and which of these were pruned.
        at_best
            What a pruned one counts as at best.

        Returns
        -------
        loss, weight
            (k,) losses on the final scale, and what each of these trials weighs.
        """
        carried = self._line(x, y, here)
        weight = max(self.least, agreement(x, y)) if self.least < 1.0 else 1.0
        return np.where(stopped, np.maximum(carried, at_best), carried), weight

    def _line(self, x: FloatArray, y: FloatArray, stopped: FloatArray) -> FloatArray:
        """Fit the line, and give the losses that it makes of those of the k trials that stopped."""
        if not len(x):
            return stopped
        seen = np.concatenate([x, stopped[np.isfinite(stopped)]])
        # Losses beyond both the worst of those that went on and the median count as equal: how bad bad trials are says
        # nothing of the good ones.
        seen = np.minimum(seen, max(float(x.max()), median(seen)))
        unit = max(float(np.abs(seen).max()), float(np.abs(y).max())) or 1.0  # squares stay within what floats hold
        with np.errstate(over="ignore"):
            x, y, stopped = x / unit, y / unit, stopped / unit
        belief = self.prior * float((seen / unit).var())
        dx, dy = x - x.mean(), y - y.mean()
        flat = float(dx @ dx) + belief
        slope = max((float(dx @ dy) + belief) / flat, 1e-9) if flat > 0.0 else 1.0
        off = dy - slope * dx
        deviation = math.sqrt((float(off @ off) + belief) / (len(x) + self.prior))
        with np.errstate(over="ignore"):
            return np.asarray(unit * (y.mean() + slope * (stopped - x.mean()) + self.doubt * deviation))


carried_over = CarriedOver()


def agreement(x: FloatArray, y: FloatArray) -> float:
    """Tell how well two measures of n trials agree on their order: Kendall's tau, shrunk to 1/2, 0 where negative.

    Without any trials it is 1/2.
    """
    if len(x) > N_COMPARED:
        some = np.linspace(0, len(x) - 1, N_COMPARED).astype(np.int64)
        x, y = x[some], y[some]
    n = len(x)
    in_order = np.sign(x[:, None] - x) * np.sign(y[:, None] - y)
    per_trial = float(in_order.sum()) / max(n, 1)  # (n - 1) tau
    return max(0.0, (per_trial + 0.5 * DOUBTFUL_PAIRS) / (max(n - 1, 0) + DOUBTFUL_PAIRS))


def median(x: FloatArray) -> float:
    """Do as `numpy.median` does with numbers that are not NaN, in half the time."""
    middle = len(x) // 2
    if len(x) % 2:
        return float(np.partition(x, middle)[middle])
    low, high = np.partition(x, (middle - 1, middle))[middle - 1 : middle + 1].tolist()
    return (low + high) / 2  # type: ignore[no-any-return]


def in_order(scale: FloatArray, evidence: Evidence) -> IntArray:
    """Order trials (n,) by losses on one scale; of equal losses those of trials seen at larger budgets come first.

    Losses that were carried over from one budget keep their order, so that the last order is sorted but for a few, and
    the sort, which looks for runs, takes time in proportion to n.
    """
    before = np.arange(len(scale)) if evidence.before is None else evidence.before
    order = before[np.argsort(scale[before], kind="stable")]
    found = scale[order]
    tied = np.flatnonzero(found[1:] == found[:-1])
    if not _come_first(order[tied], order[tied + 1], evidence).all():
        is_tied = np.zeros(len(order), dtype=bool)
        is_tied[tied] = is_tied[tied + 1] = True
        places = np.flatnonzero(is_tied)
        its = order[places]
        order[places] = its[np.lexsort([its, evidence.final[its], -evidence.last[its], scale[its]])]
    return order


def _come_first(a: IntArray, b: IntArray, evidence: Evidence) -> BoolArray:
    """Tell which trials (k,) come before others of the same loss (k,)."""
    final, last = evidence.final, evidence.last
    is_lower = (final[a] < final[b]) | ((final[a] == final[b]) & (a < b))
    return np.asarray((last[a] > last[b]) | ((last[a] == last[b]) & is_lower))
