"""Runs and their store: a file of JSON lines to go on with, and processes that do what it lacks.

A line is a run, or an environment that runs refer to. Lines are only ever appended, so a store that was killed lacks
the runs that were not finished, and no others; a line that was cut off is left out, and run again.
"""

from __future__ import annotations

import datetime
import json
import os
import time
import warnings
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from tqdm import tqdm

from parzen.benchmarks import contenders, environment, problems
from parzen.benchmarks.environment import Environment
from parzen.benchmarks.problem import Array
from parzen.benchmarks.race import Race, Spent
from parzen.benchmarks.workers import Interrupts, finished

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

CODES = ("problem_code", "contender_code")
MEASURES = {
    "value": ("sampler", "value"),
    "front": ("sampler", "near", "far"),
    "fidelity": ("sampler", "value", "test"),
}

Line = dict[str, Any]


class MixedRuns(Exception):
    """Runs of different versions, code or machines would be taken together."""


class Job(NamedTuple):
    """A run to be made."""

    problem: str
    contender: str
    seed: int
    budget: int


@dataclass(frozen=True)
class Run:
    """What a contender found.

    Attributes
    ----------
    job
        Problem, contender, seed and budget.
    group, kind, optimum
        Those of the problem, so that a report needs no package that problems need.
    seconds
        Time of the run, of which ``told["sampler"]`` was the sampler's.
    day, environment
        When and where it was made; `Store.environments` says what the name stands for.
    problem_code, contender_code
        Digests of the problem's file and the contender's line; empty in files of before they were kept.
    told
        What `Race.told` gave.
    """

    job: Job
    group: str
    kind: str
    optimum: float | None
    seconds: float
    day: str
    environment: str
    told: dict[str, Any]
    problem_code: str = ""
    contender_code: str = ""

    @classmethod
    def of(cls, line: Line) -> Run:
        """Read a line of a store. Raise ``KeyError``, ``TypeError`` or ``ValueError`` if it is no run."""
        job = Job(str(line["problem"]), str(line["contender"]), int(line["seed"]), int(line["budget"]))
        names = ("group", "kind", "optimum", "seconds", "day", "environment", "told")
        run = cls(job, *(line[name] for name in names), *(line.get(name, "") for name in CODES))
        for measure in MEASURES[run.kind]:
            run.curve(measure)
        return run

    def line(self) -> Line:
        """Give the line of a store."""
        return {**self.job._asdict(), **{name: value for name, value in vars(self).items() if name != "job"}}

    def curve(self, measure: str, length: int | None = None) -> Array:
        """Give a measure after 1, 2, ... evaluations; what is not known before the first step is infinite."""
        curve = np.full(length or self.job.budget, np.inf)
        for n, value in self.told[measure]:
            curve[n - 1 :] = value
        return curve


class Store:
    """The runs of a file, each job once.

    Parameters
    ----------
    path
        The file; it need not be there.
    *more
        Files to read as well.

    Attributes
    ----------
    runs : list[Run]
        In the order of the file.
    environments : dict[str, Environment]
        By their names.
    damaged : list[str]
        What is said of each line that cannot be read.
    """

    def __init__(self, path: Path, *more: Path) -> None:
        self.path, self._more = path, more
        self.environments: dict[str, Environment] = {}
        self.runs: list[Run] = []
        self.damaged: list[str] = []
        self._read()

    def _read(self) -> None:
        runs: dict[tuple[str, str, int], Run] = {}
        self.damaged = []
        for path in (self.path, *self._more):
            for place, text in enumerate(_texts(path), 1):
                try:
                    run = self._run_of(json.loads(text))
                except (KeyError, TypeError, ValueError, OverflowError) as error:
                    why = f"{error} is missing" if isinstance(error, KeyError) else f"{error}"
                    self.damaged.append(f"Line {place} of {path} is not a run, and is left out: {why}.")
                    continue
                known = run and runs.get(run.job[:3])
                if run and (known is None or known.job.budget < run.job.budget):
                    runs[run.job[:3]] = run
        self.runs = list(runs.values())

    def _run_of(self, line: Any) -> Run | None:
        """Read a line, None if it is an environment."""
        if not isinstance(line, dict):
            raise TypeError(f"expected an object, but got {line!r}")
        if "packages" in line:
            environment.check(line)
            self.environments[environment.name_of(line)] = line
            return None
        run = Run.of(line)
        if run.environment not in self.environments:
            raise ValueError(
                f"its environment {run.environment!r} has no line before it; with a copy of that line, from where the "
                "run comes from, it counts"
            )
        return run

    def missing(self, jobs: Iterable[Job]) -> list[Job]:
        """List the jobs that no run answers; one of a larger budget does."""
        done = {run.job[:3]: run.job.budget for run in self.runs}
        return [job for job in jobs if done.get(job[:3], 0) < job.budget]

    def check(self, runs: Iterable[Run], also_here: bool = False) -> None:
        """Refuse runs of different environments, this process's among them if asked for.

        Raises
        ------
        MixedRuns
            If versions, code or machines differ; it says which.
        """
        runs = list(runs)
        found = [self.environments[name] for name in dict.fromkeys(run.environment for run in runs)]
        differing = environment.differences([*found, environment.here()] if also_here else found)
        told = [f"{name}: {' and '.join(values)}" for name, values in differing.items()]
        if changed := _changed(runs, also_here):
            told.append(f"changed since some of them: {', '.join(changed)}")
        if told:
            raise MixedRuns(
                f"Expected runs of the same versions, code and machine, but in {self.path} there are different ones "
                f"({'; '.join(told)}). Give another --out{', --report to run nothing' if also_here else ''}, or --mix "
                "to take them together."
            )

    def fill(self, jobs: list[Job], n_processes: int = 1) -> list[tuple[Job, str]]:
        """Run jobs, and append each run when it is finished.

        Parameters
        ----------
        jobs
            What to run.
        n_processes
            Number of processes; 1: this one.

        Returns
        -------
        failures
            The jobs that failed, with what went wrong. The others are run all the same.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C, when the runs that were being made are stored; at once after a second one.
        BlockingIOError
            If another process fills the store.
        """
        if not jobs:
            return []
        failures = []
        self.path.parent.mkdir(parents=True, exist_ok=True)
        codes = {job: (problems.code(job.problem), contenders.code(job.contender)) for job in jobs}
        with open(self.path, "a") as file, Interrupts() as interrupts:
            _lock(file)
            _end_line(self.path)
            self._read()  # another process may have been here
            jobs = self.missing(jobs)
            name = environment.name_of(environment.here())
            if name not in self.environments:
                file.write(json.dumps(environment.here()) + "\n")
            for job, line in tqdm(finished(_answer, jobs, n_processes, interrupts), total=len(jobs), desc="runs"):
                if isinstance(line, str):
                    failures.append((job, line))
                    continue
                # Sources may have changed since: what counts is what they were at the start.
                origin = {"environment": name, **dict(zip(CODES, codes[job], strict=True))}
                file.write(json.dumps({**line, **origin}) + "\n")
                file.flush()
        if interrupts.is_noted:
            raise KeyboardInterrupt
        self._read()
        return failures


def counted(n: int, what: str) -> str:
    """Give a number of things."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def run(job: Job) -> Run:
    """Let a contender play a problem."""
    problem, contender = problems.find(job.problem), contenders.find(job.contender)
    start = time.perf_counter()
    with _one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        race = Race(problem, job.seed, job.budget)
        with suppress(Spent):
            contender.play(race)
    return Run(
        job,
        problem.group,
        problem.kind,
        problem.optimum,
        round(time.perf_counter() - start, 3),
        datetime.date.today().isoformat(),
        environment.name_of(environment.here()),
        race.told(),
    )


def _one_thread() -> AbstractContextManager[Any]:
    """Keep linear algebra to one thread, also of what is loaded later: several are slower on matrices so small."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def _answer(job: Job) -> Line | str:
    try:
        return run(job).line()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _changed(runs: list[Run], also_here: bool) -> list[str]:
    """Name the problems and contenders of runs of which there are several versions, today's among them if asked for."""
    codes: dict[str, set[str]] = {}
    for run in runs:
        codes.setdefault(run.job.problem, {problems.code(run.job.problem)} if also_here else set()).add(
            run.problem_code
        )
        codes.setdefault(run.job.contender, {contenders.code(run.job.contender)} if also_here else set()).add(
            run.contender_code
        )
    return [name for name, of in codes.items() if len(of) > 1]


def _texts(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def _lock(file: TextIO) -> None:
    """Keep a file for this process until it is closed; Windows has other locks, and none is taken."""
    if fcntl is None:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(
            f"Expected to be the only one that adds runs to {file.name}, but another command does so now. Wait until "
            "it is done, or give another --out."
        ) from error


def _end_line(path: Path) -> None:
    text = path.read_bytes() if path.exists() else b""
    if text and not text.endswith(b"\n"):
        with open(path, "a") as file:
            file.write("\n")
