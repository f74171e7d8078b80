"""Choices."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from functools import cached_property
from operator import is_
from typing import Any, cast

import numpy as np

from ..arrays import FloatArray
from ..values import SCALARS, owned, python, same
from . import choices as told_apart
from .base import BaseDistribution

CategoricalChoiceType = None | bool | int | float | str


class CategoricalDistribution(BaseDistribution):
    """One of a fixed number of choices.

    Parameters
    ----------
    choices
        The choices, in an order that a study keeps: None, bool, int, float or str. Lists, tuples and dicts of these can
        be stored as well, and come back as JSON gives them; NumPy's scalars become Python's. Other objects work in
        memory, with a warning: each trial gets one of those that it gave itself.

    Raises
    ------
    ValueError
        If there is no choice.

    Notes
    -----
    Lists and other containers are copied, here and where they are handed out, so changing one changes no study. Objects
    of other classes belong to who gave them, and are not copied.
    """

    def __init__(self, choices: Sequence[CategoricalChoiceType]) -> None:
        if len(choices) == 0:
            raise ValueError("`choices` must hold one or more elements, but got none.")
        self._hold(tuple(map(told_apart.held, told_apart.listed(choices))))
        for choice in self._choices if self.has_objects else ():
            if choice is not None and not isinstance(choice, (bool, int, float, str)):
                warnings.warn(
                    f"Choices should be None, bool, int, float or str to be stored, but {choice!r} is of type "
                    f"{type(choice).__name__}. A list, tuple or dict is stored as JSON, and anything else works in "
                    "memory only.",
                    stacklevel=3,
                )

    def _hold(self, choices: tuple[Any, ...]) -> None:
        self._choices = choices
        self.has_objects = not all(type(choice) in SCALARS for choice in choices)

    # What is found by identity means nothing in a copy, and the types of some choices cannot be pickled.
    def __getstate__(self) -> dict[str, Any]:
        return {"choices": self._choices}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._hold(state["choices"])

    @property
    def choices(self) -> tuple[CategoricalChoiceType, ...]:
        """The choices; containers among them are copies."""
        return tuple(map(owned, self._choices)) if self.has_objects else self._choices

    def single(self) -> bool:
        return len(self._choices) == 1

    # --- which choice ------------------------------------------------------------------------------------------------

    @cached_property
    def _by_type(self) -> dict[tuple[type, Any], int]:
        """Index of each hashable choice with its type, because 1 == True == 1.0; of equal ones the first."""
        hashable = map(_is_hashable, self._choices)
        return told_apart.places((type(c), c) if h else None for c, h in zip(self._choices, hashable, strict=True))

    @cached_property
    def _by_value(self) -> dict[Any, int]:
        """Index of each hashable choice, whatever its type."""
        return {choice: index for (_, choice), index in reversed(self._by_type.items())}

    @cached_property
    def _by_identity(self) -> dict[int, int]:
        return told_apart.places(None if type(choice) in SCALARS else id(choice) for choice in self._choices)

    @cached_property
    def _by_json(self) -> dict[str, int]:
        return told_apart.places(map(told_apart.as_json, self._choices))

    @cached_property
    def _by_show(self) -> dict[str, int]:
        """Index of each object that is not plain, if nothing else shows the same."""
        plain = map(told_apart.is_plain, self._choices)
        shown = (None if p else told_apart.shown(c) for p, c in zip(plain, self._choices, strict=True))
        return told_apart.lone_places(list(shown))

    def _find(self, value: Any) -> int | None:
        """Find a choice: the object itself, or an equal one, as JSON gives it back, or one that shows the same."""
        found = self._by_identity.get(id(value)) if self.has_objects else None
        if found is None and _is_hashable(value):
            plain = python(value)
            found = self._by_type.get((type(value), value), self._by_type.get((type(plain), plain)))
            found = self._by_value.get(value) if found is None else found
            if found is None and type(value) in SCALARS and value == value and not self.has_objects:
                return None
        if found is None and self.has_objects and isinstance(value, (list, tuple, dict)):
            found = self._by_json.get(told_apart.as_json(value) or "")
        if found is None:
            found = next((i for i, choice in enumerate(self._choices) if same(choice, value)), None)
        if found is None and self.has_objects and not told_apart.is_plain(value):
            found = self._by_show.get(told_apart.shown(value))
        return found

    def to_internal_repr(self, param_value_in_external_repr: CategoricalChoiceType) -> float:
        index = self._find(param_value_in_external_repr)
        if index is None:
            raise ValueError(f"'{param_value_in_external_repr}' not in {self._choices}. Give one of the choices.")
        return index

    def to_external_repr(self, param_value_in_internal_repr: float) -> CategoricalChoiceType:
        choice: CategoricalChoiceType = self._choices[int(param_value_in_internal_repr)]
        return owned(choice) if self.has_objects else choice  # type: ignore[no-any-return]

    def own(self, value: CategoricalChoiceType) -> CategoricalChoiceType:
        """Give the choice of this distribution that a value stands for: the object itself, or a copy of a container."""
        index = self._find(value)
        return owned(value) if index is None else self.to_external_repr(index)  # type: ignore[no-any-return]

    def indices_in(self, other: CategoricalDistribution) -> list[float]:
        """Give for each choice the index that it has in another distribution, NaN if it is not there."""
        found = map(other._find, self._choices)
        return [math.nan if index is None else index for index in found]

    def is_of(self, choices: Sequence[Any]) -> bool:
        """Tell whether a distribution of these choices would hand out the same values, and objects, as this one."""
        if len(choices) != len(self._choices):
            return False
        return all(map(is_, self._choices, choices)) or all(
            map(told_apart.is_as_given, self._choices, told_apart.listed(choices))
        )

    def _contains(self, param_value_in_internal_repr: float) -> bool:
        return 0 <= int(param_value_in_internal_repr) < len(self._choices)

    # --- comparison --------------------------------------------------------------------------------------------------

    @cached_property
    def label(self) -> str:
        return told_apart.label_of(self._choices)

    @cached_property
    def _exact(self) -> tuple[str | int, ...]:
        return tuple(repr(choice) if told_apart.is_plain(choice) else id(choice) for choice in self._choices)

    def is_twin(self, other: BaseDistribution) -> bool:
        return self is other or (isinstance(other, CategoricalDistribution) and self._exact == other._exact)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CategoricalDistribution):
            return False if isinstance(other, BaseDistribution) else NotImplemented
        return self is other or _same_choices(self._choices, other._choices)

    def __hash__(self) -> int:  # not of the choices: they may be unhashable, and NaN equals NaN here
        return hash((type(self), len(self._choices)))

    def _asdict(self) -> dict[str, Any]:
        return {"choices": self.choices}

    # --- coordinates -------------------------------------------------------------------------------------------------

    @property
    def support(self) -> tuple[float, float]:
        return -0.5, len(self._choices) - 0.5

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0, len(self._choices) - 1.0

    def from_unit(self, u: float) -> float:
        return float(min(int(u * len(self._choices)), len(self._choices) - 1))

    def from_model_value(self, model: float) -> float:
        return float(min(max(round(model), 0), len(self._choices) - 1))

    def from_model(self, model: FloatArray) -> FloatArray:
        return cast(FloatArray, np.clip(np.round(model), 0, len(self._choices) - 1))


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _same_choices(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return len(a) == len(b) and all(map(told_apart.same_value, a, b))
