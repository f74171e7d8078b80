"""What TPE keeps between asks is a cache: it can be thrown away at any moment, and nothing changes."""

from __future__ import annotations

import naive_ranking
import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels import COMPILED_FROM
from parzen.samplers import TPESampler
from parzen.samplers.tpe import coreset, fitting, pareto_ranking, split
from parzen.samplers.tpe.fidelity import furthest_first
from parzen.samplers.tpe.fidelity_ranking import FidelityRanking
from parzen.samplers.tpe.model import NUMPY, Model, compiled_tier
from parzen.samplers.tpe.model_space import ModelSpace
from parzen.samplers.tpe.observations import Observations
from parzen.samplers.tpe.rules import improvement_weights
from parzen.samplers.tpe.value_ranking import ValueRanking
from parzen.trial import TrialState, create_trial

SPACE = {
    "x": FloatDistribution(-1.0, 2.0),
    "lr": FloatDistribution(1e-5, 1.0, log=True),
    "n": IntDistribution(1, 9),
    "wide": IntDistribution(0, 500),
    "log_n": IntDistribution(1, 300, log=True),
    "c": CategoricalDistribution(("a", "b", "c")),
}


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)


def random_trials(n: int, seed: int = 0, m: int = 1) -> list[parzen.trial.FrozenTrial]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        params = {name: d.to_external_repr(d.from_unit(rng.random())) for name, d in SPACE.items()}
        values = [params["x"] ** 2 + k * (params["n"] - 3) ** 2 + rng.normal() for k in range(m)]
        found.append(create_trial(values=values, params=params, distributions=SPACE))
    return found


def objective(trial: parzen.Trial) -> float:
    params = {name: trial._suggest(name, distribution) for name, distribution in SPACE.items()}
    if trial.number % 7 == 3:
        raise parzen.TrialPruned
    return params["x"] ** 2 + abs(params["n"] - 4) + abs(np.log10(params["lr"]) + 3) + "abc".index(params["c"])


@pytest.mark.parametrize("n_before", [40, COMPILED_FROM - 5, 150])
@pytest.mark.parametrize("multivariate", [True, False])
def test_a_sampler_that_forgets_draws_the_same(n_before: int, multivariate: bool) -> None:
    def run(forget: bool) -> list[dict[str, object]]:
        study = parzen.create_study(sampler=TPESampler(seed=3, multivariate=multivariate))
        study.add_trials(random_trials(n_before))
        for _ in range(15):
            if forget:
                study.sampler = TPESampler(seed=3, multivariate=multivariate)
            study.optimize(objective, n_trials=1)
        return [trial.params for trial in study.trials[n_before:]]

    assert run(forget=True) == run(forget=False)


def test_running_trials_come_and_go_without_a_trace() -> None:
    """Asked for, told in another order, failed: afterwards the state is what a new sampler builds."""
    study = parzen.create_study(sampler=TPESampler(seed=1))
    study.add_trials(random_trials(150))
    running = [study.ask(SPACE) for _ in range(8)]
    for trial in running[::-2]:
        study.tell(trial, 1.0)
    study.tell(running[0], state=TrialState.FAIL)
    old = study.ask(SPACE).params
    other = parzen.create_study(sampler=TPESampler(seed=1))
    other.add_trials(study.trials[:-1])
    assert other.ask(SPACE).params == old


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_ranking_is_that_from_scratch(direction: str) -> None:
    rng = np.random.default_rng(0)
    study = parzen.create_study(direction=direction)
    ranking = ValueRanking(study.history)
    for i in range(120):
        value, step = float(rng.integers(6)), int(rng.integers(4))
        constraints = {"c": float(rng.integers(-1, 3))} if i % 3 == 0 else None
        if i % 4 == 1:
            trial = create_trial(state=TrialState.PRUNED, intermediate_values={step: value} if i % 8 else {})
        elif i % 10 == 9:
            trial = create_trial(state=TrialState.FAIL)
        else:
            trial = create_trial(value=value, constraints=constraints)
        study.add_trial(trial)
        assert ranking.update() == len(ranking.order())
        if i % 10 == 0:
            np.testing.assert_array_equal(ranking.order(), naive_ranking.rank(study))
            for n in (0, 7, i * 3 // 4, i):  # some of the complete trials, all of them with some of the others
                np.testing.assert_array_equal(ranking.order(n), naive_ranking.rank(study)[:n])
    late = ValueRanking(study.history)
    late.update()
    np.testing.assert_array_equal(late.order(), ranking.order())


@pytest.mark.parametrize("n_below", [0, 3, 30, 60, 200])
def test_all_rankings_of_one_objective_give_the_same_split(n_below: int) -> None:
    """`ValueRanking`, and `furthest_first` as a rule of one's own, which makes all the arrays of a split."""
    rng = np.random.default_rng(1)
    study = parzen.create_study()
    for i, trial in enumerate(random_trials(120)):
        reports = {i % 5: rng.random()}
        pruned = create_trial(
            state=TrialState.PRUNED, params=trial.params, distributions=SPACE, intermediate_values=reports
        )
        study.add_trial(trial if i % 3 else pruned)
    observations = Observations(study.history, ModelSpace(SPACE, {}), list(SPACE), np.ones_like)
    observations.update(False)
    by_value = ValueRanking(study.history).split(observations, lambda n: n_below)
    rule = FidelityRanking(study.history, lambda evidence, d: furthest_first(evidence, d))
    by_rule = rule.split(observations, lambda n: n_below)
    for found in (by_value, by_rule):
        assert len(found.below) == min(n_below, 120)
        assert len(found.below) + len(found.best_above) == 120
        assert len(found.loss) == min(n_below + 1, 120)
        np.testing.assert_array_equal(found.weigh(found.below, np.full(len(found.below), 0.5)), 0.5)
    np.testing.assert_array_equal(by_value.below, by_rule.below)
    np.testing.assert_array_equal(by_value.best_above, by_rule.best_above)
    weights = [improvement_weights(s.loss[: len(s.below)], s.loss[len(s.below) :]) for s in (by_value, by_rule)]
    np.testing.assert_array_equal(*weights)
    above = [observations.above(s.below, s.modelled) for s in (by_value, by_rule)]
    np.testing.assert_array_equal(*above)
    assert above[0].sum() == 120 - len(by_value.below)


def test_several_objectives_take_whole_fronts_and_spread_over_the_next() -> None:
    values = [(0.0, 4.0), (4.0, 0.0), (1.0, 4.0), (2.0, 2.0), (2.1, 1.9), (4.0, 1.0), (9.0, 9.0)]
    study = parzen.create_study(directions=["minimize", "minimize"])
    study.add_trials([create_trial(values=v) for v in values])
    ranking = pareto_ranking.ParetoRanking(study.history)
    assert set(ranking.best(4)) == {0, 1, 3, 4}
    assert set(ranking.best(2)) < {0, 1, 3, 4}
    assert set(ranking.best(3)) & {3, 4}  # the middle adds more than both ends alone
    assert set(ranking.best(5)) < {0, 1, 3, 4, 2, 5}
    assert len(ranking.best(7)) == 7


def test_infinite_objectives_do_not_hinder_the_split() -> None:
    values = [(np.inf, 0.0), (0.0, np.inf), (-np.inf, 5.0), (1.0, 1.0), (np.inf, np.inf)]
    study = parzen.create_study(directions=["minimize", "minimize"])
    study.add_trials([create_trial(values=v) for v in values])
    ranking = pareto_ranking.ParetoRanking(study.history)
    assert 4 not in ranking.best(2)
    assert len(set(ranking.best(3))) == 3


def better_and_better(rng, i):
    return rng.random() - i, rng.random() + i  # the second one is maximized


def along_a_front(rng, i):
    x = rng.random()
    return x, x + 0.01 * rng.random()


def on_a_grid(rng, i):
    return rng.integers(0, 12, 3)


def worse_then_better(rng, i):
    return rng.random(2) * (1 + abs(400 - i))


@pytest.mark.parametrize("values_of", [better_and_better, along_a_front, on_a_grid, worse_then_better])
@pytest.mark.parametrize("n", [1, 10, 50])
@pytest.mark.slow
def test_the_best_of_few_that_are_kept_are_the_best_of_all(monkeypatch, values_of, n) -> None:
    """Also where the number changes, trials come in bulk, and some are infeasible or pruned."""
    monkeypatch.setattr(pareto_ranking, "LEAST", 60)
    rng = np.random.default_rng(n)
    m = len(values_of(rng, 0))
    study = parzen.create_study(directions=["minimize", "maximize", "minimize"][:m])
    ranking = pareto_ranking.ParetoRanking(study.history)
    dropped = 0
    for i in range(800):
        trial = study.ask()
        if i % 9 == 0:
            trial.set_constraint("c", float(rng.normal()))
        if i % 11 == 5:
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, list(map(float, values_of(rng, i))))
        if i % 50 > 40:
            continue
        wanted = n if i % 7 else 2 * n
        complete, _, _ = split.by_outcome(study.history)
        expected, _ = pareto_ranking.best_by_fronts(study.history.losses(complete), wanted, i >= 64)
        found = ranking.best(wanted)
        assert found[: len(expected)].tolist() == complete[expected].tolist()
        dropped = max(dropped, len(complete) - len(ranking._kept))
    assert dropped > 100


# --- the coreset -----------------------------------------------------------------------------------------------------


def chosen(n: int, n_best: int = 256) -> tuple[np.ndarray, np.ndarray]:
    members = np.ones(2 * n, dtype=bool)
    members[n:] = False
    return coreset.Coreset().choose(members, np.arange(n), np.arange(n_best))


@pytest.mark.parametrize("n", [1025, 3000, 50_000])
def test_a_coreset_is_bounded_and_keeps_the_best_and_the_newest(n: int) -> None:
    positions, is_sample = chosen(n)
    assert coreset.LIMIT / 2 <= len(positions) <= coreset.LIMIT
    assert set(range(256)) | set(range(n - coreset.N_NEWEST, n)) <= set(positions[~is_sample])
    weights = coreset.stretch(np.ones(len(positions)), is_sample, float(n))
    assert weights.sum() == pytest.approx(n)
    assert (weights[~is_sample] == 1.0).all()


def test_a_coreset_hardly_changes_as_it_grows() -> None:
    before, after = (set(chosen(n)[0]) for n in (20_000, 20_010))
    assert len(before - after) <= 10 + coreset.N_NEWEST


def test_a_coreset_estimates_sums_without_bias() -> None:
    # The mean of 2^14 numbers from some 700 of them: a deviation of 0.29 / sqrt(700) = 0.011 for uniform ones; five of
    # these are exceeded with probability 6e-7 (the hash is fixed, so the test never flickers).
    n = 2**14
    y = np.random.default_rng(0).random(n)
    positions, is_sample = chosen(n, n_best=8)
    weights = coreset.stretch(np.ones(len(positions)), is_sample, float(n))
    assert abs(weights @ y[positions] / n - y.mean()) < 5 * 0.011


def test_the_density_above_of_a_coreset_is_near_that_of_all() -> None:
    study = parzen.create_study(sampler=TPESampler(seed=0))
    rng = np.random.default_rng(1)
    space = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    points = np.clip(rng.normal(0.4, 0.15, (4000, 2)), 0, 1)
    study.add_trials(
        [
            create_trial(value=abs(a - 0.4) + abs(b - 0.4), params={"x": a, "y": b}, distributions=space)
            for a, b in points
        ]
    )

    def model_of(limit: int) -> Model:
        return fitting.Fitter(study.history, study.sampler._settings, limit).fit(space, {}, bold=True)[1]

    thinned, whole = model_of(coreset.LIMIT), model_of(10**9)
    assert thinned.above.mu.shape[1] <= coreset.LIMIT + 1 < whole.above.mu.shape[1]
    z = study.sampler.propose(whole, np.random.default_rng(2), 200)
    # Near the trials below the best ones above are all kept; a few candidates come from the prior.
    assert np.median(np.abs(thinned.log_densities(z)[1] - whole.log_densities(z)[1])) < 0.1


# --- tiers -----------------------------------------------------------------------------------------------------------


def test_both_tiers_fit_the_same_densities(monkeypatch: pytest.MonkeyPatch) -> None:
    study = parzen.create_study()
    study.add_trials(random_trials(130))
    z = None
    found = []
    for tier in (NUMPY, compiled_tier()):
        monkeypatch.setattr(fitting, "tier_for", lambda n, tier=tier: tier)
        model = fitting.Fitter(study.history, TPESampler()._settings).fit(SPACE, {}, bold=True)[1]
        if z is None:
            z = np.ascontiguousarray(TPESampler().propose(model, np.random.default_rng(0), 50))
        found.append(model.log_densities(z))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-9)
