"""Grid search: every combination of given values once, in a random order, by any number of processes.

The k-th trial takes the k-th point of a pseudo-random order of the grid (`sequence`, `permutation`). So nothing is kept
of points that were not tried: a grid of a million points costs what one of ten does.
"""

from __future__ import annotations

import warnings
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate, islice, product
from math import prod
from operator import mul
from typing import Any

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.distributions import BaseDistribution, Space
from ..engine.history import History, Remembered, StudyLike, history_of
from ..engine.logging import get_logger
from ..engine.records import FIXED, FrozenTrial, TrialState
from .base import Columns
from .claims import Claims
from .permutation import shuffled
from .sequence import SequenceSampler, leave_unless, stop, up_to_date

_logger = get_logger(__name__)

_shuffled = lru_cache(maxsize=1024)(shuffled)
_PLAIN = (str, int, float, bool, type(None))
_OPTUNAS_POINT, _OPTUNAS_GRID = "grid_id", "search_space"  # what Optuna's sampler notes on its trials


class GridSampler(SequenceSampler):
    """Tries every point of a grid once, and stops the study when all were told.

    Parameters
    ----------
    search_space
        The values of each parameter, by name.
    seed
        A non-negative integer for an order that can be repeated.
    retries
        How often a point is tried again whose trial failed. One whose process died is tried again in any case.

    Raises
    ------
    ValueError
        If a parameter has no values, a NaN, or a string in the place of a list of values.
    TypeError
        If the names or the values cannot be those of parameters.

    Notes
    -----
    Any number of processes share the grid: a point is stored together with the trial that tries it. The point of a
    process that died comes back as soon as the storage's heartbeat tells. Without a heartbeat it is tried when no other
    is left, by a process that was started later, once its trial runs more than twice as long as any that ended.

    Values that are given twice count once.

    A trial that was enqueued is none of the grid's.

    Examples
    --------
    >>> sampler = parzen.samplers.GridSampler({"lr": [0.01, 0.1], "layers": [1, 2, 3]})
    >>> study = parzen.create_study(sampler=sampler)
    >>> while not sampler.is_exhausted(study):
    ...     trial = study.ask()
    ...     study.tell(trial, trial.suggest_float("lr", 0, 1) * trial.suggest_int("layers", 1, 3))
    """

    def __init__(self, search_space: Mapping[str, Sequence[Any]], seed: int | None = None, *, retries: int = 0) -> None:
        super().__init__(seed)
        if not isinstance(search_space, Mapping):
            raise TypeError(f"`search_space` must give the values of each parameter by name, but got {search_space!r}.")
        self._retries = retries
        self._span({name: _axis(name, search_space[name]) for name in _sorted(search_space)})

    def _span(self, axes: dict[str, list[Any]]) -> None:
        self._axes = axes
        self._size = prod(len(axis) for axis in axes.values())
        self._name = f"grid-{blake2b(repr(axes).encode(), digest_size=8).hexdigest()}"

    def without(self, names: Container[str]) -> GridSampler:
        found = copy(self)
        found._claimed = Remembered()
        found._span({name: axis for name, axis in self._axes.items() if name not in names})
        return found

    @property
    def _sequence(self) -> str:
        return self._name

    def _new_claims(self, study: Any) -> Claims:
        return _GridClaims(self._name, self._own_key(study), self._axes, self._retries)

    # --- when it is over ---------------------------------------------------------------------------------------------

    def is_exhausted(self, study: Any) -> bool:
        """Tell whether nothing is left to ask for: each point was told, or is being tried by a living process.

        Parameters
        ----------
        study
            The study.
        """
        history = up_to_date(study)
        with history.lock:
            return self._claims(history, study).is_exhausted

    def before_trial(self, study: StudyLike, trial: FrozenTrial) -> None:
        history = history_of(study)
        with history.lock:
            claims = self._claims(history, study)
            is_repeat = claims.is_exhausted and FIXED not in trial.system_attrs and self._taken(trial) is None
            is_wanted = claims.was_over and claims.is_over
        if is_repeat:
            leave_unless(is_wanted, study, trial)
            _logger.warning(
                f"Trial {trial.number} tries a point of the grid again, because all points were told or are being "
                "tried. Ask `sampler.is_exhausted(study)` before you ask for a trial."
            )
        super().before_trial(study, trial)

    def after_trial(
        self, study: StudyLike, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        super().after_trial(study, trial, state, values)
        history, taken = history_of(study), self._taken(trial)
        with history.lock:
            claims = self._claims(history, study)
            comes_back = state == TrialState.FAIL and taken is not None and claims.may_fail_again(taken[0])
            if comes_back or not claims.is_exhausted:
                return
            claims.was_over = True
        stop(study)

    # --- values ------------------------------------------------------------------------------------------------------

    def _value(self, name: str, position: int, key: int) -> Any:
        """Give a parameter's value at a position of the order."""
        index = _shuffled(position, self._size, key)  # each of a trial's parameters asks for it
        for axis_name, axis in self._axes.items():
            index, i = divmod(index, len(axis))
            if axis_name == name:
                return axis[i]
        raise ValueError(f"The parameter name, {name}, is not found in the given grid. It has {list(self._axes)}.")

    def _internal(self, name: str, distribution: BaseDistribution, position: int, key: int) -> float:
        value = self._value(name, position, key)
        internal = distribution.to_internal_repr(value)
        if not distribution._contains(internal):
            warnings.warn(
                f"The value `{value}` is out of range of the parameter `{name}`. The value will be used but the actual "
                f"distribution is: `{distribution}`.",
                stacklevel=6,
            )
        return internal

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        claims = self._claims(history)
        internal = self._columns(space, [claims.ahead(i).position for i in range(n)], claims.key)
        return {name: distribution.to_model(internal[name]) for name, distribution in space.items()}

    def _columns(self, space: Space, positions: list[int], key: int) -> dict[str, FloatArray]:
        return {name: np.array([self._internal(name, d, at, key) for at in positions]) for name, d in space.items()}

    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history = history_of(study)
        with history.lock:
            taken = [self._claim(study, number + i) for i in range(n)]
        return self._columns(space, [place.position for place, _ in taken], taken[0][1])

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        taken = self._taken(trial)
        if taken is None:  # enqueued with some of its parameters only
            u = self._streams.of(study).uniform(trial.number, len(trial.params))
            taken = int(u * self._size), 0
        return {name: self._internal(name, distribution, *taken)}


class _GridClaims(Claims):
    """The claims on a grid, of whose points trials of Optuna's sampler may have tried some; see `claims`."""

    def __init__(self, name: str, key: int, axes: Mapping[str, list[Any]], retries: int) -> None:
        self._n_points = prod(map(len, axes.values()))
        super().__init__(name, key, self._n_points, retries)
        self._axes = axes
        self._others: set[int] = set()  # indices of the points that they tried

    def _take_in_of_others(self, number: int, history: History) -> None:
        attrs = history.system_attrs(number)
        if _OPTUNAS_POINT not in attrs or not self._is_same(attrs.get(_OPTUNAS_GRID)):
            return
        if history.state(number) != TrialState.FAIL or not self._retries:
            params = history.copy_record(number).params
            self._others.update(islice((i for i in self._indices(params) if i not in self._others), 1))

    def _is_same(self, grid: Any) -> bool:
        """Tell whether a trial's grid is this one."""
        return isinstance(grid, dict) and {name: list(dict.fromkeys(axis)) for name, axis in grid.items()} == self._axes

    def _indices(self, params: Mapping[str, Any]) -> Iterator[int]:
        """Give the points that a trial may have tried: several, if it did not suggest all parameters.

        Optuna's own index of its point belongs to an order that depends on its sampler's seed.
        """
        choices = [
            [i for i, value in enumerate(axis) if name not in params or value == params[name]]
            for name, axis in self._axes.items()
        ]
        weights = list(accumulate(map(len, self._axes.values()), mul, initial=1))
        return (sum(map(mul, chosen, weights)) for chosen in product(*choices))

    def _is_left(self, position: int) -> bool:
        return not self._others or _shuffled(position, self._n_points, self.key) not in self._others


def _sorted(names: Iterable[Any]) -> list[str]:
    strangers = [name for name in names if not isinstance(name, str)]
    if strangers:
        raise TypeError(f"Names of parameters are strings, but got {strangers[0]!r}.")
    return sorted(names)


def _axis(name: str, values: Any) -> list[Any]:
    """Give the values of a parameter, each once, as Python's own types."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        kind = ValueError if isinstance(values, (str, bytes)) else TypeError
        raise kind(f"Expected a list of values of the parameter {name!r}, but got {values!r}: try [{values!r}].")
    found: dict[Any, Any] = {}  # by type and value, as 1 equals True
    for given in values:
        value = given.item() if isinstance(given, np.generic) else given
        if isinstance(value, float) and value != value:
            raise ValueError(f"`nan` is invalid value: {name!r} has one among {list(values)}. Leave it out.")
        if not isinstance(value, _PLAIN):
            warnings.warn(
                f"{name} contains a value with the type of {type(value)}, which is not supported by `GridSampler`. "
                "Please make sure a value is `str`, `int`, `float`, `bool` or `None` for persistent storage.",
                stacklevel=5,
            )
        key = (type(value), value if isinstance(value, _PLAIN) else id(value))
        if key in found:
            warnings.warn(f"The parameter {name!r} has the value {value!r} twice, which counts once.", stacklevel=5)
        found[key] = value
    if not found:
        raise ValueError(f"The parameter {name!r} has no values. Give at least one, or leave it out.")
    if {str} < {kind for kind, _ in found} and {int, float} & {kind for kind, _ in found}:
        _logger.warning(
            f"The parameter {name!r} has numbers and strings among its values: only `suggest_categorical` takes both."
        )
    return list(found.values())
