"""A Gaussian process against the formulas of the textbook, and the Numba tier against NumPy's."""

from __future__ import annotations

from typing import NamedTuple

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.arrays import FloatArray
from parzen.engine.kernels import covariance
from parzen.engine.kernels import gaussian_process as slow
from parzen.engine.kernels.compiled import gaussian_process as fast
from parzen.engine.kernels.covariance import Layout, Points
from parzen.engine.kernels.gaussian_process import Posterior
from parzen.samplers.gp.surrogate import beside


class Case(NamedTuple):
    """Points of some kinds of parameters, with observations."""

    points: Points
    layout: Layout
    theta: FloatArray
    z: FloatArray

    @property
    def lengths(self) -> FloatArray:
        return np.exp(self.theta[:-1])

    @property
    def eta(self) -> float:
        return float(np.exp(self.theta[-1]))

    def some(self, n: int, seed: int = 99) -> Points:
        """Draw other points of the same kinds."""
        rng = np.random.default_rng(seed)
        p, q = len(self.layout.of_numbers), len(self.layout.of_choices)
        return Points(rng.random((n, p)), rng.integers(0, 3, (n, q)))

    def covariance(self, a: Points | None = None, b: Points | None = None) -> FloatArray:
        a, b = (self.points if points is None else points for points in (a, b))
        return covariance.cross(a, b, self.layout, self.lengths)

    def model(self) -> Posterior:
        return Posterior.of(self.theta, self.points, self.layout, slow.factored(self.covariance(), self.eta), self.z)


def case(n: int, n_numbers: int = 2, n_second: int = 1, n_choices: int = 1, seed: int = 0) -> Case:
    """Draw one; `n_second` of the numbers have two columns, as parameters that may be lacking."""
    rng = np.random.default_rng(seed)
    d = n_numbers + n_choices
    layout = Layout(np.append(np.arange(n_numbers), np.arange(n_second)), np.arange(n_numbers, d))
    theta = np.append(rng.normal(0.0, 0.7, d), rng.uniform(-9.0, -1.0))
    drawn = Case(Points(np.empty((0, 0)), np.empty((0, 0))), layout, theta, rng.standard_normal(n))
    return drawn._replace(points=drawn.some(n, seed))


kinds = st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)).filter(lambda k: k[0] >= k[1] and sum(k))
cases = st.builds(lambda n, kinds, seed: case(n, *kinds, seed), st.integers(1, 14), kinds, st.integers(0, 2**32 - 1))


# --- the covariance --------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(cases, st.integers(0, 4))
def test_covariance_agrees_with_the_formula(some: Case, m: int) -> None:
    other = some.some(m)
    expected = [
        [naive.matern(a, b, some.layout, some.lengths) for b in zip(*other, strict=True)]
        for a in zip(*some.points, strict=True)
    ]
    found = some.covariance(b=other)
    assert found.shape == (len(some.z), m)
    np.testing.assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-12, atol=1e-13)


@settings(deadline=None)
@given(cases)
def test_covariance_is_symmetric_and_positive_definite(some: Case) -> None:
    found = some.covariance()
    np.testing.assert_allclose(found, found.T, rtol=1e-14)
    np.testing.assert_allclose(np.diagonal(found), 1.0, rtol=1e-13)
    assert (np.linalg.eigvalsh(found) > -1e-12).all()


def test_a_point_is_known_from_itself_alone() -> None:
    """One number that differs by 1 or by nothing, one choice that is the same or another one."""
    points = Points(np.array([[0.0], [1.0], [0.0]]), np.array([[0], [0], [2]]))
    layout, lengths = Layout(np.array([0]), np.array([1])), np.array([2.0, 0.5])
    np.testing.assert_allclose(
        covariance.squared_distances(points, points, layout, lengths), [[0, 0.25, 4], [0.25, 0, 4.25], [4, 4.25, 0]]
    )
    assert layout.d == 2 and Layout(np.array([], dtype=int), np.array([], dtype=int)).d == 0
    some = Points.joined(points, points.take(np.array([1])))
    assert some.numbers.tolist() == [[0.0], [1.0], [0.0], [1.0]] and some.choices.tolist() == [[0], [0], [2], [0]]


@settings(deadline=None)
@given(cases)
def test_by_log_lengths_agrees_with_a_loop(some: Case) -> None:
    n, lengths = len(some.z), some.lengths
    weight = np.random.default_rng(n).standard_normal((n, n))
    weight += weight.T
    expected = np.zeros(len(lengths))
    for i in range(n):
        for k in range(n):
            for column, j in enumerate(some.layout.of_numbers):
                difference = some.points.numbers[i, column] - some.points.numbers[k, column]
                expected[j] -= 2 * weight[i, k] * (difference / lengths[j]) ** 2
            for column, j in enumerate(some.layout.of_choices):
                differs = some.points.choices[i, column] != some.points.choices[k, column]
                expected[j] -= 2 * weight[i, k] * differs / lengths[j] ** 2
    found = covariance.by_log_lengths(weight, some.points, some.layout, lengths)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * (1 + n * n / lengths.min() ** 2))


# --- likelihood and predictions --------------------------------------------------------------------------------------


def textbook(some: Case) -> tuple[FloatArray, float, FloatArray, float]:
    """Give C, the mean, C^-1 (z - m) and the scale by dense formulas."""
    n = len(some.z)
    c = some.covariance() + some.eta * np.eye(n)
    solved = np.linalg.solve(c, np.ones(n))
    mean = solved @ some.z / solved.sum()
    alpha = np.linalg.solve(c, some.z - mean)
    return c, mean, alpha, (1.0 + (some.z - mean) @ alpha) / (n + 1.0)


@settings(deadline=None)
@given(cases)
def test_a_fit_minimises_the_likelihood_and_the_priors(some: Case) -> None:
    n, d = len(some.z), len(some.theta) - 1
    c, _, _, scale = textbook(some)
    value = (n / 2 + 0.5) * np.log(scale * (n + 1.0)) + 0.5 * np.linalg.slogdet(c)[1]
    off = some.theta[:-1] + 1.0 - 0.5 * np.log(d)
    is_number = np.isin(np.arange(d), some.layout.of_numbers)
    together = np.where(is_number[:, None] & is_number, 0.5**2, 0.0)
    value += off @ np.linalg.solve(together + np.diag(np.where(is_number, 0.5, 0.7) ** 2), off) / 2
    value += ((some.theta[-1] + 7.0) / 2.5) ** 2 / 2
    found, _ = slow.negative_log_posterior(some.theta, some.points, some.layout, some.z)
    assert found == pytest.approx(value, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(cases)
def test_predictions_are_those_of_the_textbook(some: Case) -> None:
    c, mean, alpha, scale = textbook(some)
    model, new = some.model(), some.some(5)
    cross = some.covariance(new)
    variance = scale * (1.0 - np.einsum("mn,nm->m", cross, np.linalg.solve(c, cross.T)))
    found = model.predict(cross)
    np.testing.assert_allclose(found[0], mean + cross @ alpha, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(found[1] ** 2, variance, rtol=1e-7, atol=1e-8 * scale)
    np.testing.assert_allclose(model.smoothed(some.z), mean + some.covariance() @ alpha, rtol=1e-7, atol=1e-7)


@settings(deadline=None)
@given(cases)
def test_a_bound_is_never_below_the_deviation(some: Case) -> None:
    model = some.model()
    cross = np.concatenate([some.covariance(some.some(20)), some.covariance()])
    (mean, bound), (predicted, deviation) = model.bound(cross), model.predict(cross)
    np.testing.assert_array_equal(mean, predicted)
    assert (bound**2 >= deviation**2 - 1e-9 * model.scale).all()


def test_a_prediction_far_away_is_the_prior_and_at_an_observation_the_noise() -> None:
    some = case(6, 2, 0, 0, seed=3)
    some = some._replace(theta=np.array([-4.0, -4.0, -13.0]))
    model = some.model()
    far = Points(np.full((1, 2), 50.0), np.empty((1, 0), dtype=np.int64))
    mean, deviation = model.predict(some.covariance(far))
    assert mean[0] == pytest.approx(model.mean) and deviation[0] == pytest.approx(np.sqrt(model.scale))
    mean, deviation = model.predict(some.covariance())
    np.testing.assert_allclose(mean, some.z, atol=1e-4)
    np.testing.assert_allclose(deviation, np.sqrt(model.scale * model.eta), rtol=1e-3)


# --- one more point --------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(2, 14), kinds, st.integers(0, 2**32 - 1))
def test_extending_a_factor_is_factoring_anew(n: int, some_kinds: tuple[int, int, int], seed: int) -> None:
    some = case(n, *some_kinds, seed)
    whole = some.covariance()
    factor = slow.factored(whole[:-1, :-1].copy(), some.eta)
    found = slow.extended(factor, whole[:-1, -1], 1.0 + some.eta)
    expected = slow.factored(whole, some.eta)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8 * np.abs(expected.half).max())


@settings(deadline=None)
@given(cases, st.integers(0, 3))
def test_fantasies_leave_the_mean_and_shrink_the_deviation(some: Case, n_running: int) -> None:
    model, running, new = some.model(), some.some(n_running, 7), some.some(20)
    after = beside(model, running)
    (mean, deviation), (mean_after, deviation_after) = (
        it.predict(some.covariance(new, it.points)) for it in (model, after)
    )
    np.testing.assert_allclose(mean_after, mean, rtol=1e-12, atol=1e-12)
    assert (deviation_after**2 <= deviation**2 + 1e-9 * model.scale).all()
    _, left = after.predict(some.covariance(running, after.points))
    assert (left**2 <= model.scale * model.eta * 1.001 + 1e-9).all()
    # What is known of them is what one observation more would teach, whatever it shows
    points, z = Points.joined(some.points, running), np.append(some.z, np.zeros(n_running))
    told = some._replace(points=points, z=z).model()._replace(scale=model.scale)
    np.testing.assert_allclose(deviation_after, told.predict(some.covariance(new, points))[1], rtol=1e-5, atol=1e-6)


# --- the Numba tier --------------------------------------------------------------------------------------------------


def positive_definite(n: int, seed: int) -> FloatArray:
    some = np.random.default_rng(seed).standard_normal((n, n + 2))
    return some @ some.T + 0.1 * np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 21])
def test_compiled_matrices_agree(n: int) -> None:
    c, x, out = positive_definite(n, n), np.random.default_rng(n).standard_normal(n), np.full(n, np.nan)
    lower, replaced = np.linalg.cholesky(c), c.copy()
    assert fast.factor(replaced) == pytest.approx(np.linalg.slogdet(c)[1], rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(np.triu(replaced), lower.T, rtol=1e-10, atol=1e-12)
    half = fast.inverted(replaced)
    np.testing.assert_allclose(half, np.linalg.inv(lower), rtol=1e-8, atol=1e-10)
    assert not np.triu(half, 1).any()
    np.testing.assert_allclose(fast.product(half), np.linalg.inv(c), rtol=1e-8, atol=1e-10)
    np.testing.assert_array_equal(fast.product(half), fast.product(half).T)
    fast.multiply(c, x, out)
    np.testing.assert_allclose(out, c @ x, rtol=1e-12, atol=1e-12)
    fast.times_lower(np.ascontiguousarray(half.T), x, out)
    np.testing.assert_allclose(out, half @ x, rtol=1e-12, atol=1e-12)
    fast.times_upper(half, x, out)
    np.testing.assert_allclose(out, half.T @ x, rtol=1e-12, atol=1e-12)


@settings(deadline=None)
@given(cases)
def test_compiled_factors_agree(some: Case) -> None:
    etas = some.eta, np.random.default_rng(0).uniform(0.01, 1.0, len(some.z))
    for eta in etas:
        found, expected = (kernels.factored(some.covariance(), eta) for kernels in (fast, slow))
        np.testing.assert_allclose(found.half, expected.half, rtol=1e-7, atol=1e-9 * np.abs(expected.half).max())
        np.testing.assert_allclose(
            fast.product(found.half), expected.half.T @ expected.half, rtol=1e-7, atol=1e-9 / float(np.min(eta))
        )
        assert found.log_determinant == pytest.approx(expected.log_determinant, rel=1e-9, abs=1e-9)


@settings(deadline=None)
@given(cases, st.integers(0, 5))
def test_compiled_covariances_agree(some: Case, m: int) -> None:
    for new in (some.some(m), some.points, some.points._replace(numbers=some.points.numbers * 1e3)):
        found = fast.cross(new, some.points, some.layout, some.lengths)
        np.testing.assert_allclose(found, some.covariance(new), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 9, 18])
@pytest.mark.parametrize("m", [0, 1, 63, 64, 65, 130])
def test_compiled_explained_shares_agree(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    half, cross = np.tril(rng.standard_normal((n, n))), rng.standard_normal((m, n))
    expected = ((half @ cross.T) ** 2).sum(axis=0)
    for kernels in (slow, fast):
        np.testing.assert_allclose(kernels.explained(half, cross), expected, rtol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 4, 7, 12])
@pytest.mark.parametrize("k", [1, 9])
def test_compiled_means_agree(n: int, k: int) -> None:
    c, z = positive_definite(n, n), np.random.default_rng(n).standard_normal((n, k))
    half = np.linalg.inv(np.linalg.cholesky(c))
    for column in range(k):
        solved = np.linalg.solve(c, np.ones(n))
        mean = solved @ z[:, column] / solved.sum()
        alpha = np.linalg.solve(c, z[:, column] - mean)
        for kernels in (slow, fast):
            found = kernels.whitened(half, z)
            assert found[0][column] == pytest.approx(mean, rel=1e-8, abs=1e-10)
            np.testing.assert_allclose(half.T @ found[1][:, column], alpha, rtol=1e-7, atol=1e-9)
            assert found[2][column] == pytest.approx((z[:, column] - mean) @ alpha, rel=1e-7, abs=1e-9)


def compiled_posterior(some: Case) -> tuple[float, FloatArray]:
    gradient = np.full(len(some.theta), np.nan)
    value = fast.negative_log_posterior(
        some.theta,
        np.ascontiguousarray(some.points.numbers.T),
        some.layout.of_numbers,
        np.ascontiguousarray(some.points.choices.T),
        some.layout.of_choices,
        some.z,
        *slow.prior(some.layout),
        slow.SCALE_PRIOR,
        gradient,
    )
    return value, gradient


@settings(deadline=None)
@given(cases)
def test_compiled_posteriors_agree(some: Case) -> None:
    value, gradient = compiled_posterior(some)
    expected, slopes = slow.negative_log_posterior(some.theta, some.points, some.layout, some.z)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-6 * (1 + np.abs(slopes).max()))


@pytest.mark.parametrize("n", [2, 5, 8])
def test_what_cannot_be_factored_is_refused_by_both_tiers(n: int) -> None:
    for singular in (np.ones((n, n)), -np.eye(n), np.zeros((n, n))):
        for kernels in (slow, fast):
            with pytest.raises(np.linalg.LinAlgError):
                kernels.factored(singular.copy(), 0.0)
    same = case(n)
    same = same._replace(points=same.points.take(np.zeros(n, dtype=np.int64)), theta=np.append(same.theta[:-1], -60.0))
    for value, gradient in (
        compiled_posterior(same),
        slow.negative_log_posterior(same.theta, same.points, same.layout, same.z),
    ):
        assert value == np.inf
        np.testing.assert_array_equal(gradient, 0.0)


@pytest.mark.parametrize("n", [4, 13, 30])
def test_compiled_fits_agree_and_stay_within_their_bounds(n: int) -> None:
    for seed in range(8):
        some = case(n, 2, 1, 1, seed)
        z = np.sin(4.0 * some.points.numbers).sum(axis=1) + 0.3 * some.points.choices[:, 0] + 0.05 * some.z
        starts = np.array([[-0.5, -0.5, -0.5, -7.0], [-0.5, -0.5, -0.5, -1.0]])
        (found, value), (expected, least) = (
            kernels.fit(starts, some.points, some.layout, z, 15) for kernels in (fast, slow)
        )
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(value, least, atol=1e-7)
        low, high = slow.bounds(3)
        assert ((found >= low) & (found <= high)).all()
        for start, end in zip(starts, value, strict=True):
            assert end < slow.negative_log_posterior(start, some.points, some.layout, z)[0]


def test_a_fit_finds_which_parameter_matters_and_how_much_noise_there_is() -> None:
    """40 points of a wave in the first of two numbers, once as it is and once with noise of deviation 1."""
    rng = np.random.default_rng(0)
    points = Points(rng.random((40, 2)), np.empty((40, 0), dtype=np.int64))
    wave, noise = np.sin(6.0 * points.numbers[:, 0]), rng.standard_normal(40)
    layout, start = Layout(np.arange(2), np.empty(0, dtype=np.int64)), np.array([[-0.65, -0.65, -7.0]])
    quiet, loud = (slow.fit(start, points, layout, z, 30)[0][0] for z in (wave, wave + noise))
    assert quiet[0] < quiet[1] - 0.5
    assert quiet[2] < -8.0 < -2.0 < loud[2]
