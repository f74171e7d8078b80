"""Slow, obvious twins of the fast kernels, written with SciPy and Python loops."""

import math

import numpy as np
from scipy import integrate, stats
from scipy.special import log_ndtr, logsumexp, ndtri_exp


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


def support(low, high, step):
    """Truncation interval of one numeric dimension in model coordinates."""
    if step < 0:
        return math.log(math.exp(low) + step / 2), math.log(math.exp(high) - step / 2)
    return low - step / 2, high + step / 2


def cell(x, step):
    """Grid cell around x in model coordinates."""
    if step < 0:
        return math.log(math.exp(x) + step / 2), math.log(math.exp(x) - step / 2)
    return x - step / 2, x + step / 2


def kernel_log_density(mixture, j, c, x):
    """Log-density of component c in dimension j at the scalar x."""
    mu, sigma, step = mixture.mu[j, c], mixture.sigma[j, c], mixture.step[j]
    choices = mixture.n_choices[j]
    if choices:
        row = int(mu) if mu >= 0 else choices
        return mixture.log_table[mixture.table_start[j] + row * choices + int(x)]
    lower, upper = support(mixture.low[j], mixture.high[j], step)
    if not upper > lower:
        return 0.0
    log_support = log_mass((lower - mu) / sigma, (upper - mu) / sigma)
    if step == 0:
        return stats.norm.logpdf(x, mu, sigma) - log_support
    left, right = cell(x, step)
    return log_mass((left - mu) / sigma, (right - mu) / sigma) - log_support


def log_density(mixture, x):
    """Log-density of a mixture at x (n, d), one kernel at a time."""
    d, k = mixture.mu.shape
    out = []
    for point in x:
        terms = [
            mixture.log_weight[c] + sum(kernel_log_density(mixture, j, c, point[j]) for j in range(d)) for c in range(k)
        ]
        out.append(logsumexp(terms))
    return np.array(out)


def draw(mixture, u):
    """Draws (n, d) from a mixture, one value at a time."""
    out = np.empty((len(u), len(mixture.mu)))
    weights = np.exp(mixture.log_weight)
    for i, row in enumerate(u):
        c = pick(weights, row[0])
        for j in range(out.shape[1]):
            out[i, j] = draw_value(mixture, j, c, row[1 + j])
    return out


def pick(weights, u):
    """First index whose cumulative weight exceeds u times the total."""
    cumulative, total = 0.0, sum(weights)
    for index, weight in enumerate(weights):
        cumulative += weight
        if cumulative > u * total:
            return index
    return max(index for index, weight in enumerate(weights) if weight > 0)


def draw_value(mixture, j, c, u):
    """One coordinate from component c."""
    mu, sigma, low, high, step = (float(v) for v in (mixture.mu[j, c], mixture.sigma[j, c], mixture.low[j],
                                                     mixture.high[j], mixture.step[j]))  # fmt: skip
    choices = int(mixture.n_choices[j])
    if choices:
        start = mixture.table_start[j] + (int(mu) if mu >= 0 else choices) * choices
        return pick(np.exp(mixture.log_table[start : start + choices]), u)
    lower, upper = support(low, high, step)
    x = mu + sigma * truncated_normal_ppf(u, (lower - mu) / sigma, (upper - mu) / sigma)
    if step > 0:
        x = low + step * round((x - low) / step)
    elif step < 0:
        x = math.log(math.exp(low) - step * round((math.exp(x) - math.exp(low)) / -step))
    return min(max(x, low), high)


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
