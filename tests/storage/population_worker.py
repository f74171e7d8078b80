"""A process that trains members of a population: ``python population_worker.py URL FOLDER SIZE SECONDS``.

Checkpoints are files, those that are not in use are deleted. It waits between two reports, prints each job before it
trains (number, whose checkpoint, resume step, next rung), and ends when as many members as the population has are
complete.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path

import parzen
from parzen.pruners import PBTPruner
from parzen.samplers import RandomSampler
from parzen.storages import RDBStorage
from parzen.trial import TrialState

INTERVAL, STEPS = 2, 12


def pruner_of(size: int) -> PBTPruner:
    return PBTPruner(size, INTERVAL, max_resource=STEPS, quantile=0.34)


def file_of(folder: Path, number: int, step: int) -> Path:
    return folder / f"{number}-{step}"


def delete_unused(study: parzen.Study, folder: Path) -> None:
    made = list(folder.glob("*-*"))  # first: one that is made later is none of those that were not in use
    in_use = {file_of(folder, *checkpoint) for checkpoint in study.checkpoints_in_use()}
    for path in made:
        if path not in in_use:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    url, folder, size, seconds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    storage = RDBStorage(url, heartbeat_interval=1)
    study = parzen.load_study(study_name="shared", storage=storage, sampler=RandomSampler(), pruner=pruner_of(size))
    while len(study.get_trials(states=(TrialState.COMPLETE,))) < size:
        trial = study.ask()
        x = trial.suggest_float("x", 0.1, 10, log=True)
        print(trial.number, trial.resume_from, trial.resume_step, trial.next_rung, flush=True)
        w = 1.0
        if trial.resume_from is not None:
            w = float(file_of(folder, trial.resume_from, trial.resume_step).read_text())
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            time.sleep(seconds)
            w *= 1 - 0.3 * math.exp(-(math.log(x * step) ** 2))
            trial.report(w, step)
        new = folder / f"{trial.number}-{step}.new"
        new.write_text(repr(w))
        new.rename(file_of(folder, trial.number, step))
        study.tell(trial, *((None, TrialState.PAUSED) if trial.should_pause() else (w,)))
        delete_unused(study, folder)
    print("done", flush=True)
