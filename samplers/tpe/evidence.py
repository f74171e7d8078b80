"""Which trials TPE learns from, and what each was seen to be worth at which budget, read from the history.

A paused trial counts as a pruned one. A resumed trial counts as it did when it paused, because its run since is not
over, and other processes may not know its reports yet.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.records import PAUSED_AT, FrozenTrial, TrialState
from .fidelity import Evidence

COMPLETE, PRUNED, PAUSED = int(TrialState.COMPLETE), int(TrialState.PRUNED), int(TrialState.PAUSED)
MOST_BUDGETS = 12


def resumed(history: History) -> dict[int, FrozenTrial]:
    """Find the trials that paused and were resumed, by number."""
    return {
        number: record
        for number, record in history.live.items()
        if record.system_attrs and record.system_attrs.get(PAUSED_AT) is not None
    }


def n_observed(history: History) -> int:
    """Count the trials to learn from: complete, pruned and paused ones."""
    n: int = history.n_complete + history.n_pruned + len(resumed(history))
    return n + int(np.count_nonzero(history.states == PAUSED)) if history.n_pauses else n


def is_plain(history: History) -> bool:
    """Tell whether losses rank all trials to learn from: complete ones of one objective without constraints."""
    return len(history.signs) == 1 and not (history.n_pruned or history.n_pauses or history.is_constrained)


def stopped(history: History) -> BoolArray:
    """Tell which trials (n,) were pruned or paused."""
    found: BoolArray = (history.states == PRUNED) | (history.states == PAUSED)
    found[list(resumed(history))] = True
    return found


def last_reports(history: History, sign: float = 1.0) -> tuple[IntArray, FloatArray]:
    """Give the largest step of each trial (n,), -1 without one, and `sign` times the report there, inf for NaN."""
    step, value = history.last_step.copy(), sign * history.last_value
    for number, record in resumed(history).items():
        reported = reported_before(record)
        step[number] = max(reported, default=-1)
        value[number] = sign * reported.get(int(step[number]), np.nan)
    return step, np.where(np.isnan(value), np.inf, value)


def gather(history: History, among: BoolArray | None = None) -> tuple[IntArray, Evidence]:
    """Collect what is known of some trials of a study of one objective.

    Parameters
    ----------
    history
        The study's trials.
    among
        Which of them to look at, shape (n,); by default the feasible ones.

    Returns
    -------
    numbers
        The n trial numbers, ascending.
    evidence
        Budgets are the steps at which trials were stopped or paused, at most `MOST_BUDGETS` of them, and the end of the
        complete ones.
    """
    among = ~(history.violation > 0) if among is None else among
    short, whole = stopped(history) & among, (history.states == COMPLETE) & among
    numbers = np.flatnonzero(short | whole)
    sign = history.signs[0]
    step, report = last_reports(history, sign)
    budgets = _budgets(step[short])
    loss = _reports_at(history, budgets, sign)
    last = np.searchsorted(budgets, step, side="right") - 1
    between = np.flatnonzero(short & (last >= 0))
    between = between[np.isnan(loss[between, last[between]])]
    loss[between, last[between]] = report[between]
    value = sign * history.values[:, 0]
    if whole.any():
        end = np.where(whole, value, np.nan)
        loss, last = np.concatenate([loss.T, end[None]]).T, np.where(whole, len(budgets), last)
    furthest, final = np.where(whole, np.inf, step), np.where(whole, value, report)
    was_pruned = history.states == PRUNED
    return numbers, Evidence(
        loss.T[:, numbers].T, last[numbers], furthest[numbers], final[numbers], was_pruned[numbers]
    )


def reported_before(record: FrozenTrial) -> dict[int, float]:
    """Give what a resumed trial had reported when it paused."""
    end = record.system_attrs[PAUSED_AT]
    return {step: value for step, value in record.intermediate_values.items() if step <= end}


def _budgets(steps: IntArray) -> IntArray:
    """Choose the budgets to compare at, given the last steps of stopped trials (k,)."""
    steps = steps[steps >= 0]
    is_short = len(steps) and int(steps.max()) <= len(steps)  # then counting is faster than sorting
    found = np.flatnonzero(np.bincount(steps)) if is_short else np.unique(steps)
    return np.array(budgets_among(found.tolist()), dtype=np.int64)


def budgets_among(steps: list[int]) -> list[int]:
    """Choose the budgets to compare at: the different last steps, ascending, or of many some, evenly by ratio."""
    if len(steps) <= MOST_BUDGETS:
        return steps
    wanted = np.geomspace(steps[0] + 1.0, steps[-1] + 1.0, MOST_BUDGETS) - 1.0
    places: list[int] = np.unique(np.searchsorted(steps, wanted - 1e-6 * (wanted + 1.0))).tolist()
    return [steps[place] for place in places]


def _reports_at(history: History, budgets: IntArray, sign: float) -> FloatArray:
    """Tabulate what all trials reported at the budgets, times `sign`, inf for NaN: shape (n, b)."""
    loss: FloatArray = np.full((len(budgets), history.n), np.nan).T  # rules look at budgets, one by one
    for column, budget in zip(loss.T, budgets.tolist(), strict=True):
        numbers, values = history.reports.at(budget)
        numbers, values = numbers[numbers < history.n], values[numbers < history.n]
        column[numbers] = np.where(np.isnan(values), np.inf, sign * values)
    for number, record in resumed(history).items():
        reported = reported_before(record)
        row = sign * np.array([reported.get(budget, np.nan) for budget in budgets.tolist()])
        seen = np.array([budget in reported for budget in budgets.tolist()], dtype=bool)
        loss[number] = np.where(seen & np.isnan(row), np.inf, row)
    return loss
