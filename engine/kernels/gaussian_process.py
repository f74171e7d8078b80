"""A Gaussian process on n observations: factored once, then its likelihood, its predictions and their slopes.

Observations z of values with a constant mean m, covariance sigma^2 (K + eta I): K is the Matern covariance, eta the
noise as a share of the variance. m is the generalised least squares mean. sigma^2 has an inverse-gamma prior with both
parameters 1/2 and is integrated out of the likelihood; predictions take its posterior mode's scale. Sums that Numba's
tier does not do are written by `einsum` or as `matrices.product`. Line and equation numbers are those of Rasmussen and
Williams, "Gaussian processes for machine learning" (2006), algorithm 2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..arrays import FloatArray, IntArray
from .covariance import Layout, Points, by_log_lengths, matern_and_slope, squared_distances
from .descent import Rules, minimise
from .matrices import inverse_factor, product

# The priors of the parameters theta, the logarithms of d lengths and of eta: normal, mean and standard deviation. The
# mean length grows with the square root of d, as distances do (Hvarfner, Hellsten and Nardi 2024, section 4). The log
# lengths of numbers have a part that they share: how smooth a function is in all of them few observations tell, and
# which of many numbers matter more than others they do not.
LENGTH_MEAN, SHARED_SD, OWN_SD, CHOICE_SD = -1.0, 0.5, 0.5, 0.7
NOISE_MEAN, NOISE_SD = -7.0, 2.5
LENGTH_RANGE, NOISE_RANGE = (-4.0, 6.0), (-13.0, 2.0)
LEAST_VARIANCE = 1e-12  # of a prediction, as a share of the scale
SCALE_PRIOR = 0.5  # both parameters of the inverse gamma


class Factor(NamedTuple):
    """What is made of C = K + eta I once.

    Attributes
    ----------
    half
        L^-1, shape (n, n), where L L' = C.
    log_determinant
        Of C.
    """

    half: FloatArray
    log_determinant: float


def length_mean(d: int) -> float:
    """Give the mean of the logarithm of a length in d dimensions."""
    return LENGTH_MEAN + 0.5 * float(np.log(d))


def prior(layout: Layout) -> tuple[FloatArray, FloatArray]:
    """Give the mean of theta (d + 1,), and its precision matrix (d + 1, d + 1)."""
    d = layout.d
    own = np.full(d, CHOICE_SD**-2)
    own[layout.of_numbers] = OWN_SD**-2
    shared = np.zeros(d)
    shared[layout.of_numbers] = OWN_SD**-2
    precision = np.diag(np.append(own, NOISE_SD**-2))
    precision[:d, :d] -= shared[:, None] * shared / (SHARED_SD**-2 + shared.sum())  # Sherman and Morrison
    return np.append(np.full(d, length_mean(d)), NOISE_MEAN), precision


def bounds(d: int) -> tuple[FloatArray, FloatArray]:
    """Give the least and the greatest theta, shape (d + 1,)."""
    low, high = np.full(d + 1, LENGTH_RANGE[0]), np.full(d + 1, LENGTH_RANGE[1])
    low[-1], high[-1] = NOISE_RANGE
    return low, high


def factored(covariance: FloatArray, eta: FloatArray | float) -> Factor:
    """Factor K + eta I (line 2); raises ``numpy.linalg.LinAlgError`` where it is not positive definite.

    Parameters
    ----------
    covariance
        K, shape (n, n); changed.
    eta
        One number, or one for each observation, shape (n,).
    """
    n = len(covariance)
    covariance[np.arange(n), np.arange(n)] += eta
    half = inverse_factor(covariance)
    return Factor(half, -2.0 * float(np.log(np.diagonal(half)).sum()))


def whitened(half: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the means m (k,), L^-1 (z - m) (n, k), and q = (z - m)' C^-1 (z - m) (k,) of columns z (n, k)."""
    ones, rest = half.sum(axis=1), product(half, z)
    mean = (ones @ rest) / (ones @ ones)
    rest = rest - ones[:, None] * mean
    return mean, rest, (rest * rest).sum(axis=0)


Whitened = Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]


def explained(half: FloatArray, cross: FloatArray) -> FloatArray:
    """Return the shares (m,) of the variance that the observations explain at points of covariances (m, n)."""
    whitened = product(cross, half.T)  # by its square, since C^-1 itself would lose twice the digits
    return np.asarray(np.einsum("ij,ij->i", whitened, whitened))


def negative_log_posterior(
    theta: FloatArray, points: Points, layout: Layout, z: FloatArray
) -> tuple[float, FloatArray]:
    """Return what a fit minimises, and its gradient: minus the log marginal likelihood (eq. 2.30) and the log priors.

    Parameters
    ----------
    theta
        Logarithms of the d lengths, and of eta, shape (d + 1,).
    points
        The n points.
    z
        Their observations, shape (n,).

    Returns
    -------
    value, gradient
        inf and zeros where C cannot be factored.
    """
    n, lengths, eta = len(z), np.exp(theta[:-1]), float(np.exp(theta[-1]))
    covariance, slope = matern_and_slope(squared_distances(points, points, layout, lengths))
    try:
        factor = factored(covariance, eta)
    except np.linalg.LinAlgError:
        return np.inf, np.zeros_like(theta)
    _, rest, q = whitened(factor.half, z[:, None])
    alpha = factor.half.T @ rest
    scale, power = 2.0 * SCALE_PRIOR + float(q[0]), 0.5 * n + SCALE_PRIOR
    # Eq. 5.9 with the scale integrated out: 1/2 tr(C^-1 dC) - power / scale alpha' dC alpha
    weight = 0.5 * product(factor.half.T, factor.half) - (power / scale) * alpha * alpha[:, 0]
    gradient = np.empty_like(theta)
    gradient[-1] = eta * np.trace(weight)
    weight *= slope
    gradient[:-1] = by_log_lengths(weight, points, layout, lengths)
    center, precision = prior(layout)
    off = theta - center
    pull = np.einsum("ij,j->i", precision, off)
    value = power * np.log(scale) + 0.5 * factor.log_determinant + 0.5 * float((off * pull).sum())
    return float(value), gradient + pull


def fit(
    starts: FloatArray, points: Points, layout: Layout, z: FloatArray, n_evaluations: int
) -> tuple[FloatArray, FloatArray]:
    """Minimise from k starts (k, d + 1); return where each led, and the values there (k,)."""

    def evaluate(theta: FloatArray, _: IntArray) -> tuple[FloatArray, FloatArray]:
        pairs = [negative_log_posterior(one, points, layout, z) for one in theta]
        return np.array([value for value, _ in pairs]), np.array([gradient for _, gradient in pairs])

    return minimise(evaluate, starts, *bounds(layout.d), fit_rules(len(z), n_evaluations))


def fit_rules(n: int, n_evaluations: int) -> Rules:
    """Say how a fit to `n` observations goes: a factor of e makes the likelihood change by about n / 2."""
    return Rules(n_evaluations, first_curvature=0.5 * n, longest=1.5, least_gain=1e-3)


class Posterior(NamedTuple):
    """A Gaussian process given its observations.

    Attributes
    ----------
    points, layout, lengths
        Where n observations are, and the covariance.
    factor
        Of their covariance.
    mean
        m.
    alpha
        C^-1 (z - m), shape (n,).
    scale
        sigma^2.
    eta
        The noise as a share of it.
    """

    points: Points
    layout: Layout
    lengths: FloatArray
    factor: Factor
    mean: float
    alpha: FloatArray
    scale: float
    eta: float

    @classmethod
    def of(
        cls,
        theta: FloatArray,
        points: Points,
        layout: Layout,
        factor: Factor,
        z: FloatArray,
        whitened: Whitened = whitened,
    ) -> Posterior:
        """Condition on observations z (n,), given the factor of their covariance at theta."""
        mean, rest, q = whitened(factor.half, z[:, None])
        alpha = np.einsum("ij,i->j", factor.half, rest[:, 0])
        scale = (2.0 * SCALE_PRIOR + float(q[0])) / (len(z) + 2.0 * SCALE_PRIOR)
        eta = float(np.exp(theta[-1]))
        return cls(points, layout, np.exp(theta[:-1]), factor, float(mean[0]), alpha, scale, eta)

    def smoothed(self, z: FloatArray) -> FloatArray:
        """Predict the values without noise at the observations z (n,)."""
        return np.asarray(z - self.eta * self.alpha)

    def predict(
        self, cross: FloatArray, explained: Callable[[FloatArray, FloatArray], FloatArray] = explained
    ) -> tuple[FloatArray, FloatArray]:
        """Predict means and deviations (m,) of the values without noise, given covariances (m, n) (eqs. 2.25, 2.26)."""
        return self.mean_at(cross), self._deviation(explained(self.factor.half, cross))

    def bound(self, cross: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Predict means, and upper bounds of the deviations: those that the nearest observation alone would leave."""
        return self.mean_at(cross), self._deviation(cross.max(axis=1) ** 2 / (1.0 + self.eta))

    def mean_at(self, cross: FloatArray) -> FloatArray:
        """Predict means (m,), given covariances (m, n)."""
        return np.asarray(self.mean + np.einsum("ij,j->i", cross, self.alpha))

    def _deviation(self, explained: FloatArray) -> FloatArray:
        return np.sqrt(self.scale * np.maximum(1.0 - explained, LEAST_VARIANCE))


def extended(factor: Factor, cross: FloatArray, own: float) -> Factor:
    """Add one point to a factored covariance, in O(n^2): cross covariances (n,), and its own with noise.

    The new row of L is l = L^-1 cross, sqrt(own - l' l); the inverse of L gains the row -(l' L^-1) / pivot, 1 / pivot.
    """
    n = len(cross)
    row = np.einsum("ij,j->i", factor.half, cross)
    pivot = float(np.sqrt(max(own - float(row @ row), 1e-12)))
    half = np.zeros((n + 1, n + 1))
    half[:n, :n] = factor.half
    half[n, :n], half[n, n] = -np.einsum("i,ij->j", row, factor.half) / pivot, 1.0 / pivot
    return Factor(half, factor.log_determinant + 2.0 * float(np.log(pivot)))
