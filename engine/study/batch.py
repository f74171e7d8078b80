"""Many points at once: what `Study.ask_batch` gives and `Study.tell_batch` takes."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from ...pruners.base import view_of, views_of
from ...samplers import Sampler
from ...samplers.base import draws_columns
from ..arrays import AnyArray, FloatArray
from ..distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    Space,
    modern,
)
from ..exceptions import UpdateFinishedTrialError
from ..history import Alike
from ..interrupts import Deferred, hurried
from ..records import FrozenTrial, TrialState, error_attr, new_constraint
from .asking import promoted
from .core import StudyCore
from .liveness import search_from_time_to_time
from .telling import VALUELESS, decide, pause_again, warn_failed, write_pause_marker
from .trial import Trial


class Batch:
    """Parameters of `n` running trials as NumPy columns.

    ``batch["lr"]`` is an array of shape (n,): floats, integers, or for a categorical parameter indices into
    ``batch.choices["lr"]``. As with a data frame, ``len(batch)`` is n, the number of trials, while iteration, ``in``,
    `keys` and `items` go over the columns.

    Attributes
    ----------
    trial_ids : list[int]
        Identifiers in the storage.
    numbers : list[int]
        Trial numbers.
    distributions : dict[str, BaseDistribution]
        Distributions by parameter name.
    """

    def __init__(
        self, study: StudyCore, trial_ids: list[int], space: Space, internal: Mapping[str, FloatArray]
    ) -> None:
        self._study = study
        self.trial_ids = trial_ids
        self.numbers = [study._storage.live_record(trial_id).number for trial_id in trial_ids]
        self.distributions = dict(space)
        self._columns = {name: _typed(internal[name], distribution) for name, distribution in space.items()}

    def __len__(self) -> int:
        return len(self.trial_ids)

    def __getitem__(self, name: str) -> AnyArray:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def keys(self) -> KeysView[str]:
        """Give the names of the parameters."""
        return self._columns.keys()

    def items(self) -> ItemsView[str, AnyArray]:
        """Give the columns with their names."""
        return self._columns.items()

    def __repr__(self) -> str:
        return f"Batch(n={len(self)}, parameters={list(self._columns)})"

    @cached_property
    def trials(self) -> list[Trial]:
        """The trials one by one, to report, prune or tell them singly."""
        return [Trial(self._study, trial_id, prepares=False) for trial_id in self.trial_ids]

    # --- trials that pause, or go on from checkpoints ---------------------------------------------------------------

    @property
    def resume_from(self) -> npt.NDArray[np.int64]:
        """Whose checkpoint each trial goes on from: numbers of trials, shape (n,); -1 for one that starts afresh."""
        found = [trial.resume_from for trial in self.trials]
        return np.array([-1 if number is None else number for number in found], dtype=np.int64)

    @property
    def resume_step(self) -> npt.NDArray[np.int64]:
        """The step behind which each trial goes on, shape (n,)."""
        return np.array([trial.resume_step for trial in self.trials], dtype=np.int64)

    def rows_in(self, previous: Batch) -> npt.NDArray[np.int64]:
        """Find the weights with which each trial goes on in a stack whose rows are the trials of an earlier batch.

        Parameters
        ----------
        previous
            The batch whose trials were trained last.

        Returns
        -------
        rows
            Shape (n,); -1 for a trial that starts afresh. ``weights[rows]`` is the whole population's exploitation.

        Raises
        ------
        ValueError
            If a trial goes on from a checkpoint of none of them.
        """
        row = {number: i for i, number in enumerate(previous.numbers)} | {-1: -1}
        strangers = [number for number in self.resume_from.tolist() if number not in row]
        if strangers:
            raise ValueError(
                f"Trials go on from the checkpoints of {strangers}, but the batch before has the trials "
                f"{previous.numbers}: load those from where you keep them, by `resume_from` and `resume_step`."
            )
        return np.array([row[number] for number in self.resume_from.tolist()], dtype=np.int64)

    def report(self, values: npt.ArrayLike, step: int) -> None:
        """Report a value of each trial at a step.

        Parameters
        ----------
        values
            Shape (n,), or (n, n_objectives).
        step
            See `Trial.report`.
        """
        m = len(self._study.directions)
        for trial, told in zip(self.trials, _as_table(values, len(self), m).tolist(), strict=True):
            trial.report(told if m > 1 else told[0], step)

    def should_pause(self) -> npt.NDArray[np.bool_]:
        """Ask the study's pruner which trials should pause now, shape (n,); tell these with `TrialState.PAUSED`."""
        return np.array([trial.should_pause() for trial in self.trials], dtype=np.bool_)

    # --- values of other kinds ---------------------------------------------------------------------------------------

    @property
    def choices(self) -> dict[str, tuple[Any, ...]]:
        """The choices of each categorical parameter: what its indices stand for."""
        return {
            name: distribution.choices
            for name, distribution in self.distributions.items()
            if isinstance(distribution, CategoricalDistribution)
        }

    def to_torch(self, device: Any = None) -> dict[str, Any]:
        """Give the columns as torch tensors of shape (n,): float32 for floats, int64 for integers and indices.

        Parameters
        ----------
        device
            Where to put them, such as ``"cuda"``.

        Raises
        ------
        ImportError
            If torch is not installed.
        """
        try:
            import torch
        except ImportError as error:
            raise ImportError('torch is needed for `to_torch`: pip install "parzen[torch]"') from error
        return {
            name: torch.as_tensor(column, dtype=torch.float32 if column.dtype.kind == "f" else None, device=device)
            for name, column in self.items()
        }


def _typed(internal: FloatArray, distribution: BaseDistribution) -> AnyArray:
    if isinstance(distribution, IntDistribution) and not distribution.is_exact:
        return np.array([distribution.to_external_repr(x) for x in internal.tolist()])
    if isinstance(distribution, (IntDistribution, CategoricalDistribution)):
        return np.round(internal).astype(np.int64)
    return internal


# --- asking ----------------------------------------------------------------------------------------------------------


def ask_batch(study: StudyCore, n: int, distributions: Space) -> Batch:
    """Start `n` trials; see `Study.ask_batch`."""
    if n < 1:
        raise ValueError(f"A batch holds at least one trial, but got n={n}.")
    space = {name: modern(distribution) for name, distribution in distributions.items()}
    search_from_time_to_time(study)
    history = study.sync()
    for name, distribution in space.items():
        history.check(name, distribution)
        distribution.require_finite()
    space = {name: history.shared(name, distribution) for name, distribution in space.items()}
    claimed: list[Trial] = []
    try:
        _claim(study, n, claimed)
        first = _suggest_claimed(study, claimed, space)
        if draws_columns(study.sampler):
            sampled = _sample_together(study, study.sampler, n - len(claimed), space)
        else:
            sampled = _sample_singly(study, n - len(claimed), space)
    except BaseException as error:
        with hurried(isinstance(error, KeyboardInterrupt)):
            _put_back(study, claimed)
        raise
    trial_ids = [trial._trial_id for trial in claimed] + sampled[0]
    return Batch(study, trial_ids, space, {name: np.concatenate([first[name], sampled[1][name]]) for name in space})


def _claim(study: StudyCore, n: int, claimed: list[Trial]) -> None:
    """Start up to `n` trials that are enqueued, or paused and promoted."""
    while len(claimed) < n:
        with Deferred():
            trial_id = study._storage.claim_waiting_trial(study._study_id) if study.history.may_wait else None
            trial = promoted(study) if trial_id is None else Trial(study, trial_id, prepares=False)
            if trial is None:
                break
            claimed.append(trial)
        if trial_id is not None:
            trial._prepare()


def _put_back(study: StudyCore, claimed: list[Trial]) -> None:
    """Let trials wait again that were started for a batch which did not come about."""
    for trial in claimed:
        record = trial._record
        if record.state == TrialState.RUNNING and not pause_again(study, record):
            study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)


def _suggest_claimed(study: StudyCore, claimed: list[Trial], space: Space) -> dict[str, FloatArray]:
    """Let claimed trials suggest; an enqueued one that holds a value which does not fit fails."""
    for trial in claimed:
        try:
            trial.suggest_all(space)
        except BaseException:
            if not pause_again(study, trial._record):
                study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
            raise
    return _suggest(claimed, space)


def _suggest(trials: list[Trial], space: Space) -> dict[str, FloatArray]:
    """Let each trial suggest the parameters of a space; give internal values, shape (n_trials,) each."""
    params = [trial.suggest_all(space) for trial in trials]
    return {
        name: np.array([distribution.to_internal_repr(values[name]) for values in params], dtype=np.float64)
        for name, distribution in space.items()
    }


_ATTEMPTS = 10  # to store a batch for the numbers that it was sampled for
Sampled = tuple[list[int], dict[str, FloatArray]]  # identifiers of new trials, their internal values


def _sample_together(study: StudyCore, sampler: Sampler, n: int, space: Space) -> Sampled:
    """Sample `n` points by columns and store them as new trials in one transaction.

    They are sampled for the numbers that come next; if another worker takes those first, for the ones after that.
    """
    for _ in count() if sampler.claims else range(_ATTEMPTS):
        number = study.history.n
        columns, attrs = _sample_columns(study, sampler, number, n, space)
        templates = Alike(
            _templates(columns, n, space, attrs), {name: _as_read(columns[name], d) for name, d in space.items()}
        )
        trial_ids = study._storage.create_trials_at(study._study_id, number, templates) if n else []
        if trial_ids is not None and not (n and sampler.claims and _came_late(study, trial_ids, number)):
            return trial_ids, columns
        study.sync()
    return study._storage.create_new_trials(study._study_id, templates), columns


def _came_late(study: StudyCore, trial_ids: list[int], number: int) -> bool:
    """Tell whether other trials took a number, as not every storage creates trials at one in one step; these fail."""
    storage = study._storage
    if storage.live_record(trial_ids[0]).number == number:
        return False
    storage.finish_trials(trial_ids, [TrialState.FAIL] * len(trial_ids), [None] * len(trial_ids))
    return True


def _has_own(sampler: Any, method: str) -> bool:
    """Tell whether a sampler has a method in the place of ours, which does nothing."""
    is_ours = getattr(type(sampler), method, None) is getattr(Sampler, method)
    return not is_ours or method in getattr(sampler, "__dict__", ())


def _sample_columns(
    study: StudyCore, sampler: Sampler, number: int, n: int, space: Space
) -> tuple[dict[str, FloatArray], list[dict[str, Any]]]:
    """Sample columns (n,) by name, and give what the sampler notes on each trial."""
    history = study.history
    free = {name: history.canonical(name, d) for name, d in space.items() if d.only_value is None}
    columns = {name: np.full(n, distribution.only_value, dtype=np.float64) for name, distribution in space.items()}
    attrs: list[dict[str, Any]] = [{} for _ in range(n)]
    for view, places in views_of(study, number, n) if n else ():
        first = number + int(places[0])
        part = sampler.sample_batch(view, first, free, len(places)) if free else {}
        for name in free:
            columns[name][places] = part[name]
        if _has_own(sampler, "notes"):
            for place in places.tolist():
                attrs[place] = sampler.notes(view, number + place)
    return columns, attrs


def _templates(columns: dict[str, FloatArray], n: int, space: Space, attrs: list[dict[str, Any]]) -> list[FrozenTrial]:
    # Made without `create_trial`'s check of every value: they come from the sampler.
    external = {name: _external(columns[name], distribution) for name, distribution in space.items()}
    now = datetime.now()
    points = zip(*external.values(), strict=True) if external else ((),) * n
    running = TrialState.RUNNING
    return [
        FrozenTrial(-1, running, None, now, None, dict(zip(space, point, strict=False)), dict(space), {}, noted, {}, -1)
        for point, noted in zip(points, attrs, strict=True)
    ]


def _external(internal: FloatArray, distribution: BaseDistribution) -> list[Any]:
    values: list[Any] = internal.tolist()
    if isinstance(distribution, FloatDistribution):
        return values
    return list(map(distribution.to_external_repr, values))


def _as_read(internal: FloatArray, distribution: BaseDistribution) -> FloatArray:
    """Give internal values as they are read out of records: of equal choices the index of the first, and no NaN."""
    if isinstance(distribution, FloatDistribution) and not np.isnan(internal).any():
        return internal
    values = internal.tolist()
    read = {x: distribution.to_internal_repr(distribution.to_external_repr(x)) for x in set(values)}
    return np.array([read[x] for x in values], dtype=np.float64)


def _sample_singly(study: StudyCore, n: int, space: Space) -> Sampled:
    """Store `n` new trials in one transaction, then ask the sampler for each of them by Optuna's methods."""
    trial_ids = (
        study._storage.create_new_trials(study._study_id, _templates({}, n, {}, [{} for _ in range(n)])) if n else []
    )
    trials = [Trial(study, trial_id) for trial_id in trial_ids]
    return [trial._trial_id for trial in trials], _suggest(trials, space)


# --- telling ---------------------------------------------------------------------------------------------------------


def tell_batch(
    study: StudyCore,
    batch: Batch,
    values: npt.ArrayLike,
    states: Sequence[TrialState | None] | None = None,
    constraints: Mapping[str, npt.ArrayLike] | None = None,
) -> None:
    """Finish the trials of a batch; see `Study.tell_batch`."""
    owner = batch._study
    if (owner.study_name, owner._study_id) != (study.study_name, study._study_id):
        raise ValueError(f"Cannot tell a batch of study {owner.study_name!r} to study {study.study_name!r}.")
    n, m = len(batch), len(study.directions)
    table = _as_table(values, n, m)
    wanted = [None] * n if states is None else list(states)
    if len(wanted) != n:
        raise ValueError(f"Expected one state for each of {n} trials, but got {len(wanted)} states.")
    records = [_running(study, *named) for named in zip(batch.trial_ids, batch.numbers, strict=True)]
    ends, problems, errors = [], [], {}
    for record, state, told in zip(records, wanted, table.tolist(), strict=True):
        has_values = state not in VALUELESS
        decided, checked, problem = decide(record, told if has_values else None, state, m)
        ends.append((decided, checked))
        if problem:
            problems.append(f"trial {record.number}: {problem}")
            errors[record._trial_id] = error_attr(problem)
    attrs = _constraint_attrs(records, [state for state, _ in ends], {} if constraints is None else constraints)
    attrs |= {trial_id: attrs.get(trial_id, {}) | error for trial_id, error in errors.items()}
    if attrs:
        study._storage.set_trials_system_attrs(attrs)
        if not study._storage.keeps_live_records:
            for record in records:
                record.system_attrs.update(attrs.get(record._trial_id, {}))
    try:
        if TrialState.PAUSED in {state for state, _ in ends} or _has_own(study.sampler, "after_trial"):
            for record, end in zip(records, ends, strict=True):
                write_pause_marker(study, record, end[0])
                if end[0] != TrialState.PAUSED:
                    study.sampler.after_trial(view_of(study, record.number), record, *end)
    finally:
        study._storage.finish_trials(batch.trial_ids, [state for state, _ in ends], [checked for _, checked in ends])
        study.look_again()  # the next look shows their ends
    if problems:
        warn_failed(f"{len(problems)} of {n} trials have no acceptable value ({problems[0]}).")


def _constraint_attrs(
    records: list[FrozenTrial], states: list[TrialState], constraints: Mapping[str, npt.ArrayLike]
) -> dict[int, dict[str, Any]]:
    """Give the system attributes that constraints (n,) by key make, by trial; a failed trial needs no value."""
    if not isinstance(constraints, Mapping):
        raise TypeError(f'Expected constraints by key, such as {{"memory": used - limit}}, but got {constraints!r}.')
    attrs: dict[int, dict[str, Any]] = {record._trial_id: {} for record in records} if constraints else {}
    for key, column in constraints.items():
        told = _as_table(column, len(records), 1, f"of the constraint {key!r} ")[:, 0].tolist()
        for record, state, value in zip(records, states, told, strict=True):
            if state != TrialState.FAIL or value == value:
                attrs[record._trial_id] |= new_constraint(record.system_attrs, key, value)
    return attrs


def _running(study: StudyCore, trial_id: int, number: int) -> FrozenTrial:
    """Give the record of a trial that must be running."""
    try:
        record = study._storage.live_record(trial_id)
    except (KeyError, UpdateFinishedTrialError) as error:
        raise ValueError(f"Cannot tell trial {number}: {error}") from error
    if record.state != TrialState.RUNNING or record.number != number:
        raise ValueError(f"Cannot tell trial {number}: expected a running trial of this study, but got {record}.")
    return record


def _as_table(values: npt.ArrayLike, n: int, m: int, owner: str = "") -> FloatArray:
    """Bring values into the shape (n, n_objectives)."""
    if hasattr(values, "detach"):  # a torch tensor, of whatever type and on whatever device
        values = values.detach().cpu().double().numpy()
    expected = f"({n},)" if m == 1 else f"({n}, {m})"
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ValueError(f"Expected numbers {owner}in the shape {expected}, but got {values!r}: {error}") from error
    if table.shape != (n, m) and (m > 1 or table.shape != (n,)):
        raise ValueError(f"Expected values {owner}of shape {expected}, but got {table.shape}.")
    return table.reshape(n, m)
