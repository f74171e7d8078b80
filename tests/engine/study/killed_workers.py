"""Workers of an executor that are killed all the time: is every trial told once?

    python tests/engine/study/killed_workers.py --workers ray --kills 100
    python tests/engine/study/killed_workers.py --workers dask --kills 100 --reports

A study is optimised by two workers of Ray, Dask or parzen's own pool, one of which is killed at random by SIGKILL as
soon as some trial ended; a trial whose worker died is tried again. Prints what became of the trials, and fails if one
was lost, told twice, or is still running.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import parzen
from parzen.storages import RetryHeartbeatStaleTrialCallback
from parzen.trial import FrozenTrial, TrialState


def objective(trial: parzen.Trial) -> float:
    """Say who evaluates what, and take a moment."""
    x = trial.suggest_float("x", 0, 1)
    with open(os.environ["PARZEN_TEST_RUNS"], "a") as file:
        file.write(f"{trial.number} {os.getpid()}\n")
    time.sleep(random.uniform(0.0, 0.2))
    if os.environ.get("PARZEN_TEST_REPORTS"):
        trial.report(x, 1)
    return x


@contextmanager
def replaced_by_somebody() -> Iterator[dict[str, Any]]:
    """Give a Dask cluster whose workers are started anew by who runs them, as in Kubernetes; its nannies give up."""
    from distributed import Client, LocalCluster

    over = threading.Event()
    with LocalCluster(n_workers=0, dashboard_address=None) as cluster, Client(cluster) as client:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--no-nanny"]

        def run() -> None:
            while not over.is_set():
                worker = subprocess.Popen([*command, "--nthreads", "1"], stderr=subprocess.DEVNULL)
                while worker.poll() is None:
                    if over.wait(0.1):
                        worker.kill()

        supervisors = [threading.Thread(target=run) for _ in range(2)]
        for thread in supervisors:
            thread.start()
        client.wait_for_workers(2)
        try:
            yield {"executor": client.get_executor(), "n_jobs": 2}
        finally:
            over.set()
            for thread in supervisors:
                thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", choices=["ray", "dask", "processes"], default="processes")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--reports", action="store_true", help="each trial reports once")
    parser.add_argument("--file", action="store_true", help="the study is in an SQLite file, not in memory")
    arguments = parser.parse_args()
    from pools import made

    folder = Path(tempfile.mkdtemp())
    runs = folder / "runs"
    os.environ["PARZEN_TEST_RUNS"] = str(runs)
    if arguments.reports:
        os.environ["PARZEN_TEST_REPORTS"] = "1"
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    storage = f"sqlite:///{folder}/study.db" if arguments.file else None
    study = parzen.create_study(storage=storage, sampler=parzen.samplers.TPESampler(seed=0))
    over, ended, killed, rng = threading.Event(), threading.Event(), [], random.Random(0)
    told: Counter[int] = Counter()

    def kill() -> None:
        while len(killed) < arguments.kills and not over.is_set():
            if not ended.wait(1.0):  # many deaths with no trial between them would end the study
                continue
            ended.clear()
            time.sleep(rng.uniform(0.0, 0.2))
            newest = [int(line.split()[1]) for line in runs.read_text().splitlines()[-2:]]
            victim = rng.choice(newest)
            if victim not in killed:
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)

    def follow(study: parzen.Study, trial: FrozenTrial) -> None:
        told[trial.number] += 1
        if trial.state == TrialState.COMPLETE:
            ended.set()
        if len(killed) >= arguments.kills:
            study.stop()

    start = time.perf_counter()
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with replaced_by_somebody() if arguments.workers == "dask" else made(arguments.workers) as workers:
            study.optimize(objective, None, retries=1000, callbacks=[follow], **workers)
    finally:
        over.set()
        killer.join()
    trials = study.trials
    states = Counter(trial.state for trial in trials)
    again = Counter(
        RetryHeartbeatStaleTrialCallback.retry_history(trial)[-1]
        for trial in trials
        if RetryHeartbeatStaleTrialCallback.retry_history(trial)
    )
    begun = Counter(int(line.split()[0]) for line in runs.read_text().splitlines())
    print(f"{len(killed)} workers killed in {time.perf_counter() - start:.0f} s; {len(trials)} trials:", dict(states))
    print("told so often:", dict(Counter(told.values())), "- begun so often:", dict(Counter(begun.values())))
    print("failed trials that were tried again so often:", dict(Counter(again.values())))
    assert [trial.number for trial in trials] == list(range(len(trials))), "a gap"
    assert states[TrialState.RUNNING] == 0, "running for good"
    assert set(told.values()) == {1}, "told twice"
    assert set(again) == {trial.number for trial in trials if trial.state == TrialState.FAIL}, "lost"
    assert set(again.values()) <= {1}, "doubled"
    for trial in trials:
        if trial.state == TrialState.COMPLETE:
            assert trial.value == trial.params["x"]
            assert not arguments.reports or trial.intermediate_values == {1: trial.value}, trial


if __name__ == "__main__":
    main()
