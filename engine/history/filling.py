"""A history filled at once from the columns of a stored study: one by one, 100,000 trials take some seconds.

What comes of it is what `History.put` makes of the records one after the other; a test compares the two.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from ..distributions import BaseDistribution
from ..records import FIXED, PARENT, FrozenTrial, TrialState
from .history import History

Mask = npt.NDArray[np.bool_]

_LIVE = (TrialState.RUNNING, TrialState.WAITING)


@dataclass(frozen=True)
class StoredTrials:
    """All n trials of a study, by number.

    Attributes
    ----------
    trial_ids, states, start, complete
        As the columns of `TrialColumns`, shape (n,).
    values
        Objective values, shape (n, n_objectives); NaN where there are none.
    suggestions
        The different names with their distributions.
    param_numbers, param_codes, param_values
        Parameters in the order in which they were suggested: trial number, index into `suggestions`, internal value.
    report_numbers, report_steps, report_values
        Reports in the order in which they came.
    attrs
        User and system attributes by number, of the trials that have any.
    live
        Records of the trials that are not finished, by number.
    """

    trial_ids: IntArray
    states: IntArray
    start: IntArray
    complete: IntArray
    values: FloatArray
    suggestions: list[tuple[str, BaseDistribution]]
    param_numbers: IntArray
    param_codes: IntArray
    param_values: FloatArray
    report_numbers: IntArray
    report_steps: IntArray
    report_values: FloatArray
    attrs: dict[int, tuple[dict[str, Any], dict[str, Any]]]
    live: dict[int, FrozenTrial]


def fill(history: History, stored: StoredTrials) -> bool:
    """Fill an empty history; False, and half done, if only `History.put` can do it: then take a new one."""
    n, m = stored.values.shape
    is_closed = ~np.isin(stored.states, _LIVE)
    is_paused = stored.states == TrialState.PAUSED
    is_complete = stored.states == TrialState.COMPLETE
    if np.isnan(stored.values[is_complete]).any() or np.isnan(stored.param_values).any():
        return False
    for columns in (history._params, history._constraints, history._rows):
        columns.reserve(n)
    history._rows["trial_id"][:n] = stored.trial_ids
    history._rows["state"][:n] = stored.states
    for name, column in (("start", stored.start), ("complete", stored.complete), ("values", stored.values)):
        history._rows[name][:n][is_closed] = column[is_closed]
    history.n = n
    if not _fill_params(history, stored, is_closed):
        return False
    _fill_live(history, stored.live)
    _fill_attrs(history, stored)
    _fill_reports(history, stored, is_closed)
    history._finished.extend(np.flatnonzero(is_closed & ~is_paused))
    history._pauses.extend(np.flatnonzero(is_paused))
    history.n_complete = int(is_complete.sum())
    history.n_pruned = int((stored.states == TrialState.PRUNED).sum())
    if m == 1:
        _find_best(history, np.flatnonzero(is_complete))
    return True


def _fill_params(history: History, stored: StoredTrials, is_closed: Mask) -> bool:
    order = np.argsort(stored.param_numbers, kind="stable")  # by trial, within a trial as they were suggested
    numbers, codes, values = stored.param_numbers[order], stored.param_codes[order], stored.param_values[order]
    shared = _admit(history, stored.suggestions, codes)
    if shared is None:
        return False
    by_name: dict[str, list[int]] = {}
    for code, (name, _) in enumerate(stored.suggestions):
        by_name.setdefault(name, []).append(code)
    for name, its in by_name.items():
        chosen = np.isin(codes, its) if len(stored.suggestions) > 1 else slice(None)
        history._params.set_many(name, numbers[chosen], values[chosen])
    signature = [(name, distribution) for (name, _), distribution in zip(stored.suggestions, shared, strict=True)]
    _fill_signatures(history, stored, numbers, codes, signature, is_closed)
    return True


def _admit(
    history: History, suggestions: list[tuple[str, BaseDistribution]], codes: IntArray
) -> list[BaseDistribution] | None:
    """Take note of the distributions in the order of the trials; only where a name's distribution changes, that is."""
    names = {name: index for index, name in enumerate(dict.fromkeys(name for name, _ in suggestions))}
    name_of = np.array([names[name] for name, _ in suggestions], dtype=np.int64)
    shared = [distribution for _, distribution in suggestions]
    changes = []
    for index in range(len(names)):
        at = np.flatnonzero(name_of[codes] == index)
        its = codes[at]
        changes.append(at[np.concatenate([[True], its[1:] != its[:-1]])] if len(at) else at)
    for code in codes[np.sort(np.concatenate(changes))].tolist() if changes else ():
        name, distribution = suggestions[code]
        shared[code] = history._admit(name, distribution)
        if shared[code] is not history.canonical(name, distribution):
            return None
    return shared


def _fill_signatures(
    history: History,
    stored: StoredTrials,
    numbers: IntArray,
    codes: IntArray,
    suggestions: list[tuple[str, BaseDistribution]],
    is_closed: Mask,
) -> None:
    """Set what each closed trial suggested, as the index of its signature; equal ones are found by their codes."""
    n = len(stored.states)
    counts = np.bincount(numbers, minlength=n)
    starts = np.cumsum(counts) - counts
    found: list[tuple[int, IntArray, IntArray]] = []  # the first trial of each signature, its codes, its trials
    for count in np.unique(counts[is_closed]).tolist():
        trials = np.flatnonzero(is_closed & (counts == count))
        table = codes[starts[trials][:, np.newaxis] + np.arange(count)]
        if count == 0:
            found.append((int(trials[0]), table[0], trials))
            continue
        distinct, first, which = np.unique(table, axis=0, return_index=True, return_inverse=True)
        which = which.reshape(-1)
        found += [(int(trials[first[i]]), distinct[i], trials[which == i]) for i in range(len(distinct))]
    is_told = np.isin(stored.states, (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED))
    told = []
    for _, its, trials in sorted(found, key=lambda item: item[0]):
        signature = history._domains.index_of(dict(suggestions[code] for code in its.tolist()))
        history._rows["signature"][trials] = signature
        if is_told[trials].any():
            told.append((int(trials[is_told[trials]][0]), signature))
    for _, signature in sorted(told):
        if signature not in history._complete_spaces and signature not in history._pruned_spaces:
            history._together.add(history._domains.signatures[signature])
        states = stored.states[(history._rows["signature"][:n] == signature) & is_closed]
        if (states == TrialState.COMPLETE).any():
            history._complete_spaces.add(signature)
        if np.isin(states, (TrialState.PRUNED, TrialState.PAUSED)).any():
            history._pruned_spaces.add(signature)


def _fill_live(history: History, live: dict[int, FrozenTrial]) -> None:
    for number, record in live.items():
        history.live[number] = record
        for name, distribution in record.distributions.items():
            record.distributions[name] = history.canonical(name, distribution)
        if record.state == TrialState.WAITING:
            heapq.heappush(history._waiting, number)


def _fill_attrs(history: History, stored: StoredTrials) -> None:
    for number, (user_attrs, system_attrs) in sorted(stored.attrs.items()):
        if system_attrs:
            history.rungs.note(number, system_attrs)
        if number in history.live:
            continue
        history._attrs[number] = (user_attrs, system_attrs)
        if system_attrs:
            history._set_constraints(number, system_attrs)
            fixed = system_attrs.get(FIXED)
            is_final = stored.states[number] != TrialState.PAUSED
            if (
                is_final
                and fixed
                and PARENT not in system_attrs
                and not fixed.keys() <= history.suggested(number).keys()
            ):
                history.unsuggested.append(fixed)


def _fill_reports(history: History, stored: StoredTrials, is_closed: Mask) -> None:
    chosen = is_closed[stored.report_numbers]
    order = np.argsort(stored.report_numbers[chosen], kind="stable")
    numbers = stored.report_numbers[chosen][order]
    steps, values = stored.report_steps[chosen][order], stored.report_values[chosen][order]
    if not len(numbers):
        return
    is_complete = stored.states[numbers] == TrialState.COMPLETE
    history.reports.fill(numbers, steps, values, is_complete)
    last = np.lexsort((steps, numbers))
    last = last[np.concatenate([numbers[last][1:] != numbers[last][:-1], [True]])]
    history._rows["last_step"][numbers[last]] = steps[last]
    history._rows["last_value"][numbers[last]] = values[last]


def _find_best(history: History, complete: IntArray) -> None:
    feasible = complete[~(history.violation[complete] > 0)]
    if len(feasible):
        losses = history.losses(feasible)[:, 0]
        best = int(np.argmin(losses))  # of equal ones the first, which has the lowest number
        history._best_rank, history.best = (float(losses[best]), int(feasible[best])), int(feasible[best])
