"""The first fronts until there are enough, beside ranks of all, and the units of the last one, to the bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.samplers.tpe import pareto_ranking


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(2, 4), st.booleans(), st.data())
def test_the_best_of_few_are_those_of_all_ranks(seed, size, m, has_ties, data):
    rng = np.random.default_rng(seed)
    losses = rng.normal(size=(size, m)) * 10.0 ** rng.integers(-5, 300, m)
    if has_ties:
        losses = rng.integers(0, 4, size=(size, m)).astype(float)
        losses[rng.random(size) < 0.1] = np.inf
        losses[rng.random(size) < 0.1, 0] = -np.inf
    n = data.draw(st.integers(1, size - 1))
    found, deepest = pareto_ranking._best_of_few(losses, n)
    expected, depth = pareto_ranking.best_by_fronts(losses, n, compiled=False)
    assert deepest == depth
    assert found.tolist() == expected.tolist()
