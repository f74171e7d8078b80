"""`Study.optimize`: the same results, exceptions and warnings on Optuna and on parzen."""

from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest
from differential import compare, differ, error_of, optuna, scenarios, study_of

import parzen

pytestmark = pytest.mark.bench


# --- optimize --------------------------------------------------------------------------------------------------------


def objective_returns(value):
    def scenario(o):
        study = study_of(o)
        study.optimize(lambda t: value, n_trials=1)
        return study.trials

    return scenario


@pytest.mark.parametrize(
    "value",
    [1, True, None, math.nan, math.inf, "a", [1.0], (1.0,), [1.0, 2.0], np.float64(1), np.array(1.0), object()],
    ids=repr,
)  # fmt: skip
def test_optimize_returns(value):
    compare(objective_returns(value))


CATCHES = {"none": (), "class": KeyError, "tuple": (KeyError, OSError), "list": [KeyError], "parent": LookupError,
           "other": ValueError, "generator": "generator", "base": BaseException}  # fmt: skip


@pytest.mark.parametrize("name", CATCHES)
def test_catch(name):
    def scenario(o):
        study = study_of(o)
        seen = []

        def fail(trial):
            trial.suggest_int("x", 1, 1)
            raise KeyError("x")

        catch = (c for c in [KeyError]) if name == "generator" else CATCHES[name]
        error = error_of(
            lambda: study.optimize(fail, n_trials=3, catch=catch, callbacks=[lambda s, t: seen.append(t.number)])
        )
        return error, seen, study.trials

    compare(scenario)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_base_exceptions_end_the_run(raised, n_jobs):
    """Optuna leaves a trial running on these; here it fails, whatever ended it."""
    for o in (optuna, parzen):
        study = study_of(o)

        def objective(trial, raised=raised):
            if trial.number == 2:
                raise raised
            return 1.0

        o.logging.set_verbosity(o.logging.CRITICAL)
        with pytest.raises(raised):
            study.optimize(objective, n_trials=5, n_jobs=n_jobs)
        o.logging.set_verbosity(o.logging.INFO)
        states = [t.state.name for t in study.trials]
        assert states[2] in ("FAIL", "RUNNING")
    assert "RUNNING" not in states


def callbacks(o):
    study = study_of(o)
    seen = []

    def callback(s, trial):
        seen.append((s is study, trial, len(s.trials)))

    study.optimize(lambda t: float(t.number), n_trials=2, callbacks=[callback, callback])
    return seen


def callback_raises(o):
    study = study_of(o)

    def callback(study, trial):
        raise ZeroDivisionError

    return error_of(
        lambda: study.optimize(lambda t: 1.0, n_trials=3, callbacks=[callback], catch=(ZeroDivisionError,))
    ), study.trials


def stop_in_objective(o):
    study = study_of(o)

    def objective(trial):
        if trial.number == 1:
            trial.study.stop()
        return 1.0

    study.optimize(objective, n_trials=5)
    study.optimize(objective, n_trials=2)
    return study.trials


def stop_in_callback(o):
    study = study_of(o)
    study.optimize(lambda t: 1.0, callbacks=[lambda s, t: s.stop()])
    return len(study.trials)


def stop_outside(o):
    study_of(o).stop()


def nested(o):
    study = study_of(o)

    def objective(trial):
        study.optimize(lambda t: 1.0, n_trials=1)
        return 1.0

    return error_of(lambda: study.optimize(objective, n_trials=1)), study.trials


def nested_other_study(o):
    study, inner = study_of(o), study_of(o)

    def objective(trial):
        inner.optimize(lambda t: 1.0, n_trials=2)
        return inner.best_value

    study.optimize(objective, n_trials=2)
    return len(study.trials), len(inner.trials)


def timeout_is_over(o):
    study = study_of(o)
    study.optimize(lambda t: 1.0, timeout=0.0)
    some = len(study.trials)
    study.optimize(lambda t: time.sleep(0.05) or 1.0, n_trials=1000, timeout=0.1)
    return some, 1 <= len(study.trials) < 20


@pytest.mark.parametrize("n_trials", [0, 3, -1, 2.0, 2.5, "3"])
def test_n_trials(n_trials):
    def scenario(o):
        study = study_of(o)
        error = error_of(lambda: study.optimize(lambda t: 1.0, n_trials=n_trials, timeout=1.0))
        return error, len(study.trials)

    compare(scenario)


@pytest.mark.parametrize("n_jobs", [-1, 2, 3])
def test_n_jobs(n_jobs):
    def scenario(o):
        study = study_of(o)
        threads = set()

        def objective(trial):
            threads.add(threading.get_ident())
            time.sleep(0.001)
            return trial.suggest_float("x", 0, 1)

        study.optimize(objective, n_trials=9, n_jobs=n_jobs, gc_after_trial=True)
        return threading.get_ident() in threads, [t.number for t in study.trials], {t.state for t in study.trials}

    compare(scenario)


def pruned_without_reports(o):
    study = study_of(o)

    def objective(trial):
        raise o.TrialPruned("why")

    study.optimize(objective, n_trials=2)
    return study.trials


def _tell_inside_the_objective(o):
    study = study_of(o)

    def objective(trial):
        trial.study.tell(trial, 7.0)
        return 1.0

    study.optimize(objective, n_trials=1)
    return study.trials


def _fail_inside_the_objective(o):
    study = study_of(o)

    def objective(trial):
        trial.study.tell(trial, state=o.trial.TrialState.FAIL)
        raise KeyError

    return error_of(lambda: study.optimize(objective, n_trials=1)), study.trials


def objective_is_an_object(o):
    class Objective:
        def __call__(self, trial):
            return trial.suggest_float("x", 1, 1)

    study = study_of(o)
    study.optimize(Objective(), n_trials=1)
    return study.best_params


@pytest.mark.parametrize("states", ["default", None, ("COMPLETE", "PRUNED"), ("FAIL",)])
def test_max_trials_callback(states):
    def scenario(o):
        study = study_of(o)

        def objective(trial):
            if trial.number % 3 == 1:
                raise o.TrialPruned
            if trial.number % 3 == 2:
                raise KeyError
            return 1.0

        kwargs = {} if states == "default" else {"states": states and tuple(o.trial.TrialState[s] for s in states)}
        study.optimize(objective, n_trials=20, catch=KeyError, callbacks=[o.study.MaxTrialsCallback(4, **kwargs)])
        return len(study.trials)

    compare(scenario)


def progress_bar_without_limit(o):
    study = study_of(o)
    study.optimize(lambda t: 1.0, show_progress_bar=True, callbacks=[lambda s, t: s.stop()])
    return len(study.trials)


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda f: f.__name__)
def test_scenario(scenario):
    compare(scenario)


# --- where parzen differs, and why -----------------------------------------------------------------------------------


def _caught_by_no_class(o):
    study = study_of(o)
    return error_of(lambda: study.optimize(lambda t: 1 / 0, n_trials=1, catch=1)), len(study.trials)


def _told_twice(o):
    study = study_of(o)
    study.optimize(lambda t: study.tell(t, 7.0) and 1.0, n_trials=1)
    return study.best_value


def _told_then_failed(o):
    study = study_of(o)
    return error_of(lambda: study.optimize(lambda t: study.tell(t, 7.0) and 1 / 0, n_trials=2)), len(study.trials)


DIFFERENCES = {
    # A wrong `catch` is found before a trial is spent.
    "catch_is_no_class": (_caught_by_no_class, (TypeError, 0)),
    # A trial told meanwhile, here or by another worker, keeps what was told, and the run goes on; ValueError there.
    "told_inside": (_told_twice, 7.0),
    # The objective's own error comes out, not one about telling.
    "told_then_failed": (_told_then_failed, (ZeroDivisionError, 1)),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference(name):
    differ(*DIFFERENCES[name])
