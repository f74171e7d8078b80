"""The trials of one Ray run in a study of parzen's: which Ray trial is which, and how each goes on."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from ...engine.logging import get_logger
from ...engine.records import FrozenTrial, TrialState, create_trial
from ...engine.study import Study, Trial
from ...engine.study.liveness import search_from_time_to_time

RAY_ID, RUN = "ray:trial_id", "ray:run"  # user attributes of a trial
_OVER = (TrialState.COMPLETE, TrialState.PRUNED)

_logger = get_logger(__name__)


class Trials:
    """The trials of one Ray run, by Ray's identifiers.

    Parameters
    ----------
    study
        Where they are stored.
    run
        Name of the run, by which a driver that is restored finds its trials.

    Attributes
    ----------
    decisions : dict[str, TrialState] | None
        How trials end that a `ParzenScheduler` stopped, by Ray's identifier; None if another scheduler does.
    """

    def __init__(self, study: Study, run: str | None = None) -> None:
        self.study = study
        self.run = run or uuid.uuid4().hex
        self.decisions: dict[str, TrialState] | None = None
        self._numbers: dict[str, int] = {}
        self._running: dict[str, Trial] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_running": {}}

    # --- looking -----------------------------------------------------------------------------------------------------

    def number(self, ray_id: str) -> int | None:
        """Give the number of a Ray trial, None if it is unknown."""
        return self._numbers.get(ray_id)

    def record(self, ray_id: str) -> FrozenTrial | None:
        """Give what the study knows of a Ray trial, None if it knows nothing."""
        number = self._numbers.get(ray_id)
        if number is None or number >= self.study.sync().n:
            return None
        return self.study.history.copy_record(number)

    def state(self, ray_id: str) -> TrialState | None:
        """Give the state of a Ray trial, None if it is unknown."""
        number = self._numbers.get(ray_id)
        if number is None or number >= self.study.sync().n:
            return None
        return TrialState(int(self.study.history.states[number]))

    @property
    def n_running(self) -> int:
        """Number of trials that neither ended nor are paused."""
        return len(self._running)

    def running(self, ray_id: str) -> Trial | None:
        """Give a trial that runs; one that failed, and that Ray runs again, as a new trial. None for all others."""
        trial = self._running.get(ray_id)
        if trial is not None:
            return trial
        state = self.state(ray_id)
        if state == TrialState.RUNNING:
            trial_id = self.study.history.trial_id(self._numbers[ray_id])
            trial = self._running[ray_id] = Trial(self.study, trial_id, prepares=False)
        elif state == TrialState.FAIL:
            trial = self._opened_again(ray_id)
        return trial

    def _opened_again(self, ray_id: str) -> Trial:
        failed = self.record(ray_id)
        assert failed is not None
        template = create_trial(
            state=TrialState.RUNNING,
            params=failed.params,
            distributions=failed.distributions,
            user_attrs=failed.user_attrs,
        )
        trial_id = self.study._storage.create_new_trial(self.study._study_id, template)
        trial = Trial(self.study, trial_id, prepares=False)
        _logger.info(f"Ray runs its trial {ray_id} again: trial {failed.number}, which failed, is now {trial.number}.")
        return self._note(ray_id, trial)

    def _note(self, ray_id: str, trial: Trial) -> Trial:
        self._numbers[ray_id] = trial.number
        self._running[ray_id] = trial
        self.study.look_again()
        return trial

    # --- going on ----------------------------------------------------------------------------------------------------

    def start(self, ray_id: str) -> Trial:
        """Start a trial: the first enqueued one, or a new one, which is stored together with Ray's identifier.

        `Study.ask` would give a paused trial that is to go on, too; here Ray decides when.
        """
        study, storage = self.study, self.study._storage
        search_from_time_to_time(study)
        attrs = {RAY_ID: ray_id, RUN: self.run}
        trial_id = storage.claim_waiting_trial(study._study_id)
        study.look_again()
        if trial_id is None:
            template = create_trial(state=TrialState.RUNNING, user_attrs=attrs)
            trial = Trial(study, storage.create_new_trial(study._study_id, template))
        else:
            trial = Trial(study, trial_id)
            for key, value in attrs.items():
                trial.set_user_attr(key, value)
        return self._note(ray_id, trial)

    def report(self, ray_id: str, values: Sequence[float] | None, step: int) -> Trial | None:
        """Report what a running trial came to; give it if the step is a new one.

        A driver that was restored lets trials go on from older checkpoints: there the first report of a step counts.
        """
        trial = self.running(ray_id)
        if trial is None or values is None or step in trial._record.intermediate_values:
            return None
        trial.report(values if len(values) > 1 else values[0], step)
        return trial

    def pause(self, ray_id: str) -> None:
        """Pause a running trial."""
        self.study.tell(self._running.pop(ray_id), state=TrialState.PAUSED)

    def resume(self, ray_id: str) -> None:
        """Take a paused trial up again."""
        self._running[ray_id] = self.study.resume(self._numbers[ray_id])

    def end(self, ray_id: str, state: TrialState, values: Sequence[float] | None = None) -> None:
        """Tell how a trial ended; one that has ended stays as it is.

        Parameters
        ----------
        ray_id
            Ray's identifier.
        state
            How it ended; without values that a study can take a COMPLETE trial is a failed one.
        values
            Those of a complete trial.
        """
        if self.state(ray_id) == TrialState.PAUSED:
            self.resume(ray_id)
        trial = self.running(ray_id)
        self._running.pop(ray_id, None)
        if trial is None:
            return
        if state != TrialState.COMPLETE:
            self.study.tell(trial, state=state)
        elif values is None:
            self.study.tell(trial, state=TrialState.FAIL)
        else:
            self.study.tell(trial, values)

    def end_all(self) -> None:
        """Prune the trials that neither ended nor will: Ray says nothing of those that a run leaves behind."""
        for ray_id in self._numbers:
            if self.state(ray_id) in (TrialState.RUNNING, TrialState.PAUSED):
                self.end(ray_id, TrialState.PRUNED)

    # --- a driver that was restored ----------------------------------------------------------------------------------

    def recover(self) -> None:
        """Bring the study and a snapshot of this object together; the study knows more.

        Trials that started after the snapshot are unknown to Ray, which starts others in their place. Those that ended
        keep their results. Those that did not have failed, and their parameters are tried first of all.
        """
        known = set(self._numbers)
        for record in self.study.get_trials():
            if record.user_attrs.get(RUN) != self.run or record.state == TrialState.WAITING:
                continue
            ray_id = record.user_attrs.get(RAY_ID)
            if ray_id is not None:
                self._numbers[ray_id] = record.number  # the last one, if it was opened again
            if ray_id not in known:
                self._forget(record)
            elif record.state == TrialState.RUNNING:
                self.running(ray_id)

    def forget_all_but(self, ray_ids: set[str]) -> None:
        """End the trials that neither ended nor are among those that Ray knows."""
        for ray_id in self._numbers.keys() - ray_ids:
            record = self.record(ray_id)
            if record is not None:
                self._running.pop(ray_id, None)
                self._forget(record)

    def _forget(self, record: FrozenTrial) -> None:
        if record.state == TrialState.PAUSED:
            self.study.tell(self.study.resume(record.number), state=TrialState.PRUNED)
        elif record.state == TrialState.RUNNING:
            self.study.tell(record.number, state=TrialState.FAIL)
            self.study.enqueue_trial(record.params, {RUN: self.run})

    def is_over(self, ray_id: str) -> bool:
        """Tell whether the study has a result of a trial, however Ray looks at it."""
        return self.state(ray_id) in _OVER


def numbers_of(result: dict[str, Any] | None, metrics: Sequence[str]) -> list[float] | None:
    """Give the metrics of a result of Ray's, which is flat; None if one of them is missing."""
    if not result or any(result.get(metric) is None for metric in metrics):
        return None
    return [float(result[metric]) for metric in metrics]
