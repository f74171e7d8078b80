"""Distributions under the names that Optuna gave them before version 3: deprecated, but found in old files and code."""

from __future__ import annotations

from typing import Any, cast

from ..deprecated import warn_deprecated
from .base import BaseDistribution
from .categorical import CategoricalDistribution
from .numeric import FloatDistribution, IntDistribution


class UniformDistribution(FloatDistribution):
    """Deprecated: ``FloatDistribution(low, high)``."""

    def __init__(self, low: float, high: float) -> None:
        warn_deprecated("UniformDistribution", "FloatDistribution")
        super().__init__(low, high)

    def _asdict(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}


class LogUniformDistribution(FloatDistribution):
    """Deprecated: ``FloatDistribution(low, high, log=True)``."""

    def __init__(self, low: float, high: float) -> None:
        warn_deprecated("LogUniformDistribution", "FloatDistribution(log=True)")
        super().__init__(low, high, log=True)

    def _asdict(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}


class DiscreteUniformDistribution(FloatDistribution):
    """Deprecated: ``FloatDistribution(low, high, step=q)``."""

    def __init__(self, low: float, high: float, q: float) -> None:
        warn_deprecated("DiscreteUniformDistribution", "FloatDistribution(step=...)")
        super().__init__(low, high, step=q)

    @property
    def q(self) -> float:
        """Spacing of the grid."""
        return cast(float, self.step)

    @q.setter
    def q(self, value: float) -> None:
        attributes = {"low": self.low, "high": self.high, "log": self.log, "step": value}
        vars(self).clear()  # what follows from them, too
        vars(self).update(attributes)
        self._set_support()

    def _asdict(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "q": self.step}


class IntUniformDistribution(IntDistribution):
    """Deprecated: ``IntDistribution(low, high, step=step)``."""

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        warn_deprecated("IntUniformDistribution", "IntDistribution")
        super().__init__(low, high, step=step)

    def _asdict(self) -> dict[str, Any]:
        return {"step": self.step, "low": self.low, "high": self.high}


class IntLogUniformDistribution(IntDistribution):
    """Deprecated: ``IntDistribution(low, high, log=True)``."""

    def __init__(self, low: int, high: int, step: int = 1) -> None:
        warn_deprecated("IntLogUniformDistribution", "IntDistribution(log=True)")
        super().__init__(low, high, log=True, step=step)

    def _asdict(self) -> dict[str, Any]:
        return {"step": self.step, "low": self.low, "high": self.high}


def modern(distribution: Any) -> BaseDistribution:
    """Give the distribution that stands for a deprecated one, or for one of Optuna's; all else comes back as it is."""
    if not isinstance(distribution, BaseDistribution):
        return _of_optuna(distribution)
    if isinstance(distribution, _OLD_FLOATS):
        return FloatDistribution(distribution.low, distribution.high, log=distribution.log, step=distribution.step)
    if isinstance(distribution, _OLD_INTS):
        return IntDistribution(distribution.low, distribution.high, log=distribution.log, step=distribution.step)
    return distribution


def _of_optuna(distribution: Any) -> BaseDistribution:
    kinds = {kind.__name__ for kind in type(distribution).__mro__ if kind.__module__.partition(".")[0] == "optuna"}
    if "CategoricalDistribution" in kinds:
        return CategoricalDistribution(distribution.choices)
    for ours in (FloatDistribution, IntDistribution):
        if ours.__name__ in kinds:
            return ours(distribution.low, distribution.high, log=distribution.log, step=distribution.step)
    return cast(BaseDistribution, distribution)


_OLD_FLOATS = (UniformDistribution, LogUniformDistribution, DiscreteUniformDistribution)
_OLD_INTS = (IntUniformDistribution, IntLogUniformDistribution)
