from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.indicators import hypervolume
from parzen.samplers import TPESampler
from parzen.samplers.tpe.recombination import recombined

FRONT = [1.1, 3.3]


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)


@given(st.integers(0, 99), st.integers(1, 6), st.integers(1, 4), st.integers(1, 9), st.floats(0, 1))
def test_each_coordinate_is_of_a_parent_or_drawn_and_one_at_least_is_drawn(
    seed: int, d: int, k: int, n: int, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    parents = rng.random((d, k))
    parents[rng.random((d, k)) < missing] = np.nan
    drawn = 2 + rng.random((n, d))
    children = recombined(parents, drawn, rng)
    is_drawn = children == drawn
    is_inherited = (children[:, :, np.newaxis] == parents).any(axis=2)  # (n, d)
    assert (is_drawn | is_inherited).all()
    assert is_drawn.any(axis=1).all()
    assert all(sum_of_parents(child, parents) <= 2 for child in np.where(is_drawn, np.nan, children))


def sum_of_parents(child: np.ndarray, parents: np.ndarray) -> int:
    """Count the fewest parents that a child's inherited coordinates can be from."""
    inherited = np.flatnonzero(~np.isnan(child))
    matches = child[inherited, np.newaxis] == parents[inherited]  # (coordinates, k)
    if not len(inherited):
        return 0
    if matches.all(axis=0).any():
        return 1
    pairs = matches[:, :, np.newaxis] | matches[:, np.newaxis, :]
    return 2 if pairs.all(axis=0).any() else 3


def test_how_many_coordinates_are_drawn_differs_from_child_to_child() -> None:
    d, n = 30, 3000
    drawn = np.ones((n, d))
    share = recombined(np.zeros((d, 1)), drawn, np.random.default_rng(0)).mean(axis=1)
    # One coordinate always, each other one with 30^-U: the mean of that is (1 - 1/30) / ln 30. The standard error of
    # the mean share is 0.005, so that seven of them are exceeded once in 10^11.
    expected = 1 / d + (1 - 1 / d) * (1 - 1 / d) / np.log(d)
    assert share.mean() == pytest.approx(expected, abs=0.035)
    assert (share == 1 / d).mean() > 0.04
    assert (share > 0.8).mean() > 0.02


@pytest.mark.parametrize("n_trials", [40, 130])
def test_of_one_parameter_alone_nothing_is_inherited(n_trials: int) -> None:
    """Then the search is that of one dimension after the other; the seed gives other candidates, from the same l."""
    spread = []
    for multivariate in (None, False):
        study = parzen.create_study(directions=["minimize"] * 2, sampler=TPESampler(seed=1, multivariate=multivariate))
        study.optimize(lambda trial: [(x := trial.suggest_float("x", -1, 1)) ** 2, (x - 0.5) ** 2], n_trials=n_trials)
        found = [trial.params["x"] for trial in study.trials]
        assert len(set(found)) == n_trials
        spread.append(np.quantile(found[20:], [0.1, 0.9]))
    np.testing.assert_allclose(spread[0], spread[1], atol=0.25)


def share_of_zdt1(seed: int, multivariate: bool | None) -> float:
    """Give the share of the box that 120 trials of ZDT1 in ten dimensions dominate (Zitzler et al. 2000)."""

    def zdt1(trial: parzen.Trial) -> list[float]:
        x = [trial.suggest_float(f"x{i}", 0.0, 1.0) for i in range(10)]
        g = 1 + 9 * float(np.mean(x[1:]))
        return [x[0], g * (1 - (x[0] / g) ** 0.5)]

    study = parzen.create_study(directions=["minimize"] * 2, sampler=TPESampler(seed=seed, multivariate=multivariate))
    study.optimize(zdt1, n_trials=120)
    return hypervolume([trial.values for trial in study.best_trials], FRONT) / float(np.prod(FRONT))


@pytest.mark.slow
def test_recombining_finds_more_of_a_front_than_a_density_a_dimension_or_of_all() -> None:
    """Over 6 seeds; if there were no difference, one comparison would be won by all 6 once in 64 times."""
    shares = {mode: [share_of_zdt1(seed, mode) for seed in range(6)] for mode in (None, False, True)}
    for other in (False, True):
        assert np.mean(shares[None]) > np.mean(shares[other]) + 0.02
        assert np.all(np.array(shares[None]) > shares[other])


@pytest.mark.parametrize(("side", "n_trials"), [(6, 36), (13, 150)])
def test_a_discrete_space_is_hardly_tried_twice_before_all_of_it_was(side: int, n_trials: int) -> None:
    """Up to the hundredth trial by the NumPy tier, from there by the compiled one."""
    study = parzen.create_study(directions=["minimize"] * 2, sampler=TPESampler(seed=0))

    def objective(trial: parzen.Trial) -> list[float]:
        x, y = trial.suggest_int("x", 1, side), trial.suggest_categorical("y", list(range(side)))
        return [float(x), float((x - 4) ** 2 + y)]

    study.optimize(objective, n_trials=n_trials)
    found = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(found)) >= 0.95 * n_trials  # at random about two thirds of them would be new


def test_constraints_speak_beside_the_values() -> None:
    """The feasible region is a corner of the front; of 100 trials at random a tenth would be feasible."""
    study = parzen.create_study(directions=["minimize"] * 2, sampler=TPESampler(seed=0))

    def objective(trial: parzen.Trial) -> list[float]:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        trial.set_constraint("c", 0.6 - x)
        trial.set_constraint("d", y - 0.25)
        return [x + y, 1 - x + y]

    study.optimize(objective, n_trials=100)
    feasible = [trial for trial in study.trials if max(trial.constraints.values()) <= 0]
    assert len(feasible) >= 60


def test_a_batch_holds_different_children() -> None:
    study = parzen.create_study(directions=["minimize"] * 2, sampler=TPESampler(seed=0))
    study.optimize(lambda t: [t.suggest_float("x", 0, 1), -t.suggest_float("y", 0, 1)], n_trials=30)
    space = {name: parzen.distributions.FloatDistribution(0.0, 1.0) for name in "xy"}
    batch = study.ask_batch(40, space)
    assert len({(x, y) for x, y in zip(batch["x"].tolist(), batch["y"].tolist(), strict=True)}) == 40


def test_no_point_twice_where_floats_are_beside_choices() -> None:
    study = parzen.create_study(directions=["minimize"] * 2, sampler=TPESampler(seed=0))

    def objective(trial: parzen.Trial) -> tuple[float, float]:
        k, c = trial.suggest_int("k", 0, 5), trial.suggest_categorical("c", [0, 1, 2])
        x = trial.suggest_float("x", 0.0, 1.0)
        return k + x + c, 5 - k + x + c

    study.optimize(objective, n_trials=300)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 300
