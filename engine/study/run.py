"""One call of `Study.optimize`: when it is over, what follows a trial, and what is logged."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...samplers.base import is_keyed_by_number
from ..exceptions import NothingLeft, StorageInternalError, TrialPaused, is_pruned
from ..interrupts import Deferred, hurried
from ..logging import INFO, get_logger
from ..records import FrozenTrial, TrialState
from .core import StudyCore
from .progress_bar import ProgressBar
from .telling import check_values, finish, pause_again
from .trial import Trial

_logger = get_logger(__name__)


class Run:
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
        with in_loop(self.study):
            try:
                frozen = self._evaluate()
            except NothingLeft:
                return
            self.follow(frozen)

    def follow(self, frozen: FrozenTrial) -> None:
        """Do what follows a trial that ended: callbacks, the progress bar, garbage collection."""
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
        stop: KeyboardInterrupt | None = None  # the Ctrl-C that ended the trial
        try:
            with Deferred() as interrupts:
                trial = self.ask()
                try:
                    interrupts.allow()
                    values = self.func(trial)
                except BaseException as raised:  # Ctrl-C, too, must not leave the trial running
                    state, error = state_after(raised), raised
            if isinstance(error, KeyboardInterrupt) and not self.is_expected(error):
                stop = error
            with Deferred(), hurried(stop is not None):
                if stop is not None and pause_again(self.study, trial._record):
                    raise stop
                frozen = finish(self.study, trial, values, state, skip_if_finished=True, warn=False, error=error)
                log(self.study, frozen, values, error)
        except KeyboardInterrupt:  # it came between the two, or was kept until the second was over
            if stop is not None:
                raise stop from None
            self._give_up(trial)
            raise
        if error is not None and not self.is_expected(error):
            raise error
        return frozen

    def _give_up(self, trial: Trial | None) -> None:
        """Fail a trial that Ctrl-C left running, or pause one that had been paused before."""
        if trial is None:
            return
        storage = self.study._storage
        try:
            with hurried(), Deferred():
                is_over = storage.get_trial(trial._trial_id).state.is_finished()
                if not is_over and not pause_again(self.study, trial._record):
                    storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        except (StorageInternalError, KeyboardInterrupt) as error:
            _logger.warning(f"Trial {trial.number} may still be stored as running: {error}")

    def is_expected(self, error: BaseException) -> bool:
        """Tell whether the study goes on after an error. `catch` is for errors, and for Ctrl-C if that is named."""
        if state_after(error) != TrialState.FAIL:
            return True
        return isinstance(error, (Exception, KeyboardInterrupt)) and isinstance(error, self.catch)


def state_after(error: BaseException) -> TrialState:
    """Give the state of a trial whose objective raised."""
    if isinstance(error, TrialPaused):
        return TrialState.PAUSED
    return TrialState.PRUNED if is_pruned(error) else TrialState.FAIL


@contextmanager
def in_loop(study: StudyCore) -> Iterator[None]:
    """Mark this thread as inside the loop, where `Study.stop` makes sense and `Study.optimize` does not."""
    study._thread_local.in_optimize_loop = True
    try:
        yield
    finally:
        study._thread_local.in_optimize_loop = False


def log(study: StudyCore, frozen: FrozenTrial, values: Any, error: BaseException | None) -> None:
    """Log how a trial ended: `values` as the objective returned them, `error` that it raised."""
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
