"""A process that works on the study "shared" until Ctrl-C: ``python waiting_worker.py WHAT STORAGE``.

It prints ``trial`` before each trial and, at its end, what it was ended by.
"""

from __future__ import annotations

import os
import sys
import time

import parzen
from parzen.samplers import RandomSampler
from parzen.storages import BaseStorage, GrpcStorageProxy, JournalStorage, RDBStorage
from parzen.storages.journal import JournalFileBackend, JournalRedisBackend


def opened(address: str) -> BaseStorage:
    """Open a storage: a URL, ``journal:FILE``, ``redis://...`` with a prefix after a blank, or ``proxy:PORT``."""
    kind, _, rest = address.partition(":")
    if kind == "journal":
        return JournalStorage(JournalFileBackend(rest))
    if kind == "redis":
        url, _, prefix = address.partition(" ")
        return JournalStorage(JournalRedisBackend(url, prefix=prefix))
    if kind == "proxy":
        return GrpcStorageProxy(port=int(rest))
    unprepared = {"connect_args": {"prepare_threshold": None}}  # so that a middleman reads each statement
    return RDBStorage(address, unprepared if kind.startswith("postgresql") else None)


def note(text: str) -> None:
    """Write a line at once, whatever other threads write."""
    os.write(1, f"{text}\n".encode())


def objective(trial: parzen.Trial) -> float:
    """Train for a moment."""
    note("trial")
    x = trial.suggest_float("x", 0, 1)
    trial.report(x, 0)
    time.sleep(0.02)
    return x


def training(trial: parzen.Trial) -> float:
    """Train for longer than Ctrl-C takes."""
    x = trial.suggest_float("x", 0, 1)
    note("trial")
    time.sleep(1.0 + trial.number % 2)
    return x


def work(study: parzen.Study, what: str) -> None:
    """Do one thing again and again."""
    if what == "optimize":
        study.optimize(objective)
    if what == "threads":
        study.optimize(objective, n_jobs=2)
    if what == "training":
        study.optimize(training, n_jobs=2)
    while what == "ask":
        study.tell(study.ask(), objective(study.ask()))
    while what == "read":
        note("trial")
        study.trials  # noqa: B018 - each look asks the storage
        time.sleep(0.02)


if __name__ == "__main__":
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    shared = parzen.create_study(
        storage=opened(sys.argv[2]), study_name="shared", sampler=RandomSampler(), load_if_exists=True
    )
    try:
        work(shared, sys.argv[1])
    except BaseException as error:
        note(f"ended by {type(error).__name__}: {error}")
