"""The block of `parzen watch`: lines that fit, whatever the study, its names and the window."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("click")

from parzen.cli.block import as_json, block, columns, duration, fit, one_line, painted, shown, sparkline
from parzen.engine.study.progress import Best, Ended, Progress
from parzen.study import StudyDirection
from parzen.trial import TrialState

NOON = datetime(2026, 1, 2, 12)
MIN, MAX = StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE
STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def ended(number: int, state: TrialState = TrialState.COMPLETE, *values: float) -> Ended:
    return Ended(number, state, values, 10.0, NOON + timedelta(seconds=10 * number))


HALF = Progress(
    study_name="digits",
    directions=(MIN,),
    n_wanted=100,
    n_complete=38,
    n_pruned=4,
    n_failed=1,
    n_running=4,
    n_waiting=0,
    n_paused=0,
    started=NOON,
    now=NOON + timedelta(seconds=430),
    best=Best(31, 0.0213, NOON + timedelta(seconds=310), 11, (("lr", 0.00312345678), ("kind", "a"))),
    front_size=None,
    recent=tuple(ended(k, TrialState.COMPLETE, 1.0 / k) for k in range(34, 44)),
    running_best=(0.31, 0.2, 0.0213),
)
EMPTY = replace(
    HALF,
    n_wanted=None,
    n_complete=0,
    n_pruned=0,
    n_failed=0,
    n_running=0,
    started=None,
    best=None,
    recent=(),
    running_best=(),
)


def lines_of(progress: Progress, width: int = 100, **options: Any) -> list[str]:
    return [painted(line, is_coloured=False).rstrip() for line in block(progress, width, **options)]


def test_the_block():
    assert lines_of(HALF) == [
        "digits  minimize · 7 min so far",
        "█████████████████░░░░░░░░░░░░░░░░░░░░░░░ 43 of 100 trials",
        "4 running  38 complete  4 pruned  1 failed",
        "6 trials a minute · 10 s a trial · 2 min left with 4 workers",
        "best 0.0213 (trial 31, 2 min ago, 11 trials since)",
        "     lr = 0.00312346, kind = a",
        "     █▅▁ 0.31 → 0.0213",
        "60 % chance of a new best in the next 57 trials, if all are alike",
        "last     43  complete  0.0232558  10 s",
        "         42  complete  0.0238095  10 s",
        "         41  complete  0.0243902  10 s",
        "         40  complete  0.025  10 s",
        "         39  complete  0.025641  10 s",
    ]


def test_no_trials():
    assert lines_of(EMPTY) == [
        "digits  minimize",
        "0 trials ended",
        "0 running  0 complete  0 pruned  0 failed",
        "no trial has ended",
        "no best trial",
        *[""] * 3,
        *[""] * 5,
    ]


def test_only_failed_and_pruned_trials():
    failed = replace(
        EMPTY, n_failed=2, n_pruned=1, recent=(ended(0, STATES[2]), ended(1, STATES[1], 0.5), ended(2, STATES[2]))
    )
    lines = lines_of(failed)
    assert lines[4] == "no best trial"
    assert lines[8:11] == [
        "last      2  failed      10 s",
        "          1  pruned    0.5  10 s",
        "          0  failed      10 s",
    ]


def test_several_objectives():
    several = replace(
        HALF,
        directions=(MIN, MAX),
        best=None,
        front_size=7,
        running_best=(),
        recent=(ended(3, STATES[0], 1, math.inf),),
    )
    lines = lines_of(several)
    assert lines[0].startswith("digits  minimize, maximize") and lines[4] == "front 7 trials"
    assert lines[8] == "last      3  complete  1, inf  10 s" and not any("chance" in line for line in lines)


def test_all_done():
    lines = lines_of(replace(HALF, n_complete=95, n_running=0))
    assert lines[1] == "█" * 40 + " 100 of 100 trials" and "left" not in lines[3] and lines[7] == ""


@pytest.mark.parametrize("progress", [HALF, EMPTY, replace(HALF, front_size=3, best=None, n_waiting=7, n_paused=2)])
def test_the_block_does_not_jump(progress):
    assert len(block(progress, 80)) == len(block(HALF, 80))
    assert len(block(progress, 80, note="locked")) == len(block(HALF, 80)) + 1


names = st.text(alphabet=st.characters(), max_size=30) | st.sampled_from(
    ["数据" * 40, "\x1b[2J\x1b]0;x\x07", "a\nb", "e\u0301", "\u202eabc", "😀"]
)


@settings(max_examples=60, deadline=None)
@given(
    name=names,
    param=names,
    width=st.integers(-3, 130),
    height=st.none() | st.integers(0, 20),
    values=st.lists(st.floats(allow_nan=False), max_size=40),
    counts=st.tuples(*[st.integers(0, 10**6)] * 6),
    wanted=st.none() | st.integers(1, 10**6),
)
def test_no_line_is_wider_than_the_window_and_no_name_moves_the_cursor(
    name, param, width, height, values, counts, wanted
):
    n_complete, n_pruned, n_failed, n_running, n_waiting, n_paused = counts
    progress = replace(
        HALF, study_name=name, n_wanted=wanted, n_complete=n_complete, n_pruned=n_pruned, n_failed=n_failed,
        n_running=n_running, n_waiting=n_waiting, n_paused=n_paused, running_best=tuple(values),
        best=Best(1, values[0], None, 0, ((name, param), (param, math.nan))) if values else None,
        recent=tuple(ended(k, STATES[k % 3], value) for k, value in enumerate(values)),
    )  # fmt: skip
    drawn = block(progress, width, height, note=name)
    assert height is None or len(drawn) <= height
    for line in drawn:
        text = painted(line, is_coloured=False)
        assert columns(text) <= max(1, width) and text.isprintable()
    assert one_line(progress).isprintable()
    assert json.loads(as_json(progress))["study_name"] == name.encode("utf-8", "surrogatepass").decode(
        "utf-8", "surrogatepass"
    )


@settings(deadline=None)
@given(st.text(max_size=30), st.integers(1, 40))
def test_what_fits_stays_and_what_does_not_ends_in_an_ellipsis(text, width):
    text = shown(text)
    cut = "".join(part for _, part in fit([("", text[:7]), ("strong", text[7:])], width))
    assert columns(cut) <= width
    assert cut == text if columns(text) <= width else (cut.endswith("…") and text.startswith(cut[:-1]))


def test_colours_are_around_the_text():
    assert painted([("FAIL", "1 failed"), ("", " x")], is_coloured=True) == "\x1b[31m1 failed\x1b[0m x"


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), ""),
        ((1.0,), "▁"),
        ((0.0, 7.0), "▁█"),
        (tuple(range(8)), "▁▂▃▄▅▆▇█"),
        ((math.inf, 1.0, -math.inf), "█▁▁"),
        ((math.inf, 3.0, 1.0), "██▁"),
        ((1000.0, 100.0, 1.0), "█▆▁"),  # on a log scale
        ((-1.7e308, 1.7e308), "▁▁"),  # further apart than a float can say
        ((5e-324, 1.0), "▁█"),
    ],
)
def test_sparkline(values, drawn):
    assert sparkline(values, 60) == drawn


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1), st.integers(1, 50))
def test_a_sparkline_has_as_many_blocks_as_there_is_room(values, width):
    drawn = sparkline(values, width)
    assert len(drawn) == min(len(values), width) and set(drawn) <= set("▁▂▃▄▅▆▇█")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"), (0.0123, "0.012 s"),
        (9.9, "9.9 s"), (9.96, "10 s"), (41.4, "41 s"), (99.4, "99 s"), (99.6, "2 min"),
        (3570.0, "1 h 00 min"), (7500.0, "2 h 05 min"), (86400.0 * 3 + 3600 * 4, "3 d 4 h"),
    ],
)  # fmt: skip
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_one_line():
    assert one_line(HALF) == (
        "2026-01-02 12:07:10 digits: 43 of 100 ended, 4 running, 4 pruned, 1 failed, best 0.0213 (trial 31), "
        "6 a minute, 2 min left with 4 workers"
    )
    assert one_line(EMPTY) == "2026-01-02 12:07:10 digits: 0 ended, 0 running, 0 pruned, 0 failed"
    assert one_line(replace(HALF, front_size=3, best=None)).count("front 3") == 1


def test_json():
    found = json.loads(as_json(replace(HALF, running_best=(math.inf, -math.inf))))
    assert (found["n_trials"], found["n_ended"], found["n_running"], found["directions"]) == (100, 43, 4, ["minimize"])
    assert found["best"] == {
        "number": 31, "value": 0.0213, "at": "2026-01-02T12:05:10", "n_since": 11,
        "params": {"lr": 0.00312345678, "kind": "a"},
    }  # fmt: skip
    assert found["running_best"] == ["inf", "-inf"] and [it["number"] for it in found["last"]] == [39, 40, 41, 42, 43]
    assert found["last"][0]["state"] == "COMPLETE" and found["new_best_chance"] == 57 / 95
    assert "\n" not in as_json(HALF)
