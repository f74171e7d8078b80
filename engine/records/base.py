"""What every kind of trial can be asked for."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from ..deprecated import warn_deprecated
from ..distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

Choice = TypeVar("Choice", bound=CategoricalChoiceType)  # a list of strings gives a string


class BaseTrial(ABC):
    """What every kind of trial can be asked for."""

    @property
    @abstractmethod
    def number(self) -> int:
        """Number of the trial in its study, from 0."""

    @property
    @abstractmethod
    def datetime_start(self) -> datetime | None:
        """When the trial started, naive local time."""

    @property
    @abstractmethod
    def params(self) -> dict[str, Any]:
        """Parameter values by name, in the order in which they were suggested."""

    @property
    @abstractmethod
    def distributions(self) -> dict[str, BaseDistribution]:
        """Distributions by parameter name."""

    @property
    @abstractmethod
    def user_attrs(self) -> dict[str, Any]:
        """Attributes set by the user."""

    @property
    @abstractmethod
    def constraints(self) -> dict[str, float]:
        """Constraint values by key; a value of at most 0 means satisfied."""

    @abstractmethod
    def report(self, value: float | Sequence[float], step: int) -> None:
        """Report an intermediate value of the objective, or one of each."""

    @abstractmethod
    def should_prune(self) -> bool:
        """Tell whether the trial should stop early."""

    def should_pause(self) -> bool:
        """Tell whether the trial should pause here, to be resumed if it turns out to be one of the best."""
        return False

    @property
    def resume_step(self) -> int:
        """The step behind which the trial goes on: 0 for one that was never paused."""
        return 0

    @property
    def next_rung(self) -> int | None:
        """The step up to which the trial is to run before it is compared with others, None if there is none."""
        return None

    @abstractmethod
    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach an attribute, JSON if it is to be stored."""

    @abstractmethod
    def set_constraint(self, key: str, value: float) -> None:
        """Set the value of a constraint; at most 0 means satisfied."""

    @abstractmethod
    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        """Give a value of a parameter, external."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """Suggest a float in ``[low, high]``, on a grid (`step`) or on a log scale (`log`)."""
        value: float = self._suggest(name, FloatDistribution(low, high, log=log, step=step))
        return value

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """Suggest an integer in ``[low, high]``, on a grid (`step`) or on a log scale (`log`)."""
        return int(self._suggest(name, IntDistribution(low, high, log=log, step=step)))

    def suggest_categorical(self, name: str, choices: Sequence[Choice]) -> Choice:
        """Suggest one of the choices."""
        value: Choice = self._suggest(name, CategoricalDistribution(choices))
        return value

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        """Deprecated: `suggest_float`."""
        warn_deprecated("suggest_uniform", "suggest_float")
        return self.suggest_float(name, low, high)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        """Deprecated: `suggest_float` with ``log=True``."""
        warn_deprecated("suggest_loguniform", "suggest_float(..., log=True)")
        return self.suggest_float(name, low, high, log=True)

    def suggest_discrete_uniform(self, name: str, low: float, high: float, q: float) -> float:
        """Deprecated: `suggest_float` with ``step=q``."""
        warn_deprecated("suggest_discrete_uniform", "suggest_float(..., step=...)")
        return self.suggest_float(name, low, high, step=q)


def given(owner: str, params: Mapping[str, Any], name: str, distribution: BaseDistribution) -> Any:
    """Look a parameter up; ``ValueError`` if it is missing, a warning if it lies outside its distribution."""
    if name not in params:
        raise ValueError(
            f"The value of the parameter {name!r} is not found among {list(params)}. "
            f"Set it at the construction of the {owner} object."
        )
    value = params[name]
    internal = internal_of(f"The {owner} holds", name, value, distribution)
    if not distribution._contains(internal):
        warnings.warn(
            f"The value {value} of the parameter {name!r} is out of the range of {distribution!r}.", stacklevel=4
        )
    return distribution.to_external_repr(internal) if distribution.has_objects else value


def internal_of(whose: str, name: str, value: Any, distribution: BaseDistribution) -> float:
    """Turn a parameter's value into an internal one; ``ValueError``, which says whose and which it is, if it cannot."""
    try:
        return distribution.to_internal_repr(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{whose} {name}={value!r}, which is no value of {distribution!r}: {error}") from error
