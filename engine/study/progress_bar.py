"""A progress bar for `Study.optimize`, by tqdm."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from threading import Lock
from typing import Any

from ..logging import get_logger
from .core import StudyCore
from .progress import ProgressReader


class ProgressBar:
    """Shows how many trials, or seconds, are done and which trial is the best; log lines are written above it.

    Parameters
    ----------
    is_shown
        False for a bar that does nothing.
    n_trials, timeout
        The limits of the run. With `n_trials` the bar counts trials, otherwise seconds.
    n_jobs
        How many trials run at once. A bar that counts seconds is drawn for one alone, as in Optuna.
    """

    def __init__(self, is_shown: bool, n_trials: int | None, timeout: float | None, n_jobs: int = 1) -> None:
        problem = ""
        if n_trials is None and timeout is None:
            problem = "The progress bar needs `n_trials` or `timeout` to know how far it is, so none is shown."
        elif n_trials is None and n_jobs != 1:
            problem = (
                "The timeout-based progress bar is not supported with n_jobs != 1, so none is shown. Give `n_trials`, "
                "too, for one that counts trials."
            )
        if is_shown and problem:
            warnings.warn(problem, stacklevel=4)
        self._is_shown = is_shown and not problem
        self._n_trials = n_trials
        self._timeout = timeout
        self._bar: Any = None
        self._reader: ProgressReader | None = None
        self._stack = ExitStack()
        self._lock = Lock()  # trials may end in several threads

    def __enter__(self) -> ProgressBar:
        if self._is_shown:
            from tqdm.auto import tqdm
            from tqdm.contrib.logging import logging_redirect_tqdm

            self._stack.enter_context(logging_redirect_tqdm(loggers=[get_logger("parzen")]))
            if self._n_trials is not None:
                self._bar = self._stack.enter_context(tqdm(total=self._n_trials))
            else:
                layout = "{l_bar}{bar}| {elapsed}/" + tqdm.format_interval(self._timeout or 0.0)
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
        self._reader = self._reader or ProgressReader(study)
        best = self._reader.read().best
        if best is not None:
            self._bar.set_description(f"Best trial: {best.number}. Best value: {best.value:.6g}", refresh=False)
        elapsed = self._bar.format_dict["elapsed"]
        if self._n_trials is None:
            self._bar.update(min(elapsed, self._bar.total) - self._bar.n)
            return
        if self._timeout is not None:
            self._bar.set_postfix_str(f"{elapsed:.2f}/{self._timeout:g} seconds", refresh=False)
        self._bar.update(1)
