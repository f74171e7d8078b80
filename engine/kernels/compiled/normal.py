"""Scalar and block-wise normal probabilities and `exp`, for inlining into Numba loops.

LLVM does not vectorise calls of `math.exp` or `math.erfc`; the blocks here are plain arithmetic (and integer shifts) on
whole arrays.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import FloatArray
from .. import jit
from ..truncnorm import (
    LOG_SQRT_2PI,
    MILLS,
    MILLS_SCALE,
    NARROW,
    NODE_WEIGHTS,
    NODES,
    QUANTILE,
    QUANTILE_LIMIT,
    QUANTILE_SCALE,
    SQRT_2PI,
)

BLOCK = 64  # kernels
QUANTILES = 256

P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10 = MILLS[0].tolist()
_, Q1, Q2, Q3, Q4, Q5, Q6, Q7, Q8, Q9, Q10 = MILLS[1].tolist()

A0, A1, A2, A3, A4, A5 = QUANTILE[0].tolist()
_, B1, B2, B3, B4, B5 = QUANTILE[1].tolist()

SMALLEST_EXPONENT = -700.0
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693147180369123816490  # ln 2 in two parts (Cody and Waite, 1980): n x LN2_HIGH is exact for |n| < 2^20
LN2_LOW = 1.90821492927058770002e-10
ROUNDER = 6755399441055744.0  # 1.5 x 2^52: adding it rounds to an integer, which then sits in the low bits
EXPONENT_BIAS = 1023
MANTISSA_BITS = 52
ROOT_HALF_BITS = int(np.array(math.sqrt(0.5)).view(np.int64))
INVERSE_SQRT_2PI = 1.0 / SQRT_2PI
LEAST_TAIL = 1e-280  # the quantile of a smaller one is found by itself: see QUANTILE_LIMIT


@jit
def mills_ratio(z: float) -> float:
    """Return Q(z) / phi(z), z >= 0, as in `truncnorm.mills_ratio`."""
    s = MILLS_SCALE / (MILLS_SCALE + z)
    p = P0 + s * (P1 + s * (P2 + s * (P3 + s * (P4 + s * (P5 + s * (P6 + s * (P7 + s * (P8 + s * (P9 + s * P10)))))))))
    q = 1.0 + s * (Q1 + s * (Q2 + s * (Q3 + s * (Q4 + s * (Q5 + s * (Q6 + s * (Q7 + s * (Q8 + s * (Q9 + s * Q10)))))))))
    ratio: float = s * p / q
    return ratio


@jit
def exp_block(x: FloatArray, scratch: FloatArray) -> None:
    """Replace x <= 0 by exp(x), relative error below 1e-15; below -700 by e^-700. `scratch` is as long as x."""
    bits = scratch.view(np.int64)
    for c in range(x.size):
        x[c] = max(x[c], SMALLEST_EXPONENT)
        scratch[c] = x[c] * LOG2_E + ROUNDER
    for c in range(x.size):
        n = scratch[c] - ROUNDER
        r = (x[c] - n * LN2_HIGH) - n * LN2_LOW
        x[c] = _exp_small(r)
    for c in range(x.size):
        bits[c] = (bits[c] + EXPONENT_BIAS) << MANTISSA_BITS
    for c in range(x.size):
        x[c] *= scratch[c]


@jit
def _exp_small(r: float) -> float:
    """Taylor polynomial of exp for |r| <= ln(2) / 2; the first term left out is 2e-16."""
    tail = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600))))
    return 1.0 + r * (
        1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * tail))))))
    )


@jit
def log_block(x: FloatArray, scratch: FloatArray) -> None:
    """Replace x > 0, normal numbers, by log(x), error below 1e-15 times its size. `scratch` is as long as x.

    With x = m 2^e, m near 1, log m = 2 artanh s at s = (m - 1) / (m + 1); the first term left out is 4e-18.
    """
    bits = x.view(np.int64)
    for c in range(x.size):
        exponent = (bits[c] - ROOT_HALF_BITS) >> MANTISSA_BITS
        bits[c] -= exponent << MANTISSA_BITS
        scratch[c] = float(exponent)
    for c in range(x.size):
        s = (x[c] - 1.0) / (x[c] + 1.0)
        x[c] = scratch[c] * LN2_HIGH + (2.0 * _artanh(s) + scratch[c] * LN2_LOW)


@jit
def _artanh(s: float) -> float:
    """Taylor series of artanh for |s| <= 0.172."""
    t = s * s
    end = 1 / 15 + t * (1 / 17 + t * (1 / 19 + t * (1 / 21)))
    return s + s * t * (1 / 3 + t * (1 / 5 + t * (1 / 7 + t * (1 / 9 + t * (1 / 11 + t * (1 / 13 + t * end))))))


@jit
def tail(z: float) -> float:
    """Return Q(z), z >= 0."""
    return INVERSE_SQRT_2PI * math.exp(-0.5 * z * z) * mills_ratio(z)


@jit
def log_mass_around(a: float, b: float) -> float:
    """Return `log_mass` by the short way where 0 lies inside a wide interval: kernels centred inside their support."""
    if a <= 0.0 and b >= 0.0 and b - a >= NARROW:
        return math.log1p(-tail(-a) - tail(b))
    return log_mass(a, b)


@jit
def log_tail(z: float) -> float:
    """Return log Q(z), z >= 0."""
    return math.log(mills_ratio(z)) - 0.5 * z * z - LOG_SQRT_2PI


@jit
def log_mass(a: float, b: float) -> float:
    """Return log(Phi(b) - Phi(a)), a <= b, as in `truncnorm.log_mass`."""
    if not b > a:
        return -math.inf
    if a + b < 0.0:
        a, b = -b, -a
    width = b - a
    if width * max(1.0, 0.5 * (a + b)) < NARROW:
        return _log_mass_narrow(a, width)
    if a > 0.0:
        log_above = log_tail(a)
        return log_above + math.log1p(-math.exp(log_tail(b) - log_above))
    return math.log1p(-math.exp(log_tail(-a)) - math.exp(log_tail(b)))


@jit
def _log_mass_narrow(a: float, width: float) -> float:
    """Gauss-Legendre quadrature of phi(middle + t) / phi(middle)."""
    half = 0.5 * width
    middle = a + half
    integral = 0.0
    for i in range(NODES.size):
        t = half * NODES[i]
        integral += NODE_WEIGHTS[i] * math.exp(-t * (middle + 0.5 * t))
    return math.log(half * integral) - 0.5 * middle * middle - LOG_SQRT_2PI


@jit
def ppf(u: float, a: float, b: float) -> float:
    """Return the quantile of the standard normal truncated to [a, b], a <= b, as in `truncnorm.ppf`."""
    if a <= 0.0 and b >= 0.0 and b - a >= NARROW:
        below, above = tail(-a), tail(b)
        mass = 1.0 - below - above
        lower, upper = below + u * mass, above + (1.0 - u) * mass
        if min(lower, upper) <= 0.0:  # so far out that the tail underflows
            return a if lower < upper else b
        z = -_quantile(math.log(lower)) if lower < upper else _quantile(math.log(upper))
        return min(max(z, a), b)
    if a + b < 0.0:
        return -_ppf_right(1.0 - u, u, -b, -a)
    return _ppf_right(u, 1.0 - u, a, b)


@jit
def ppf_block(u: FloatArray, a: FloatArray, b: FloatArray, z: FloatArray) -> None:
    """Fill in `ppf` of many: at once where 0 lies inside a wide interval, and one by one elsewhere."""
    size = min(u.size, QUANTILES)
    below, above, log_p, mills, work = np.empty(size), np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    for start in range(0, u.size, QUANTILES):
        n = min(QUANTILES, u.size - start)
        some = slice(start, start + n)
        _ppf_inside(u[some], a[some], b[some], z[some], below[:n], above[:n], log_p[:n], mills[:n], work[:n])
        for c in range(n):
            i = start + c
            is_short = a[i] <= 0.0 and b[i] >= 0.0 and b[i] - a[i] >= NARROW and min(below[c], above[c]) > LEAST_TAIL
            if not is_short:
                z[i] = ppf(u[i], a[i], b[i])


@jit
def _ppf_inside(
    u: FloatArray,
    a: FloatArray,
    b: FloatArray,
    z: FloatArray,
    below: FloatArray,
    above: FloatArray,
    log_p: FloatArray,
    mills: FloatArray,
    work: FloatArray,
) -> None:
    """Fill in `ppf` as its first part does, and the probabilities `below` and `above`."""
    n = u.size
    for c in range(n):
        below[c], above[c] = -0.5 * a[c] * a[c], -0.5 * b[c] * b[c]
    exp_block(below, work)
    exp_block(above, work)
    for c in range(n):
        below[c] *= INVERSE_SQRT_2PI * mills_ratio(abs(a[c]))
    for c in range(n):
        above[c] *= INVERSE_SQRT_2PI * mills_ratio(abs(b[c]))
    for c in range(n):
        mass = 1.0 - below[c] - above[c]
        below[c], above[c] = below[c] + u[c] * mass, above[c] + (1.0 - u[c]) * mass
    for c in range(n):
        log_p[c] = min(below[c], above[c])
    log_block(log_p, work)
    for c in range(n):
        r = math.sqrt(-2.0 * log_p[c])
        s = QUANTILE_SCALE / (QUANTILE_SCALE + r)
        p = A0 + s * (A1 + s * (A2 + s * (A3 + s * (A4 + s * A5))))
        q = 1.0 + s * (B1 + s * (B2 + s * (B3 + s * (B4 + s * B5))))
        z[c] = r - p / q
    for c in range(n):
        mills[c] = mills_ratio(z[c])
    for c in range(n):
        z[c] -= (0.5 * z[c] * z[c] + LOG_SQRT_2PI + log_p[c]) * mills[c]
    for c in range(n):
        log_p[c] = mills[c]
    log_block(log_p, work)
    for c in range(n):
        z[c] += log_p[c] * mills[c]
    for c in range(n):
        z[c] = min(max(-z[c] if below[c] < above[c] else z[c], a[c]), b[c])


@jit
def _ppf_right(u: float, rest: float, a: float, b: float) -> float:
    """`ppf` for b >= |a| in log space; `rest` is 1 - u."""
    log_scale = log_mass(a, b)
    below = math.exp(log_tail(abs(a))) + u * math.exp(log_scale)
    if a <= 0.0 and below < 0.5:
        z = -_quantile(math.log(below)) if below > 0.0 else a
    else:
        first, second = log_tail(b), math.log(rest) + log_scale if rest > 0.0 else -math.inf
        top = max(first, second)
        z = _quantile(top + math.log1p(math.exp(min(first, second) - top))) if top > -math.inf else b
    if not a <= z:  # or NaN
        return a
    return min(z, b)


@jit
def _quantile(log_probability: float) -> float:
    """Return the z >= 0 with log Q(z) = log_probability <= log 1/2."""
    r = math.sqrt(-2.0 * log_probability)
    if r > QUANTILE_LIMIT:
        z = r
        for _ in range(3):
            z = _newton(z, log_probability)
        return z
    s = QUANTILE_SCALE / (QUANTILE_SCALE + r)
    p = A0 + s * (A1 + s * (A2 + s * (A3 + s * (A4 + s * A5))))
    q = 1.0 + s * (B1 + s * (B2 + s * (B3 + s * (B4 + s * B5))))
    return _newton(r - p / q, log_probability)


@jit
def _newton(z: float, log_probability: float) -> float:
    """One Newton step on log Q(z) = log_probability."""
    mills = mills_ratio(z)
    return z + (math.log(mills) - 0.5 * z * z - LOG_SQRT_2PI - log_probability) * mills
