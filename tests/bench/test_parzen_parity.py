"""`tpe.estimator` against the installed Optuna: same weights, means, bandwidths and log-density."""

import numpy as np
import pytest

from parzen import distributions
from parzen.engine.kernels.axes import axes_of, encode
from parzen.engine.kernels.mixture import Observed
from parzen.samplers import TPESampler
from parzen.samplers.tpe.estimator import Estimator
from parzen.samplers.tpe.model import NUMPY, compiled_tier
from parzen.samplers.tpe.model_space import ModelSpace

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


def ours_of(distribution):
    """The same distribution of parzen's."""
    return getattr(distributions, type(distribution).__name__)(**distribution._asdict())


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


def theirs_of(space, values, weights, multivariate, magic_clip, endpoints, prior_weight):
    parameters = reference._ParzenEstimatorParameters(
        prior_weight=prior_weight,
        consider_magic_clip=magic_clip,
        consider_endpoints=endpoints,
        weights=lambda n: np.ones(n),
        multivariate=multivariate,
    )
    return reference._ParzenEstimator(values, space, parameters, weights)


def fit(space, x, weights, tier, **arguments):
    """Fit observations (n, d) in model coordinates as `TPESampler(**arguments)` does in a bold trial."""
    settings, axes = TPESampler(**arguments)._settings, space.axes
    bandwidth = settings.bandwidth(x.T, axes.lower, axes.upper)
    z = np.ascontiguousarray(encode(axes, x).T)
    observed = Observed.of(z, bandwidth)
    return Estimator(settings, space, tier, bold=True).fit(observed, weights)


def assert_same_components(theirs, ours, n_choices, exact_order):
    np.testing.assert_allclose(np.exp(ours.log_weight), theirs._mixture_distribution.weights, rtol=1e-10)
    for j, kernel in enumerate(theirs._mixture_distribution.distributions):
        if n_choices[j]:
            rows = [np.exp(ours.table[first : first + n_choices[j]]) for first in ours.row[j]]
            np.testing.assert_allclose(rows, kernel.weights, rtol=1e-10)
            continue
        mine, other = np.stack([ours.mu[j], ours.sigma[j]]), np.stack([kernel.mu, kernel.sigma])
        if not exact_order:  # among equal observations it is open which one has the outer neighbour
            mine, other = (pair[:, np.lexsort(pair[::-1])] for pair in (mine, other))
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("tier", [NUMPY, compiled_tier()], ids=["numpy", "numba"])
@pytest.mark.parametrize("n", [0, 1, 2, 30])
@pytest.mark.parametrize("multivariate", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("names", [*([name] for name in SPACES), list(SPACES)], ids="-".join)
def test_components_and_log_density_agree(names, n, multivariate, ties, tier):
    rng = np.random.default_rng([n, multivariate, ties, len(names), len(names[0])])
    space = {name: SPACES[name] for name in names}
    values = {name: random_values(space[name], n, rng, ties) for name in names}
    weights = np.ones(n) if ties else rng.uniform(0.1, 1.0, n)
    points = {name: random_values(space[name], 40, rng, False) for name in names}
    x, where = (np.stack([to_model(space[name], v[name]) for name in names], axis=1) for v in (values, points))
    for magic_clip, endpoints, prior_weight in [(True, False, 1.0), (True, True, 2.5), (False, False, 0.5)]:
        theirs = theirs_of(space, values, weights, multivariate, magic_clip, endpoints, prior_weight)
        arguments = {
            "prior_weight": prior_weight, "consider_magic_clip": magic_clip, "consider_endpoints": endpoints
        }  # fmt: skip
        model_space = ModelSpace({name: ours_of(distribution) for name, distribution in space.items()}, {})
        # Grids as continuous dimensions, whose means and bandwidths can be compared; then as tables, which are exact.
        model_space.axes = axes_of(model_space.arrays, longest_table=0)
        ours = fit(model_space, x, weights, tier, **arguments)
        assert_same_components(theirs, ours, model_space.arrays.n_choices, exact_order=not ties)
        model_space.axes = axes_of(model_space.arrays, longest_table=10**6)
        ours = fit(model_space, x, weights, tier, **arguments)
        z = np.ascontiguousarray(encode(model_space.axes, where))
        # Equal observations may exchange their bandwidths, which changes a product over several dimensions.
        if len(names) == 1 or not ties:
            found, expected = tier.mixture.log_density(ours, z), theirs.log_pdf(points)
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
