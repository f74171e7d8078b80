"""Uniform numbers of the counter-based generator Philox4x64-10, to the bit those of `numpy.random.Philox`.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). A kernel that draws for
itself spares the generator, which takes longer to be set to a trial's numbers than the numbers take to be drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...arrays import FloatArray, IntArray
from .. import jit

MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
ROUNDS = 10
HALF, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
SPARE = np.uint64(11)  # bits of a word that a float has no room for
UNIT = 2.0**-53


class Stream(NamedTuple):
    """The numbers of one trial, to be read one after the other, as from a `numpy.random.Generator`.

    Attributes
    ----------
    key, purpose, number
        Whose numbers they are, as in `uniforms`.
    block
        (4,) the words that were drawn last.
    place
        (3,) how many words were read, whether half of one is left for the next integer, and that half.
    """

    key: npt.NDArray[np.uint64]
    purpose: int
    number: int
    block: npt.NDArray[np.uint64]
    place: IntArray


@jit
def stream_of(key: npt.NDArray[np.uint64], purpose: int, number: int) -> Stream:
    """Return the numbers of the generator that `Streams.generator` gives for a key (2,), from the first one on."""
    return Stream(key, purpose, number, np.empty(4, np.uint64), np.zeros(3, np.int64))


@jit
def fill_uniform(stream: Stream, out: FloatArray) -> None:
    """Fill `out` (n,) with the next numbers in [0, 1), as ``Generator.random`` gives them."""
    at = stream.place[0]
    for i in range(out.size):
        if at % 4 == 0:
            _draw(stream.key, stream.purpose, stream.number, at // 4, stream.block)
        out[i] = np.float64(stream.block[at % 4] >> SPARE) * UNIT
        at += 1
    stream.place[0] = at


@jit
def fill_integers(stream: Stream, n: int, out: IntArray) -> None:
    """Fill `out` with the next integers from 0 to n - 1, n < 2^32, as one call of ``Generator.integers`` each gives.

    Source: Lemire, "Fast random integer generation in an interval" (ACM TOMACS 29, 2019).
    """
    at, has_half, half = stream.place[0], stream.place[1], np.uint64(stream.place[2])
    threshold = np.uint64((2**32 - n) % n)
    for i in range(out.size):
        out[i] = 0
        while n > 1:
            if not has_half:
                if at % 4 == 0:
                    _draw(stream.key, stream.purpose, stream.number, at // 4, stream.block)
                half = stream.block[at % 4]
                at += 1
            product = (half & LOW) * np.uint64(n)  # of each word first the lower 32 bits
            half, has_half = half >> HALF, 1 - has_half
            if product & LOW >= threshold:
                out[i] = np.int64(product >> HALF)
                break
    stream.place[0], stream.place[1], stream.place[2] = at, has_half, np.int64(half)


@jit
def uniforms(key: npt.NDArray[np.uint64], purpose: int, number: int, n: int) -> FloatArray:
    """Return the first n numbers in [0, 1) of the generator that `Streams.generator` gives for a key (2,)."""
    u, words = np.empty(n + 3), np.empty(4, np.uint64)
    for block in range((n + 3) // 4):
        _draw(key, purpose, number, block, words)
        for c in range(4):
            u[4 * block + c] = np.float64(words[c] >> SPARE) * UNIT
    return u[:n]


@jit
def _draw(key: npt.NDArray[np.uint64], purpose: int, number: int, block: int, words: npt.NDArray[np.uint64]) -> None:
    """Fill in the four words of a block."""
    c0, c1, c2, c3 = np.uint64(block + 1), np.uint64(purpose), np.uint64(number), np.uint64(1)
    k0, k1 = key[0], key[1]
    for _ in range(ROUNDS):
        high_0, low_0 = _high(MULTIPLIER_0, c0), MULTIPLIER_0 * c0
        high_1, low_1 = _high(MULTIPLIER_1, c2), MULTIPLIER_1 * c2
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0, k1 = k0 + WEYL_0, k1 + WEYL_1
    words[0], words[1], words[2], words[3] = c0, c1, c2, c3


@jit
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """Return the upper 64 bits of a product."""
    a_high, a_low, b_high, b_low = a >> HALF, a & LOW, b >> HALF, b & LOW
    low, first, second = a_low * b_low, a_high * b_low, a_low * b_high
    carry = (low >> HALF) + (first & LOW) + (second & LOW)
    high: np.uint64 = a_high * b_high + (first >> HALF) + (second >> HALF) + (carry >> HALF)
    return high
