"""What a problem is: the record that all groups share, and the identity from which its seeds derive."""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

Array = npt.NDArray[Any]
Params = Mapping[str, Any]
Distribution = FloatDistribution | IntDistribution | CategoricalDistribution
Space = dict[str, Distribution]
Function = Callable[[Params, int], Any]
Noise = Callable[[Params, float, np.random.Generator], float]

_PATTERN = re.compile(r"(?P<function>.+)-i(?P<instance>\d+)-d(?P<dimension>\d+)")


def near(name: str, names: Iterable[str]) -> str:
    """Offer the names that are like one, in a sentence; empty if none is."""
    found = difflib.get_close_matches(name, list(names), cutoff=0.5)
    return f" Near it are {', '.join(found)}." if found else ""


class FailedEvaluation(Exception):
    """The objective has no value here."""


@dataclass(frozen=True)
class Identity:
    """Function x instance x dimension, as COCO has it (Hansen et al. 2021): ``ackley-i03-d05``.

    Attributes
    ----------
    function, dimension
        The name of what is minimised, and its number of parameters.
    instance
        Number of the shift, the rotation and the noise. Functions that have none of these have instance 0 alone.
    """

    function: str
    instance: int
    dimension: int

    def __str__(self) -> str:
        return f"{self.function}-i{self.instance:02d}-d{self.dimension:02d}"

    @classmethod
    def parse(cls, text: str) -> Identity | None:
        """Read an identity, None if it is none."""
        found = _PATTERN.fullmatch(text)
        return found and cls(found["function"], int(found["instance"]), int(found["dimension"]))

    def rng(self, *key: int) -> np.random.Generator:
        """Make a generator for one use of randomness, by a key of two numbers at most.

        Zeros at the end of a seed don't count, so instance 0 is seeded by the key alone: it is what was raced before
        there were instances, and figures can be compared with those of then.
        """
        return np.random.default_rng([*key, self.instance, self.instance * zlib.crc32(self.function.encode())])


class Training(Protocol):
    """Something that is trained a step at a time."""

    def train(self) -> float:
        """Train for one more step; give the validation loss."""

    def test(self) -> float:
        """Give the loss on the test part."""


@dataclass(frozen=True)
class Fidelity:
    """How a problem is evaluated in part: `n_steps` are a complete evaluation; of `eta` trials one should go on."""

    n_steps: int
    eta: int
    start: Callable[[Params, int], Training]


@dataclass(frozen=True)
class Front:
    """Several objectives; the function returns their values (m,), and those of constraints (c,), to be 0 at most.

    Attributes
    ----------
    ideal
        The least value of each objective on the front.
    near, far
        Reference points of hypervolume: a tenth of the front's extent behind its worst values, as the literature has
        it; and where random points lie, so that the first steps count as well.
    """

    ideal: Array
    near: Array
    far: Array


@dataclass(frozen=True)
class Problem:
    """An objective to be minimised.

    Attributes
    ----------
    identity, group
        Which it is, and what kind of problem.
    space
        Its parameters, in the order in which they are suggested.
    function
        Takes the parameters and the run's seed, which matters for what is trained; gives the value without noise, or
        raises `FailedEvaluation`. See `Front` for several objectives.
    optimum, at
        The smallest value, and where it is. An optimum of None is unknown: the best value of all runs takes its place.
    noise
        Makes the value that a contender sees; None: that of the function.
    conditions
        By parameter, whether it is there, given the parameters before it.
    fidelity, front
        What it has of these.
    budget
        Number of evaluations that it deserves, of steps if there is a fidelity.
    """

    identity: Identity
    group: str
    space: Space
    function: Function
    optimum: float | None = None
    at: Params | None = None
    noise: Noise | None = None
    conditions: Mapping[str, Callable[[Params], bool]] = field(default_factory=dict)
    fidelity: Fidelity | None = None
    front: Front | None = None
    budget: int = 200

    @cached_property
    def name(self) -> str:
        """The identity as a text."""
        return str(self.identity)

    @property
    def kind(self) -> str:
        """What is measured: ``value``, ``front``, or the loss by ``fidelity``."""
        return "fidelity" if self.fidelity else "front" if self.front else "value"

    def choose(self, value: Callable[[str, Distribution], Any]) -> Params:
        """Choose a value for each parameter that is there."""
        params: dict[str, Any] = {}
        for name, distribution in self.space.items():
            if name not in self.conditions or self.conditions[name](params):
                params[name] = value(name, distribution)
        return params

    def seen(self, params: Params, value: float, seed: int, number: int) -> float:
        """Give what a contender sees of a value, in the evaluation of that number of a run."""
        return value if self.noise is None else float(self.noise(params, value, self.identity.rng(seed, number)))


@dataclass(frozen=True)
class Family:
    """One function in all its instances and dimensions.

    Attributes
    ----------
    function
        Its name.
    make
        Makes the problem of an identity, for a group.
    listed
        By group, the dimensions that are raced unless others are named.
    dimensions
        Those that it can have besides; none: what is listed is all, in one instance.
    needs
        The distribution that must be installed to evaluate it.
    """

    function: str
    make: Callable[[Identity, str], Problem]
    listed: Mapping[str, tuple[int, ...]]
    dimensions: Sequence[int] = ()
    needs: str | None = None

    def identities(self, instance: int = 0) -> dict[Identity, str]:
        """List what is raced unless others are named, with the groups."""
        return {
            Identity(self.function, instance, dimension): group
            for group, dimensions in self.listed.items()
            for dimension in dimensions
        }
