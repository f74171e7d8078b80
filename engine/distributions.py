"""Distributions of parameters, and the only place that knows how a value becomes a number and back.

Three representations of one parameter:

external
    what the user sees: a float, an int, or one of the choices.
internal
    a float that storages keep: the value itself, or the index of the choice.
model
    a float that samplers work in: the logarithm for ``log=True``, otherwise the internal value. Integers on a log
    scale live on ``[log(low - 1/2), log(high + 1/2)]``, so that the end points get a full share of the range.
"""

from __future__ import annotations

import math
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt

CategoricalChoiceType = None | bool | int | float | str
FloatArray = npt.NDArray[np.float64]


class BaseDistribution(ABC):
    """Base of all distributions.

    Subclasses are values: they compare equal when class and attributes are equal, and are never changed once built.
    """

    @abstractmethod
    def single(self) -> bool:
        """Tell whether only one value is possible."""

    @abstractmethod
    def to_internal_repr(self, param_value_in_external_repr: Any) -> float:
        """Turn a user's value into the float that storages keep; ``ValueError`` for what cannot be turned."""

    @abstractmethod
    def to_external_repr(self, param_value_in_internal_repr: float) -> Any:
        """Turn a stored float into the user's value."""

    @abstractmethod
    def _contains(self, param_value_in_internal_repr: float) -> bool:
        """Tell whether an internal value lies in the domain."""

    @abstractmethod
    def _asdict(self) -> dict[str, Any]:
        """Give the attributes, in the order in which JSON shows them."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Ends of the range in model coordinates; a grid has half a cell on either side of its end points."""

    @property
    def grid(self) -> float:
        """Spacing of the grid in model coordinates x; 0 without a grid; minus the spacing of a grid in exp(x)."""
        return 0.0

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """Lowest and highest value in model coordinates; without a grid the same as `support`."""

    @abstractmethod
    def from_unit(self, u: float) -> float:
        """Map a uniform number in [0, 1) to an internal value: a draw from the uniform prior."""

    def to_model(self, internal: FloatArray) -> FloatArray:
        """Turn internal values, any shape, into model coordinates."""
        return internal

    @abstractmethod
    def from_model_value(self, model: float) -> float:
        """Turn one model coordinate into an internal value; what `from_model` does for arrays."""

    @abstractmethod
    def from_model(self, model: FloatArray) -> FloatArray:
        """Turn model coordinates, any shape, into internal values: undo the log, round to the grid, clip."""

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, BaseDistribution):
            return NotImplemented
        return type(self) is type(other) and self._asdict() == other._asdict()

    def __hash__(self) -> int:
        return hash((type(self), *sorted(self._asdict().items())))

    @cached_property
    def only_value(self) -> float | None:
        """Internal value of a distribution that has a single one, else None; ``ValueError`` if it is unbounded."""
        self.require_finite()
        return self.from_unit(0.0) if self.single() else None

    def require_finite(self) -> None:  # noqa: B027 - most domains are
        """Raise ``ValueError`` if nothing can be sampled because the domain is unbounded."""

    def __repr__(self) -> str:
        attributes = ", ".join(f"{key}={value!r}" for key, value in sorted(self._asdict().items()))
        return f"{type(self).__name__}({attributes})"


class _NumericDistribution(BaseDistribution):
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


class FloatDistribution(_NumericDistribution):
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


class IntDistribution(_NumericDistribution):
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


class CategoricalDistribution(BaseDistribution):
    """One of a fixed number of choices.

    Parameters
    ----------
    choices
        The choices, in an order that a study keeps: None, bool, int, float or str; other objects work in memory, with a
        warning, because they cannot be stored.

    Raises
    ------
    ValueError
        If there is no choice.
    """

    def __init__(self, choices: Sequence[CategoricalChoiceType]) -> None:
        if len(choices) == 0:
            raise ValueError("`choices` must hold one or more elements, but got none.")
        for choice in choices:
            if choice is not None and not isinstance(choice, (bool, int, float, str)):
                warnings.warn(
                    f"Choices should be None, bool, int, float or str to be stored, but {choice!r} is of type "
                    f"{type(choice).__name__}. It works in memory only.",
                    stacklevel=3,
                )
        self.choices = tuple(choices)
        # Index of each hashable choice with its type, because 1 == True == 1.0; of equal ones the first.
        self._index: dict[tuple[type, Any], int] = {}
        for i, choice in enumerate(self.choices):
            if _is_hashable(choice):
                self._index.setdefault((type(choice), choice), i)

    def single(self) -> bool:
        return len(self.choices) == 1

    def to_internal_repr(self, param_value_in_external_repr: CategoricalChoiceType) -> float:
        value = param_value_in_external_repr
        index = self._index.get((type(value), value)) if _is_hashable(value) else None
        if index is None:
            index = next((i for i, choice in enumerate(self.choices) if _same_choice(choice, value)), None)
        if index is None:
            raise ValueError(f"'{value}' not in {self.choices}. Give one of the choices.")
        return index

    def to_external_repr(self, param_value_in_internal_repr: float) -> CategoricalChoiceType:
        return self.choices[int(param_value_in_internal_repr)]

    def index_of(self, choice: CategoricalChoiceType) -> float:
        """Give the index of a choice, NaN if it is none of them."""
        try:
            return self.to_internal_repr(choice)
        except ValueError:
            return math.nan

    def _contains(self, param_value_in_internal_repr: float) -> bool:
        return 0 <= int(param_value_in_internal_repr) < len(self.choices)

    def _asdict(self) -> dict[str, Any]:
        return {"choices": self.choices}

    @property
    def support(self) -> tuple[float, float]:
        return -0.5, len(self.choices) - 0.5

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0, len(self.choices) - 1.0

    def from_unit(self, u: float) -> float:
        return float(min(int(u * len(self.choices)), len(self.choices) - 1))

    def from_model_value(self, model: float) -> float:
        return float(min(max(round(model), 0), len(self.choices) - 1))

    def from_model(self, model: FloatArray) -> FloatArray:
        return cast(FloatArray, np.clip(np.round(model), 0, len(self.choices) - 1))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CategoricalDistribution):
            return False if isinstance(other, BaseDistribution) else NotImplemented
        return self is other or _same_choices(self.choices, other.choices)

    def __hash__(self) -> int:  # not of the choices: they may be unhashable, and NaN equals NaN here
        return hash((type(self), len(self.choices)))


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _same_choice(a: Any, b: Any) -> bool:
    """Compare two choices, NaN equal to NaN."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b)


def _same_choices(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(map(_same_choice, a, b))


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


def check_distribution_compatibility(dist_old: BaseDistribution, dist_new: BaseDistribution) -> None:
    """Check that two distributions may stand under one name in a study.

    Ranges may move; the kind, the scale and the choices may not.

    Raises
    ------
    ValueError
        If they may not, saying which of the three differs.
    """
    if dist_old is dist_new:
        return
    if type(dist_old) is not type(dist_new):
        raise ValueError(
            "Cannot set different distribution kind to the same parameter name: "
            f"expected {type(dist_old).__name__}, but got {dist_new!r}."
        )
    if isinstance(dist_old, _NumericDistribution) and dist_old.log != cast(_NumericDistribution, dist_new).log:
        raise ValueError(
            f"Cannot set different log configuration to the same parameter name: expected log={dist_old.log}, "
            f"but got {dist_new!r}."
        )
    if isinstance(dist_old, CategoricalDistribution) and dist_old != dist_new:
        raise ValueError(
            "CategoricalDistribution does not support dynamic value space: expected the choices "
            f"{dist_old.choices}, but got {cast(CategoricalDistribution, dist_new).choices}."
        )
