"""Many points at once: what `Study.ask_batch` gives and `Study.tell_batch` takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .distributions import BaseDistribution, CategoricalDistribution, FloatArray, IntDistribution
from .trial import Trial

if TYPE_CHECKING:
    from .study import Study


class Batch(Mapping[str, npt.NDArray[Any]]):
    """Parameters of `n` running trials as NumPy columns.

    ``batch["lr"]`` is an array of shape (n,): floats, integers, or for a categorical parameter indices into
    ``batch.choices["lr"]``.

    Attributes
    ----------
    trial_ids : list[int]
        Identifiers in the storage.
    numbers : list[int]
        Trial numbers.
    distributions : dict[str, BaseDistribution]
        Distributions by parameter name.
    """

    def __init__(
        self,
        study: Study,
        trial_ids: list[int],
        numbers: list[int],
        distributions: Mapping[str, BaseDistribution],
        internal: Mapping[str, FloatArray],
    ) -> None:
        self._study = study
        self.trial_ids = trial_ids
        self.numbers = numbers
        self.distributions = dict(distributions)
        self._columns = {name: _typed(internal[name], dist) for name, dist in distributions.items()}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def n(self) -> int:
        """Number of trials."""
        return len(self.numbers)

    @cached_property
    def trials(self) -> list[Trial]:
        """The trials one by one, to report, prune or tell them singly."""
        return [Trial._of_batch(self._study, trial_id) for trial_id in self.trial_ids]

    @property
    def choices(self) -> dict[str, tuple[Any, ...]]:
        """The choices of each categorical parameter: what its indices stand for."""
        return {
            name: distribution.choices
            for name, distribution in self.distributions.items()
            if isinstance(distribution, CategoricalDistribution)
        }

    def to_torch(self, device: Any = None) -> dict[str, Any]:
        """Give the columns as torch tensors of shape (n,): float32 for floats, int64 for integers and indices.

        Parameters
        ----------
        device
            Where to put them, such as ``"cuda"``.

        Raises
        ------
        ImportError
            If torch is not installed.
        """
        try:
            import torch
        except ImportError as error:
            raise ImportError('torch is needed for `to_torch`: pip install "parzen[torch]"') from error
        return {
            name: torch.as_tensor(column, dtype=torch.float32 if column.dtype.kind == "f" else None, device=device)
            for name, column in self.items()
        }


def _typed(internal: FloatArray, distribution: BaseDistribution) -> npt.NDArray[Any]:
    if isinstance(distribution, (IntDistribution, CategoricalDistribution)):
        return np.round(internal).astype(np.int64)
    return internal
