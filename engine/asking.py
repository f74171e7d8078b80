"""How a trial starts: an enqueued one, a new one, or a new one with parameters known at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ..samplers import BaseSampler, Sampler
from .distributions import BaseDistribution
from .frozen import FrozenTrial
from .old_distributions import modern
from .records import TrialState
from .trial import Trial

if TYPE_CHECKING:
    from .study import Study


def ask(study: Study, fixed_distributions: Mapping[str, BaseDistribution] | None) -> Trial:
    """Start a trial; see `Study.ask`."""
    distributions = {name: modern(distribution) for name, distribution in (fixed_distributions or {}).items()}
    study._watch.look(study)
    storage, study_id = study._storage, study._study_id
    trial_id = storage.claim_waiting_trial(study_id)
    study._history = None  # a sampler that looks at the trials looks at what others stored, too
    if trial_id is None and distributions and _draws_from_columns(study.sampler):
        trial = _ask_at_once(study, distributions)
        if trial is not None:
            return trial
    trial = Trial(study, storage.create_new_trial(study_id) if trial_id is None else trial_id)
    if distributions:
        trial.suggest_all(distributions)
    return trial


def _draws_from_columns(sampler: BaseSampler) -> bool:
    """Tell whether a sampler needs no more of a new trial than its number."""
    return isinstance(sampler, Sampler) and type(sampler).before_trial is BaseSampler.before_trial


def _ask_at_once(study: Study, distributions: Mapping[str, BaseDistribution]) -> Trial | None:
    """Draw for the number that comes next, then store trial and parameters in one transaction.

    None if another worker took the number meanwhile: what was drawn for it is of no use for another one.
    """
    number = study.history.n
    record = FrozenTrial(number, TrialState.RUNNING, None, datetime.now(), None, {}, {}, {}, {}, {}, -1)
    trial = Trial._draft(study, record)
    trial._draw_all(distributions, {})
    created = study._storage.create_trials_at(study._study_id, number, [record])
    if created is None:
        study._sync()
        return None
    trial._trial_id = created[0]
    trial._record = study._storage.live_record(created[0])
    return trial
