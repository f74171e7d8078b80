"""
One of many workers on one study: start it as often as there is room, on as many machines as reach the storage.

Run it with ``python -m parzen.examples.worker --storage sqlite:///worker.db``, in several terminals, as a SLURM array,
or as a Kubernetes job. The storage is a URL of a file or a server, ``journal:PATH``, or ``proxy:HOST:PORT``. A worker
that dies leaves a trial to the others, which find it by its missing heartbeat (SQLite, PostgreSQL, MySQL).
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import parzen
from parzen.storages import GrpcStorageProxy, JournalStorage, RDBStorage, retry
from parzen.storages.journal import JournalFileBackend
from parzen.study import MaxTrialsCallback
from parzen.trial import Trial, TrialState


def objective(trial: Trial, seconds: float = 0.1) -> float:
    """Stand for a training: takes some time, reports, and stops where it goes badly."""
    learning_rate = trial.suggest_float("learning_rate", 1e-5, 1.0, log=True)
    width = trial.suggest_int("width", 8, 512, log=True)
    for epoch in range(1, 4):
        time.sleep(seconds / 3)
        loss = abs(learning_rate - 0.01) + abs(width - 64) / 512 + 1 / epoch
        trial.report(loss, epoch)
        if trial.should_prune():
            raise parzen.TrialPruned
    return loss


def open_storage(where: str) -> Any:
    """Open what a worker is told to work on."""
    kind, _, place = where.partition(":")
    if kind == "journal":
        return JournalStorage(JournalFileBackend(place))
    if kind == "proxy":
        host, _, port = place.rpartition(":")
        return GrpcStorageProxy(host=host, port=int(port))  # the token is in PARZEN_PROXY_TOKEN
    return RDBStorage(where, heartbeat_interval=30, heartbeat_stale_trial_callback=retry(2))


def main(where: str = "sqlite:///worker.db", n_trials: int = 100, seconds: float = 0.1) -> parzen.Study:
    """Work until the study has so many trials, whoever evaluated them; return the study."""
    study = parzen.create_study(study_name="many", storage=open_storage(where), load_if_exists=True)
    enough = MaxTrialsCallback(n_trials, states=(TrialState.COMPLETE, TrialState.PRUNED))
    study.optimize(lambda trial: objective(trial, seconds), callbacks=[enough])
    return study


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--storage", default="sqlite:///worker.db")
    parser.add_argument("--trials", type=int, default=100, help="of the study, whoever evaluated them")
    parser.add_argument("--seconds", type=float, default=0.1, help="of a trial")
    arguments = parser.parse_args()
    main(arguments.storage, arguments.trials, arguments.seconds)
