"""Pareto dominance; all objectives are minimised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def non_dominated(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Tell which points no other point dominates; equal points do not dominate each other.

    Parameters
    ----------
    values
        Shape (n, m), without NaN.

    Returns
    -------
    mask
        Shape (n,).
    """
    n = len(values)
    # In lexicographic order a point can be dominated by earlier ones only, and then by one of the front so far.
    order = np.lexsort(values.T[::-1])
    front = np.empty_like(values)
    size = 0
    mask = np.zeros(n, dtype=bool)
    for i in order:
        point = values[i]
        no_worse = (front[:size] <= point).all(axis=1)
        if not (no_worse & (front[:size] < point).any(axis=1)).any():
            front[size] = point
            size += 1
            mask[i] = True
    return mask
