"""The Parzen density, slow and obvious: how it is built, evaluated and drawn from, one kernel at a time."""

import math
from typing import NamedTuple

import naive
import numpy as np
from scipy import stats
from scipy.special import logsumexp

from parzen.engine.kernels.axes import SpaceArrays


class Mixture(NamedTuple):
    """k product kernels over d dimensions, in model coordinates; a kernel of the prior has no mean: NaN.

    `tables` has the log probabilities of the categorical kernels by dimension: a row of each choice, then the prior's.
    """

    log_weight: np.ndarray  # (k,)
    x: np.ndarray  # (d, k)
    sigma: np.ndarray  # (d, k)
    space: SpaceArrays
    tables: dict[int, np.ndarray]


def build(observations, weights, space, prior_weight=1.0, consider_prior=True, endpoints=False, magic_clip=True):
    """Build the estimator of observations (n, d), NaN where one lacks a parameter, and their weights (n,)."""
    n, d = observations.shape
    has_prior = consider_prior or n == 0
    x = np.full((d, n + has_prior), np.nan)
    x[:, :n] = observations.T
    sigma = np.ones(x.shape)
    for j in range(d):
        lower, upper = support(*(float(column[j]) for column in space[:3]))
        sigma[j] = max(upper - lower, 1e-12)
        known = np.flatnonzero(~np.isnan(x[j]))
        smallest = max((upper - lower) / min(100, 1 + n + has_prior), 1e-12) if magic_clip else 1e-12
        for i, bandwidth in zip(known, naive.neighbour_distance(x[j, known], lower, upper, endpoints), strict=True):
            sigma[j, i] = max(min(bandwidth, upper - lower), smallest)
    total = sum(weights) + has_prior * prior_weight
    with np.errstate(divide="ignore"):
        log_weight = np.log([*(weight / total for weight in weights), *[prior_weight / total] * has_prior])
    tables = {j: table_of(int(space.n_choices[j]), prior_weight, n) for j in np.flatnonzero(space.n_choices)}
    return Mixture(log_weight, x, sigma, space, tables)


def table_of(n_choices, prior_weight, n):
    """Log probabilities of the kernels of all choices, and of the prior."""
    rows = [naive.categorical_row(n_choices, c, prior_weight, n) for c in range(n_choices)]
    with np.errstate(divide="ignore"):
        return np.log([*rows, [1 / n_choices] * n_choices])


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


def kernel(mixture, j, c):
    """Mean, deviation and support of component c in the numeric dimension j."""
    lower, upper = support(*(float(column[j]) for column in mixture.space[:3]))
    mean = float(mixture.x[j, c])
    return (lower + upper) / 2 if math.isnan(mean) else mean, float(mixture.sigma[j, c]), lower, upper


def row_of(mixture, j, c):
    """Log probabilities of component c in the categorical dimension j."""
    observed = mixture.x[j, c]
    return mixture.tables[j][-1 if math.isnan(observed) else int(observed)]


def kernel_log_density(mixture, j, c, x):
    """Log-density of component c in dimension j at the scalar x."""
    if mixture.space.n_choices[j]:
        return row_of(mixture, j, c)[int(x)]
    mean, sigma, lower, upper = kernel(mixture, j, c)
    if not upper > lower:
        return 0.0
    log_support = naive.log_mass((lower - mean) / sigma, (upper - mean) / sigma)
    if mixture.space.step[j] == 0:
        return stats.norm.logpdf(x, mean, sigma) - log_support
    left, right = cell(x, float(mixture.space.step[j]))
    return naive.log_mass((left - mean) / sigma, (right - mean) / sigma) - log_support


def log_density(mixture, x):
    """Log-density of a mixture at x (n, d)."""
    d, k = mixture.x.shape
    out = []
    for point in x:
        terms = [
            mixture.log_weight[c] + sum(kernel_log_density(mixture, j, c, point[j]) for j in range(d)) for c in range(k)
        ]
        out.append(logsumexp(terms))
    return np.array(out)


def draw(mixture, u):
    """Draws (n, d) from a mixture by uniforms (n, 1 + d), one value at a time."""
    out = np.empty((len(u), len(mixture.x)))
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
    if mixture.space.n_choices[j]:
        return pick(np.exp(row_of(mixture, j, c)), u)
    low, high, step = (float(column[j]) for column in mixture.space[:3])
    mean, sigma, lower, upper = kernel(mixture, j, c)
    x = mean + sigma * naive.truncated_normal_ppf(u, (lower - mean) / sigma, (upper - mean) / sigma)
    if step > 0:
        x = low + step * round((x - low) / step)
    elif step < 0:
        x = math.log(math.exp(low) - step * round((math.exp(x) - math.exp(low)) / -step))
    return min(max(x, low), high)
