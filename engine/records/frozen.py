"""A trial as it was recorded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from ..distributions import BaseDistribution, check_distribution_compatibility, modern
from ..values import copied_items, owned, owned_items, same
from .attributes import constraint_attr, constraint_number, constraints_of, new_constraint, report_attr
from .base import BaseTrial, given, internal_of
from .states import TrialState

_LONG_AGO = datetime(1970, 1, 1)


class FrozenTrial(BaseTrial):
    """A trial as it stands in a study: what `study.trials` holds.

    Parameters
    ----------
    number
        Its number in the study, from 0.
    state
        Where it stands.
    value, values
        Objective value or values; give one of the two, or None for neither.
    datetime_start, datetime_complete
        Naive local times, None where it has not happened.
    params, distributions
        By parameter name, in order of suggestion.
    user_attrs, system_attrs
        Attributes.
    intermediate_values
        Reported values by step.
    trial_id
        Its identifier in the storage.
    """

    __slots__ = (
        "_trial_id",
        "_values",
        "datetime_complete",
        "datetime_start",
        "distributions",
        "intermediate_values",
        "number",
        "params",
        "state",
        "system_attrs",
        "user_attrs",
    )

    def __init__(
        self,
        number: int,
        state: TrialState,
        value: float | None,
        datetime_start: datetime | None,
        datetime_complete: datetime | None,
        params: dict[str, Any],
        distributions: dict[str, BaseDistribution],
        user_attrs: dict[str, Any],
        system_attrs: dict[str, Any],
        intermediate_values: dict[int, float],
        trial_id: int,
        *,
        values: Sequence[float] | None = None,
    ) -> None:
        if value is not None and values is not None:
            raise ValueError("Specify only one of `value` and `values`.")
        self.number: int = number
        self.state = state
        self._values = [value] if value is not None else None if values is None else list(values)
        self.datetime_start: datetime | None = datetime_start
        self.datetime_complete = datetime_complete
        self.params: dict[str, Any] = params
        self.distributions: dict[str, BaseDistribution] = distributions
        self.user_attrs: dict[str, Any] = user_attrs
        self.system_attrs = system_attrs
        self.intermediate_values = intermediate_values
        self._trial_id = trial_id

    @classmethod
    def running(cls, number: int = -1, trial_id: int = -1, start: datetime | None = None) -> FrozenTrial:
        """Make the record of a trial that has just started, now by default; -1 stands for what is not known yet."""
        return cls(number, TrialState.RUNNING, None, start or datetime.now(), None, {}, {}, {}, {}, {}, trial_id)

    @classmethod
    def blank(cls, number: int, trial_id: int = -1, when: datetime | None = None) -> FrozenTrial:
        """Make the record of an empty failed trial, from which no sampler learns; it ended at once, or long ago."""
        when = when or _LONG_AGO
        return cls(number, TrialState.FAIL, None, when, when, {}, {}, {}, {}, {}, trial_id)

    @classmethod
    def adopted(cls, trial: Any) -> FrozenTrial:
        """Give a record as one of ours: a record of Optuna's is copied, ours comes back as it is."""
        if isinstance(trial, cls):
            return trial
        return cls(
            number=trial.number,
            state=TrialState(int(trial.state)),
            value=None,
            values=trial.values,
            datetime_start=trial.datetime_start,
            datetime_complete=trial.datetime_complete,
            params=owned_items(trial.params),
            distributions={name: modern(distribution) for name, distribution in trial.distributions.items()},
            user_attrs=copied_items(trial.user_attrs),
            system_attrs=copied_items(trial.system_attrs),
            intermediate_values=dict(trial.intermediate_values),
            trial_id=trial._trial_id,
        )

    @property
    def value(self) -> float | None:
        """The objective value of a single-objective trial, None before it is known."""
        self._refuse_several()
        return None if self._values is None else self._values[0]

    @value.setter
    def value(self, value: float | None) -> None:
        self._refuse_several()
        self._values = None if value is None else [value]

    def _refuse_several(self) -> None:
        if self._values is not None and len(self._values) > 1:
            raise RuntimeError("This trial has several objective values. Use `values` instead of `value`.")

    @property
    def values(self) -> list[float] | None:
        """The objective values, None before they are known."""
        return self._values

    @values.setter
    def values(self, values: Sequence[float] | None) -> None:
        self._values = None if values is None else list(values)

    @property
    def constraints(self) -> dict[str, float]:
        """Constraint values by key; a value of at most 0 means satisfied."""
        return constraints_of(self.system_attrs)

    @property
    def last_step(self) -> int | None:
        """The largest reported step, None without reports."""
        return max(self.intermediate_values) if self.intermediate_values else None

    @property
    def intermediate_vectors(self) -> dict[int, list[float]]:
        """Reports by step, a value of each objective; in `intermediate_values` is the first objective's alone."""
        return {step: report_at(self, step) for step in self.intermediate_values}

    @property
    def duration(self) -> timedelta | None:
        """Time from start to end, None if either is missing."""
        if self.datetime_start is None or self.datetime_complete is None:
            return None
        return self.datetime_complete - self.datetime_start

    def _suggest(self, name: str, distribution: BaseDistribution) -> Any:
        value = given("FrozenTrial", self.params, name, distribution)
        if name in self.distributions:
            check_distribution_compatibility(self.distributions[name], distribution)
        self.distributions[name] = distribution
        return value

    def report(self, value: float | Sequence[float], step: int) -> None:
        """Do nothing: the trial is a record."""

    def should_prune(self) -> bool:
        """Return False: the trial is a record."""
        return False

    def set_user_attr(self, key: str, value: Any) -> None:
        """Set an attribute of this copy."""
        self.user_attrs[key] = owned(value)

    def set_constraint(self, key: str, value: float) -> None:
        """Set a constraint of this copy; at most 0 means satisfied."""
        self.system_attrs.update(new_constraint(self.system_attrs, key, value))

    def become(self, other: FrozenTrial) -> None:
        """Take over all that another record holds. The object stays, as a worker may hold it as its running trial."""
        for field in ("number", "state", "_values", "datetime_start", "datetime_complete", "_trial_id"):
            setattr(self, field, getattr(other, field))
        for field in ("params", "distributions", "user_attrs", "system_attrs", "intermediate_values"):
            mine, others = getattr(self, field), getattr(other, field)
            mine.update(others)  # never empty for a moment: another thread may read it
            for key in mine.keys() - others.keys():
                del mine[key]

    def copy(self) -> FrozenTrial:
        """Copy the record, with containers among its values; user attributes, which may be anything, in depth."""
        return FrozenTrial(
            number=self.number,
            state=self.state,
            value=None,
            values=self._values,
            datetime_start=self.datetime_start,
            datetime_complete=self.datetime_complete,
            params=owned_items(self.params),
            distributions=dict(self.distributions),
            user_attrs=copied_items(self.user_attrs),
            system_attrs=owned_items(self.system_attrs),
            intermediate_values=dict(self.intermediate_values),
            trial_id=self._trial_id,
        )

    def _validate(self) -> None:
        """Raise ``ValueError`` where state, times, values and parameters contradict each other."""
        if self.state != TrialState.WAITING and self.datetime_start is None:
            raise ValueError("`datetime_start` is supposed to be set for a trial that is not waiting.")
        if self.state.is_finished() != (self.datetime_complete is not None):
            raise ValueError("`datetime_complete` is supposed to be set for finished trials, and only for them.")
        self._validate_values()
        if set(self.params) != set(self.distributions):
            raise ValueError(
                f"Inconsistent parameters {set(self.params)} and distributions {set(self.distributions)}: "
                "give one distribution for each parameter."
            )
        for name, value in self.params.items():
            distribution = self.distributions[name]
            internal = internal_of("The trial holds", name, value, distribution)
            if not distribution._contains(internal):
                raise ValueError(
                    f"The value {value} of parameter {name!r} isn't contained in the distribution {distribution!r}."
                )
        if not all(isinstance(step, (int, np.integer)) and step >= 0 for step in self.intermediate_values):
            raise ValueError(f"Steps should be integers from 0, but got {list(self.intermediate_values)}.")

    def _validate_values(self) -> None:
        if self.state == TrialState.FAIL and self._values is not None:
            raise ValueError(f"values should be None for a failed trial, but got {self._values}.")
        if self.state == TrialState.COMPLETE and self._values is None:
            raise ValueError("values should be set for a complete trial, but got None.")
        if self._values is not None and any(math.isnan(value) for value in self._values):
            raise ValueError("values should not contain NaN. Use state=TrialState.FAIL for a trial without a value.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrozenTrial):
            return NotImplemented
        return all(same(getattr(self, name), getattr(other, name)) for name in FrozenTrial.__slots__)

    def __lt__(self, other: object) -> bool:
        return self.number < other.number if isinstance(other, FrozenTrial) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self.number <= other.number if isinstance(other, FrozenTrial) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.number, self._trial_id))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """What the record holds, by name, for `vars` and what is made of it; a new dictionary each time."""
        return {name: getattr(self, name) for name in FrozenTrial.__slots__}

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        return None, vars(self)

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in (
                "number", "state", "values", "datetime_start", "datetime_complete", "params", "user_attrs",
                "system_attrs", "intermediate_values", "distributions",
            )
        )  # fmt: skip
        return f"FrozenTrial({shown}, trial_id={self._trial_id}, value=None)"


def report_at(record: FrozenTrial, step: int) -> list[float]:
    """Give what a trial reported at a step, a value of each objective."""
    found = record.system_attrs.get(report_attr(step))
    return [record.intermediate_values[step]] if found is None else list(map(float, found))


def create_trial(
    *,
    state: TrialState = TrialState.COMPLETE,
    value: float | None = None,
    values: Sequence[float] | None = None,
    params: dict[str, Any] | None = None,
    distributions: dict[str, BaseDistribution] | None = None,
    user_attrs: dict[str, Any] | None = None,
    system_attrs: dict[str, Any] | None = None,
    intermediate_values: dict[int, float] | None = None,
    constraints: dict[str, float] | None = None,
) -> FrozenTrial:
    """Make a trial to be added to a study by `Study.add_trial`.

    Parameters
    ----------
    state
        Where it stands; `COMPLETE` needs `value` or `values`, `FAIL` takes none.
    constraints
        Constraint values by key; at most 0 means satisfied.

    Raises
    ------
    ValueError
        Where state, values, parameters and distributions contradict each other.
    """
    now = datetime.now()
    attrs = dict(system_attrs or {})
    for key, constraint in (constraints or {}).items():
        attrs[constraint_attr(key)] = constraint_number(key, constraint)
    trial = FrozenTrial(
        number=-1,
        state=state,
        value=value,
        values=values,
        datetime_start=None if state == TrialState.WAITING else now,
        datetime_complete=now if state.is_finished() else None,
        params=owned_items(params or {}),
        distributions={name: modern(distribution) for name, distribution in (distributions or {}).items()},
        user_attrs=owned_items(user_attrs or {}),
        system_attrs=attrs,
        intermediate_values=dict(intermediate_values or {}),
        trial_id=-1,
    )
    trial._validate()
    return trial
