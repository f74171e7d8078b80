"""The logarithm of the expected improvement, and its slopes, for improvements of any size.

With u = (f* - mean) / sd the expected improvement below f* is sd h(u), h(u) = phi(u) + u Phi(u) (Jones, Schonlau and
Welch 1998, eq. 15). Far from f* it underflows, and so does its gradient: its logarithm does not (Ament et al.,
"Unexpected improvements to expected improvement", NeurIPS 2023). For u < 0 it is written with Mills' ratio M:

    h(u) = phi(u) (1 - |u| M(|u|))    Phi(u) = phi(u) M(|u|)

and far out 1 - z M(z) = z^-2 (1 - 3 z^-2 + 15 z^-4 - 105 z^-6 + ...), since the difference cancels there.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray
from .truncnorm import LOG_SQRT_2PI, SQRT_2PI, log_tail, mills_ratio

FAR = 100.0  # deviations from which on the series is the more exact one: both miss by less than 2e-12 there


def log_h(u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log h(u), and Phi(u) / h(u) and phi(u) / h(u), by which it changes.

    Parameters
    ----------
    u
        Any shape; from -1e100 to 1e100.
    """
    z = np.abs(u)
    mills = mills_ratio(z)
    w = 1.0 / np.maximum(z, FAR) ** 2
    rest = np.where(z < FAR, 1.0 - z * mills, w * (1.0 - w * (3.0 - w * (15.0 - 105.0 * w))))
    phi = np.exp(-0.5 * np.minimum(z, 40.0) ** 2) / SQRT_2PI
    cumulative = 1.0 - phi * mills
    h = phi + z * cumulative
    is_below = u < 0.0
    with np.errstate(over="ignore"):
        log_below = -0.5 * z * z - LOG_SQRT_2PI + np.log(rest)
    return (
        np.where(is_below, log_below, np.log(h)),
        np.where(is_below, mills / rest, cumulative / h),
        np.where(is_below, 1.0 / rest, phi / h),
    )


def log_expected_improvement(
    mean: FloatArray, sd: FloatArray, best: float, noise: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the logarithm of the augmented expected improvement below `best`, and its slopes.

    Where observations carry noise, another one at a point that is well known teaches little: the expected improvement
    is multiplied by 1 - t / sqrt(sd^2 + t^2) (Huang et al., "Global optimization of stochastic black-box systems via
    sequential kriging meta-models", 2006, eq. 10).

    Parameters
    ----------
    mean, sd
        Of the prediction, any shape; `sd` positive.
    best
        What is to be improved on.
    noise
        Standard deviation t of an observation; 0: the plain expected improvement.

    Returns
    -------
    value, by_mean, by_sd
        The logarithm and its derivatives.
    """
    u = (best - mean) / sd
    value, cumulative, density = log_h(u)
    value = value + np.log(sd)
    by_mean, by_sd = -cumulative / sd, density / sd
    if noise > 0.0:
        whole = np.hypot(sd, noise)
        # 1 - t / w = sd^2 / (w (w + t)): the difference would cancel
        value = value + 2.0 * np.log(sd) - np.log(whole) - np.log(whole + noise)
        by_sd = by_sd + 2.0 / sd - sd / whole**2 - sd / (whole * (whole + noise))
    return value, by_mean, by_sd


def log_probability_below(mean: FloatArray, sd: FloatArray, zero: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the log probability that a normal variable is at most `zero`, and its slopes by mean and deviation."""
    u = (zero - mean) / sd
    size = np.abs(u)
    log_smaller = log_tail(size)
    value = np.where(u < 0.0, log_smaller, np.log1p(-np.exp(log_smaller)))
    density = np.exp(-0.5 * np.minimum(size, 40.0) ** 2 - LOG_SQRT_2PI)
    ratio = np.where(u < 0.0, 1.0 / mills_ratio(size), density / -np.expm1(log_smaller))  # phi / Phi
    return value, -ratio / sd, -ratio * u / sd
