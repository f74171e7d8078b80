"""What forked trials went through: the schedule of a lineage, and the checkpoints that are still needed."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...pruners import PromotingPruner
from ..history import History
from ..records import FORKED_AT, PARENT, PAUSED_AT, Checkpoint, FrozenTrial, TrialState, checkpoint_of
from .core import StudyCore

_ACTIVE = (TrialState.RUNNING, TrialState.PAUSED)


class Segment(NamedTuple):
    """A part of a schedule: the steps for which a training had the parameters of one trial.

    Attributes
    ----------
    number
        Number of the trial.
    start, stop
        It trained from the end of step `start` to the end of step `stop`.
    params
        Its parameters, external values by name.
    """

    number: int
    start: int
    stop: int
    params: dict[str, Any]


def lineage(study: StudyCore, number: int) -> list[Segment]:
    """Give the segments of a trial and its ancestors; see `Study.lineage`."""
    history = study.sync()
    if not 0 <= number < history.n:
        raise ValueError(f"Expected the number of a trial, one of 0 to {history.n - 1}, but got {number}.")
    found: list[Segment] = []
    with history.lock:
        record = history.copy_record(number)
        stop = record.last_step or 0
        while True:
            start = record.system_attrs.get(FORKED_AT, 0)
            found.append(Segment(record.number, start, max(start, stop), record.params))
            if PARENT not in record.system_attrs:
                return found[::-1]
            record, stop = history.copy_record(record.system_attrs[PARENT]), start


def checkpoints_in_use(study: StudyCore) -> set[Checkpoint]:
    """Give the checkpoints that may still be loaded; see `Study.checkpoints_in_use`."""
    history = study.sync()
    with history.lock:
        found = {restart_of(history, number) for number in history.numbers(_ACTIVE)}
        complete = history.numbers((TrialState.COMPLETE,))
        found |= {Checkpoint(number, int(history.last_step[number])) for number in complete}
        for record in history.live.values():
            found |= _to_be_told(study, history, record)
    return {checkpoint for checkpoint in found if checkpoint is not None and checkpoint.step > 0}


def _to_be_told(study: StudyCore, history: History, record: FrozenTrial) -> set[Checkpoint]:
    """Give the checkpoints that a running trial may have made, or makes next, before it tells that it pauses there."""
    if not isinstance(study.pruner, PromotingPruner) or record.state != TrialState.RUNNING:
        return set()
    reached = history.rungs.reached(record.number)
    steps = study.pruner.levels_of(record)[max(reached - 1, 0) : reached + 1]
    return {Checkpoint(record.number, step) for step in steps if step > (record.system_attrs.get(PAUSED_AT) or 0)}


def restart_of(history: History, number: int) -> Checkpoint | None:
    """Give the checkpoint from which a trial that runs or waits would go on; None if there is none, or it has ended."""
    if history.state(number) not in _ACTIVE:
        return None
    return checkpoint_of(number, history.system_attrs(number))
