"""A selection shows what a study of the selected trials alone would."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import parzen
from parzen.engine.history import BracketStudy, History, Selection
from parzen.samplers import TPESampler
from parzen.trial import TrialState

COMPLETE, PRUNED, FAIL, PAUSED = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState(5)


def is_even(number: int) -> bool:
    return number % 2 == 0


def play(study: parzen.Study, n: int, seed: int, look: Callable[[], None] = lambda: None) -> None:
    """Random trials of all ends, some of which stay running; `look` is called in between."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        look()
        if rng.random() < 0.5:
            trial.suggest_int("n", 0, 9)
        trial.set_constraint("c", float(rng.normal()))
        trial.report(float(rng.normal()), 3)
        end = rng.random()
        if end < 0.5:
            study.tell(trial, float(rng.normal()))
        elif end < 0.9:
            study.tell(trial, state=PRUNED if end < 0.7 else FAIL)
        look()


def alone(study: parzen.Study) -> History:
    """Make a history of the selected trials, and empty failed ones in the place of the others."""
    history = History(study.directions)
    whole = study.history
    for number in range(whole.n):
        record = whole.copy_record(number)
        if not is_even(number):
            record = parzen.create_trial(state=FAIL)
            record.number, record._trial_id = number, whole.record(number)._trial_id
        history.open(record)
    return history


def assert_alike(selection: Selection, expected: History) -> None:
    assert selection.states.tolist() == expected.states.tolist()
    assert [selection.state(number) for number in range(selection.n)] == expected.states.tolist()
    assert (selection.n, selection.n_complete, selection.n_pruned) == (
        expected.n, expected.n_complete, expected.n_pruned,
    )  # fmt: skip
    assert selection.best == expected.best
    assert selection.live.keys() == expected.live.keys()
    assert {n for n in expected.finished.tolist() if is_even(n)} == set(selection.finished.tolist())
    assert selection.groups == expected.groups
    assert selection.common_names == expected.common_names
    assert selection.spaces() == expected.spaces()
    for number in range(selection.n):
        ours, theirs = selection.record(number), expected.record(number)
        assert (ours.state, ours.params, ours.values, ours.system_attrs) == (
            theirs.state, theirs.params, theirs.values, theirs.system_attrs,
        )  # fmt: skip


@pytest.mark.parametrize("often", [False, True])
def test_it_is_what_a_study_of_these_trials_alone_holds(often: bool) -> None:
    study = parzen.create_study(sampler=parzen.samplers.RandomSampler(0))
    play(study, 5, 0)
    selection = Selection(study.history, is_even)
    play(study, 40, 1, (lambda: selection.update(study.history)) if often else (lambda: None))
    assert_alike(selection.update(study.history), alone(study))


def test_a_waiting_trial_that_starts() -> None:
    study = parzen.create_study()
    study.enqueue_trial({"x": 0.5})
    selection = Selection(study.history, is_even)
    assert selection.states.tolist() == [TrialState.WAITING]
    study.ask()
    assert selection.update(study.history).states.tolist() == [TrialState.RUNNING]


def test_a_trial_that_pauses_and_goes_on() -> None:
    study = parzen.create_study()
    storage, trial_id = study._storage, study.ask()._trial_id
    selection = Selection(study.history, is_even)
    for state, values in ((PAUSED, None), (TrialState.RUNNING, None), (PAUSED, None), (TrialState.RUNNING, None)):
        storage.set_trial_state_values(trial_id, state, values)
        selection.update(study.history)
        assert selection.states.tolist() == [state]
        assert bool(selection.live) == (state == TrialState.RUNNING)
    storage.set_trial_state_values(trial_id, COMPLETE, [1.0])
    assert selection.update(study.history).n_complete == 1
    assert selection.pauses.tolist() == [0, 0]


def test_tpe_learns_from_the_selected_trials_alone() -> None:
    """The same draws as from a study in which the others failed and left nothing behind."""
    study = parzen.create_study(sampler=parzen.samplers.RandomSampler(0))
    play(study, 60, 2)
    number, x = study.history.n, parzen.distributions.FloatDistribution(0, 1)
    drawn = []
    for history in (Selection(study.history, is_even), alone(study)):
        sampler = TPESampler(seed=1)
        record = parzen.create_trial(state=TrialState.RUNNING)
        record.number = number
        view: Any = type("View", (), {"history": history, "directions": study.directions})
        space = sampler.infer_relative_search_space(view, record)
        drawn.append((space.keys(), sampler.sample_relative(view, record, space), sampler.draw(view, record, "x", x)))
    assert drawn[0] == drawn[1]


def test_it_does_not_hold_the_history() -> None:
    study = parzen.create_study()
    study.tell(study.ask(), 1.0)
    history = History(study.directions)
    history.open(study.history.copy_record(0))
    selection = Selection(history, is_even)
    seen = weakref.ref(history)
    del history
    gc.collect()
    assert seen() is None
    assert selection.record(0).value == 1.0


def bracket_study(study: parzen.Study) -> BracketStudy:
    selection = Selection(study.history, is_even)
    return BracketStudy(study, selection.update)


def test_a_study_of_some_trials() -> None:
    study = parzen.create_study(study_name="s")
    for value in (3.0, 0.0, 2.0, 1.0):
        study.tell(study.ask(), value)
    some = bracket_study(study)
    assert [trial.number for trial in some.trials] == [0, 2]
    assert [trial.number for trial in some.get_trials(states=(PRUNED,))] == []
    assert (some.best_trial.number, some.best_value, some.best_params) == (2, 2.0, {})
    assert (some.study_name, some.directions, some._study_id) == ("s", study.directions, study._study_id)
    trial = some.get_trials()[0]
    trial.set_user_attr("a", 1)  # a copy
    assert not study.trials[0].user_attrs
    assert some.get_trials(deepcopy=False)[0] is study.get_trials(deepcopy=False)[0]


def test_no_best_trial_yet() -> None:
    study = parzen.create_study()
    study.ask()
    study.tell(study.ask(), 1.0)
    with pytest.raises(ValueError, match="No trials"):
        _ = bracket_study(study).best_trial


def test_a_view_that_is_pickled_is_none_of_its_study() -> None:
    with pytest.raises(AttributeError):
        _ = BracketStudy.__new__(BracketStudy).__deepcopy__
    assert pickle.loads(pickle.dumps(parzen.create_study(pruner=parzen.pruners.HyperbandPruner()))).trials == []


def test_a_bracket_may_be_read_with_the_columns_of_all() -> None:
    study = parzen.create_study()
    play(study, 6, seed=0)
    select = lambda history: Selection(history, is_even)  # noqa: E731
    assert BracketStudy(study, select, True).history is study.history
    assert BracketStudy(study, select).history.selected() == [0, 2, 4]
    assert [trial.number for trial in BracketStudy(study, select, True).get_trials()] == [0, 2, 4]
