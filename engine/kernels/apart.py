"""Choosing several candidates at once so that they stay apart: a constant liar inside a batch (NumPy tier).

Each chosen point joins g as if it had been told as bad (Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to
parallelize optimization", 2010, section 4.2), so that the next one is the best candidate given those before.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray, IntArray
from .prepared import Prepared


def choose_apart(
    log_l: FloatArray, log_g: FloatArray, lies: Prepared, z: FloatArray, twin: IntArray, n: int
) -> IntArray:
    """Return the indices (n,) of the chosen candidates.

    Parameters
    ----------
    log_l, log_g
        (c,) log-densities of the candidates.
    lies
        The kernel of each candidate, with the log weight that a told point would have in g: c components.
    z
        (c, d) the candidates.
    twin
        (c,) the first candidate equal to each: equal ones are not chosen twice while there are others.
    n
        How many, at most c.
    """
    log_g = log_g.copy()
    free = np.ones(len(z), dtype=bool)
    chosen = np.empty(n, dtype=np.int64)
    for i in range(n):
        if not free.any():
            free[:] = True
            free[chosen[:i]] = False
            twin = np.arange(len(z))  # every point is taken: repeat
        chosen[i] = k = int(np.argmax(np.where(free, log_l - log_g, -np.inf)))
        free &= twin != twin[k]
        distance = (z - lies.mu[:, k]) * lies.precision[:, k]
        lie = lies.offset[k] - (distance * distance).sum(axis=1)
        for j in np.flatnonzero(lies.row[:, 0] >= 0):
            lie += lies.table[lies.row[j, k] + z[:, j].astype(np.int64)]
        np.logaddexp(log_g, lie, out=log_g)
    return chosen
