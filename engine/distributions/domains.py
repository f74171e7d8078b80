"""The distributions that a study's trials suggested: one object for all alike ones, and which appeared together."""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_
from typing import Any, cast

from .base import BaseDistribution
from .categorical import CategoricalDistribution
from .numeric import NumericDistribution

Signature = dict[str, BaseDistribution]  # what a trial suggested, in order


class Domains:
    """Distributions by parameter name, and the signatures of trials: what each suggested, in order.

    Attributes
    ----------
    known : dict[str, BaseDistribution]
        The first distribution under which each parameter was suggested; later ones must be compatible with it.
    latest : dict[str, BaseDistribution]
        The distribution under which each parameter was suggested last.
    version : int
        Counts the changes of `latest`.
    changed_choices : set[str]
        Categorical parameters that were suggested from different choices.
    signatures : list[Signature]
        All different signatures, by their index.
    """

    def __init__(self) -> None:
        self.known: dict[str, BaseDistribution] = {}
        self.latest: dict[str, BaseDistribution] = {}
        self.version = 0
        self.changed_choices: set[str] = set()
        self.signatures: list[Signature] = []
        self._alike: dict[tuple[str, str], BaseDistribution] = {}
        self._indices: dict[tuple[Any, ...], int] = {}
        self._newest: tuple[list[str], list[BaseDistribution], int] = [], [], -1  # what `index_of` was asked last

    # Identities mean nothing in a copy.
    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_indices"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._indices = {_identity(signature): index for index, signature in enumerate(self.signatures)}

    def check(self, name: str, distribution: BaseDistribution) -> None:
        """Raise ``ValueError`` if the parameter is known with another kind of domain."""
        known = self.known.get(name)
        if known is not None and known is not distribution:
            check_same_kind(known, distribution)

    def check_all(self, signatures: Iterable[Signature]) -> None:
        """Raise ``ValueError`` if one of several signatures fits neither what is known nor those before it."""
        known: Signature = {}
        latest: Signature = {}
        for signature in signatures:
            for name, distribution in signature.items():
                if latest.get(name) is not distribution:
                    first = known.setdefault(name, self.known.get(name, distribution))
                    check_same_kind(first, distribution)
                    latest[name] = distribution

    def admit(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give one object for all alike distributions: signatures are compared by identity."""
        latest = self.latest.get(name)
        if latest is distribution:
            return latest
        self.known.setdefault(name, distribution)
        found = self.canonical(name, distribution)
        if found is not latest:
            if latest is not None and isinstance(found, CategoricalDistribution):
                self.changed_choices.add(name)
            self.latest[name] = found
            self.version += 1
        return found

    def canonical(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give the one object for all distributions alike to this one."""
        if self.latest.get(name) is distribution:
            return distribution
        # By their text, because choices may be unhashable, and (0, 1) == (False, True).
        return self._alike.setdefault((name, repr(distribution)), distribution)

    def index_of(self, distributions: Signature) -> int:
        """Give the index of a signature, a new one if it did not appear before."""
        names, objects, index = self._newest
        if index < 0 or list(distributions) != names or not all(map(is_, distributions.values(), objects)):
            index = self._indices.setdefault(_identity(distributions), len(self.signatures))
            if index == len(self.signatures):
                self.signatures.append(dict(distributions))
            self._newest = list(distributions), list(distributions.values()), index
        return index


def _identity(signature: Signature) -> tuple[Any, ...]:
    """Tell signatures apart by their names, in order, and the objects that stand for their distributions."""
    return (*signature, *map(id, signature.values()))


def check_same_kind(known: BaseDistribution, distribution: BaseDistribution) -> None:
    """Raise ``ValueError`` unless two distributions may stand under one name in a study.

    Ranges may move and choices may change, as a trial keeps its own distribution; kind and scale may not.
    """
    if not (isinstance(known, CategoricalDistribution) and isinstance(distribution, CategoricalDistribution)):
        check_distribution_compatibility(known, distribution)


def check_distribution_compatibility(dist_old: BaseDistribution, dist_new: BaseDistribution) -> None:
    """Check that two distributions may stand under one name in a study.

    Ranges may move; the kind, the scale and the choices may not.

    Raises
    ------
    ValueError
        If they may not, saying which of the three differs.
    """
    if dist_old is dist_new:
        return
    if type(dist_old) is not type(dist_new):
        raise ValueError(
            "Cannot set different distribution kind to the same parameter name: "
            f"expected {type(dist_old).__name__}, but got {dist_new!r}."
        )
    if isinstance(dist_old, NumericDistribution) and dist_old.log != cast(NumericDistribution, dist_new).log:
        raise ValueError(
            f"Cannot set different log configuration to the same parameter name: expected log={dist_old.log}, "
            f"but got {dist_new!r}."
        )
    if isinstance(dist_old, CategoricalDistribution) and dist_old != dist_new:
        raise ValueError(
            "CategoricalDistribution does not support dynamic value space: expected the choices "
            f"{dist_old.choices}, but got {cast(CategoricalDistribution, dist_new).choices}."
        )
