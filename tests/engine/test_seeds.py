"""`Streams`: uniform, different for each trial, the same whatever was drawn before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parzen.engine.seeds import _BLOCK, _PAGE, Streams

# With fixed seeds these tests either always pass or always fail; the false-alarm rate is that of choosing the seeds.


def kolmogorov_distance(sample):
    """Give the largest distance between the sample's distribution function and the uniform one."""
    x = np.sort(sample)
    n = len(x)
    return max((np.arange(1, n + 1) / n - x).max(), (x - np.arange(n) / n).max())


def kolmogorov_bound(n, alarm):
    """Give the distance that n uniform numbers exceed with probability `alarm` (Dvoretzky-Kiefer-Wolfowitz-Massart)."""
    return np.sqrt(np.log(2 / alarm) / (2 * n))


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_uniform(seed):
    """Trials 0..4999 with 4 numbers each: n = 20,000, false-alarm rate 1e-6 for each seed."""
    streams = Streams(seed)
    sample = np.array([streams.uniform(number, index) for number in range(5000) for index in range(4)])
    assert sample.min() >= 0 and sample.max() < 1
    assert kolmogorov_distance(sample) < kolmogorov_bound(len(sample), 1e-6)


def test_pairs_are_independent():
    """Chi-square of 10 x 10 cells for indices 0 and 1, trials k and k + 1, and so on: n = 10,000 each.

    99 degrees of freedom: mean 99, standard deviation 14; 190 is exceeded with probability 1e-7.
    """
    streams = Streams(3)
    n = 10_000
    pairs = {
        "indices": [(streams.uniform(k, 0), streams.uniform(k, 1)) for k in range(n)],
        "trials": [(streams.uniform(k, 0), streams.uniform(k + 1, 0)) for k in range(n)],
        "pages": [(streams.uniform(k, _PAGE - 1), streams.uniform(k, _PAGE)) for k in range(n)],
        "blocks": [(streams.uniform(k, 0), streams.uniform(k + _BLOCK, 0)) for k in range(n)],
        "seeds": [(streams.uniform(k, 0), Streams(k).uniform(0, 0)) for k in range(n)],
        "kinds": [(streams.uniform(k, 0), streams.generator(k).random()) for k in range(n)],
        "purposes": [(streams.generator(k, 0).random(), streams.generator(k, 1).random()) for k in range(n)],
    }
    for name, pair in pairs.items():
        counts, _, _ = np.histogram2d(*np.array(pair).T, bins=10, range=[[0, 1], [0, 1]])
        assert ((counts - n / 100) ** 2 / (n / 100)).sum() < 190, name


def test_trials_and_indices_differ():
    streams = Streams(0)
    sample = {streams.uniform(number, index) for number in range(3 * _BLOCK) for index in range(2 * _PAGE + 1)}
    assert len(sample) == 3 * _BLOCK * (2 * _PAGE + 1)
    assert len({streams.generator(number, purpose).random() for number in range(50) for purpose in range(20)}) == 1000


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 100)), min_size=1, max_size=60), st.integers(0, 2**70))
def test_a_number_does_not_depend_on_what_was_drawn_before(asked, seed):
    streams = Streams(seed)
    drawn = [streams.uniform(*key) for key in asked]
    assert drawn == [Streams(seed).uniform(*key) for key in asked]
    assert drawn[::-1] == [streams.uniform(*key) for key in reversed(asked)]


@pytest.mark.parametrize("number", [0, _BLOCK - 1, _BLOCK, _BLOCK + 1, 10 * _BLOCK])
def test_the_same_across_the_borders_of_blocks(number):
    """A worker that starts at any trial draws what one that came through all trials before draws."""
    through, fresh = Streams(5), Streams(5)
    for earlier in range(max(0, number - 3), number):
        through.uniform(earlier, 0)
    assert [through.uniform(number, i) for i in range(40)] == [fresh.uniform(number, i) for i in range(40)]
    np.testing.assert_array_equal(through.generator(number).random(9), fresh.generator(number).random(9))


def test_unseeded_streams_differ():
    """Of 1000 streams without a seed no two agree: 64 random bits each, false-alarm rate 3e-14."""
    assert len({Streams().uniform(0, 0) for _ in range(1000)}) == 1000


def test_seeds_that_are_no_seeds():
    with pytest.raises(ValueError):
        Streams(-1)
    assert Streams(np.int64(3)).uniform(0, 0) == Streams(3).uniform(0, 0)
