"""The truncated standard normal: log mass of an interval and inverse cdf, accurate far into both tails.

Everything is built on Mills' ratio M(z) = Q(z) / phi(z), z >= 0 (Q the upper tail probability, phi the density), which
is smooth, never under- or overflows, and needs one rational function for the whole half-line. No SciPy: importing it
would cost more than many studies.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray

SQRT_HALF = 0.7071067811865476
LOG_SQRT_2PI = 0.9189385332046727
SQRT_2PI = 2.5066282746310002

# M(z) = s p(s) / q(s) with s = 3 / (3 + z), coefficients in rising powers. The map of the half-line to (0, 1] is the
# one of Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < inf", Math. Comp. 36
# (1981); the coefficients are our own fit (reweighted least squares in 60 digits), largest relative error 2.7e-17
# before rounding.
MILLS_SCALE = 3.0
MILLS = np.array(
    [
        [
            0.3333333333333333,
            0.06294979799892886,
            1.4158640202585335,
            0.6502026740427904,
            2.2327295823629276,
            1.4428324822794003,
            1.8392558574191775,
            1.2207554981990814,
            0.8314747559873388,
            0.3937304684487473,
            0.12290088538481632,
        ],
        [
            1.0,
            -0.8111506060031869,
            4.169853777885298,
            -2.164889661216206,
            5.326938405758964,
            -1.6276447865368635,
            2.5009943689454612,
            -0.3760042686213987,
            0.40047357644882353,
            -0.018970646720162035,
            0.014913840758118123,
        ],
    ]
)

# With r = sqrt(-2 log Q(z)), r - z = p(s) / q(s), s = 4 / (4 + r), for z in [0, 39]; our own fit, absolute error 7e-8,
# polished by Newton.
QUANTILE_SCALE = 4.0
QUANTILE_GRID = 2.0**20
QUANTILE_LIMIT = 40.0
QUANTILE = np.array(
    [
        [
            0.0030506639415781383,
            1.6436478264678784,
            22.683233860941527,
            20.4766548207114,
            -43.4752663415402,
            4.83476368005951,
        ],
        [
            1.0,
            20.339334531971858,
            31.783379220988834,
            -75.20188642368889,
            11.88749153119741,
            12.113338879838183,
        ],
    ]
)

# An interval [a, b] with (b - a) max(1, |a + b| / 2) below this is integrated by quadrature: there the difference of
# two tail probabilities cancels. Eight Gauss-Legendre nodes leave an error below 1e-16.
NARROW = 1.0
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)


def log_mass(a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return log(Phi(b) - Phi(a)) for the standard normal cdf Phi.

    Parameters
    ----------
    a, b
        Interval ends in standard deviations, broadcast against each other, a <= b; infinities are allowed.

    Returns
    -------
    Array of the common shape; -inf where a == b. Relative error of the mass about 1e-14, plus rounding of the exponent
    -z^2 / 2.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if _straddle(a, b):
        below, above = _two_tails(a, b)
        return np.asarray(np.log1p(-below - above))
    with np.errstate(all="ignore"):
        return _log_mass_general(*np.broadcast_arrays(a, b))


def ppf(u: npt.ArrayLike, a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return the quantiles of the standard normal truncated to [a, b].

    Parameters
    ----------
    u
        Probabilities in [0, 1].
    a, b
        Ends of the support in standard deviations, a <= b; infinities are allowed. All three are broadcast.

    Returns
    -------
    Array of the common shape, within [a, b].
    """
    u, a, b = (np.asarray(v, dtype=np.float64) for v in (u, a, b))
    with np.errstate(all="ignore"):
        x = _ppf_straddling(u, a, b) if _straddle(a, b) else _ppf_general(*np.broadcast_arrays(u, a, b))
        return np.minimum(np.maximum(x, a), b)


def rounded(x: FloatArray) -> FloatArray:
    """Round to a grid of 2^-20 deviations: both tiers draw the same points, though they differ in last digits."""
    return np.asarray(np.rint(x * QUANTILE_GRID) / QUANTILE_GRID)


def _straddle(a: FloatArray, b: FloatArray) -> bool:
    """Say whether every interval contains 0 and is wide: kernels centred inside their support, which need no care."""
    if a.max(initial=-np.inf) > 0.0 or b.min(initial=np.inf) < 0.0:
        return False
    return bool((b - a).min(initial=np.inf) >= NARROW)


def _log_mass_general(a: FloatArray, b: FloatArray) -> FloatArray:
    """`log_mass` for any intervals, by symmetry moved to the side where b >= |a|."""
    flip = a + b < 0.0
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    width = b - a
    narrow = width * np.maximum(1.0, 0.5 * (a + b)) < NARROW
    if narrow.all():
        return _log_mass_narrow(a, width)
    out = _log_mass_wide(a, b)
    if narrow.any():
        out[narrow] = _log_mass_narrow(a[narrow], width[narrow])
    out[~(width > 0.0)] = -np.inf
    return out


def _log_mass_wide(a: FloatArray, b: FloatArray) -> FloatArray:
    """`log_mass` for b >= |a|: phi(a) (M(a) - M(b) phi(b) / phi(a)) right of 0, one minus both tails around it."""
    near = np.abs(a)
    mills_a, mills_b = mills_ratio(np.array([near, b]))
    mills_b *= np.exp(-0.5 * (b - near) * (b + near))
    exponent = 0.5 * near * near + LOG_SQRT_2PI
    in_tail = a > 0.0
    scaled = np.where(in_tail, mills_a - mills_b, 1.0 - (mills_a + mills_b) * np.exp(-exponent))
    return np.asarray(np.log(scaled) - np.where(in_tail, exponent, 0.0))


def _log_mass_narrow(a: FloatArray, width: FloatArray) -> FloatArray:
    """`log_mass` by Gauss-Legendre quadrature of phi(middle + half t) / phi(middle), t in [-1, 1]."""
    half = 0.5 * width
    middle = a + half
    t = half[..., None] * NODES
    integral = np.exp(-t * (middle[..., None] + 0.5 * t)) @ NODE_WEIGHTS
    return np.log(half * integral) - 0.5 * middle * middle - LOG_SQRT_2PI


def _ppf_straddling(u: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """`ppf` where 0 lies inside a wide support: work with whichever tail probability of x is the smaller."""
    below, above = _two_tails(a, b)
    mass = 1.0 - below - above
    lower, upper = below + u * mass, above + (1.0 - u) * mass
    z = _quantile(np.log(np.minimum(lower, upper)))
    return np.where(lower < upper, -z, z)


def _ppf_general(u: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """`ppf` for any support, in log space: Q(x) = Q(b) + (1 - u) mass, or around 0 the smaller of the two tails."""
    flip = a + b < 0.0
    rest = np.where(flip, u, 1.0 - u)
    a, b, u = np.where(flip, -b, a), np.where(flip, -a, b), np.where(flip, 1.0 - u, u)
    log_scale = _log_mass_general(a, b)
    below = np.exp(log_tail(np.abs(a))) + u * np.exp(log_scale)
    log_above = np.logaddexp(log_tail(b), np.log(rest) + log_scale)
    lower = (a <= 0.0) & (below < 0.5)
    z = _quantile(np.where(lower, np.log(below), log_above))
    x = np.where(lower, -z, z)
    x = np.where(np.isnan(x), a, x)
    return np.where(flip, -x, x)


def mills_ratio(z: FloatArray) -> FloatArray:
    """Return Q(z) / phi(z) for z >= 0."""
    s = MILLS_SCALE / (MILLS_SCALE + z)
    return np.asarray(s * _rational(MILLS, s))


def log_tail(z: FloatArray) -> FloatArray:
    """Return log Q(z) = log(1 - Phi(z)) for z >= 0."""
    return np.log(mills_ratio(z)) - 0.5 * z * z - LOG_SQRT_2PI


def _two_tails(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return (Phi(a), Q(b)) for a <= 0 <= b, in one pass; shape (2, ...)."""
    z = np.empty((2, *np.broadcast(a, b).shape))
    z[0], z[1] = a, b
    np.abs(z, out=z)
    tails = mills_ratio(z)
    z *= z
    z *= -0.5
    tails *= np.exp(z, out=z)
    tails *= 1.0 / SQRT_2PI
    return tails


def _quantile(log_probability: FloatArray) -> FloatArray:
    """Return the z >= 0 with log Q(z) = log_probability <= log 1/2; inf for -inf."""
    r = np.sqrt(-2.0 * log_probability)
    s = QUANTILE_SCALE / (QUANTILE_SCALE + r)
    z = r - _rational(QUANTILE, s)
    if not r.max(initial=0.0) <= QUANTILE_LIMIT:  # or NaN
        z = np.where(r > QUANTILE_LIMIT, r, z)
        for _ in range(3):  # from 40 sigma on, log Q is so nearly a parabola that three more steps suffice
            z = _newton(z, log_probability)
        return np.where(np.isinf(r), np.inf, z)
    return _newton(z, log_probability)


def _newton(z: FloatArray, log_probability: FloatArray) -> FloatArray:
    """One Newton step on log Q(z) = log_probability; (log Q)' = -1 / M, and an error e becomes at most 0.4 e^2."""
    mills = mills_ratio(z)
    residual = np.log(mills) - 0.5 * z * z - LOG_SQRT_2PI - log_probability
    return z + residual * mills


def _rational(coefficients: FloatArray, s: FloatArray) -> FloatArray:
    """Evaluate p(s) / q(s): powers by doubling and one matrix product, because NumPy's cost is the number of calls."""
    terms = coefficients.shape[1]
    powers = np.empty((terms, s.size))
    powers[0] = 1.0
    powers[1] = s.reshape(-1)
    done = 2
    while done < terms:
        more = min(done - 1, terms - done)
        np.multiply(powers[1 : 1 + more], powers[done - 1], out=powers[done : done + more])
        done += more
    numerator, denominator = coefficients @ powers
    numerator /= denominator
    return np.asarray(numerator.reshape(s.shape))
