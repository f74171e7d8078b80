"""What a task of the quality benchmark is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """An objective to be minimised.

    Attributes
    ----------
    name, group
        What it is called, and what kind of task it is.
    objective
        Takes a trial of either library and the run's seed.
    optimum
        The smallest possible value; None: unknown, the best value of all runs takes its place.
    true_value
        The value without noise of a trial's parameters; None: the objective has no noise.
    """

    name: str
    group: str
    objective: Callable[[Any, int], float]
    optimum: float | None
    true_value: Callable[[dict[str, Any]], float] | None = None
