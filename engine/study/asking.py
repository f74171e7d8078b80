"""How a trial starts: an enqueued one, what the pruner promotes, or a new one, perhaps with parameters at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...pruners import Fork, Leave, PromotingPruner, Promotion
from ...samplers.base import draws_columns
from ..distributions import BaseDistribution, modern
from ..exceptions import UpdateFinishedTrialError
from ..hooks import is_a
from ..interrupts import Deferred
from ..records import FrozenTrial, TrialState, child_of
from .core import StudyCore
from .lineage import restart_of
from .liveness import search_from_time_to_time
from .telling import finish, pause_again
from .trial import Trial


def ask(study: StudyCore, fixed_distributions: Mapping[str, BaseDistribution] | None) -> Trial:
    """Start a trial; see `Study.ask`."""
    distributions = {name: modern(d) for name, d in fixed_distributions.items()} if fixed_distributions else {}
    search_from_time_to_time(study)
    storage, study_id = study._storage, study._study_id
    claims = getattr(study.sampler, "claims", False) and draws_columns(study.sampler)
    draws_at_once = claims or (bool(distributions) and draws_columns(study.sampler))
    if draws_at_once and storage.can_create_if_read and not is_a(study.pruner, PromotingPruner):
        trial = None if study.sync(refresh=False).may_wait else _ask_at_once(study, distributions, is_read=False)
        if trial is not None:
            return trial
    trial_id = storage.claim_waiting_trial(study_id) if not draws_at_once or study.sync().may_wait else None
    if trial_id is not None or not draws_at_once:
        study.look_again()  # a sampler that looks at the trials looks at what others stored, too
    if trial_id is None:
        trial = promoted(study)
        if trial is not None:
            if distributions:
                _suggest_or_pause(trial, distributions)
            return trial
    if trial_id is None and draws_at_once:
        trial = _ask_at_once(study, distributions)
        while trial is None and claims:  # another worker took the number
            study.sync()
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
    """Do what the study's pruner promotes, and give the trial that goes on by it; None if a new one is to start."""
    pruner: Any = study.pruner
    if not is_a(pruner, PromotingPruner):
        return None
    refused: tuple[Promotion, int, int] | None = None  # which, and what was known then
    while True:
        study.sync()
        promotion = pruner.promote(study)
        if promotion is None:
            return None
        wanted = promotion, len(study.history.pauses), study.history.n
        if wanted == refused:
            raise RuntimeError(
                f"{promotion} is what the pruner promotes, but {type(study._storage).__name__} refuses. Expected "
                "`set_trial_state_values(trial_id, TrialState.RUNNING)` to start a paused trial: use one of parzen's "
                "storages."
            )
        trial = _follow(study, promotion)
        if trial is not None:
            return trial
        refused = wanted  # another worker was faster, unless the next look shows the same


def _follow(study: StudyCore, promotion: int | Leave | Fork) -> Trial | None:
    """Do what a pruner promotes; None if another worker was faster, or if there is more to be done."""
    if isinstance(promotion, Fork):
        return fork(study, promotion)
    if isinstance(promotion, Leave):
        leave(study, promotion)
        return None
    return resume(study, promotion)


def leave(study: StudyCore, promotion: Leave) -> None:
    """End a paused trial as a pruned one, unless another worker took it up meanwhile.

    It is resumed for that: so one worker gets it, and should that one die just then, the trial is paused again.
    """
    with Deferred():
        trial = resume(study, promotion.number)
        if trial is not None:
            study.note(trial._record, promotion.attrs)
            finish(study, trial, None, TrialState.PRUNED, skip_if_finished=True)


def fork(study: StudyCore, promotion: Fork) -> Trial | None:
    """Start a child; None if another worker took its number, or its parent's checkpoint may be gone.

    Parent, step and parameters are stored with the new trial in one transaction, and only under the number for which
    they were drawn: of several workers that fork at once, one does, and the others look again.
    """
    child = child_of(promotion.parent, promotion.step, promotion.params, promotion.attrs)
    with Deferred():
        created = study._storage.create_trials_at(study._study_id, promotion.number, [child])
        study.look_again()
        if created is None:
            return None
        history = study.sync()
        # Not every storage creates a trial at a number in one step. And whoever looked for checkpoints to delete before
        # the child was there may have taken this one, if its parent does not go on from there any more; who looks from
        # now on sees that the child needs it.
        is_first = history.trial_id(promotion.number) == created[0]
        if not is_first or restart_of(history, promotion.parent) != (promotion.parent, promotion.step):
            study._storage.set_trial_state_values(created[0], TrialState.FAIL)
            study.look_again()
            return None
    return Trial(study, created[0], prepares=False)


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


def _ask_at_once(study: StudyCore, distributions: Mapping[str, BaseDistribution], is_read: bool = True) -> Trial | None:
    """Draw for the number that comes next, then store trial and parameters in one transaction.

    None if another worker took the number meanwhile: what was drawn for it is of no use for another one. And if what
    is known here was not read just now, the storage says whether that is all there is.
    """
    number = study.history.n
    record = FrozenTrial.running(number)
    trial = Trial(study, record._trial_id, record=record)
    trial._draw_all(distributions, {})
    storage, study_id = study._storage, study._study_id
    if is_read:
        created = next(iter(storage.create_trials_at(study_id, number, [record]) or ()), None)
    else:
        created = storage.create_trial_if_read(study_id, record)
    if created is None:
        study.look_again()
        return None
    trial._trial_id = created
    trial._record = storage.live_record(created)
    if trial.number != number and study.sampler.claims:  # not every storage creates a trial at a number in one step
        storage.set_trial_state_values(created, TrialState.FAIL)
        study.look_again()
        return None
    return trial
