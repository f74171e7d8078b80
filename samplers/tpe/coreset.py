"""A bounded number of trials that stand for all trials above: which of them stay, and what each then weighs.

The density above decides between candidates near the trials below; far from them it only has to be small. So the best
and the newest of the trials above stay as they are. The others are thinned: those stay whose number has enough trailing
zeros under a hash, and each weighs as much as all those that it stands for. Which trials stay depends on the set alone,
and hardly changes as the set grows. ``benchmarks/speed/coreset.py`` measures the error of the log-density above.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...engine.arrays import BoolArray, FloatArray, IntArray

LIMIT = 1024  # observations up to which all stay
N_NEWEST = 64
N_BEST = 768


class Coreset:
    """Chooses some of many observations.

    Which numbers can stay at each level of thinning is found once and kept: level k has those whose hash ends in k or
    more zeros, one in 2^k.

    Parameters
    ----------
    limit
        How many observations stay at most.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._levels: list[IntArray] = []
        self._reach = 0

    def choose(self, members: BoolArray, numbers: IntArray, best: IntArray) -> tuple[IntArray, BoolArray]:
        """Choose some of n observations.

        Parameters
        ----------
        members
            (capacity,) tells which trials are observations.
        numbers
            (n,) their numbers, ascending; more than the limit.
        best
            Numbers of those that must stay beside the newest.

        Returns
        -------
        positions, is_sample
            (k,) ascending positions in `numbers`, and which of them stand for others that are left out.
        """
        exact = np.zeros(len(members), dtype=bool)
        exact[best] = exact[numbers[-N_NEWEST:]] = True
        room = self._limit - int(np.count_nonzero(exact))
        level = max(0, int(np.log2(len(numbers) / self._limit)))
        while True:
            sample = self._reaching(level, len(members))
            sample = sample[members[sample] & ~exact[sample]]
            if len(sample) <= room:
                break
            level += 1
        kept = exact.copy()
        kept[sample] = True
        positions = np.flatnonzero(kept[numbers])
        return positions, ~exact[numbers[positions]]

    def _reaching(self, level: int, capacity: int) -> IntArray:
        """Give the numbers below `capacity`, ascending, that reach a level."""
        if capacity != self._reach:
            self._levels, self._reach = [np.arange(capacity)], capacity
        while len(self._levels) <= level:
            last = self._levels[-1]
            self._levels.append(last[depths(last) >= len(self._levels)])
        return self._levels[level]


def depths(numbers: IntArray) -> npt.NDArray[np.int8]:
    """Give the deepest level of thinning at which trials may stay: the number of zeros at the end of a hash."""
    h = _hash(numbers)
    lowest = np.where(h == 0, np.uint64(1 << 63), h & (~h + np.uint64(1)))
    return np.asarray(np.log2(lowest.astype(np.float64)), dtype=np.int8)


def stretch(weights: FloatArray, is_sample: BoolArray, total: float) -> FloatArray:
    """Scale the weights (k,) of the sample so that all together sum to `total`."""
    left = weights[is_sample].sum()
    if left > 0.0:
        weights[is_sample] *= (total - weights[~is_sample].sum()) / left
    return weights


def _hash(numbers: IntArray) -> npt.NDArray[np.uint64]:
    """Mix the bits of integers: the finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    h = numbers.astype(np.uint64)
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(h ^ (h >> np.uint64(31)))
