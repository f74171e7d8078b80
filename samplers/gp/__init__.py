"""A Gaussian process proposes: it models the objective, and improvement is expected under it. Read `proposer` first."""

from .coordinates import openings
from .costs import Costs
from .plain import PlainModel, modelled
from .prior import Prior
from .proposer import Proposer
from .sampler import GPSampler
from .surrogate import Knowledge
from .tier import REHEARSAL
from .transfer import Transfer

__all__ = [
    "REHEARSAL", "Costs", "GPSampler", "Knowledge", "PlainModel", "Prior", "Proposer", "Transfer",
    "modelled", "openings",
]  # fmt: skip
