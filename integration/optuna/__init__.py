"""Optuna both ways: parzen's samplers and pruners in an Optuna study, and Optuna's in a study of parzen's.

- `OptunaSampler` and `OptunaPruner` make an Optuna sampler and an Optuna pruner of parzen's.
- `ParzenSampler` and `ParzenPruner` make a sampler and a pruner of parzen's of Optuna's.

With the same seed they give the trials that they give at home.
"""

try:
    import optuna as _optuna  # noqa: F401 - so that its absence is told here
except ImportError as error:
    raise ImportError('parzen.integration.optuna needs Optuna: pip install "parzen[optuna]".') from error

from .ours import OptunaPruner, OptunaSampler
from .theirs import ParzenPruner, ParzenSampler

__all__ = ["OptunaPruner", "OptunaSampler", "ParzenPruner", "ParzenSampler"]
