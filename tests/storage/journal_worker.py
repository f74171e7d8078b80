"""One of several processes that share a journal: ``python journal_worker.py COMMAND FILE [ARGUMENT]``.

Every command prints ``ready``, waits for a line on its standard input, works, and prints what it did, a line each.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator

from sqlite_worker import run_one

import parzen
from parzen.samplers import RandomSampler
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock

LOCKS = {"symlink": JournalFileSymlinkLock, "open": JournalFileOpenLock}


def open_study(path: str) -> parzen.Study:
    return parzen.load_study(
        study_name="shared", storage=JournalStorage(JournalFileBackend(path)), sampler=RandomSampler()
    )


def work(path: str, n_trials: str) -> Iterator[object]:
    """Run trials and give the number and the enqueued value, if any, of each."""
    study = open_study(path)
    for _ in range(int(n_trials)):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, step=trial.number)
        study.tell(trial, x)
        yield f"{trial.number} {trial.user_attrs.get('enqueued', '-')}"


def run_until_killed(path: str) -> Iterator[object]:
    """Run trials for ever, and give the number of each once it is told."""
    study = open_study(path)
    for _ in itertools.count():
        yield run_one(study)


def hold(path: str, kind: str) -> Iterator[object]:
    """Take a lock and keep it."""
    yield LOCKS[kind](path).acquire()
    time.sleep(60)


COMMANDS = {"work": work, "run_until_killed": run_until_killed, "hold": hold}

if __name__ == "__main__":
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    command, arguments = COMMANDS[sys.argv[1]], sys.argv[2:]
    print("ready", flush=True)
    sys.stdin.readline()
    for line in command(*arguments):
        print(line, flush=True)
