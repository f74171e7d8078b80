"""One of several processes that share a study file: ``python sqlite_worker.py COMMAND URL [ARGUMENT]``.

Every command prints ``ready``, waits for a line on its standard input, works, and prints what it did, a line each.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator

import parzen
from parzen.samplers import RandomSampler
from parzen.storages import SQLiteStorage


def create(url: str, name: str) -> Iterator[object]:
    """Create the file and a study of one's own in it, all at the same moment."""
    study = parzen.create_study(storage=url, study_name=name)
    for _ in range(5):
        study.tell(study.ask(), 1.0)
    yield study.study_name


def work(url: str, n_trials: str) -> Iterator[object]:
    """Run trials of the study "shared" and give the number and the enqueued value, if any, of each."""
    study = parzen.load_study(study_name="shared", storage=url, sampler=RandomSampler())
    for _ in range(int(n_trials)):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        trial.suggest_categorical("c", ["a", "b"])
        trial.report(x, step=trial.number)
        trial.set_user_attr("x", x)
        study.tell(trial, x)
        yield f"{trial.number} {trial.user_attrs.get('enqueued', '-')}"


def run_until_killed(url: str, synchronous: str) -> Iterator[object]:
    """Run trials for ever, and give the number of each once it is told."""
    storage = SQLiteStorage(url, synchronous=synchronous)
    study = parzen.load_study(study_name="shared", storage=storage, sampler=RandomSampler())
    for _ in itertools.count():
        yield run_one(study)


def run_many_until_killed(n: str) -> Iterator[object]:
    """Fork processes that run trials of a URL for ever, and give their identifiers; again for each URL that is read."""
    for url in iter(sys.stdin.readline, ""):
        pids = [_forked(url.strip()) for _ in range(int(n))]
        yield " ".join(map(str, pids))
        for pid in pids:
            os.waitpid(pid, 0)


def _forked(url: str) -> int:
    """Fork a process that runs trials until it is killed, and says so once the first is told."""
    pid = os.fork()
    if pid:
        return pid
    try:
        told = run_until_killed(url, "NORMAL")
        next(told)
        os.write(1, b"told\n")
        for _ in told:
            pass
    finally:
        os._exit(1)


def run_one(study: parzen.Study, trial: parzen.Trial | None = None) -> int:
    """Run a trial whose every part can be told from its number and its x."""
    trial = trial or study.ask()
    x = trial.suggest_float("x", 0, 1)
    trial.suggest_int("n", 1, 100, log=True)
    trial.set_user_attr("x", x)
    trial.set_constraint("c", x)
    for step in range(3):
        trial.report(x + step, step)
    study.tell(trial, x)
    return trial.number


COMMANDS = {command.__name__: command for command in (create, work, run_until_killed, run_many_until_killed)}

if __name__ == "__main__":
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    command, arguments = COMMANDS[sys.argv[1]], sys.argv[2:]
    print("ready", flush=True)
    sys.stdin.readline()
    for line in command(*arguments):
        print(line, flush=True)
