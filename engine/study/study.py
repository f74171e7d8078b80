"""A study: the trials of one optimisation, how new ones are sampled, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from ..distributions import BaseDistribution, is_close
from ..logging import get_logger
from ..records import FIXED, Checkpoint, FrozenTrial, StudyDirection, TrialState, create_trial
from ..values import copied_items, owned
from .asking import ask, resume
from .batch import Batch, ask_batch, tell_batch
from .core import StudyCore
from .lineage import Segment, checkpoints_in_use, lineage
from .optimize import optimize
from .telling import check_values, finish, trial_id_of
from .trial import Trial

if TYPE_CHECKING:
    import pandas as pd

ObjectiveFuncType = Callable[[Trial], float | Sequence[float]]
Callback = Callable[["Study", FrozenTrial], None]

_logger = get_logger(__name__)


class Study(StudyCore):
    """The trials of one optimisation. Make one by `create_study` or `load_study`.

    Parameters
    ----------
    study_name
        Name of a study that the storage holds.
    storage
        A storage or its URL.
    sampler
        Chooses parameters; `AutoSampler` by default.
    pruner
        Stops trials early; `MedianPruner` by default.
    """

    # --- ask and tell ------------------------------------------------------------------------------------------------

    def ask(self, fixed_distributions: Mapping[str, BaseDistribution] | None = None) -> Trial:
        """Start a trial: the first enqueued one, one that the pruner promotes, or a new one.

        A paused trial that the pruner promotes goes on behind ``trial.resume_step``, which is 0 for new ones; it has
        its parameters already, and its user attributes, where a training loop keeps the path of its checkpoint. With
        `PBTPruner` a trial may go on from the checkpoint of another one: ``trial.resume_from`` says of which.

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
        return ask(self, fixed_distributions)

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
            `COMPLETE`, `PRUNED`, `FAIL` or `PAUSED`. None: complete if the values are acceptable, otherwise failed,
            with a warning. A pruned or paused trial's value is its last report.
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
        return finish(self, trial, values, state, skip_if_finished)

    def resume(self, number: int) -> Trial:
        """Take a paused trial up again, whatever the pruner would do.

        Parameters
        ----------
        number
            Number of the trial.

        Raises
        ------
        ValueError
            If there is no such trial, or it is not paused.
        """
        if not 0 <= number < self.sync().n or self.history.states[number] != TrialState.PAUSED:
            raise ValueError(f"Expected the number of a paused trial, but got {number}. `trial.state` says which are.")
        trial = resume(self, number)
        if trial is None:
            raise ValueError(f"Trial {number} was paused, but another worker has just resumed it. Take another one.")
        return trial

    def lineage(self, trial: Trial | FrozenTrial | int) -> list[Segment]:
        """Give the schedule that led to a trial: its own part and those of the trials from which it was forked.

        Parameters
        ----------
        trial
            A trial, its record or its number.

        Returns
        -------
        segments
            The oldest first: number, ``start``, ``stop`` and ``params`` each. A training that has the parameters of
            each from the end of step `start` to the end of step `stop` replays the schedule. A trial that was never
            forked is one segment.

        Raises
        ------
        ValueError
            If there is no such trial.
        """
        return lineage(self, trial if isinstance(trial, int) else trial.number)

    def checkpoints_in_use(self) -> set[Checkpoint]:
        """Give the checkpoints that may still be needed, as (number of the trial, step); others may be deleted.

        These are those from which a running or paused trial goes on or would be forked, that of the rung to which a
        running trial comes next, and those at the last step of complete trials. Any process may ask at any time, if it
        listed the checkpoints that there are before: a fork whose checkpoint ceased to be in use is given up.
        """
        return checkpoints_in_use(self)

    def ask_batch(self, n: int, distributions: Mapping[str, BaseDistribution]) -> Batch:
        """Start `n` trials at once; enqueued trials come first, the new ones are stored in one transaction.

        Parameters
        ----------
        n
            Number of trials.
        distributions
            Distributions by parameter name; all trials of a batch have the same parameters.

        Returns
        -------
        batch
            Parameters as NumPy columns of shape (n,), of categorical ones the indices of their choices, which
            `Batch.choices` lists; its `trials` are the single ones.

        Raises
        ------
        ValueError
            If `n` is less than 1, a range is infinite, or the study knows a name with another kind of domain; then
            nothing is stored.

        Examples
        --------
        >>> batch = study.ask_batch(256, {"lr": FloatDistribution(1e-5, 1e-1, log=True)})
        >>> study.tell_batch(batch, train_all(batch["lr"]))
        """
        return ask_batch(self, n, distributions)

    def tell_batch(
        self,
        batch: Batch,
        values: npt.ArrayLike,
        states: Sequence[TrialState | None] | None = None,
        constraints: Mapping[str, npt.ArrayLike] | None = None,
    ) -> None:
        """Finish the trials of a batch, in one transaction.

        Parameters
        ----------
        batch
            What `ask_batch` gave.
        values
            An array or torch tensor of shape (n,), or (n, n_objectives). A trial whose value is NaN fails, with one
            warning for the batch.
        states
            State of each trial, by default COMPLETE; the values of PRUNED and FAIL ones are ignored.
        constraints
            What `Trial.set_constraint` would set: by key an array or tensor of shape (n,), at most 0 where the
            constraint is satisfied. NaN is for failed trials alone. They are stored together, before the trials end.

        Raises
        ------
        ValueError
            If a shape or a state does not fit, or a trial of the batch is not running; then nothing is stored.
        """
        tell_batch(self, batch, values, states, constraints)

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
        *,
        executor: Any = None,
        trial_timeout: float | None = None,
        retries: int | None = None,
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
            Number of threads; -1 for one a CPU. With an executor, how many trials run at once: 1 and -1 for as many as
            it has workers.
        catch
            Exceptions that fail a trial and let the study go on.
        callbacks
            Called as ``callback(study, frozen_trial)`` after each trial.
        gc_after_trial
            Collect garbage after each trial.
        show_progress_bar
            Show progress and the best value so far.
        executor
            Runs the objective in other processes: ``"processes"`` for `n_jobs` processes made for this call; a
            `concurrent.futures.Executor`, such as a ``ProcessPoolExecutor``, loky's, ``client.get_executor()`` of Dask,
            mpi4py's, or `RayExecutor`; or a function without arguments that makes one, again if it broke. This process
            asks and tells. A trial whose worker died fails, and the study goes on.
        trial_timeout
            Seconds after which a trial fails and its process is killed; with ``"processes"``, `ProcessPool` or
            `RayExecutor`.
        retries
            How often a trial whose worker died is tried again, with its parameters; None to do as the storage's
            ``heartbeat_stale_trial_callback`` says. Such trials do not count among `n_trials`.

        Raises
        ------
        RuntimeError
            If called inside an objective of the same study; if an executor broke that cannot be made anew; if ten
            workers died in a row and no trial ended between them.
        TypeError
            If the objective, the sampler or the pruner is to go to another process and cannot be pickled.
        ImportError
            If the study is in memory, the objective runs in other processes, and grpc is not installed.
        """
        optimize(
            self, self.ask, func, n_trials, timeout, n_jobs, catch, callbacks, gc_after_trial, show_progress_bar,
            executor, trial_timeout, retries,
        )  # fmt: skip

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
        history = self.sync()
        with history.lock:
            return [history.record(number).copy() for number in self._front.numbers(history)]

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
            Do nothing if a trial, finished or not, was enqueued or ran with the same parameters. Numbers count as the
            same up to a relative difference of 1e-5, as in Optuna, unless both are integers.
        """
        if not isinstance(params, dict):
            raise TypeError(f"params must be a dictionary, but got {params!r}.")
        if skip_if_exists and self._was_tried(params):
            _logger.info(f"Trial with params {params} already exists. Skipping enqueue.")
            return
        self.add_trial(create_trial(state=TrialState.WAITING, system_attrs={FIXED: params}, user_attrs=user_attrs))

    def _was_tried(self, params: dict[str, Any]) -> bool:
        history = self.sync()
        with history.lock:
            candidates = [*history.live.values(), *history.equal_to(params)]
            tried = [trial.system_attrs.get(FIXED, trial.params) for trial in candidates]
            return any(_same_params(one, params) for one in (*tried, *history.unsuggested))

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
        listed = [FrozenTrial.adopted(trial) for trial in trials]
        for trial in listed:
            trial._validate()
            if trial.values is not None and len(trial.values) != len(self._directions):
                raise ValueError(
                    f"The added trial has {len(trial.values)} values, which is different from the number of objectives "
                    f"{len(self._directions)} in the study (determined by Study.directions)."
                )
        if listed:
            self._storage.create_new_trials(self._study_id, listed)

    def correct_trial(self, trial: FrozenTrial | int, values: float | Sequence[float]) -> None:
        """Replace what a finished trial was told, say after a bug in the objective was found.

        Other processes that work on the study notice at their next ask; an Optuna process that has seen the trial keeps
        the old values until it loads the study again.

        Parameters
        ----------
        trial
            A record of the trial, or its number.
        values
            The right objective value, or values.

        Raises
        ------
        ValueError
            If there is no such trial, it has no values, or these are not acceptable; then nothing changes.
        """
        checked, problem = check_values(values, len(self._directions))
        if checked is None:
            raise ValueError(problem)
        self._storage.correct_values(trial_id_of(self, _number_of(trial)), checked)
        self.look_again()

    def delete_trial(self, trial: FrozenTrial | int) -> None:
        """Delete what a trial holds: its parameters, values, reports and attributes.

        Numbers have no gaps, so an empty failed trial keeps its place, from which no sampler or pruner learns. A worker
        that still runs the trial finds it finished.

        Parameters
        ----------
        trial
            A record of the trial, or its number.

        Raises
        ------
        ValueError
            If there is no such trial.
        """
        self._storage.erase_trial(trial_id_of(self, _number_of(trial)))
        self.look_again()

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

    def _is_multi_objective(self) -> bool:
        """Tell whether there are several objectives; Optuna's own crossovers ask a study by this name."""
        return len(self._directions) > 1

    @property
    def user_attrs(self) -> dict[str, Any]:
        """A copy of the study's user attributes."""
        return copied_items(self._storage.get_study_user_attrs(self._study_id))

    def set_user_attr(self, key: str, value: Any) -> None:
        """Attach an attribute to the study, JSON if it is stored."""
        self._storage.set_study_user_attr(self._study_id, key, owned(value))


def _number_of(trial: FrozenTrial | int) -> int:
    return trial.number if isinstance(trial, FrozenTrial) else trial


def _same_params(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    return a.keys() == b.keys() and all(is_close(x, b[name]) for name, x in a.items())
