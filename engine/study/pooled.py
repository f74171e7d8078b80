"""The loop over an executor: this process asks and tells, others evaluate. What they run is in `remote`."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from .. import pickling
from ..exceptions import NothingLeft, TrialTimedOut
from ..interrupts import Deferred, hurried
from ..logging import get_logger
from ..records import FIXED, FrozenTrial, TrialState
from .core import StudyCore
from .crew import Crew
from .liveness import RetryHeartbeatStaleTrialCallback
from .messages import CannotLoad, Job, Outcome, Task
from .remote import run_task
from .run import Run, in_loop, log
from .telling import End, finish, finish_together, pause_again
from .trial import Trial

_MOST_DEATHS = 10  # of workers in a row, with no trial that ended between them
_GRACE = 5.0  # seconds that Ctrl-C leaves to the trials that run
_TICK = 1.0  # seconds between two looks at Ctrl-C, where a wait cannot be interrupted
_LARGE = 100_000  # bytes of a job that is not sent with each trial, but to workers that miss it

_logger = get_logger(__name__)


class Pooled:
    """One call of `Study.optimize` over an executor.

    Parameters
    ----------
    run
        The call.
    n_trials
        How many trials are to end, those whose worker died and that are tried again not counted; None for no limit.
    crew
        The executor.
    job
        What is sent to a worker once.
    trial_timeout
        Seconds after which a trial is ended, None for no limit.
    retries
        How often a trial whose worker died is tried again; None to leave it to the storage's callback, if it has one.
    """

    def __init__(
        self, run: Run, n_trials: int | None, crew: Crew, job: Job, trial_timeout: float | None, retries: int | None
    ) -> None:
        self._run = run
        self._study = run.study
        self._left = n_trials
        self._crew = crew
        self._job = job
        self._is_large = len(job.objective) + len(job.study) > _LARGE
        self._trial_timeout = trial_timeout
        self._retry = _retry_of(run.study, retries)
        self._running: dict[Future[Any], tuple[Trial, bytes]] = {}  # with the task
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._n_deaths = 0
        self._error: BaseException | None = None

    def go(self) -> None:
        """Run trials. An error starts no more, and is raised when those that run have ended; Ctrl-C waits less long."""
        try:
            while True:
                try:
                    self._fill()
                    if not self._running:
                        break
                    self._reap(_TICK)
                except Exception as error:  # of a callback, the sampler or the storage
                    self._fail(error)
        except BaseException:
            self._study._stop_flag = True
            self._abandon()
            raise
        if self._error is not None:
            raise self._error

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error

    # --- sending -----------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Start trials until all workers have one."""
        while len(self._running) < self._crew.n and self._left != 0 and not self._error and not self._run.is_over():
            with Deferred(), in_loop(self._study), suppress(NothingLeft):
                trial = self._run.ask()
                if self._left is not None:
                    self._left -= 1
                self._send(trial, _task_of(trial, len(self._study._directions)))

    def _send(self, trial: Trial, task: bytes, with_job: bool = False) -> None:
        """Hand a trial to the executor, and let samplers see what it will probably suggest."""
        job = self._job if with_job or not self._is_large else None
        try:
            future = self._crew.submit(self._trial_timeout, run_task, self._job.key, job, task)
        except Exception as error:
            self._put_back(trial)
            self._fail(error)
            return
        self._running[future] = trial, task
        history = self._study.history
        with history.lock:
            if trial.number in history.live:
                history.expect(trial.number, _expected(trial))
        future.add_done_callback(self._ended.put)

    # --- what comes back ---------------------------------------------------------------------------------------------

    def _reap(self, seconds: float) -> None:
        """Wait for trials to end, tell those that have, and do what follows each. Ctrl-C comes before or after."""
        self._wait(seconds)
        with in_loop(self._study):
            with Deferred():
                told, lost = self._collect()
                if told:
                    self._n_deaths = 0
                if any(not isinstance(error, TrialTimedOut) for _, error in lost):
                    self._n_deaths += 1  # one, of a pool that broke with all that ran in it
                follow = self._tell(told) if told else []
                buried = [(self._bury(trial, error), error) for trial, error in lost]
            for one in follow:
                self._follow_told(*one)
            for record, error in buried:
                self._follow(record)
                if isinstance(error, CannotLoad):
                    self._fail(error)
                elif self._n_deaths >= _MOST_DEATHS:
                    self._fail(_too_many(self._n_deaths, error))

    def _wait(self, seconds: float) -> None:
        """Wait until a trial has ended, or for some seconds."""
        try:
            self._ended.get(timeout=seconds)
            while True:
                self._ended.get_nowait()
        except Empty:
            pass

    def _collect(self) -> tuple[list[tuple[Trial, Outcome]], list[tuple[Trial, BaseException]]]:
        """Take the trials that have ended: those with an outcome, and those whose worker had none."""
        told: list[tuple[Trial, Outcome]] = []
        lost: list[tuple[Trial, BaseException]] = []
        for future in [future for future in self._running if future.done()]:
            trial, task = self._running.pop(future)
            try:
                data = future.result()
                if data is None:  # the worker does not have the job
                    self._send(trial, task, with_job=True)
                else:
                    told.append((trial, pickle.loads(data)))
            except BaseException as error:  # not the objective's: that is an outcome
                lost.append((trial, error))
        return told, lost

    def _tell(self, told: list[tuple[Trial, Outcome]]) -> list[tuple[FrozenTrial, Outcome, BaseException | None]]:
        """Tell trials that ended together; give their records, outcomes and errors."""
        study = self._study
        study.sync()  # workers may have reported
        ends: list[End] = []
        for trial, outcome in told:
            study._stop_flag |= outcome.stops
            error = None if outcome.error is None else outcome.error.rebuilt()
            problem = self._settle(trial, outcome)
            state = outcome.state if problem is None else TrialState.FAIL
            ends.append(End(trial, outcome.values if state is None else None, state, problem or error))
        records = finish_together(study, ends)
        return [(record, outcome, end.error) for record, (_, outcome), end in zip(records, told, ends, strict=True)]

    def _settle(self, trial: Trial, outcome: Outcome | None = None) -> Exception | None:
        """Store what a trial suggested, and take away what it was expected to; give what the storage refuses."""
        problem = None
        if outcome is not None:
            trial._repeated = outcome.repeated
            try:
                if outcome.params and trial._record.state == TrialState.RUNNING:
                    self._study._storage.set_trial_params(trial._trial_id, outcome.params)
            except ValueError as error:  # such as another kind of domain than the study knows
                problem = error
        history = self._study.history
        with history.lock:
            history.expect_no_more(trial.number)
        return problem

    def _follow_told(self, record: FrozenTrial, outcome: Outcome, error: BaseException | None) -> None:
        """Log what a worker logged and how the trial ended, and do what follows."""
        _log_again(outcome)
        log(self._study, record, outcome.values, error)
        if error is not None and not self._run.is_expected(error):
            self._fail(error)
        else:
            self._follow(record)

    def _follow(self, record: FrozenTrial) -> None:
        """Do what follows a trial; a callback's error ends the study when what runs has ended."""
        try:
            self._run.follow(record)
        except Exception as error:
            self._fail(error)

    # --- workers that die --------------------------------------------------------------------------------------------

    def _bury(self, trial: Trial, error: BaseException) -> FrozenTrial:
        """Fail a trial whose worker died, or pause it where it had paused before; perhaps it is tried again."""
        study = self._study
        study.sync()
        self._settle(trial)
        if pause_again(study, trial._record):
            record = study._storage.get_trial(trial._trial_id)
        else:
            record = finish(study, trial, None, TrialState.FAIL, skip_if_finished=True, warn=False, error=error)
        is_told = isinstance(error, (TrialTimedOut, CannotLoad))
        reason = str(error) if is_told else f"its worker died: {error or type(error).__name__}"
        _logger.warning(f"Trial {trial.number} {_ENDS.get(record.state, 'had ended')}: {reason}.")
        if record.state == TrialState.FAIL and not is_told:
            self._try_again(trial, record)
        return record

    def _try_again(self, trial: Trial, record: FrozenTrial) -> None:
        """Enqueue a trial again, with what was chosen for it, if that is wanted."""
        if self._retry is None:
            return
        n = self._study.sync().n
        again = record.copy()
        space = trial.relative_search_space
        chosen = {name: trial._relative[name] for name in _expected(trial) if not space[name].has_objects}
        if chosen:
            again.system_attrs[FIXED] = {**chosen, **again.system_attrs.get(FIXED, {})}
        self._retry(self._study, again)
        if self._study.sync().n > n and self._left is not None:
            self._left += 1

    # --- Ctrl-C ------------------------------------------------------------------------------------------------------

    def _abandon(self) -> None:
        """Cancel what has not started, wait a little for what runs, and end the rest."""
        for future in list(self._running):
            if future.cancel():
                with hurried():
                    self._put_back(self._running.pop(future)[0])
        until = time.monotonic() + _GRACE
        try:
            while self._running and time.monotonic() < until:
                with hurried():
                    self._reap(0.1)
        finally:
            self._crew.kill()
            for trial, _ in self._running.values():
                with hurried():
                    self._give_up(trial)

    def _put_back(self, trial: Trial) -> None:
        """Let a trial wait again that did not start."""
        with Deferred():
            self._settle(trial)
            if not pause_again(self._study, trial._record):
                self._study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _give_up(self, trial: Trial) -> None:
        with Deferred():
            self._study.sync()
            self._settle(trial)
            if not pause_again(self._study, trial._record):
                finish(self._study, trial, None, TrialState.FAIL, skip_if_finished=True, warn=False)


_ENDS = {TrialState.FAIL: "failed", TrialState.PAUSED: "is paused again"}


def _task_of(trial: Trial, n_objectives: int) -> bytes:
    return pickling.quickly(
        Task(trial._record, trial._relative, trial.relative_search_space, bool(trial._ready), n_objectives)
    )


def _expected(trial: Trial) -> dict[str, tuple[float, Any]]:
    """Give the jointly sampled values of a trial that can be suggested, as internal ones."""
    found = {}
    for name, value in trial._relative.items():
        distribution = trial.relative_search_space.get(name)
        try:
            internal = None if distribution is None else distribution.to_internal_repr(value)
        except ValueError:
            continue
        if distribution is not None and internal is not None and distribution._contains(internal):
            found[name] = (internal, distribution)
    return found


def _retry_of(study: StudyCore, retries: int | None) -> Callable[[Any, FrozenTrial], None] | None:
    if retries is not None:
        return RetryHeartbeatStaleTrialCallback(retries)
    get = getattr(study._storage, "get_heartbeat_stale_trial_callback", None)
    return None if get is None else get()  # type: ignore[no-any-return]


def _log_again(outcome: Outcome) -> None:
    """Let this process's loggers have what a worker logged."""
    for fields in outcome.logs:
        record = logging.makeLogRecord(fields)
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)


def _too_many(n_deaths: int, error: BaseException) -> RuntimeError:
    found = RuntimeError(
        f"{n_deaths} workers died in a row, and no trial ended between them; the last: {error}. Expected workers that "
        "outlive their trials: look at what they wrote to standard error, at their memory, and whether the objective "
        "runs by itself."
    )
    found.__cause__ = error
    return found
