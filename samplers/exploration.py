"""Who explores which part of a tree of choices, so that of several workers no two explore the same.

A trial claims a leaf of the tree that is known when it starts, with all that lies behind it. Where there are more
trials than leaves, as in the beginning, several share one, each with a rank of its own. What they choose behind it
follows from the ranks: a rank is divided by the number of values of the next parameter, the remainder chooses the
value, and the quotient is the rank behind it. So they go different ways as long as there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History
from ..engine.records import FIXED, FrozenTrial, TrialState
from .claims import POINT, Doubts, is_told
from .permutation import shuffled
from .tree import Node, index_of, n_values

NAME = "brute-force"


class Claim(NamedTuple):
    """What a trial is to explore.

    Attributes
    ----------
    key : int
        By which values are shuffled.
    rank : int or None
        Its place among those that share a leaf; None where nothing is claimed, and values are drawn at random.
    path : Mapping[str, float]
        Internal values that lead to the leaf, by name.
    fixed : Mapping[str, Any]
        External values with which it was enqueued.
    """

    key: int
    rank: int | None
    path: Mapping[str, float]
    fixed: Mapping[str, Any] = {}

    def named(self, name: str, distribution: BaseDistribution) -> int | None:
        """Give the index of the value that the claim names; None if it names none that is possible."""
        internal = self.path.get(name)
        if name in self.fixed:
            try:
                internal = distribution.to_internal_repr(self.fixed[name])
            except ValueError:  # none of the choices
                return None
        return index_of(distribution, internal) if internal is not None and distribution._contains(internal) else None


def claim_of(attrs: Mapping[str, Any]) -> Claim:
    """Read the claim of a trial from its system attributes; one that claims nothing if it has none."""
    found = attrs.get(POINT)
    if isinstance(found, list) and len(found) == 4 and found[0] == NAME:
        return Claim(*found[1:])
    return Claim(0, None, {}, attrs.get(FIXED, {}))


class Way:
    """The way of one trial through its choices.

    Parameters
    ----------
    claim
        What it claims.

    Attributes
    ----------
    rank : int or None
        Its rank behind the choices so far.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self.rank = claim.rank
        self._trail: list[tuple[str, int]] = []

    def choose(self, name: str, distribution: BaseDistribution) -> int | None:
        """Choose the index of a value, None if any will do."""
        index = self._claim.named(name, distribution)
        if index is not None or self.rank is None:
            return index
        n = n_values(name, distribution)
        return shuffled(self.rank % n, n, (self._claim.key, self._trail, name))

    def go(self, name: str, distribution: BaseDistribution, index: int) -> None:
        """Go on with the value of an index."""
        n = n_values(name, distribution)
        if n == 1:
            return
        if self.rank is not None and self._claim.named(name, distribution) != index:
            self.rank //= n
        self._trail.append((name, index))

    def follow(self, distributions: Space, params: Mapping[str, Any]) -> Way:
        """Go the way of a trial that suggested some parameters."""
        for name, distribution in distributions.items():
            self.go(name, distribution, index_of(distribution, distribution.to_internal_repr(params[name])))
        return self


class Taken:
    """Which leaves are taken by trials that have not ended, and with which ranks.

    Attributes
    ----------
    ranks : dict[Node, set[int]]
        The ranks that are taken, by leaf.
    """

    def __init__(self) -> None:
        self.ranks: dict[Node, set[int]] = {}
        self._n: dict[Node, int] = {}

    def add(self, leaf: Node, rank: int) -> None:
        """Take a leaf."""
        if leaf not in self.ranks:
            node: Node | None = leaf
            while node is not None:
                self._n[node] = self._n.get(node, 0) + 1
                node = node.parent
        self.ranks.setdefault(leaf, set()).add(rank)

    def n_free(self, node: Node) -> int:
        """Count the leaves below a node that nobody has taken."""
        return node.n_leaves - self._n.get(node, 0)

    def next_rank(self, leaf: Node) -> int:
        """Give the lowest rank that nobody has at a leaf."""
        ranks = self.ranks.get(leaf, set())
        return next(rank for rank in range(len(ranks) + 1) if rank not in ranks)


class Exploration:
    """What is known of the tree in one study, and who explores what, kept up as trials start and end.

    Parameters
    ----------
    retries
        How often a leaf is tried again that was told to have failed.
    ignored
        Names of parameters that somebody else chooses.

    Attributes
    ----------
    root : Node
        The tree.
    key : int or None
        The key of the first trial that claimed something; None until there is one.
    was_over : bool
        Whether this process has seen that nothing was left.
    """

    def __init__(self, retries: int, ignored: Container[str] = ()) -> None:
        self._retries, self._ignored = retries, ignored
        self.root = Node()
        self.key: int | None = None
        self.was_over = False
        self._open: dict[int, Claim] = {}  # trials that have not ended
        self._seen = self._n_finished = 0
        self._doubts = Doubts()
        self._taken, self._surely = Taken(), Taken()  # by all, and by those whose processes live for sure
        self._ahead: list[tuple[Claim, bool]] = []

    # --- keeping up --------------------------------------------------------------------------------------------------

    def update(self, history: History, trusts: bool, looks: bool = True) -> Exploration:
        """Take in what happened since.

        Parameters
        ----------
        history
            The study's trials; its lock is held.
        trusts
            Whether trials that run are those of living processes for sure.
        looks
            Look at what trials suggested since, too, even if none started or ended.
        """
        is_first_look = self._doubts.update(history)
        if not looks and (self._seen, self._n_finished) == (history.n, history.n_finished):
            return self
        for number in range(self._seen, history.n):
            self._open[number] = claim = claim_of(history.system_attrs(number))
            if self.key is None and claim.rank is not None:
                self.key = claim.key
        for number in history.finished_since(self._n_finished):
            self._finish(number, self._open.pop(number), history)
        self._seen, self._n_finished = history.n, history.n_finished
        self._look_around(history, trusts)
        self.was_over |= is_first_look and self.root.n_leaves == 0
        return self

    def _look_around(self, history: History, trusts: bool) -> None:
        self._taken, self._surely, self._ahead = Taken(), Taken(), []
        records = {number: history.record(number) for number in self._open}
        for number, record in records.items():  # first all that they show, then where each will come to
            self._open[number] = claim_of(record.system_attrs)
            self._locate(self._open[number], record.distributions, record.params)
        for number, record in records.items():
            found = self._locate(self._open[number], record.distributions, record.params)
            if found is not None and (found[0] is not self.root or self._open[number].rank is not None):
                self._taken.add(*found)
                if trusts or not self._doubts.may_be_dead(number, history):
                    self._surely.add(*found)

    def _seen_of(self, distributions: Space) -> list[tuple[str, BaseDistribution]]:
        return [(name, distribution) for name, distribution in distributions.items() if name not in self._ignored]

    def _locate(self, claim: Claim, distributions: Space, params: Mapping[str, Any]) -> tuple[Node, int] | None:
        """Find the leaf that a trial has come to, or will come to, and its rank there; the tree learns what it shows.

        None if it is done, if it is not known where the trial goes, or if it suggested something else than others.
        """
        node, way = self.root, Way(claim)
        for name, distribution in self._seen_of(distributions):
            index = index_of(distribution, distribution.to_internal_repr(params[name]))
            child = node.child(index) if node.expand(name, distribution) else None
            if child is None:
                return None
            way.go(name, distribution, index)
            node = child
        while node.name is not None and node.distribution is not None:
            chosen = way.choose(node.name, node.distribution)
            child = None if chosen is None else node.child(chosen)
            if chosen is None or child is None:
                return None
            way.go(node.name, node.distribution, chosen)
            node = child
        return (node, way.rank or 0) if node.n_leaves else None

    def _finish(self, number: int, claim: Claim, history: History) -> None:
        distributions, attrs = history.suggested(number), history.system_attrs(number)
        internal = history.params(list(distributions), np.array([number]))[:, 0].tolist() if distributions else []
        pairs = zip(distributions.items(), internal, strict=True)
        params = {name: distribution.to_external_repr(value) for (name, distribution), value in pairs}
        found = self._locate(claim, distributions, params)
        if found is None:
            return
        leaf, has_failed = found[0], history.state(number) == TrialState.FAIL
        if has_failed and claim.rank is not None and not is_told(attrs):
            return  # its process died
        leaf.n_failures += has_failed
        if not has_failed or leaf.n_failures > self._retries:
            leaf.done()

    # --- what comes next ---------------------------------------------------------------------------------------------

    def ahead(self, k: int, key: int, rng_of: Callable[[int], np.random.Generator]) -> tuple[Claim, bool]:
        """Give what the k-th trial from now on claims, from 0, and whether others have taken that.

        Parameters
        ----------
        k
            Which trial.
        key
            The key of its claim.
        rng_of
            Gives the generator of the k-th trial.
        """
        while len(self._ahead) <= k:
            self._ahead.append(self._next(key, rng_of(len(self._ahead))))
        return self._ahead[k]

    def _next(self, key: int, rng: np.random.Generator) -> tuple[Claim, bool]:
        if self.root.n_leaves == 0:
            return Claim(key, None, {}), True
        free = next((taken for taken in (self._taken, self._surely) if taken.n_free(self.root) > 0), None)
        shared = [] if free else self._shared()
        if free is not None:
            leaf = self.root.draw(lambda n: int(rng.integers(n)), free.n_free)
        else:
            leaf = min(shared or self._taken.ranks, key=lambda leaf: len(self._taken.ranks[leaf]))
        rank = self._taken.next_rank(leaf)
        self._taken.add(leaf, rank)
        self._surely.add(leaf, rank)
        return Claim(key, rank, leaf.path()), free is None and not shared

    def _shared(self) -> list[Node]:
        """List the leaves that are taken, and behind which there is probably more than those who take them will see."""
        return [leaf for leaf, ranks in self._taken.ranks.items() if len(ranks) < leaf.may_hide]

    def is_all_taken(self, ended: Node | None = None) -> bool:
        """Tell whether each leaf that is known was told, or is tried by a trial of a living process.

        Parameters
        ----------
        ended
            A leaf that is just being told, so that nothing can be behind it.
        """
        nothing_free = self._taken.n_free(self.root) <= 0 and self._surely.n_free(self.root) <= 0
        return nothing_free and all(leaf is ended for leaf in self._shared())

    def leaf_of(self, trial: FrozenTrial) -> Node | None:
        """Give the leaf that a trial has come to; None if it is done, or not to be found."""
        found = self._locate(claim_of(trial.system_attrs), trial.distributions, trial.params)
        return None if found is None else found[0]

    def comes_back(self, leaf: Node | None) -> bool:
        """Tell whether a leaf is tried again even if its trial is told to have failed now."""
        return leaf is not None and leaf.n_failures < self._retries

    def check(self, trial: FrozenTrial, name: str) -> None:
        """Raise ``ValueError`` if other trials, after the same values, suggested another parameter than this one."""
        node: Node | None = self.root
        for known, distribution in self._seen_of(trial.distributions):
            if node is None or node.name != known:
                return
            node = node.children.get(index_of(distribution, distribution.to_internal_repr(trial.params[known])))
        if node is not None and node.name not in (None, name):
            raise ValueError(
                f"param_name mismatch: after {trial.params} trial {trial.number} suggests {name!r}, but an earlier one "
                f"{node.name!r}. BruteForceSampler expects the same parameters after the same values; give another "
                "objective a study of its own."
            )
