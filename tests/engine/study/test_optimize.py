"""The loop: limits, errors, threads, Ctrl-C, callbacks, the progress bar."""

from __future__ import annotations

import gc
import math
import os
import re
import signal
import subprocess
import sys
import threading
import weakref

import pytest

import parzen
from parzen.pruners import BasePruner
from parzen.samplers import RandomSampler
from parzen.study import MaxTrialsCallback
from parzen.trial import TrialState

COMPLETE, PRUNED, FAIL, RUNNING = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING
PATIENCE = 60  # seconds after which a test that waits gives up


@pytest.fixture(autouse=True)
def _every_message():
    """Have the log say everything, whatever level other tests left."""
    level = parzen.logging.get_verbosity()
    parzen.logging.set_verbosity(parzen.logging.INFO)
    yield
    parzen.logging.set_verbosity(level)


@pytest.fixture
def study():
    return parzen.create_study(sampler=RandomSampler(seed=0))


def states(study):
    return [trial.state for trial in study.trials]


def numbered(trial):
    return float(trial.number)


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize(("n_trials", "expected"), [(0, 0), (-2, 0), (7, 7), (1e1, 10)])
def test_number_of_trials(study, n_trials, expected, n_jobs):
    study.optimize(numbered, n_trials=n_trials, n_jobs=n_jobs)
    assert states(study) == [COMPLETE] * expected


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_trial_starts_after_the_timeout(study, n_jobs):
    study.optimize(numbered, timeout=0.0, n_jobs=n_jobs)
    assert study.trials == []
    study.optimize(lambda trial: threading.Event().wait(0.05) or 1.0, n_trials=10**6, timeout=0.2, n_jobs=n_jobs)
    assert 1 <= len(study.trials) < 100 and set(states(study)) == {COMPLETE}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_stop(study, n_jobs):
    def objective(trial):
        if trial.number == 4:
            trial.study.stop()
        return 1.0

    study.optimize(objective, n_trials=10**6, n_jobs=n_jobs)
    assert 5 <= len(study.trials) <= 5 + n_jobs
    study.optimize(numbered, n_trials=2)  # the next run is not stopped
    assert len(study.trials) >= 7


def test_stop_belongs_into_the_loop(study):
    with pytest.raises(RuntimeError, match="inside"):
        study.stop()
    study.optimize(numbered, n_trials=1)
    with pytest.raises(RuntimeError, match="inside"):
        study.stop()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"n_jobs": 0}, ValueError),
        ({"n_jobs": -2}, ValueError),
        ({"catch": 1}, TypeError),
        ({"catch": [int]}, TypeError),
    ],
)
def test_wrong_arguments_cost_no_trial(study, arguments, error):
    with pytest.raises(error):
        study.optimize(numbered, n_trials=1, **arguments)
    assert study.trials == []


def test_nested_runs(study):
    other = parzen.create_study()

    def objective(trial):
        other.optimize(numbered, n_trials=2)
        return other.best_value

    study.optimize(objective, n_trials=2)
    assert (len(study.trials), len(other.trials)) == (2, 4)
    with pytest.raises(RuntimeError, match="Nested"):
        study.optimize(lambda trial: study.optimize(numbered, n_trials=1), n_trials=1)
    assert states(study)[-1] == FAIL


# --- how trials end --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, "abc", math.nan, [1.0, 2.0], [], object], ids=repr)
def test_useless_values_fail_the_trial_and_the_run_goes_on(study, value, capsys):
    study.optimize(lambda trial: value, n_trials=2)
    assert states(study) == [FAIL, FAIL]
    assert "failed with value" in capsys.readouterr().err


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("catch", [KeyError, (OSError, LookupError), [KeyError], {KeyError, ValueError}])
def test_caught_errors(study, catch, n_jobs):
    def objective(trial):
        if trial.number % 2:
            raise KeyError("odd")
        return 1.0

    study.optimize(objective, n_trials=6, catch=catch, n_jobs=n_jobs)
    assert states(study) == [COMPLETE, FAIL] * 3


def test_why_a_trial_failed_is_noted(study):
    """In a system attribute of failed trials alone, a line without passwords; frames are as wide as Optuna's."""

    class Broken(Exception):
        def __str__(self):
            raise RuntimeError

    said = [
        (
            ValueError("no  answer\nof mysql://me:secret@host/db"),
            "ValueError: no answer of mysql://me:REDACTED@host/db",
        ),
        (KeyError(), "KeyError"),
        (RuntimeError("x" * 1000), f"RuntimeError: {'x' * 285}…"),
        (Broken(), "Broken"),
        (math.nan, "The value nan is not acceptable."),
        ("a", "The value 'a' could not be cast to float."),
        (parzen.TrialPruned("late"), None),
        (1.0, None),
    ]

    def objective(trial):
        outcome = said[trial.number][0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    study.optimize(objective, n_trials=len(said), catch=Exception)
    assert [trial.system_attrs.get("parzen:error") for trial in study.trials] == [text for _, text in said]
    assert all(trial.user_attrs == {} for trial in study.trials)
    pytest.importorskip("pandas")
    assert not any("error" in column for column in study.trials_dataframe().columns)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, SystemExit])
def test_other_errors_end_the_run_and_fail_their_trial(study, error, n_jobs):
    def objective(trial):
        if trial.number == 3:
            raise error
        return 1.0

    with pytest.raises(error):
        study.optimize(objective, n_trials=10**6, catch=ValueError, n_jobs=n_jobs)
    assert states(study)[3] == FAIL
    # Of the million asked for; another thread may run a few while the first one fails.
    assert set(states(study)) == {COMPLETE, FAIL} and len(study.trials) <= 4 + 100 * (n_jobs - 1)


def test_ctrl_c_is_caught_only_by_its_name(study):
    def objective(trial):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.optimize(objective, n_trials=3, catch=Exception)
    assert states(study) == [FAIL]


def test_pruned_with_and_without_reports(study):
    def objective(trial):
        if trial.number:
            trial.report(0.5, 3)
        raise parzen.TrialPruned

    study.optimize(objective, n_trials=2)
    assert [(t.state, t.value) for t in study.trials] == [(PRUNED, None), (PRUNED, 0.5)]


def test_a_pruner_decides(study):
    class AfterTwo(BasePruner):
        def prune(self, study, trial):
            return len(trial.intermediate_values) == 2

    def objective(trial):
        for step in range(5):
            trial.report(step, step)
            if trial.should_prune():
                raise parzen.TrialPruned
        return 1.0

    study.pruner = AfterTwo()
    study.optimize(objective, n_trials=1)
    assert study.trials[0].intermediate_values == {0: 0.0, 1: 1.0}


@pytest.mark.parametrize("told", [COMPLETE, PRUNED, FAIL])
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_after_telling_is_not_swallowed(study, told, error):
    def objective(trial):
        study.tell(trial, 7.0 if told == COMPLETE else None, told)
        raise error

    with pytest.raises(error):
        study.optimize(objective, n_trials=2)
    assert states(study) == [told]


def test_a_trial_told_inside_keeps_what_was_told(study):
    study.optimize(lambda trial: study.tell(trial, 7.0) and 1.0, n_trials=2)
    assert [t.value for t in study.trials] == [7.0, 7.0]


def test_a_samplers_error_ends_the_run_but_loses_no_result():
    class Broken(RandomSampler):
        def after_trial(self, study, trial, state, values):
            raise ZeroDivisionError

    study = parzen.create_study(sampler=Broken(seed=0))
    with pytest.raises(ZeroDivisionError):
        study.optimize(lambda trial: 3.0, n_trials=2)
    assert [t.value for t in study.trials] == [3.0]


# --- callbacks -------------------------------------------------------------------------------------------------------


def test_callbacks_come_after_each_trial(study):
    seen = []
    study.optimize(
        numbered, n_trials=2,
        callbacks=[lambda s, t: seen.append((s is study, t.value)), lambda s, t: seen.append(len(s.trials))],
    )  # fmt: skip
    assert seen == [(True, 0.0), 1, (True, 1.0), 2]


def test_a_callbacks_error_ends_the_run(study):
    def callback(study, trial):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        study.optimize(numbered, n_trials=3, callbacks=[callback], catch=ZeroDivisionError)
    assert states(study) == [COMPLETE]


@pytest.mark.parametrize(("counted", "expected"), [((COMPLETE,), 7), (None, 4), ((PRUNED, FAIL), 6)])
def test_max_trials(study, counted, expected):
    """Trials come as complete, pruned, failed, complete, ...; four of the counted states end the run."""

    def objective(trial):
        if trial.number % 3 == 1:
            raise parzen.TrialPruned
        return 1.0 if trial.number % 3 == 0 else math.nan

    callback = MaxTrialsCallback(3 if counted == (COMPLETE,) else 4, states=counted)
    study.optimize(objective, n_trials=100, callbacks=[callback])
    assert len(study.trials) == expected


# --- threads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [2, 4, -1])
def test_threads_run_trials_side_by_side(study, n_jobs):
    n_threads = n_jobs if n_jobs > 0 else os.cpu_count() or 1
    together = threading.Barrier(n_threads)
    caller = threading.get_ident()
    seen = set()

    def objective(trial):
        together.wait(PATIENCE)  # breaks, and fails the test, unless all threads are here at once
        seen.add(threading.get_ident())
        return trial.suggest_float("x", 0, 1)

    study.optimize(objective, n_trials=3 * n_threads, n_jobs=n_jobs)
    assert [t.number for t in study.trials] == list(range(3 * n_threads)) and set(states(study)) == {COMPLETE}
    assert n_threads == 1 or caller not in seen
    assert len({t.params["x"] for t in study.trials}) == 3 * n_threads


def test_threads_and_a_seed_draw_the_same_for_each_trial():
    def params(n_jobs):
        study = parzen.create_study(sampler=RandomSampler(seed=3))
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=40, n_jobs=n_jobs)
        return [t.params for t in study.trials]

    assert params(4) == params(1)


INTERRUPTED = """
import sys, time
import parzen

study = parzen.create_study(storage=sys.argv[1], study_name="s", sampler=parzen.samplers.RandomSampler())

def objective(trial):
    trial.suggest_float("x", 0, 1)
    if trial.number == 3:
        print("ready", flush=True)
    time.sleep(0.05)
    return 1.0

try:
    study.optimize(objective, n_jobs=int(sys.argv[2]))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT to a child is POSIX")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_ends_a_run_and_leaves_nothing_running(tmp_path, n_jobs):
    url = f"sqlite:///{tmp_path}/study.db"
    child = subprocess.Popen([sys.executable, "-c", INTERRUPTED, url, str(n_jobs)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=PATIENCE)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    assert (child.returncode, out) == (0, "interrupted\n")
    kept = parzen.load_study(study_name="s", storage=url)
    assert len(kept.trials) >= 3 and set(states(kept)) <= {COMPLETE, FAIL}


# --- the rest --------------------------------------------------------------------------------------------------------


class Knot:
    """An object that only the cycle collector frees."""

    def __init__(self):
        self.self = self


@pytest.mark.parametrize("gc_after_trial", [False, True])
def test_garbage_is_collected_on_demand(study, gc_after_trial):
    knots = []
    left = []

    def objective(trial):
        left.append(sum(knot() is not None for knot in knots))
        knot = Knot()
        knots.append(weakref.ref(knot))
        return 1.0

    gc.disable()
    try:
        study.optimize(objective, n_trials=4, gc_after_trial=gc_after_trial)
    finally:
        gc.enable()
    assert left == ([0, 0, 0, 0] if gc_after_trial else [0, 1, 2, 3])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_bar_counts_trials_and_stands_below_the_log(study, capsys, n_jobs):
    study.optimize(lambda trial: trial.number + 0.5, n_trials=5, show_progress_bar=True, n_jobs=n_jobs)
    err = capsys.readouterr().err.replace("\r", "\n")
    assert "5/5" in err and "Best trial: 0. Best value: 0.5" in err
    lines = [line for line in err.splitlines() if "finished with value" in line]
    assert len(lines) == 5 and all(line.startswith("[I ") for line in lines)  # whole lines, not behind a bar


def test_progress_bar_of_a_timeout(study, capsys):
    study.optimize(lambda trial: threading.Event().wait(0.05) or 1.0, timeout=0.2, show_progress_bar=True)
    assert "| 00:00/00:00" in capsys.readouterr().err
    study.optimize(numbered, timeout=3661, show_progress_bar=True, callbacks=[lambda s, t: s.stop()])
    assert "| 00:00/1:01:01" in capsys.readouterr().err


def test_progress_bar_of_trials_shows_the_timeout_too(study, capsys):
    study.optimize(numbered, n_trials=2, timeout=100, show_progress_bar=True)
    assert re.search(r"2/2 .*\d\.\d\d/100 seconds", capsys.readouterr().err)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_progress_bar_of_a_timeout_is_for_one_job(study, capsys, n_jobs):
    with pytest.warns(UserWarning, match="n_jobs != 1"):
        study.optimize(numbered, timeout=60, n_jobs=n_jobs, show_progress_bar=True, callbacks=[lambda s, t: s.stop()])
    assert "00:00/" not in capsys.readouterr().err


def test_progress_bar_needs_a_limit(study):
    with pytest.warns(UserWarning, match="n_trials"):
        study.optimize(numbered, show_progress_bar=True, callbacks=[lambda s, t: s.stop()])


def test_progress_bar_of_several_objectives(capsys):
    study = parzen.create_study(directions=["minimize", "maximize"])
    study.optimize(lambda trial: (1.0, 2.0), n_trials=2, show_progress_bar=True)
    assert "2/2" in capsys.readouterr().err


def test_the_loggers_handlers_come_back_after_the_bar(study, capsys):
    study.optimize(numbered, n_trials=1, show_progress_bar=True)
    capsys.readouterr()
    study.optimize(numbered, n_trials=1)
    assert capsys.readouterr().err.count("Trial 1 finished") == 1
