"""Grid and exhaustive search in 8 processes of which some are killed all the time: is every point told once?

    WORK=0.6 python tests/samplers/killed_searches.py --kills 200

It forks workers that share a study in an SQLite file with a heartbeat, kills one at random again and again by SIGKILL,
and starts another in its place. It prints how often points were told: ``{1: 288}`` is what should come out. ``WORK``
are the seconds that a trial takes.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import parzen
from parzen.samplers import BruteForceSampler, GridSampler
from parzen.storages import RDBStorage
from parzen.trial import Trial, TrialState

N_WORKERS = 8
GRID = {"a": list(range(12)), "b": list(range(8)), "c": ["x", "y", "z"]}  # 288 points


def on_the_grid(trial: Trial) -> float:
    a, b = trial.suggest_int("a", 0, 11), trial.suggest_int("b", 0, 7)
    time.sleep(float(os.environ.get("WORK", "0.15")))
    return a + b + len(trial.suggest_categorical("c", GRID["c"]))


def in_branches(trial: Trial) -> float:
    """Suggest one of 4 * 9 + 3 * 12 + 5 * (1 + 2 + ... + 6) = 177 combinations."""
    kind = trial.suggest_categorical("kind", ["p", "q", "r"])
    time.sleep(float(os.environ.get("WORK", "0.15")))
    if kind == "p":
        return trial.suggest_int("i", 0, 3) + trial.suggest_int("j", 0, 8)
    if kind == "q":
        return trial.suggest_float("u", 0.0, 1.0, step=0.5) + trial.suggest_int("v", 1, 12)
    n = trial.suggest_int("n", 1, 6)
    return trial.suggest_int("m", 1, n) + trial.suggest_int("k", 0, 4)


SEARCHES: dict[str, tuple[Callable[[], Any], Callable[[Trial], float], int]] = {
    "grid": (lambda: GridSampler(GRID), on_the_grid, 288),
    "brute-force": (BruteForceSampler, in_branches, 177),
}


def search(name: str, url: str) -> None:
    """Work until there is nothing to do."""
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)
    make, objective, _ = SEARCHES[name]
    sampler = make()
    study = parzen.load_study(study_name=name, storage=RDBStorage(url, heartbeat_interval=1), sampler=sampler)
    parzen.storages.fail_stale_trials(study)
    if not sampler.is_exhausted(study):
        study.optimize(objective)


def start(name: str, url: str) -> int:
    """Fork a worker; give its process identifier."""
    pid = os.fork()
    if pid == 0:
        try:
            search(name, url)
        finally:
            os._exit(0)
    return pid


def told(name: str, url: str) -> Counter[int]:
    """Count how many points were told how often; those never told count, too."""
    study = parzen.load_study(study_name=name, storage=url)
    points = Counter(
        tuple(sorted(trial.params.items(), key=str)) for trial in study.get_trials(states=[TrialState.COMPLETE])
    )
    found = Counter(points.values())
    found[0] = SEARCHES[name][2] - len(points)
    return +found  # without what counts nothing


def is_over(name: str, url: str) -> bool:
    study = parzen.load_study(study_name=name, storage=url)
    states = {trial.state for trial in study.get_trials(deepcopy=False)}
    return 0 not in told(name, url) and TrialState.RUNNING not in states


def run(name: str, n_kills: int, seed: int, pause: float = 0.05, seconds: float = 600.0) -> tuple[Counter[int], int]:
    """Search with killed workers; give how many points were told how often, and the number of kills."""
    rng, killed = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/search.db"
        parzen.create_study(study_name=name, storage=url)
        end, next_look = time.monotonic() + seconds, 0.0
        workers = {start(name, url) for _ in range(N_WORKERS)}
        while time.monotonic() < end:
            time.sleep(rng.expovariate(1.0 / pause))
            if killed < n_kills:
                os.kill(rng.choice(sorted(workers)), signal.SIGKILL)
                killed += 1
            for pid in sorted(workers):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    workers.remove(pid)
            if time.monotonic() >= next_look:
                if is_over(name, url):
                    break
                next_look = time.monotonic() + 0.5
            workers |= {start(name, url) for _ in range(N_WORKERS - len(workers))}
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        return told(name, url), killed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--search", choices=SEARCHES, action="append")
    arguments = parser.parse_args()
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    for searched in arguments.search or SEARCHES:
        found, n_killed = run(searched, arguments.kills, arguments.seed, arguments.pause)
        print(f"{searched}: points by how often they were told {dict(found)}; {n_killed} workers were killed")
    sys.exit(0)
