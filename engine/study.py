"""A study: the trials of one optimisation, how new ones are sampled, and how they end."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..pruners import BasePruner, MedianPruner
from ..samplers import BaseSampler, Sampler, TPESampler
from ..storage import BaseStorage, get_storage
from .batch import Batch
from .distributions import BaseDistribution, FloatArray
from .exceptions import UpdateFinishedTrialError
from .frozen import FrozenTrial, create_trial
from .history import History
from .kernels.dominance import non_dominated
from .logging import get_logger
from .optimize import optimize
from .records import StudyDirection, TrialState
from .telling import decide, warn_failed
from .trial import Trial

if TYPE_CHECKING:
    import pandas as pd

ObjectiveFuncType = Callable[[Trial], float | Sequence[float]]
Callback = Callable[["Study", FrozenTrial], None]

_METRIC_NAMES = "study:metric_names"
_logger = get_logger(__name__)


class Study:
    """The trials of one optimisation. Make one by `create_study` or `load_study`.

    Parameters
    ----------
    study_name
        Name of a study that the storage holds.
    storage
        A storage or its URL.
    sampler
        Chooses parameters; `TPESampler` by default.
    pruner
        Stops trials early; `MedianPruner` by default.
    """

    def __init__(
        self,
        study_name: str,
        storage: str | BaseStorage,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
    ) -> None:
        self.study_name = study_name
        self._storage = get_storage(storage)
        self._study_id = self._storage.get_study_id_from_name(study_name)
        self._directions = self._storage.get_study_directions(self._study_id)
        self.sampler: BaseSampler = sampler or TPESampler()
        self.pruner: BasePruner = pruner or MedianPruner()
        self._seen: dict[str, tuple[Any, BaseDistribution]] = {}
        self._history: History | None = None
        self._front: tuple[int, list[int]] = (-1, [])
        self._stop_flag = False
        self._thread_local = threading.local()

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key not in ("_thread_local", "_history")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._history = None
        self._thread_local = threading.local()

    # --- what samplers and pruners read ------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        """The study's trials as columns, as of the last `ask`, `should_prune` or look at the trials."""
        return self._history or self._sync()

    def _sync(self) -> History:
        """Bring in what other workers stored."""
        self._history = self._storage.get_history(self._study_id)
        return self._history

    def _remember(self, name: str, key: Any, distribution: BaseDistribution) -> tuple[Any, BaseDistribution]:
        """Keep the distribution under which a name was suggested last, one object for equal ones."""
        known = self._seen.get(name)
        if known is not None and known[1] == distribution and known[0] == key:
            distribution = known[1]
        seen = self._seen[name] = (key, distribution)
        return seen

    # --- ask and tell ------------------------------------------------------------------------------------------------

    def ask(self, fixed_distributions: Mapping[str, BaseDistribution] | None = None) -> Trial:
        """Start a trial: the first enqueued one, or a new one.

        Parameters
        ----------
        fixed_distributions
            Parameters to sample at once, stored in one transaction; read them from ``trial.params``.

        Examples
        --------
        >>> trial = study.ask()
        >>> x = trial.suggest_float("x", -1, 1)
        >>> study.tell(trial, x**2)
        """
        self._sync()
        trial_id = self._storage.claim_waiting_trial(self._study_id)
        if trial_id is None:
            trial_id = self._storage.create_new_trial(self._study_id)
        trial = Trial(self, trial_id)
        if fixed_distributions:
            trial.suggest_all(fixed_distributions)
        return trial

    def tell(
        self,
        trial: Trial | int,
        values: float | Sequence[float] | None = None,
        state: TrialState | None = None,
        skip_if_finished: bool = False,
    ) -> FrozenTrial:
        """Finish a trial.

        Parameters
        ----------
        trial
            A trial or its number.
        values
            The objective value, or a sequence of them for several objectives.
        state
            `COMPLETE`, `PRUNED` or `FAIL`. None: complete if the values are acceptable, otherwise failed, with a
            warning. A pruned trial's value is its last report.
        skip_if_finished
            Leave a finished trial as it is, instead of raising.

        Returns
        -------
        trial
            The finished trial.

        Raises
        ------
        TypeError
            If `trial` is neither a trial nor a number.
        ValueError
            If there is no such trial, it is not running, or state and values do not fit.
        """
        return self._finish(self._running_id(trial), values, state, skip_if_finished)

    def _finish(
        self, trial_id: int, values: Any, state: TrialState | None, skip_if_finished: bool, warn: bool = True
    ) -> FrozenTrial:
        try:
            record = self._storage.live_record(trial_id)
            if record.state != TrialState.RUNNING:
                raise UpdateFinishedTrialError
            state, checked, problem = decide(record, values, state, len(self._directions))
            if problem and warn:
                warn_failed(problem)
            try:
                self.sampler.after_trial(self, record, state, checked)
            finally:
                self._storage.set_trial_state_values(trial_id, state, checked)
        except UpdateFinishedTrialError:
            return self._told_before(self._storage.get_trial(trial_id), values, state, skip_if_finished)
        return record if record.state.is_finished() else self._storage.get_trial(trial_id)

    def _told_before(self, found: FrozenTrial, values: Any, state: Any, skip_if_finished: bool) -> FrozenTrial:
        if not (skip_if_finished and found.state.is_finished()):
            raise ValueError(
                f"Cannot tell a {found.state.name} trial: expected trial {found.number} to be RUNNING. "
                "Ask for a new trial, or pass skip_if_finished=True to leave a finished one as it is."
            )
        _logger.info(
            f"Skipped telling trial {found.number} with values {values} and state {state} since trial was already "
            f"finished. Finished trial has values {found.values} and state {found.state}."
        )
        return found

    def _running_id(self, trial: Trial | int) -> int:
        if isinstance(trial, Trial):
            return trial._trial_id
        if isinstance(trial, bool) or not isinstance(trial, (int, np.integer)):
            raise TypeError(f"Trial must be a trial object or trial number, but got {trial!r}.")
        try:
            return self._storage.get_trial_id_from_study_id_trial_number(self._study_id, int(trial))
        except KeyError as error:
            raise ValueError(f"Cannot tell for trial with number {trial} since it has not been created.") from error

    def ask_batch(self, n: int, distributions: Mapping[str, BaseDistribution]) -> Batch:
        """Start `n` trials at once, in one transaction; enqueued trials come first.

        Parameters
        ----------
        n
            Number of trials.
        distributions
            Distributions by parameter name; all trials of a batch have the same parameters.

        Returns
        -------
        batch
            Parameters as NumPy columns of shape (n,); its `trials` are the single ones.

        Examples
        --------
        >>> batch = study.ask_batch(256, {"lr": FloatDistribution(1e-5, 1e-1, log=True)})
        >>> study.tell_batch(batch, train_all(batch["lr"]))
        """
        if n < 1:
            raise ValueError(f"A batch holds at least one trial, but got n={n}.")
        if not isinstance(self.sampler, Sampler):
            return self._ask_one_by_one(n, distributions)
        history = self._sync()
        space = {name: self._remember(name, dist, dist)[1] for name, dist in distributions.items()}
        for name, distribution in space.items():
            history.check(name, distribution)
        claimed = self._claim(n)
        columns = self._sample_columns(history.n, space, n)
        for i, trial in enumerate(claimed):
            for name, value in trial.suggest_all(space).items():
                columns[name][i] = space[name].to_internal_repr(value)
        templates = [
            create_trial(
                state=TrialState.RUNNING,
                params={name: dist.to_external_repr(float(columns[name][i])) for name, dist in space.items()},
                distributions=dict(space),
            )
            for i in range(len(claimed), n)
        ]
        trial_ids = [trial._trial_id for trial in claimed]
        trial_ids += self._storage.create_new_trials(self._study_id, templates)
        numbers = [self._storage.get_trial_number_from_id(trial_id) for trial_id in trial_ids]
        return Batch(self, trial_ids, numbers, space, columns)

    def _claim(self, n: int) -> list[Trial]:
        """Start up to `n` enqueued trials."""
        claimed: list[Trial] = []
        while len(claimed) < n:
            trial_id = self._storage.claim_waiting_trial(self._study_id)
            if trial_id is None:
                break
            claimed.append(Trial(self, trial_id))
        return claimed

    def _sample_columns(self, number: int, space: Mapping[str, BaseDistribution], n: int) -> dict[str, FloatArray]:
        """Sample internal values, shape (n,) each; what has a single value is not asked of the sampler."""
        assert isinstance(self.sampler, Sampler)
        free = {name: dist for name, dist in space.items() if not dist.single()}
        sampled = self.sampler.sample_batch(self, number, free, n) if free else {}
        return {name: sampled[name] if name in free else np.full(n, dist.only_value) for name, dist in space.items()}

    def _ask_one_by_one(self, n: int, distributions: Mapping[str, BaseDistribution]) -> Batch:
        """Make a batch of single trials, for samplers that know only Optuna's methods."""
        trials = [self.ask(distributions) for _ in range(n)]
        columns = {
            name: np.array([dist.to_internal_repr(trial.params[name]) for trial in trials])
            for name, dist in distributions.items()
        }
        return Batch(self, [t._trial_id for t in trials], [t.number for t in trials], distributions, columns)

    def tell_batch(
        self, batch: Batch, values: npt.ArrayLike, states: Sequence[TrialState | None] | None = None
    ) -> None:
        """Finish the trials of a batch, in one transaction.

        Parameters
        ----------
        batch
            What `ask_batch` gave.
        values
            Shape (n,), or (n, n_objectives). A trial whose value is NaN fails, with one warning for the batch.
        states
            State of each trial, by default COMPLETE; the values of PRUNED and FAIL ones are ignored.

        Raises
        ------
        ValueError
            If a shape does not fit, or a trial of the batch is finished; then nothing is stored.
        """
        table = self._as_table(values, batch.n)
        if states is not None and len(states) != batch.n:
            raise ValueError(f"Expected one state for each of {batch.n} trials, but got {len(states)} states.")
        ends: list[tuple[TrialState, list[float] | None]] = []
        problems = []
        for i, trial_id in enumerate(batch.trial_ids):
            record = self._storage.live_record(trial_id)
            state = None if states is None else states[i]
            told = None if state in (TrialState.PRUNED, TrialState.FAIL) else table[i].tolist()
            decided, checked, problem = decide(record, told, state, len(self._directions))
            self.sampler.after_trial(self, record, decided, checked)
            ends.append((decided, checked))
            if problem:
                problems.append(f"trial {record.number}: {problem}")
        self._storage.finish_trials(batch.trial_ids, [state for state, _ in ends], [checked for _, checked in ends])
        if problems:
            warn_failed(f"{len(problems)} of {batch.n} trials have no acceptable value ({problems[0]}).")

    def _as_table(self, values: npt.ArrayLike, n: int) -> FloatArray:
        """Bring values into the shape (n, n_objectives)."""
        if hasattr(values, "detach"):  # a torch tensor, on whatever device
            values = values.detach().cpu().numpy()
        table = np.asarray(values, dtype=np.float64)
        m = len(self._directions)
        if table.shape not in ((n,), (n, m)) or (table.ndim == 1 and m > 1):
            expected = f"({n},)" if m == 1 else f"({n}, {m})"
            raise ValueError(f"Expected values of shape {expected}, but got {table.shape}.")
        return table.reshape(n, m)

    def optimize(
        self,
        func: ObjectiveFuncType,
        n_trials: int | None = None,
        timeout: float | None = None,
        n_jobs: int = 1,
        catch: Iterable[type[Exception]] | type[Exception] = (),
        callbacks: Iterable[Callback] | None = None,
        gc_after_trial: bool = False,
        show_progress_bar: bool = False,
    ) -> None:
        """Run an objective until a limit is reached, `stop` is called, or Ctrl-C is pressed.

        Parameters
        ----------
        func
            Takes a `Trial` and returns the objective value or values; raises `TrialPruned` to give up early.
        n_trials
            Number of trials to run, None for no limit.
        timeout
            Seconds after which no new trial starts, None for no limit.
        n_jobs
            Number of threads; -1 for one a CPU.
        catch
            Exceptions that fail a trial and let the study go on.
        callbacks
            Called as ``callback(study, frozen_trial)`` after each trial.
        gc_after_trial
            Collect garbage after each trial.
        show_progress_bar
            Show progress and the best value so far.

        Raises
        ------
        RuntimeError
            If called inside an objective of the same study.
        """
        optimize(self, func, n_trials, timeout, n_jobs, catch, callbacks, gc_after_trial, show_progress_bar)

    def stop(self) -> None:
        """Let the running `optimize` end after the trials that run now; from an objective or a callback."""
        if not getattr(self._thread_local, "in_optimize_loop", False):
            raise RuntimeError("`Study.stop` is supposed to be invoked inside an objective function or a callback.")
        self._stop_flag = True

    # --- trials ------------------------------------------------------------------------------------------------------

    @property
    def trials(self) -> list[FrozenTrial]:
        """Copies of all trials, by number."""
        return self.get_trials()

    def get_trials(self, deepcopy: bool = True, states: Container[TrialState] | None = None) -> list[FrozenTrial]:
        """List the trials, by number.

        Parameters
        ----------
        deepcopy
            Give copies; False gives shared records, made once, that are not to be changed.
        states
            Only trials in these states.
        """
        return self._storage.get_all_trials(self._study_id, deepcopy=deepcopy, states=states)

    @property
    def best_trial(self) -> FrozenTrial:
        """A copy of the best complete trial that violates no constraint.

        Raises
        ------
        ValueError
            If there is none yet.
        RuntimeError
            If the study has several objectives.
        """
        return self._storage.get_best_trial(self._study_id)

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best trial."""
        return self.best_trial.params

    @property
    def best_value(self) -> float:
        """Value of the best trial."""
        value = self.best_trial.value
        assert value is not None
        return value

    @property
    def best_trials(self) -> list[FrozenTrial]:
        """Copies of the trials on the Pareto front, by number: complete, feasible, and dominated by none."""
        history = self._sync()
        with history.lock:
            if self._front[0] != len(history.finished):
                self._front = (len(history.finished), self._pareto_front(history))
            return [history.copy_record(number) for number in self._front[1]]

    def _pareto_front(self, history: History) -> list[int]:
        feasible = ~(history.violation > 0)
        numbers = np.flatnonzero((history.states == TrialState.COMPLETE) & feasible)
        signs = np.array([-1.0 if d == StudyDirection.MAXIMIZE else 1.0 for d in self._directions])
        front: list[int] = numbers[non_dominated(history.values[numbers] * signs)].tolist()
        return front

    def enqueue_trial(
        self, params: dict[str, Any], user_attrs: dict[str, Any] | None = None, skip_if_exists: bool = False
    ) -> None:
        """Put a trial with given parameters at the end of the queue from which `ask` takes first.

        Parameters
        ----------
        params
            Values by parameter name; what is missing is sampled.
        user_attrs
            User attributes of the trial.
        skip_if_exists
            Do nothing if a trial, finished or not, was enqueued or ran with the same parameters.
        """
        if not isinstance(params, dict):
            raise TypeError(f"params must be a dictionary, but got {params!r}.")
        if skip_if_exists and self._was_tried(params):
            _logger.info(f"Trial with params {params} already exists. Skipping enqueue.")
            return
        self.add_trial(
            create_trial(state=TrialState.WAITING, system_attrs={"fixed_params": params}, user_attrs=user_attrs)
        )

    def _was_tried(self, params: dict[str, Any]) -> bool:
        history = self._sync()
        with history.lock:
            candidates = [*history.live.values(), *history.equal_to(params)]
            return any(_same_params(t.system_attrs.get("fixed_params", t.params), params) for t in candidates)

    def add_trial(self, trial: FrozenTrial) -> None:
        """Add a trial made by `create_trial` or taken from another study.

        Raises
        ------
        ValueError
            If it contradicts itself or does not fit the study.
        """
        self.add_trials([trial])

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Add several trials, in one transaction."""
        listed = list(trials)
        for trial in listed:
            trial._validate()
            if trial.values is not None and len(trial.values) != len(self._directions):
                raise ValueError(
                    f"The added trial has {len(trial.values)} values, which is different from the number of objectives "
                    f"{len(self._directions)} in the study (determined by Study.directions)."
                )
        if listed:
            self._storage.create_new_trials(self._study_id, listed)

    def trials_dataframe(
        self,
        attrs: tuple[str, ...] = (
            "number", "value", "datetime_start", "datetime_complete", "duration", "params", "user_attrs",
            "system_attrs", "state",
        ),
        multi_index: bool = False,
    ) -> pd.DataFrame:  # fmt: skip
        """Give the trials as a pandas DataFrame, one row each.

        Parameters
        ----------
        attrs
            What to show: attributes of `FrozenTrial`.
        multi_index
            Two levels of columns, such as ``("params", "x")``, instead of ``params_x``.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        from .dataframe import trials_dataframe

        return trials_dataframe(self, attrs, multi_index)

    # --- attributes --------------------------------------------------------------------------------------------------

    @property
    def direction(self) -> StudyDirection:
        """The direction of a single objective; ``RuntimeError`` if there are several."""
        if len(self._directions) > 1:
            raise RuntimeError(
                "A single direction cannot be retrieved from a multi-objective study. Use Study.directions."
            )
        return self._directions[0]

    @property
    def directions(self) -> list[StudyDirection]:
        """The direction of each objective."""
        return self._directions

    @property
    def user_attrs(self) -> dict[str, Any]:
        """A copy of the study's user attributes."""
        return copy.deepcopy(self._storage.get_study_user_attrs(self._study_id))

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach an attribute to the study, JSON if it is stored."""
        self._storage.set_study_user_attr(self._study_id, key, value)

    @property
    def metric_names(self) -> list[str] | None:
        """Names of the objectives, None unless set."""
        return self._storage.get_study_system_attrs(self._study_id).get(_METRIC_NAMES)

    def set_metric_names(self, metric_names: list[str]) -> None:
        """Name the objectives, for messages, data frames and plots; ``ValueError`` unless one name each."""
        if len(metric_names) != len(self._directions):
            raise ValueError(
                f"The number of objectives must match the length of the metric names: expected "
                f"{len(self._directions)}, but got {metric_names}."
            )
        self._storage.set_study_system_attr(self._study_id, _METRIC_NAMES, metric_names)


def _same_params(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Compare parameters, NaN equal to NaN."""
    return a.keys() == b.keys() and all(x == b[name] or (x != x and b[name] != b[name]) for name, x in a.items())
