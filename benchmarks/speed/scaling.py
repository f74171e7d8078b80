"""Answer how many workers a study's storage takes: measured to 64 that sleep, and on paper to 10,000.

Method: a trial suggests 5 parameters (random sampling), sleeps, reports once and is told. First 4 processes that do not
sleep run trials for a time: the storage is the bottleneck then, and the demand D of a trial is the time by the number
of trials. With W workers whose objective takes Z the mean time R that a trial spends in the storage follows from D and
Z by mean value analysis of a closed queue with one server (Reiser and Lavenberg 1980): R(w) = D (1 + Q(w - 1)), X(w) =
w / (R(w) + Z), Q(w) = X(w) R(w). The idle share of the workers is R / (R + Z). The same is measured: forked processes
that sleep. Where clients and server share a machine, D holds the clients' CPU time, too, and so is an upper bound.
The kind ``executor`` is `Study.optimize(executor=ProcessPool(W))`, by TPE: there D is what the caller does for a trial.

How to run::

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.scaling
    python -m parzen.benchmarks.speed.scaling --kinds sqlite postgresql --postgresql postgresql+psycopg://me@host/base
    python -m parzen.benchmarks.speed.scaling --workers 16 64 --sleep 4 --seconds 20

"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import parzen
from parzen.benchmarks.speed.proxy import free_port, serve

FORK = multiprocessing.get_context("fork")  # 64 workers share what they have imported
KINDS = ("sqlite", "journal", "proxy", "postgresql", "executor")
PAPER_WORKERS, PAPER_SECONDS = (64, 1_000, 10_000), (10, 60, 600)


def idle_share(n_workers: int, demand: float, seconds: float) -> float:
    """Give the idle share of workers whose trials take `seconds`, and `demand` seconds of one shared server."""
    waiting = queue = 0.0
    for w in range(1, n_workers + 1):
        waiting = demand * (1.0 + queue)
        queue = waiting * w / (waiting + seconds)
    return waiting / (waiting + seconds)


class Objective:
    """Suggests, sleeps half to one and a half times its seconds, so that trials do not end together, and reports."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, trial: Any) -> float:
        total = sum(trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(5))
        time.sleep(self.seconds * (0.5 + trial.number * 0.618034 % 1.0))
        trial.report(total, 1)
        return float(total)


def open_study(kind: str, where: str) -> parzen.Study:
    """Open the study of a measurement, or make it."""
    storage: Any = where
    if kind == "journal":
        storage = parzen.storages.JournalStorage(parzen.storages.journal.JournalFileBackend(where))
    elif kind == "proxy":
        storage = parzen.storages.GrpcStorageProxy(port=int(where))
        storage.wait_server_ready(timeout=60)
    sampler = parzen.samplers.RandomSampler()
    return parzen.create_study(storage=storage, study_name="benchmark", load_if_exists=True, sampler=sampler)


def work(kind: str, where: str, objective: Objective, seconds: float, barrier: Any, counts: Any) -> None:
    """Be a worker that runs trials for a time."""
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    study = open_study(kind, where)
    study.optimize(Objective(0.0), n_trials=1)  # it reads the study, once
    barrier.wait()
    time.sleep(objective.seconds * (hash(uuid.uuid4()) % 1000) / 1000)  # so that not all begin at once
    before = time.monotonic()
    n_trials = 0
    while time.monotonic() - before < seconds:
        study.optimize(objective, n_trials=1)
        n_trials += 1
    counts.put((n_trials, time.monotonic() - before))


def rate(kind: str, where: str, n_workers: int, sleep: float, seconds: float) -> float:
    """Measure the trials a second of several workers together."""
    if kind == "executor":
        return executor_rate(n_workers, sleep, seconds)
    barrier, counts = FORK.Barrier(n_workers), FORK.Queue()
    arguments = (kind, where, Objective(sleep), seconds, barrier, counts)
    workers = [FORK.Process(target=work, args=arguments) for _ in range(n_workers)]
    for worker in workers:
        worker.start()
    found = [counts.get(timeout=seconds + 120) for _ in workers]
    for worker in workers:
        worker.join()
    return float(sum(n / taken for n, taken in found))


def executor_rate(n_workers: int, sleep: float, seconds: float) -> float:
    """Measure the trials a second of a caller with a pool of processes."""
    from parzen.integration.executors import ProcessPool

    with ProcessPool(n_workers) as pool, tempfile.TemporaryDirectory() as folder:
        study = parzen.create_study(storage=f"sqlite:///{folder}/study.db", sampler=parzen.samplers.TPESampler())
        study.optimize(Objective(max(sleep, 0.5)), n_trials=2 * n_workers, executor=pool)  # until all have started
        n_before, edge = len(study.trials), 1.5 * sleep
        n_trials = n_workers * round((seconds + 2 * edge) / sleep) if sleep else round(100 * seconds)
        before = time.time()
        study.optimize(Objective(sleep), n_trials, executor=pool)
        after = time.time()
        ends = [trial.datetime_complete.timestamp() for trial in study.trials[n_before:] if trial.datetime_complete]
        found = sum(before + edge <= end <= after - edge for end in ends) / (after - before - 2 * edge)
        study._storage.remove_session()
    return found


def measure(kind: str, where: str, arguments: argparse.Namespace) -> None:
    """Print the demand of a trial, idle shares as measured and as computed, and those on paper."""
    n_busy = 2 if kind == "executor" else 4
    demand = 1.0 / rate(kind, where, n_busy, 0.0, arguments.seconds / 2)
    print(f"\n{kind}: {1 / demand:.0f} trials a second, D = {demand * 1e3:.2f} ms")
    for w in arguments.workers:
        found = rate(kind, where, w, arguments.sleep, arguments.seconds)
        idle, foretold = 1 - found * arguments.sleep / w, idle_share(w, demand, arguments.sleep)
        print(
            f"  {w:>6} workers, {arguments.sleep:g} s: {found:.1f} trials/s, idle {idle:.1%}, computed {foretold:.1%}"
        )
    for w in PAPER_WORKERS:
        shares = ", ".join(f"{z} s: {idle_share(w, demand, z):.1%}" for z in PAPER_SECONDS)
        print(f"  {w:>6} workers on paper, idle with trials of {shares}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=[kind for kind in KINDS if kind != "postgresql"])
    parser.add_argument("--workers", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--sleep", type=float, default=4.0, help="seconds of an objective (default: 4)")
    parser.add_argument("--seconds", type=float, default=12.0, help="time of one measurement (default: 12)")
    parser.add_argument("--postgresql", help="URL of an empty database")
    arguments = parser.parse_args()
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    for kind in arguments.kinds:
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            where = {"sqlite": f"sqlite:///{folder}/study.db", "journal": str(Path(folder) / "study.log")}.get(kind, "")
            server = FORK.Process(target=serve, args=("parzen", port, 0), daemon=True) if kind == "proxy" else None
            if server is not None:
                server.start()
                where = str(port)
            elif kind == "postgresql":
                where = arguments.postgresql or parser.error("PostgreSQL needs --postgresql URL")
            measure(kind, where, arguments)
            if server is not None:
                server.kill()
                server.join()


if __name__ == "__main__":
    main()
