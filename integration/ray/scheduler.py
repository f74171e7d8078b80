"""parzen's pruners as schedulers of Ray Tune."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ray.tune import Trainable
from ray.tune.experiment import Trial as RayTrial
from ray.tune.result import DEFAULT_METRIC, SHOULD_CHECKPOINT, TRAINING_ITERATION
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import ConcurrencyLimiter
from ray.tune.trainable import FunctionTrainable

from ...engine.logging import get_logger
from ...engine.records import StudyDirection, TrialState
from ...engine.study import Trial, create_study
from ...pruners import BasePruner, PromotingPruner
from ...samplers import RandomSampler
from .search import ParzenSearch, check_modes
from .trials import Trials, numbers_of

_PAUSED = TrialState.PAUSED

_logger = get_logger(__name__)


class ParzenScheduler(FIFOScheduler):  # type: ignore[misc, unused-ignore]
    """Stops trials as a pruner of parzen's says, or pauses them and lets the best go on.

    Beside a `ParzenSearch` both keep one study: the sampler learns what was paused and what was stopped, and a driver
    that is restored from a database finds the rungs and runs no trial again that has ended. Beside any other search
    the scheduler keeps a study of its own in memory.

    Parameters
    ----------
    pruner
        Any pruner of parzen's. `ASHAPruner`, `PASHAPruner` and `SyncHyperbandPruner` pause trials that have
        checkpoints; those that have none Ray would begin again from the start, so they are stopped instead.
    metric, mode
        What is compared, and ``"min"`` or ``"max"``; for several objectives a list each. None takes those of the
        search, or of the run.
    time_attr
        What counts the steps of a trial, in whole numbers.
    max_t
        The step at which a trial is complete and ends. A pruner that pauses knows it.

    Raises
    ------
    TypeError
        If `pruner` is none of parzen's.
    ValueError
        If metric and mode do not fit.

    Notes
    -----
    At the end of a run, and where nothing else can run, trials that wait are stopped.

    Examples
    --------
    >>> scheduler = ParzenScheduler(ASHAPruner(max_resource=81, reduction_factor=3))
    >>> tune.TuneConfig(metric="loss", mode="min", search_alg=ParzenSearch(), scheduler=scheduler, num_samples=100)
    """

    _supports_buffered_results = False  # a trial that is to wait must not have trained on

    def __init__(
        self,
        pruner: BasePruner,
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = None,
        *,
        time_attr: str = TRAINING_ITERATION,
        max_t: int | None = None,
    ) -> None:
        if not isinstance(pruner, BasePruner):
            raise TypeError(f"`ParzenScheduler` takes a pruner of parzen's, but got {pruner!r}: see parzen.pruners.")
        if isinstance(pruner, PromotingPruner) and pruner.forks:
            raise TypeError(
                f"`ParzenScheduler` takes a pruner that stops or pauses trials, but got {pruner!r}, which starts "
                "new ones from the checkpoints of others. Drive it by ask and tell, or take Ray's own for that."
            )
        check_modes(metric, mode)
        super().__init__()
        self._pruner = pruner
        self._metrics, self._modes = _list(metric), _list(mode)
        self._time_attr, self._max_t = time_attr, max_t
        self._trials: Trials | None = None
        self._decisions: dict[str, TrialState] = {}
        self._ray_trials: dict[int, RayTrial] = {}  # by number, those that did not end
        self._chosen: RayTrial | None = None  # was promoted, and Ray has not yet run it
        self._has_looked = self._has_said_so = False

    @property
    def metric(self) -> str | None:
        """The metric, by which Ray sees whether a result has it; None if there are several."""
        return self._metrics[0] if len(self._metrics) == 1 else None

    def set_search_properties(self, metric: str | None, mode: str | None, **spec: Any) -> bool:
        """Take metric and mode of a run; False if there are some already."""
        if (metric and self._metrics) or (mode and self._modes):
            return False
        self._metrics, self._modes = self._metrics or _list(metric), self._modes or _list(mode)
        return True

    # --- trials ------------------------------------------------------------------------------------------------------

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Take in a trial that starts, is tried again, or comes back with a driver that is restored."""
        trials = self._trials_of(tune_controller)
        if trial.is_finished():
            if trials.state(trial.trial_id) in (TrialState.RUNNING, _PAUSED):  # Ray ended it without a word
                trials.end(trial.trial_id, TrialState.PRUNED)
            return
        if trials.number(trial.trial_id) is None:
            trials.start(trial.trial_id)
        elif trials.is_over(trial.trial_id):
            self._tell_ray(trials, trial, RayTrial.TERMINATED)
            return
        elif trials.state(trial.trial_id) == _PAUSED:
            self._tell_ray(trials, trial, RayTrial.PAUSED)
        else:
            trials.running(trial.trial_id)  # one that failed is a new one from now on
        number = trials.number(trial.trial_id)
        assert number is not None
        self._ray_trials[number] = trial

    def _tell_ray(self, trials: Trials, trial: RayTrial, status: str) -> None:
        """Let Ray know what the study knows of a trial: the snapshot of a driver that is restored is older."""
        record = trials.record(trial.trial_id)
        assert record is not None
        found = {**(trial.last_result or {}), "trial_id": trial.trial_id, "config": trial.config}
        found["done"] = status == RayTrial.TERMINATED
        if record.last_step is not None:
            found[self._time_attr] = record.last_step
            found.update(zip(self._metrics, record.values or (), strict=False))
        trial.update_last_result(found)
        trial.set_status(status)

    def on_trial_result(self, tune_controller: Any, trial: RayTrial, result: dict[str, Any]) -> str:
        """Say whether a trial goes on, waits or ends."""
        trials, ray_id = self._trials_of(tune_controller), trial.trial_id
        if trial is self._chosen:
            self._chosen = None  # it ran, so that a later pause is another one
        step, values = result.get(self._time_attr), numbers_of(result, self._metrics)
        if step is None or values is None:
            return self.CONTINUE
        if trials.is_over(ray_id):
            return self.STOP
        reported = trials.report(ray_id, values, int(step))
        if self._is_complete(trials, ray_id, step):
            return self._stop(ray_id, TrialState.COMPLETE)
        if reported is None:
            return self.CONTINUE
        if not isinstance(self._pruner, PromotingPruner) or not _has_checkpoint(trial, result):
            self._say_that_trials_are_stopped()
            return self._stop(ray_id, TrialState.PRUNED) if reported.should_prune() else self.CONTINUE
        return self._pause(trials, ray_id, reported)

    def _is_complete(self, trials: Trials, ray_id: str, step: float) -> bool:
        ends = [] if self._max_t is None else [self._max_t]
        number = trials.number(ray_id)
        if isinstance(self._pruner, PromotingPruner) and number is not None:
            ends.append(self._pruner.levels(number)[-1])
        return any(step >= end for end in ends)

    def _stop(self, ray_id: str, state: TrialState) -> str:
        self._decisions[ray_id] = state
        return str(self.STOP)

    def _pause(self, trials: Trials, ray_id: str, trial: Trial) -> str:
        """Pause a trial that came to a rung, unless it is the one that is to go on now."""
        if not trial.should_pause():
            return str(self.CONTINUE)
        trials.pause(ray_id)
        if self._promoted(trials) != trial.number:
            return str(self.PAUSE)
        trials.resume(ray_id)
        return str(self.CONTINUE)

    def _promoted(self, trials: Trials) -> int | None:
        trials.study.sync()
        promotion = self._pruner.promote(trials.study) if isinstance(self._pruner, PromotingPruner) else None
        return promotion if isinstance(promotion, int) else None

    def on_trial_error(self, tune_controller: Any, trial: RayTrial) -> None:
        """Take in that a trial failed; Ray has set one that it tries again to ERROR, for the time being."""
        if trial.status != RayTrial.ERROR:
            self._end(tune_controller, trial, TrialState.FAIL)

    def on_trial_complete(self, tune_controller: Any, trial: RayTrial, result: dict[str, Any]) -> None:
        """Take in that a trial ended, by itself or because it was stopped."""
        state = self._decisions.get(trial.trial_id, TrialState.COMPLETE)
        self._end(tune_controller, trial, state, result)

    def on_trial_remove(self, tune_controller: Any, trial: RayTrial) -> None:
        """Take in that a trial ended that did not run."""
        self._end(tune_controller, trial, TrialState.PRUNED)

    def _end(
        self, tune_controller: Any, trial: RayTrial, state: TrialState, result: dict[str, Any] | None = None
    ) -> None:
        """Tell how a trial ended, unless the search does, which Ray lets know next."""
        trials, ray_id = self._trials_of(tune_controller), trial.trial_id
        number = trials.number(ray_id)
        if number is not None:
            self._ray_trials.pop(number, None)
        values = numbers_of(result, self._metrics)
        if result is not None and self._time_attr in result:  # a run's own criterion ends a trial without a decision
            trials.report(ray_id, values, int(result[self._time_attr]))
        if trials.decisions is None:
            trials.end(ray_id, state, values)
        else:
            trials.decisions[ray_id] = state
        self._decisions.pop(ray_id, None)

    # --- which trial runs next ---------------------------------------------------------------------------------------

    def choose_trial_to_run(self, tune_controller: Any) -> RayTrial | None:
        """Give a trial that is promoted, or the first one that has not begun; asked again it gives the same one."""
        trials = self._trials
        if trials is None:  # there are none yet
            return None
        live = [trial for trial in self._ray_trials.values() if not trial.is_finished()]
        pending = [trial for trial in live if trial.status == RayTrial.PENDING]
        if not self._has_looked:  # parts of a snapshot may differ in age: what Ray does not know goes nowhere
            self._has_looked = True
            trials.forget_all_but({trial.trial_id for trial in tune_controller.get_trials()})
        if self._chosen is not None and self._chosen.status in (RayTrial.PAUSED, RayTrial.PENDING):
            return self._chosen
        self._chosen = None
        number = self._promoted(trials)
        promoted = None if number is None else self._ray_trials.get(number)
        if promoted is not None and promoted.status == RayTrial.PAUSED:  # one on its way to a pause is promoted again
            trials.resume(promoted.trial_id)
            self._chosen = promoted
            return promoted
        if not pending and not any(trial.status == RayTrial.RUNNING for trial in live):
            self._stop_waiting(tune_controller, [trial for trial in live if trial.status == RayTrial.PAUSED])
        return pending[0] if pending else None

    def _stop_waiting(self, tune_controller: Any, waiting: list[RayTrial]) -> None:
        """Stop what waits: all of it at the end of a run; the worst that came least far if the search waits for one."""
        if not tune_controller.search_alg.is_finished():
            waiting = sorted(waiting, key=self._merit)[:1]
        for trial in waiting:
            tune_controller.stop_trial(trial)

    def _merit(self, trial: RayTrial) -> tuple[float, float]:
        assert self._trials is not None
        value = numbers_of(trial.last_result, self._metrics[:1]) or [0.0]
        sign = 1.0 if self._trials.study.directions[0] == StudyDirection.MAXIMIZE else -1.0
        return trial.last_result.get(self._time_attr, 0), sign * value[0]

    # --- the study ---------------------------------------------------------------------------------------------------

    def _trials_of(self, tune_controller: Any) -> Trials:
        if self._trials is None:
            search = _parzen_search(tune_controller.search_alg)
            self._trials = self._own_trials() if search is None else self._shared_trials(search)
            self._check_pruner(self._trials)
        return self._trials

    def _shared_trials(self, search: ParzenSearch) -> Trials:
        if self._metrics and self._metrics != search.metrics:
            raise ValueError(
                f"Expected the metrics of the search, {search.metrics}, but the scheduler has {self._metrics}: give "
                "them to the search alone."
            )
        self._metrics = search.metrics
        return search.follow(self._pruner)

    def _own_trials(self) -> Trials:
        if not self._modes:
            raise ValueError(
                "Expected a metric and a mode, but there is none: give them to ParzenScheduler or tune.TuneConfig."
            )
        self._metrics = self._metrics or [DEFAULT_METRIC]
        directions = ["minimize" if mode == "min" else "maximize" for mode in self._modes]
        return Trials(
            create_study(directions=directions, sampler=RandomSampler(), pruner=self._pruner)  # type: ignore[arg-type]
        )

    def _check_pruner(self, trials: Trials) -> None:
        if len(trials.study.directions) > 1 and not self._pruner.multi_objective:
            raise ValueError(
                f"{type(self._pruner).__name__} compares one value, but the run has {len(trials.study.directions)} "
                "metrics. Take ASHAPruner or SyncHyperbandPruner."
            )

    def _say_that_trials_are_stopped(self) -> None:
        if isinstance(self._pruner, PromotingPruner) and not self._has_said_so:
            self._has_said_so = True
            _logger.warning(
                f"{type(self._pruner).__name__} stops trials here instead of pausing them: they report no checkpoints, "
                "and without one Ray would begin a paused trial again. `tune.report(metrics, checkpoint=...)` lets it."
            )

    # --- what Ray asks -----------------------------------------------------------------------------------------------

    def debug_string(self) -> str:
        """Say in a line what is at work."""
        waiting = sum(trial.status == RayTrial.PAUSED for trial in self._ray_trials.values())
        return f"Using parzen's {type(self._pruner).__name__}: {waiting} trials wait."


def _has_checkpoint(trial: RayTrial, result: dict[str, Any]) -> bool:
    """Tell whether a trial can be paused: it has a checkpoint, or its class can make one."""
    if result.get(SHOULD_CHECKPOINT) or trial.checkpoint is not None:
        return True
    trainable = trial.get_trainable_cls()
    if trainable is None or issubclass(trainable, FunctionTrainable):
        return False
    return trainable.save_checkpoint is not Trainable.save_checkpoint


def _parzen_search(search_alg: Any) -> ParzenSearch | None:
    """Find the `ParzenSearch` behind what Ray wraps around it, where that leaves trials their identifiers."""
    searcher = getattr(search_alg, "searcher", None)
    while isinstance(searcher, ConcurrencyLimiter):
        searcher = searcher.searcher
    return searcher if isinstance(searcher, ParzenSearch) else None


def _list(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())
