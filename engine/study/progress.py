"""A progress bar for `Study.optimize`, by tqdm."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from threading import Lock
from typing import Any

from ..logging import get_logger
from .core import StudyCore


class ProgressBar:
    """Shows how many trials, or seconds, are done and which trial is the best; log lines are written above it.

    Parameters
    ----------
    is_shown
        False for a bar that does nothing.
    n_trials, timeout
        The limits of the run; with trials it counts trials, otherwise seconds.
    """

    def __init__(self, is_shown: bool, n_trials: int | None, timeout: float | None) -> None:
        self._is_shown = is_shown and (n_trials is not None or timeout is not None)
        self._n_trials = n_trials
        self._timeout = timeout
        self._bar: Any = None
        self._stack = ExitStack()
        self._lock = Lock()  # trials may end in several threads
        if is_shown and not self._is_shown:
            warnings.warn(
                "The progress bar needs `n_trials` or `timeout` to know how far it is; without them none is shown.",
                stacklevel=4,
            )

    def __enter__(self) -> ProgressBar:
        if self._is_shown:
            from tqdm.auto import tqdm
            from tqdm.contrib.logging import logging_redirect_tqdm

            self._stack.enter_context(logging_redirect_tqdm(loggers=[get_logger("parzen")]))
            if self._n_trials is not None:
                self._bar = self._stack.enter_context(tqdm(total=self._n_trials))
            else:
                layout = "{l_bar}{bar}| {elapsed}/" + f"{self._timeout:g}s"
                self._bar = self._stack.enter_context(tqdm(total=self._timeout, bar_format=layout))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def update(self, study: StudyCore) -> None:
        """Take note of a finished trial."""
        if self._bar is not None:
            with self._lock:
                self._update(study)

    def _update(self, study: StudyCore) -> None:
        history = study.history
        if history.best is not None:
            best = f"Best trial: {history.best}. Best value: {history.values[history.best, 0]:.6g}"
            self._bar.set_description(best, refresh=False)
        if self._n_trials is not None:
            self._bar.update(1)
        else:
            elapsed = self._bar.format_dict["elapsed"]
            self._bar.update(min(elapsed, self._bar.total) - self._bar.n)
