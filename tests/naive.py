"""Slow, obvious twins of the fast kernels, written with SciPy and Python loops."""

import math

import numpy as np
from scipy import integrate
from scipy.special import log_ndtr, ndtri_exp


def log_mass(a, b):
    """log(Phi(b) - Phi(a)) of scalars, by adaptive quadrature scaled by the largest value of the density on [a, b]."""
    if not b > a:
        return -math.inf
    if a + b < 0:
        a, b = -b, -a
    top = max(a, 0.0)  # the point nearest to 0; beyond `reach` from it the integrand is below e^-50 of its value there
    reach = 50.0 / max(top, 5.0)
    ends = max(a - top, -10.0), min(b - top, reach)
    integral, _ = integrate.quad(lambda t: math.exp(-t * (top + t / 2)), *ends, epsabs=0, epsrel=1e-13)
    return math.log(integral) - top * top / 2 - 0.5 * math.log(2 * math.pi)


def truncated_normal_ppf(u, a, b):
    """Quantile of a standard normal truncated to [a, b] of scalars, from logarithms of the cdf on the tail's side."""
    if a + b > 0:
        return -truncated_normal_ppf(1 - u, -b, -a)
    with np.errstate(divide="ignore"):
        log_below = log_ndtr(a)
        return float(np.clip(ndtri_exp(np.logaddexp(log_below, np.log(u) + log_mass(a, b))), a, b))


def neighbour_distance(values, lower, upper, endpoints):
    """Bandwidths of one dimension's observations: the distance to the farther neighbour."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    sigma = [0.0] * len(values)
    for rank, i in enumerate(order):
        distances = []
        if rank > 0:
            distances.append(values[i] - values[order[rank - 1]])
        elif endpoints or len(values) == 1:
            distances.append(values[i] - lower)
        if rank + 1 < len(values):
            distances.append(values[order[rank + 1]] - values[i])
        elif endpoints or len(values) == 1:
            distances.append(upper - values[i])
        sigma[i] = max(distances)
    return sigma


def categorical_row(n_choices, observed, prior_weight, n_observations):
    """Probabilities of the kernel of one observed choice."""
    row = [prior_weight / (n_observations + 1)] * n_choices
    row[observed] += 1.0
    return [value / sum(row) for value in row]


def matern(a, b, layout, lengths):
    """Covariance of two points, each a pair of numbers and choices; `layout` says which length each of them has."""
    squared = sum(((x - y) / lengths[j]) ** 2 for x, y, j in zip(a[0], b[0], layout.of_numbers, strict=True))
    squared += sum((x != y) / lengths[j] ** 2 for x, y, j in zip(a[1], b[1], layout.of_choices, strict=True))
    r = math.sqrt(5 * squared)
    return (1 + r + r * r / 3) * math.exp(-r)


def log_h(u):
    """log(phi(u) + u Phi(u)): what a standard normal variable is expected to lie below u, by quadrature.

    h(-z) = phi(z) times the integral of s exp(-z s - s^2 / 2), in which nothing cancels; h(z) = z + h(-z).
    """
    z, unit = abs(u), max(abs(u), 1.0)
    integral, _ = integrate.quad(lambda t: t * math.exp(-t * (z / unit + t / unit / unit / 2)), 0, 60, epsabs=0,
                                 epsrel=1e-13)  # fmt: skip
    below = math.log(integral) - 2 * math.log(unit) - z * z / 2 - 0.5 * math.log(2 * math.pi)
    return below if u < 0 else math.log(u + math.exp(below))
