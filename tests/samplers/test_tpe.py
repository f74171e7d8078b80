from __future__ import annotations

import math
from typing import Any

import naive_ranking
import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import TPESampler
from parzen.samplers.tpe import rules
from parzen.samplers.tpe.fitting import Fitter
from parzen.samplers.tpe.local_search import climb
from parzen.samplers.tpe.model_space import ModelSpace
from parzen.samplers.tpe.rules import (
    default_gamma,
    default_weights,
    hyperopt_default_gamma,
    improvement_weights,
)
from parzen.samplers.tpe.value_ranking import ValueRanking
from parzen.trial import TrialState, create_trial

X = {"x": FloatDistribution(0.0, 1.0)}


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)


def study_of(trials: list[parzen.trial.FrozenTrial], **kwargs: object) -> parzen.Study:
    study = parzen.create_study(**kwargs)
    study.add_trials(trials)
    return study


def complete(value: float, x: float = 0.5, **kwargs: object) -> parzen.trial.FrozenTrial:
    return create_trial(value=value, params={"x": x}, distributions=X, **kwargs)


def pruned(reports: dict[int, float]) -> parzen.trial.FrozenTrial:
    return create_trial(state=TrialState.PRUNED, params={"x": 0.5}, distributions=X, intermediate_values=reports)


def test_gamma_and_weights_are_the_published_ones() -> None:
    assert [default_gamma(n) for n in (0, 1, 10, 11, 249, 250, 1000)] == [0, 1, 1, 2, 25, 25, 25]
    assert [hyperopt_default_gamma(n) for n in (1, 16, 17, 100_000)] == [1, 1, 2, 25]
    np.testing.assert_array_equal(default_weights(25), np.ones(25))
    np.testing.assert_allclose(default_weights(27), [1 / 27, 1.0, *np.ones(25)])


def ranked(study: parzen.Study) -> list[int]:
    ranking = ValueRanking(study.history)
    ranking.update()
    return ranking.order().tolist()


def test_complete_then_pruned_then_infeasible() -> None:
    trials = [
        complete(2.0),
        pruned({0: 1.0}),
        complete(1.0),
        complete(0.0, constraints={"size": 3.0}),
        pruned({0: 0.0, 4: 5.0}),
        complete(9.0, constraints={"size": 0.0}),
        pruned({}),
        pruned({0: math.nan}),
        complete(0.0, constraints={"size": 1.0, "time": 1.0}),
        create_trial(state=TrialState.FAIL, params={"x": 0.1}, distributions=X),
        pruned({4: 4.0}),
    ]
    study = study_of(trials)
    assert ranked(study) == naive_ranking.rank(study) == [2, 0, 5, 10, 4, 1, 7, 6, 8, 3]


def test_maximizing_mirrors_the_order() -> None:
    trials = [complete(2.0), complete(math.inf), complete(-math.inf), pruned({0: 1.0}), pruned({0: 3.0})]
    study = study_of(trials, direction="maximize")
    assert ranked(study) == naive_ranking.rank(study) == [1, 0, 2, 4, 3]


def observed(sampler: TPESampler, study: parzen.Study) -> tuple[list[float], list[float]]:
    """Means of the kernels below and above, without the prior's."""
    model = Fitter(study.history, sampler._settings).fit(X, {}, bold=False)[1]
    return model.below.mu[0, :-1].tolist(), model.above.mu[0, :-1].tolist()


def test_the_split_takes_the_best_and_keeps_the_others_in_the_order_of_time() -> None:
    trials = [complete(float(-k), x=k / 20) for k in range(20)]
    below, above = observed(TPESampler(gamma=default_gamma), study_of(trials))
    assert sorted(below) == [18 / 20, 19 / 20]
    assert above == [k / 20 for k in range(18)]


def test_the_liar_counts_running_trials_above() -> None:
    study = study_of([complete(float(k), x=k / 20) for k in range(10)])
    trial = study.ask(X)
    assert trial.params["x"] in observed(TPESampler(), study)[1]
    assert trial.params["x"] not in observed(TPESampler(constant_liar=False), study)[1]


def test_the_liar_keeps_parallel_trials_apart() -> None:
    def crowding(constant_liar: bool) -> float:
        """Mean distance to the nearest other of 30 points that were asked for without a tell."""
        study = parzen.create_study(sampler=TPESampler(seed=3, constant_liar=constant_liar))
        study.optimize(lambda t: (t.suggest_float("x", 0, 1) - 0.5) ** 2, n_trials=40)
        points = np.sort([study.ask(X).params["x"] for _ in range(30)])
        return float(np.diff(points).min())

    assert crowding(True) > crowding(False)


def test_trials_below_weigh_by_their_improvement() -> None:
    weights = improvement_weights(np.array([1.0, 3.0, 4.0]), np.array([5.0]))
    np.testing.assert_allclose(weights, np.array([4.0, 2.0, 1.0]) * 3 / 7)
    np.testing.assert_array_equal(improvement_weights(np.array([1.0, 3.0]), np.empty(0)), [2.0, 0.0])


@pytest.mark.parametrize("scale", [1e-320, 1.0, 1e307])
def test_improvement_at_the_ends_of_the_floats(scale: float) -> None:
    weights = improvement_weights(np.array([-9.0, -8.0, 8.0]) * scale, np.array([9.0]) * scale)
    np.testing.assert_allclose(weights, np.array([18.0, 17.0, 1.0]) / 12, rtol=1e-3)


@pytest.mark.parametrize(
    ("below", "bar"),
    [([2.0, 2.0], [2.0]), ([-math.inf, 1.0], [2.0]), ([1.0, 2.0], [math.inf]), ([1.0, math.nan], [3.0]), ([4.0], [])],
)
def test_improvement_without_a_measure_weighs_alike(below: list[float], bar: list[float]) -> None:
    np.testing.assert_array_equal(improvement_weights(np.array(below), np.array(bar)), np.ones(len(below)))


def test_the_climb_never_goes_down_and_leaves_choices_alone() -> None:
    space = {"x": FloatDistribution(0, 1), "c": CategoricalDistribution("abc"), "k": IntDistribution(0, 9)}
    study = parzen.create_study()
    rng = np.random.default_rng(0)
    for value in rng.random(40):
        params = {"x": rng.random(), "c": "abc"[rng.integers(3)], "k": int(rng.integers(10))}
        study.add_trial(create_trial(value=value, params=params, distributions=space))
    model = Fitter(study.history, TPESampler()._settings).fit(space, {}, bold=True)[1]
    for start in np.column_stack([rng.random(40), rng.integers(3, size=40), rng.integers(10, size=40)]):
        end = climb(model, start, 1.0)
        np.testing.assert_array_equal(end[1:], start[1:])
        assert 0 <= end[0] <= 1
        before, after = (TPESampler().rank(model, point[None])[0] for point in (start, end))
        assert after >= before - 1e-12


@pytest.mark.parametrize("n_trials", [30, 120])
def test_one_parameter_jointly_is_one_parameter_alone(n_trials: int) -> None:
    study = study_of([complete(math.sin(3.0 * k), x=k / n_trials) for k in range(n_trials)])
    samplers = [TPESampler(multivariate=multivariate, caution=1.0) for multivariate in (True, False)]
    for seed in range(5):
        samples = [s.sample(X, study.history, np.random.default_rng(seed))["x"] for s in samplers]
        np.testing.assert_array_equal(*samples)


def test_startup_trials_are_random_and_do_not_repeat_on_resume() -> None:
    def start(n_trials: int, study: parzen.Study | None = None) -> parzen.Study:
        study = study or parzen.create_study()
        study.sampler = TPESampler(seed=1)
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=n_trials)
        return study

    study = start(5, start(5))
    values = [trial.params["x"] for trial in study.trials]
    assert len(set(values)) == 10


def test_an_empty_branch_is_sampled_from_the_prior() -> None:
    study = study_of([complete(float(k)) for k in range(20)])
    columns = TPESampler().sample({"new": FloatDistribution(5, 6)}, study.history, np.random.default_rng(0), 4)
    assert ((columns["new"] >= 5) & (columns["new"] <= 6)).all()


def test_group_samples_all_groups_at_the_start() -> None:
    def objective(trial: parzen.Trial) -> float:
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return trial.suggest_float("xa", 0, 1) + trial.suggest_float("ya", 0, 1)
        return trial.suggest_float("xb", 0, 1)

    study = parzen.create_study(sampler=TPESampler(seed=0, multivariate=True, group=True))
    study.optimize(objective, n_trials=30)
    assert set(study.ask().relative_params) == {"kind", "xa", "ya", "xb"}
    plain = parzen.create_study(sampler=TPESampler(seed=0))
    plain.add_trials(study.trials[:30])
    assert set(plain.ask().relative_params) == {"kind"}


def test_constraints_func_is_stored_and_used() -> None:
    with pytest.warns(FutureWarning, match="set_constraint"):
        sampler = TPESampler(seed=0, constraints_func=lambda trial: [trial.params["x"] - 0.5, -1.0])
    study = parzen.create_study(sampler=sampler)
    study.optimize(lambda t: -t.suggest_float("x", 0, 1), n_trials=30)
    assert all(trial.constraints == {"0": trial.params["x"] - 0.5, "1": -1.0} for trial in study.trials)
    assert study.best_trial.params["x"] <= 0.5


def test_tpe_beats_random_search() -> None:
    # Were both alike, TPE would win on every one of ten seeds with probability 2^-10.
    def best(make: object, seed: int) -> float:
        study = parzen.create_study(sampler=make(seed))
        study.optimize(lambda t: sum(t.suggest_float(f"x{i}", -5, 5) ** 2 for i in range(4)), n_trials=60)
        return study.best_value

    wins = sum(
        best(lambda s: TPESampler(seed=s), seed) < best(lambda s: parzen.samplers.RandomSampler(s), seed)
        for seed in range(10)
    )
    assert wins == 10


def test_categories_and_grids_find_the_best_cell() -> None:
    def objective(trial: parzen.Trial) -> float:
        a = trial.suggest_categorical("a", ["x", "y", "z"])
        return ("xyz".index(a)) + abs(trial.suggest_int("k", 0, 20, step=5) - 15)

    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(objective, n_trials=60)
    assert study.best_value == 0


def test_group_needs_multivariate() -> None:
    with pytest.raises(ValueError, match="group"):
        TPESampler(group=True, multivariate=False)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("high", [1000, 1001, 1002, 10**6, 2**40, 2**53, 2**60])
def test_integers_of_any_size(high: int, log: bool) -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(lambda t: abs(t.suggest_int("n", 1, high, log=log) - 7) / high, n_trials=40)
    assert all(1 <= trial.params["n"] <= high for trial in study.trials)
    assert len({trial.params["n"] for trial in study.trials}) > 15


def test_a_batch_on_a_fine_grid_does_not_repeat_points() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    space = {"n": IntDistribution(1, 1100)}
    study.tell_batch(study.ask_batch(20, space), np.arange(20.0))
    assert len(set(study.ask_batch(256, space)["n"])) == 256


def test_there_must_be_a_candidate() -> None:
    with pytest.raises(ValueError, match="n_ei_candidates"):
        TPESampler(n_ei_candidates=0)


@pytest.mark.parametrize("n", [2, 20])
def test_a_batch_on_a_full_grid_falls_back_to_repeats(n: int) -> None:
    space = {"a": CategoricalDistribution(("p", "q"))}
    study = parzen.create_study(sampler=TPESampler(seed=0, n_startup_trials=1))
    study.add_trials([create_trial(value=float(c == "p"), params={"a": c}, distributions=space) for c in "pq"])
    assert set(study.ask_batch(n, space)["a"]) == {0, 1}


def test_hyperopt_parameters_are_accepted() -> None:
    with pytest.warns(FutureWarning, match="hyperopt_parameters"):
        sampler = TPESampler(**TPESampler.hyperopt_parameters(), seed=0)
    study = parzen.create_study(sampler=sampler)
    study.optimize(lambda t: t.suggest_int("n", 1, 9, log=True), n_trials=30)
    assert study.best_value == 1


def test_integers_on_a_log_scale_reach_both_ends() -> None:
    # P(1) = log(1.5/0.5) / log(8.5/0.5) = 0.39 and P(8) = 0.044: 200 draws miss 8 with probability 1.2e-4 (fixed seed).
    columns = TPESampler(n_startup_trials=1).sample(
        {"n": IntDistribution(1, 8, log=True)},
        parzen.create_study().history,
        np.random.default_rng(0),
        200,
    )
    values = IntDistribution(1, 8, log=True).from_model(columns["n"])
    assert set(values) == set(range(1, 9))


# --- conditional and changing spaces ---------------------------------------------------------------------------------


def branching(trial: parzen.Trial) -> float:
    """The best `y` depends on `kind`, and on `x` within a kind."""
    kind = trial.suggest_categorical("kind", ["a", "b"])
    x = trial.suggest_float("x", 0, 1)
    if kind == "a":
        return abs(trial.suggest_float("ya", 0, 1) - x) + abs(trial.suggest_float("za", 0, 1) - 0.2)
    return 0.5 + abs(trial.suggest_float("yb", 0, 1) - (1 - x))


def test_a_branch_is_sampled_whole_given_what_led_to_it() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(branching, n_trials=60)
    sampler, trial = study.sampler, study.ask()
    assert set(trial.relative_params) == {"kind", "x"}
    trial._record.params["kind"], trial._record.distributions["kind"] = "a", study.trials[0].distributions["kind"]
    trial.suggest_float("x", 0, 1)
    drawn = sampler.draw(study, trial._record, "ya", FloatDistribution(0, 1))
    assert set(drawn) == {"ya", "za"}


def test_what_was_suggested_before_matters_in_a_branch() -> None:
    """All good trials have y near x: y follows x. Without the condition both means would be 0.5."""
    study = parzen.create_study(sampler=TPESampler(seed=0))
    rng = np.random.default_rng(0)
    space = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    for x, y in rng.random((300, 2)):
        study.add_trial(create_trial(value=abs(x - y), params={"x": x, "y": y}, distributions=space))
    study.add_trial(create_trial(value=9.0, params={"x": 0.5}, distributions={"x": space["x"]}))  # y is conditional

    def mean_y(x: float) -> float:
        found = []
        for _ in range(30):
            study.enqueue_trial({"x": x})
            trial = study.ask()
            trial.suggest_float("x", 0, 1)
            found.append(trial.suggest_float("y", 0, 1))
            study.tell(trial, state=TrialState.FAIL)
        return float(np.mean(found))

    assert mean_y(0.15) < 0.4 < 0.6 < mean_y(0.85)


def test_a_value_drawn_for_a_branch_must_fit_the_range_asked_for() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(branching, n_trials=40)
    for _ in range(20):
        trial = study.ask()
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            trial.suggest_float("x", 0, 1)
            trial.suggest_float("ya", 0, 1)
            assert 5 <= trial.suggest_float("za", 5, 6) <= 6
        study.tell(trial, 1.0)


def test_a_moved_range_keeps_what_still_fits() -> None:
    """After the range of x moved, x stays in the joint model, and y is learnt from all trials."""
    study = parzen.create_study(sampler=TPESampler(seed=0))
    rng = np.random.default_rng(0)
    for k in range(120):
        low, high = (0.0, 1.0) if k < 110 else (0.5, 2.0)
        x, y = rng.uniform(low, high), rng.random()
        space = {"x": FloatDistribution(low, high), "y": FloatDistribution(0, 1)}
        study.add_trial(create_trial(value=abs(y - 0.7) + abs(x - 0.6), params={"x": x, "y": y}, distributions=space))
    trial = study.ask()
    assert set(trial.relative_params) == {"x", "y"}
    assert 0.5 <= trial.suggest_float("x", 0.5, 2.0) <= 2.0
    model = Fitter(study.history, TPESampler()._settings).fit(
        {"x": FloatDistribution(0.5, 2.0), "y": FloatDistribution(0, 1)}, {}, bold=False
    )[1]
    assert model.below.mu.shape[1] + model.above.mu.shape[1] == 120 + 2
    np.testing.assert_allclose(model.above.sigma[0].max(), 1.5)  # the prior's kernel, where x does not fit


@pytest.mark.parametrize("n_trials", [30, 130])
def test_changed_choices_keep_what_still_fits(n_trials: int, tmp_path: object) -> None:
    """Under other choices "b" was bad and "c" good: that is known under the new ones, in a file, too."""
    study = parzen.create_study(sampler=TPESampler(seed=0), storage=f"sqlite:///{tmp_path}/s.db")
    old, new = CategoricalDistribution(("a", "b", "c")), CategoricalDistribution(("c", "new", "b"))
    cost = {"a": 2.0, "b": 3.0, "c": 0.0, "new": 1.0}
    study.add_trials(
        [
            create_trial(value=cost[c] + k / n_trials, params={"kind": c}, distributions={"kind": old})
            for k, c in enumerate("abc" * (n_trials // 3))
        ]
    )
    for is_known in (False, True):  # whether the study has seen the new choices yet
        if is_known:
            trial = study.ask({"kind": new})
            assert trial.params["kind"] in new.choices
            study.tell(trial, 1.0)
        model = Fitter(study.history, TPESampler()._settings).fit({"kind": new}, {}, bold=False)[1]
        score = TPESampler().rank(model, np.arange(3.0)[:, None])
        assert score[0] > score[1] > score[2]
    resumed = parzen.load_study(study_name=study.study_name, storage=f"sqlite:///{tmp_path}/s.db")
    assert [t.params for t in resumed.trials] == [t.params for t in study.trials]


def test_coordinates_of_values_that_do_not_fit_are_missing() -> None:
    space = ModelSpace({"x": FloatDistribution(1, 2, log=True), "k": IntDistribution(2, 8, step=2)}, {})
    z = space.coordinates(np.array([[1.0, 1.0], [3.0, 4.0], [np.nan, 8.0], [2.0, 9.0]]))
    np.testing.assert_allclose(z, [[0.0, np.nan, np.nan, np.log(2)], [np.nan, 1.0, 3.0, np.nan]])


# --- the rest --------------------------------------------------------------------------------------------------------


def test_choices_near_a_good_one_are_good() -> None:
    def far(sampler: TPESampler) -> float:
        study = parzen.create_study(sampler=sampler)
        space = {"c": CategoricalDistribution(tuple(range(8)))}
        study.add_trials([create_trial(value=float(c), params={"c": c}, distributions=space) for c in range(8)] * 4)
        model = Fitter(study.history, sampler._settings).fit(space, {}, bold=False)[1]
        log_below, _ = model.log_densities(np.arange(8.0)[:, None])
        return float(log_below[2] - log_below[7])

    assert far(TPESampler(categorical_distance_func={"c": lambda a, b: abs(a - b)})) > 0.1
    assert abs(far(TPESampler())) < 1e-9


def test_a_distance_must_be_one() -> None:
    sampler = TPESampler(categorical_distance_func={"c": lambda a, b: -1.0}, n_startup_trials=1)
    study = parzen.create_study(sampler=sampler)
    with pytest.raises(ValueError, match="categorical_distance_func"):
        study.optimize(lambda t: float(t.suggest_categorical("c", [1, 2])), n_trials=3)


def test_constraints_speak_beside_the_values() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    rng = np.random.default_rng(0)
    for x in rng.random(60):
        study.add_trial(complete(x, x=x, constraints={"c": 0.4 - x, "never": -1.0}))
    model = Fitter(study.history, TPESampler()._settings).fit(X, {}, bold=False)[1]
    assert len(model.constraints) == 1  # one that all satisfy tells nothing
    scores = model.log_feasibility(np.array([[0.1], [0.9]]))
    assert scores[1] > 0 > scores[0]


def test_a_discrete_space_is_not_tried_twice_before_all_of_it_was() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(lambda t: t.suggest_int("k", 0, 5) + len(t.suggest_categorical("c", ["x", "yy"])), n_trials=10)
    study.optimize(lambda t: t.suggest_int("k", 0, 5) + len(t.suggest_categorical("c", ["x", "yy"])), n_trials=6)
    points = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(points)) == 12


def points_of(study: parzen.Study) -> list[tuple[object, ...]]:
    return [tuple(sorted(trial.params.items())) for trial in study.trials]


@pytest.mark.parametrize(("space", "n", "least"), [({"x": 100}, 60, 56), ({"x": 51, "y": 51}, 120, 119)])
def test_no_point_of_a_fine_grid_twice_while_others_are_as_good(space: dict[str, int], n: int, least: int) -> None:
    """Only the ten random trials, and four draws without a new point, repeat any; before, a third were repetitions."""
    study = parzen.create_study(sampler=TPESampler(seed=100))
    study.optimize(lambda t: sum((t.suggest_int(k, 1, high) - 18) ** 2 for k, high in space.items()), n_trials=n)
    assert len(set(points_of(study))) >= least


def test_no_point_of_a_branch_twice() -> None:
    """Each branch has 64 points, and 40 trials fill none."""

    def objective(trial: parzen.Trial) -> float:
        branch = trial.suggest_categorical("branch", ["a", "b"])
        return sum(abs(trial.suggest_int(branch + j, 0, 7) - 3) for j in "ij") + (branch == "b")

    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(objective, n_trials=40)
    assert len(set(points_of(study))) >= 39


def test_a_point_whose_trial_failed_is_still_within_reach() -> None:
    """All but one of 40 points were tried, 5 lost: the next five trials are at that one and those, in some order."""
    space = {"x": IntDistribution(0, 39)}
    study = parzen.create_study(sampler=TPESampler(seed=0, n_ei_candidates=400))
    for x in range(39):
        lost = x % 8 == 3
        state = TrialState.FAIL if lost else TrialState.COMPLETE
        value = None if lost else abs(x - 19.0)
        study.add_trial(create_trial(state=state, value=value, params={"x": x}, distributions=space))
    study.optimize(lambda t: abs(t.suggest_int("x", 0, 39) - 19.0), n_trials=6)
    assert {trial.params["x"] for trial in study.trials[39:]} == {3, 11, 19, 27, 35, 39}


def test_a_batch_leaves_out_tried_points_of_a_fine_grid() -> None:
    space = {"x": IntDistribution(0, 999)}
    study = parzen.create_study(sampler=TPESampler(seed=0))
    for _ in range(6):
        batch = study.ask_batch(20, space)
        study.tell_batch(batch, np.abs(np.asarray(batch["x"], dtype=float) - 500))
    xs = [trial.params["x"] for trial in study.trials[20:]]
    assert len(set(xs)) == 100 and not set(xs) & {trial.params["x"] for trial in study.trials[:20]}


def test_a_parameter_that_comes_later_leaves_no_point_out() -> None:
    """Points without it were the whole trial once; now they are not."""
    study = parzen.create_study(sampler=TPESampler(seed=0))
    study.optimize(lambda t: abs(t.suggest_int("y", 0, 40) - 7), n_trials=41)
    study.optimize(lambda t: abs(t.suggest_int("y", 0, 40) - 7) + abs(t.suggest_int("z", 0, 40) - 30), n_trials=60)
    assert study.best_trial.params["y"] in range(5, 10)
    assert 7 in [trial.params["y"] for trial in study.trials[41:]]


def test_the_first_trials_are_spread_evenly() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=4))
    study.optimize(lambda t: t.suggest_float("x", 0, 1) + t.suggest_float("y", 10, 20), n_trials=10)
    for name, width in (("x", 1.0), ("y", 10.0)):
        values = sorted(trial.params[name] % 10 for trial in study.trials)
        assert [int(10 * value / width) for value in values] == list(range(10))


@pytest.mark.parametrize("rule", [rules.scott, lambda x, lower, upper: np.full_like(x, 0.1)])
@pytest.mark.parametrize("n_trials", [20, 130])
def test_rules_of_ones_own(rule: object, n_trials: int) -> None:
    sampler = TPESampler(
        seed=0,
        bandwidth=rule,
        clip=rules.no_clip,
        gamma=rules.LinearGamma(0.3, cap=50),
        weights=rules.uniform_weights,
        acquisition=lambda log_below, log_above: np.minimum(log_below - log_above, 5.0),
    )
    study = parzen.create_study(sampler=sampler)
    study.optimize(lambda t: (t.suggest_float("x", -3, 3) - 1) ** 2 + t.suggest_int("n", 1, 50, log=True), n_trials)
    assert study.best_value < 12


@pytest.mark.parametrize("caution", [-0.1, 1.1])
def test_caution_is_a_share(caution: float) -> None:
    with pytest.raises(ValueError, match="caution"):
        TPESampler(caution=caution)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_trials", [60, 130])
def test_trials_below_that_tie_with_the_best_above(n_trials: int) -> None:
    """Such as accuracies: what such a trial weighs is 0, also for the parameters of a branch."""

    def accuracy(trial: parzen.Trial) -> float:
        kind = trial.suggest_categorical("kind", ["a", "b"])
        x, y = trial.suggest_float(f"x_{kind}", 0, 1), trial.suggest_float(f"y_{kind}", 0, 1)
        return round(1 - (x - 0.3) ** 2 - (y - 0.6) ** 2, 2)

    study = parzen.create_study(direction="maximize", sampler=TPESampler(seed=0))
    study.optimize(accuracy, n_trials=n_trials)
    assert study.best_value >= 0.99


@pytest.mark.parametrize("directions", [["minimize"], ["minimize"] * 2])
@pytest.mark.parametrize("given", [-1, 2.5, None])
def test_a_gamma_that_gives_no_number_of_trials(directions: list[str], given: object) -> None:
    study = parzen.create_study(directions=directions, sampler=TPESampler(gamma=lambda n: given))
    with pytest.raises(ValueError, match="`gamma` must give a number of trials"):
        study.optimize(lambda t: [t.suggest_float("x", 0, 1)] * len(directions), n_trials=12)


@pytest.mark.parametrize("argument", ["gamma", "weights"])
def test_a_rule_that_is_no_function(argument: str) -> None:
    with pytest.raises(TypeError, match=f"`{argument}` must be a function of a number of trials"):
        TPESampler(**{argument: 0.1})


def test_weights_that_are_too_many_are_cut() -> None:
    def parameters(weights: Any) -> list[float]:
        study = parzen.create_study(sampler=TPESampler(seed=0, n_startup_trials=3, weights=weights))
        study.optimize(lambda t: (t.suggest_float("x", 0, 1) - 0.3) ** 2, n_trials=20)
        return [trial.params["x"] for trial in study.trials]

    ascending = parameters(lambda n: np.arange(1.0, n + 1))
    assert parameters(lambda n: [*range(1, n + 1), math.nan, -1.0]) == ascending
    assert parameters(lambda n: np.ones(n)) != ascending


@pytest.mark.parametrize("given", [1.0, None, [1.0], [-1.0] * 40, [math.nan] * 40, [0.0] * 40, [math.inf] * 40])
def test_weights_that_are_refused(given: Any) -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0, n_startup_trials=5, weights=lambda n: given))
    with pytest.raises(ValueError, match="`weights` must give"):
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=30)


def test_what_has_no_effect_is_deprecated() -> None:
    with pytest.warns(FutureWarning, match="warn_independent_sampling") as caught:
        TPESampler(warn_independent_sampling=True)
    assert [warning.filename for warning in caught] == [__file__]
