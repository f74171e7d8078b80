"""CMA-ES on arrays: each part beside the formula written out, or beside what it must do to a distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers.cmaes import AdaptingNormal, Choices, DiagonalNormal, Normal, Strategy, default_size
from parzen.samplers.cmaes.frame import Frame, fold
from parzen.samplers.cmaes.gaussian import orthogonal, rates
from parzen.samplers.cmaes.margin import corrected
from parzen.samplers.cmaes.restarts import Schedule, Watch
from parzen.samplers.cmaes.warm_start import promising

NO_CHOICES = Choices(np.empty(0, dtype=np.int64))


def some_normal(rng: np.random.Generator, n: int, kind: type[Normal] = Normal) -> Normal:
    root = rng.standard_normal((n, n)) + 2 * np.eye(n)
    made = kind(rng.standard_normal(n), float(rng.uniform(0.1, 2)), root @ root.T)
    made.path_sigma, made.path_c = rng.standard_normal(n), rng.standard_normal(n)
    made.generation = int(rng.integers(0, 5))
    return made


def slow_update(state: Normal, x: np.ndarray, diagonal: bool) -> tuple[np.ndarray, float, np.ndarray]:
    """Equations (41) to (58) of the tutorial, number by number; give mean, step size and covariance matrix."""
    k, n = x.shape
    C = np.diag(state.covariance) if diagonal else state.covariance
    A = np.linalg.cholesky(C)
    raw = [math.log((k + 1) / 2) - math.log(i) for i in range(1, k + 1)]
    above, below = [w for w in raw if w >= 0], [w for w in raw if w < 0]
    mu_eff = sum(above) ** 2 / sum(w * w for w in above)
    mu_eff_below = sum(below) ** 2 / sum(w * w for w in below)
    faster = (n + 2) / 3 if diagonal else 1.0
    c_1 = min(0.5, faster * 2 / ((n + 1.3) ** 2 + mu_eff))
    c_mu = min(1 - c_1, faster * 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((n + 2) ** 2 + mu_eff))
    share = min(1 + c_1 / c_mu, 1 + 2 * mu_eff_below / (mu_eff + 2), (1 - c_1 - c_mu) / (n * c_mu))
    w = [v / sum(above) if v >= 0 else max(share, 0) * v / -sum(below) for v in raw]
    c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)
    c_sigma = (mu_eff + 2) / (n + mu_eff + 5)
    d_sigma = 1 + 2 * max(0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma
    length = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))
    y = [(row - state.mean) / state.sigma for row in x]
    step = sum(w[i] * y[i] for i in range(k) if w[i] > 0)
    p_sigma = (1 - c_sigma) * state.path_sigma
    p_sigma = p_sigma + math.sqrt(c_sigma * (2 - c_sigma) * mu_eff) * np.linalg.solve(A, step)
    norm = math.sqrt(sum(p_sigma**2))
    t = state.generation + 1
    h = norm / math.sqrt(1 - (1 - c_sigma) ** (2 * t)) < (1.4 + 2 / (n + 1)) * length
    p_c = (1 - c_c) * state.path_c + h * math.sqrt(c_c * (2 - c_c) * mu_eff) * step
    new = (1 + c_1 * (1 - h) * c_c * (2 - c_c) - c_1 - c_mu * sum(w)) * C + c_1 * np.outer(p_c, p_c)
    for i in range(k):
        squared = sum(np.linalg.solve(A, y[i]) ** 2)
        new = new + c_mu * w[i] * (1 if w[i] >= 0 else n / squared) * np.outer(y[i], y[i])
    sigma = state.sigma * math.exp(min(1.0, c_sigma / d_sigma * (norm / length - 1)))
    return state.mean + state.sigma * step, sigma, np.diag(np.diag(new)) if diagonal else new


@given(st.integers(1, 6), st.integers(4, 15), st.booleans(), st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_an_update_is_that_of_the_tutorial(n: int, k: int, diagonal: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    state = some_normal(rng, n, DiagonalNormal if diagonal else Normal)
    x = rng.standard_normal((k, n))
    mean, sigma, covariance = slow_update(state, x, diagonal)
    state.tell(x)
    found = np.diag(state.covariance) if diagonal else state.covariance
    np.testing.assert_allclose(state.mean, mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(state.sigma, sigma, rtol=1e-9)
    np.testing.assert_allclose(found, covariance, rtol=1e-7, atol=1e-9)


@given(st.integers(1, 30), st.integers(2, 40), st.booleans())
@settings(deadline=None)
def test_positive_weights_add_up_to_one_and_rates_are_rates(n: int, k: int, diagonal: bool) -> None:
    r = rates(n, k, diagonal)
    assert math.isclose(r.weights[r.weights > 0].sum(), 1.0)
    assert np.all(np.diff(r.weights) <= 0)
    assert 0 < r.c_1 + r.c_mu <= 1 and 0 < r.c_sigma < 1 and 0 < r.c_c <= 1


@pytest.mark.parametrize("kind", [Normal, DiagonalNormal, AdaptingNormal])
def test_points_have_the_mean_and_the_covariances(kind: type[Normal]) -> None:
    # The mean of 40,000 draws of variance v has the deviation sqrt(v) / 200, a covariance at most sqrt(2) v / 200.
    rng = np.random.default_rng(3)
    made = some_normal(rng, 3, kind)
    x = np.concatenate([Strategy(made, NO_CHOICES).ask(rng, 8).numbers for _ in range(5000)])
    wanted = made.sigma**2 * (np.diag(made.covariance) if made.is_diagonal else made.covariance)
    top = wanted.max()
    np.testing.assert_allclose(x.mean(axis=0), made.mean, atol=5 * math.sqrt(top) / 200)
    np.testing.assert_allclose(np.cov(x.T), wanted, atol=8 * top / 200)
    np.testing.assert_allclose(made.deviations, np.sqrt(np.diag(wanted)))


def test_rows_are_at_right_angles_and_keep_their_lengths() -> None:
    z = np.random.default_rng(1).standard_normal((7, 3))
    turned = orthogonal(z)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(z, axis=1))
    for part in (turned[:3], turned[3:6]):
        np.testing.assert_allclose(part @ part.T, np.diag((part**2).sum(1)), atol=1e-12)
    assert orthogonal(np.empty((4, 0))).shape == (4, 0)


def test_what_was_drawn_elsewhere_is_pulled_in() -> None:
    made = Normal(np.zeros(2), 1.0)
    points = np.array([[100.0, 0.0], [100.0, 0.0], [0.1, 0.1]])
    clipped = made.clipped(points, np.array([True, False, False]))
    np.testing.assert_allclose(clipped, [[100, 0], [math.sqrt(2) + 1, 0], [0.1, 0.1]])


def test_a_matrix_without_full_rank_does_not_stop_the_search() -> None:
    made = Normal(np.zeros(3), 1.0, np.ones((3, 3)))
    assert np.isfinite(made.points(np.random.default_rng(0).standard_normal((5, 3)))).all()
    made.tell(np.tile([1.0, 2.0, 3.0], (6, 1)))
    assert np.isfinite(made.covariance).all()


# --- learning rates --------------------------------------------------------------------------------------------------


def rate_after(noise: float) -> float:
    rng = np.random.default_rng(5)
    made = AdaptingNormal(np.full(5, 2.0), 1.0)
    for _ in range(150):
        x = made.points(rng.standard_normal((8, 5)))
        made.tell(x[np.argsort((x**2).sum(1) + noise * rng.standard_normal(8))])
    return made._of_covariance.value


def test_learning_rates_fall_with_noise_alone() -> None:
    assert rate_after(1e6) < 0.1 < 0.25 < rate_after(0.0)


# --- the margin ------------------------------------------------------------------------------------------------------


@given(st.integers(2, 9), st.floats(-0.5, 9.5), st.floats(-6, 1), st.sampled_from([0.1, 0.01, 0.001]))
@settings(deadline=None)
def test_the_neighbours_of_a_cell_keep_their_probability(k: int, at: float, log_width: float, alpha: float) -> None:
    mean, deviation = min(at, k - 0.5), 10**log_width
    cell = min(max(round(mean), 0), k - 1)
    ends = [np.array([cell - 0.5 if cell > 0 else -np.inf]), np.array([cell + 0.5 if cell < k - 1 else np.inf])]
    moved, scaled = corrected(np.array([mean]), np.array([deviation]), *ends, alpha)
    law = NormalDist(float(moved[0]), float(scaled[0]))
    outside = [law.cdf(float(e[0])) if s < 0 else 1 - law.cdf(float(e[0])) for s, e in zip((-1, 1), ends, strict=True)]
    inner = [p for p, end in zip(outside, ends, strict=True) if np.isfinite(end[0])]
    least = alpha / 2 if len(inner) == 2 else alpha
    assert min(inner) >= least * (1 - 1e-6)
    assert ends[0][0] - 1e-9 <= moved[0] <= ends[1][0] + 1e-9
    before = NormalDist(mean, deviation)
    was_fine = all(
        (before.cdf(float(e[0])) if s < 0 else 1 - before.cdf(float(e[0]))) >= least
        for s, e in zip((-1, 1), ends, strict=True)
        if np.isfinite(e[0])
    )
    if was_fine:
        assert moved[0] == mean and scaled[0] == deviation


# --- choices ---------------------------------------------------------------------------------------------------------


def test_choices_come_up_as_often_as_is_likely() -> None:
    made = Choices(np.array([2, 4]))
    made.probabilities = np.array([[0.3, 0.7, 0, 0], [0.1, 0.2, 0.3, 0.4]])
    drawn = made.draw(np.random.default_rng(0).random((40_000, 2)))
    for d in range(2):  # a share has the deviation 0.0025 at most
        shares = np.bincount(drawn[:, d], minlength=4) / 40_000
        np.testing.assert_allclose(shares, made.probabilities[d], atol=0.0125)


@given(st.lists(st.integers(2, 5), min_size=1, max_size=4), st.integers(0, 1000))
@settings(deadline=None, max_examples=40)
def test_no_choice_dies_out_and_probabilities_add_up(n_choices: list[int], seed: int) -> None:
    rng, made = np.random.default_rng(seed), Choices(np.array(n_choices))
    weights = np.maximum(rates(4, 8).weights, 0)
    for _ in range(60):
        drawn = made.draw(rng.random((8, len(n_choices))))
        made.tell(drawn[np.argsort((drawn != 0).sum(1), kind="stable")], weights)
        np.testing.assert_allclose(made.probabilities.sum(1), 1.0)
        for d, k in enumerate(n_choices):
            assert (made.probabilities[d, :k] >= made.least[d] - 1e-12).all()
            assert (made.probabilities[d, k:] == 0).all()
    assert (made.probabilities[:, 0] > 0.5).all()


# --- coordinates -----------------------------------------------------------------------------------------------------


@given(st.floats(-50, 50), st.floats(-3, 3), st.floats(0.1, 4))
@settings(deadline=None)
def test_folding_reflects_at_both_ends(x: float, low: float, span: float) -> None:
    expected, sign = x, 1.0
    while not low <= expected <= low + span:
        expected, sign = (2 * low if expected < low else 2 * (low + span)) - expected, -sign
    folded, found = fold(np.array([x]), np.array([low]), np.array([span]))
    assert math.isclose(folded[0], expected, abs_tol=1e-9)
    if 1e-6 < expected - low < span - 1e-6:
        assert found[0] == sign


def test_nothing_heaps_up_at_the_ends() -> None:
    # A normal distribution around an end, folded, has twice the density of its half there: of 20,000 draws 8 % lie
    # in the first tenth of a deviation, with a deviation of 0.2 %; clipped, half of them would.
    space = {"x": FloatDistribution(0, 10)}
    frame = Frame(space, space)
    strategy = Strategy(Normal(np.zeros(1), 0.1), NO_CHOICES)
    x = frame.values(strategy.ask(np.random.default_rng(0), 20_000))[:, 0]
    assert x.min() >= 0
    assert abs((x < 0.1).mean() - (NormalDist().cdf(0.1) - NormalDist().cdf(-0.1))) < 0.01


def test_points_and_values_of_every_kind() -> None:
    space = {
        "log": FloatDistribution(1e-3, 1e3, log=True),
        "choice": CategoricalDistribution(("a", "b")),
        "int": IntDistribution(0, 4),
    }
    frame = Frame(space, space)
    strategy = Strategy(Normal(frame.middle(), 1e-9), Choices(frame.n_choices))
    values = frame.values(strategy.ask(np.random.default_rng(0), 6))
    np.testing.assert_allclose(values[:, 0], 1.0, rtol=1e-6)
    assert set(values[:, 1]) == {0, 1} and set(values[:, 2]) == {2}
    np.testing.assert_allclose(frame.point_of({"log": 1e3, "int": 0, "choice": "a"}), [1.0, 0.1])
    image, sign, lower, upper = frame.cells(np.array([0.5, -0.25]))
    np.testing.assert_allclose([image[0], sign[0], lower[0], upper[0]], [0.25, -1, 0.2, 0.4])


def test_coordinates_on_a_grid_move_to_the_middle_of_their_cells() -> None:
    space = {"x": FloatDistribution(0, 1), "n": IntDistribution(0, 4)}
    frame = Frame(space, space)
    found = frame.centred(np.array([[0.33, 0.33], [1.2, -0.25], [0.5, 1.05]]))
    np.testing.assert_allclose(found, [[0.33, 0.3], [1.2, -0.3], [0.5, 1.1]])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_steps_do_not_fall_because_integers_are_found(seed: int) -> None:
    # Ten integers that matter more than ten floats: once they are right, the floats are still far away.
    space = {f"x{i}": FloatDistribution(-3, 3) for i in range(10)} | {
        f"n{i}": IntDistribution(-10, 10) for i in range(10)
    }
    frame, rng = Frame(space, space), np.random.default_rng(seed)
    strategy = Strategy(Normal(frame.middle(), 1 / 6), Choices(frame.n_choices), frame, with_margin=True)
    for _ in range(500):
        points = strategy.ask(rng, 12)
        values = (1e3 ** (np.arange(20) / 19) * (frame.values(points) - np.repeat([2.0, 4.0], 10)) ** 2).sum(1)
        strategy.tell(points.take(np.argsort(values)))
    assert values.min() < 1e-6


# --- where runs begin and end ----------------------------------------------------------------------------------------


def test_the_promising_region_of_points() -> None:
    rng = np.random.default_rng(0)
    points = 0.5 + 0.2 * rng.standard_normal((200, 2))
    mean, sigma, covariance = promising(points)
    np.testing.assert_allclose(mean, points[:20].mean(0))
    np.testing.assert_allclose(sigma**2 * covariance, 0.01 * np.eye(2) + np.cov(points[:20].T, bias=True))
    assert math.isclose(np.linalg.det(covariance), 1.0)


def test_populations_of_ipop_and_bipop() -> None:
    rng = np.random.default_rng(0)
    ipop = Schedule("ipop", 10, 3)
    assert [ipop.next(100, rng) for _ in range(3)] == [(30, 1.0), (90, 1.0), (270, 1.0)]
    bipop = Schedule("bipop", 10, 2)
    found = [bipop.next(spent, rng) for spent in (100, 1000, 300, 800, 50)]
    assert [size for size, _ in found[:1]] == [20]
    assert all(10 * 0.5 <= size <= 20 and 0.01 <= share <= 1 for size, share in found[1:3])  # 1000 and then 300 spent
    assert found[3] == (40, 1.0)  # 1000 by large ones, 1100 by small ones


def test_a_run_is_over_when_nothing_changes() -> None:
    watch = Watch(1.0, 10, 2)
    assert [watch.stagnates(np.full(10, 3.0)) for _ in range(16)] == [False] * 15 + [True]
    assert not watch.is_at_its_end(Normal(np.zeros(2), 1.0))
    assert watch.is_at_its_end(Normal(np.zeros(2), 1e-13))
    assert watch.is_at_its_end(Normal(np.zeros(2), 1e5))
    assert watch.is_at_its_end(Normal(np.zeros(2), 1.0, np.diag([1.0, 1e15])))


@pytest.mark.parametrize("kind", [Normal, DiagonalNormal])
def test_it_finds_an_ellipsoid(kind: type[Normal]) -> None:
    rng = np.random.default_rng(0)
    strategy = Strategy(kind(np.ones(5), 0.5), NO_CHOICES)
    for _ in range(250):
        points = strategy.ask(rng, default_size(5))
        values = (10.0 ** np.arange(5) * points.numbers**2).sum(1)
        strategy.tell(points.take(np.argsort(values)))
    assert values.min() < 1e-10
