"""Randomness keyed by (seed, trial number), from the counter-based generator Philox (Salmon et al. 2011).

Trial k draws the same numbers whether the study ran through, was resumed, or was shared by several workers, because a
trial's numbers depend on its number and not on what was drawn before. Without a seed, one is taken from the system, and
each study mixes in a number of its own: trials of one number differ between the studies that share a sampler.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

_BLOCK = 64  # trials whose first uniforms are drawn by one call: a generator costs 10 us to make, a number 5 ns
_PAGE = 16  # uniforms a trial has in one such draw; a trial with more parameters takes further pages


_STUDIES = 16  # studies whose streams are kept


def entropy() -> int:
    """Take a number from the system that nobody else has."""
    return int.from_bytes(os.urandom(8), "little")


class Streams:
    """Uniform numbers for every (trial number, index), and generators for every (trial number, purpose).

    Parameters
    ----------
    seed
        Any non-negative integer; None draws one from the system.
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is not None and (not hasattr(seed, "__index__") or seed < 0):
            kind = ValueError if hasattr(seed, "__index__") else TypeError
            raise kind(f"`seed` must be a non-negative integer, or None for any, but got {seed!r}.")
        self.is_seeded = seed is not None
        self._begin(entropy() if seed is None else int(seed))

    def _begin(self, *seeds: int) -> None:
        self._seeds = seeds
        self._of_study: dict[int, Streams] = {}
        sequence = np.random.SeedSequence(seeds if len(seeds) > 1 else seeds[0])
        self._key = sequence.generate_state(2, np.uint64).astype(np.uint64)
        self._local = threading.local()
        self._orders: dict[tuple[int, int, int], list[int]] = {}
        self._pages: dict[tuple[int, int], list[list[float]]] = {}
        self._row: tuple[int, list[float]] = -1, []  # a trial, and its first uniforms

    # A thread's own things cannot be pickled, and are made again when needed.
    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_local"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._local = threading.local()

    def of(self, study: Any) -> Streams:
        """Give the streams of one study: these ones if there is a seed."""
        if self.is_seeded:
            return self
        own = getattr(study, "entropy", 0)  # a study-like object has none
        found = self._of_study.get(own)
        if found is None:
            if len(self._of_study) >= _STUDIES:
                self._of_study.clear()  # they are made again, the same
            found = self._of_study[own] = Streams.__new__(Streams)
            found.is_seeded = True
            found._begin(*self._seeds, own)
        return found

    def reseed(self) -> None:
        """Begin with another number from the system; a seed stays."""
        if not self.is_seeded:
            self._begin(entropy())

    @property
    def key(self) -> npt.NDArray[np.uint64]:
        """The two words that tell the numbers of these streams from those of others."""
        return self._key

    def uniform(self, number: int, index: int) -> float:
        """Give the uniform number in [0, 1) of index `index` that belongs to trial `number`."""
        newest, row = self._row
        if newest == number and index < _PAGE:  # what nearly every call finds
            return row[index]
        key = (number // _BLOCK, index // _PAGE)
        page = self._pages.get(key) or self._draw_page(key)
        row = page[number % _BLOCK]
        if index < _PAGE:
            self._row = number, row
        return row[index % _PAGE]

    def _draw_page(self, key: tuple[int, int]) -> list[list[float]]:
        page: list[list[float]] = self._philox(0, *key).random((_BLOCK, _PAGE)).tolist()
        if len(self._pages) > 32:
            self._pages.clear()
        self._pages[key] = page
        return page

    def stratified(self, number: int, index: int, n: int) -> float:
        """Give a uniform number that lies in another of n equal parts of [0, 1) for each of n trials in a row.

        So the values of each parameter in a study's first n trials are a Latin hypercube (McKay, Beckman and Conover,
        Technometrics 21(2), 1979).
        """
        block, place = divmod(number, n)
        key = (block, index, n)
        order = self._orders.get(key)
        if order is None:
            order = self._orders[key] = self._philox(2, index, block).permutation(n).tolist()
        return float((order[place] + self.uniform(number, index)) / n)

    def generator(self, number: int, purpose: int = 0) -> np.random.Generator:
        """Give the generator that belongs to trial `number`; `purpose` tells apart several uses in one trial.

        A thread has one generator, which is set to where the trial's numbers begin: use it before the next call.
        """
        local = self._local
        if not hasattr(local, "generator"):
            local.generator = self._philox(1, 0, 0)
            local.state = local.generator.bit_generator.state
        local.state["state"]["counter"][:] = (0, purpose, number, 1)
        local.generator.bit_generator.state = local.state
        generator: np.random.Generator = local.generator
        return generator

    def _philox(self, kind: int, a: int, b: int) -> np.random.Generator:
        # The lowest word counts up as numbers are drawn; the other three say whose numbers they are.
        return np.random.Generator(np.random.Philox(counter=[0, b, a, kind], key=self._key))
