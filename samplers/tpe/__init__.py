"""The tree-structured Parzen estimator: `sampler` composes, `rules` can be replaced, the rest is how it is computed."""

from .sampler import TPESampler

__all__ = ["TPESampler"]
