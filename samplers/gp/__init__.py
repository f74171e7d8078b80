"""A Gaussian process proposes: it models the objective, and improvement is expected under it. Read `proposer` first."""

from .proposer import Proposer

__all__ = ["Proposer"]
