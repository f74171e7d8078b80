"""A process that trains and pauses: ``python pausing_worker.py URL N_ASKS [SECONDS]``.

It prints each job, number, resume step and next rung, before it trains, and waits between two reports.
"""

from __future__ import annotations

import math
import sys
import time

import parzen
from parzen.pruners import ASHAPruner
from parzen.samplers import RandomSampler
from parzen.storages import RDBStorage
from parzen.trial import TrialState

if __name__ == "__main__":
    url, n_asks, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    storage = RDBStorage(url, heartbeat_interval=1)
    study = parzen.load_study(
        study_name="shared", storage=storage, sampler=RandomSampler(), pruner=ASHAPruner(27, reduction_factor=3)
    )
    for _ in range(n_asks):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        print(trial.number, trial.resume_step, trial.next_rung, trial.user_attrs.get("checkpoint"), flush=True)
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            time.sleep(seconds)
            trial.report(x + math.sin(trial.number * step) / step, step)
        trial.set_user_attr("checkpoint", trial.next_rung)
        study.tell(trial, *((None, TrialState.PAUSED) if trial.should_pause() else (x,)))
    print("done", flush=True)
