"""Another process of the tests of the storage proxy: ``python proxy_worker.py COMMAND PORT [ARGUMENT]``."""

from __future__ import annotations

import sys

import parzen
from parzen.samplers import RandomSampler
from parzen.storages import GrpcStorageProxy, SQLiteStorage, run_grpc_proxy_server


def serve(port: int, url: str) -> None:
    """Stand before a SQLite file until a signal comes."""
    run_grpc_proxy_server(SQLiteStorage(url), port=port)


def work(port: int, n_trials: str) -> None:
    """Run trials of the study "shared" and print the number, the value and the enqueued mark of each."""
    study = parzen.load_study(study_name="shared", storage=GrpcStorageProxy(port=port), sampler=RandomSampler())
    for _ in range(int(n_trials)):
        print(*run_one(study))


def run_one(study: parzen.Study) -> tuple[int, float, int]:
    """Run a trial; give its number, its value, and its place in the queue, -1 if it was not enqueued."""
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    for step in range(3):
        trial.report(x + step, step)
    trial.set_user_attr("x", x)
    study.tell(trial, x)
    return trial.number, x, trial.user_attrs.get("place", -1)


if __name__ == "__main__":
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    {"serve": serve, "work": work}[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
