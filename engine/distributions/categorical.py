"""Choices."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ..arrays import FloatArray
from .base import BaseDistribution

CategoricalChoiceType = None | bool | int | float | str


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
