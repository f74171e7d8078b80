"""Answer how many trials a second a storage keeps up with, beside Optuna's and Rustuna's.

Method: one trial is `ask`, 5 suggested parameters (random sampling), 10 reports and `tell`; no objective. Every storage
of each library gets studies of its own, in turn within one process, for a number of rounds; a table gives the median of
the rounds, and the ratio of the medians to Optuna's storage of the same kind. With several processes all of them work
on one study at once, start at one moment, and are added up; errors are counted, and the trials of the slowest and the
fastest process are shown beside the sum. Rustuna has no reports and no servers, so it appears with ``--reports 0``.

Durability differs, so compare like with like: Optuna's SQLite file and parzen's ``FULL`` flush the disk at every
transaction and survive a power failure; parzen's ``NORMAL``, its default, survives the death of the process, and after
a power failure may lack the last transactions. With ``--at-once`` a trial asks for its parameters at its start, by
``ask(distributions)``. ``--fsyncs`` counts the flushes of a trial with strace; ``--stored`` gives the cost of ask and
tell in studies that hold many trials already.

How to run::

    pip install "parzen[bench,rdb]"
    python -m parzen.benchmarks.speed.storage --processes 1 4 16
    python -m parzen.benchmarks.speed.storage --kinds memory "SQLite NORMAL" --reports 0
    python -m parzen.benchmarks.speed.storage --kinds PostgreSQL MariaDB --at-once --postgresql postgresql+psycopg://me@host/postgres
    python -m parzen.benchmarks.speed.storage --fsyncs
    python -m parzen.benchmarks.speed.storage --stored 100 100000

"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import math
import multiprocessing
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import parzen
from parzen.distributions import BaseDistribution, FloatDistribution
from parzen.storages import InMemoryStorage, RDBStorage, SQLiteStorage
from parzen.trial import create_trial

OURS, THEIRS, RUST = "parzen", "optuna", "rustuna"
MEMORY, NORMAL, FULL, POSTGRESQL, MARIADB = "memory", "SQLite NORMAL", "SQLite FULL", "PostgreSQL", "MariaDB"
KINDS = (MEMORY, NORMAL, FULL, POSTGRESQL, MARIADB)
SERVERS = (POSTGRESQL, MARIADB)
_PATIENCE = 300.0  # seconds for all processes to have opened the study
SPACE: dict[str, BaseDistribution] = {f"x{i}": FloatDistribution(0.0, 1.0) for i in range(5)}


class Case(NamedTuple):
    """What is measured: a storage of a library, by how many processes, with how many reports a trial, asked for how."""

    library: str
    kind: str
    n_processes: int
    n_reports: int
    at_once: bool = False


class Rates(NamedTuple):
    """Trials a second: of all processes, of the slowest, of the fastest; and the number of errors."""

    total: float
    slowest: float
    fastest: float
    n_errors: int


def module_of(library: str) -> ModuleType:
    """Import parzen, Optuna or Rustuna."""
    if library == OURS:
        return parzen
    try:
        module = __import__(library)
    except ImportError as error:
        raise SystemExit(
            f'This compares with {library}, which is not installed: pip install "parzen[bench]"'
        ) from error
    return module


def storage_of(case: Case, where: str) -> Any:
    """Open a storage of one kind at a path or URL; the files of the others are as durable as ``FULL``."""
    if case.library == OURS:
        if case.kind in (NORMAL, FULL):
            return SQLiteStorage(where, synchronous=case.kind.split()[-1])
        return InMemoryStorage() if case.kind == MEMORY else RDBStorage(where)
    storages = module_of(case.library).storages
    if case.kind == MEMORY:
        return storages.InMemoryStorage()
    if case.library == RUST:
        return storages.SQLite3Storage(where.removeprefix("sqlite:///"))
    return storages.RDBStorage(where)


def open_study(case: Case, where: str) -> Any:
    module = module_of(case.library)
    sampler = module.samplers.RandomSampler()
    if case.library == RUST:
        return module.create_study(storage=storage_of(case, where), sampler=sampler, study_name="benchmark")
    module.logging.set_verbosity(module.logging.ERROR)
    storage = storage_of(case, where)
    return module.create_study(storage=storage, sampler=sampler, study_name="benchmark", load_if_exists=True)


def run_trial(study: Any, n_reports: int, at_once: bool = False) -> None:
    trial = study.ask(space_of(type(study).__module__.split(".")[0])) if at_once else study.ask()
    total = sum(trial.suggest_float(name, 0.0, 1.0) for name in SPACE)
    for step in range(n_reports):
        trial.report(total, step)
    study.tell(trial.number if type(study).__module__.startswith(RUST) else trial, total)


@functools.cache
def space_of(library: str) -> dict[str, Any]:
    return {name: module_of(library).distributions.FloatDistribution(0.0, 1.0) for name in SPACE}


def run_trials(study: Any, seconds: float, n_reports: int, at_once: bool = False) -> tuple[float, int]:
    """Run trials for a time; return how many a second, and how many raised an error."""
    start = time.perf_counter()
    n_trials = n_errors = 0
    while time.perf_counter() < start + seconds:
        try:
            run_trial(study, n_reports, at_once)
            n_trials += 1
        except Exception:  # whatever it is, it counts
            n_errors += 1
    return n_trials / (time.perf_counter() - start), n_errors


def close(study: Any) -> None:
    if not type(study).__module__.startswith(RUST):
        study._storage.remove_session()


def work(case: Case, where: str, seconds: float, barrier: Any, results: Any) -> None:
    """Be one of several processes."""
    study, n_errors = open_with_others(case, where)
    run_trials(study, 0.2, case.n_reports, case.at_once)
    barrier.wait(_PATIENCE)
    rate, n_failed = run_trials(study, seconds, case.n_reports, case.at_once)
    results.put((rate, n_errors + n_failed))
    close(study)


def open_with_others(case: Case, where: str) -> tuple[Any, int]:
    """Open a study while other processes do so, again after an error; return how many errors there were."""
    deadline = time.monotonic() + _PATIENCE
    for n_errors in itertools.count():
        try:
            return open_study(case, where), n_errors
        except Exception:
            if time.monotonic() > deadline:
                raise
    raise AssertionError


def measure(case: Case, where: str, seconds: float) -> Rates:
    """Run trials on a new study."""
    study = open_study(case, where)
    if case.n_processes == 1:
        rate, n_errors = run_trials(study, seconds, case.n_reports, case.at_once)
        close(study)
        return Rates(rate, rate, rate, n_errors)
    close(study)
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(case.n_processes), context.Queue()
    workers = [
        context.Process(target=work, args=(case, where, seconds, barrier, results)) for _ in range(case.n_processes)
    ]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=seconds + 2 * _PATIENCE) for _ in workers]
    for worker in workers:
        worker.join()
    rates = [rate for rate, _ in found]
    return Rates(sum(rates), min(rates), max(rates), sum(n_errors for _, n_errors in found))


# --- places ----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def place(kind: str, folder: Path, addresses: dict[str, str]) -> Iterator[str]:
    """Give the URL of a new file, or of a new database on a server, which is dropped at the end."""
    name = f"benchmark_{uuid.uuid4().hex[:12]}"
    if kind not in SERVERS:
        yield f"sqlite:///{folder}/{name}.db"
        return
    run_on_server(addresses[kind], f"CREATE DATABASE {name}")
    try:
        yield addresses[kind].rpartition("/")[0] + f"/{name}"
    finally:
        run_on_server(addresses[kind], f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == POSTGRESQL else ""))


def run_on_server(address: str, sql: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
    engine.dispose()


def answering(kinds: list[str], addresses: dict[str, str]) -> list[str]:
    """Leave out the servers that do not answer, and say so."""
    found = []
    for kind in kinds:
        try:
            if kind in SERVERS:
                run_on_server(addresses[kind], "SELECT 1")
            found.append(kind)
        except Exception as error:  # no server, no driver: whatever it is, the others can be measured
            print(f"{kind} is left out: {str(error).splitlines()[0]}")
    return found


# --- tables ----------------------------------------------------------------------------------------------------------


def cases_of(kinds: list[str], n_processes: int, n_reports: int, at_once: bool) -> list[Case]:
    cases = []
    for kind in kinds:
        if kind == MEMORY and n_processes > 1:
            continue
        libraries = [OURS] if kind == NORMAL and FULL in kinds else [OURS, THEIRS]
        if n_reports == 0 and kind not in SERVERS and n_processes == 1 and len(libraries) > 1 and not at_once:
            libraries.append(RUST)
        cases += [Case(library, kind, n_processes, n_reports, at_once) for library in libraries]
    return cases


def medians(
    cases: list[Case], rounds: int, seconds: float, folder: Path, addresses: dict[str, str]
) -> dict[Case, Rates]:
    """Measure every case once a round, each on a new study, and give the medians; errors are added up."""
    found: dict[Case, list[Rates]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            with place(case.kind, folder, addresses) as where:
                found[case].append(measure(case, where, seconds))
    return {case: middle(rates) for case, rates in found.items()}


def middle(rates: list[Rates]) -> Rates:
    """Give the medians of rounds, and all errors."""
    total, slowest, fastest, errors = zip(*rates, strict=True)
    return Rates(statistics.median(total), statistics.median(slowest), statistics.median(fastest), sum(errors))


def print_table(title: str, found: dict[Case, Rates]) -> None:
    print(
        f"\n{title}\n{'':16}{'parzen':>10}{'a process':>16}{'errors':>8}{'optuna':>10}{'errors':>8}{'ratio':>9}", end=""
    )
    print(f"{'rustuna':>10}" if any(case.library == RUST for case in found) else "")
    for case, rates in found.items():
        if case.library != OURS:
            continue
        kind = FULL if case.kind == NORMAL and case._replace(library=THEIRS) not in found else case.kind
        other = found[case._replace(library=THEIRS, kind=kind)]
        rust = found.get(case._replace(library=RUST, kind=kind))
        ratio = rates.total / other.total if other.total else math.inf
        spread = f"{rates.slowest:.1f}..{rates.fastest:.1f}"
        print(f"{case.kind:16}{rates.total:10.1f}{spread:>16}{rates.n_errors:8}{other.total:10.1f}{other.n_errors:8}"
              f"{ratio:8.1f}x{'' if rust is None else f'{rust.total:10.1f}'}")  # fmt: skip


# --- flushes, and studies that are large -----------------------------------------------------------------------------


def run_together(library: str, where: str, n_trials: int) -> None:
    """Run trials on a file that flushes at every transaction; parzen's parameters are asked for together."""
    study = open_study(Case(library, FULL, 1, 10), where)
    for _ in range(n_trials):
        if library == OURS:
            trial = study.ask(SPACE)
            for step in range(10):
                trial.report(1.0, step)
            study.tell(trial, 1.0)
        else:
            run_trial(study, 10)
    close(study)


def count_fsyncs(library: str, folder: Path) -> float:
    """Count the flushes of a trial: those of 120 trials less those of 20, by 100."""
    if shutil.which("strace") is None:
        raise SystemExit("To count flushes, strace is needed.")
    counts = []
    for n_trials in (20, 120):
        log = folder / f"strace-{library}-{n_trials}"
        command = ["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(log), sys.executable, __file__,
                   "--together", library, f"sqlite:///{folder}/{library}-{n_trials}.db", str(n_trials)]  # fmt: skip
        subprocess.run(command, check=True)
        counts.append(len(re.findall(r"\bf(?:data)?sync\(\d", log.read_text())))
    return (counts[1] - counts[0]) / 100


def print_stored(sizes: list[int], kinds: list[str], folder: Path, addresses: dict[str, str]) -> None:
    """Print what ask and tell cost in studies that hold many trials, and how long it takes to open them."""
    print(f"\nMilliseconds in studies with stored trials\n{'':16}{'stored':>9}{'open':>10}{'ask':>9}{'tell':>9}")
    given = create_trial(value=1.0, params=dict.fromkeys(SPACE, 0.5), distributions=SPACE)
    for kind in kinds:
        for n_stored in sizes:
            case = Case(OURS, kind, 1, 0)
            with place(kind, folder, addresses) as where:
                filled = open_study(case, where)
                for n in range(0, n_stored, 10_000):
                    filled._storage.create_new_trials(filled._study_id, [given] * min(10_000, n_stored - n))
                close(filled)
                start = time.perf_counter()
                study = filled if kind == MEMORY else open_study(case, where)
                _ = study.history
                opened = time.perf_counter() - start
                asks, tells = [], []
                for _ in range(300):
                    start = time.perf_counter()
                    trial = study.ask(SPACE)
                    asks.append(time.perf_counter() - start)
                    start = time.perf_counter()
                    study.tell(trial, 1.0)
                    tells.append(time.perf_counter() - start)
                close(study)
            medians = (1e3 * opened, 1e3 * statistics.median(asks), 1e3 * statistics.median(tells))
            print(f"{kind:16}{n_stored:9}{medians[0]:10.1f}{medians[1]:9.3f}{medians[2]:9.3f}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="time of one measurement (default: 2)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each storage (default: 5)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1], help="numbers of processes (default: 1)")
    parser.add_argument("--reports", type=int, default=10, help="reports a trial (default: 10)")
    parser.add_argument("--at-once", action="store_true", help="ask for all parameters at the start of a trial")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="storages (default: all)")
    parser.add_argument("--postgresql", default="postgresql+psycopg://postgres@127.0.0.1/postgres", metavar="URL")
    parser.add_argument("--mariadb", default="mysql+pymysql://root@127.0.0.1/mysql", metavar="URL")
    parser.add_argument("--folder", type=Path, help="where to write the files (default: the system's temporary folder)")
    parser.add_argument("--fsyncs", action="store_true", help="count the flushes of a trial, at FULL")
    parser.add_argument("--stored", type=int, nargs="+", help="cost of ask and tell with so many trials stored")
    parser.add_argument("--together", nargs=3, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    if arguments.together:
        library, where, n_trials = arguments.together
        run_together(library, where, int(n_trials))
        return
    addresses = {POSTGRESQL: arguments.postgresql, MARIADB: arguments.mariadb}
    kinds = answering(arguments.kinds, addresses)
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        if arguments.fsyncs:
            for library in (OURS, THEIRS):
                print(f"{library}: {count_fsyncs(library, folder):.2f} flushes a trial of 10 reports at FULL")
            return
        if arguments.stored:
            print_stored(arguments.stored, kinds, folder, addresses)
            return
        versions = f"parzen {parzen.__version__}, optuna {module_of(THEIRS).__version__}"
        trial = f"5 parameters and {arguments.reports} reports"
        print(f"Trials a second of {trial}, median of {arguments.rounds}; {versions}.")
        for n in arguments.processes:
            cases = cases_of(kinds, n, arguments.reports, arguments.at_once)
            title = "1 process" if n == 1 else f"{n} processes on one study"
            print_table(title, medians(cases, arguments.rounds, arguments.seconds, folder, addresses))


if __name__ == "__main__":
    main()
