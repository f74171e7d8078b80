"""The loop: ask, call the objective, tell; in this thread or in several."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

from ...samplers.base import is_keyed_by_number
from ..exceptions import TrialPaused, is_pruned
from ..interrupts import Deferred
from ..logging import INFO, get_logger
from ..records import FrozenTrial, TrialState
from .core import StudyCore
from .progress_bar import ProgressBar
from .telling import check_values, finish, pause_again
from .trial import Trial

if TYPE_CHECKING:
    from concurrent.futures import Future


_logger = get_logger(__name__)


class _Run:
    """One call of `Study.optimize`."""

    def __init__(
        self,
        study: StudyCore,
        ask: Callable[[], Trial],
        func: Callable[[Trial], Any],
        timeout: float | None,
        catch: tuple[type[BaseException], ...],
        callbacks: list[Callable[[Any, FrozenTrial], None]],
        gc_after_trial: bool,
        bar: ProgressBar,
        n_jobs: int,
    ) -> None:
        self.study = study
        self.ask = ask
        self.func = func
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.catch = catch
        self.callbacks = callbacks
        self.gc_after_trial = gc_after_trial
        self.bar = bar
        self.reseeds = n_jobs != 1 and not is_keyed_by_number(study.sampler)

    def is_over(self) -> bool:
        """Tell whether no further trial should start."""
        return self.study._stop_flag or (self.deadline is not None and time.monotonic() >= self.deadline)

    def trial(self) -> None:
        """Run one trial with what follows it."""
        if self.reseeds:
            self.study.sampler.reseed_rng()
        with _in_loop(self.study):
            frozen = self._evaluate()
            for callback in self.callbacks:
                callback(self.study, frozen)
            self.bar.update(self.study)
            if self.gc_after_trial:
                gc.collect()

    def _evaluate(self) -> FrozenTrial:
        values: Any = None
        state: TrialState | None = None
        error: BaseException | None = None
        trial: Trial | None = None
        try:
            with Deferred() as interrupts:
                trial = self.ask()
                try:
                    interrupts.allow()
                    values = self.func(trial)
                except BaseException as raised:  # Ctrl-C, too, must not leave the trial running
                    state, error = _state_after(raised), raised
            with Deferred():
                if isinstance(error, KeyboardInterrupt) and pause_again(self.study, trial._record):
                    raise error
                frozen = finish(self.study, trial, values, state, skip_if_finished=True, warn=False, error=error)
                _log(self.study, frozen, values, error)
        except KeyboardInterrupt:  # it came between the two, or was kept until the second was over
            self._give_up(trial)
            raise
        if error is not None and not self._is_expected(error):
            raise error
        return frozen

    def _give_up(self, trial: Trial | None) -> None:
        """Fail a trial that Ctrl-C left running, or pause one that had been paused before."""
        storage = self.study._storage
        with Deferred():
            if trial is None or storage.get_trial(trial._trial_id).state.is_finished():
                return
            if not pause_again(self.study, trial._record):
                storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)

    def _is_expected(self, error: BaseException) -> bool:
        """Tell whether the study goes on after an error; `catch` is for errors, not for Ctrl-C."""
        if _state_after(error) != TrialState.FAIL:
            return True
        return isinstance(error, Exception) and isinstance(error, self.catch)


def _state_after(error: BaseException) -> TrialState:
    """Give the state of a trial whose objective raised."""
    if isinstance(error, TrialPaused):
        return TrialState.PAUSED
    return TrialState.PRUNED if is_pruned(error) else TrialState.FAIL


@contextmanager
def _in_loop(study: StudyCore) -> Iterator[None]:
    """Mark this thread as inside the loop, where `Study.stop` makes sense and `Study.optimize` does not."""
    study._thread_local.in_optimize_loop = True
    try:
        yield
    finally:
        study._thread_local.in_optimize_loop = False


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
) -> None:
    """Run trials; see `Study.optimize`."""
    if getattr(study._thread_local, "in_optimize_loop", False):
        raise RuntimeError("Nested invocation of `Study.optimize` method isn't allowed. Use another study inside.")
    caught = tuple(catch) if isinstance(catch, Iterable) else (catch,)
    if not all(isinstance(cls, type) and issubclass(cls, BaseException) for cls in caught):
        raise TypeError(f"`catch` takes an exception class or several of them, but got {catch!r}.")
    n_threads = (os.cpu_count() or 1) if n_jobs == -1 else n_jobs
    if n_threads < 1:
        raise ValueError(f"`n_jobs` must be a positive number of threads, or -1 for one a CPU, but got {n_jobs}.")
    study._stop_flag = False
    with ProgressBar(show_progress_bar, n_trials, timeout, n_jobs) as bar:
        run = _Run(study, ask, func, timeout, caught, list(callbacks or ()), gc_after_trial, bar, n_jobs)
        indices = takewhile(lambda started: n_trials is None or started < n_trials, count())
        if n_threads == 1:
            _sequential(run, indices)
        else:
            _threaded(run, indices, n_threads)


def _sequential(run: _Run, indices: Iterator[int]) -> None:
    for _ in indices:
        if run.is_over():
            break
        run.trial()


def _threaded(run: _Run, indices: Iterator[int], n_threads: int) -> None:
    """Keep `n_threads` trials running. An error, Ctrl-C too, starts no more, and is raised when those that run end."""
    from concurrent.futures import ThreadPoolExecutor

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
        except BaseException:
            run.study._stop_flag = True
            for future in running:
                future.cancel()
            raise


def _reap(running: set[Future[None]]) -> set[Future[None]]:
    """Wait for one trial to end, and raise what it raised."""
    from concurrent.futures import FIRST_COMPLETED, wait

    done, left = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return left


def _log(study: StudyCore, frozen: FrozenTrial, values: Any, error: BaseException | None) -> None:
    if frozen.state == TrialState.COMPLETE:
        if _logger.isEnabledFor(INFO):
            _logger.info(_completed(study, frozen))
    elif frozen.state in (TrialState.PRUNED, TrialState.PAUSED):
        _logger.info(f"Trial {frozen.number} {frozen.state.name.lower()}. {error or ''}")
    else:
        reason = repr(error) if error is not None else check_values(values, len(study.directions))[1].rstrip(".")
        _logger.warning(
            f"Trial {frozen.number} failed with parameters: {frozen.params} because of the following error: {reason}.",
            exc_info=error,
        )
        _logger.warning(f"Trial {frozen.number} failed with value {values!r}.")


def _completed(study: StudyCore, frozen: FrozenTrial) -> str:
    names, is_single = study.metric_names, len(study.directions) == 1
    shown: Any = frozen.value if is_single else frozen.values
    if names is not None:
        shown = dict(zip(names, frozen.values or (), strict=True))
    noun = "value" if is_single else "values"
    message = f"Trial {frozen.number} finished with {noun}: {shown} and parameters: {frozen.params}."
    best = study.history.best
    if best is not None:
        message += f" Best is trial {best} with value: {study.history.values[best, 0]}."
    return message
