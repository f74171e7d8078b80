"""What ``parzen watch`` draws: a study's progress as a block of lines, as one line, or as JSON. Pure functions."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parzen.engine.study.progress import Ended, Progress

Span = tuple[str, str]  # style and text
Line = list[Span]

_STYLES = {
    "": "",
    "strong": "\x1b[1m",
    "faint": "\x1b[2m",
    "COMPLETE": "\x1b[32m",
    "PRUNED": "\x1b[33m",
    "FAIL": "\x1b[31m",
}
_BLOCKS = "▁▂▃▄▅▆▇█"
_LAST = 5  # ended trials that are listed
_WIDEST = 100  # columns that the block takes at most
_LOG_FROM = 100.0  # a running best that fell to this part of what it was is drawn on a log scale


# --- text -------------------------------------------------------------------------------------------------------------


def shown(text: str) -> str:
    """Make a name safe to print: line breaks, escape sequences and what turns the writing around become ``?``."""
    return "".join(char if char.isprintable() else "?" for char in text)


def columns(text: str) -> int:
    """Count the columns that a text takes on a terminal."""
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(line: Line, width: int) -> Line:
    """Cut a line to some columns, with an ellipsis where something is missing."""
    if sum(columns(text) for _, text in line) <= width:
        return line
    kept: Line = []
    room = width - 1
    for style, text in line:
        taken = ""
        for char in text:
            room -= _columns_of(char)
            if room < 0:
                return [*kept, (style, taken + "…")]
            taken += char
        kept.append((style, taken))
    return kept


def painted(line: Line, is_coloured: bool) -> str:
    """Write a line out, in colours or not."""
    if not is_coloured:
        return "".join(text for _, text in line)
    return "".join(f"{_STYLES[style]}{text}\x1b[0m" if style else text for style, text in line)


def duration(seconds: float) -> str:
    """Write a time such as ``0.2 s``, ``41 s``, ``3 min``, ``2 h 05 min`` or ``3 d 4 h``."""
    if seconds < 9.95:
        return f"{seconds:.2g} s" if seconds >= 1e-3 else "0 s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24} h"


def _number(value: float) -> str:
    return f"{value:.6g}"


def _numbers(values: Sequence[float]) -> str:
    return ", ".join(map(_number, values))


def _plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw values as a row of blocks, the highest for the largest; on a log scale where they span much.

    Parameters
    ----------
    values
        Numbers; infinite ones are drawn as the largest or the smallest.
    width
        Blocks at most; of more values as many are drawn, spaced evenly, the last one among them.
    """
    n = len(values)
    if n > width:
        values = [values[round(j * (n - 1) / max(1, width - 1))] for j in range(width)]
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    scale = math.log if low > 0 and high / low >= _LOG_FROM else float
    bottom, height = (scale(low), scale(high) - scale(low)) if finite else (0.0, 0.0)

    def block(value: float) -> str:
        if not math.isfinite(value):
            return _BLOCKS[-1 if value > 0 else 0]
        if not 0 < height < math.inf:
            return _BLOCKS[0]
        return _BLOCKS[round((scale(value) - bottom) / height * (len(_BLOCKS) - 1))]

    return "".join(map(block, values))


# --- the block --------------------------------------------------------------------------------------------------------


def block(progress: Progress, width: int, height: int | None = None, note: str = "") -> list[Line]:
    """Draw the block.

    Parameters
    ----------
    progress
        What to draw.
    width
        Columns of the terminal; no line is wider.
    height
        Rows of the terminal, None for as many as are needed; what stands last goes first.
    note
        A line to be added above all others, such as what keeps the study from being read.

    Returns
    -------
    list[Line]
        As many lines whatever the study's state, so that the block does not jump.
    """
    width = max(1, min(width, _WIDEST))
    lines = [
        *([[("FAIL", shown(note))]] if note else []),
        _title(progress),
        _bar(progress, width),
        _states(progress),
        _speed(progress),
        *_best(progress),
        *_curve(progress, width),
        *_last(progress),
    ]
    return [fit(line, width) for line in lines[:height]]


def _title(progress: Progress) -> Line:
    ways = ", ".join(direction.name.lower() for direction in progress.directions)
    line = [("strong", shown(progress.study_name)), ("faint", f"  {ways}")]
    if progress.started is not None:
        line.append(("faint", f" · {duration(progress.elapsed)} so far"))
    return line


def _bar(progress: Progress, width: int) -> Line:
    if progress.n_wanted is None:
        return [("", _plural(progress.n_ended, "trial") + " ended")]
    text = f" {progress.n_ended} of {_plural(progress.n_wanted, 'trial')}"
    room = max(0, min(40, width - len(text)))
    full = room if progress.is_done else room * progress.n_ended // progress.n_wanted
    return [("COMPLETE", "█" * full), ("faint", "░" * (room - full)), ("", text if room else text[1:])]


def _states(progress: Progress) -> Line:
    counts = [
        ("", progress.n_running, "running"),
        ("COMPLETE", progress.n_complete, "complete"),
        ("PRUNED", progress.n_pruned, "pruned"),
        ("FAIL", progress.n_failed, "failed"),
        ("", progress.n_waiting, "waiting"),
        ("", progress.n_paused, "paused"),
    ]
    always = ("running", "complete", "pruned", "failed")
    parts = [(style if n else "faint", f"{n} {word}") for style, n, word in counts if n or word in always]
    return [span for k, part in enumerate(parts) for span in ((("", "  "),) * bool(k) + (part,))]


def _speed(progress: Progress) -> Line:
    seconds, rate = progress.median_seconds, progress.trials_per_minute
    if seconds is None or rate is None:
        return [("faint", "no trial has ended")]
    text = f"{rate:.3g} trials a minute · {duration(seconds)} a trial"
    if progress.seconds_left is not None and not progress.is_done:
        text += f" · {_left(progress)}"
    return [("", text)]


def _left(progress: Progress) -> str:
    workers = max(1, round(progress.n_workers))
    return f"{duration(progress.seconds_left or 0.0)} left with {_plural(workers, 'worker')}"


def _best(progress: Progress) -> list[Line]:
    if progress.front_size is not None:
        return [[("", "front "), ("strong", _plural(progress.front_size, "trial"))], []]
    best = progress.best
    if best is None:
        return [[("faint", "no best trial")], []]
    since = f" (trial {best.number}{_ago(best.at, progress.now)}, {_plural(best.n_since, 'trial')} since)"
    params = ", ".join(f"{shown(name)} = {shown(_value(value))}" for name, value in best.params)
    return [[("", "best "), ("strong", _number(best.value)), ("", since)], [("faint", f"     {params}")]]


def _ago(at: datetime | None, now: datetime) -> str:
    return "" if at is None else f", {duration(max(0.0, (now - at).total_seconds()))} ago"


def _value(value: Any) -> str:
    return _number(value) if isinstance(value, float) else str(value)


def _curve(progress: Progress, width: int) -> list[Line]:
    if progress.front_size is not None:
        return [[], []]
    chance = progress.record_chance
    if chance is None or not progress.running_best:
        return [[], []]
    ends = f" {_number(progress.running_best[0])} → {_number(progress.running_best[-1])}"
    drawn: Line = [
        ("", "     "),
        ("", sparkline(progress.running_best, min(60, max(1, width - 5 - len(ends))))),
        ("faint", ends),
    ]
    if progress.is_done:
        return [drawn, []]
    ahead = "the next trial" if progress.horizon == 1 else f"the next {progress.horizon} trials"
    return [drawn, [("", f"{100 * chance:.0f} % chance of a new best in {ahead}"), ("faint", ", if all are alike")]]


def _last(progress: Progress) -> list[Line]:
    last = [_ended(ended) for ended in reversed(progress.recent[-_LAST:])]
    lines = [[("", "     " if k else "last "), *line] for k, line in enumerate(last)]
    return lines + [[] for _ in range(_LAST - len(last))]


def _ended(ended: Ended) -> Line:
    state = ended.state.name
    words = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
    seconds = "" if ended.seconds is None else f"  {duration(ended.seconds)}"
    return [
        ("", f"{ended.number:>6}  "),
        (state, f"{words[state]:<8}"),
        ("", f"  {_numbers(ended.values)}"),
        ("faint", seconds),
    ]


# --- one line ---------------------------------------------------------------------------------------------------------


def one_line(progress: Progress) -> str:
    """Write the progress as one line, for a log."""
    total = "" if progress.n_wanted is None else f" of {progress.n_wanted}"
    parts = [
        f"{progress.now:%Y-%m-%d %H:%M:%S} {shown(progress.study_name)}: {progress.n_ended}{total} ended",
        f"{progress.n_running} running",
        f"{progress.n_pruned} pruned",
        f"{progress.n_failed} failed",
    ]
    if progress.front_size is not None:
        parts.append(f"front {progress.front_size}")
    elif progress.best is not None:
        parts.append(f"best {_number(progress.best.value)} (trial {progress.best.number})")
    if progress.trials_per_minute is not None:
        parts.append(f"{progress.trials_per_minute:.3g} a minute")
    if progress.seconds_left is not None and not progress.is_done:
        parts.append(_left(progress))
    return ", ".join(parts)


def as_json(progress: Progress) -> str:
    """Write the progress as one line of JSON; infinite numbers as the texts ``inf`` and ``-inf``."""
    best = progress.best
    content = {
        "study_name": progress.study_name,
        "directions": [direction.name.lower() for direction in progress.directions],
        "now": progress.now,
        "started": progress.started,
        "elapsed_seconds": progress.elapsed,
        "n_trials": progress.n_wanted,
        "n_ended": progress.n_ended,
        "n_running": progress.n_running,
        "n_complete": progress.n_complete,
        "n_pruned": progress.n_pruned,
        "n_failed": progress.n_failed,
        "n_waiting": progress.n_waiting,
        "n_paused": progress.n_paused,
        "trials_per_minute": progress.trials_per_minute,
        "median_seconds": progress.median_seconds,
        "seconds_left": progress.seconds_left,
        "n_workers": progress.n_workers,
        "best": None if best is None else {**vars(best), "params": dict(best.params)},
        "front_size": progress.front_size,
        "new_best_chance": progress.record_chance,
        "new_best_within": progress.horizon,
        "running_best": progress.running_best,
        "last": [{**vars(ended), "state": ended.state.name} for ended in progress.recent[-_LAST:]],
        "is_done": progress.is_done,
    }
    return json.dumps(_jsonable(content), ensure_ascii=True)


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
