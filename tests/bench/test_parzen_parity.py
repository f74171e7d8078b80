"""`tpe.estimator.build` against the installed Optuna: same weights, means, bandwidths and log-density."""

import numpy as np
import pytest

from parzen.engine.kernels.mixture import SpaceArrays, log_density, table_of
from parzen.samplers.tpe import rules
from parzen.samplers.tpe.estimator import build

optuna = pytest.importorskip("optuna")
reference = pytest.importorskip("optuna.samplers._tpe.parzen_estimator")

pytestmark = pytest.mark.bench

FLOAT = optuna.distributions.FloatDistribution
INT = optuna.distributions.IntDistribution
CATEGORICAL = optuna.distributions.CategoricalDistribution
SPACES = {
    "float": FLOAT(-3.0, 7.5),
    "float_log": FLOAT(1e-5, 2.0, log=True),
    "float_step": FLOAT(0.0, 25.0, step=0.25),
    "int": INT(-40, 90),
    "int_step": INT(0, 300, step=3),
    "int_log": INT(1, 200, log=True),
    "categorical": CATEGORICAL(("a", "b", "c", "d")),
}


def arrays(distribution):
    """Model coordinates of one distribution: low, high, step (negative: grid in exp(x)), n_choices."""
    if isinstance(distribution, CATEGORICAL):
        return 0.0, 0.0, 0.0, len(distribution.choices)
    if not distribution.log:
        return distribution.low, distribution.high, distribution.step or 0.0, 0
    return np.log(distribution.low), np.log(distribution.high), -float(getattr(distribution, "step", None) or 0.0), 0


def random_values(distribution, n, rng, ties):
    """Draw n different values in Optuna's own representation (choices repeat); with ties only three different ones."""
    if isinstance(distribution, CATEGORICAL):
        values = rng.integers(len(distribution.choices), size=n)
    elif distribution.step:
        points = round((distribution.high - distribution.low) / distribution.step)
        values = distribution.low + distribution.step * rng.permutation(points + 1)[:n]
    elif distribution.log:
        values = np.exp(rng.uniform(np.log(distribution.low), np.log(distribution.high), n))
    else:
        values = rng.uniform(distribution.low, distribution.high, n)
    return np.asarray(values[rng.integers(min(3, n), size=n)] if ties and n else values, dtype=float)


def to_model(distribution, values):
    return np.log(values) if getattr(distribution, "log", False) else values


def both(space, values, weights, multivariate, magic_clip, endpoints, prior_weight):
    parameters = reference._ParzenEstimatorParameters(
        prior_weight=prior_weight,
        consider_magic_clip=magic_clip,
        consider_endpoints=endpoints,
        weights=lambda n: np.ones(n),
        multivariate=multivariate,
    )
    theirs = reference._ParzenEstimator(values, space, parameters, weights)
    columns = np.array([arrays(distribution) for distribution in space.values()]).T
    ours = build(
        np.stack([to_model(space[name], values[name]) for name in space], axis=1),
        weights,
        SpaceArrays(columns[0], columns[1], columns[2], columns[3].astype(np.int64)),
        prior_weight=prior_weight,
        bandwidth=rules.neighbour_distance_with_endpoints if endpoints else rules.neighbour_distance,
        clip=rules.magic_clip if magic_clip else rules.no_clip,
    )
    return theirs, ours


def assert_same_components(space, theirs, ours, exact_order):
    np.testing.assert_allclose(np.exp(ours.log_weight), theirs._mixture_distribution.weights, rtol=1e-10)
    for j, kernel in enumerate(theirs._mixture_distribution.distributions):
        if ours.n_choices[j]:
            rows = np.exp(table_of(ours, j)[ours.mu[j].astype(int)])
            np.testing.assert_allclose(rows, kernel.weights, rtol=1e-10)
            continue
        mine, other = np.stack([ours.mu[j], ours.sigma[j]]), np.stack([kernel.mu, kernel.sigma])
        if not exact_order:  # among equal observations it is open which one has the outer neighbour
            mine, other = (pair[:, np.lexsort(pair[::-1])] for pair in (mine, other))
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("n", [0, 1, 2, 30])
@pytest.mark.parametrize("multivariate", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("names", [*([name] for name in SPACES), list(SPACES)], ids="-".join)
def test_components_and_log_density_agree(names, n, multivariate, ties):
    rng = np.random.default_rng([n, multivariate, ties, len(names), len(names[0])])
    space = {name: SPACES[name] for name in names}
    values = {name: random_values(space[name], n, rng, ties) for name in names}
    weights = np.ones(n) if ties else rng.uniform(0.1, 1.0, n)
    points = {name: random_values(space[name], 40, rng, False) for name in names}
    for magic_clip, endpoints, prior_weight in [(True, False, 1.0), (True, True, 2.5), (False, False, 0.5)]:
        theirs, ours = both(space, values, weights, multivariate, magic_clip, endpoints, prior_weight)
        assert_same_components(space, theirs, ours, exact_order=not ties)
        x = np.stack([to_model(space[name], points[name]) for name in names], axis=1)
        expected = theirs.log_pdf(points)
        # Equal observations may exchange their bandwidths, which changes a product over several dimensions.
        if len(names) == 1 or not ties:
            np.testing.assert_allclose(log_density(ours, x), expected, rtol=1e-10, atol=1e-10)
