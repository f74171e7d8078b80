"""A pseudo-random order of 0, ..., n - 1 that is computed where it is asked for, and takes no memory.

A Feistel network permutes the numbers below a^2, where a is the root of n, rounded up; a number that lands beyond n is
permuted again until it does not (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
"""

from __future__ import annotations

from hashlib import blake2b
from math import isqrt

_ROUNDS = 8  # with 4 the 24 orders of 4 numbers are not yet equally likely


def shuffled(position: int, n: int, key: object) -> int:
    """Give the number that stands at a position of the order that belongs to a key.

    Parameters
    ----------
    position
        From 0 to n - 1.
    n
        How many numbers there are, at least 1.
    key
        Anything that `repr` tells apart.
    """
    side = isqrt(n - 1) + 1
    found = position
    while True:
        found = _permuted(found, side, key)
        if found < n:
            return found


def _permuted(number: int, side: int, key: object) -> int:
    left, right = divmod(number, side)
    for i in range(_ROUNDS):
        digest = blake2b(repr((key, i, right)).encode(), digest_size=16).digest()
        left, right = right, (left + int.from_bytes(digest, "little")) % side
    return left * side + right
