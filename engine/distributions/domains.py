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

    One distribution, the canonical one, stands for all alike ones. A trial whose choices are objects may hold another
    one of them, from which it got its own.

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
    varied : set[str]
        Parameters of which some trial holds a distribution that is not the canonical one.
    """

    def __init__(self) -> None:
        self.known: dict[str, BaseDistribution] = {}
        self.latest: dict[str, BaseDistribution] = {}
        self.version = 0
        self.changed_choices: set[str] = set()
        self.signatures: list[Signature] = []
        self.varied: set[str] = set()
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
        before: Signature = {}
        for signature in signatures:
            is_same = len(signature) == len(before) and all(map(is_, signature.values(), before.values()))
            if is_same and all(map(is_, signature, before)):
                continue  # in a batch nearly all are
            before = signature
            for name, distribution in signature.items():
                if latest.get(name) is not distribution:
                    first = known.setdefault(name, self.known.get(name, distribution))
                    check_same_kind(first, distribution)
                    latest[name] = distribution

    def admit(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Take note of what a trial suggests from, and give what its record is to hold; see `shared`."""
        latest = self.latest.get(name)
        if latest is distribution:
            return latest
        found = self.canonical(name, distribution)
        self.known.setdefault(name, found)
        if found is not latest:
            if latest is not None and isinstance(found, CategoricalDistribution):
                self.changed_choices.add(name)
            self.latest[name] = found
            self.version += 1
        if found is distribution or found.is_twin(distribution):
            return found
        self.varied.add(name)
        return distribution

    def canonical(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give the one object for all distributions alike to this one: signatures are compared by identity."""
        if self.latest.get(name) is distribution:
            return distribution
        return self._alike.setdefault((name, distribution.label), distribution)

    def shared(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give the canonical distribution if it hands out the very same values, else the one that was given."""
        found = self.canonical(name, distribution)
        return found if found.is_twin(distribution) else distribution

    def index_of(self, distributions: Signature) -> int:
        """Give the index of the signature of a trial's distributions, a new one if it did not appear before."""
        names, objects, index = self._newest
        if index < 0 or list(distributions) != names or not all(map(is_, distributions.values(), objects)):
            signature = {
                name: self.canonical(name, distribution) if name in self.varied else distribution
                for name, distribution in distributions.items()
            }
            index = self._indices.setdefault(_identity(signature), len(self.signatures))
            if index == len(self.signatures):
                self.signatures.append(signature)
            self._newest = list(distributions), list(distributions.values()), index
        return index

    def own(self, distributions: Signature) -> Signature:
        """Give those of a trial's distributions that are not the canonical ones."""
        names = self.varied.intersection(distributions) if self.varied else ()
        return {name: distributions[name] for name in names if self._is_own(name, distributions[name])}

    def _is_own(self, name: str, distribution: BaseDistribution) -> bool:
        return self.canonical(name, distribution) is not distribution


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
    if isinstance(dist_old, CategoricalDistribution) and dist_old.label != dist_new.label and dist_old != dist_new:
        raise ValueError(
            "CategoricalDistribution does not support dynamic value space: expected the choices "
            f"{dist_old.choices}, but got {cast(CategoricalDistribution, dist_new).choices}."
        )
