"""A Gaussian process proposes: a model of the objective, and the expected improvement under it. Read `proposer` first."""

from .proposer import Proposer

__all__ = ["Proposer"]
