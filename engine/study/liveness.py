"""What happens to trials whose process died."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ..deprecated import warn_deprecated
from ..exceptions import UpdateFinishedTrialError
from ..history import COMPLETED_RUNG
from ..interrupts import Deferred
from ..logging import get_logger
from ..records import CONSTRAINTS, ERROR, PAUSED_AT, RETRIED, FrozenTrial, TrialState, create_trial
from .core import StudyCore
from .telling import pause_again

_logger = get_logger(__name__)
_FAILED = "failed_trial"


def fail_stale_trials(study: StudyCore) -> None:
    """Fail the running trials whose process is dead, and call the storage's callback for each.

    One that had been paused before is not failed but paused again, at the step at which its checkpoint was made.
    `Study.ask` and `Study.optimize` do it from time to time if the storage has a heartbeat. Of several processes that
    do it at once, one gets each trial.

    Parameters
    ----------
    study
        A study; nothing happens if its storage has no heartbeat.
    """
    storage: Any = study._storage
    if _interval(storage) is None:
        return
    callback = storage.get_heartbeat_stale_trial_callback()
    for trial_id in storage._get_stale_trial_ids(study._study_id):
        try:
            record = storage.get_trial(trial_id)
            if record.system_attrs.get(PAUSED_AT) is not None:
                _pause_stale(study, record)
                continue
            storage.set_trial_state_values(trial_id, TrialState.FAIL)
        except (UpdateFinishedTrialError, KeyError):  # another process was faster, or the study is gone
            continue
        trial = storage.get_trial(trial_id)
        _logger.warning(f"Trial {trial.number} failed because the process that ran it is dead.")
        if callback is not None:
            callback(study, trial)


def _pause_stale(study: StudyCore, record: FrozenTrial) -> None:
    """Pause a trial again, unless another process did so meanwhile: then it may run already, in a living one."""
    storage: Any = study._storage
    with Deferred():  # what was taken over is also paused
        if storage._take_over(record._trial_id) and pause_again(study, record):
            _logger.warning(f"Trial {record.number} is paused again because the process that resumed it is dead.")


def _interval(storage: Any) -> int | None:
    """Give the seconds between two heartbeats, None if a storage has no heartbeat."""
    get = getattr(storage, "get_heartbeat_interval", None)
    interval: int | None = None if get is None else get()
    return interval


def search_from_time_to_time(study: StudyCore) -> None:
    """Fail stale trials at a study's first ask, then once in each interval of its storage's heartbeat."""
    interval = _interval(study._storage)
    if interval is not None and time.monotonic() >= study._next_search:
        study._next_search = time.monotonic() + interval
        fail_stale_trials(study)


class RetryHeartbeatStaleTrialCallback:
    """Puts a trial whose process died back into the queue, with its parameters and attributes.

    The worker that gets it finds the user attributes, where a training loop keeps the path of its checkpoint.

    Parameters
    ----------
    max_retry
        How often a trial is tried again, None for ever.
    inherit_intermediate_values
        Let the new trial have what the dead one reported, so that it goes on behind its last step.

    Examples
    --------
    >>> storage = RDBStorage(url, heartbeat_interval=60, heartbeat_stale_trial_callback=retry(3))
    """

    def __init__(self, max_retry: int | None = None, inherit_intermediate_values: bool = False) -> None:
        self._max_retry = max_retry
        self._inherit_intermediate_values = inherit_intermediate_values

    def __call__(self, study: Any, trial: FrozenTrial) -> None:
        """Enqueue the trial again, unless it was tried often enough."""
        tried = [*self.retry_history(trial), trial.number]
        if self._max_retry is not None and len(tried) > self._max_retry:
            return
        # Of constraints and rungs the first value counts, so the new run must be free to set its own; so is its error.
        own = (CONSTRAINTS, COMPLETED_RUNG, ERROR)
        kept = {key: value for key, value in trial.system_attrs.items() if not key.startswith(own)}
        study.add_trial(
            create_trial(
                state=TrialState.WAITING,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs=trial.user_attrs,
                system_attrs={**kept, _FAILED: tried[0], RETRIED: tried},
                intermediate_values=trial.intermediate_values if self._inherit_intermediate_values else None,
            )
        )

    @staticmethod
    def retried_trial_number(trial: FrozenTrial) -> int | None:
        """Give the number of the trial that this one tries again, the first of several; None if it is the first."""
        number: int | None = trial.system_attrs.get(_FAILED)
        return number

    @staticmethod
    def retry_history(trial: FrozenTrial) -> list[int]:
        """Give the numbers of the trials before this one that were tried with its parameters, oldest first."""
        return list(trial.system_attrs.get(RETRIED, ()))


class RetryFailedTrialCallback(RetryHeartbeatStaleTrialCallback):
    """Deprecated: `RetryHeartbeatStaleTrialCallback`."""

    def __init__(self, max_retry: int | None = None, inherit_intermediate_values: bool = False) -> None:
        warn_deprecated("RetryFailedTrialCallback", "RetryHeartbeatStaleTrialCallback")
        super().__init__(max_retry, inherit_intermediate_values)


def retry(max_retry: int | None = None, inherit_intermediate_values: bool = True) -> Callable[..., None]:
    """Make a callback for a storage that tries trials of dead processes again, with what they reported."""
    return RetryHeartbeatStaleTrialCallback(max_retry, inherit_intermediate_values)
