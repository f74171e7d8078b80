"""A process that starts a trial and then does nothing: ``python liveness_worker.py URL``."""

from __future__ import annotations

import sys
import time

import parzen
from parzen.samplers import RandomSampler
from parzen.storages import RDBStorage, retry

if __name__ == "__main__":
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    storage = RDBStorage(sys.argv[1], heartbeat_interval=1, heartbeat_stale_trial_callback=retry(2))
    study = parzen.load_study(study_name="shared", storage=storage, sampler=RandomSampler())
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.set_user_attr("checkpoint", f"epoch of {trial.number}")
    trial.report(0.5, step=3)
    print(trial.number, flush=True)
    time.sleep(600)
