"""What the tests of pruners that promote share: a loop that pauses, and slow, obvious twins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import parzen
from parzen.pruners import BasePruner
from parzen.trial import Trial, TrialState

Job = tuple[int, int, int]  # number of a trial, the steps behind and up to which it ran
Curve = Callable[[int, int], Any]  # of a trial's number and a step


def study_of(pruner: BasePruner, m: int = 1, **kwargs: Any) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    directions = ["minimize"] * m
    return parzen.create_study(directions=directions, pruner=pruner, sampler=parzen.samplers.RandomSampler(0), **kwargs)


def train(study: parzen.Study, trial: Trial, curve: Curve) -> Job:
    """Run a trial up to its next rung and tell it; give its number and the steps behind and up to which it ran."""
    assert trial.next_rung is not None
    for step in range(trial.resume_step + 1, trial.next_rung + 1):
        trial.report(curve(trial.number, step), step)
    job = trial.number, trial.resume_step, trial.next_rung
    if trial.should_pause():
        study.tell(trial, state=TrialState.PAUSED)
    else:
        study.tell(trial, curve(trial.number, job[2]))
    return job


def jobs(study: parzen.Study, curve: Curve, n: int) -> list[Job]:
    """What a single worker does in `n` asks."""
    return [train(study, study.ask(), curve) for _ in range(n)]


def asha_jobs(levels: Sequence[int], eta: int, curve: Curve, n: int) -> list[Job]:
    """Algorithm 2 of Li et al. (2020), word by word, for one worker."""
    rungs: list[dict[int, float]] = [{} for _ in levels]
    done: list[Job] = []
    n_started = 0
    for _ in range(n):
        for k in reversed(range(len(levels) - 1)):
            top = sorted(rungs[k], key=lambda number, k=k: (rungs[k][number], number))[: len(rungs[k]) // eta]
            promotable = [number for number in top if number not in rungs[k + 1]]
            if promotable:
                number, rung = promotable[0], k + 1
                break
        else:
            number, rung = n_started, 0
            n_started += 1
        rungs[rung][number] = curve(number, levels[rung])
        done.append((number, levels[rung - 1] if rung else 0, levels[rung]))
    return done


def halving_jobs(sizes: Sequence[int], levels: Sequence[int], curve: Curve, first: int = 0) -> list[Job]:
    """Successive halving of one bracket, word by word."""
    members, before, done = list(range(first, first + sizes[0])), 0, []
    for i, level in enumerate(levels):
        done += [(number, before, level) for number in members]
        if i + 1 < len(sizes):
            members = sorted(members, key=lambda number, level=level: (curve(number, level), number))[: sizes[i + 1]]
        before = level
    return done
