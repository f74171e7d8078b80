"""One study's trials as growing columns, to be read: what samplers and pruners see, and what records are made from.

Row k is trial number k. A trial that is not finished is also a live record (a FrozenTrial that changes); once finished
or paused it is in the columns alone, and a record is made from them on demand. `history` has what changes them.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arrays import FloatArray, IntArray
from ..distributions import CLOSE, BaseDistribution, CategoricalDistribution, Domains, FloatDistribution, Signature
from ..records import FrozenTrial, StudyDirection, TrialState
from . import space
from .columns import Growing, Matrix, Rows
from .curve import Curve
from .reports import Reports
from .rungs import Rungs

_NO_SIGNATURE = -1
_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)
NO_TIME = int(np.iinfo(np.int64).min)


class TrialColumns:
    """The trials of one study, as columns to be read.

    Parameters
    ----------
    directions
        The direction of each objective.
    lock
        Held while rows change; hold it to read several columns as of one moment. A storage gives its own.

    Attributes
    ----------
    signs : tuple[float, ...]
        For each objective what turns its values into losses: 1 where it is minimised, -1 where it is maximised.
    n : int
        Number of trials.
    n_complete : int
        Number of trials in state COMPLETE.
    n_pruned : int
        Number of trials in state PRUNED.
    live : dict[int, FrozenTrial]
        Records of the trials that are not finished, by number.
    rungs : Rungs
        The rungs of successive halving that trials completed.
    """

    def __init__(self, directions: Sequence[StudyDirection], lock: Any = None) -> None:
        self.directions = list(directions)
        self.signs = tuple(direction.sign for direction in self.directions)
        self.lock = lock or RLock()
        self.n = 0
        self.live: dict[int, FrozenTrial] = {}
        self.reports = Reports()
        self.rungs = Rungs()
        self.best: int | None = None  # number of the best feasible complete trial, of one objective
        self.n_complete = 0
        self.n_pruned = 0
        self.unsuggested: list[dict[str, Any]] = []  # enqueued parameters that finished trials never asked for
        self._finished = Growing(np.int64)
        self._pauses = Growing(np.int64)
        self._attrs: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._own_distributions: dict[int, Signature] = {}  # those that are not the ones of the trial's signature
        self._frozen: dict[int, FrozenTrial] = {}
        self._curves: dict[int, Curve] = {}
        self._domains = Domains()
        self._complete_spaces: set[int] = set()  # signatures of complete trials, and of pruned or paused ones
        self._pruned_spaces: set[int] = set()
        self._together = space.Together()
        self._joint: dict[bool, tuple[int, dict[str, BaseDistribution]]] = {}
        self._rows = Rows()
        self._params = Matrix()
        self._constraints = Rows()
        for name, fill, dtype in (
            ("trial_id", -1, np.int64),
            ("state", TrialState.WAITING, np.int8),
            ("start", NO_TIME, np.int64),
            ("complete", NO_TIME, np.int64),
            ("signature", _NO_SIGNATURE, np.int32),
            ("violation", np.nan, np.float64),
            ("last_step", -1, np.int64),
            ("last_value", np.nan, np.float64),
        ):
            self._rows.add(name, fill, dtype)
        self._rows.add("values", np.nan, np.float64, width=len(self.directions))

    # A lock cannot be pickled; a storage sets its own again.
    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.lock = RLock()

    # --- columns -----------------------------------------------------------------------------------------------------

    @property
    def trial_ids(self) -> IntArray:
        """Identifiers in the storage, shape (n,)."""
        return self._rows["trial_id"][: self.n]

    @property
    def states(self) -> npt.NDArray[np.int8]:
        """States as the integers of `TrialState`, shape (n,)."""
        return self._rows["state"][: self.n]

    def state(self, number: int) -> int:
        """Give the state of one trial, more quickly."""
        state: int = self._rows.cells["state"][number]
        return state

    @property
    def values(self) -> FloatArray:
        """Objective values as told, shape (n, n_objectives); NaN where there are none."""
        return self._rows["values"][: self.n]

    def losses(self, numbers: IntArray) -> FloatArray:
        """Give the objective values of some trials (k,), turned so that less is better: shape (k, n_objectives)."""
        losses: FloatArray = self.values.take(numbers, axis=0)  # quicker than by an index
        if -1.0 in self.signs:
            losses *= self.signs
        return losses

    @property
    def violation(self) -> FloatArray:
        """Sum of the positive constraint values, shape (n,); NaN where no constraint was set, which counts as 0."""
        return self._rows["violation"][: self.n]

    @property
    def last_step(self) -> IntArray:
        """Largest reported step of each finished or paused trial, shape (n,); -1 without reports."""
        return self._rows["last_step"][: self.n]

    @property
    def last_value(self) -> FloatArray:
        """What each finished or paused trial reported at its largest step, shape (n,); NaN without reports."""
        return self._rows["last_value"][: self.n]

    @property
    def started(self) -> IntArray:
        """When each finished or paused trial had started, shape (n,), in microseconds; `NO_TIME` where unknown."""
        return self._rows["start"][: self.n]

    @property
    def completed(self) -> IntArray:
        """When each trial finished or paused, shape (n,), in microseconds; `NO_TIME` where it has not."""
        return self._rows["complete"][: self.n]

    def seconds(self, numbers: IntArray) -> FloatArray:
        """Give how long some finished or paused trials (k,) took, from start to end; NaN where a time is unknown."""
        start, end = self.started[numbers], self.completed[numbers]
        return np.where((start != NO_TIME) & (end != NO_TIME), (end - start) * 1e-6, np.nan)

    @property
    def finished(self) -> IntArray:
        """Numbers of the finished trials in the order in which they finished; a slice gives those that are new."""
        return self._finished.view

    def finished_since(self, k: int) -> list[int]:
        """List those that finished after the first `k`, which is quicker for a few."""
        return self._finished.since(k)

    @property
    def n_finished(self) -> int:
        """Number of the finished trials."""
        return self._finished.n

    @property
    def pauses(self) -> IntArray:
        """Numbers of the trials that paused, in that order; one that went on and paused again is there twice."""
        return self._pauses.view

    @property
    def n_pauses(self) -> int:
        """Length of `pauses`."""
        return self._pauses.n

    @property
    def is_constrained(self) -> bool:
        """Whether any trial set a constraint."""
        return bool(self._constraints.cells)

    @property
    def param_names(self) -> list[str]:
        """Names of all parameters ever suggested."""
        return [name for name in self._params.cells if name in self._domains.known]

    def param(self, name: str) -> FloatArray:
        """Give the internal values of a parameter, shape (n,); NaN where a trial did not suggest it."""
        return self._params[name][: self.n]

    def params(self, names: Sequence[str], numbers: IntArray) -> FloatArray:
        """Give the internal values of d parameters in some trials (k,), shape (d, k); NaN where there are none."""
        return self._params.read(names, numbers)

    def has_other_choices(self, name: str, choices: CategoricalDistribution) -> bool:
        """Tell whether some trial suggested a categorical parameter from other choices than these."""
        latest = self._domains.latest.get(name)
        if latest is None or name in self._domains.changed_choices:
            return latest is not None
        return latest is not choices and self.canonical(name, choices) is not latest

    def by_distribution(self, name: str, numbers: IntArray) -> list[tuple[BaseDistribution, IntArray]]:
        """Give the distributions from which some trials (k,) suggested a parameter, and the positions of these."""
        known = np.flatnonzero(~np.isnan(self.params([name], numbers)[0]))
        is_live = np.isin(self._rows["state"][numbers[known]], (TrialState.RUNNING, TrialState.WAITING))
        live, ended = known[is_live], known[~is_live]
        signature = self._rows["signature"][numbers[ended]]
        found = [(self._live_distribution(int(numbers[i]), name), np.array([i])) for i in live.tolist()]
        found += [(self._domains.signatures[k][name], ended[signature == k]) for k in np.unique(signature).tolist()]
        return found

    def suggested(self, number: int) -> Signature:
        """Give the distributions of a trial's parameters, alike ones the same object; not to be changed."""
        live = self.live.get(number)
        return self._domains.signatures[self._rows.cells["signature"][number]] if live is None else live.distributions

    def by_space(self, numbers: IntArray) -> list[tuple[Signature, IntArray]]:
        """Give the search spaces that some finished trials (k,) suggested, and the positions of the trials of each."""
        signature = self._rows["signature"][numbers]
        return [(self._domains.signatures[k], np.flatnonzero(signature == k)) for k in np.unique(signature).tolist()]

    def _live_distribution(self, number: int, name: str) -> BaseDistribution:
        return self.canonical(name, self.live[number].distributions[name])

    @property
    def constraint_keys(self) -> list[str]:
        """Keys of all constraints ever set."""
        return self._constraints.names()

    def constraint(self, key: str) -> FloatArray:
        """Give the values of a constraint, shape (n,); NaN where a finished trial did not set it."""
        return self._constraints[key][: self.n]

    def trial_id(self, number: int) -> int:
        """Give a trial's identifier in the storage."""
        trial_id: int = self._rows.cells["trial_id"][number]
        return trial_id

    def system_attr(self, number: int, key: str) -> Any:
        """Give a system attribute of a trial that is not live; None if it has none of that name."""
        attrs = self._attrs.get(number)
        return None if attrs is None else attrs[1].get(key)

    def system_attrs(self, number: int) -> Mapping[str, Any]:
        """Give the system attributes of a trial, live or not; not to be changed."""
        live = self.live.get(number)
        if live is not None:
            return live.system_attrs
        attrs = self._attrs.get(number)
        return {} if attrs is None else attrs[1]

    def user_attr(self, number: int, key: str) -> Any:
        """Give a user attribute of a trial that is not live; None if it has none of that name."""
        attrs = self._attrs.get(number)
        return None if attrs is None else attrs[0].get(key)

    def user_attrs(self, number: int) -> dict[str, Any]:
        """Give the user attributes of a trial that is not live; not to be changed."""
        attrs = self._attrs.get(number)
        return {} if attrs is None else attrs[0]

    # --- search spaces -----------------------------------------------------------------------------------------------

    def distribution(self, name: str) -> BaseDistribution | None:
        """Give the first distribution under which a parameter was suggested; later ones must be compatible with it."""
        return self._domains.known.get(name)

    def spaces(self, include_pruned: bool = True) -> list[Signature]:
        """List the different search spaces that finished trials suggested."""
        ids = self._complete_spaces | self._pruned_spaces if include_pruned else self._complete_spaces
        return [self._domains.signatures[i] for i in sorted(ids)]

    def intersection(self, include_pruned: bool = True) -> dict[str, BaseDistribution]:
        """Give the parameters that all finished trials suggested alike."""
        return space.intersection(self.spaces(include_pruned))

    def latest(self, name: str) -> BaseDistribution:
        """Give the distribution under which a parameter was suggested last."""
        return self._domains.latest[name]

    def canonical(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give the object that stands for all distributions of a parameter that are alike."""
        return self._domains.canonical(name, distribution)

    def shared(self, name: str, distribution: BaseDistribution) -> BaseDistribution:
        """Give that object if it hands out the very same values, else the distribution that was given."""
        return self._domains.shared(name, distribution)

    @property
    def space_version(self) -> int:
        """Grows whenever `latest`, `common_names` or `groups` may change."""
        return self._domains.version + self._together.version

    def joint_space(self, common: bool = False) -> dict[str, BaseDistribution]:
        """Give the parameters to be sampled together, each with its latest distribution; constant ones are left out.

        Those that any complete or pruned trial suggested; with `common` those that all did. The same object until
        something changes, so not to be changed itself.
        """
        version, found = self._joint.get(common, (-1, {}))
        if version != self.space_version:
            names = self.common_names if common else [name for group in self.groups for name in group]
            latest = {name: self.latest(name) for name in names}
            found = {name: distribution for name, distribution in latest.items() if not distribution.single()}
            self._joint[common] = self.space_version, found
        return found

    @property
    def common_names(self) -> list[str]:
        """Names of the parameters that all complete and pruned trials suggested, sorted."""
        return self._together.common_names

    @property
    def groups(self) -> list[list[str]]:
        """All parameters, in groups of which every complete or pruned trial suggested either all or none; sorted."""
        return sorted(sorted(group) for group in self._together.groups)

    def group_of(self, name: str) -> list[str]:
        """Give the parameters that appear together with one, itself included, sorted; none if it is new."""
        return sorted(self._together.of(name))

    # --- records -----------------------------------------------------------------------------------------------------

    @np.errstate(all="ignore")  # infinities are compared, too
    def equal_to(self, params: dict[str, Any]) -> list[FrozenTrial]:
        """List the records of the trials, finished or not, that may have these parameters among theirs, if rounded."""
        rows = np.ones(self.n, dtype=bool)
        for name, value in params.items():
            if name in self._domains.changed_choices:
                continue  # what an index stands for differs from trial to trial: the caller compares the records
            known = self.distribution(name)
            try:
                internal = np.nan if known is None else known.to_internal_repr(value)
                slack = 2 * CLOSE * abs(internal) if isinstance(known, FloatDistribution) else 0.0
                rows &= abs(self.param(name) - internal) <= slack
            except ValueError:  # the study cannot have had that value
                rows[:] = False
        return [self.record(number) for number in np.flatnonzero(rows).tolist()]

    def record(self, number: int) -> FrozenTrial:
        """Give the record of a trial, not to be changed: the live one, or one made from the columns and kept."""
        record = self.live.get(number) or self._frozen.get(number)
        if record is None:
            record = self._frozen[number] = self._thaw(number)
        return record

    def copy_record(self, number: int) -> FrozenTrial:
        """Make a record of a trial that the caller may change."""
        return (self.live.get(number) or self._frozen.get(number) or self._thaw(number)).copy()

    def records(self, states: Container[TrialState] | None = None, copy: bool = True) -> list[FrozenTrial]:
        """List the records of all trials in these states, by number; live ones as they stand, for they change."""
        get = self.copy_record if copy else self.record
        return [self.copy_record(number) if number in self.live else get(number) for number in self.numbers(states)]

    def numbers(self, states: Container[TrialState] | None = None) -> Iterable[int]:
        """Give the numbers of all trials in these states, in order."""
        if states is None:
            return range(self.n)
        wanted = [state for state in TrialState if state in states]
        return np.flatnonzero(np.isin(self.states, wanted)).tolist()  # type: ignore[no-any-return]

    def count(self, states: Container[TrialState] | None = None) -> int:
        """Count the trials in these states."""
        if states is None:
            return self.n
        counts = np.bincount(self.states, minlength=len(TrialState))
        return int(sum(counts[state] for state in TrialState if state in states))

    def curve(self, record: FrozenTrial) -> Curve:
        """Give the learning curve of a trial as it stands; that of a live one is kept until it finishes."""
        curve = self._curves.get(record.number)
        if curve is None or curve.reported is not record.intermediate_values:
            curve = Curve(record.intermediate_values)
            if record.number in self.live:
                self._curves[record.number] = curve
        curve.catch_up()
        return curve

    def started_at(self, number: int) -> datetime | None:
        """Give the time at which a trial that finished or paused had started."""
        return _time(self._rows.cells["start"][number])

    def completed_at(self, number: int) -> datetime | None:
        """Give the time at which a trial finished, None if it has not."""
        return _time(self._rows.cells["complete"][number])

    def first_start(self) -> datetime | None:
        """Give the time at which the first trial started, None if none has."""
        running = [record.datetime_start for record in self.live.values() if record.datetime_start is not None]
        started = self._rows["start"][: self.n]
        started = started[started != NO_TIME]
        finished = [_EPOCH + int(started.min()) * _MICROSECOND] if len(started) else []
        return min(running + finished, default=None)

    def _thaw(self, number: int) -> FrozenTrial:
        cells = self._rows.cells
        signature = {**self._domains.signatures[cells["signature"][number]], **self._own_distributions.get(number, {})}
        user_attrs, system_attrs = self._attrs.get(number, ({}, {}))
        values: list[float] = self._rows["values"][number].tolist()
        return FrozenTrial(
            number=number,
            state=TrialState(cells["state"][number]),
            value=None,
            values=None if math.isnan(values[0]) else values,
            datetime_start=_time(cells["start"][number]),
            datetime_complete=_time(cells["complete"][number]),
            params={
                name: distribution.to_external_repr(self._params.cells[name][number])
                for name, distribution in signature.items()
            },
            distributions=signature,
            user_attrs=user_attrs,
            system_attrs=system_attrs,
            intermediate_values=self.reports.of(number),
            trial_id=cells["trial_id"][number],
        )


def microseconds(when: datetime | None) -> int:
    """Write a naive time as an integer: NumPy takes eight times as long to do it."""
    return NO_TIME if when is None else (when - _EPOCH) // _MICROSECOND


def _time(microseconds: int) -> datetime | None:
    """Undo `microseconds`."""
    return None if microseconds == NO_TIME else _EPOCH + microseconds * _MICROSECOND
