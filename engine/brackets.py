"""The brackets of Hyperband (Li et al., JMLR 18(185), 2018, Algorithm 1), and whose turn it is.

A bracket is one run of successive halving: `sizes[i]` configurations are evaluated with `resources[i]` at rung i. All
brackets together, from the one that halves most to the one that does not halve, are an iteration; it is repeated for
ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import index
from typing import Any, NamedTuple


class Bracket(NamedTuple):
    """One run of successive halving.

    Attributes
    ----------
    sizes
        Number of configurations at each rung.
    resources
        What each of them is given there in all, ascending.
    """

    sizes: tuple[int, ...]
    resources: tuple[int, ...]


class Place(NamedTuple):
    """Where something stands in a schedule.

    Attributes
    ----------
    iteration
        How many whole iterations came before.
    bracket
        Index of the bracket in the table.
    rung, slot
        Index of the rung in the bracket, and place within the rung.
    instance
        How many brackets came before, in all iterations.
    """

    iteration: int
    bracket: int
    rung: int
    slot: int
    instance: int


def hyperband_table(min_resource: int, max_resource: int | None, eta: int) -> list[Bracket]:
    """Give the brackets of one iteration of Hyperband.

    Parameters
    ----------
    min_resource
        The least that a configuration may be given; raised to `max_resource` divided by a power of `eta`.
    max_resource
        What the last rung of each bracket is given; there is no default for it.
    eta
        Of `eta` configurations one goes on, with `eta` times the resource.

    Raises
    ------
    ValueError
        If an argument is no integer or lies outside its range.

    Notes
    -----
    Bracket s = s_max, ..., 0 starts with n = floor((s_max + 1) / (s + 1)) eta^s configurations and has n / eta^i at
    rung i. For a maximum of 81 and eta = 3 that is 81, 27, 9, 6 and 5, as Table 1 of the paper prints it. Its Algorithm
    1 rounds another quotient, ceil((s_max + 1) eta^s / (s + 1)): 81, 34, 15, 8 and 5; then n / eta^i is no integer.
    All of it is integer arithmetic: floor(log(243) / log(3)) is 4 in floats.
    """
    low = _checked("min_resource", min_resource, 1)
    levels = _levels(low, _checked("max_resource", max_resource, low), _checked("reduction_factor", eta, 2))
    n_brackets = len(levels)
    table = []
    for s in reversed(range(n_brackets)):
        n = n_brackets // (s + 1) * eta**s
        table.append(Bracket(tuple(n // eta**i for i in range(s + 1)), levels[n_brackets - 1 - s :]))
    return table


def _levels(min_resource: int, max_resource: int, eta: int) -> tuple[int, ...]:
    """Give max_resource / eta^k to the nearest integer, for all k with which it is at least min_resource, ascending."""
    powers = [1]
    while min_resource * powers[-1] * eta <= max_resource:
        powers.append(powers[-1] * eta)
    return tuple((2 * max_resource + power) // (2 * power) for power in reversed(powers))


def _checked(name: str, value: Any, lowest: int) -> int:
    try:
        number = index(value)
    except TypeError:
        raise ValueError(f"`{name}` must be an integer, but got {value!r}. Give a whole number.") from None
    if number < lowest:
        raise ValueError(f"`{name}` must be at least {lowest}, but got {value}. Give a larger one.")
    return number


class Schedule:
    """Says of a running number, in time that does not grow with it, where in which bracket it stands.

    Parameters
    ----------
    brackets
        The brackets of one iteration.
    """

    def __init__(self, brackets: Sequence[Bracket]) -> None:
        self.brackets = list(brackets)
        self._starts = _bounds(bracket.sizes[0] for bracket in self.brackets)
        self._rungs = [(b, rung) for b, bracket in enumerate(self.brackets) for rung in range(len(bracket.sizes))]
        self._evaluations = _bounds(self.brackets[b].sizes[rung] for b, rung in self._rungs)

    def by_start(self, number: int) -> Place:
        """Place the configuration that starts as number 0, 1, ...; it may climb from there."""
        iteration, bracket, slot = _find(self._starts, number)
        return Place(iteration, bracket, 0, slot, iteration * len(self.brackets) + bracket)

    def by_evaluation(self, number: int) -> Place:
        """Place evaluation number 0, 1, ..., where each rung evaluates anew, one rung after the other."""
        iteration, row, slot = _find(self._evaluations, number)
        bracket, rung = self._rungs[row]
        return Place(iteration, bracket, rung, slot, iteration * len(self.brackets) + bracket)

    def budget(self, number: int) -> int:
        """Give the resource of an evaluation; see `by_evaluation`."""
        place = self.by_evaluation(number)
        return self.brackets[place.bracket].resources[place.rung]


def _bounds(sizes: Iterable[int]) -> list[int]:
    """Give where each part begins, and where the last one ends."""
    return list(accumulate(sizes, initial=0))


def _find(bounds: list[int], number: int) -> tuple[int, int, int]:
    """Give the round, the part of that round, and the place within the part."""
    if number < 0:
        raise ValueError(f"Numbers count from 0, but got {number}.")
    rounds, rest = divmod(number, bounds[-1])
    part = bisect_right(bounds, rest) - 1
    return rounds, part, rest - bounds[part]
