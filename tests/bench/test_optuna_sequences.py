"""Grid, exhaustive, quasi-random and partly fixed search beside Optuna's: points, errors, warnings, and the end."""

from __future__ import annotations

import inspect
import logging

import numpy as np
import pytest
from differential import compare, differ, optuna, scenarios

import parzen

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")]

NAMES = ["QMCSampler", "GridSampler", "BruteForceSampler", "PartialFixedSampler"]


@pytest.mark.parametrize("name", NAMES)
def test_arguments_of_optunas_are_taken(name):
    theirs = inspect.signature(getattr(optuna.samplers, name).__init__).parameters
    ours = inspect.signature(getattr(parzen.samplers, name).__init__).parameters
    for argument, expected in theirs.items():
        assert ours[argument].kind == expected.kind, argument
        assert ours[argument].default == expected.default, argument
    assert all(ours[new].kind == inspect.Parameter.KEYWORD_ONLY for new in ours.keys() - theirs.keys())


@pytest.mark.parametrize("name", NAMES)
def test_methods_of_optunas_are_there(name):
    theirs = {method for method in dir(getattr(optuna.samplers, name)) if not method.startswith("_")}
    assert theirs <= set(dir(getattr(parzen.samplers, name)))


# --- grids -----------------------------------------------------------------------------------------------------------

GRID = {"x": [1, 2, 3], "c": ["a", None]}


def _plain(trial):
    return trial.suggest_int("x", 1, 3) + len(str(trial.suggest_categorical("c", ["a", None])))


def _points(study):
    return sorted(((sorted(trial.params.items()), trial.state.name) for trial in study.trials), key=str)


def _of_grid(o, grid=None, **arguments):
    return o.create_study(sampler=o.samplers.GridSampler(GRID if grid is None else grid, **arguments))


def grid_to_its_end(o):
    study = _of_grid(o)
    study.optimize(_plain)
    return _points(study), study.sampler.is_exhausted(study)


def grid_with_more_trials_than_points(o):
    study = _of_grid(o)
    study.optimize(_plain, n_trials=100)
    return len(study.trials)


def grid_that_is_gone_on_with(o):
    study = _of_grid(o)
    study.optimize(_plain)
    study.optimize(_plain, n_trials=None)
    return len(study.trials), study.sampler.is_exhausted(study)


def grid_is_exhausted_after_its_last_tell(o):
    study, found = _of_grid(o), []

    def objective(trial):
        found.append(study.sampler.is_exhausted(study))
        return _plain(trial)

    study.optimize(objective, n_trials=4)
    return found, study.sampler.is_exhausted(study)


def grid_of_which_some_fail(o):
    study = _of_grid(o)

    def fails(trial):
        if _plain(trial) > 4:
            raise ValueError
        return 1.0

    study.optimize(fails, catch=ValueError)
    return _points(study)


def grid_of_which_some_are_pruned(o):
    study = _of_grid(o)

    def pruned(trial):
        if _plain(trial) > 4:
            raise o.TrialPruned
        return 1.0

    study.optimize(pruned)
    return _points(study)


def grid_with_enqueued_trials(o):
    study = _of_grid(o)
    study.enqueue_trial({"x": 2, "c": "a"})
    study.optimize(_plain)
    return _points(study), study.trials[0].params


def grids_after_one_another(o):
    study = _of_grid(o)
    study.optimize(_plain)
    study.sampler = o.samplers.GridSampler({"x": [1, 3], "c": ["a"]})
    study.optimize(_plain)
    return _points(study)


def grid_not_all_of_which_is_asked(o):
    study = _of_grid(o)
    study.optimize(lambda trial: trial.suggest_int("x", 1, 3))
    return _points(study)


def grid_without_a_parameter(o):
    study = _of_grid(o)
    study.optimize(lambda trial: trial.suggest_int("z", 1, 3))


def grid_out_of_range(o):
    study = _of_grid(o, {"x": [1, 20]})
    study.optimize(lambda trial: trial.suggest_int("x", 1, 3))
    return _points(study)


def grid_of_a_choice_that_is_none(o):
    study = _of_grid(o, {"c": ["zz"]})
    study.optimize(_plain)


def grid_of_floats_for_integers(o):
    study = _of_grid(o, {"x": [1.0, 2.0]})
    study.optimize(lambda trial: trial.suggest_int("x", 1, 3))
    return _points(study)


def grid_of_an_object(o):
    o.samplers.GridSampler({"x": [object()]})


def grid_without_parameters(o):
    study = _of_grid(o, {})
    study.optimize(lambda trial: 1.0)
    return len(study.trials)


def grid_of_no_list(o):
    o.samplers.GridSampler({"x": 3})


def grid_by_distributions(o):
    study = _of_grid(o)
    trial = study.ask({"x": o.distributions.IntDistribution(1, 3)})
    return study.sampler.infer_relative_search_space(study, study.trials[0]), 1 <= trial.params["x"] <= 3


# --- exhaustive search -----------------------------------------------------------------------------------------------


def _branches(trial):
    if trial.suggest_categorical("c", ["a", "b"]) == "a":
        return trial.suggest_int("x", 0, 2)
    return trial.suggest_float("y", 0, 1, step=0.5) + trial.suggest_int("z", 1, 2, log=True)


def _of_all(o, objective, n_trials=60, **arguments):
    study = o.create_study(sampler=o.samplers.BruteForceSampler(**arguments))
    study.optimize(objective, n_trials=n_trials, catch=ZeroDivisionError)
    return _points(study)


def all_of_branches(o):
    return _of_all(o, _branches)


def all_of_branches_without_a_premature_stop(o):
    return _of_all(o, _branches, avoid_premature_stop=True)


def all_of_nothing(o):
    return _of_all(o, lambda trial: 1.0)


def all_of_one_value(o):
    return _of_all(o, lambda trial: trial.suggest_int("x", 1, 1))


def all_with_failures(o):
    return _of_all(o, lambda trial: 1 / trial.suggest_int("x", 0, 3))


def all_with_nan(o):
    return _of_all(o, lambda trial: float("nan") if trial.suggest_int("x", 0, 3) else 1.0)


def all_with_early_ends(o):
    def early(trial):
        if trial.suggest_int("x", 0, 2) == 1:
            raise o.TrialPruned
        return trial.suggest_int("y", 0, 1)

    return _of_all(o, early)


def all_with_an_enqueued_trial(o):
    study = o.create_study(sampler=o.samplers.BruteForceSampler())
    study.enqueue_trial({"c": "a", "x": 1})
    study.optimize(_branches, n_trials=60)
    return _points(study)


def all_again(o):
    study = o.create_study(sampler=o.samplers.BruteForceSampler())
    study.optimize(_branches)
    study.optimize(_branches)
    return len(study.trials)


def all_floats(o):
    return _of_all(o, lambda trial: trial.suggest_float("x", 0, 1))


def all_of_other_parameters(o):
    return _of_all(o, lambda trial: trial.suggest_int("x", 0, 0) + trial.suggest_int("yz"[trial.number % 2], 0, 9))


def all_in_its_space(o):
    study = o.create_study(sampler=o.samplers.BruteForceSampler())
    study.optimize(_branches, n_trials=3)
    return study.sampler.infer_relative_search_space(study, study.trials[0])


# --- quasi-random ----------------------------------------------------------------------------------------------------


def _floats(trial):
    return (
        trial.suggest_float("x", -1, 1) + trial.suggest_float("l", 1e-3, 1e3, log=True) + trial.suggest_float("y", 0, 8)
    )


def qmc_of_no_kind(o):
    o.samplers.QMCSampler(qmc_type="lhs")


def qmc_of_a_negative_seed(o):
    sampler = o.samplers.QMCSampler(seed=-1, scramble=True)
    o.create_study(sampler=sampler).optimize(_floats, n_trials=3)


def qmc_in_its_space(o):
    study, found = o.create_study(sampler=o.samplers.QMCSampler(seed=1)), []

    def objective(trial):
        found.append(study.sampler.infer_relative_search_space(study, study.trials[0]))
        value = _floats(trial)
        return value + (trial.suggest_float("more", 0, 1) if trial.number else 0.0)

    study.optimize(objective, n_trials=3)
    return found


def qmc_of_several_objectives(o):
    study = o.create_study(directions=["minimize"] * 2, sampler=o.samplers.QMCSampler(seed=1))
    study.optimize(lambda trial: (_floats(trial), 1.0), n_trials=4)
    return len(study.trials)


@pytest.mark.parametrize("kind", ["sobol", "halton"])
def test_points_are_those_of_optunas(kind):
    """Optuna samples the first trial by another sampler, and begins the sequence with the second."""
    found = []
    for o in (parzen, optuna):
        study = o.create_study(sampler=o.samplers.QMCSampler(qmc_type=kind, seed=1))
        study.optimize(_floats, n_trials=30)
        found.append([list(trial.params.values()) for trial in study.trials])
    np.testing.assert_allclose(found[0][:-1], found[1][1:], rtol=1e-12)


@pytest.mark.parametrize("warns", [True, False])
def test_both_log_that_another_sampler_is_asked(warns):
    def n_logged(o):
        class Records(logging.Handler):
            def emit(self, record):
                messages.append(record.getMessage())

        messages, handler = [], Records()
        logger = logging.getLogger(o.__name__)
        logger.addHandler(handler)
        level = o.logging.get_verbosity()
        o.logging.set_verbosity(o.logging.WARNING)
        try:
            other = o.samplers.RandomSampler(seed=0)
            sampler = o.samplers.QMCSampler(seed=1, independent_sampler=other, warn_independent_sampling=warns)
            study = o.create_study(sampler=sampler)
            study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_float(f"y{t.number}", 0, 1), n_trials=4)
        finally:
            logger.removeHandler(handler)
            o.logging.set_verbosity(level)
        return sum("sampled independently" in message for message in messages)

    assert n_logged(parzen) == n_logged(optuna) == (3 if warns else 0)


# --- partly fixed ----------------------------------------------------------------------------------------------------


def _fixed(o, values, base=None, **arguments):
    sampler = o.samplers.PartialFixedSampler(values, base or o.samplers.RandomSampler(seed=0))
    study = o.create_study(sampler=sampler)
    study.optimize(
        lambda t: t.suggest_float("x", 0, 1) + t.suggest_int("y", 0, 5) + len(t.suggest_categorical("c", "ab")),
        n_trials=4,
    )
    return study


def fixed(o):
    study = _fixed(o, {"y": 3, "c": "b", "never": 0})
    return [(trial.params["y"], trial.params["c"]) for trial in study.trials]


def fixed_in_its_space(o):
    study = _fixed(o, {"y": 3}, o.samplers.TPESampler(seed=1, n_startup_trials=2, multivariate=True))
    return sorted(study.sampler.infer_relative_search_space(study, study.trials[0]))


def fixed_out_of_range(o):
    return [trial.params["y"] for trial in _fixed(o, {"y": 30}).trials]


def fixed_to_a_float(o):
    return [trial.params["y"] for trial in _fixed(o, {"y": 2.7}).trials]


def fixed_to_digits(o):
    return [trial.params["y"] for trial in _fixed(o, {"y": "3"}).trials]


def fixed_to_letters(o):
    _fixed(o, {"y": "k"})


def fixed_to_no_choice(o):
    _fixed(o, {"c": "z"})


def fixed_to_nan(o):
    _fixed(o, {"x": float("nan")})


def fixed_and_enqueued(o):
    study = o.create_study(sampler=o.samplers.PartialFixedSampler({"x": 0.25}, o.samplers.RandomSampler(seed=0)))
    study.enqueue_trial({"x": 0.75})
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    return [trial.params["x"] for trial in study.trials]


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda scenario: scenario.__name__)
def test_scenario(scenario):
    compare(scenario)


def _grid_of_numpy_values(o):
    study = _of_grid(o, {"x": np.arange(1, 4), "c": np.array(["a"])})
    study.optimize(lambda trial: trial.suggest_int("x", 1, 3) + len(trial.suggest_categorical("c", ["a"])))
    return _points(study)


def test_values_of_numpy():
    compare(_grid_of_numpy_values, warnings_differ="Optuna warns of them, and parzen takes them for Python's own")


# --- where parzen goes its own way -----------------------------------------------------------------------------------


def test_a_value_given_twice_counts_once_here():
    def scenario(o):
        study = _of_grid(o, {"x": [1, 1, 2]})
        study.optimize(lambda trial: trial.suggest_int("x", 1, 3))
        return len(study.trials)

    differ(scenario, 2)


@pytest.mark.parametrize("grid", [{"x": [1.0, float("nan")]}, {"x": []}, {"x": "ab"}])
def test_a_grid_that_is_none_is_refused_here_before_the_first_trial(grid):
    differ(lambda o: type(o.samplers.GridSampler(grid)).__name__, ValueError)


def test_telling_the_last_point_by_hand_is_no_error_here():
    def scenario(o):
        study = _of_grid(o, {"x": [1, 2]})
        for _ in range(2):
            trial = study.ask()
            study.tell(trial, trial.suggest_int("x", 1, 2))
        return len(study.trials)

    differ(scenario, 2)


def test_ranges_may_move_here():
    differ(lambda o: len(_of_all(o, lambda trial: trial.suggest_int("x", 0, 1 + trial.number), 8)), 8)


@pytest.mark.parametrize("base", ["grid", "all"])
def test_the_others_of_a_partly_fixed_search_are_tried_once_here(base):
    def scenario(o):
        grid = o.samplers.GridSampler({"x": [0, 1], "z": [0, 1, 2]})
        below = grid if base == "grid" else o.samplers.BruteForceSampler()
        study = o.create_study(sampler=o.samplers.PartialFixedSampler({"x": 1}, below))
        study.optimize(lambda trial: trial.suggest_int("x", 0, 1) + trial.suggest_int("z", 0, 2), n_trials=12)
        return len(study.trials)

    differ(scenario, 3)


# --- where Optuna began ----------------------------------------------------------------------------------------------


@pytest.fixture
def url(tmp_path):
    levels = [o.logging.get_verbosity() for o in (parzen, optuna)]
    for o in (parzen, optuna):
        o.logging.set_verbosity(o.logging.ERROR)
    yield f"sqlite:///{tmp_path}/s.db"
    for o, level in zip((parzen, optuna), levels, strict=True):
        o.logging.set_verbosity(level)


def _begun(url, sampler, objective, n_trials, enqueued=()):
    """Let Optuna run trials in a file, with failures."""
    study = optuna.create_study(study_name="s", storage=url, sampler=sampler)
    for params in enqueued:
        study.enqueue_trial(params)
    study.optimize(objective, n_trials=n_trials, catch=ValueError)


def _gone_on(url, sampler):
    return parzen.load_study(study_name="s", storage=url, sampler=sampler)


def _with_all_ends(o):
    def objective(trial):
        value = _plain(trial)
        if trial.number == 2:
            raise ValueError
        if trial.number == 3:
            raise o.TrialPruned
        return value

    return objective


@pytest.mark.parametrize("seed", [None, 1])
def test_points_of_optunas_grid_are_not_tried_again(url, seed):
    _begun(url, optuna.samplers.GridSampler(GRID, seed=5), _with_all_ends(optuna), 5, [{"x": 2, "c": "a"}])
    study = _gone_on(url, parzen.samplers.GridSampler(GRID, seed=seed))
    assert not study.sampler.is_exhausted(study)
    study.optimize(_plain)
    assert len({str(trial.params) for trial in study.trials[1:]}) == len(study.trials) - 1 == 6
    assert study.sampler.is_exhausted(study)


@pytest.mark.parametrize("grid", [GRID, {**GRID, "c": ["a", "b"]}, {**GRID, "x": [3, 1, 2]}, {"x": GRID["x"]}])
def test_a_grid_that_optuna_ended_is_exhausted_as_optuna_has_it(url, grid):
    _begun(url, optuna.samplers.GridSampler(GRID), _plain, 6)
    theirs = optuna.samplers.GridSampler(grid).is_exhausted(optuna.load_study(study_name="s", storage=url))
    sampler = parzen.samplers.GridSampler(grid)
    assert sampler.is_exhausted(_gone_on(url, sampler)) == theirs == (grid is GRID)


def test_optunas_failures_come_back_where_failures_are_tried_again(url):
    _begun(url, optuna.samplers.GridSampler(GRID), _with_all_ends(optuna), 4)
    study = _gone_on(url, parzen.samplers.GridSampler(GRID, retries=1))
    study.optimize(_plain)
    assert len(study.trials) == 7
    assert study.trials[2].params in [trial.params for trial in study.trials[4:]]


def test_as_many_points_of_optunas_grid_count_where_trials_did_not_ask_for_all(url):
    def asks_for_one(trial):
        return trial.suggest_int("x", 1, 3)

    _begun(url, optuna.samplers.GridSampler(GRID), asks_for_one, 4)
    study = _gone_on(url, parzen.samplers.GridSampler(GRID))
    study.optimize(asks_for_one)
    assert sorted(trial.params["x"] for trial in study.trials) == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("kind", ["sobol", "halton"])
def test_a_sequence_goes_on_behind_optunas_points(url, kind):
    """Optuna samples the first trial by another sampler, and enqueued ones take none of the points here."""
    arguments = {"qmc_type": kind, "seed": 1}
    _begun(url, optuna.samplers.QMCSampler(**arguments), _floats, 9)
    study = _gone_on(url, parzen.samplers.QMCSampler(**arguments))
    study.optimize(_floats, n_trials=3)
    _gone_on(url, parzen.samplers.QMCSampler(**arguments)).optimize(_floats, n_trials=4)
    ours = parzen.create_study(sampler=parzen.samplers.QMCSampler(**arguments))
    ours.optimize(_floats, n_trials=15)
    expected = [list(trial.params.values()) for trial in ours.trials]
    np.testing.assert_allclose([list(trial.params.values()) for trial in study.trials[1:]], expected, rtol=1e-12)
