"""Ctrl-C at any moment: real signals, real files."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import parzen
from parzen.engine.interrupts import MOMENT, Deferred, give_way, hurried

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="Windows has no signal to send to one's own main thread"),
    # Python drops what comes within a destructor, or a callback of the collector such as Hypothesis's.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_is_kept_until_the_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with Deferred():
            press()
            done.append("whole")
        done.append("never")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_is_let_through_on_demand_and_within_another_kept_for_the_outer_one() -> None:
    with Deferred() as outer:
        with Deferred():
            press()
        with pytest.raises(KeyboardInterrupt):
            outer.allow()
        with pytest.raises(KeyboardInterrupt):
            press()


def test_a_handler_of_the_user_gets_it() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with Deferred():
            press()
            assert seen == []
        assert seen == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_are_left_alone() -> None:
    def enter() -> None:
        with Deferred():
            found.append(signal.getsignal(signal.SIGINT))

    found: list[object] = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


@pytest.mark.parametrize("in_file", [False, True])
def test_a_study_is_whole_whenever_it_comes(tmp_path: Path, in_file: bool) -> None:
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)
    url = f"sqlite:///{tmp_path}/study.db"
    sampler = parzen.samplers.RandomSampler(0)
    study = parzen.create_study(study_name="s", storage=url if in_file else None, sampler=sampler)
    rng = random.Random(0)

    def objective(trial: parzen.Trial) -> float:
        trial.report(1.0, 0)
        return trial.suggest_float("x", 0, 1)

    pressed = 0
    for _ in range(25):
        try:
            timer = threading.Timer(rng.uniform(0.002, 0.02), press)
            timer.start()
            study.optimize(objective, timeout=5)
        except KeyboardInterrupt:
            pressed += 1
        timer.join()
    assert pressed >= 20  # Python drops one that comes within a destructor
    states = {trial.state.name for trial in study.trials}
    assert states <= {"COMPLETE", "FAIL"}
    if in_file:
        assert parzen.load_study(study_name="s", storage=url).trials == study.trials
        assert sqlite3.connect(tmp_path / "study.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def can_be_taken(lock: Any) -> bool:
    """Tell whether another thread gets a lock."""
    found: list[bool] = []

    def take() -> None:
        found.append(lock.acquire(timeout=5))
        if found[0]:
            lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def alarm() -> Iterator[None]:
    """Press Ctrl-C when the timer of this process runs out, which another thread can do at fewer moments."""
    before = signal.signal(signal.SIGALRM, lambda number, frame: press())
    gc.disable()
    yield
    gc.enable()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_thread_that_cleans_up_has_one_moment_for_all_its_waits() -> None:
    ended: list[str] = []

    def clean_up() -> None:
        give_way(time.monotonic())  # it works on, and may wait a moment
        with hurried():
            give_way(time.monotonic())
            time.sleep(MOMENT)
            try:
                give_way(time.monotonic())
            except KeyboardInterrupt:
                ended.append("clean_up")
        give_way(time.monotonic())
        ended.append("all")

    with hurried():  # as the main thread does after Ctrl-C, while it waits for the others
        time.sleep(MOMENT)
        thread = threading.Thread(target=clean_up)
        thread.start()
        thread.join()
    assert ended == ["clean_up", "all"]


@pytest.mark.usefixtures("alarm")
def test_a_study_in_memory_goes_on_after_it() -> None:
    """A lock taken before its `try` stayed held after one of 25, which 80 miss in 4 of 100 runs."""
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)
    rng = random.Random(1)

    def objective(trial: parzen.Trial) -> float:
        return sum(trial.suggest_float(f"x{i}", 0, 1) for i in range(20))

    for _ in range(80):
        study = parzen.create_study(sampler=parzen.samplers.RandomSampler(0))
        with contextlib.suppress(KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.0005, 0.006))
            study.optimize(objective, timeout=5)
        assert can_be_taken(study.history.lock)
        study.optimize(objective, n_trials=2)
        assert study.trials[-1].state.name == "COMPLETE"
