"""A report as Markdown, or as one HTML file that needs no net: its pictures are in it."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from parzen.benchmarks.environment import differences
from parzen.benchmarks.report import Report, Table

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 75em; margin: 2em auto; padding: 0 1em }
table { border-collapse: collapse; margin: .5em 0 } caption { text-align: left; padding: .6em 0 }
th, td { padding: .2em .7em; border-bottom: 1px solid #ddd; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left } .wide { overflow-x: auto }
p.note { color: #555; margin: .2em 0; max-width: 60em } img { max-width: 100%; height: auto }
code { background: #f3f3f3; padding: .1em .3em }
"""


def origin(report: Report) -> list[str]:
    """Say where runs come from: command, days, versions, commit, machine; and what is missing."""
    days = " to ".join(dict.fromkeys(report.days))
    told = [f"Command: `{report.command}`", f"Days: {days}"]
    for environment in report.environments:
        versions = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
        where = f"Python {environment['python']}, {environment['machine']}"
        told.append(f"Commit {environment['commit']}, code {environment.get('code', 'unknown')}; {versions}; {where}")
    if differing := differences(report.environments):
        told.append(f"**Mixed**: these runs differ in {', '.join(differing)}.")
    return [*told, *report.notes]


def markdown(report: Report, pictures: dict[str, Path], level: int = 1) -> str:
    """Write Markdown; pictures lie beside it."""
    marks = "#" * level
    parts = [f"{marks} Benchmarks", "\n".join(f"- {line}" for line in origin(report))]
    for section in report.sections:
        parts.append(f"{marks}# {section.title}")
        for table in section.tables:
            parts += [table.caption, markdown_table(table), *table.notes]
        parts += section.notes
        parts += [f"![{name}]({pictures[name].name})" for name in section.figures if name in pictures]
    return "\n\n".join(parts) + "\n"


def markdown_table(table: Table) -> str:
    """Write a table."""
    rule = ["---", *["---:"] * (len(table.columns) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [table.columns, rule, *table.rows])


def page(report: Report, pictures: dict[str, Path]) -> str:
    """Write HTML."""
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>Benchmarks</title><style>{STYLE}</style>"]
    parts += ["<h1>Benchmarks</h1><ul>", *(f"<li>{_escaped(line)}</li>" for line in origin(report)), "</ul>"]
    for section in report.sections:
        parts.append(f"<h2>{_escaped(section.title)}</h2>")
        parts += [_picture(name, pictures[name]) for name in section.figures if name in pictures]
        parts += [*map(_html_table, section.tables), _html_notes(section.notes)]
    return "\n".join([*parts, "</html>\n"])


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{_escaped(cell)}</th>" for cell in table.columns)
    rows = "".join("<tr>" + "".join(f"<td>{_escaped(cell)}</td>" for cell in row) + "</tr>\n" for row in table.rows)
    caption = f"<caption>{_escaped(table.caption)}</caption>"
    return f"<div class=wide><table>{caption}<tr>{head}</tr>\n{rows}</table></div>{_html_notes(table.notes)}"


def _html_notes(notes: list[str]) -> str:
    return "".join(f"<p class=note>{_escaped(note)}</p>" for note in notes)


def _picture(name: str, path: Path) -> str:
    data = base64.b64encode(path.read_bytes()).decode()
    return f'<p><img alt="{_escaped(name)}" src="data:image/png;base64,{data}"></p>'


def _escaped(text: str) -> str:
    """Escape a text, and turn its Markdown of code and emphasis into HTML."""
    parts = html.escape(text).split("`")
    marked = "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
    for mark, tag in (("**", "b"), ("*", "i")):
        pieces = marked.split(mark)
        if len(pieces) % 2:
            marked = "".join(f"<{tag}>{piece}</{tag}>" if i % 2 else piece for i, piece in enumerate(pieces))
    return marked
