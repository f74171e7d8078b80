"""What runs in a worker of `Study.optimize(executor=...)`: one trial, from a message that holds what is known of it.

Where a trial suggests what the caller had its sampler choose jointly, it is answered here, and the values go back with
the result. Whatever else it asks (another name, a report, `should_prune`, an attribute, `Trial.study`) opens the study
in its storage, once a process, and stores what was suggested until then; from there the trial is like any other.
"""

from __future__ import annotations

import logging
import pickle
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from logging.handlers import QueueHandler
from typing import Any, cast

from ...pruners.base import view_of
from ...samplers.base import draws_columns, is_keyed_by_number
from .. import pickling
from ..distributions import BaseDistribution
from ..logging import disable_default_handler, set_verbosity, top_logger
from ..records import FIXED
from .core import StudyCore
from .messages import CannotLoad, Job, Outcome, Raised, Task, pickled, process_name
from .run import state_after
from .telling import check_values
from .trial import Trial

_KEPT = 4  # jobs whose objective and study a worker keeps


# --- the trial -------------------------------------------------------------------------------------------------------


class _KnownStudy:
    """Stands for the study of a trial until another question than the arguments of a distribution is asked."""

    def __init__(self, trial: WorkerTrial) -> None:
        self._trial = trial
        self._seen: dict[str, tuple[Any, BaseDistribution]] = {}

    def remember(self, name: str, key: Any, distribution: BaseDistribution) -> tuple[Any, BaseDistribution]:
        known = self._trial.relative_search_space.get(name)
        if known == distribution and known.is_twin(distribution):
            distribution = known
        seen = self._seen[name] = (key, distribution)
        return seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial.in_study()._study, name)


class _KnownStorage:
    """Stands for the storage of a trial until something else than a parameter is to be stored."""

    keeps_live_records = False

    def __init__(self, trial: WorkerTrial) -> None:
        self._trial = trial

    def set_trial_param(self, trial_id: int, name: str, internal: float, distribution: BaseDistribution) -> None:
        self._trial.suggested[name] = (internal, distribution)

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        self._trial.suggested.update(params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial.in_study().storage, name)


class WorkerTrial(Trial):
    """A trial in a worker.

    Parameters
    ----------
    task
        What is known of it.
    open_study
        Gives the study, as of the storage.
    """

    def __init__(self, task: Task, open_study: Callable[[], StudyCore]) -> None:
        self._open_study = open_study
        self._trial_id, self._record = task.record._trial_id, task.record
        self._fixed = task.record.system_attrs.get(FIXED, {})
        self.relative_search_space, self._relative = task.space, task.relative
        self._ready = task.space if task.is_drawn else {}
        self._repeated, self._is_to_pause, self._drawn = None, False, {}
        self.suggested: dict[str, tuple[float, BaseDistribution]] = {}  # and not stored yet
        self._asked = set(task.record.params)
        self._study = cast(StudyCore, _KnownStudy(self))
        self.storage = cast(Any, _KnownStorage(self))

    def __getattr__(self, name: str) -> Any:
        """Open the study for what is missing until then: `_column_sampler` and `_seen_by_sampler`."""
        if name not in ("_column_sampler", "_seen_by_sampler"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return vars(self.in_study())[name]

    def in_study(self) -> WorkerTrial:
        """Go on in the opened study: store what was suggested, and look at what others stored."""
        if not isinstance(self._study, StudyCore):
            study = self._open_study()
            study.sync()
            if self.suggested:
                study._storage.set_trial_params(self._trial_id, self.suggested)
            before, self._record = self._record, study._storage.live_record(self._trial_id)
            self._record.params.update(before.params)
            self._record.distributions.update(before.distributions)
            self._study, self.storage, self.suggested = study, study._storage, {}
            self._column_sampler = study.sampler if draws_columns(study.sampler) else None
            self._seen_by_sampler = view_of(study, self._record.number)
            study._thread_local.in_optimize_loop = True
            for name in self._relative.keys() - self._asked:
                self._forget(name)
        return self

    @property
    def study(self) -> Any:
        return self.in_study()._study

    def leave(self) -> bool:
        """Tell whether the objective, which has ended, called `Study.stop`."""
        if not isinstance(self._study, StudyCore):
            return False
        self._study._thread_local.in_optimize_loop = False
        stops, self._study._stop_flag = self._study._stop_flag, False
        return stops

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        if name not in self._asked:
            self._look_before_drawing({name: distribution})
            if name in self._relative:
                self._forget(name)
            self._asked.add(name)
        return super()._suggest(name, distribution)

    def suggest_all(self, distributions: Mapping[str, BaseDistribution]) -> dict[str, Any]:
        self._look_before_drawing(distributions)
        return super().suggest_all(distributions)

    def _forget(self, name: str) -> None:
        """Take away what the caller's storage in memory shows as suggested because it is expected."""
        self._record.params.pop(name, None)
        self._record.distributions.pop(name, None)

    def _look_before_drawing(self, distributions: Mapping[str, BaseDistribution]) -> None:
        """Open the study if something is to be drawn: the draw depends on what the record holds.

        It may hold the value itself, where an executor runs a call again whose worker died, as Dask does.
        """
        known = self._record.params.keys() | self._fixed.keys() | self._relative.keys()
        if any(name not in known and distribution.only_value is None for name, distribution in distributions.items()):
            self.in_study()


# --- the worker ------------------------------------------------------------------------------------------------------


class _Work:
    """A job in this worker."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._lock = threading.Lock()
        self.is_elsewhere = job.caller != process_name()
        if self.is_elsewhere:
            disable_default_handler()  # the caller's writes
            set_verbosity(job.verbosity)
            if not logging.root.handlers:
                logging.root.setLevel(job.level)
        try:
            self.objective = pickle.loads(job.objective)
        except Exception as error:
            raise CannotLoad(
                f"The objective cannot be loaded in a worker: {error!r}. Expected the same packages and modules there; "
                "functions of a script or a notebook go along if cloudpickle is installed."
            ) from error

    @cached_property
    def _study(self) -> StudyCore:
        study: StudyCore = pickle.loads(self._job.study)
        if not is_keyed_by_number(study.sampler):
            study.sampler.reseed_rng()  # else all workers would draw alike
        return study

    def study(self) -> StudyCore:
        """Open the study, the first time."""
        with self._lock:
            return self._study


_works: OrderedDict[str, _Work] = OrderedDict()
_lock = threading.Lock()


def _work_of(key: str, job: Job | None) -> _Work | None:
    with _lock:
        work = _works.get(key)
        if work is None and job is not None:
            work = _works[key] = _Work(job)
            while len(_works) > _KEPT:
                _works.popitem(last=False)
        return work


def run_task(key: str, job: Job | None, task: bytes) -> bytes | None:
    """Run one trial.

    Parameters
    ----------
    key
        Names the job.
    job
        The job; None if this worker may have it already.
    task
        A pickled `Task`.

    Returns
    -------
    outcome
        A pickled `Outcome`; None if the worker does not have the job.
    """
    work = _work_of(key, job)
    if work is None:
        return None
    known: Task = pickle.loads(task)
    trial = WorkerTrial(known, work.study)
    with _logged(work.is_elsewhere) as logs:
        ended = _evaluate(work.objective, trial, known.n_objectives)
    outcome = Outcome(**ended, params=trial.suggested, repeated=trial._repeated, stops=trial.leave(), logs=logs)
    return pickling.quickly(outcome)


def _evaluate(objective: Callable[[Any], Any], trial: WorkerTrial, n_objectives: int) -> dict[str, Any]:
    """Call the objective; give what its `Outcome` says of it."""
    try:
        values = objective(trial)
        checked = check_values(values, n_objectives)[0]
        return {"values": checked if checked is not None else values if pickled(values) is not None else repr(values)}
    except BaseException as error:  # Ctrl-C, too: the caller is told
        trace = "".join(traceback.format_exception(error))
        return {"state": state_after(error), "error": Raised.of(error, trace)}


class _Kept(QueueHandler):
    """Keeps the records that a thread logs, as dictionaries."""

    def __init__(self) -> None:
        super().__init__(cast(Any, None))
        self.kept: list[dict[str, Any]] = []
        self._last: logging.LogRecord | None = None
        self._thread = threading.get_ident()

    def handle(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread or record is self._last:  # of two loggers that have this handler
            return False
        self._last = record
        return bool(super().handle(record))

    def enqueue(self, record: logging.LogRecord) -> None:
        plain = (str, int, float, type(None))
        self.kept.append({key: value for key, value in vars(record).items() if isinstance(value, plain)})


@contextmanager
def _logged(is_elsewhere: bool) -> Iterator[list[dict[str, Any]]]:
    """Keep what is logged, if the caller does not hear it anyway."""
    handler = _Kept()
    loggers = [logging.getLogger(), top_logger()] if is_elsewhere else []
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield handler.kept
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
