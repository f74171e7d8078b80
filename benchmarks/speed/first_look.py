"""Answer how long a fresh process takes until it knows a large study: its best trial, the summaries, the first ask.

Method: a study of trials with 5 parameters is stored, in a journal entry by entry as a worker writes it. Then, for each
question, a process is started, and its CPU time and its wall-clock time count from opening the storage to the answer.
The first ask is one of the default sampler.

How to run::

    pip install "parzen[bench,rdb,redis]"
    python -m parzen.benchmarks.speed.first_look
    python -m parzen.benchmarks.speed.first_look --kinds "SQLite NORMAL" journal --trials 10000 --reports 5

"""

from __future__ import annotations

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import parzen
from parzen.benchmarks.speed.storage import MARIADB, NORMAL, POSTGRESQL, SPACE, answering, place
from parzen.storage.journal import entries
from parzen.storages import BaseStorage, JournalStorage, RDBStorage
from parzen.storages.journal import BaseJournalBackend, JournalFileBackend, JournalRedisBackend
from parzen.trial import TrialState, create_trial

JOURNAL, REDIS = "journal", "Redis"
KINDS = (NORMAL, POSTGRESQL, MARIADB, JOURNAL, REDIS)
LOOKS = ("best trial", "summaries", "first ask")
_AT_ONCE = 1000  # trials that are stored together


def backend_of(kind: str, where: str) -> BaseJournalBackend:
    """Open the log of a journal: a file, or what has a prefix in Redis."""
    if kind == JOURNAL:
        return JournalFileBackend(where)
    url, _, prefix = where.rpartition("#")
    return JournalRedisBackend(url, prefix=prefix)


def opened(kind: str, where: str) -> BaseStorage:
    return JournalStorage(backend_of(kind, where)) if kind in (JOURNAL, REDIS) else RDBStorage(where)


def written(trial_id: int, n_reports: int) -> Iterator[dict[str, Any]]:
    """Give the entries that a worker writes of a trial."""
    yield entries.new_trial(0, None)
    for name, distribution in SPACE.items():
        yield entries.param(trial_id, name, random.random(), distribution)
    for step in range(n_reports):
        yield entries.report(trial_id, step, random.random())
    yield entries.state_values(trial_id, TrialState.COMPLETE, [random.random()])


def fill(kind: str, where: str, n: int, n_reports: int) -> None:
    """Store a study."""
    study = parzen.create_study(storage=opened(kind, where), study_name="benchmark")
    for first in range(0, n, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, n))
        if kind in (JOURNAL, REDIS):
            logs = chain.from_iterable(written(number, n_reports) for number in numbers)
            backend_of(kind, where).append_logs([log | {"worker_id": "benchmark"} for log in logs])
            continue
        given = [
            create_trial(
                value=random.random(),
                params={name: random.random() for name in SPACE},
                distributions=SPACE,
                intermediate_values={step: random.random() for step in range(n_reports)},
            )
            for _ in numbers
        ]
        study._storage.create_new_trials(study._study_id, given)
    study._storage.remove_session()


def look(what: str, kind: str, where: str) -> None:
    """Look at the study, and print the seconds of CPU and by the clock."""
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    start, used = time.perf_counter(), time.process_time()
    storage = opened(kind, where)
    if what == "summaries":
        _ = parzen.get_all_study_summaries(storage)[0].best_trial
    else:
        study = parzen.load_study(study_name="benchmark", storage=storage)
        _ = study.best_trial if what == "best trial" else study.ask()
    print(time.process_time() - used, time.perf_counter() - start)


@contextlib.contextmanager
def place_of(kind: str, folder: Path, addresses: dict[str, str]) -> Iterator[str]:
    """Give where a new study can be stored."""
    if kind == JOURNAL:
        yield str(folder / "study.log")
    elif kind == REDIS:
        prefix = f"benchmark_{uuid.uuid4().hex}"
        try:
            yield f"{addresses[REDIS]}#{prefix}"
        finally:
            server = JournalRedisBackend(addresses[REDIS])._redis
            for key in server.scan_iter(f"{prefix}:*", count=10_000):
                server.unlink(key)
    else:
        with place(kind, folder, addresses) as where:
            yield where


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100_000, help="stored trials (default: 100000)")
    parser.add_argument("--reports", type=int, default=0, help="reports a trial (default: 0)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="storages (default: all)")
    parser.add_argument("--postgresql", default="postgresql+psycopg://postgres@127.0.0.1/postgres", metavar="URL")
    parser.add_argument("--mariadb", default="mysql+pymysql://root@127.0.0.1/mysql", metavar="URL")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379", metavar="URL")
    parser.add_argument("--look", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    if arguments.look:
        look(*arguments.look)
        return
    addresses = {POSTGRESQL: arguments.postgresql, MARIADB: arguments.mariadb, REDIS: arguments.redis}
    print(f"Seconds of CPU (by the clock) in a fresh process, {arguments.trials} trials of 5 parameters and "
          f"{arguments.reports} reports\n{'':16}" + "".join(f"{what:>18}" for what in LOOKS))  # fmt: skip
    for kind in answering(arguments.kinds, addresses):
        with tempfile.TemporaryDirectory() as folder, place_of(kind, Path(folder), addresses) as where:
            fill(kind, where, arguments.trials, arguments.reports)
            print(f"{kind:16}", end="")
            for what in LOOKS:
                command = [sys.executable, "-m", "parzen.benchmarks.speed.first_look", "--look", what, kind, where]
                cpu, clock = map(
                    float, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
                )
                print(f"{f'{cpu:.2f} ({clock:.2f})':>18}", end="", flush=True)
            print()


if __name__ == "__main__":
    main()
