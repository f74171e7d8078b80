"""The pruners that pause trials and promote them. A new one joins by one line in `PAUSING`.

As a program it is a process of its own that goes on with a study: ``python pausing.py URL PRUNER N_ASKS``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

import parzen
from parzen.pruners import ASHAPruner, PASHAPruner, PBTPruner, PromotingPruner, SyncHyperbandPruner
from parzen.trial import Trial, TrialState

PAUSING: dict[str, Callable[[], PromotingPruner]] = {
    "asha": lambda: ASHAPruner(9, reduction_factor=3),
    "asha from 2 to 20": lambda: ASHAPruner(20, 2, 2),
    "pasha": lambda: PASHAPruner(27, reduction_factor=3),
    "pbt": lambda: PBTPruner(8, 3, max_resource=9, seed=0),
    "pbt, synchronous": lambda: PBTPruner(6, 3, quantile=0.5, max_resource=12, synchronous=True, seed=0),
    "sync hyperband": lambda: SyncHyperbandPruner(9),
    "sync halving": lambda: SyncHyperbandPruner(9, n_brackets=1),
}
NAME = "paused"  # of every study

Job = tuple[int, int, int]  # number of a trial, the steps behind and up to which it ran


def study_of(pruner: PromotingPruner, n_objectives: int = 1, storage: str | None = None, seed: int = 0) -> parzen.Study:
    """Create a study, or go on with the one in a storage."""
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    directions, sampler = ["minimize"] * n_objectives, parzen.samplers.RandomSampler(seed)
    return parzen.create_study(
        study_name=NAME, directions=directions, pruner=pruner, sampler=sampler, storage=storage, load_if_exists=True
    )


def curves(x: float, step: int, n_objectives: int) -> list[float]:
    """Curves that fall, and cross all the time; none of the objectives says what another one is."""
    return [x + math.sin(100.0 * (k + 1) * x * step) / 2 + 1 / step for k in range(n_objectives)]


def losses(trial: Trial, step: int) -> float | list[float]:
    """Train one step: what a trial reports."""
    found = curves(trial.suggest_float("x", 0, 1), step, len(trial.study.directions))
    return found if len(found) > 1 else found[0]


def train(trial: Trial) -> Job:
    """Report up to the next rung, from the checkpoint that the trial has with it, or one that its parent made."""
    if trial.resume_from in (None, trial.number):
        has_checkpoint = trial.user_attrs.get("checkpoint", 0) == trial.resume_step
    else:
        has_checkpoint = trial.resume_step in trial.study.trials[trial.resume_from].intermediate_values
    if not has_checkpoint:
        raise RuntimeError(f"Trial {trial.number} goes on behind {trial.resume_step}, but has {trial.user_attrs}.")
    for step in range(trial.resume_step + 1, trial.next_rung + 1):
        trial.report(losses(trial, step), step)
    trial.set_user_attr("checkpoint", trial.next_rung)
    return trial.number, trial.resume_step, trial.next_rung


def work(study: parzen.Study, trial: Trial) -> Job:
    """Train a trial and tell it."""
    job = train(trial)
    paused = trial.should_pause()
    study.tell(trial, *((None, TrialState.PAUSED) if paused else (losses(trial, job[2]),)))
    return job


def jobs(study: parzen.Study, n_asks: int) -> list[Job]:
    """What a single worker does in so many asks."""
    return [work(study, study.ask()) for _ in range(n_asks)]


if __name__ == "__main__":
    url, name, n_asks = sys.argv[1:]
    sampler = parzen.samplers.RandomSampler(0)
    study = parzen.load_study(study_name=NAME, storage=url, sampler=sampler, pruner=PAUSING[name]())
    print(*(" ".join(map(str, job)) for job in jobs(study, int(n_asks))), sep="\n")
