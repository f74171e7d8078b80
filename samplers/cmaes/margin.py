"""A margin for numbers on a grid, so that no value dies out (Hamano, Saito, Nomura and Shirakawa, GECCO 2022).

A number on a grid is the cell in which its latent, continuous coordinate lies. Once the normal distribution is
narrower than a cell, all points lie in the same one, and the search there is over: it may be the wrong one. After each
update the mean and the standard deviation of such a coordinate are moved by as much as keeps the probability of the
neighbouring cells above ``1 / (n k)``; arXiv:2205.13482, section 4.
"""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels import truncnorm


def corrected(
    mean: FloatArray, deviation: FloatArray, lower: FloatArray, upper: FloatArray, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Give means and standard deviations with the margin.

    Parameters
    ----------
    mean, deviation
        Of the coordinates, shape (m,) each.
    lower, upper
        Ends of the cells in which the means lie, shape (m,) each; -inf and inf where there is no cell beyond.
    alpha
        The least probability of all other cells together.

    Returns
    -------
    mean, deviation
        Shape (m,) each.
    """
    below, above = np.isfinite(lower), np.isfinite(upper)
    at_an_end, inside = below ^ above, below & above
    mean, deviation = mean.copy(), deviation.copy()
    if at_an_end.any():
        edge = np.where(below, lower, upper)[at_an_end]
        own, reach = mean[at_an_end], _upper_quantile(np.full(len(edge), alpha)) * deviation[at_an_end]
        mean[at_an_end] = np.where(abs(own - edge) > reach, edge + np.sign(own - edge) * reach, own)
    if inside.any():
        mean[inside], deviation[inside] = _between(mean[inside], deviation[inside], lower[inside], upper[inside], alpha)
    return mean, deviation


def _between(
    mean: FloatArray, deviation: FloatArray, lower: FloatArray, upper: FloatArray, alpha: float
) -> tuple[FloatArray, FloatArray]:
    """Correct those that have cells on both sides."""
    p_low, p_up = _tail((mean - lower) / deviation), _tail((upper - mean) / deviation)
    is_fine = (p_low >= alpha / 2) & (p_up >= alpha / 2)
    q_low, q_up = np.maximum(p_low, alpha / 2), np.maximum(p_up, alpha / 2)
    q_own = 1 - p_low - p_up
    excess = (1 - q_low - q_up - q_own) / (q_low + q_own + q_up - 1.5 * alpha)
    q_low, q_up = q_low + excess * (q_low - alpha / 2), q_up + excess * (q_up - alpha / 2)
    z_low, z_up = _upper_quantile(np.minimum(q_low, 0.5)), _upper_quantile(np.minimum(q_up, 0.5))
    width = np.maximum(z_low + z_up, 1e-12)
    moved, scaled = (lower * z_up + upper * z_low) / width, (upper - lower) / width
    return np.where(is_fine, mean, moved), np.where(is_fine, deviation, scaled)


def _tail(z: FloatArray) -> FloatArray:
    """Give the probability that a standard normal number is greater than z."""
    return np.exp(truncnorm.log_mass(z, np.full_like(z, np.inf)))


def _upper_quantile(p: FloatArray) -> FloatArray:
    """Undo `_tail`."""
    return -np.asarray(truncnorm.ppf(p, np.full_like(p, -np.inf), np.full_like(p, np.inf)))
