"""What the `parzen` command prints: studies and trials as rows, and rows as a table, JSON, YAML or plain values.

Columns, their order, the flattened names (``params_lr``, ``values_0``) and the layout of each format are those of
Optuna's command, so a script that reads the one reads the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parzen.study import Study, StudySummary
    from parzen.trial import FrozenTrial, Trial

Row = dict[str, Any]

FORMATS = ("value", "json", "table", "yaml")


@dataclass(frozen=True)
class Listing:
    """Rows to print.

    Attributes
    ----------
    columns
        Column names in printed order; a row may lack some of them.
    rows
        One dict a row, its keys in the order of `columns`.
    nested
        For each column that holds a dict or a sequence, the keys or positions it unfolds into when flattened.
    """

    columns: Sequence[str]
    rows: Sequence[Row]
    nested: dict[str, Sequence[str | int]] = field(default_factory=dict)

    def flattened(self) -> Listing:
        """Give each key of a nested column a column of its own, named ``column_key``."""
        columns = [
            name
            for column in self.columns
            for name in ([f"{column}_{key}" for key in self.nested[column]] if column in self.nested else [column])
        ]
        return Listing(columns, [self._unfold(row) for row in self.rows])

    def _unfold(self, row: Row) -> Row:
        flat: Row = {}
        for column, value in row.items():
            if column in self.nested:
                items = value.items() if isinstance(value, dict) else enumerate(value)
                flat.update((f"{column}_{key}", item) for key, item in items)
            else:
                flat[column] = value
        return flat


def list_names(names: Sequence[str]) -> Listing:
    """List study names."""
    return Listing(["name"], [{"name": name} for name in names])


def list_studies(summaries: Sequence[StudySummary]) -> Listing:
    """List studies; user attributes make a column only if some study has any."""
    columns = ["name", "direction", "n_trials", "datetime_start"]
    if any(summary.user_attrs for summary in summaries):
        columns.append("user_attrs")
    objectives = max((len(summary.directions) for summary in summaries), default=0)
    rows = [_select(_study_row(summary), columns) for summary in summaries]
    return Listing(columns, rows, {"direction": range(objectives)} if summaries else {})


def _study_row(summary: StudySummary) -> Row:
    return {
        "name": summary.study_name,
        "direction": tuple(direction.name for direction in summary.directions),
        "n_trials": summary.n_trials,
        "datetime_start": _time(summary.datetime_start),
        "user_attrs": summary.user_attrs,
    }


def list_trials(study: Study, trials: Sequence[FrozenTrial]) -> Listing:
    """List some trials of `study`, in columns that depend on the whole study so that listings of it can be compared."""
    everything = study.get_trials(deepcopy=False)
    if not everything:
        return Listing([], [])
    params = sorted({name for trial in everything for name in trial.params})
    attrs = sorted({name for trial in everything for name in trial.user_attrs})
    metrics = study.metric_names
    value = "values" if len(study.directions) > 1 else "value"

    columns = ["number", value, "datetime_start", "datetime_complete", "duration"]
    columns += ["params"] * bool(params) + ["user_attrs"] * bool(attrs) + ["state"]
    nested: dict[str, Sequence[str | int]] = {"params": params, "user_attrs": attrs}
    if metrics or value == "values":
        nested[value] = metrics or range(len(study.directions))
    rows = [_select(_trial_row(trial, value, study, metrics), columns) for trial in trials]
    return Listing(columns, rows, nested)


def _trial_row(trial: FrozenTrial, value: str, study: Study, metrics: Sequence[str] | None) -> Row:
    values: list[float] | list[None] = trial.values or [None] * len(study.directions)
    named = dict(zip(metrics, values, strict=True)) if metrics else values
    return {
        "number": trial.number,
        value: named if metrics or value == "values" else values[0],
        "datetime_start": _time(trial.datetime_start),
        "datetime_complete": _time(trial.datetime_complete),
        "duration": None if trial.duration is None else str(trial.duration),
        "params": dict(sorted(trial.params.items())),
        "user_attrs": dict(sorted(trial.user_attrs.items())),
        "state": trial.state.name,
    }


def list_asked(trial: Trial) -> Listing:
    """List a trial just asked for, its parameters in the order of the search space."""
    params = trial.params
    return Listing(["number", "params"], [{"number": trial.number, "params": params}], {"params": list(params)})


def _select(row: Row, columns: Sequence[str]) -> Row:
    return {column: row[column] for column in columns}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def render(listing: Listing, format: str, *, flatten: bool = False, single: bool = False) -> str:
    """Write a listing out.

    Parameters
    ----------
    listing
        What to write.
    format
        One of `FORMATS`.
    flatten
        Whether nested columns unfold first.
    single
        Whether JSON and YAML give the only row itself rather than a list of it.

    Returns
    -------
    str
        Text without a final line break.
    """
    if flatten:
        listing = listing.flattened()
    content = listing.rows[0] if single else listing.rows
    if format == "json":
        return json.dumps(content)
    if format == "yaml":
        try:
            import yaml
        except ImportError:
            raise ImportError('YAML output needs PyYAML: pip install "parzen[cli]"') from None
        return str(yaml.safe_dump(content)).rstrip("\n")
    return _values(listing) if format == "value" else _table(listing)


def _cells(listing: Listing) -> list[list[str]]:
    """Give the text of each cell; what is missing or None is empty."""
    values = [[row.get(column) for column in listing.columns] for row in listing.rows]
    return [["" if value is None else str(value) for value in row] for row in values]


def _values(listing: Listing) -> str:
    return "\n".join(" ".join(row) for row in _cells(listing)).rstrip()


def _table(listing: Listing) -> str:
    """Draw a table with borders; columns of numbers are flush right."""
    cells = _cells(listing)
    widths = [max(map(len, column)) for column in zip(listing.columns, *cells, strict=True)]
    numeric = [
        all(isinstance(row.get(column), int | float | None) for row in listing.rows) for column in listing.columns
    ]

    def line(row: Sequence[str]) -> str:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        )
        return "|" + "".join(f" {text} |" for text in padded)

    rule = "+" + "".join("-" * (width + 2) + "+" for width in widths)
    return "\n".join([rule, line(listing.columns), rule, *map(line, cells), rule])
