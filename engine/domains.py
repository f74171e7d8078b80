"""The distributions that a study's trials suggested: one object for all alike ones, and which appeared together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .distributions import BaseDistribution, check_distribution_compatibility

Signature = dict[str, BaseDistribution]  # what a trial suggested, in order


class Domains:
    """Distributions by parameter name, and the signatures of trials: what each suggested, in order.

    Attributes
    ----------
    known : dict[str, BaseDistribution]
        The first distribution under which each parameter was suggested; later ones must be compatible with it.
    signatures : list[Signature]
        All different signatures, by their index.
    """

    def __init__(self) -> None:
        self.known: dict[str, BaseDistribution] = {}
        self.signatures: list[Signature] = []
        self._alike: dict[tuple[str, str], BaseDistribution] = {}
        self._indices: dict[tuple[Any, ...], int] = {}

    def check(self, name: str, distribution: BaseDistribution) -> None:
        """Raise ``ValueError`` if the parameter is known with another kind of domain."""
        known = self.known.get(name)
        if known is not None and known is not distribution:
            check_distribution_compatibility(known, distribution)

    def check_all(self, signatures: Iterable[Signature]) -> None:
        """Raise ``ValueError`` if one of several signatures fits neither what is known nor those before it."""
        known: Signature = {}
        for signature in signatures:
            for name, distribution in signature.items():
                first = known.setdefault(name, self.known.get(name, distribution))
                check_distribution_compatibility(first, distribution)

    def admit(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give one object for all alike distributions: signatures are compared by identity."""
        known = self.known.get(name)
        if known is distribution:
            return known
        if known is None:
            self.known[name] = distribution
        # By their text, because choices may be unhashable, and (0, 1) == (False, True).
        return self._alike.setdefault((name, repr(distribution)), distribution)

    def index_of(self, distributions: Signature) -> int:
        """Give the index of a signature, a new one if it did not appear before."""
        key = (*distributions, *map(id, distributions.values()))
        index = self._indices.get(key)
        if index is None:
            index = self._indices[key] = len(self.signatures)
            self.signatures.append(dict(distributions))
        return index
