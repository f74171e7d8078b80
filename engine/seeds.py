"""Randomness keyed by (seed, trial number), from the counter-based generator Philox (Salmon et al. 2011).

Trial k draws the same numbers whether the study ran through, was resumed, or was shared by several workers, because a
trial's numbers depend on its number and not on what was drawn before. Without a seed, one is taken from the system.
"""

from __future__ import annotations

import os

import numpy as np

_BLOCK = 64  # trials whose first uniforms are drawn by one call: a generator costs 10 us to make, a number 5 ns
_PAGE = 16  # uniforms a trial has in one such draw; a trial with more parameters takes further pages


class Streams:
    """Uniform numbers for every (trial number, index), and generators for every (trial number, purpose).

    Parameters
    ----------
    seed
        Any non-negative integer; None draws one from the system.
    """

    def __init__(self, seed: int | None = None) -> None:
        entropy = int.from_bytes(os.urandom(8), "little") if seed is None else int(seed)
        self._key = np.random.SeedSequence(entropy).generate_state(2, np.uint64)
        self._pages: dict[tuple[int, int], list[list[float]]] = {}

    def uniform(self, number: int, index: int) -> float:
        """Give the uniform number in [0, 1) of index `index` that belongs to trial `number`."""
        key = (number // _BLOCK, index // _PAGE)
        page = self._pages.get(key) or self._draw_page(key)
        return page[number % _BLOCK][index % _PAGE]

    def _draw_page(self, key: tuple[int, int]) -> list[list[float]]:
        page: list[list[float]] = self._philox(0, *key).random((_BLOCK, _PAGE)).tolist()
        if len(self._pages) > 32:
            self._pages.clear()
        self._pages[key] = page
        return page

    def generator(self, number: int, purpose: int = 0) -> np.random.Generator:
        """Make the generator that belongs to trial `number`; `purpose` tells apart several uses in one trial."""
        return self._philox(1, number, purpose)

    def _philox(self, kind: int, a: int, b: int) -> np.random.Generator:
        # The lowest word counts up as numbers are drawn; the other three say whose numbers they are.
        return np.random.Generator(np.random.Philox(counter=[0, b, a, kind], key=self._key))
