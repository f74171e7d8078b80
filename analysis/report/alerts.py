"""Alerts in words: what a person should look at. Each is a pure function of columns and findings."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ...engine.arrays import BoolArray, IntArray
from ...engine.records import TrialState
from .columns import COMPLETE, FAIL, PAUSED, PRUNED, RUNNING, Columns, Param
from .findings import Findings

EDGE = 0.01  # share of a range within which a value lies at its edge
NEAR_EDGE = 0.1  # and that within which half of the best tenth must lie, too
FEWEST = 20  # finished trials below which nothing is said of how a search went
LONG = 0.75  # share of the trials that brought no new best
RARE = 0.01  # share of all importance below which a parameter never mattered
WEAK = 0.2  # size of a rank correlation up to which that is so
FEWEST_TO_WEIGH = 50  # complete trials for that
TWIN = 0.05  # of a range: how near two values of twins lie
LARGE = float(np.finfo(np.float32).max)  # beyond it, or below its inverse, lie the extremes
IDLE = 0.5
ROUNDING = 1e-9  # of the largest value: less is no noise
STALE = 10.0  # times the longest trial, after which one that runs is probably dead


@dataclass(frozen=True)
class Alert:
    """Something to look at.

    Attributes
    ----------
    kind
        Which alert, the name of its function.
    title, text
        In a few words, and in a sentence or two: what was found, and what can be done.
    trials
        Numbers of the trials that it is about.
    is_warning
        Whether something is likely to be wrong; otherwise it is good to know.
    """

    kind: str
    title: str
    text: str
    trials: tuple[int, ...] = ()
    is_warning: bool = True


Source = Callable[[Columns, Findings], Iterator[Alert]]


def alerts_of(columns: Columns, findings: Findings) -> list[Alert]:
    """Give all alerts of a study, warnings first."""
    with np.errstate(all="ignore"):
        found = [alert for source in SOURCES for alert in source(columns, findings)]
    return sorted(found, key=lambda alert: not alert.is_warning)


def _numbers(rows: BoolArray | IntArray) -> tuple[int, ...]:
    found = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
    return tuple(found.tolist())


def _finished(columns: Columns) -> BoolArray:
    return np.asarray(np.isin(columns.states, (COMPLETE, PRUNED, FAIL)))


def _best_tenth(columns: Columns) -> IntArray:
    """Give the numbers of the best tenth of the complete trials, three at least, the best one first."""
    losses = columns.losses
    order = np.argsort(losses, kind="stable")[: np.count_nonzero(~np.isnan(losses))]
    return order[: max(math.ceil(len(order) / 10), 3)]


# --- what was searched -----------------------------------------------------------------------------------------------


def edge(columns: Columns, _: Findings) -> Iterator[Alert]:
    """The best value lies at an end of its range, and half of the best tenth are near."""
    if columns.best is None or np.count_nonzero(columns.complete) < FEWEST:
        return
    best = _best_tenth(columns)
    for param in columns.params:
        position = param.position
        at = position[columns.best]
        for name, end, distance in (("lower", param.low, at), ("upper", param.high, 1.0 - at)):
            others = position[best] if name == "lower" else 1.0 - position[best]
            if distance <= EDGE and np.mean(others <= NEAR_EDGE) >= 0.5:
                value = param.values[columns.best]
                text = (
                    f"The best trial has {param.name} = {value:.6g}, beside the {name} end {end:.6g} of its range, as "
                    "have most of the best tenth. Widen the range there, unless that end is a limit in itself."
                )
                yield Alert("edge", f"Best value of {param.name} at the {name} end", text, _numbers(best))


def failing_choice(columns: Columns, _: Findings) -> Iterator[Alert]:
    """A choice of which every trial failed, while others did not."""
    failed, finished = columns.states == FAIL, _finished(columns)
    for param in columns.params:
        has = finished & ~np.isnan(param.values)
        if param.kind != "choice" or failed[has].all():
            continue
        for code, label in enumerate(param.labels):
            rows = has & (param.values == code)
            if np.count_nonzero(rows) >= 3 and failed[rows].all():
                k = np.count_nonzero(rows)
                text = f"All {k} trials with {param.name} = {label} failed. Repair it, or take the choice out."
                yield Alert("failing_choice", f"{param.name} = {label} always fails", text, _numbers(rows))


def never_mattered(columns: Columns, findings: Findings) -> Iterator[Alert]:
    """A parameter has next to no importance, and the objective does not go with it where it is there, either.

    With several objectives one that leads along the front has none, and matters.
    """
    is_told = np.count_nonzero(columns.complete) >= FEWEST_TO_WEIGH and len(findings.importances) > 1
    if not is_told or len(columns.signs) > 1:
        return
    for param in columns.params:
        share = findings.importances.get(param.name)
        if abs(findings.sensitivities.get(param.name, 0.0)) > WEAK:
            continue
        if share is not None and share < RARE and len(np.unique(param.values[~np.isnan(param.values)])) > 1:
            text = (
                f"{param.name} has {share:.1%} of all importance: it can be fixed, which leaves a smaller space. It "
                "may matter elsewhere in the space, or together with another one."
            )
            yield Alert("never_mattered", f"{param.name} never mattered", text, is_warning=False)


def duplicates(columns: Columns, findings: Findings) -> Iterator[Alert]:
    """Many trials have the parameters of an earlier one."""
    group, _n = _alike(columns)
    repeats = np.zeros(columns.n, dtype=bool)
    known = np.flatnonzero(group >= 0)
    first = np.unique(group[known], return_index=True)[1]
    repeats[np.delete(known, first)] = True
    k, n = np.count_nonzero(repeats), len(known)
    if k >= 3 and k >= n / 20:
        text = (
            f"{k} of {n} finished trials repeat the parameters of an earlier one. If the objective has no noise that "
            "is time lost: the space may be used up, or a sampler that never repeats is needed."
        )
        yield Alert("duplicates", f"{k} duplicates", text, _numbers(repeats))


def _alike(columns: Columns) -> tuple[IntArray, int]:
    """Give a group for each finished trial, the same for equal parameters, and their number; -1 for the others."""
    group = np.full(columns.n, -1)
    known = np.flatnonzero(_finished(columns) & columns.present.any(axis=1)) if columns.params else np.empty(0, int)
    if not len(known):
        return group, 0
    points = np.ascontiguousarray(columns.points[known] + 0.0)  # minus zero is zero
    rows = points.view(np.dtype((np.void, points.itemsize * points.shape[1]))).ravel()
    _, inverse = np.unique(rows, return_inverse=True)
    group[known] = inverse
    return group, int(inverse.max()) + 1


def moved_range(columns: Columns, _: Findings) -> Iterator[Alert]:
    """The range or the choices of parameters changed in the course of the study."""
    moved = [param.name for param in columns.params if param.has_moved]
    if moved:
        text = f"The range or the choices of {', '.join(moved)} changed during the study; the last ones are shown."
        yield Alert("moved_range", "The search space moved", text, is_warning=False)


def never_asked(columns: Columns, _: Findings) -> Iterator[Alert]:
    """A parameter was enqueued that no trial ever asked for."""
    names = [name for name in columns.unsuggested if name not in {param.name for param in columns.params}]
    if names:
        text = f"Enqueued trials set {', '.join(names)}, which the objective never asked for: is a name misspelt?"
        yield Alert("never_asked", "Enqueued, but never asked for", text)


# --- how the search went ---------------------------------------------------------------------------------------------


def stagnation(columns: Columns, _: Findings) -> Iterator[Alert]:
    """No new best for long."""
    best, n = columns.best, np.count_nonzero(_finished(columns))
    if best is None or n < FEWEST:
        return
    since = int(np.count_nonzero(_finished(columns)[best + 1 :]))
    if since >= LONG * n:
        chance = math.ceil(since / 2) / (n + math.ceil(since / 2))  # records of alike draws: m / (n + m)
        text = (
            f"Trial {best} is the best since {since} trials. Of {math.ceil(since / 2)} more trials of the same kind "
            f"one is better with a chance of {chance:.0%} (records theory); more trials may not pay."
        )
        yield Alert("stagnation", "No new best for long", text, (best,), is_warning=False)


def not_converged(columns: Columns, _: Findings) -> Iterator[Alert]:
    """The best trial is among the last ones."""
    finished = np.flatnonzero(_finished(columns))
    best, n = columns.best, len(finished)
    if best is not None and n >= FEWEST and np.count_nonzero(finished > best) < n / 10:
        text = f"Trial {best}, the best one, is among the last tenth of {n} trials: more of them are likely to pay."
        yield Alert("not_converged", "Best found in the last tenth", text, (best,), is_warning=False)


def failures(columns: Columns, _: Findings) -> Iterator[Alert]:
    """Many trials failed; the commonest error."""
    failed, n = columns.states == FAIL, np.count_nonzero(_finished(columns))
    k = np.count_nonzero(failed)
    if k < 3 and (k == 0 or k < n / 20):
        return
    codes = columns.errors.codes[failed]
    said = codes[codes >= 0]
    if len(said):
        code = int(np.bincount(said).argmax())
        times = np.count_nonzero(said == code)
        rest = f"The commonest error ({times} times): {columns.errors.labels[code]}"
    else:
        rest = "Why is not known: they were told as failed. The user attribute `error` of a trial would say it."
    yield Alert("failures", f"{k} of {n} trials failed", rest, _numbers(failed))


def few_complete(columns: Columns, _: Findings) -> Iterator[Alert]:
    """Nearly all trials were pruned, or none keeps the constraints."""
    n, pruned = np.count_nonzero(_finished(columns)), columns.states == PRUNED
    complete = columns.states == COMPLETE
    if n >= FEWEST and np.count_nonzero(complete) < n / 20 and np.count_nonzero(pruned) > n / 2:
        text = f"{np.count_nonzero(pruned)} of {n} trials were pruned; that leaves the sampler little to learn from."
        yield Alert("few_complete", "Nearly all trials were pruned", text, _numbers(pruned))
    if complete.any() and not columns.complete.any():
        text = "No complete trial satisfies all constraints. Loosen them, or search where they hold."
        yield Alert("few_complete", "No feasible trial", text, _numbers(complete))


def pruned_twin(columns: Columns, _: Findings) -> Iterator[Alert]:
    """A trial was pruned whose near twin later became the best."""
    best = columns.best
    if best is None or not columns.params:
        return
    earlier = np.flatnonzero(columns.states[:best] == PRUNED)
    twins = earlier[_are_near(columns.params, earlier, best)]
    if len(twins):
        shown = ", ".join(map(str, twins[:5].tolist()))
        text = (
            f"The pruner stopped {'trial' if len(twins) == 1 else 'trials'} {shown}, with nearly the parameters of "
            f"trial {best}, which became the best. It may stop too early, or the objective be noisy: "
            "give it more patience."
        )
        yield Alert("pruned_twin", "A twin of the winner was pruned", text, (*_numbers(twins), best))


def _are_near(params: tuple[Param, ...], numbers: IntArray, to: int) -> BoolArray:
    near = np.ones(len(numbers), dtype=bool)
    for param in params:
        own, their = param.values[to], param.values[numbers]
        same = (their == own) | (np.isnan(their) & math.isnan(own))
        if param.kind != "choice":
            position = param.position
            same |= np.abs(position[numbers] - position[to]) <= TWIN
        near &= same
    return near


# --- the objective ---------------------------------------------------------------------------------------------------


def noisy(columns: Columns, _: Findings) -> Iterator[Alert]:
    """Repeats of the same parameters differ by more than the best is ahead."""
    best = columns.best
    noise, k = repeats_spread(columns)
    if best is None or math.isnan(noise):
        return
    losses = columns.losses
    gap = float(np.median(losses[_best_tenth(columns)]) - losses[best])
    if noise > gap:
        text = (
            f"Repeats of the same parameters have a standard deviation of {noise:.4g} ({k} degrees of freedom), but "
            f"the best is only {gap:.4g} ahead of the median of the best tenth: it may be a lucky one. "
            "`parzen.recommended_trial(study)` weighs it with its neighbours; or repeat the best ones."
        )
        yield Alert("noisy", "Noise is larger than the gain", text, _numbers(_best_tenth(columns)))


def repeats_spread(columns: Columns) -> tuple[float, int]:
    """Give the pooled standard deviation of repeats, and its degrees of freedom; NaN with fewer than 3 of these.

    Less than rounding does is none.
    """
    group, n_groups = _alike(columns)
    losses = columns.losses
    rows = (group >= 0) & np.isfinite(losses)
    counts = np.bincount(group[rows], minlength=n_groups)
    freedom = int(np.maximum(counts - 1, 0).sum())
    if freedom < 3:
        return math.nan, freedom
    mean = np.bincount(group[rows], losses[rows], minlength=n_groups) / np.maximum(counts, 1)
    squares = ((losses[rows] - mean[group[rows]]) ** 2).sum()
    spread = math.sqrt(float(squares) / freedom)
    return (0.0 if spread <= ROUNDING * np.abs(losses[rows]).max() else spread), freedom


def constant(columns: Columns, _: Findings) -> Iterator[Alert]:
    """An objective has the same value in all trials."""
    rows = columns.states == COMPLETE
    for name, values in zip(columns.objectives, columns.values[rows].T, strict=True):
        if len(values) >= 5 and (values == values[0]).all():
            text = f"{name} is {values[0]:.6g} in all {len(values)} complete trials: nothing can be learned from it."
            yield Alert("constant", f"{name} is constant", text)


def extremes(columns: Columns, _: Findings) -> Iterator[Alert]:
    """Values are infinite, or as large or small as numbers hardly get."""
    size = np.abs(columns.values)
    rows: BoolArray = np.asarray(((size > LARGE) | ((size > 0) & (size < 1 / LARGE))).any(axis=1))
    if rows.any():
        text = (
            f"{np.count_nonzero(rows)} trials have values that are infinite, beyond {LARGE:.1g} or nearer to 0 than "
            f"{1 / LARGE:.1g}. Such values hide differences between others: fail the trial, or bound what it tells."
        )
        yield Alert("extremes", "Values at the extremes of numbers", text, _numbers(rows))


def nan_reports(columns: Columns, _: Findings) -> Iterator[Alert]:
    """Trials reported NaN."""
    owner = np.repeat(columns.reports.numbers, np.diff(columns.reports.starts))
    numbers = np.unique(owner[np.isnan(columns.reports.values)])
    if len(numbers):
        text = f"{len(numbers)} trials reported NaN in the course of training: they diverged, or a metric is undefined."
        yield Alert("nan_reports", "NaN in learning curves", text, _numbers(numbers))


def no_conflict(columns: Columns, _: Findings) -> Iterator[Alert]:
    """One trial is the best in all objectives."""
    if len(columns.signs) > 1 and len(columns.front) == 1 and np.count_nonzero(columns.complete) >= FEWEST:
        text = f"Trial {columns.front[0]} is the best in every objective, so they do not conflict: one of them may do."
        yield Alert("no_conflict", "The front is a single trial", text, columns.front, is_warning=False)


# --- who ran it ------------------------------------------------------------------------------------------------------


def stale(columns: Columns, _: Findings) -> Iterator[Alert]:
    """Trials run for much longer than any that finished."""
    seconds, finished = columns.seconds, _finished(columns)
    longest = np.nanmax(seconds[finished], initial=-np.inf, where=~np.isnan(seconds[finished]))
    rows = (columns.states == RUNNING) & (seconds > max(STALE * longest, 60.0)) & (longest >= 0)
    if rows.any():
        text = (
            f"{np.count_nonzero(rows)} trials run for more than {STALE:g} times as long as any that finished: their "
            "process is probably dead. A storage with `heartbeat_interval` fails them, and they can be retried."
        )
        yield Alert("stale", "Trials that probably died", text, _numbers(rows))


def idle(columns: Columns, findings: Findings) -> Iterator[Alert]:
    """Workers waited most of the time."""
    lanes = findings.lanes
    if lanes.n_lanes > 1 and lanes.idle > IDLE and np.count_nonzero(lanes.lane >= 0) >= FEWEST:
        text = f"Up to {lanes.n_lanes} trials ran at a time, but {lanes.idle:.0%} of the workers' time nothing did."
        yield Alert("idle", "Workers were idle", text, is_warning=False)


def unfinished(columns: Columns, _: Findings) -> Iterator[Alert]:
    """There are no trials, none complete, or some that wait or pause."""
    states = columns.states
    if not columns.n:
        yield Alert("unfinished", "No trials", "The study has no trials yet.", is_warning=False)
    elif not (states == COMPLETE).any():
        yield Alert("unfinished", "No complete trial", "No trial is complete yet, so there is no best one.")
    k, paused = np.count_nonzero(states == int(TrialState.WAITING)), np.count_nonzero(states == PAUSED)
    if k or paused:
        text = f"{k} trials wait to be run, and {paused} are paused. They count once somebody runs them."
        yield Alert("unfinished", "Trials that wait", text, is_warning=False)


SOURCES: tuple[Source, ...] = (
    unfinished, failures, failing_choice, extremes, constant, nan_reports, edge, pruned_twin, noisy, few_complete,
    stale, never_asked, duplicates, not_converged, stagnation, never_mattered, no_conflict, moved_range, idle,
)  # fmt: skip
