"""The processes of a campaign: Ctrl-C waits or kills, and none outlives the one that started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import pytest

from parzen.benchmarks import workers
from parzen.benchmarks.workers import KILLED, Interrupts, finished

WORDS = ["--problems", "camel", "--contenders", "parzen-random", "--seeds", "2000", "--budgets", "20000"]


@contextmanager
def campaign(tmp_path, n_jobs=2):
    """Run a campaign that takes for ever, in a group of its own, from its first run on."""
    command = [sys.executable, "-m", "parzen.benchmarks", *WORDS, "--jobs", str(n_jobs), "--out", str(tmp_path)]
    path = tmp_path / "runs.jsonl"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            while not path.exists() or path.read_bytes().count(b"\n") < 2:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.01)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_until_nobody_is_left(group):
    for _ in range(6000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("a process is left")


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.slow
def test_ctrl_c_waits_for_the_runs_that_are_being_made(tmp_path, n_jobs):
    with campaign(tmp_path, n_jobs) as process:
        os.killpg(process.pid, signal.SIGINT)
        told = process.communicate(timeout=120)[1]
        assert process.returncode == 130
        wait_until_nobody_is_left(process.pid)
    assert workers.WAITS.decode().strip() in told and "Traceback" not in told and "the same command goes on" in told
    for line in (tmp_path / "runs.jsonl").read_text().splitlines():
        json.loads(line)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once(tmp_path, n_jobs):
    with campaign(tmp_path, n_jobs) as process:
        for _ in range(3):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.1)
        told = process.communicate(timeout=120)[1]
        assert process.returncode in (130, -signal.SIGINT)  # the third one may come when Python is already ending
        assert "Traceback" not in told
        wait_until_nobody_is_left(process.pid)


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them(tmp_path):
    with campaign(tmp_path) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_until_nobody_is_left(process.pid)


def die_of_three(job):
    if job == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def test_a_process_that_is_killed_says_what_to_do_and_the_others_are_made():
    found = dict(finished(die_of_three, range(8), 2, Interrupts()))
    assert found.keys() == set(range(8)) and found[3] == KILLED and "the same command goes on" in KILLED
    assert sum(answer == KILLED for answer in found.values()) <= 2
    assert all(answer in (job, KILLED) for job, answer in found.items())
