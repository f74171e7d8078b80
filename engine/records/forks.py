"""Forks: trials that go on from the checkpoint of another one, with parameters of their own.

A child is a trial of its own, so the parameters of no trial ever change. Its parent, and the step of the checkpoint
from which it goes on, are system attributes. It is created with a pause marker at that step, as if it had been paused
there and resumed: a child whose process dies before it has trained waits there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .attributes import FIXED
from .frozen import FrozenTrial
from .pauses import PAUSED_AT

PARENT = "parzen:parent"
FORKED_AT = "parzen:forked_at"


class Checkpoint(NamedTuple):
    """A state of training that a user keeps, say in a file of this name.

    Attributes
    ----------
    number
        Number of the trial that made it.
    step
        The step behind which it was made.
    """

    number: int
    step: int


def child_of(parent: int, step: int, params: Mapping[str, Any], attrs: Mapping[str, Any]) -> FrozenTrial:
    """Make a running trial that goes on from its parent's checkpoint at a step.

    Its parameters are given to it as those of an enqueued trial are: it gets each of them when it suggests it, so what
    is stored is what it suggested, whichever branch of a conditional space that is.
    """
    child = FrozenTrial.running()
    child.system_attrs = {PARENT: parent, FORKED_AT: step, PAUSED_AT: step, FIXED: dict(params), **attrs}
    return child


def checkpoint_of(number: int, system_attrs: Mapping[str, Any]) -> Checkpoint | None:
    """Give the checkpoint from which a trial goes on, or went on last; None if it starts from nothing."""
    step = system_attrs.get(PAUSED_AT)
    if not step:
        return None
    return Checkpoint(system_attrs[PARENT] if step == system_attrs.get(FORKED_AT) else number, step)
