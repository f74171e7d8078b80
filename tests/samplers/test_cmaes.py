"""The sampler CMA-ES: which trials make a generation, whoever asks and tells; what it models; arguments and errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import CmaEsSampler, RandomSampler
from parzen.samplers.cmaes.course import NOTE, POINT, Course
from parzen.trial import Trial, TrialState

SPACE = {"x": FloatDistribution(-5, 5), "rate": FloatDistribution(1e-4, 1, log=True), "n": IntDistribution(0, 9)}


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def study_of(seed: int | None = 1, **arguments: object) -> parzen.Study:
    storage = arguments.pop("storage", None)
    made = CmaEsSampler(seed=seed, **arguments)
    return parzen.create_study(sampler=made, storage=storage, study_name="s", load_if_exists=True)


def bowl(trial: Trial) -> float:
    x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
    return (x - 1) ** 2 + 10 * (y + 2) ** 2


def course_of(study: parzen.Study, sampler: CmaEsSampler | None = None) -> Course:
    """Give what a sampler has learnt of a study, by default a new one."""
    history = study.history
    made = CmaEsSampler(seed=99, popsize=6) if sampler is None else sampler
    with history.lock:
        return made._account(history, made.joint_space(history)).course


def state_of(course: Course) -> list[object]:
    normal = course.strategy.normal
    return [course.run, course.generation, course.size, normal.sigma, normal.mean.tolist(), normal.covariance.tolist()]


# --- generations -----------------------------------------------------------------------------------------------------


def test_every_trial_says_for_which_generation_it_was_drawn() -> None:
    study = study_of(popsize=5)
    study.optimize(bowl, n_trials=16)
    notes = [trial.system_attrs.get(NOTE) for trial in study.trials]
    assert notes == [None] + [f"0:{g}:5" for g in (0, 1, 2) for _ in range(5)]
    assert all(json.dumps(trial.system_attrs) for trial in study.trials)  # plain numbers, no code


def test_whoever_reads_the_trials_has_learnt_the_same(tmp_path: object) -> None:
    study = study_of(popsize=6, storage=f"sqlite:///{tmp_path}/s.db")
    rng = np.random.default_rng(0)
    open_ones = [study.ask() for _ in range(7)]
    for _ in range(60):  # seven at a time, told in any order
        trial = open_ones.pop(int(rng.integers(len(open_ones))))
        study.tell(trial, bowl(trial))
        open_ones.append(study.ask())
    again = parzen.load_study(study_name="s", storage=f"sqlite:///{tmp_path}/s.db")
    assert state_of(course_of(again)) == state_of(course_of(study)) == state_of(course_of(study, study.sampler))
    assert course_of(again).generation == 8  # of 53 trials; the first seven were random


def test_trials_that_fail_or_never_end_hold_nobody_up() -> None:
    study = study_of(popsize=5)
    for k in range(40):
        trial = study.ask()
        value = bowl(trial)
        if k % 4 == 1:
            study.tell(trial, state=TrialState.FAIL)
        elif k % 4:
            study.tell(trial, value)
    assert course_of(study, study.sampler).generation == 3  # 19 of the 20 that complete were drawn by it


def test_what_was_drawn_for_the_generation_before_counts_and_of_a_run_before_not() -> None:
    study = study_of(popsize=5, n_startup_trials=0)
    study.tell(study.ask(), state=TrialState.FAIL)
    study.enqueue_trial({"x": 0.0, "y": 0.0})
    study.optimize(bowl, n_trials=1)
    late = [study.ask() for _ in range(3)]
    for trial in late:
        bowl(trial)
    study.optimize(bowl, n_trials=5)
    course = course_of(study, study.sampler)
    assert (course.generation, len(course._members)) == (1, 1)  # the enqueued one and five others
    for trial in late:
        study.tell(trial, bowl(trial))
    assert (course_of(study, study.sampler).generation, len(course._members)) == (1, 4)
    trial = study.ask()
    bowl(trial)
    study._storage.set_trial_system_attr(trial._trial_id, NOTE, "7:0:5")
    study.tell(trial, 0.0)
    assert len(course_of(study, study.sampler)._members) == 4


def test_a_batch_that_is_larger_is_a_generation() -> None:
    study = study_of(popsize=6)
    space = {"x": FloatDistribution(-5, 5), "c": CategoricalDistribution("abc")}
    study.tell_batch(study.ask_batch(4, space), np.arange(4.0))
    for generation in range(3):
        batch = study.ask_batch(40, space)
        assert {trial.system_attrs[NOTE] for trial in study.trials[-40:]} == {f"0:{generation}:40"}
        study.tell_batch(batch, batch["x"] ** 2)
        assert course_of(study, study.sampler).generation == generation + 1
    assert len(set(batch["x"])) == 40


def test_trials_whose_values_differ_from_what_was_drawn_count_as_they_are() -> None:
    study = study_of(popsize=4, n_startup_trials=1)
    study.optimize(lambda t: sum(t.suggest_int(name, 0, 9) for name in "xy"), n_trials=1)
    for _ in range(4):
        study.enqueue_trial({"x": 9})
    study.optimize(lambda t: sum(t.suggest_int(name, 0, 9) for name in "xy"), n_trials=4)
    assert all(POINT in trial.system_attrs for trial in study.trials[1:])
    course = course_of(study, study.sampler)
    assert course.generation == 1
    assert course.strategy.normal.mean[0] > 0.6  # towards 9, although the points drawn were elsewhere


# --- what is modelled ------------------------------------------------------------------------------------------------


def test_choices_are_modelled_and_branches_are_left_to_the_other_sampler(caplog: pytest.LogCaptureFixture) -> None:
    def branched(trial: Trial) -> float:
        kind, x = trial.suggest_categorical("kind", ["a", "b"]), trial.suggest_float("x", 0, 1)
        return x + (kind == "b") + (trial.suggest_float("slope", 0, 1) if kind == "b" else 0.0)

    parzen.logging.set_verbosity(parzen.logging.WARNING)
    parzen.logging.enable_propagation()
    try:
        study = study_of()
        study.optimize(branched, n_trials=40)
    finally:
        parzen.logging.disable_propagation()
    assert list(study.sampler.infer_relative_search_space(study, study.trials[-1])) == ["kind", "x"]
    with_branch = [t.number for t in study.trials if t.number and "slope" in t.params]
    warned = sorted({r.getMessage() for r in caplog.records if "sampled independently" in r.getMessage()})
    assert len(warned) == len(with_branch) > 0
    assert all("RandomSampler" in text and "'slope'" in text for text in warned)
    assert any(f"trial {with_branch[0]} " in text for text in warned)
    assert sum(t.params["kind"] == "a" for t in study.trials[-20:]) > 12


def test_a_range_that_moves_keeps_what_was_learnt() -> None:
    study = study_of(popsize=6)
    study.optimize(lambda t: (t.suggest_float("x", 0, 10) - 8) ** 2, n_trials=61)
    assert abs(study.trials[-1].params["x"] - 8) < 1
    study.optimize(lambda t: (t.suggest_float("x", 5, 9 + t.number / 100) - 8) ** 2, n_trials=30)
    assert all(t.params["x"] >= 5 and abs(t.params["x"] - 8) < 1 for t in study.trials[-20:])
    study.optimize(lambda t: (t.suggest_float("x", 20, 30) - 22) ** 2, n_trials=200)
    assert all(20 <= t.params["x"] <= 30 for t in study.trials[-200:])
    assert abs(np.median([t.params["x"] for t in study.trials[-10:]]) - 22) < 1


def test_a_new_parameter_begins_a_new_model_of_the_trials_that_have_it() -> None:
    study = study_of(popsize=4)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=20)
    study.optimize(lambda t: t.suggest_categorical("c", "ab") == "a", n_trials=10)
    assert all("c" in t.params for t in study.trials[-10:])


def test_feasible_trials_come_first() -> None:
    def bounded(trial: Trial) -> float:
        x, y = trial.suggest_float("x", -5, 5), trial.suggest_float("y", -5, 5)
        trial.set_constraint("sum", 1 - x - y)
        return x**2 + y**2

    study = study_of(popsize=8)
    study.optimize(bounded, n_trials=300)
    assert math.isclose(study.best_value, 0.5, rel_tol=1e-2)


def test_the_best_value_may_lie_at_the_ends() -> None:
    names = [f"x{i}" for i in range(8)]
    study = study_of()
    study.optimize(lambda t: sum(t.suggest_float(name, 0, 1) for name in names), n_trials=800)
    assert study.best_value < 1e-2


def test_pruned_trials_count_where_they_are_asked_to() -> None:
    def pruned(trial: Trial) -> float:
        trial.report((trial.suggest_float("x", 0, 1) - 0.3) ** 2, 1)
        raise parzen.TrialPruned

    generations = []
    for counts in (False, True):
        study = study_of(popsize=5, consider_pruned_trials=counts, n_startup_trials=0)
        study.optimize(pruned, n_trials=26)
        generations.append(course_of(study, study.sampler).generation)
    assert generations == [0, 5]


# --- where it begins -------------------------------------------------------------------------------------------------


def test_it_begins_where_it_is_told_to() -> None:
    x0 = {"x": 4.0, "rate": 1e-2, "n": 7}
    study = study_of(x0=x0, sigma0=1e-3)
    study.optimize(lambda t: _suggested(t)["x"], n_trials=6)
    for trial in study.trials[1:]:
        assert abs(trial.params["x"] - 4) < 0.01 and abs(math.log(trial.params["rate"] / 1e-2)) < 0.01
        assert trial.params["n"] == 7


def _suggested(trial: Trial) -> dict[str, float]:
    x, rate = trial.suggest_float("x", -5, 5), trial.suggest_float("rate", 1e-4, 1, log=True)
    return {"x": x, "rate": rate, "n": trial.suggest_int("n", 0, 9)}


def test_it_begins_where_similar_trials_were_good() -> None:
    source = parzen.create_study(sampler=RandomSampler(0))
    source.optimize(bowl, n_trials=400)
    study = study_of(source_trials=source.trials)
    study.optimize(bowl, n_trials=30)
    assert np.median([trial.value for trial in study.trials[1:]]) < np.median([t.value for t in source.trials]) / 3


@pytest.mark.parametrize("strategy", ["ipop", "bipop"])
def test_it_begins_anew_when_a_run_is_over(strategy: str) -> None:
    study = study_of(restart_strategy=strategy, inc_popsize=3, popsize=4)
    study.optimize(lambda t: 0.0 * t.suggest_float("x", 0, 1), n_trials=500)
    runs = {}
    for trial in study.trials[1:]:
        run, _, size = trial.system_attrs[NOTE].split(":")
        runs[run] = int(size)
    assert list(runs.values())[:2] == [4, 12] and len(runs) > 2
    again = course_of(study, CmaEsSampler(restart_strategy=strategy, inc_popsize=3, popsize=4))
    assert state_of(again) == state_of(course_of(study, study.sampler))


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"use_separable_cma": True, "with_margin": True}, "does not go with `with_margin`"),
        ({"lr_adapt": True, "with_margin": True}, "`lr_adapt`"),
        ({"lr_adapt": True, "use_separable_cma": True}, "`lr_adapt`"),
        ({"source_trials": [], "use_separable_cma": True}, "`source_trials`"),
        ({"source_trials": [], "x0": {"x": 1.0}}, "give either"),
        ({"source_trials": [], "sigma0": 1.0}, "give either"),
        ({"popsize": 1}, "at least 2"),
        ({"popsize": 4.5}, "at least 2"),
        ({"sigma0": 0.0}, "positive"),
        ({"restart_strategy": "qipop"}, "bipop"),
        ({"inc_popsize": 1}, "inc_popsize"),
    ],
)
def test_arguments_that_do_not_fit(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CmaEsSampler(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x0": {"x": 1.0}}, "value of 'y'"),
        ({"x0": {"x": 1.0, "y": 7.0}}, "'y': 7.0"),
        ({"source_trials": []}, "No compatible source_trials"),
    ],
)
def test_a_start_that_does_not_fit_the_space(arguments: dict[str, object], message: str) -> None:
    study = study_of(**arguments)
    with pytest.raises(ValueError, match=message):
        study.optimize(bowl, n_trials=2)


@pytest.mark.parametrize(
    "arguments", [{"use_separable_cma": True}, {"with_margin": True}, {"lr_adapt": True}, {"popsize": 2}]
)
def test_all_ways_get_on(arguments: dict[str, object]) -> None:
    study = study_of(**arguments)
    study.optimize(lambda t: bowl(t) + abs(t.suggest_int("n", 0, 60) - 47), n_trials=250)
    late = np.median([trial.value for trial in study.trials[-60:]])
    assert late < np.median([trial.value for trial in study.trials[:60]]) / 1.5


def test_another_sampler_serves_what_is_not_modelled() -> None:
    class Half(RandomSampler):
        def sample_independent(self, study, trial, name, distribution):  # type: ignore[no-untyped-def]
            return 0.5

    study = study_of(independent_sampler=Half(), n_startup_trials=5, warn_independent_sampling=False)
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=10)
    assert [t.params["x"] for t in study.trials[:5]] == [0.5] * 5 != [t.params["x"] for t in study.trials[5:]]
