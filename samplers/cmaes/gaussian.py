"""The normal distribution that CMA-ES draws from and adapts (Hansen, The CMA Evolution Strategy: A Tutorial, 2016).

Numbers of equations are those of arXiv:1604.00772. `Normal` has a full covariance matrix, `DiagonalNormal` the
diagonal alone (Ros and Hansen, A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity, PPSN 2008).

Shapes: n dimensions, k members of a population; points are rows.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray

_LARGEST_STEP = 1.0  # of the exponent in eq. (44): a single generation changes the step size by a factor of e at most
_LEAST_VARIANCE = 1e-32  # of the largest one: below, a covariance matrix in floats is not positive definite any more


def default_size(n: int) -> int:
    """Give the population size for n dimensions: eq. (48)."""
    return 4 + int(3 * math.log(max(n, 1)))


def orthogonal(z: FloatArray) -> FloatArray:
    """Turn rows of standard normal numbers (k, n) at right angles to each other, up to n of them; lengths stay.

    Each row is still standard normal, but together they look into all directions alike: a population learns more of
    them (Wang, Emmerich and Baeck, Mirrored Orthogonal Sampling for CMA-ES, Evolutionary Computation 27(4), 2019).
    """
    n = z.shape[1]
    parts = [z[first : first + n] for first in range(0, len(z), max(n, 1))]
    return np.concatenate([_orthogonal(part) for part in parts]) if n > 1 else z


def _orthogonal(z: FloatArray) -> FloatArray:
    directions, triangle = np.linalg.qr(z.T)
    # By the signs the directions are uniform, whatever the decomposition prefers (Mezzadri 2007).
    signed = directions * np.copysign(1.0, np.diagonal(triangle))
    return np.asarray(signed.T * np.sqrt((z**2).sum(axis=1))[:, None])


class Rates(NamedTuple):
    """Weights and learning rates of table 1, for n dimensions and a population of k.

    Attributes
    ----------
    weights
        By rank, shape (k,); the positive ones add up to 1.
    mu_eff
        Variance effective selection mass of the positive weights.
    c_sigma, d_sigma
        Learning rate and damping of the step size.
    c_c, c_1, c_mu
        Learning rates of the evolution path, and of the rank-one and the rank-mu update.
    """

    weights: FloatArray
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float


@lru_cache(maxsize=256)
def rates(n: int, k: int, diagonal: bool = False) -> Rates:
    """Give the default parameters of table 1; with `diagonal` those of Ros and Hansen."""
    raw = math.log((k + 1) / 2) - np.log(np.arange(1, k + 1))  # (49)
    positive, negative = np.maximum(raw, 0.0), np.maximum(-raw, 0.0)
    mu_eff = positive.sum() ** 2 / (positive**2).sum()
    c_sigma = (mu_eff + 2) / (n + mu_eff + 5)  # (55)
    d_sigma = 1 + 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1) + c_sigma
    c_c = (4 + mu_eff / n) / (n + 4 + 2 * mu_eff / n)  # (56)
    faster = (n + 2) / 3 if diagonal else 1.0  # Ros and Hansen, section 2: there are n numbers to be learnt, not n^2/2
    c_1 = min(faster * 2 / ((n + 1.3) ** 2 + mu_eff), 0.5)  # (57)
    c_mu = min(1 - c_1, faster * 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((n + 2) ** 2 + mu_eff))  # (58)
    weights = positive / positive.sum()
    if negative.any() and c_mu > 0:
        mu_eff_negative = negative.sum() ** 2 / (negative**2).sum()
        share = min(1 + c_1 / c_mu, 1 + 2 * mu_eff_negative / (mu_eff + 2), (1 - c_1 - c_mu) / (n * c_mu))  # (50)-(52)
        weights -= max(share, 0.0) * negative / negative.sum()  # (53)
    weights.flags.writeable = False
    return Rates(weights, float(mu_eff), c_sigma, d_sigma, c_c, c_1, c_mu)


def expected_length(n: int) -> float:
    """Give the expected length of a standard normal vector of n dimensions."""
    return math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))


class Normal:
    """N(mean, sigma^2 C), and the evolution paths by which step size and C are adapted.

    Parameters
    ----------
    mean
        Shape (n,).
    sigma
        The step size.
    covariance
        C, shape (n, n); None: the identity.

    Attributes
    ----------
    scales : ndarray
        The margin's factors of each coordinate's standard deviation, shape (n,): see `margin`.
    is_free : ndarray
        Which coordinates count for the step size, shape (n,). One on a grid that is narrower than a cell does not: of
        points in the same cell none is better, and those that are selected lie nearer to the mean than was drawn, so
        that the step size would fall and fall.
    generation : int
        Updates so far.
    """

    is_diagonal = False

    def __init__(self, mean: FloatArray, sigma: float, covariance: FloatArray | None = None) -> None:
        self.n = len(mean)
        self.mean = np.array(mean, dtype=np.float64)
        self.sigma = float(sigma)
        self.path_sigma = np.zeros(self.n)
        self.path_c = np.zeros(self.n)
        self.scales = np.ones(self.n)
        self.is_free = np.ones(self.n, dtype=np.bool_)
        self.generation = 0
        self._set(np.eye(self.n) if covariance is None else np.asarray(covariance, dtype=np.float64))

    # --- the matrix --------------------------------------------------------------------------------------------------

    def _set(self, covariance: FloatArray) -> None:
        """Take a covariance matrix, and its Cholesky factor A.

        For the root of C in eqs. (39), (43) and (46) any A with ``A A' = C`` will do, and this one costs a tenth of the
        eigenvectors: of 40 dimensions 10 us instead of 150, and of eigenvectors on busy cores 50 ms, as their library
        then waits for its own threads.
        """
        self.covariance, self._root = _decomposed((covariance + covariance.T) / 2)
        self._inverse_root = np.linalg.inv(self._root)

    def variances(self) -> FloatArray:
        """Give the diagonal of C, shape (n,)."""
        return np.diagonal(self.covariance)

    def coloured(self, z: FloatArray) -> FloatArray:
        """Turn standard normal rows (k, n) into rows of N(0, C): eq. (39)."""
        return np.asarray(z @ self._root.T)

    def whitened(self, y: FloatArray) -> FloatArray:
        """Undo `coloured`."""
        return np.asarray(y @ self._inverse_root.T)

    @property
    def lengths(self) -> FloatArray:
        """Standard deviation of each coordinate given those before, shape (n,): at best as different as the axes."""
        return np.diagonal(self._root)

    def _learn(self, kept: float, c_1: float, weights: FloatArray, y: FloatArray) -> None:
        """Shrink C, and add the rank-one and the rank-mu update: eq. (47)."""
        path = self.path_c
        self._set(kept * self.covariance + c_1 * (path[:, None] * path) + (weights[:, None] * y).T @ y)

    # --- drawing and learning ----------------------------------------------------------------------------------------

    @property
    def deviations(self) -> FloatArray:
        """Standard deviation of each coordinate, shape (n,)."""
        return self.sigma * self.scales * np.sqrt(self.variances())

    def points(self, z: FloatArray) -> FloatArray:
        """Turn standard normal rows (k, n) into points: eq. (40)."""
        return self.mean + self.sigma * self.scales * self.coloured(z)

    def limit(self, widest: FloatArray) -> None:
        """Keep the standard deviation of each coordinate below a limit, shape (n,)."""
        share = np.minimum(widest / self.deviations, 1.0)
        if np.count_nonzero(share < 1):
            self.path_c = self.path_c * share
            self._scale(share)

    def _scale(self, share: FloatArray) -> None:
        """Multiply the coordinates of what N(0, C) draws by factors (n,)."""
        self._set(self.covariance * np.outer(share, share))

    def clipped(self, points: FloatArray, is_own: BoolArray) -> FloatArray:
        """Pull in points (k, n) that were not drawn from this distribution, where they lie too far out.

        As for injected solutions (Hansen, arXiv:1110.4181): one that nobody would have drawn may say where it is
        better, and not how long steps should be.
        """
        if is_own.all():
            return points
        y = (points - self.mean) / (self.sigma * self.scales)
        share = np.where(is_own, 1.0, np.minimum(1.0, self._reach / np.maximum(self._lengths(y), 1e-300)))
        return np.where(share[:, None] < 1, self.mean + self.sigma * self.scales * y * share[:, None], points)

    def reaches(self, points: FloatArray) -> BoolArray:
        """Tell which points (k, n) lie where this distribution would draw some; the others `clipped` pulls in."""
        return np.asarray(self._lengths((points - self.mean) / (self.sigma * self.scales)) <= self._reach)

    def _lengths(self, y: FloatArray) -> FloatArray:
        """Give the Mahalanobis lengths (k,) of steps (k, n)."""
        return np.asarray(np.sqrt((self.whitened(y) ** 2).sum(axis=1)))

    @property
    def _reach(self) -> float:
        return math.sqrt(self.n) + 2 * self.n / (self.n + 2)

    def tell(self, points: FloatArray) -> None:
        """Learn from a population, best first, shape (k, n)."""
        r = rates(self.n, len(points), self.is_diagonal)
        y = (points - self.mean) / (self.sigma * self.scales)
        white = self.whitened(y)
        squares = np.einsum("ij,ij->i", white, white)
        positive = np.maximum(r.weights, 0.0)
        step, white_step = positive @ y, positive @ white  # (41)
        self.mean = self.mean + self.sigma * self.scales * step  # (42)
        self.generation += 1
        self.path_sigma = (1 - r.c_sigma) * self.path_sigma  # (43)
        self.path_sigma += math.sqrt(r.c_sigma * (2 - r.c_sigma) * r.mu_eff) * white_step
        self.path_sigma *= self.is_free
        length = math.sqrt(float(self.path_sigma @ self.path_sigma))
        expected = expected_length(max(int(np.count_nonzero(self.is_free)), 1))
        begun = math.sqrt(1 - (1 - r.c_sigma) ** (2 * self.generation))
        goes = float(length / begun < (1.4 + 2 / (self.n + 1)) * expected)
        self.path_c = (1 - r.c_c) * self.path_c + goes * math.sqrt(r.c_c * (2 - r.c_c) * r.mu_eff) * step  # (45)
        weights = np.where(r.weights >= 0, r.weights, r.weights * self.n / np.maximum(squares, 1e-300))  # (46)
        kept = 1 + r.c_1 * (1 - goes) * r.c_c * (2 - r.c_c) - r.c_1 - r.c_mu * float(r.weights.sum())
        self._learn(kept, r.c_1, r.c_mu * weights, y)
        if self.is_free.any():
            self.sigma *= math.exp(min(_LARGEST_STEP, r.c_sigma / r.d_sigma * (length / expected - 1)))  # (44)


def _decomposed(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give a covariance matrix and its factor; one that rounding left without full rank is widened a little."""
    widest = float(np.diagonal(covariance).max(initial=0.0))
    for share in (0.0, 1e-14, 1e-12, 1e-10):
        widened = covariance + share * widest * np.eye(len(covariance)) if share else covariance
        try:
            return widened, np.asarray(np.linalg.cholesky(widened), dtype=np.float64)
        except np.linalg.LinAlgError:
            continue
    variances = np.maximum(np.diagonal(covariance), 1e-14 * widest)
    return np.diag(variances), np.diag(np.sqrt(variances))


class DiagonalNormal(Normal):
    """A normal distribution whose coordinates are independent; C is the vector of their variances, shape (n,)."""

    is_diagonal = True

    def _set(self, covariance: FloatArray) -> None:
        variances = np.diagonal(covariance) if covariance.ndim == 2 else covariance
        self.covariance = np.maximum(variances, _LEAST_VARIANCE * variances.max(initial=0.0))
        self._deviations = np.sqrt(self.covariance)

    @property
    def lengths(self) -> FloatArray:
        return np.asarray(self._deviations)

    def variances(self) -> FloatArray:
        return np.asarray(self.covariance)

    def coloured(self, z: FloatArray) -> FloatArray:
        return np.asarray(z * self._deviations)

    def whitened(self, y: FloatArray) -> FloatArray:
        return np.asarray(y / self._deviations)

    def _scale(self, share: FloatArray) -> None:
        self._set(self.covariance * share**2)

    def _learn(self, kept: float, c_1: float, weights: FloatArray, y: FloatArray) -> None:
        self._set(kept * self.covariance + c_1 * self.path_c**2 + weights @ y**2)
