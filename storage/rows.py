"""Between records and the rows of the SQLite schema."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from ..engine.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from ..engine.frozen import FrozenTrial
from ..engine.records import TrialState

_STATES = {state.name: state for state in TrialState}
_FINITE, _INF_POS, _INF_NEG, _NAN = "FINITE", "INF_POS", "INF_NEG", "NAN"
_SPECIAL = {_INF_POS: math.inf, _INF_NEG: -math.inf, _NAN: math.nan}


def number_to_row(value: float) -> tuple[float | None, str]:
    """Split a float into what SQLite can hold and its type: SQLite turns NaN into NULL."""
    if math.isfinite(value):
        return float(value), _FINITE
    return None, _NAN if math.isnan(value) else _INF_POS if value > 0 else _INF_NEG


def row_to_number(value: float | None, kind: str) -> float:
    """Undo `number_to_row`."""
    return _SPECIAL[kind] if value is None else float(value)


def time_to_text(when: datetime | None) -> str | None:
    """Write a naive local time as naive UTC, as Optuna 5 does."""
    if when is None:
        return None
    return when.astimezone(timezone.utc).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def text_to_time(text: str | None) -> datetime | None:
    """Undo `time_to_text`."""
    if text is None:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).astimezone().replace(tzinfo=None)


def to_json(value: Any) -> str:
    """Write an attribute; ``TypeError`` for what is not JSON."""
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"An attribute to be stored must be JSON, but got {value!r}: {error}.") from error


@lru_cache(maxsize=4096)
def cached_distribution(text: str) -> BaseDistribution:
    """Read a distribution, one object for equal texts."""
    return json_to_distribution(text)


_json_of: dict[int, tuple[BaseDistribution, str]] = {}


def cached_json(distribution: BaseDistribution) -> str:
    """Write a distribution, once for each object."""
    known = _json_of.get(id(distribution))
    if known is None or known[0] is not distribution:
        if len(_json_of) > 4096:
            _json_of.clear()
        known = _json_of[id(distribution)] = (distribution, distribution_to_json(distribution))
    return known[1]


Query = Callable[[str, Any], Iterable[tuple[Any, ...]]]


def read_trials(query: Query, where: str, parameters: tuple[Any, ...]) -> list[FrozenTrial]:
    """Read trials with all that belongs to them, by identifier; within a transaction.

    Parameters
    ----------
    query
        Runs a statement and gives its rows.
    where
        A condition on the table ``trials``, called ``t``.
    parameters
        Its parameters.
    """
    found = list(query(f"SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials t {where} "
                       "ORDER BY trial_id", parameters))  # fmt: skip
    if not found:
        return []

    def children(columns: str, table: str, order: str) -> Iterable[tuple[Any, ...]]:
        return query(f"SELECT c.trial_id, {columns} FROM {table} c JOIN trials t ON t.trial_id = c.trial_id {where} "
                     f"ORDER BY c.{order}", parameters)  # fmt: skip

    params: dict[int, dict[str, Any]] = defaultdict(dict)
    distributions: dict[int, dict[str, BaseDistribution]] = defaultdict(dict)
    for trial_id, name, value, text in children("param_name, param_value, distribution_json", "trial_params", "param_id"):
        distributions[trial_id][name] = distribution = cached_distribution(text)
        params[trial_id][name] = distribution.to_external_repr(value)
    values: dict[int, list[float]] = defaultdict(list)
    for trial_id, value, kind in children("value, value_type", "trial_values", "objective"):
        values[trial_id].append(row_to_number(value, kind))
    reports: dict[int, dict[int, float]] = defaultdict(dict)
    for trial_id, step, value, kind in children(
        "step, intermediate_value, intermediate_value_type", "trial_intermediate_values", "trial_intermediate_value_id"
    ):
        reports[trial_id][step] = row_to_number(value, kind)
    attrs = {
        kind: _attributes(children('"key", value_json', f"trial_{kind}_attributes", f"trial_{kind}_attribute_id"))
        for kind in ("user", "system")
    }
    return [
        FrozenTrial(
            number=number,
            state=_STATES[state],
            value=None,
            values=values.get(trial_id),
            datetime_start=text_to_time(start),
            datetime_complete=text_to_time(complete),
            params=params.get(trial_id, {}),
            distributions=distributions.get(trial_id, {}),
            user_attrs=attrs["user"].get(trial_id, {}),
            system_attrs=attrs["system"].get(trial_id, {}),
            intermediate_values=reports.get(trial_id, {}),
            trial_id=trial_id,
        )
        for trial_id, number, state, start, complete in found
    ]


def _attributes(rows: Iterable[tuple[Any, ...]]) -> dict[int, dict[str, Any]]:
    attrs: dict[int, dict[str, Any]] = defaultdict(dict)
    for trial_id, key, text in rows:
        attrs[trial_id][key] = json.loads(text)
    return attrs
