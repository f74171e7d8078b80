"""The tree-structured Parzen estimator, the default sampler. Read `sampler` first; each of `rules` can be replaced."""

from .sampler import TPESampler

__all__ = ["TPESampler"]
