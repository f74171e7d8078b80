"""Numba tier of `kernels.gaussian_process`: the same sums in loops, for one observation after the other.

No matrix library is called, so that nothing starts threads of its own.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray, IntArray
from .. import jit
from ..covariance import Layout, Points
from ..gaussian_process import SCALE_PRIOR, Factor, bounds, fit_rules, prior
from .descent import VALUE, begin, judge, new_search, propose
from .normal import exp_block

POINTS = 64


@jit
def matern_block(squared: FloatArray, value: FloatArray, slope: FloatArray, scratch: FloatArray) -> None:
    """Write k at r^2, shape (n,), into `value` and its derivative by r^2 into `slope`; `squared` becomes sqrt(5) r."""
    n = squared.size
    for i in range(n):
        s = math.sqrt(5.0 * max(squared[i], 0.0))
        squared[i] = s
        value[i] = -s
    exp_block(value, scratch)
    for i in range(n):
        s, decay = squared[i], value[i]
        linear = (1.0 + s) * decay
        value[i] = linear + s * s / 3.0 * decay
        slope[i] = -5.0 / 6.0 * linear


def cross(a: Points, b: Points, layout: Layout, lengths: FloatArray) -> FloatArray:
    """Return the covariances between points; see `kernels.covariance.cross`."""
    precision = lengths**-2.0
    columns = np.ascontiguousarray(b.numbers.T), np.ascontiguousarray(b.choices.T)
    return _cross(*a, *columns, precision[layout.of_numbers], precision[layout.of_choices])  # type: ignore[no-any-return]


@jit
def _cross(
    numbers: FloatArray,
    choices: IntArray,
    other_numbers: FloatArray,
    other_choices: IntArray,
    precision: FloatArray,
    precision_of_choices: FloatArray,
) -> FloatArray:
    """Return covariances (m, n) of m points in rows and n points in columns."""
    m, n = numbers.shape[0], other_numbers.shape[1] if precision.size else other_choices.shape[1]
    found = np.empty((m, n))
    root, scratch = np.empty(n), np.empty(n)
    for i in range(m):
        out = found[i]
        root[:] = 0.0
        for j in range(precision.size):
            here, column, share = numbers[i, j], other_numbers[j], 5.0 * precision[j]
            for k in range(n):
                root[k] += (column[k] - here) * (column[k] - here) * share
        for j in range(precision_of_choices.size):
            choice, others, share = choices[i, j], other_choices[j], 5.0 * precision_of_choices[j]
            for k in range(n):
                root[k] += share if others[k] != choice else 0.0
        for k in range(n):
            root[k] = math.sqrt(root[k])
            out[k] = -root[k]
        exp_block(out, scratch)
        for k in range(n):
            out[k] *= 1.0 + root[k] * (1.0 + root[k] / 3.0)
    return found


@jit
def explained(half: FloatArray, cross: FloatArray) -> FloatArray:
    """Return the explained shares of variance; see `kernels.gaussian_process.explained`.

    Two rows of L^-1 at a time, from four columns at a time, for `POINTS` points together: these stay in the cache.
    """
    m, n = cross.shape
    found = np.zeros(m)
    columns, first, second = np.empty((n, POINTS)), np.empty(POINTS), np.empty(POINTS)
    for begins in range(0, m, POINTS):
        size = min(POINTS, m - begins)
        for k in range(n):
            for c in range(size):
                columns[k, c] = cross[begins + c, k]
        i = 0
        while i < n:
            upper, lower = half[i], half[min(i + 1, n - 1)]
            first[:size] = 0.0
            second[:size] = 0.0
            k = 0
            while k + 4 <= min(i + 2, n):  # half is 0 right of its diagonal
                a, b, d, e = columns[k], columns[k + 1], columns[k + 2], columns[k + 3]
                p, q, r, s = upper[k], upper[k + 1], upper[k + 2], upper[k + 3]
                t, u, v, w = lower[k], lower[k + 1], lower[k + 2], lower[k + 3]
                for c in range(size):
                    first[c] += p * a[c] + q * b[c] + r * d[c] + s * e[c]
                    second[c] += t * a[c] + u * b[c] + v * d[c] + w * e[c]
                k += 4
            while k < min(i + 2, n):
                a, p, t = columns[k], upper[k], lower[k]
                for c in range(size):
                    first[c] += p * a[c]
                    second[c] += t * a[c]
                k += 1
            for c in range(size):
                found[begins + c] += first[c] * first[c]
                if i + 1 < n:
                    found[begins + c] += second[c] * second[c]
            i += 2
    return found


def whitened(half: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return means, L^-1 (z - m) and q of each column; see `kernels.gaussian_process.whitened`."""
    found = _times_lower(half, np.column_stack([np.ones(len(z)), z]))
    ones, rest = found[:, 0], found[:, 1:]
    mean = np.einsum("i,ij->j", ones, rest) / (ones * ones).sum()
    rest = rest - ones[:, None] * mean
    return mean, rest, (rest * rest).sum(axis=0)


@jit
def _times_lower(lower: FloatArray, columns: FloatArray) -> FloatArray:
    """Return the product of a lower triangle (n, n) and columns (n, k)."""
    found = np.zeros(columns.shape)
    for i in range(columns.shape[0]):
        row = found[i]
        for k in range(i + 1):
            share, column = lower[i, k], columns[k]
            for c in range(columns.shape[1]):
                row[c] += share * column[c]
    return found


@jit
def factor(c: FloatArray) -> float:
    """Replace C (n, n) by its Cholesky factor L, below the diagonal and on it; return log |C|, NaN where there is none.

    Column by column from the left, four columns at a time taken off the next one (Golub and Van Loan, algorithm
    4.2.1), with the factor's transpose in the rows: these are contiguous.
    """
    n = c.shape[0]
    log_determinant = 0.0
    for j in range(n):
        row = c[j, j:]
        k = 0
        while k + 4 <= j:
            first, second, third, fourth = c[k, j:], c[k + 1, j:], c[k + 2, j:], c[k + 3, j:]
            a, b, d, e = first[0], second[0], third[0], fourth[0]
            for i in range(n - j):
                row[i] -= a * first[i] + b * second[i] + d * third[i] + e * fourth[i]
            k += 4
        while k < j:
            first = c[k, j:]
            a = first[0]
            for i in range(n - j):
                row[i] -= a * first[i]
            k += 1
        pivot = row[0]
        if not pivot > 0.0:
            return np.nan
        pivot = math.sqrt(pivot)
        log_determinant += 2.0 * math.log(pivot)
        for i in range(n - j):
            row[i] /= pivot
    return log_determinant


@jit
def inverted(upper: FloatArray) -> FloatArray:
    """Return L^-1 (n, n), given L' in the upper triangle: row i is -sum_k L_ik row k, over the pivot."""
    n = upper.shape[0]
    half = np.zeros((n, n))
    for i in range(n):
        row, pivot = half[i], 1.0 / upper[i, i]
        k = 0
        while k + 4 <= i:
            a, b, d, e = upper[k, i] * pivot, upper[k + 1, i] * pivot, upper[k + 2, i] * pivot, upper[k + 3, i] * pivot
            first, second, third, fourth = half[k], half[k + 1], half[k + 2], half[k + 3]
            for j in range(k + 4):
                row[j] -= a * first[j] + b * second[j] + d * third[j] + e * fourth[j]
            k += 4
        while k < i:
            a, first = upper[k, i] * pivot, half[k]
            for j in range(k + 1):
                row[j] -= a * first[j]
            k += 1
        row[i] = pivot
    return half


@jit
def product(half: FloatArray) -> FloatArray:
    """Return C^-1 = L^-T L^-1, given L^-1 (n, n)."""
    n = half.shape[0]
    inverse = np.zeros((n, n))
    k = 0
    while k + 4 <= n:
        first, second, third, fourth = half[k], half[k + 1], half[k + 2], half[k + 3]
        for i in range(k + 4):
            a, b, d, e, row = first[i], second[i], third[i], fourth[i], inverse[i]
            for j in range(i + 1):
                row[j] += a * first[j] + b * second[j] + d * third[j] + e * fourth[j]
        k += 4
    while k < n:
        first = half[k]
        for i in range(k + 1):
            a, row = first[i], inverse[i]
            for j in range(i + 1):
                row[j] += a * first[j]
        k += 1
    for i in range(n):
        for j in range(i):
            inverse[j, i] = inverse[i, j]
    return inverse


@jit
def multiply(matrix: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Write the product of a symmetric matrix (n, n) and x (n,) into `out`."""
    n = x.size
    for j in range(n):
        out[j] = 0.0
    i = 0
    while i + 4 <= n:
        a, b, d, e = x[i], x[i + 1], x[i + 2], x[i + 3]
        first, second, third, fourth = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        for j in range(n):
            out[j] += a * first[j] + b * second[j] + d * third[j] + e * fourth[j]
        i += 4
    while i < n:
        a, first = x[i], matrix[i]
        for j in range(n):
            out[j] += a * first[j]
        i += 1


@jit
def times_lower(transposed: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Write the product of a lower triangle, given its transpose (n, n), and x (n,) into `out`.

    Indices that begin at 0 are known not to be negative, which a loop needs to be vectorised.
    """
    n = x.size
    out[:] = 0.0
    i = 0
    while i + 4 <= n:
        a, b, d, e = x[i], x[i + 1], x[i + 2], x[i + 3]
        first, second = transposed[i, i:], transposed[i + 1, i:]
        third, fourth, rest = transposed[i + 2, i:], transposed[i + 3, i:], out[i:]
        for j in range(n - i):
            rest[j] += a * first[j] + b * second[j] + d * third[j] + e * fourth[j]
        i += 4
    while i < n:
        a, first = x[i], transposed[i]
        for j in range(i, n):
            out[j] += a * first[j]
        i += 1


@jit
def times_upper(lower: FloatArray, x: FloatArray, out: FloatArray) -> None:
    """Write the product of the transpose of a lower triangle (n, n) and x (n,) into `out`."""
    n = x.size
    out[:] = 0.0
    i = 0
    while i + 4 <= n:
        a, b, d, e = x[i], x[i + 1], x[i + 2], x[i + 3]
        first, second, third, fourth = lower[i], lower[i + 1], lower[i + 2], lower[i + 3]
        for j in range(i + 4):
            out[j] += a * first[j] + b * second[j] + d * third[j] + e * fourth[j]
        i += 4
    while i < n:
        a, first = x[i], lower[i]
        for j in range(i + 1):
            out[j] += a * first[j]
        i += 1


@jit
def negative_log_posterior(
    theta: FloatArray,
    numbers: FloatArray,
    of_numbers: IntArray,
    choices: IntArray,
    of_choices: IntArray,
    z: FloatArray,
    center: FloatArray,
    tightness: FloatArray,
    scale_prior: float,
    gradient: FloatArray,
) -> float:
    """Return what a fit minimises, and write its gradient; see `kernels.gaussian_process.negative_log_posterior`.

    Parameters
    ----------
    theta
        Shape (d + 1,).
    numbers, choices
        Columns of the n points, shapes (p, n) and (q, n).
    of_numbers, of_choices
        Which length each column has.
    z
        Shape (n,).
    center, tightness
        Mean and precision matrix of the prior of theta, shapes (d + 1,) and (d + 1, d + 1).
    """
    n, d = z.size, theta.size - 1
    precision, eta = np.exp(-2.0 * theta[:d]), math.exp(theta[d])
    c, slope = np.empty((n, n)), np.empty((n, n))
    scratch = np.empty(n)
    for i in range(n):
        row = c[i, i:]
        row[:] = 0.0
        for column in range(of_numbers.size):
            a, x, share = numbers[column, i], numbers[column, i:], precision[of_numbers[column]]
            for k in range(n - i):
                row[k] += (x[k] - a) * (x[k] - a) * share
        for column in range(of_choices.size):
            choice, y, share = choices[column, i], choices[column, i:], precision[of_choices[column]]
            for k in range(n - i):
                row[k] += share if y[k] != choice else 0.0
        matern_block(row, row.copy(), slope[i, i:], scratch[: n - i])
        for k in range(n - i):  # `row` holds s = sqrt(5) r; the slope is -5/6 (1 + s) exp(-s)
            s = row[k]
            row[k] = slope[i, i + k] * (-6.0 / 5.0) * (1.0 + s * s / (3.0 * (1.0 + s)))
        c[i, i] += eta
    log_determinant = factor(c)
    if math.isnan(log_determinant):
        gradient[:] = 0.0
        return np.inf
    inverse = product(inverted(c))
    total, mean = 0.0, 0.0
    weights = np.empty(n)
    for i in range(n):
        weights[i] = inverse[i].sum()
        total += weights[i]
        mean += weights[i] * z[i]
    mean /= total
    alpha = np.empty(n)
    multiply(inverse, z, alpha)
    q = 0.0
    for i in range(n):
        alpha[i] -= weights[i] * mean
        q += (z[i] - mean) * alpha[i]
    scale, power = 2.0 * scale_prior + max(q, 0.0), 0.5 * n + scale_prior
    ratio = power / scale
    gradient[:] = 0.0
    for i in range(n):
        gradient[d] += eta * (0.5 * inverse[i, i] - ratio * alpha[i] * alpha[i])
        row, a = slope[i], ratio * alpha[i]
        for k in range(i + 1, n):
            row[k] *= 2.0 * (0.5 * inverse[i, k] - a * alpha[k])
        for column in range(of_numbers.size):
            own, x, part = numbers[column, i], numbers[column], 0.0
            for k in range(i + 1, n):
                part += row[k] * (x[k] - own) * (x[k] - own)
            gradient[of_numbers[column]] -= 2.0 * part * precision[of_numbers[column]]
        for column in range(of_choices.size):
            choice, y, part = choices[column, i], choices[column], 0.0
            for k in range(i + 1, n):
                part += row[k] if y[k] != choice else 0.0
            gradient[of_choices[column]] -= 2.0 * part * precision[of_choices[column]]
    value = power * math.log(scale) + 0.5 * log_determinant
    off = theta - center
    for j in range(d + 1):
        pull = (tightness[j] * off).sum()
        value += 0.5 * off[j] * pull
        gradient[j] += pull
    return value


def factored(covariance: FloatArray, eta: FloatArray | float) -> Factor:
    """Factor K + eta I; see `kernels.gaussian_process.factored`."""
    covariance[np.diag_indices(len(covariance))] += eta
    log_determinant = factor(covariance)
    if np.isnan(log_determinant):
        raise np.linalg.LinAlgError("Matrix is not positive definite")
    return Factor(inverted(covariance), log_determinant)


def fit(
    starts: FloatArray, points: Points, layout: Layout, z: FloatArray, n_evaluations: int
) -> tuple[FloatArray, FloatArray]:
    """Minimise from k starts; see `kernels.gaussian_process.fit`."""
    numbers, choices = np.ascontiguousarray(points.numbers.T), np.ascontiguousarray(points.choices.T)
    columns = numbers, layout.of_numbers, choices, layout.of_choices
    rules = fit_rules(len(z), n_evaluations)
    z = np.ascontiguousarray(z)  # also if it is a column: it is compiled for one type alone
    return _fit(starts, *columns, z, *prior(layout), SCALE_PRIOR, *bounds(layout.d), *rules)  # type: ignore[no-any-return,arg-type]


@jit
def _fit(
    starts: FloatArray,
    numbers: FloatArray,
    of_numbers: IntArray,
    choices: IntArray,
    of_choices: IntArray,
    z: FloatArray,
    center: FloatArray,
    tightness: FloatArray,
    scale_prior: float,
    low: FloatArray,
    high: FloatArray,
    n_evaluations: int,
    first_curvature: float,
    longest: float,
    least_gain: float,
) -> tuple[FloatArray, FloatArray]:
    k = starts.shape[0]
    found, value = starts.copy(), np.empty(k)
    search = new_search(low, high)
    for c in range(k):
        search.x[:] = starts[c]
        f = negative_log_posterior(
            search.x, numbers, of_numbers, choices, of_choices, z, center, tightness, scale_prior, search.gradient
        )
        begin(search, f, first_curvature, longest)
        for _ in range(n_evaluations - 1):
            if not propose(search):
                break
            f = negative_log_posterior(
                search.tried,
                numbers,
                of_numbers,
                choices,
                of_choices,
                z,
                center,
                tightness,
                scale_prior,
                search.new_gradient,
            )
            judge(search, f, longest, least_gain)
        found[c], value[c] = search.x, search.numbers[VALUE]
    return found, value
