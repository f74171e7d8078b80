"""Search spaces inferred from what trials suggested: the intersection, and the decomposition into groups."""

from __future__ import annotations

from collections.abc import Iterable

from ..distributions import BaseDistribution, Space


def intersection(spaces: Iterable[Space]) -> dict[str, BaseDistribution]:
    """Keep the parameters that stand in every space with an equal distribution, sorted by name.

    Parameters
    ----------
    spaces
        The distributions of one trial each.
    """
    common: dict[str, BaseDistribution] | None = None
    for space in spaces:
        if common is None:
            common = dict(space)
        else:
            common = {name: dist for name, dist in common.items() if space.get(name) == dist}
        if not common:
            break
    return dict(sorted((common or {}).items()))


def _refine(members: list[set[str]], names: set[str]) -> list[set[str]]:
    """Cut every group into what lies inside and outside of `names`, and add what is new."""
    known = set().union(*members)
    parts = [part for group in members for part in (group & names, group - names)]
    return [part for part in (*parts, names - known) if part]


class Together:
    """Which parameters appear together, kept up as trials finish.

    Attributes
    ----------
    common_names : list[str]
        Parameters that every trial suggested, sorted.
    groups : list[set[str]]
        All parameters, split into groups of which a trial suggests either all or none.
    version : int
        Counts the changes.
    """

    def __init__(self) -> None:
        self.common_names: list[str] = []
        self.groups: list[set[str]] = []
        self.version = 0

    def add(self, names: Iterable[str]) -> None:
        """Count a trial that suggested these parameters."""
        self.version += 1
        suggested = set(names)
        self.common_names = sorted(suggested.intersection(self.common_names) if self.groups else suggested)
        self.groups = _refine(self.groups, suggested)
