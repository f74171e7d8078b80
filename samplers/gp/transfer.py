"""What other studies found, as observations of related tasks.

A trial of another study is a point like those of this study, with one coordinate more: which study it is from. The
length of that coordinate is fitted as the others are, so that the studies themselves say how much they have in common
(as with the categorical task kernel of Swersky, Snoek and Adams, "Multi-task Bayesian optimization", 2013). Losses of
different studies are not on one scale: those of another study count by their ranks, as normal scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import BaseDistribution
from ...engine.history import History
from ...engine.kernels import truncnorm
from ..tpe.evidence import COMPLETE
from .coordinates import Coordinates
from .evidence import chosen

MOST = 60  # trials of each other study
FADES_AFTER = 20  # trials of the study itself, from which on they count alone


class Task(NamedTuple):
    """Trials of another study, the best first: coordinates (n, d), NaN where there are none, and observations (n,)."""

    u: FloatArray
    z: FloatArray

    def faded(self, n: int) -> Task:
        """Keep what counts beside `n` trials of the study itself: ever fewer, evenly from the best to the worst."""
        n_kept = int(len(self.z) * max(0.0, 1.0 - n / FADES_AFTER))
        rows = np.arange(n_kept) * len(self.z) // max(n_kept, 1)
        return Task(self.u[rows], self.z[rows])


class Transfer:
    """Other studies to learn from.

    Parameters
    ----------
    studies
        Studies of one objective, with some of the parameters. What they hold when a study first looks at them counts.
    """

    def __init__(self, studies: Sequence[Any]) -> None:
        for study in studies:
            if len(study.directions) != 1:
                raise ValueError(f"Expected studies of one objective, but {study.study_name!r} has several.")
        self._histories: list[History] = [study.sync() for study in studies]

    def __len__(self) -> int:
        return len(self._histories)

    def best(self, index: int, name: str, distribution: BaseDistribution) -> float | None:
        """Give the internal value that a parameter has in the best trial of one of the studies; None if it has none."""
        history = self._histories[index]
        with history.lock:
            if history.best is None:
                return None
            value = history.record(history.best).params.get(name)
        try:
            internal = distribution.to_internal_repr(value)
        except (TypeError, ValueError):
            return None
        return internal if distribution._contains(internal) else None

    def tasks(self, coordinates: Coordinates) -> list[Task]:
        """Read the trials of the other studies in some coordinates, those that have any of the parameters."""
        found = []
        for history in self._histories:
            with history.lock:
                numbers = np.flatnonzero((history.states == COMPLETE) & ~(history.violation > 0))
                losses = history.losses(numbers)[:, 0]
                u, known = coordinates.read(history, numbers)
            fits = known & ~np.isnan(u).all(axis=1) & np.isfinite(losses)
            u, losses = u[fits], losses[fits]
            rows = chosen(losses, MOST)
            rows = rows[np.argsort(losses[rows], kind="stable")]
            if len(rows) > 1:
                found.append(Task(u[rows], _scores(losses)[rows]))
        return found


def _scores(losses: FloatArray) -> FloatArray:
    """Turn losses (n,) into normal scores: quantiles of their ranks, standardised."""
    ranks = np.empty(len(losses))
    ranks[np.argsort(losses, kind="stable")] = np.arange(len(losses))
    scores = truncnorm.ppf((ranks + 0.5) / len(losses), -np.inf, np.inf)
    return np.asarray(scores / scores.std())
