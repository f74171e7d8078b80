"""The pseudo-random order: a permutation, others under other keys, and no order likelier than others."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from parzen.samplers.permutation import shuffled


@given(st.integers(1, 300), st.integers())
def test_each_number_stands_at_one_position(n, key):
    assert sorted(shuffled(position, n, key) for position in range(n)) == list(range(n))


def test_huge_grids_are_permuted_at_once():
    n = 10**40 + 7
    found = {shuffled(position, n, "key") for position in range(200)}
    assert len(found) == 200
    assert all(0 <= number < n for number in found)
    assert max(found) > n // 2  # 200 uniform ones all lie in the lower half with probability 2^-200


def test_other_keys_give_other_orders():
    orders = {tuple(shuffled(i, 50, key) for i in range(50)) for key in (0, 1, (0, "a"), (0, "b"))}
    assert len(orders) == 4


def test_the_orders_of_four_numbers_are_equally_likely():
    # Chi-square with 23 degrees of freedom over 12,000 keys: beyond 65 with probability 7e-6.
    counts = Counter(tuple(shuffled(i, 4, key) for i in range(4)) for key in range(12_000))
    assert len(counts) == 24
    assert sum((count - 500) ** 2 / 500 for count in counts.values()) < 65
