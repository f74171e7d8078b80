"""How a trial starts: an enqueued one, a paused one, a new one, or a new one with parameters known at once."""

from __future__ import annotations

from collections.abc import Mapping

from ...pruners import PromotingPruner
from ...samplers.base import draws_columns
from ..distributions import BaseDistribution, modern
from ..exceptions import UpdateFinishedTrialError
from ..records import FrozenTrial, TrialState
from .core import StudyCore
from .liveness import search_from_time_to_time
from .telling import pause_again
from .trial import Trial


def ask(study: StudyCore, fixed_distributions: Mapping[str, BaseDistribution] | None) -> Trial:
    """Start a trial; see `Study.ask`."""
    distributions = {name: modern(d) for name, d in fixed_distributions.items()} if fixed_distributions else {}
    search_from_time_to_time(study)
    storage, study_id = study._storage, study._study_id
    trial_id = storage.claim_waiting_trial(study_id)
    study.look_again()  # a sampler that looks at the trials looks at what others stored, too
    if trial_id is None:
        trial = promoted(study)
        if trial is not None:
            if distributions:
                _suggest_or_pause(trial, distributions)
            return trial
    if trial_id is None and distributions and draws_columns(study.sampler):
        trial = _ask_at_once(study, distributions)
        if trial is not None:
            return trial
    trial = Trial(study, storage.create_new_trial(study_id) if trial_id is None else trial_id)
    if distributions:
        trial.suggest_all(distributions)
    return trial


def _suggest_or_pause(trial: Trial, distributions: Mapping[str, BaseDistribution]) -> None:
    """Let a promoted trial suggest what it has not yet; should that fail, it waits again."""
    try:
        trial.suggest_all(distributions)
    except BaseException:
        pause_again(trial._study, trial._record)
        raise


def promoted(study: StudyCore) -> Trial | None:
    """Resume the paused trial that the study's pruner promotes; None if there is none."""
    if not isinstance(study.pruner, PromotingPruner):
        return None
    refused: tuple[int, int] | None = None  # which trial, and how many pauses were known then
    while True:
        study.sync()
        number = study.pruner.promote(study)
        if number is None:
            return None
        paused = number, len(study.history.pauses)
        if paused == refused:
            raise RuntimeError(
                f"Trial {number} is paused and should be resumed, but {type(study._storage).__name__} refuses. "
                "Expected `set_trial_state_values(trial_id, TrialState.RUNNING)` to start a paused trial: use one of "
                "parzen's storages."
            )
        trial = resume(study, number)
        if trial is not None:
            return trial
        refused = paused  # another worker was faster: the next look will show it


def resume(study: StudyCore, number: int) -> Trial | None:
    """Resume a paused trial; None if another worker was faster."""
    storage = study._storage
    trial_id = storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
    try:
        if not storage.set_trial_state_values(trial_id, TrialState.RUNNING):
            return None
    except UpdateFinishedTrialError:
        return None
    study.look_again()
    return Trial(study, trial_id, prepares=False)


def _ask_at_once(study: StudyCore, distributions: Mapping[str, BaseDistribution]) -> Trial | None:
    """Draw for the number that comes next, then store trial and parameters in one transaction.

    None if another worker took the number meanwhile: what was drawn for it is of no use for another one.
    """
    number = study.history.n
    record = FrozenTrial.running(number)
    trial = Trial(study, record._trial_id, record=record)
    trial._draw_all(distributions, {})
    created = study._storage.create_trials_at(study._study_id, number, [record])
    if created is None:
        study.sync()
        return None
    trial._trial_id = created[0]
    trial._record = study._storage.live_record(created[0])
    return trial
