"""A trial with fixed parameters, to run an objective once outside any study."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..distributions import BaseDistribution
from ..values import owned, owned_items
from .attributes import constraints_of, new_constraint
from .base import BaseTrial, given


class FixedTrial(BaseTrial):
    """A trial whose suggestions are the values given; to run an objective once, outside any study.

    Parameters
    ----------
    params
        Values by parameter name.
    number
        The trial's number.
    """

    __slots__ = ("_given", "datetime_start", "distributions", "number", "params", "system_attrs", "user_attrs")

    def __init__(self, params: dict[str, Any], number: int = 0) -> None:
        self._given = owned_items(params)
        self.params: dict[str, Any] = {}
        self.distributions: dict[str, BaseDistribution] = {}
        self.user_attrs: dict[str, Any] = {}
        self.system_attrs: dict[str, Any] = {}
        self.number: int = number
        self.datetime_start: datetime | None = datetime.now()

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        value = given("FixedTrial", self._given, name, distribution)
        self.params[name] = owned(value)
        self.distributions[name] = distribution
        return value

    def report(self, value: float | Sequence[float], step: int) -> None:
        """Do nothing."""

    def should_prune(self) -> bool:
        """Return False: a fixed trial runs to its end."""
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach an attribute."""
        self.user_attrs[key] = owned(value)

    @property
    def constraints(self) -> dict[str, float]:
        """Constraint values by key."""
        return constraints_of(self.system_attrs)

    def set_constraint(self, key: str, value: float) -> None:
        """Set the value of a constraint; at most 0 means satisfied."""
        self.system_attrs.update(new_constraint(self.system_attrs, key, value))
