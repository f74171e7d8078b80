"""When to stop one training, step by step."""

from __future__ import annotations

import math

from ...engine.logging import get_logger
from ...engine.records import StudyDirection
from .rules import at_least_one

_logger = get_logger(__name__)


class EarlyStopping:
    """Tells, value by value, when a training no longer gets better.

    It knows neither trials nor studies: use it in any loop, one object for each training.

    Parameters
    ----------
    patience
        Stop when so many values in a row were no better than the best one before, at least 1.
    direction
        ``"minimize"`` for a loss, ``"maximize"`` for an accuracy.
    min_delta
        By how much a value must be better than the best to count, in its units.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_step : int or None
        Which one it was, the first is 0.
    n_values : int
        How many values were given.
    reason : str or None
        Why the training should stop, in one line; None while it should go on.

    Raises
    ------
    ValueError
        If an argument lies outside its range.

    Examples
    --------
    >>> early = EarlyStopping(patience=5)
    >>> for epoch in range(100):
    ...     if early(train_one_epoch()):
    ...         break
    """

    def __init__(
        self, patience: int, direction: str | StudyDirection = StudyDirection.MINIMIZE, min_delta: float = 0.0
    ) -> None:
        self._patience = at_least_one("patience", patience)
        names = {"minimize": 1.0, "maximize": -1.0}
        name = direction.name.lower() if isinstance(direction, StudyDirection) else direction
        if name not in names:
            raise ValueError(f"`direction` must be `minimize` or `maximize`, but got {direction!r}.")
        if not 0.0 <= min_delta < math.inf:
            raise ValueError(f"`min_delta` must be a number of at least 0, but got {min_delta!r}.")
        self._sign, self._min_delta = names[name], min_delta
        self.best: float | None = None
        self.best_step: int | None = None
        self.n_values = 0
        self.reason: str | None = None

    def __call__(self, value: float) -> bool:
        """Take the next value, and tell whether to stop; NaN is never better."""
        step, number = self.n_values, float(value)
        self.n_values += 1
        if not math.isnan(number) and (self.best is None or self._gain(number) > self._min_delta):
            self.best, self.best_step = number, step
        since = self.n_values if self.best_step is None else step - self.best_step
        self.reason = None
        if since >= self._patience:
            best = "none was a number" if self.best is None else f"{self.best:.6g} at step {self.best_step} is the best"
            self.reason = f"no better value in {since} steps, {best}"
            _logger.info(f"The training should stop: {self.reason}.")
        return self.reason is not None

    def _gain(self, number: float) -> float:
        assert self.best is not None
        if number == self.best:  # infinities, too
            return 0.0
        return self._sign * (self.best - number)
