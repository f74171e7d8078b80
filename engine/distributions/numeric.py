"""Floats and integers."""

from __future__ import annotations

import math
import sys
import warnings
from decimal import Context, Decimal
from typing import Any, cast

import numpy as np

from ..arrays import FloatArray
from .base import BaseDistribution

_EXACT = Context(
    prec=1500
)  # decimals of floats, of which the smallest is 5e-324, are added and divided without rounding
_MOST_POINTS = 10**28  # of a grid; Optuna's arithmetic ends here, too, and floats can tell 2^53 of them apart
_WHOLE = 2**53  # from here on floats leave out integers


class NumericDistribution(BaseDistribution):
    """What floats and integers share: ordered bounds, an optional grid, an optional log scale."""

    low: Any
    high: Any
    step: Any
    log: bool
    _offset: float  # where the support starts
    _width: float

    def single(self) -> bool:
        # `high` is a grid point; on a log scale two neighbouring floats may have one logarithm.
        return bool(self.low == self.high or self._width == 0.0)

    def _check_arguments(self, low: float, high: float, step: float | None) -> None:
        if math.isnan(low) != math.isnan(high):  # both are NaN in rows of old versions, which can be read
            raise ValueError(f"`low` and `high` must be numbers, but got (low={low}, high={high}).")
        if low > high:
            raise ValueError(f"`low <= high` must hold, but got (low={low}, high={high}). Swap the two.")
        if step is not None and not 0 < step < math.inf:
            raise ValueError(f"`step > 0` must hold, and `step` be finite, but got step={step}.")

    def _set_support(self) -> None:
        start, end = self.support
        self._offset, self._width = start, end - start

    @property
    def ends(self) -> tuple[float, float]:
        return (math.log(self.low), math.log(self.high)) if self.log else (float(self.low), float(self.high))

    def to_internal_repr(self, param_value_in_external_repr: Any) -> float:
        value = param_value_in_external_repr
        if type(value) is float and (value > 0 or (value <= 0 and not self.log)):  # what nearly every call brings
            return value
        return self._cast(value)

    def _cast(self, value: Any) -> float:
        try:
            internal = float(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"'{value}' is not a valid type: expected a value that float() takes.") from error
        if math.isnan(internal):
            raise ValueError(f"`{value}` is not a valid value: expected a number in [{self.low}, {self.high}].")
        if self.log and internal <= 0:
            raise ValueError(f"`{value}` is not a valid value: with log=True expected a positive number.")
        return internal

    def from_unit(self, u: float) -> float:
        return self.from_model_value(self._offset + u * self._width)

    def from_model_value(self, model: float) -> float:
        value = math.exp(model) if self.log else model
        if self.step is not None:
            value = self.low + round((value - self.low) / self.step) * self.step
        return self.low if value < self.low else self.high if value > self.high else value  # type: ignore[no-any-return]

    def require_finite(self) -> None:
        if not math.isfinite(self._width):
            raise ValueError(
                f"Values are sampled from a finite range, but `low` and `high` of {self!r} are not finite or too far "
                "apart. Narrow the range."
            )

    def to_model(self, internal: FloatArray) -> FloatArray:
        return np.log(internal) if self.log else internal

    def from_model(self, model: FloatArray) -> FloatArray:
        values, low, high = np.exp(model) if self.log else model, float(self.low), float(self.high)
        if self.step is not None:
            values = low + np.round((values - low) / self.step) * self.step
        return cast(FloatArray, np.minimum(np.maximum(values, low), high))


class FloatDistribution(NumericDistribution):
    """A float in ``[low, high]``.

    Parameters
    ----------
    low, high
        Ends of the range, both included.
    log
        Sample on a log scale; needs ``low > 0`` and no ``step``.
    step
        Spacing of a grid that starts at ``low``; ``high`` is lowered to the last grid point, with a warning, unless it
        is one but for rounding. A grid is meant in decimals, so NumPy's float32 of 0.1 counts as 0.1.

    Raises
    ------
    ValueError
        If ``low > high``, if ``step`` is not positive, or too small to count its points, or if ``log`` does not fit
        ``low`` or ``step``.
    """

    def __init__(self, low: float, high: float, log: bool = False, step: float | None = None) -> None:
        if log and step is not None:
            raise ValueError(f"`step` is not supported when `log` is true, but got step={step}. Leave one of them out.")
        start, end, spacing = _floats(low, high, step)
        self._check_arguments(start, end, spacing)
        if log and start <= 0.0:
            raise ValueError(f"`low > 0` must hold for `log=True`, but got (low={low}, high={high}).")
        self.low = start
        self.high = end if spacing is None else _last_grid_point(start, end, spacing)
        self.log = bool(log)
        self.step = spacing
        self._set_support()

    def _contains(self, param_value_in_internal_repr: float) -> bool:
        value = param_value_in_internal_repr
        return self.low <= value <= self.high and (self.step is None or self._is_on_grid(value, self.step))

    def _is_on_grid(self, value: float, step: float) -> bool:
        """Allow for what rounding does to grid values that are large beside the step."""
        k = (value - self.low) / step
        slack = 1e-8 + 4 * sys.float_info.epsilon * max(abs(value), abs(self.low)) / step
        return math.isfinite(k) and abs(k - round(k)) < slack

    def to_external_repr(self, param_value_in_internal_repr: float) -> float:
        return param_value_in_internal_repr

    def _asdict(self) -> dict[str, Any]:
        return {"step": self.step, "low": self.low, "high": self.high, "log": self.log}

    @property
    def support(self) -> tuple[float, float]:
        low, high = self.ends
        return low - self.grid / 2, high + self.grid / 2

    @property
    def grid(self) -> float:
        return cast(float, self.step) if self.step is not None else 0.0


class IntDistribution(NumericDistribution):
    """An integer in ``[low, high]``.

    Parameters
    ----------
    low, high
        Ends of the range, both included.
    log
        Sample on a log scale; needs ``low >= 1`` and ``step == 1``.
    step
        Spacing of the grid that starts at ``low``; ``high`` is lowered to the last grid point, with a warning.

    Raises
    ------
    ValueError
        If ``low > high``, if ``step < 1``, or if ``log`` does not fit ``low`` or ``step``.

    Notes
    -----
    A store keeps floats, which leave out integers beyond 2^53. There the values are those of the grid that are nearest
    to a float, always in the range, and an integer that a float cannot stand for is refused.
    """

    def __init__(self, low: int, high: int, log: bool = False, step: int = 1) -> None:
        if log and step != 1:
            raise ValueError(f"`step` must be 1 when `log` is true, but got step={step}. Leave one of them out.")
        start, end, _ = _floats(low, high, step)
        self._check_arguments(start, end, step)
        if not (math.isfinite(start) and math.isfinite(end)):
            raise ValueError(f"`low` and `high` must be finite, but got (low={low}, high={high}).")
        if step < 1:
            raise ValueError(f"`step` must be an integer of at least 1, but got step={step}.")
        if log and low < 1:
            raise ValueError(f"`low >= 1` must hold for `log=True`, but got (low={low}, high={high}).")
        self.log = bool(log)
        self.step = int(step)
        self.low = int(low)
        self.high = _last_int_grid_point(self.low, int(high), self.step)
        self.is_exact = self.low >= -_WHOLE and self.high <= _WHOLE
        self._set_support()

    def _contains(self, param_value_in_internal_repr: float) -> bool:
        value = param_value_in_internal_repr
        if self.is_exact:
            return bool(self.low <= value <= self.high and (value - self.low) % self.step == 0)
        return math.isfinite(value) and float(self._nearest(int(value))) == value

    def _nearest(self, value: int) -> int:
        """Give the point of the grid that is nearest to an integer."""
        n_steps = (2 * (value - self.low) + self.step) // (2 * self.step)
        return int(min(max(self.low + n_steps * self.step, self.low), self.high))

    def to_internal_repr(self, param_value_in_external_repr: Any) -> float:
        value = param_value_in_external_repr
        if type(value) is int and -_WHOLE < value < _WHOLE and (value > 0 or not self.log):
            return float(value)  # what nearly every call brings
        return self._cast(value)

    def _cast(self, value: Any) -> float:
        internal = super()._cast(value)
        if not math.isfinite(internal):
            raise ValueError(f"`{value}` is not a valid value: expected an integer in [{self.low}, {self.high}].")
        if hasattr(value, "__index__") and abs(internal) >= _WHOLE and self.to_external_repr(internal) != value:
            raise ValueError(
                f"{value} cannot be stored: expected an integer that a float can stand for, such as "
                f"{self.to_external_repr(internal)}. Beyond 2^53 floats leave out integers."
            )
        return internal

    def to_external_repr(self, param_value_in_internal_repr: float) -> int:
        value = int(param_value_in_internal_repr)
        if -_WHOLE < value < _WHOLE:
            return value
        nearest = self._nearest(value)
        return nearest if float(nearest) == value else value

    def _asdict(self) -> dict[str, Any]:
        return {"log": self.log, "step": self.step, "low": self.low, "high": self.high}

    def from_model_value(self, model: float) -> float:
        return float(super().from_model_value(model))

    def from_model(self, model: FloatArray) -> FloatArray:
        values = super().from_model(model)
        return values if self.is_exact else self.nearest(values)

    def nearest(self, internal: FloatArray) -> FloatArray:
        """Move internal values, any shape, to the grid by integers, as floats cannot count so far; NaN stays NaN."""
        values = [x if x != x else float(self._nearest(int(x))) for x in internal.ravel().tolist()]
        return np.array(values, dtype=np.float64).reshape(internal.shape)

    @property
    def support(self) -> tuple[float, float]:
        if self.log:
            return math.log(self.low - 0.5), math.log(self.high + 0.5)
        return self.low - self.step / 2, self.high + self.step / 2

    @property
    def grid(self) -> float:
        return -float(self.step) if self.log else float(self.step)


def _floats(low: Any, high: Any, step: Any) -> tuple[float, float, float | None]:
    """Turn arguments into floats: ``ValueError`` for integers that are too large for that, ``TypeError`` for strings.

    Only where both ends are strings they count as the numbers that they spell, as in Optuna.
    """
    low_is_text, high_is_text, step_is_text = (isinstance(value, (str, bytes)) for value in (low, high, step))
    if low_is_text != high_is_text or step_is_text:
        raise TypeError(
            f"`low`, `high` and `step` must be numbers, but got (low={low!r}, high={high!r}, step={step!r}). "
            "Turn strings into numbers by float() or int()."
        )
    try:
        if step is None:
            return float(low), float(high), None
        return _as_written(low), _as_written(high), _as_written(step)
    except OverflowError as error:
        raise ValueError(
            f"`low`, `high` and `step` must be less than 1.8e308, but got (low={low}, high={high}, step={step})."
        ) from error


def _as_written(value: Any) -> float:
    """Turn an argument of a grid into a float: NumPy's short floats by their decimals, with which they were written."""
    return float(str(value)) if isinstance(value, (np.float32, np.float16)) else float(value)


def _last_grid_point(low: float, high: float, step: float) -> float:
    """Lower `high` to the grid, in decimal arithmetic: 0.9 is a multiple of 0.3 for the user."""
    d_low, d_high, d_step = Decimal(str(low)), Decimal(str(high)), Decimal(str(step))
    span = _EXACT.subtract(d_high, d_low)
    if not span.is_finite():
        return high
    n_steps, rest = _EXACT.divmod(span, d_step)
    if n_steps >= _MOST_POINTS:
        raise ValueError(
            f"`step` is too small for the range: between low={low} and high={high} lie more than 1e28 points of "
            f"step={step}. Give a larger step, or none."
        )
    rounding = sys.float_info.epsilon * (
        abs(low) + abs(high)
    )  # what is lost where somebody computes low, high and step
    if rest == 0 or (rounding < 1e-3 * step and min(float(rest), float(d_step - rest)) <= rounding):
        return high
    last = float(_EXACT.add(_EXACT.multiply(n_steps, d_step), d_low))
    if last != high:
        _warn_not_divisible(low, high, step, last)
    return last


def _last_int_grid_point(low: int, high: int, step: int) -> int:
    last = low + (high - low) // step * step
    if last != high:
        _warn_not_divisible(low, high, step, last)
    return last


def _warn_not_divisible(low: float, high: float, step: float, last: float) -> None:
    warnings.warn(
        f"The range [{low}, {high}] is not divisible by step={step}; it is replaced by [{low}, {last}].", stacklevel=5
    )
