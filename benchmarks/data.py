"""Scikit-learn's bundled data, for the problems that train."""

from __future__ import annotations

import functools

import numpy as np

from parzen.benchmarks.problem import Array


@functools.cache
def standardised(name: str, n: int) -> tuple[Array, Array, Array, Array]:
    """Give n points to train on and as many to validate: images, targets, and the same again."""
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))[: 2 * n]
    x, y = (x[order] - x.mean(axis=0)) / (x.std(axis=0) + 1e-9), y[order]
    return x[:n], y[:n], x[n:], y[n:]
