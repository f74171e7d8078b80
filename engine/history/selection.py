"""A part of a study's trials, shown to a sampler as if it were the whole study."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..records import FrozenTrial, TrialState
from .columns import Growing
from .history import History
from .viewing import history_of


class Selection(History):
    """Some trials of a history as columns, under the numbers that they have there.

    The other trials appear as empty failed trials, from which no sampler learns. A selection copies the states alone
    and shares all other columns with the whole history. So a shared column may hold values of a trial that is not
    selected: readers leave them alone, as they leave those of any failed trial. A selection is only read.

    Parameters
    ----------
    whole
        The history to select from. It is not held: `update` is given it each time.
    selects
        Tells by its number whether a trial is selected; asked once for each.
    """

    _SHARED = ("_rows", "_params", "_constraints", "_domains", "_own_distributions", "_attrs", "_frozen", "_curves",
               "reports", "rungs")  # fmt: skip

    def __init__(self, whole: History, selects: Callable[[int], bool]) -> None:
        super().__init__(whole.directions, whole.lock)
        for name in self._SHARED:
            setattr(self, name, getattr(whole, name))
        self._selects = selects
        self._selected = Growing(np.bool_)
        self._states = Growing(np.int8)
        self._n_seen = 0, 0  # of those that finished, and that paused, in the whole
        self.update(whole)

    @property
    def states(self) -> npt.NDArray[np.int8]:
        return self._states.view

    def state(self, number: int) -> int:
        return int(self._states.view[number])

    def update(self, whole: History) -> Selection:
        """Bring in what happened in the whole history since."""
        with self.lock:
            for number in range(self.n, whole.n):
                self._selected.append(self._selects(number))
                self._states.append(whole.states[number] if self._selected.view[number] else TrialState.FAIL)
            self.n = whole.n
            n_finished, n_paused = self._n_seen
            self._n_seen = len(whole.finished), len(whole.pauses)
            self._take_pauses(whole.pauses[n_paused:].tolist(), whole)
            self._take_ends(whole.finished_since(n_finished))
            self._take_live(whole)
        return self

    def _take_pauses(self, numbers: Iterable[int], whole: History) -> None:
        for number in numbers:
            if self._selected.view[number]:
                self._pauses.append(number)
                self._states.view[number] = whole.states[number]

    def _take_ends(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self._selected.view[number]:
                self._states.view[number] = self._rows["state"][number]
                self._note_end(self._thaw(number), int(self._rows["signature"][number]))

    def _take_live(self, whole: History) -> None:
        """Show the running and waiting trials that are selected; there are as many as workers."""
        selected = self._selected.view
        self.live = {number: record for number, record in whole.live.items() if selected[number]}
        for number, record in self.live.items():
            self._states.view[number] = record.state

    def record(self, number: int) -> FrozenTrial:
        return super().record(number) if self._selected.view[number] else self._blank(number)

    def copy_record(self, number: int) -> FrozenTrial:
        return super().copy_record(number) if self._selected.view[number] else self._blank(number)

    def _blank(self, number: int) -> FrozenTrial:
        return FrozenTrial.blank(number, int(self.trial_ids[number]), self.completed_at(number))

    def selected(self, states: Container[TrialState] | None = None) -> list[int]:
        """Give the numbers of the selected trials in these states, in order."""
        numbers: list[int] = np.flatnonzero(self._selected.view).tolist()
        return numbers if states is None else [n for n in numbers if TrialState(int(self.states[n])) in states]


class BracketStudy:
    """A study of which only some trials are listed; all else is the study's own.

    Parameters
    ----------
    study
        The study.
    select
        Gives the selection of the history that the study has now.
    has_all_columns
        Whether `history` holds the columns of all trials nevertheless.
    """

    def __init__(self, study: Any, select: Callable[[History], Selection], has_all_columns: bool = False) -> None:
        self._study = study
        self._select = select
        self._has_all_columns = has_all_columns

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # while it is being copied or unpickled there is no study yet
            raise AttributeError(name)
        return getattr(self._study, name)

    @property
    def history(self) -> History:
        """Its trials as columns."""
        history = history_of(self._study)
        return history if self._has_all_columns else self._select(history)

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """List its trials, by number; the others are left out."""
        return self._get_trials(deepcopy, states)

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        history = self._select(self._study.sync())
        with history.lock:
            get = history.copy_record if deepcopy else history.record
            return [get(number) for number in history.selected(states)]

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of its trials, by number."""
        return self.get_trials()

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of its best complete trial that violates no constraint; ``ValueError`` if there is none yet."""
        history = self._select(self._study.sync())
        with history.lock:
            if history.best is None:
                raise ValueError("No trials are completed yet.")
            return history.copy_record(history.best)

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of its best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float | None:
        """Value of its best trial."""
        return self.best_trial.value
