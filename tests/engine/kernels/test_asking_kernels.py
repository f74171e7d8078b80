"""What the kernels of one ask compute for themselves, beside what it stands for: most of it to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels import truncnorm
from parzen.engine.kernels.compiled import asking, densities, local_search, normal, philox, telling
from parzen.engine.kernels.mixture import Kept
from parzen.engine.seeds import Streams
from parzen.samplers.tpe import coreset, estimator, recombination, rules
from parzen.samplers.tpe.model_space import ModelSpace

SPACE = {
    "x": FloatDistribution(-5.0, 5.0),
    "lr": FloatDistribution(1e-5, 1.0, log=True),
    "n": IntDistribution(1, 9),
    "wide": IntDistribution(0, 500),
    "log_n": IntDistribution(1, 300, log=True),
    "c": CategoricalDistribution(("a", "b", "c")),
}
seeds = st.integers(0, 10**6)


@pytest.mark.parametrize(("number", "purpose", "n"), [(0, 0, 1), (5, 0, 265), (10**6, 3, 7), (2**40, 1 << 33, 9)])
def test_uniforms_are_those_of_the_generator(number, purpose, n):
    streams = Streams(7)
    expected = streams.generator(number, purpose).random(n)
    np.testing.assert_array_equal(philox.uniforms(streams.key, purpose, number, n), expected)


@settings(deadline=None, max_examples=50)
@given(seeds, st.lists(st.sampled_from([0, 1, 2, 3, 10, 1000, 3 << 30, 2**32 - 1]), max_size=40))
def test_a_stream_gives_what_the_generator_gives(number, asked):
    streams = Streams(7)
    rng, stream = streams.generator(number, 2), philox.stream_of(streams.key, 2, number)
    for n in asked:  # numbers for 0, else integers below n: of 3 << 30 a quarter of the words is refused
        if n == 0:
            numbers = np.empty(3)
            philox.fill_uniform(stream, numbers)
            np.testing.assert_array_equal(numbers, rng.random(3))
        else:
            integers = np.empty(3, np.int64)
            philox.fill_integers(stream, n, integers)
            assert integers.tolist() == [rng.integers(n) for _ in range(3)]


@pytest.mark.parametrize(("n_parents", "n", "d"), [(1, 24, 10), (4, 24, 10), (50, 7, 1), (3, 1, 5)])
@pytest.mark.parametrize("number", range(5))
def test_children_inherit_as_the_parts_choose(n_parents, n, d, number):
    streams, numbers = Streams(3), 10 + 7 * np.arange(n_parents)
    chosen = recombination.sources(n_parents, n, d, streams.generator(number))
    stream = philox.stream_of(streams.key, 0, number)
    found = asking.inherited(stream, numbers, recombination.CROSSED, n, d)
    np.testing.assert_array_equal(found, np.append(numbers, -1)[chosen])


@pytest.mark.parametrize("n", [*range(1, 40), 64, 127, 128])
def test_sums_are_those_of_numpy(n):
    x = np.random.default_rng(n).normal(size=(3, n)) * 10.0 ** np.arange(-8, n - 8)[:n].clip(-8, 8)
    assert [local_search._sum(row) for row in x] == x.sum(axis=1).tolist()


@settings(deadline=None, max_examples=50)
@given(seeds, st.integers(1, 80))
def test_logarithms_and_quantiles_of_a_block(seed, n):
    rng = np.random.default_rng(seed)
    x = 10.0 ** rng.uniform(-300, 300, n)
    found = x.copy()
    normal.log_block(found, np.empty(n))
    np.testing.assert_allclose(found, np.log(x), rtol=1e-15)
    near = 1.0 + rng.normal(size=n) * 1e-3
    found = near.copy()
    normal.log_block(found, np.empty(n))
    np.testing.assert_allclose(found, np.log(near), rtol=1e-14, atol=1e-17)
    u, z = rng.random(n), np.empty(n)
    a = rng.normal(-3.0, 4.0, n)
    b = a + 10.0 ** rng.uniform(-3, 2, n)  # narrow, far out, or around 0
    normal.ppf_block(u, a, b, z)
    np.testing.assert_allclose(z, truncnorm.ppf(u, a, b), rtol=1e-9, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(seeds, st.integers(0, 60), st.booleans())
def test_weights_are_those_of_the_rules(seed, n, with_prior):
    rng = np.random.default_rng(seed)
    np.testing.assert_allclose(densities.default_weights(n), rules.default_weights(n), rtol=1e-14)
    losses = np.sort(rng.normal(size=n + 1).round(1)) * 10.0 ** rng.integers(-200, 200)
    losses[: rng.integers(2)] = -np.inf if rng.random() < 0.2 else losses[0]
    expected = rules.improvement_weights(losses[:n], losses[n:])
    np.testing.assert_allclose(densities.improvement_weights(losses[:n], losses[n]), expected, rtol=1e-12)
    weights = rng.random(n) * (rng.random(n) < 0.8)
    if n or with_prior:
        prior = 1.5 if with_prior else None
        found = densities.log_weights(weights, -1.0 if prior is None else prior)
        np.testing.assert_allclose(found, estimator.log_weights(weights, prior), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("scores", [[1.0], [1.0, 3.0, 3.0], [-np.inf, -np.inf], [2.0, np.nan, 5.0, np.nan], [np.nan]])
def test_the_first_largest_is_that_of_numpy(scores):
    assert asking.first_largest(np.array(scores)) == np.argmax(scores)


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(1, 30), st.integers(0, 2))
def test_a_told_trial_stands_where_reading_all_puts_it(seed, n, n_given):
    """Coordinates to the bit, and the order by (loss, number), whoever was told first."""
    rng = np.random.default_rng(seed)
    space, capacity = ModelSpace(SPACE, {}), 40
    internal = np.array([[d.from_unit(rng.random()) for d in SPACE.values()] for _ in range(n)]).T
    internal = np.where(rng.random(internal.shape) < 0.1, np.nan, internal)
    internal[0, rng.random(n) < 0.1] = 7.0  # outside of today's range
    numbers = rng.permutation(capacity)[:n]
    states = np.where(rng.random(capacity) < 0.8, telling.COMPLETE, telling.COMPLETE + 2).astype(np.int8)
    values = rng.integers(0, 5, size=(capacity, 1)).astype(float)
    kept = Kept.of(np.full((len(SPACE), capacity), np.nan), np.zeros(capacity, dtype=bool), np.zeros(capacity, np.int8))
    n_ranked, scale, axes = 0, space.dims.scale, space.axes
    for some in np.array_split(np.arange(n), 3):
        columns = np.ascontiguousarray(internal[:, some])
        told = columns, space.on_model_scale(columns), states, values, -1.0, numbers[some]
        grids = scale.low, scale.high, axes.n_choices, axes.n_values, axes.points, axes.start
        n_ranked = telling.tell(*told, *grids, n_given, n_ranked, kept.z, kept.counts, kept.losses, kept.ranked)
    np.testing.assert_array_equal(kept.z[:, numbers], space.coordinates(internal.T))
    has_all = ~np.isnan(internal[n_given:]).any(axis=0)
    expected = numbers[has_all & (states[numbers] == telling.COMPLETE)]
    assert np.flatnonzero(kept.counts).tolist() == sorted(expected.tolist())
    in_order = expected[np.lexsort([expected, -values[expected, 0]])]
    assert kept.ranked[:n_ranked].tolist() == in_order.tolist()
    np.testing.assert_array_equal(kept.losses[:n_ranked], -values[in_order, 0])


@settings(deadline=None, max_examples=60)
@given(seeds, st.integers(65, 700), st.integers(0, 40), st.integers(70, 200))
def test_what_stands_for_many_is_what_the_parts_choose(seed, n, n_best, limit):
    rng, capacity = np.random.default_rng(seed), 1024
    members = np.zeros(capacity, dtype=bool)
    members[rng.choice(capacity, size=max(n, limit + 1), replace=False)] = True
    numbers = np.flatnonzero(members)
    best = rng.choice(numbers, size=min(n_best, limit - coreset.N_NEWEST), replace=False)
    positions, is_sample = coreset.Coreset(limit).choose(members, numbers, best)
    weights = rules.default_weights(len(numbers))
    expected = coreset.stretch(weights[positions], is_sample, float(weights.sum()))
    depth = coreset.depths(np.arange(capacity))
    chosen, found = densities.thinned(numbers, best, coreset.N_NEWEST, limit, depth)
    assert chosen.tolist() == numbers[positions].tolist()
    np.testing.assert_allclose(found, expected, rtol=1e-12)
