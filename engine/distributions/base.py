"""What every distribution can do: hold a domain, and turn values from one coordinate into another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..arrays import FloatArray


class BaseDistribution(ABC):
    """Base of all distributions.

    Subclasses are values: they compare equal when class and attributes are equal, and are never changed once built,
    because a study's trials share them.

    Attributes
    ----------
    has_objects : bool
        Whether a value may be an object that is no number, string, bool or None: each trial gets its own ones then.
    """

    has_objects: bool = False

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self):
            raise AttributeError(
                f"{self!r} cannot be changed, because trials share it. Make a new {type(self).__name__} with {name}="
                f"{value!r}."
            )
        super().__setattr__(name, value)

    @abstractmethod
    def single(self) -> bool:
        """Tell whether only one value is possible."""

    @abstractmethod
    def to_internal_repr(self, param_value_in_external_repr: Any) -> float:
        """Turn a user's value into the float that storages keep; ``ValueError`` for what cannot be turned."""

    @abstractmethod
    def to_external_repr(self, param_value_in_internal_repr: float) -> Any:
        """Turn a stored float into the user's value."""

    @abstractmethod
    def _contains(self, param_value_in_internal_repr: float) -> bool:
        """Tell whether an internal value lies in the domain."""

    @abstractmethod
    def _asdict(self) -> dict[str, Any]:
        """Give the attributes, in the order in which JSON shows them."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Ends of the range in model coordinates; a grid has half a cell on either side of its end points."""

    @property
    def grid(self) -> float:
        """Spacing of the grid in model coordinates x; 0 without a grid; minus the spacing of a grid in exp(x)."""
        return 0.0

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """Lowest and highest value in model coordinates; without a grid the same as `support`."""

    @abstractmethod
    def from_unit(self, u: float) -> float:
        """Map a uniform number in [0, 1) to an internal value: a draw from the uniform prior."""

    def to_model(self, internal: FloatArray) -> FloatArray:
        """Turn internal values, any shape, into model coordinates."""
        return internal

    @abstractmethod
    def from_model_value(self, model: float) -> float:
        """Turn one model coordinate into an internal value; what `from_model` does for arrays."""

    @abstractmethod
    def from_model(self, model: FloatArray) -> FloatArray:
        """Turn model coordinates, any shape, into internal values: undo the log, round to the grid, clip."""

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, BaseDistribution):
            return NotImplemented
        return type(self) is type(other) and self._asdict() == other._asdict()

    def __hash__(self) -> int:
        return hash((type(self), *sorted(self._asdict().items())))

    @cached_property
    def only_value(self) -> float | None:
        """Internal value of a distribution that has a single one, else None; ``ValueError`` if it is unbounded."""
        self.require_finite()
        return self.from_unit(0.0) if self.single() else None

    def require_finite(self) -> None:  # noqa: B027 - most domains are
        """Raise ``ValueError`` if nothing can be sampled because the domain is unbounded."""

    @cached_property
    def label(self) -> str:
        """What all distributions have in common that stand for the same domain, in whatever trial or process."""
        return repr(self)

    def is_twin(self, other: BaseDistribution) -> bool:
        """Tell whether another distribution, of the same label, gives the very same values."""
        return True

    def __repr__(self) -> str:
        attributes = ", ".join(f"{key}={value!r}" for key, value in sorted(self._asdict().items()))
        return f"{type(self).__name__}({attributes})"


Space = Mapping[str, BaseDistribution]  # a search space: distributions by parameter name
