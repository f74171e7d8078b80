"""What importances are computed from: the complete trials of a study, as arrays of targets and of parameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution
from ...engine.history import History, StudyLike, history_of
from ...engine.records import TrialState
from ..targets import Target, targeted

NEEDS_TARGET = (
    "If the `study` is being used for multi-objective optimization, please specify the `target`. For example, use "
    "`target=lambda t: t.values[0]` for the first objective value."
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The complete trials of a study.

    Attributes
    ----------
    history : History
        All trials as columns; its lock is held while they are read.
    complete : ndarray
        Numbers of the complete trials, shape (n_complete,).
    numbers : ndarray
        Those of which all targets are finite, shape (n,).
    targets : ndarray
        What is explained, shape (n, m): the objective values as told, or what `target` gave (m = 1).
    signs : ndarray
        1 for each target of which less is better, -1 for the others, shape (m,).
    """

    history: History
    complete: IntArray
    numbers: IntArray
    targets: FloatArray
    signs: FloatArray

    @classmethod
    def of(cls, study: StudyLike, target: Target | None, infinite: bool = False) -> Evidence:
        """Read a study. Where a target is given, less of it is better.

        Parameters
        ----------
        study
            The study.
        target
            Gives a number for a trial; None: its values.
        infinite
            Whether infinite targets count, too; NaN never does.
        """
        history = history_of(study)
        with history.lock:
            complete = np.asarray(history.numbers((TrialState.COMPLETE,)), dtype=np.int64)
            targets, signs = history.values[complete], np.array(history.signs)
        if target is not None:
            targets, signs = targeted(history, complete.tolist(), target)[:, np.newaxis], np.ones(1)
        counts = ~np.isnan(targets).any(axis=1) if infinite else np.isfinite(targets).all(axis=1)
        return cls(history, complete, complete[counts], targets[counts], signs)

    @property
    def losses(self) -> FloatArray:
        """Targets turned so that less is better, shape (n, m)."""
        return self.targets * self.signs

    def one_target(self) -> FloatArray:
        """Give the targets (n,) where there is one for each trial; ``ValueError`` with several objectives."""
        if len(self.signs) > 1:
            raise ValueError(NEEDS_TARGET)
        return self.targets[:, 0]

    # --- parameters that any trial has -------------------------------------------------------------------------------

    def names(self, params: Sequence[str] | None) -> list[str]:
        """Give the names that were asked for, or of all parameters in the order in which trials suggested them.

        Raises
        ------
        ValueError
            If no complete trial has one of those that were asked for.
        """
        history = self.history
        with history.lock:
            known = history.param_names
            has = ~np.isnan(history.params(known, self.complete))
            first = [self.complete[row.argmax()] for row in has if row.any()]
            there = list(dict.fromkeys(name for number in np.unique(first) for name in history.suggested(int(number))))
        if params is None:
            return there
        if missing := [name for name in params if name not in there]:
            raise ValueError(
                "Study must contain at least one completed trial for each specified parameter. Missing parameters: "
                f"{missing}."
            )
        return list(dict.fromkeys(params))

    # --- parameters that trials have together ------------------------------------------------------------------------

    def together(self, params: Sequence[str] | None) -> tuple[dict[str, BaseDistribution], IntArray]:
        """Give a fixed space, and the positions among `numbers` of the trials that have all of it.

        Parameters
        ----------
        params
            Names of the parameters; None: all that every complete trial suggested from the same distribution.

        Raises
        ------
        ValueError
            If no complete trial has all that were asked for, or if the ranges of one of them moved.
        """
        history = self.history
        with history.lock:
            if params is None:
                return history.intersection(include_pruned=False), np.arange(len(self.numbers))
            names = list(dict.fromkeys(params))
            has_all = ~np.isnan(history.params(names, self.complete)).any(axis=0)
            if not has_all.any():
                raise ValueError(
                    "Study must contain completed trials with all specified parameters. Specified parameters: "
                    f"{list(params)}."
                )
            having = self.complete[has_all]
            space = {name: history.suggested(int(having[0]))[name] for name in names}
            for name in names:
                if any(found != space[name] for found, _ in history.by_distribution(name, having)):
                    raise ValueError(
                        "Parameters importances cannot be assessed with dynamic search spaces if parameters are "
                        f"specified. Specified parameters: {list(params)}."
                    )
        return space, np.flatnonzero(np.isin(self.numbers, having))


def split_single(space: dict[str, BaseDistribution]) -> tuple[dict[str, BaseDistribution], dict[str, float]]:
    """Split off the parameters that can have one value only; their importance is 0."""
    varied = {name: distribution for name, distribution in space.items() if not distribution.single()}
    return varied, {name: 0.0 for name in space if name not in varied}


def checked(params: Any) -> list[str] | None:
    """Refuse what is no list of names: ``TypeError``."""
    if params is None:
        return None
    if not isinstance(params, (list, tuple)):
        raise TypeError(f"Parameters must be specified as a list. Actual parameters: {params}.")
    if any(not isinstance(name, str) for name in params):
        raise TypeError(f"Parameters must be specified by their names with strings. Actual parameters: {params}.")
    return list(params)


def shares(importances: dict[str, float]) -> dict[str, float]:
    """Scale importances so that they sum to 1; where all are 0 each gets the same share."""
    total = math.fsum(importances.values())
    if total == 0.0:
        return dict.fromkeys(importances, 1.0 / max(len(importances), 1))
    return {name: value / total for name, value in importances.items()}
