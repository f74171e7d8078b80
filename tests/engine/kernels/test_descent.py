"""Minimising within bounds, and both tiers of the climb on an acquisition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from parzen.engine.arrays import FloatArray, IntArray
from parzen.engine.kernels import ascent as slow
from parzen.engine.kernels.compiled import ascent as fast
from parzen.engine.kernels.compiled import descent as fast_descent
from parzen.engine.kernels.covariance import Layout, Points
from parzen.engine.kernels.descent import Rules, minimise
from parzen.engine.kernels.gaussian_process import Posterior
from parzen.samplers.gp.acquisition import Acquisition
from parzen.samplers.gp.climb import LONG, SHORT
from parzen.samplers.gp.surrogate import _factor
from parzen.samplers.gp.tier import NUMPY

PATIENT = Rules(n_evaluations=200, first_curvature=1.0, longest=10.0, least_gain=0.0)
HASTY = Rules(n_evaluations=12, first_curvature=0.2, longest=0.5, least_gain=1e-3)


class Bowls:
    """k quadratics in p dimensions, (x - c)' A (x - c) / 2, which note where they are evaluated."""

    def __init__(self, k: int, p: int, seed: int, wide: float = 2.0) -> None:
        rng = np.random.default_rng(seed)
        half = rng.standard_normal((k, p, p))
        self.curvature = half @ half.transpose(0, 2, 1) + 0.3 * np.eye(p)
        self.centre = rng.uniform(-wide, wide, (k, p))
        self.start = rng.uniform(-1.0, 1.0, (k, p))
        self.seen: list[tuple[FloatArray, IntArray]] = []

    def __call__(self, x: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
        self.seen.append((x.copy(), which.copy()))
        off = x - self.centre[which]
        slope = np.einsum("kij,kj->ki", self.curvature[which], off)
        return 0.5 * (off * slope).sum(axis=1), slope

    def alone(self, c: int) -> Callable[[FloatArray, IntArray], tuple[FloatArray, FloatArray]]:
        return lambda x, which: self(x, np.full(len(x), c))


sizes = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))


@settings(deadline=None)
@given(sizes)
def test_the_minimum_of_a_quadratic_is_found(size: tuple[int, int, int]) -> None:
    bowls = Bowls(*size)
    x, f = minimise(bowls, bowls.start, -np.inf, np.inf, PATIENT)
    np.testing.assert_allclose(x, bowls.centre, atol=1e-4)
    np.testing.assert_allclose(f, 0.0, atol=1e-8)


@settings(deadline=None, max_examples=20)
@given(sizes)
def test_a_minimum_at_the_bounds_is_found(size: tuple[int, int, int]) -> None:
    bowls = Bowls(*size)
    x, f = minimise(bowls, bowls.start, -1.0, 1.0, PATIENT._replace(n_evaluations=1000))  # narrow valleys take long
    for c in range(size[0]):
        evaluate = bowls.alone(c)
        best = optimize.minimize(
            lambda y, evaluate=evaluate: tuple(it[0] for it in evaluate(y[None], 0)),
            bowls.start[c],
            jac=True,
            bounds=[(-1.0, 1.0)] * size[1],
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500},
        )
        assert f[c] <= best.fun + 1e-2 * max(1.0, abs(best.fun))
    np.testing.assert_array_equal(f, bowls(x, np.arange(size[0]))[0])


@settings(deadline=None)
@given(sizes, st.sampled_from([PATIENT, HASTY]))
def test_no_bound_no_budget_and_no_step_is_exceeded(size: tuple[int, int, int], rules: Rules) -> None:
    k, p, _ = size
    bowls = Bowls(*size, wide=5.0)
    low, high = np.linspace(-1.0, -0.9, p), np.linspace(0.9, 1.0, p)
    start = np.clip(bowls.start, low, high)
    x, f = minimise(bowls, start.copy(), low, high, rules)
    places, which = (np.concatenate(parts) for parts in zip(*bowls.seen, strict=True))
    assert ((places >= low) & (places <= high)).all()
    assert np.bincount(which).max() <= rules.n_evaluations
    value = bowls(places, which)[0]
    for c in range(k):
        own, values = places[which == c], value[which == c]
        np.testing.assert_array_equal(own[0], start[c])
        assert f[c] == values.min() and (own == x[c]).all(axis=1).any()
        for i in range(1, len(own)):  # each step begins at the best point so far
            assert np.abs(own[i] - own[np.argmin(values[:i])]).max() <= rules.longest + 1e-12


@settings(deadline=None, max_examples=40)
@given(sizes, st.sampled_from([PATIENT, HASTY]))
def test_several_at_once_are_as_one_at_a_time(size: tuple[int, int, int], rules: Rules) -> None:
    bowls = Bowls(*size)
    together = minimise(bowls, bowls.start, -1.0, 1.0, rules)
    alone = [minimise(bowls.alone(c), bowls.start[c : c + 1], -1.0, 1.0, rules) for c in range(size[0])]
    for found, parts in zip(together, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(found, np.concatenate(parts), rtol=1e-6, atol=1e-6)


def test_what_gains_little_ends_at_once_and_infinities_are_stepped_back_from() -> None:
    bowls = Bowls(1, 3, 0)
    minimise(bowls, bowls.start, -np.inf, np.inf, PATIENT._replace(least_gain=np.inf))
    assert len(bowls.seen) <= 3  # the first step that is accepted is the last one

    def walled(x: FloatArray, _: IntArray) -> tuple[FloatArray, FloatArray]:
        beyond = x[:, 0] > 0.5
        return np.where(beyond, np.inf, -x[:, 0]), np.where(beyond[:, None], 0.0, -1.0)

    x, f = minimise(walled, np.zeros((1, 1)), -1.0, 1.0, PATIENT)
    assert 0.4 < x[0, 0] <= 0.5 and f[0] == -x[0, 0]


def test_a_step_that_brings_much_less_than_its_slope_says_is_not_made() -> None:
    for share, is_made in ((2e-4, True), (0.5e-4, False)):
        x, _ = minimise(
            lambda x, _, share=share: (-share * x[:, 0], np.full_like(x, -1.0)), np.zeros((1, 1)), -1.0, 1.0, PATIENT
        )
        assert (x[0, 0] > 0.0) == is_made


def test_flat_and_empty_functions_stay_where_they_are() -> None:
    start = np.array([[0.2, 0.3], [0.5, 1.0]])
    x, f = minimise(lambda x, _: (np.ones(len(x)), np.zeros_like(x)), start, 0.0, 1.0, PATIENT)
    np.testing.assert_array_equal(x, start)
    np.testing.assert_array_equal(f, 1.0)
    x, f = minimise(lambda x, _: (x.sum(axis=1), np.zeros_like(x)), np.empty((2, 0)), 0.0, 1.0, PATIENT)
    assert x.shape == (2, 0) and f.shape == (2,)


def banana(x: FloatArray) -> tuple[float, FloatArray]:
    """Rosenbrock's function."""
    return optimize.rosen(x), optimize.rosen_der(x)


@pytest.mark.parametrize("p", [2, 3, 6])
@pytest.mark.parametrize("n_evaluations", [1, 2, 20, 60])
def test_the_compiled_search_takes_the_same_steps(p: int, n_evaluations: int) -> None:
    low, high = np.full(p, -1.2), np.linspace(0.7, 2.0, p)
    start = np.random.default_rng(p).uniform(low, high, (6, p))
    start[0] = high
    rules = PATIENT._replace(n_evaluations=n_evaluations, longest=0.5, first_curvature=50.0)

    def evaluate(x: FloatArray, _: IntArray) -> tuple[FloatArray, FloatArray]:
        found = [banana(row) for row in x]
        return np.array([value for value, _ in found]), np.array([slope for _, slope in found])

    expected, least = minimise(evaluate, start, low, high, rules)
    search = fast_descent.new_search(low, high)
    for c in range(len(start)):
        search.x[:] = start[c]
        value, search.gradient[:] = banana(search.x)
        fast_descent.begin(search, value, rules.first_curvature, rules.longest)
        for _ in range(n_evaluations - 1):
            if not fast_descent.propose(search):
                break
            value, search.new_gradient[:] = banana(search.tried)
            fast_descent.judge(search, value, rules.longest, rules.least_gain)
        np.testing.assert_allclose(search.x, expected[c], atol=1e-6)
        assert search.numbers[fast_descent.VALUE] == pytest.approx(least[c], abs=1e-8)


# --- on an acquisition -----------------------------------------------------------------------------------------------


def acquisition(p: int, q: int, n_constraints: int, seed: int) -> tuple[Acquisition, Points]:
    """Make up models of different sizes, and points to climb from."""
    rng = np.random.default_rng(seed)
    layout = Layout(np.arange(p), np.arange(p, p + q))

    def points(n: int) -> Points:
        return Points(rng.random((n, p)), rng.integers(0, 3, (n, q)))

    def model(n: int) -> Posterior:
        some, theta = points(n), np.append(rng.normal(-0.3, 0.4, p + q), rng.uniform(-8.0, -2.0))
        z = np.sin(6.0 * some.numbers + rng.random(p)).sum(axis=1) + some.choices.sum(axis=1)
        return Posterior.of(theta, some, layout, _factor(theta, some, layout, NUMPY), (z - z.mean()) / z.std())

    constraints = tuple((model(int(n)), float(rng.normal())) for n in rng.integers(3, 14, n_constraints))
    return Acquisition(NUMPY, model(int(rng.integers(3, 30))), float(rng.normal(-1.0, 1.0)), constraints), points(8)


@pytest.mark.parametrize("n_constraints", [0, 1, 3])
@pytest.mark.parametrize(("p", "q"), [(1, 0), (2, 1), (5, 0), (3, 2)])
@pytest.mark.parametrize("rules", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.slow
def test_both_tiers_climb_to_the_same_points(p: int, q: int, n_constraints: int, rules: Rules) -> None:
    for seed in range(6):
        rated, points = acquisition(p, q, n_constraints, seed)
        moves = np.random.default_rng(seed).random(points.numbers.shape) < 0.8
        given = rated.stack, points.numbers, rated._apart(points), moves, rules
        (found, height), (expected, top) = slow.ascend(*given), fast.ascend(*given)
        np.testing.assert_allclose(found, expected, atol=1e-8)
        np.testing.assert_allclose(height, top, rtol=1e-9, atol=1e-9)
        np.testing.assert_array_equal(found[~moves], points.numbers[~moves])
        assert ((found >= 0.0) & (found <= 1.0)).all()
        before, after = (rated.values(points._replace(numbers=it)) for it in (points.numbers, found))
        np.testing.assert_allclose(after, height, rtol=1e-7, atol=1e-7)
        assert (after >= before - 1e-9).all() and (after > before + 1e-3).any()
