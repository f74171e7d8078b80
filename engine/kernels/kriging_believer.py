"""A batch of candidates of a Gaussian process, one after the other (NumPy tier).

Each is chosen as if those before had shown what is predicted there ("kriging believer": Ginsbourger, Le Riche and
Carraro, "Kriging is well-suited to parallelize optimization", 2010, section 4.2). The means then stay what they were,
and a deviation falls by what the chosen ones explain: the rows of a pivoted Cholesky factor of the candidates'
posterior covariance (Rasmussen and Williams 2006, section A.4).
"""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray
from .gaussian_process import LEAST_VARIANCE
from .improvement import log_expected_improvement


def believe(
    mean: FloatArray,
    covariance: FloatArray,
    more: FloatArray,
    allowed: BoolArray,
    n: int,
    constants: tuple[float, float, float, float],
) -> IntArray:
    """Choose `n` of m candidates by their log expected improvement; return their indices, the first one first.

    Parameters
    ----------
    mean
        What is predicted, shape (m,).
    covariance
        Of what is predicted without noise, as a share of the scale, shape (m, m).
    more
        What is added to the log expected improvement of each, shape (m,); finite.
    allowed
        Which may be chosen, at least `n`, shape (m,).
    n
        How many.
    constants
        The scale, the noise as a share of it, what is to be improved on, and the noise that counts.
    """
    scale, eta, best, noise = constants
    variance, left = np.diagonal(covariance).copy(), allowed.copy()
    rows, chosen = np.empty((n, len(mean))), np.empty(n, dtype=np.int64)
    for i in range(n):
        sd = np.sqrt(scale * np.maximum(variance, LEAST_VARIANCE))
        value = log_expected_improvement(mean, sd, best, noise)[0] + more
        chosen[i] = k = int(np.argmax(np.where(left, value, -np.inf)))
        left[k] = False
        pivot = np.sqrt(max(float(variance[k]) + eta, LEAST_VARIANCE))
        rows[i] = (covariance[k] - rows[:i, k] @ rows[:i]) / pivot
        variance -= rows[i] * rows[i]
    return chosen
