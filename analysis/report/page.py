"""The page: what stands in the file whether or not a script runs. Every name and value is escaped here."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from ...engine.records import TrialState
from .alerts import Alert
from .columns import Columns, Param
from .packing import as_script_json
from .verdict import Verdict

SHORT = ("Trials", "Time")  # of a verdict, where studies stand side by side
HEAD_ROWS = 20  # of the table without a script
BEGIN = "<!doctype html>\n<!-- parzen report -->\n"  # by which a report is recognised


@dataclass(frozen=True)
class Section:
    """What the page says of a study."""

    columns: Columns
    verdict: Verdict
    alerts: list[Alert]
    payload: dict[str, Any]


def page_of(sections: Sequence[Section]) -> str:
    """Write the whole page."""
    script, style = _file("report.js"), _file("report.css")
    data = as_script_json({"studies": [section.payload for section in sections]})
    names = ", ".join(section.columns.name for section in sections)
    body = "\n".join(_section(index, section) for index, section in enumerate(sections))
    compared = _comparison(sections) if len(sections) > 1 else ""
    # Nothing is fetched, and no script runs but ours, even if a name got through unescaped.
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src 'sha256-{digest}'"
    return BEGIN + _file("report.html").format(
        title=escape(names),
        policy=escape(policy),
        style=style,
        compared=compared,
        count=len(sections),
        sections=body,
        data=data,
        script=script,
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _comparison(sections: Sequence[Section]) -> str:
    rows = [
        (section.columns.name, section.verdict.headline, *(dict(section.verdict.rows).get(k, "") for k in SHORT))
        for section in sections
    ]
    table = _table(("Study", "Outcome", *SHORT), rows)
    title = '<section class="compared" aria-label="Comparison"><h2>Side by side</h2>'
    return f'{title}{table}<div class="panels"></div></section>'


def _section(index: int, section: Section) -> str:
    verdict = section.verdict
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in verdict.rows)
    best = _table(("Parameter", "Value"), verdict.params) if verdict.params else ""
    code = (
        '<details class="code" open><summary>Ask for the best trial again</summary>'
        f"<pre>{escape(verdict.code)}</pre></details>"
        if verdict.code
        else ""
    )
    return (
        f'<section class="study" data-study="{index}" aria-label="{escape(section.columns.name)}">'
        f'<h1>{escape(section.columns.name)}</h1><p class="headline">{escape(verdict.headline)}</p>'
        f'<div class="verdict"><dl>{rows}</dl><div class="best">{best}{code}</div></div>'
        f'{_alerts(section.alerts)}<div class="selection" aria-live="polite"></div><div class="panels"></div>'
        f"{_head(section.columns)}</section>"
    )


def _alerts(alerts: Iterable[Alert]) -> str:
    items = "".join(
        f'<li class="{"warning" if alert.is_warning else "note"}" data-alert="{index}">'
        f"<strong>{escape(alert.title)}</strong> <span>{escape(alert.text)}</span></li>"
        for index, alert in enumerate(alerts)
    )
    return f'<h2>Alerts</h2><ul class="alerts">{items or "<li class=none>Nothing stands out.</li>"}</ul>'


def _head(columns: Columns) -> str:
    """Write the table of the best trials, which the script replaces by all of them."""
    losses = columns.losses
    order = np.lexsort((np.arange(columns.n), np.where(np.isnan(losses), np.inf, losses), ~columns.complete))
    names = ["Trial", "State", *columns.objectives, *(param.name for param in columns.params)]
    rows = [
        [str(number), TrialState(int(columns.states[number])).name, *map(_shown, columns.values[number].tolist()),
         *(_value(param, number) for param in columns.params)]
        for number in order[:HEAD_ROWS].tolist()
    ]  # fmt: skip
    said = f"The best {len(rows)} of {columns.n}" if columns.n > len(rows) else f"All {columns.n}"
    return f'<h2>Trials</h2><div class="trials"><p class="said">{said}.</p>{_table(names, rows)}</div>'


def _value(param: Param, number: int) -> str:
    value = param.values[number]
    if math.isnan(value):
        return ""
    return param.labels[int(value)] if param.kind == "choice" else _shown(value)


def _shown(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
