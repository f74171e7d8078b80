"""Progressive ASHA: the maximum step grows only while the ranking of the best still changes.

Source: Bohdal et al., "PASHA: Efficient HPO and NAS with Progressive Resource Allocation", ICLR 2023, arXiv 2207.06940:
Algorithm 1, soft ranking and the estimate of epsilon in section 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.history import Completion, History
from .asha import ASHAPruner, Standings

_PERCENTILE = 90.0  # of the differences between trials that overtake each other again and again
_COMPARED = 64  # best trials of the top rung, between which the noise is measured


class PASHAPruner(ASHAPruner):
    """Resumes paused trials as `ASHAPruner` does, but at first only up to the second rung.

    Whenever a trial completes the top rung, those there are ranked by what they reported there and at the rung below.
    As long as the rankings agree no trial goes further. If they do not, one more rung is opened. Trials whose reports
    differ by less than epsilon count as equal; epsilon is estimated from learning curves that cross more than once.

    A study ends when its budget does, and perhaps no trial is complete then: `leader` gives the best of the top rung.

    Parameters
    ----------
    max_resource, min_resource, reduction_factor, min_early_stopping_rate
        See `ASHAPruner`; the maximum is reached only if the rankings never agree.
    """

    multi_objective = False

    def note(self, study: Any, standings: Standings, completed: list[Completion]) -> None:
        top = standings.top = max(standings.top, 1, len(standings.rungs) - 1)
        is_at_top = any(completion.rung == top for completion in completed)
        if is_at_top and top < len(self._levels) - 1 and not self._is_settled(study.history, standings):
            standings.top += 1

    def height(self, standings: Standings) -> int:
        return min(standings.top, len(self._levels) - 1)

    def _is_settled(self, history: History, standings: Standings) -> bool:
        """Tell whether the top rung and the one below rank the trials of the top rung alike."""
        above, below = standings.rungs[standings.top], standings.rungs[standings.top - 1]
        ranked = above.best(len(above))
        known = np.array([below.loss_of(number)[0] for number in ranked])
        best = [history.copy_record(number).intermediate_values for number in ranked[:_COMPARED]]
        return is_same_ranking(known, noise(common_curves(best, self._levels[standings.top])))


def is_same_ranking(earlier: FloatArray, epsilon: float) -> bool:
    """Tell whether trials had the same ranks before, taking differences up to epsilon for none.

    Parameters
    ----------
    earlier
        (k,) losses at the rung below, of trials from best to worst at the rung above.
    epsilon
        Differences up to this do not count.

    Notes
    -----
    The trial that is i-th now must have been as good, but for epsilon, as the one that was i-th then: the soft ranking
    of section 4.2.
    """
    with np.errstate(invalid="ignore"):  # inf - inf: equal
        gap = np.abs(np.sort(earlier) - earlier)
    return bool((np.nan_to_num(gap, nan=0.0, posinf=np.inf) <= epsilon).all())


def common_curves(reported: list[dict[int, float]], last: int) -> FloatArray:
    """Give what trials reported at the steps up to `last` that all of them reported: (k, n_steps)."""
    steps = set.intersection(*(set(curve) for curve in reported))
    common = sorted(step for step in steps if step <= last)
    return np.array([[curve[step] for step in common] for curve in reported])


def noise(curves: FloatArray) -> float:
    """Estimate epsilon from learning curves (k, n_steps).

    Of two trials whose curves cross at least twice, neither is better as far as can be told: the difference at their
    end is noise. Epsilon is the 90th percentile of those differences, 0 without any: section 4.3.
    """
    first, second = np.triu_indices(len(curves), 1)
    if not len(first) or not curves.shape[1]:
        return 0.0
    with np.errstate(invalid="ignore"):  # inf - inf: neither is ahead, and there is no gap
        gap = curves[first] - curves[second]
    ahead = np.nan_to_num(np.sign(gap))
    crossings = np.zeros(len(first), dtype=int)
    leader = ahead[:, 0]
    for now in ahead.T[1:]:
        crossings += now * leader < 0
        leader = np.where(now == 0, leader, now)
    gaps = np.abs(gap[crossings >= 2, -1])
    gaps = gaps[np.isfinite(gaps)]
    return float(np.percentile(gaps, _PERCENTILE)) if len(gaps) else 0.0
