from __future__ import annotations

import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.pruners import HyperbandPruner, SuccessiveHalvingPruner
from parzen.pruners.successive_halving import Competition
from parzen.trial import Trial, TrialState

PRUNED = TrialState.PRUNED


def study_of(pruner: Any, direction: str = "minimize", **kwargs: Any) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    sampler = parzen.samplers.RandomSampler(0)
    return parzen.create_study(study_name="s", pruner=pruner, direction=direction, sampler=sampler, **kwargs)


def report(trial: Trial, reports: dict[int, float]) -> bool:
    """Report all values, then ask."""
    for step, value in reports.items():
        trial.report(value, step)
    return trial.should_prune()


def play(study: parzen.Study, trials: list[list[tuple[int, float]]]) -> list[list[bool]]:
    """Run trials one after the other, to their ends whatever the pruner says."""
    found = []
    for reports in trials:
        trial = study.ask()
        found.append([report(trial, {step: value}) for step, value in reports])
        study.tell(trial, 0.0)
    return found


def naive(
    trials: list[list[tuple[int, float]]], first: int, factor: int, bootstrap: int, maximize: bool
) -> list[list[bool]]:
    """The same by lists: at each rung a trial's value against those of all that completed it, itself included."""
    completed: list[list[float]] = [[] for _ in range(20)]
    found = []
    for reports in trials:
        own: dict[int, float] = {}
        rung, decisions = 0, []
        for step, value in reports:
            own[step] = value
            last, stops = max(own), False
            while not stops and last >= first * factor**rung:
                if math.isnan(own[last]):
                    stops = True
                    break
                completed[rung].append(own[last])
                best = sorted(completed[rung], reverse=maximize)
                n_promoted = max(len(best) // factor, 1)
                bar = best[n_promoted - 1]
                is_worse = own[last] < bar if maximize else own[last] > bar
                stops = len(best) <= bootstrap or is_worse
                rung += 1
            decisions.append(stops)
        found.append(decisions)
    return found


VALUES = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0, 0.25, 0.5, 2.0])
TRIALS = st.lists(st.dictionaries(st.integers(0, 12), VALUES, max_size=6).map(lambda d: list(d.items())), max_size=12)


@given(TRIALS, st.integers(1, 3), st.integers(2, 4), st.integers(0, 2), st.sampled_from(["minimize", "maximize"]))
def test_decisions(trials: list[Any], resource: int, factor: int, bootstrap: int, direction: str) -> None:
    pruner = SuccessiveHalvingPruner(resource, factor, bootstrap_count=bootstrap)
    expected = naive(trials, resource, factor, bootstrap, direction == "maximize")
    assert play(study_of(pruner, direction), trials) == expected


@given(TRIALS)
def test_one_bracket_of_hyperband_is_successive_halving(trials: list[Any]) -> None:
    """Of at most two steps and a factor of 3 there is one bracket."""
    halving = play(study_of(SuccessiveHalvingPruner(1, 3)), trials)
    assert play(study_of(HyperbandPruner(1, 2, 3)), trials) == halving


def test_completed_rungs_are_marked_as_in_optuna() -> None:
    study = study_of(SuccessiveHalvingPruner(2, 2))
    trial = study.ask()
    for step, value in ((1, 9.0), (2, 5.0), (3, 8.0), (4, 4.0), (9, 3.0)):
        trial.report(value, step)
        assert not trial.should_prune()
    attrs = {"completed_rung_0": 5.0, "completed_rung_1": 4.0, "completed_rung_2": 3.0}
    assert study.trials[0].system_attrs == attrs


def test_a_report_far_on_completes_all_rungs_below() -> None:
    study = study_of(SuccessiveHalvingPruner(1, 2))
    assert not report(study.ask(), {8: 1.0})
    assert list(study.trials[0].system_attrs) == [f"completed_rung_{k}" for k in range(4)]


def test_running_pruned_and_failed_trials_compete() -> None:
    study = study_of(SuccessiveHalvingPruner(1, 2))
    ends = [None, PRUNED, TrialState.FAIL]
    for state in ends:
        trial = study.ask()
        report(trial, {1: 0.0})
        if state is not None:
            study.tell(trial, state=state)
    assert report(study.ask(), {1: 1.0})
    assert not report(study.ask(), {1: 0.0})


def test_rungs_that_others_left_in_a_file_count(tmp_path: Any) -> None:
    path = f"sqlite:///{tmp_path}/s.db"
    first = study_of(SuccessiveHalvingPruner(1, 2), storage=path)
    for value in (0.0, 0.5):
        report(first.ask(), {1: value})
    second = parzen.load_study(study_name="s", storage=path, pruner=SuccessiveHalvingPruner(1, 2))
    assert report(second.ask(), {1: 1.0})
    assert report(first.ask(), {1: 0.6})  # of four the third: two go on
    assert not report(second.ask(), {1: -1.0})


@pytest.mark.parametrize(("last", "first_rung"), [(30, 1), (99, 1), (200, 2), (1234, 12)])
def test_auto_takes_a_hundredth_of_the_longest_trial(last: int, first_rung: int) -> None:
    study = study_of(SuccessiveHalvingPruner())
    trial = study.ask()
    assert not report(trial, {5000: 1.0})  # no trial is complete: nobody knows
    study.tell(trial, state=PRUNED)
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values={0: 0.0, last: 0.0}))
    trial = study.ask()
    report(trial, {first_rung - 1: 1.0})
    assert not study.trials[-1].system_attrs
    report(trial, {first_rung: 1.0})
    assert study.trials[-1].system_attrs == {"completed_rung_0": 1.0}


def test_rungs_stay_where_they_are_once_known() -> None:
    study = study_of(SuccessiveHalvingPruner())
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values={100: 0.0}))
    report(study.ask(), {1: 1.0})
    study.add_trial(parzen.create_trial(value=0.0, intermediate_values={9999: 0.0}))
    for pruner in (study.pruner, pickle.loads(pickle.dumps(study.pruner))):
        study.pruner = pruner
        report(study.ask(), {1: 1.0})
        assert study.trials[-1].system_attrs == {"completed_rung_0": 1.0}


def test_one_pruner_in_two_studies_has_two_ladders() -> None:
    pruner = SuccessiveHalvingPruner()
    for name, last in (("a", 100), ("b", 1000)):
        study = parzen.create_study(study_name=name, pruner=pruner)
        study.add_trial(parzen.create_trial(value=0.0, intermediate_values={last: 0.0}))
        report(study.ask(), {5: 1.0})
        assert bool(study.trials[-1].system_attrs) == (name == "a")


def test_a_correction_leaves_the_competition_as_it_was() -> None:
    study = study_of(SuccessiveHalvingPruner(1, 2))
    for value in (0.0, 1.0):
        trial = study.ask()
        report(trial, {1: value})
        study.tell(trial, value)
    study.correct_trial(0, 7.0)
    assert report(study.ask(), {1: 0.5})
    study.delete_trial(0)
    assert not report(study.ask(), {1: 0.25})  # the best of three


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"min_resource": 0}, "min_resource"),
        ({"min_resource": "x"}, "min_resource"),
        ({"reduction_factor": 1}, "reduction_factor"),
        ({"min_early_stopping_rate": -1}, "min_early_stopping_rate"),
        ({"bootstrap_count": -1}, "bootstrap_count"),
        ({"bootstrap_count": 1}, "where the rungs are"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        SuccessiveHalvingPruner(**arguments)


@pytest.mark.parametrize("is_kept_up", [True, False])
def test_the_field_of_a_rung_counts_the_trial_itself_once(is_kept_up):
    """Whether or not the storage has told the history already that the trial completed the rung."""
    study = parzen.create_study()
    reported = [0.5, 0.1, 0.9, 0.3]
    for value in reported:
        trial = study.ask()
        trial.report(value, 1)
        study.note(trial._record, {"completed_rung_0": value})
        study.sync().rungs.note(trial.number, {"completed_rung_0": value})
    trial = study.ask()
    if is_kept_up:
        study.sync().rungs.note(trial.number, {"completed_rung_0": 0.4})
    competition = Competition(study.history, lambda number: 0)
    assert competition.standing(study.history, trial.number, 0, 0, 0.4) == (5, 2)
    assert competition.standing(study.history, trial.number, 0, 1, 0.4) == (1, 0)
