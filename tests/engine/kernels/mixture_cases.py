"""Random mixed spaces, mixtures and points for the kernel tests."""

import naive_mixture
import numpy as np
from hypothesis import strategies as st

from parzen.engine.kernels import mixture as numpy_tier
from parzen.engine.kernels.axes import SpaceArrays, axes_of, encode
from parzen.engine.kernels.categorical import ChoiceTables
from parzen.engine.kernels.mixture import Observed

# name: low, high, step, n_choices in model coordinates; a negative step is a grid in exp(x)
DIMENSIONS = {
    "float": (-1.0, 2.5, 0.0, 0),
    "point": (0.7, 0.7, 0.0, 0),
    "step": (0.0, 2.0, 0.25, 0),
    "int": (-3.0, 40.0, 1.0, 0),
    "big_int": (0.0, 5000.0, 1000.0, 0),  # beside log_int: exp(5000) overflows
    "one_int": (4.0, 4.0, 1.0, 0),
    "log_int": (0.0, np.log(60.0), -1.0, 0),
    "choices": (0.0, 0.0, 0.0, 4),
    "one_choice": (0.0, 0.0, 0.0, 1),
}
ALL_EXACT = 10**6  # as the longest table: every grid is tabulated, so that nothing is approximated


def space_of(names):
    # In rows of their own, as in a study: Numba compiles once more for columns.
    low, high, step, n_choices = np.array([DIMENSIONS[name] for name in names]).T.copy()
    return SpaceArrays(low, high, step, n_choices.astype(np.int64))


def points(names, u):
    """Map uniforms (n, d) to points of the space, on its grids."""
    out = np.empty(u.shape)
    for j, name in enumerate(names):
        low, high, step, n_choices = DIMENSIONS[name]
        if n_choices:
            out[:, j] = np.floor(u[:, j] * n_choices)
        elif step == 0:
            out[:, j] = low + u[:, j] * (high - low)
        elif step > 0:
            out[:, j] = low + step * np.floor(u[:, j] * ((high - low) / step + 1))
        else:
            out[:, j] = np.log(np.exp(low) + np.floor(u[:, j] * (np.exp(high) - np.exp(low) + 1)))
    return out


def random_mixture(names, n, seed, ties=False, with_missing=False, **options):
    """A slow mixture of n random observations and the prior."""
    rng = np.random.default_rng(seed)
    observations = points(names, rng.random((n, len(names))))
    if ties and n:
        observations = observations[rng.integers(min(n, 2), size=n)]
    if with_missing:
        observations = np.where(rng.random(observations.shape) < 0.3, np.nan, observations)
    return naive_mixture.build(observations, rng.uniform(0.1, 1.0, n), space_of(names), **options)


def observed_of(slow, axes):
    """The kernels of a slow mixture as observations, the prior's as one that lacks all parameters."""
    z = np.ascontiguousarray(encode(axes, slow.x.T).T)
    return Observed.of(z, slow.sigma)


def tables_of(slow):
    """The tables of a slow mixture, laid out flat."""
    first, stride, prior = np.zeros((3, len(slow.x)), np.int64)
    parts, size = [np.empty(0)], 0
    for j, rows in slow.tables.items():
        first[j], stride[j] = size, rows.shape[1]
        parts.append(rows.ravel())
        size += rows.size
        prior[j] = size - rows.shape[1]
    return ChoiceTables(np.concatenate(parts), first, stride, prior)


def fitted(slow, axes=None, kernels=numpy_tier):
    """What a tier makes of the kernels of a slow mixture."""
    axes = axes_of(slow.space, ALL_EXACT) if axes is None else axes
    return kernels.fit(observed_of(slow, axes), slow.log_weight, np.zeros(len(slow.x)), tables_of(slow), axes)


names_of_spaces = st.lists(st.sampled_from(list(DIMENSIONS)), min_size=1, max_size=5)
mixtures = st.builds(
    lambda names, n, seed, ties, with_missing, magic_clip: (
        names,
        random_mixture(names, n, seed, ties, with_missing, magic_clip=magic_clip),
    ),
    names_of_spaces,
    st.sampled_from([0, 1, 2, 7]),
    st.integers(0, 10**6),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
