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


class Together:
    """Which parameters appear together, kept up as trials finish. A trial that suggested nothing tells nothing.

    Attributes
    ----------
    common_names : list[str]
        Parameters that every trial suggested, sorted.
    version : int
        Counts the changes.
    """

    def __init__(self) -> None:
        self.common_names: list[str] = []
        self.version = 0
        self._group: dict[str, set[str]] = {}  # of each parameter

    def add(self, names: Iterable[str]) -> None:
        """Count a trial that suggested these parameters."""
        suggested = set(names)
        if not suggested:
            return
        self.version += 1
        self.common_names = sorted(suggested.intersection(self.common_names) if self._group else suggested)
        new = {name for name in suggested if name not in self._group}
        cut = {id(group): group for group in map(self._group.get, suggested) if group is not None}
        for group in cut.values():
            inside = group & suggested
            if len(inside) < len(group):
                group -= inside
                self._group.update(dict.fromkeys(inside, inside))
        self._group.update(dict.fromkeys(new, new))

    def of(self, name: str) -> set[str]:
        """Give the group of a parameter, itself included; none if it is new."""
        return self._group.get(name, set())

    @property
    def groups(self) -> list[set[str]]:
        """All parameters, split into groups of which a trial suggests either all or none."""
        return list({id(group): group for group in self._group.values()}.values())
