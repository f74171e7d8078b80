"""Targets: functions of a trial that give what is weighed or plotted in place of its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.history import History
from ..engine.records import FrozenTrial

Target = Callable[[FrozenTrial], float]


def targeted(history: History, numbers: Sequence[int], target: Target, absent: float | None = None) -> FloatArray:
    """Ask a target for trials.

    Parameters
    ----------
    history
        The study's columns.
    numbers
        Of the k trials.
    target
        Is given a trial.
    absent
        What stands for None; None: it is refused.

    Returns
    -------
    values
        Shape (k,).

    Raises
    ------
    TypeError
        If it gives no number: a text that spells one is none.
    """
    return np.array([_number(target, history.copy_record(number), absent) for number in numbers], dtype=np.float64)


def _number(target: Target, trial: FrozenTrial, absent: float | None) -> float:
    value = target(trial)
    if value is None and absent is not None:
        return absent
    try:
        if isinstance(value, str):
            raise TypeError("it is a text")
        return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise type(error)(
            f"Expected `target` to give a number, but for trial {trial.number} it gave {value!r}: {error}."
        ) from error
