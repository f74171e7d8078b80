"""The Pareto front, kept up as trials finish: against finding it anew each time."""

import copy
import pickle

import naive_pareto as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.engine.history import Front
from parzen.trial import TrialState, create_trial

VALUES = st.sampled_from([-np.inf, 0.0, 1.0, 2.0, np.inf]) | st.integers(-3, 3).map(float)


def found_anew(study):
    """Numbers of the trials on the front, by comparing all pairs."""
    signs = [-1.0 if d == parzen.study.StudyDirection.MAXIMIZE else 1.0 for d in study.directions]
    trials = [t for t in study.trials if t.state == TrialState.COMPLETE and all(c <= 0 for c in constraints(t))]
    losses = [[s * v for s, v in zip(signs, t.values, strict=True)] for t in trials]
    is_beaten = [any(naive.dominates(other, own) for other in losses) for own in losses]
    return [trial.number for trial, beaten in zip(trials, is_beaten, strict=True) if not beaten]


def constraints(trial):
    return trial.constraints.values() if trial.constraints else []


def front(study):
    return [trial.number for trial in study.best_trials]


@settings(deadline=None, max_examples=60)
@given(directions=st.lists(st.sampled_from(["minimize", "maximize"]), min_size=1, max_size=3), data=st.data())
def test_it_is_what_is_found_anew(directions, data):
    """Trials finish in any order and state, one by one and in batches, and are corrected and deleted."""
    study = parzen.create_study(directions=directions)
    row = st.lists(VALUES, min_size=len(directions), max_size=len(directions))
    running = []
    for _ in range(data.draw(st.integers(1, 8))):
        action = data.draw(st.sampled_from(["ask", "tell", "add", "correct", "delete"]))
        if action == "ask":
            running += [study.ask(), study.ask()]
        elif action == "tell" and running:
            trial = running.pop(data.draw(st.integers(0, len(running) - 1)))
            trial.set_constraint("c", data.draw(st.sampled_from([-1.0, 0.0, 0.5])))
            study.tell(trial, data.draw(row), data.draw(st.sampled_from([None, TrialState.COMPLETE])))
        elif action == "add":
            rows = data.draw(st.lists(row, max_size=15))
            study.add_trials([create_trial(values=values) for values in rows])
            study.add_trial(create_trial(state=TrialState.FAIL))
        elif action in ("correct", "delete"):
            numbers = [t.number for t in study.trials if t.state == TrialState.COMPLETE]
            if numbers and action == "correct":
                study.correct_trial(data.draw(st.sampled_from(numbers)), data.draw(row))
            elif numbers:
                study.delete_trial(data.draw(st.sampled_from(numbers)))
        assert front(study) == found_anew(study)


@pytest.mark.parametrize("m", [1, 2, 3])
def test_one_by_one_and_all_at_once(m):
    rng = np.random.default_rng(m)
    rows = np.floor(rng.random((300, m)) * 12).tolist()
    study, other = (parzen.create_study(directions=["minimize"] * m) for _ in range(2))
    for values in rows:
        study.add_trial(create_trial(values=values))
        kept = front(study)
    other.add_trials([create_trial(values=values) for values in rows])
    assert kept == front(other) == found_anew(other)


def test_only_what_finished_since_is_looked_at(monkeypatch):
    study = parzen.create_study(directions=["minimize", "minimize"])
    study.add_trials([create_trial(values=[float(i), float(-i)]) for i in range(20)])
    seen = []
    add = Front._add
    monkeypatch.setattr(
        Front, "_add", lambda self, numbers, history: (seen.append(len(numbers)), add(self, numbers, history))
    )
    for _ in range(2):
        assert len(study.best_trials) == 20
    study.tell(study.ask(), [-1.0, -30.0])
    for _ in range(2):
        assert front(study) == [20]
    assert seen == [20, 1]


def test_what_is_given_away_may_be_changed():
    study = parzen.create_study(directions=["minimize", "minimize"])
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.set_user_attr("a", [1])
    study.tell(trial, [1.0, 2.0])
    before = copy.deepcopy(study.best_trials)
    found = study.best_trials[0]
    found.params.clear(), found.user_attrs["a"].append(2), found.values.append(3.0)
    found.set_user_attr("b", 0)
    assert study.best_trials == before == study.trials


def test_a_pickled_study_finds_its_front_again():
    study = parzen.create_study(directions=["minimize", "maximize"])
    study.add_trials([create_trial(values=[float(i), float(i)]) for i in range(5)])
    assert front(pickle.loads(pickle.dumps(study))) == front(study) == [0, 1, 2, 3, 4]
