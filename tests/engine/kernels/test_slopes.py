"""Every value with a hand-written gradient, against central differences: one list, which the next pair joins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from parzen.engine.arrays import FloatArray
from parzen.engine.kernels import ascent, covariance, gaussian_process, improvement
from parzen.engine.kernels.covariance import Layout, Points
from parzen.engine.kernels.gaussian_process import Posterior
from parzen.samplers.gp.acquisition import Acquisition
from parzen.samplers.gp.tier import NUMPY

Pair = Callable[[FloatArray], tuple[FloatArray, FloatArray]]  # x (p,) to values (m,) and their derivatives (m, p)
LAYOUT = Layout(np.array([0, 1, 2, 1]), np.array([3, 4]))  # parameter 1 has two columns, as one that may be lacking


def points(n: int, seed: int = 0) -> Points:
    rng = np.random.default_rng(seed)
    return Points(rng.random((n, 4)), rng.integers(0, 3, (n, 2)))


def model(seed: int = 0) -> Posterior:
    some, theta = points(12, seed), np.array([-0.5, 0.2, 0.4, -0.3, 0.1, -5.0])
    z = np.sin(5 * some.numbers).sum(axis=1) + some.choices[:, 0]
    squared = covariance.squared_distances(some, some, LAYOUT, np.exp(theta[:-1]))
    factor = gaussian_process.factored(covariance.matern(squared), np.exp(theta[-1]))
    return Posterior.of(theta, some, LAYOUT, factor, z)


def matern_by_squared(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    value, slope = covariance.matern_and_slope(x)
    return value, np.diag(slope)


def log_h_by_u(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    value, ratio, _ = improvement.log_h(x)
    return value, np.diag(ratio)


def improvement_by(noise: float) -> Pair:
    def pair(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        value, by_mean, by_sd = improvement.log_expected_improvement(x[:1], x[1:], 0.3, noise)
        return value, np.array([[by_mean[0], by_sd[0]]])

    return pair


def probability(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    value, by_mean, by_sd = improvement.log_probability_below(x[:1], x[1:], 0.3)
    return value, np.array([[by_mean[0], by_sd[0]]])


def posterior_by_theta(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    some = points(9)
    value, gradient = gaussian_process.negative_log_posterior(x, some, LAYOUT, np.cos(7 * some.numbers[:, 0]))
    return np.array([value]), gradient[None]


def acquisition_by_numbers(constrained: bool) -> Pair:
    constraints = ((model(1), 0.2), (model(2), 1.0)) if constrained else ()
    rated = Acquisition(NUMPY, model(), -0.5, constraints)

    def pair(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        point = Points(x[None], np.array([[0, 2]]))
        value, gradient = ascent.value_and_gradient(rated.stack, x[None], rated._apart(point))
        np.testing.assert_allclose(rated.values(point), value, rtol=1e-10)
        return value, gradient

    return pair


PAIRS: dict[str, tuple[Pair, list[FloatArray]]] = {
    "matern": (matern_by_squared, [np.array([1e-3, 0.1, 1.0, 30.0])]),
    "log h": (log_h_by_u, [np.array([-5.0, -0.5, -1e-3, 0.7, 4.0]), np.array([-25.0, -120.0])]),
    "log expected improvement": (improvement_by(0.0), [np.array([0.1, 0.4]), np.array([2.0, 0.1])]),
    "augmented expected improvement": (improvement_by(0.2), [np.array([0.1, 0.4]), np.array([2.0, 0.1])]),
    "log probability of feasibility": (probability, [np.array([0.1, 0.4]), np.array([2.0, 0.1]), np.array([-1, 0.1])]),
    "negative log posterior": (
        posterior_by_theta,
        [np.array([-0.5, 0.2, 0.4, -0.3, 0.1, -5.0]), np.array([-2.0, 1.0, 0.0, 0.5, -1.0, 0.5])],
    ),
    "acquisition": (acquisition_by_numbers(False), list(np.random.default_rng(3).random((3, 4)))),
    "constrained acquisition": (acquisition_by_numbers(True), list(np.random.default_rng(4).random((3, 4)))),
}


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_are_those_of_central_differences(name: str) -> None:
    pair, places = PAIRS[name]
    for x in places:
        _, gradient = pair(x)
        for j in range(len(x)):
            step = np.zeros_like(x)
            step[j] = 1e-5 * max(abs(x[j]), 0.1)
            difference = (pair(x + step)[0] - pair(x - step)[0]) / (2 * step[j])
            np.testing.assert_allclose(gradient[:, j], difference, rtol=2e-5, atol=1e-7)
