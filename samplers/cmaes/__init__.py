"""CMA-ES: a normal distribution that adapts to the best trials. Read `gaussian` first, then `course`.

On arrays, without a study: `Strategy` of a `Normal` and `Choices`, asked and told.
"""

from .choices import Choices
from .gaussian import DiagonalNormal, Normal, default_size
from .learning_rates import AdaptingNormal
from .sampler import CmaEsSampler
from .strategy import Points, Strategy

__all__ = [
    "AdaptingNormal",
    "Choices",
    "CmaEsSampler",
    "DiagonalNormal",
    "Normal",
    "Points",
    "Strategy",
    "default_size",
]
