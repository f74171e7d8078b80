"""The tree of an objective's choices, as far as trials have shown it: which of its leaves are done, and which are left.

A node is what is chosen next after some choices; a child is one value of it. A node of which nobody has seen what comes
next is a leaf, until somebody has. What is done is dropped, so that only what is left of explored branches is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import cast

from ..engine.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

# --- values by index -------------------------------------------------------------------------------------------------


def n_values(name: str, distribution: BaseDistribution) -> int:
    """Count the values of a parameter; ``ValueError`` if there is no end of them."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    if distribution.single():
        return 1
    numeric = cast("FloatDistribution | IntDistribution", distribution)
    if numeric.step is None:
        raise ValueError(
            "FloatDistribution.step must be given for BruteForceSampler (otherwise, the search space will be "
            f"infinite), but {name!r} is suggested from {distribution}."
        )
    n: int = round((numeric.high - numeric.low) / numeric.step) + 1
    return n


def value_at(distribution: BaseDistribution, index: int) -> float:
    """Give the internal value of an index."""
    if isinstance(distribution, CategoricalDistribution) or distribution.single():
        return float(index) if isinstance(distribution, CategoricalDistribution) else distribution.from_unit(0.0)
    numeric = cast("FloatDistribution | IntDistribution", distribution)
    return float(min(numeric.low + index * cast(float, numeric.step), numeric.high))


def index_of(distribution: BaseDistribution, internal: float) -> int:
    """Give the index of an internal value."""
    if isinstance(distribution, CategoricalDistribution) or distribution.single():
        return round(internal) if isinstance(distribution, CategoricalDistribution) else 0
    numeric = cast("FloatDistribution | IntDistribution", distribution)
    index: int = round((internal - numeric.low) / cast(float, numeric.step))
    return index


# --- the tree --------------------------------------------------------------------------------------------------------


class Lot:
    """The numbers from 0 to n - 1 that are left, to draw from; what it takes grows with what was removed."""

    def __init__(self, n: int) -> None:
        self._n = self.n_left = n
        self._at: dict[int, int] = {}  # number by place, where they differ; those removed stand at the end
        self._place: dict[int, int] = {}

    def draw(self, place: int) -> int:
        """Give the number at a place below `n_left`."""
        return self._at.get(place, place)

    def __contains__(self, number: int) -> bool:
        return 0 <= number < self._n and self._place.get(number, number) < self.n_left

    def remove(self, number: int) -> None:
        """Remove a number that is left."""
        self.n_left -= 1
        place, last = self._place.get(number, number), self._at.get(self.n_left, self.n_left)
        self._at[place], self._place[last] = last, place
        self._at[self.n_left], self._place[number] = number, self.n_left

    def removed(self) -> Iterator[int]:
        """Give the numbers that were removed."""
        return (self.draw(place) for place in range(self.n_left, self._n))


class Node:
    """What is chosen next after some choices.

    Attributes
    ----------
    name : str or None
        The parameter; None for a leaf.
    distribution : BaseDistribution or None
        Its distribution.
    children : dict[int, Node]
        Nodes of values, by index; values that nobody chose have none.
    left : Lot
        Indices of the values that are not done.
    n_leaves : int
        Leaves below it that are not done, a value that nobody chose counted as one.
    n_failures : int
        Trials that were told to have failed here.
    behind : dict[str, int]
        The least number of values, if several, that were suggested after a parameter, by its name; 1 if a trial has
        ended there. The whole tree has one.
    """

    __slots__ = ("behind", "children", "distribution", "index", "left", "n_failures", "n_leaves", "name", "parent")

    def __init__(self, parent: Node | None = None, index: int = 0) -> None:
        self.parent, self.index = parent, index
        self.name: str | None = None
        self.distribution: BaseDistribution | None = None
        self.children: dict[int, Node] = {}
        self.left = Lot(0)
        self.n_leaves = 1
        self.n_failures = 0
        self.behind: dict[str, int] = {} if parent is None else parent.behind

    def expand(self, name: str, distribution: BaseDistribution) -> bool:
        """Note what is suggested here; False if it is another parameter than before."""
        if self.name is None:
            self.name, self.distribution = name, distribution
            self.left = Lot(n_values(name, distribution))
            if self.left.n_left > 1:
                self._note_behind(self.left.n_left)
            self._add(self.left.n_left - self.n_leaves)
        elif self.name == name and self.distribution is not distribution and self.distribution != distribution:
            self._move(distribution)
        return self.name == name

    def _note_behind(self, n: int) -> None:
        before = None if self.parent is None else self.parent.name
        if before is not None:
            self.behind[before] = min(n, self.behind.get(before, n))

    @property
    def may_hide(self) -> float:
        """How many leaves there may be behind a leaf, as far as others tell; infinite as long as none does."""
        before = None if self.parent is None else self.parent.name
        return inf if before is None else self.behind.get(before, inf)

    def _move(self, distribution: BaseDistribution) -> None:
        """Let another range, or other choices, take the place of those before; what is done there stays done."""
        before, children, name = cast(BaseDistribution, self.distribution), self.children, cast(str, self.name)

        def index_now(index: int) -> int | None:
            try:
                value = distribution.to_internal_repr(before.to_external_repr(value_at(before, index)))
            except ValueError:  # none of today's choices
                return None
            return index_of(distribution, value) if distribution._contains(value) else None

        removed = self.left.removed()
        self.distribution, self.left, self.children = distribution, Lot(n_values(name, distribution)), {}
        for index in removed:
            now = index_now(index)
            if now is not None and now in self.left:
                self.left.remove(now)
        for index, child in children.items():
            now = index_now(index)
            if now is not None and now in self.left:
                self.children[now], child.index = child, now
        inside = sum(child.n_leaves - 1 for child in self.children.values())
        self._add(self.left.n_left + inside - self.n_leaves)

    def child(self, index: int) -> Node | None:
        """Give the node of a value, which from now on has one; None if it is done."""
        found = self.children.get(index)
        if found is None and index in self.left:
            found = self.children[index] = Node(self, index)
        return found

    def done(self) -> None:
        """Note that a leaf was told."""
        self._note_behind(1)
        self._add(-self.n_leaves)

    def _add(self, n: int) -> None:
        """Change the number of leaves, of all nodes above, too; one that has none left is dropped."""
        node: Node | None = self
        while node is not None:
            node.n_leaves += n
            above = node.parent
            if above is not None and node.n_leaves == 0 and above.children.pop(node.index, None) is not None:
                above.left.remove(node.index)
            node = above

    def path(self) -> dict[str, float]:
        """Give the internal values that lead here, by name."""
        if self.parent is None:
            return {}
        parent = self.parent
        value = value_at(cast(BaseDistribution, parent.distribution), self.index)
        return {**parent.path(), cast(str, parent.name): value}

    def draw(self, integers: Callable[[int], int], n_free: Callable[[Node], int]) -> Node:
        """Draw a leaf below that is free; there must be one.

        Parameters
        ----------
        integers
            Draws an integer below another one.
        n_free
            Gives the number of free leaves below a node.
        """
        node = self
        while node.name is not None:
            node = node._draw_child(integers, n_free)
        return node

    def _draw_child(self, integers: Callable[[int], int], n_free: Callable[[Node], int]) -> Node:
        for _ in range(8):  # nearly always the first will do
            index = self.left.draw(integers(self.left.n_left))
            if self._is_free(index, n_free):
                break
        else:
            places = map(self.left.draw, range(self.left.n_left))
            free = [index for index in places if self._is_free(index, n_free)]
            index = free[integers(len(free))]
        return cast(Node, self.child(index))

    def _is_free(self, index: int, n_free: Callable[[Node], int]) -> bool:
        child = self.children.get(index)
        return child is None or n_free(child) > 0
