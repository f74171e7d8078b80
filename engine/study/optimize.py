"""The loop: ask, call the objective, tell; in this thread, in several, or in other processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

from ..interrupts import hurried
from ..records import FrozenTrial
from .core import StudyCore
from .progress_bar import ProgressBar
from .run import Run
from .trial import Trial

if TYPE_CHECKING:
    from concurrent.futures import Future


def optimize(
    study: StudyCore,
    ask: Callable[[], Trial],
    func: Callable[[Trial], Any],
    n_trials: int | None,
    timeout: float | None,
    n_jobs: int,
    catch: Iterable[type[Exception]] | type[Exception],
    callbacks: Iterable[Callable[[Any, FrozenTrial], None]] | None,
    gc_after_trial: bool,
    show_progress_bar: bool,
    executor: Any = None,
    trial_timeout: float | None = None,
    retries: int | None = None,
) -> None:
    """Run trials; see `Study.optimize`."""
    if getattr(study._thread_local, "in_optimize_loop", False):
        raise RuntimeError("Nested invocation of `Study.optimize` method isn't allowed. Use another study inside.")
    caught = tuple(catch) if isinstance(catch, Iterable) else (catch,)
    if not all(isinstance(cls, type) and issubclass(cls, BaseException) for cls in caught):
        raise TypeError(f"`catch` takes an exception class or several of them, but got {catch!r}.")
    if executor is None and not (trial_timeout is None and retries is None):
        raise ValueError(
            "`trial_timeout` and `retries` are for trials that run in other processes, but got no `executor`. "
            'Give executor="processes".'
        )
    n_threads = (os.cpu_count() or 1) if n_jobs == -1 else n_jobs
    if n_threads < 1:
        raise ValueError(f"`n_jobs` must be a positive number of threads, or -1 for one a CPU, but got {n_jobs}.")
    study._stop_flag = False
    if n_trials is not None and hasattr(study.sampler, "before_trials"):  # Optuna's samplers have no such method
        study.sampler.before_trials(study, n_trials)
    with ProgressBar(show_progress_bar, n_trials, timeout, n_jobs) as bar:
        run = Run(study, ask, func, timeout, caught, list(callbacks or ()), gc_after_trial, bar, n_jobs)
        indices = takewhile(lambda started: n_trials is None or started < n_trials, count())
        if executor is not None:
            _pooled(run, n_trials, executor, n_jobs, trial_timeout, retries)
        elif n_threads == 1:
            _sequential(run, indices)
        else:
            _threaded(run, indices, n_threads)


def _pooled(
    run: Run, n_trials: int | None, executor: Any, n_jobs: int, trial_timeout: float | None, retries: int | None
) -> None:
    from .crew import Crew
    from .pooled import Pooled
    from .shipping import shipped

    with shipped(run.study, run.func) as job, Crew(executor, n_jobs, trial_timeout) as crew:
        Pooled(run, n_trials, crew, job, trial_timeout, retries).go()


def _sequential(run: Run, indices: Iterator[int]) -> None:
    for _ in indices:
        if run.is_over():
            break
        run.trial()


def _threaded(run: Run, indices: Iterator[int], n_threads: int) -> None:
    """Keep `n_threads` trials running. An error, Ctrl-C too, starts no more, and is raised when those that run end."""
    from concurrent.futures import ThreadPoolExecutor, wait

    with ThreadPoolExecutor(n_threads) as pool:
        running: set[Future[None]] = set()
        try:
            for _ in indices:
                if len(running) >= n_threads:
                    running = _reap(running)
                if run.is_over():  # what has just ended may have called `Study.stop`
                    break
                running.add(pool.submit(run.trial))
            while running:
                running = _reap(running)
        except BaseException as error:
            run.study._stop_flag = True
            for future in running:
                future.cancel()
            with hurried(isinstance(error, KeyboardInterrupt)):  # those that wait for the storage; others may train
                wait(running)
            raise


def _reap(running: set[Future[None]]) -> set[Future[None]]:
    """Wait for one trial to end, and raise what it raised."""
    from concurrent.futures import FIRST_COMPLETED, wait

    done, left = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return left
