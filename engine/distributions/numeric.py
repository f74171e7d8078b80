"""Floats and integers."""

from __future__ import annotations

import math
import sys
import warnings
from decimal import Decimal
from typing import Any, cast

import numpy as np

from ..arrays import FloatArray
from .base import BaseDistribution


class NumericDistribution(BaseDistribution):
    """What floats and integers share: ordered bounds, an optional grid, an optional log scale."""

    low: Any
    high: Any
    step: Any
    log: bool
    _offset: float  # where the support starts
    _width: float

    def single(self) -> bool:
        return bool(self.low == self.high)  # `high` is a grid point

    def _check_arguments(self, low: float, high: float, step: float | None) -> None:
        if math.isnan(low) or math.isnan(high):
            raise ValueError(f"`low` and `high` must be numbers, but got (low={low}, high={high}).")
        if low > high:
            raise ValueError(f"`low <= high` must hold, but got (low={low}, high={high}). Swap the two.")
        if step is not None and step <= 0:
            raise ValueError(f"`step > 0` must hold, but got step={step}.")

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
        except (ValueError, TypeError) as error:
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
        values = np.exp(model) if self.log else model
        if self.step is not None:
            values = self.low + np.round((values - self.low) / self.step) * self.step
        return cast(FloatArray, np.minimum(np.maximum(values, self.low), self.high))


class FloatDistribution(NumericDistribution):
    """A float in ``[low, high]``.

    Parameters
    ----------
    low, high
        Ends of the range, both included.
    log
        Sample on a log scale; needs ``low > 0`` and no ``step``.
    step
        Spacing of a grid that starts at ``low``; ``high`` is lowered to the last grid point, with a warning.

    Raises
    ------
    ValueError
        If ``low > high``, if ``step <= 0``, or if ``log`` does not fit ``low`` or ``step``.
    """

    def __init__(self, low: float, high: float, log: bool = False, step: float | None = None) -> None:
        if log and step is not None:
            raise ValueError(f"`step` is not supported when `log` is true, but got step={step}. Leave one of them out.")
        self._check_arguments(low, high, step)
        if log and low <= 0.0:
            raise ValueError(f"`low > 0` must hold for `log=True`, but got (low={low}, high={high}).")
        self.low = float(low)
        self.high = float(high) if step is None else _last_grid_point(low, high, step)
        self.log = bool(log)
        self.step = None if step is None else float(step)
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
        If ``low > high``, if ``step <= 0``, or if ``log`` does not fit ``low`` or ``step``.
    """

    def __init__(self, low: int, high: int, log: bool = False, step: int = 1) -> None:
        if log and step != 1:
            raise ValueError(f"`step` must be 1 when `log` is true, but got step={step}. Leave one of them out.")
        self._check_arguments(low, high, step)
        if not math.isfinite(high - low):
            raise ValueError(f"`low` and `high` must be finite, but got (low={low}, high={high}).")
        if log and low < 1:
            raise ValueError(f"`low >= 1` must hold for `log=True`, but got (low={low}, high={high}).")
        self.log = bool(log)
        self.step = int(step)
        self.low = int(low)
        self.high = _last_int_grid_point(self.low, int(high), self.step)
        self._set_support()

    def _contains(self, param_value_in_internal_repr: float) -> bool:
        value = param_value_in_internal_repr
        return bool(self.low <= value <= self.high and (value - self.low) % self.step == 0)

    def to_external_repr(self, param_value_in_internal_repr: float) -> int:
        return int(param_value_in_internal_repr)

    def _asdict(self) -> dict[str, Any]:
        return {"log": self.log, "step": self.step, "low": self.low, "high": self.high}

    def from_model_value(self, model: float) -> float:
        return float(super().from_model_value(model))

    @property
    def support(self) -> tuple[float, float]:
        if self.log:
            return math.log(self.low - 0.5), math.log(self.high + 0.5)
        return self.low - self.step / 2, self.high + self.step / 2

    @property
    def grid(self) -> float:
        return -float(self.step) if self.log else float(self.step)


def _last_grid_point(low: float, high: float, step: float) -> float:
    """Lower `high` to the grid, in decimal arithmetic: 0.9 is a multiple of 0.3 for the user."""
    d_low, d_high, d_step = Decimal(str(low)), Decimal(str(high)), Decimal(str(step))
    span = d_high - d_low
    if not span.is_finite() or span % d_step == 0:
        return float(high)
    last = float(span // d_step * d_step + d_low)
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
