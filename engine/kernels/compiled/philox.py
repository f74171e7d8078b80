"""Uniform numbers of the counter-based generator Philox4x64-10, to the bit those of `numpy.random.Philox`.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). A kernel that draws for
itself spares the generator, which takes longer to be set to a trial's numbers than the numbers take to be drawn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray
from .. import jit

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
ROUNDS = 10
HALF, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
SPARE = np.uint64(11)  # bits of a word that a float has no room for
UNIT = 2.0**-53


@jit
def uniforms(key: npt.NDArray[np.uint64], purpose: int, number: int, n: int) -> FloatArray:
    """Return the first n numbers in [0, 1) of the generator that `Streams.generator` gives for a key (2,)."""
    u = np.empty(n + 3)
    for block in range((n + 3) // 4):
        c0, c1, c2, c3 = np.uint64(block + 1), np.uint64(purpose), np.uint64(number), np.uint64(1)
        k0, k1 = key[0], key[1]
        for _ in range(ROUNDS):
            high_0, low_0 = _high(MULTIPLIER_0, c0), MULTIPLIER_0 * c0
            high_1, low_1 = _high(MULTIPLIER_1, c2), MULTIPLIER_1 * c2
            c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
            k0, k1 = k0 + WEYL_0, k1 + WEYL_1
        u[4 * block] = np.float64(c0 >> SPARE) * UNIT
        u[4 * block + 1] = np.float64(c1 >> SPARE) * UNIT
        u[4 * block + 2] = np.float64(c2 >> SPARE) * UNIT
        u[4 * block + 3] = np.float64(c3 >> SPARE) * UNIT
    return u[:n]


@jit
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """Return the upper 64 bits of a product."""
    a_high, a_low, b_high, b_low = a >> HALF, a & LOW, b >> HALF, b & LOW
    low, first, second = a_low * b_low, a_high * b_low, a_low * b_high
    carry = (low >> HALF) + (first & LOW) + (second & LOW)
    high: np.uint64 = a_high * b_high + (first >> HALF) + (second >> HALF) + (carry >> HALF)
    return high
