"""A diverse batch of candidates by the constant liar (NumPy tier).

Each chosen point joins the density above as if it had been told as a bad one (Ginsbourger, Le Riche and Carraro,
"Kriging is well-suited to parallelize optimization", 2010, section 4.2), so that the next one is the best candidate
given those before.
"""

from __future__ import annotations

import numpy as np

from ..arrays import FloatArray, IntArray
from .mixture import Mixture


def choose_batch(
    log_below: FloatArray, log_above: FloatArray, lies: Mixture, z: FloatArray, twin: IntArray, n: int
) -> IntArray:
    """Return the indices (n,) of the chosen candidates.

    Parameters
    ----------
    log_below, log_above
        (c,) log-densities of the candidates.
    lies
        The kernel of each candidate, with the log weight that a told point would have above: c components.
    z
        (c, d) the candidates.
    twin
        (c,) the first candidate equal to each: equal ones are not chosen twice while there are others.
    n
        How many, at most c.
    """
    log_above = log_above.copy()
    free = np.ones(len(z), dtype=bool)
    chosen = np.empty(n, dtype=np.int64)
    for i in range(n):
        if not free.any():
            free[:] = True
            free[chosen[:i]] = False
            twin = np.arange(len(z))  # every point is taken: repeat
        chosen[i] = k = int(np.argmax(np.where(free, log_below - log_above, -np.inf)))
        free &= twin != twin[k]
        distance = (z - lies.mu[:, k]) * lies.precision[:, k]
        lie = lies.offset[k] - (distance * distance).sum(axis=1)
        for j in np.flatnonzero(lies.row[:, 0] >= 0):
            lie += lies.table[lies.row[j, k] + z[:, j].astype(np.int64)]
        np.logaddexp(log_above, lie, out=log_above)
    return chosen
