"""A pruner that never prunes."""

from __future__ import annotations

from typing import Any

from ..engine.records import FrozenTrial
from .base import BasePruner


class NopPruner(BasePruner):
    """Never prunes: every trial runs to its end."""

    multi_objective = True

    def prune(self, study: Any, trial: FrozenTrial) -> bool:
        return False
