"""The brackets of Hyperband and the numbering of what happens in them."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.engine.brackets import Bracket, Place, Schedule, hyperband_table

tables = st.builds(
    hyperband_table, min_resource=st.integers(1, 9), max_resource=st.integers(9, 300), eta=st.integers(2, 5)
)


def test_table_1_of_the_paper() -> None:
    # Li et al. (JMLR 18(185), 2018), Table 1: R = 81, eta = 3.
    assert hyperband_table(1, 81, 3) == [
        Bracket((81, 27, 9, 3, 1), (1, 3, 9, 27, 81)),
        Bracket((27, 9, 3, 1), (3, 9, 27, 81)),
        Bracket((9, 3, 1), (9, 27, 81)),
        Bracket((6, 2), (27, 81)),
        Bracket((5,), (81,)),
    ]


@pytest.mark.parametrize("eta", range(2, 11))
def test_powers_are_exact(eta: int) -> None:
    for k in range(1, 12):  # math.log(243, 3) is below 5, for one
        assert len(hyperband_table(1, eta**k, eta)) == k + 1
        assert len(hyperband_table(1, eta**k - 1, eta)) == k
        assert hyperband_table(1, eta**k, eta)[0].resources == tuple(eta**i for i in range(k + 1))


def test_a_maximum_that_is_no_power() -> None:
    assert hyperband_table(1, 100, 3)[0].resources == (1, 4, 11, 33, 100)  # 1.23, 3.70, 11.1, 33.3
    assert hyperband_table(5, 100, 3)[0].resources == (11, 33, 100)  # a third of 11.1 would be below 5


def test_a_single_budget() -> None:
    assert hyperband_table(7, 7, 3) == [Bracket((1,), (7,))]
    assert hyperband_table(7, 20, 3) == [Bracket((1,), (20,))]


@given(st.integers(1, 50), st.integers(0, 5000), st.integers(2, 6))
def test_what_holds_for_every_table(low: int, more: int, eta: int) -> None:
    table = hyperband_table(low, low + more, eta)
    for s, bracket in zip(reversed(range(len(table))), table, strict=True):
        assert len(bracket.sizes) == len(bracket.resources) == s + 1
        assert bracket.resources[-1] == low + more and bracket.resources[0] >= low
        assert bracket.resources == table[0].resources[-s - 1 :]
        assert all(a < b for a, b in itertools.pairwise(bracket.resources))
        assert all(b == a // eta for a, b in itertools.pairwise(bracket.sizes)) and bracket.sizes[-1] >= 1


@given(st.integers(1, 20), st.integers(2, 5), st.integers(0, 5))
def test_brackets_cost_about_the_same(low: int, eta: int, k: int) -> None:
    # B = (s_max + 1) R, and up to one configuration more at each of s + 1 rungs, which costs R / eta^(s - i) there.
    table = hyperband_table(low, low * eta**k, eta)
    whole = len(table) * table[0].resources[-1]
    for bracket in table:
        assert sum(map(int.__mul__, *bracket)) <= whole + sum(bracket.resources)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 9, 3), "`min_resource` must be at least 1, but got 0"),
        ((3, 2, 3), "`max_resource` must be at least 3, but got 2"),
        ((1, 9, 1), "`reduction_factor` must be at least 2, but got 1"),
        ((1, None, 3), "`max_resource` must be an integer, but got None"),
        ((1.5, 9, 3), "`min_resource` must be an integer, but got 1.5"),
    ],
)
def test_bad_arguments(arguments: tuple[object, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        hyperband_table(*arguments)


def walked(table: list[Bracket], n_iterations: int, rungs: bool) -> list[Place]:
    """The slow twin: all places one after the other."""
    return [
        Place(iteration, b, rung, slot, iteration * len(table) + b)
        for iteration in range(n_iterations)
        for b, bracket in enumerate(table)
        for rung, size in enumerate(bracket.sizes)
        if rungs or rung == 0
        for slot in range(size)
    ]


@settings(max_examples=30)
@given(tables)
def test_every_place_has_one_number(table: list[Bracket]) -> None:
    schedule = Schedule(table)
    for find, rungs in ((schedule.by_start, False), (schedule.by_evaluation, True)):
        expected = walked(table, 2, rungs)
        assert [find(number) for number in range(len(expected))] == expected
        assert len(set(expected)) == len(expected)
    budgets = Counter(schedule.budget(number) for number in range(len(walked(table, 1, True))))
    totals: Counter[int] = Counter()
    for bracket in table:
        totals.update(dict(zip(bracket.resources, bracket.sizes, strict=True)))
    assert budgets == totals


@given(tables, st.integers(0, 10**6), st.integers(0, 10**15))
def test_iterations_repeat_for_ever(table: list[Bracket], number: int, n: int) -> None:
    schedule = Schedule(table)
    for find, total in (
        (schedule.by_start, sum(bracket.sizes[0] for bracket in table)),
        (schedule.by_evaluation, sum(sum(bracket.sizes) for bracket in table)),
    ):
        place, later = find(number), find(number + n * total)
        assert later == place._replace(iteration=place.iteration + n, instance=place.instance + n * len(table))


def test_numbers_count_from_zero() -> None:
    with pytest.raises(ValueError, match="count from 0, but got -1"):
        Schedule(hyperband_table(1, 9, 3)).by_start(-1)
