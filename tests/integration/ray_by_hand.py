"""Ray's controller by hand: the order of calls of one process that trains trials, with Ray's own trials and search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ray.tune.experiment import Trial as RayTrial
from ray.tune.result import SHOULD_CHECKPOINT
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher
from ray.tune.search.search_generator import SearchGenerator

Curve = Callable[[dict[str, Any], int], dict[str, float]]


class ByHand:
    """Trains trials one report at a time, `n_workers` at once.

    Parameters
    ----------
    search
        Where configurations come from.
    scheduler
        What says how trials go on.
    curve
        Gives the metrics of a configuration at an iteration.
    n_samples
        Number of trials.
    checkpoints
        Whether each report comes with a checkpoint.
    n_workers
        Number of trials that run at once.
    length
        Number of iterations after which a trial ends by itself.
    name
        What the identifiers of trials begin with.
    saves
        Number of steps for which a trial that is to pause is RUNNING still, while it makes its checkpoint, as a class
        does.
    """

    def __init__(
        self,
        search: Searcher,
        scheduler: TrialScheduler,
        curve: Curve,
        n_samples: int,
        *,
        checkpoints: bool = True,
        n_workers: int = 2,
        length: int = 9,
        name: str = "t",
        saves: int = 0,
    ) -> None:
        self.search_alg = SearchGenerator(search)
        self.search_alg._total_samples = n_samples
        self.scheduler, self.curve = scheduler, curve
        self.checkpoints, self.n_workers, self.length = checkpoints, n_workers, length
        self.name, self.saves = name, saves
        self.saving: dict[str, int] = {}  # steps that are left, by identifier
        self.trials: list[RayTrial] = []
        self.iteration: dict[str, int] = {}
        self.n_reports = self.n_pauses = 0

    def get_trials(self) -> list[RayTrial]:
        return self.trials

    def add(self, trial_id: str, config: dict[str, Any]) -> RayTrial:
        trial = RayTrial("by-hand", config=config, trial_id=trial_id, stub=True)
        self.trials.append(trial)
        self.scheduler.on_trial_add(self, trial)
        return trial

    def _next(self) -> None:
        search = self.search_alg
        if search.is_finished() or any(trial.status == RayTrial.PENDING for trial in self.trials):
            return
        trial_id = f"{self.name}{search._counter}"
        config = search.searcher.suggest(trial_id)
        if config is not None:
            search._counter += 1
            self.add(trial_id, config)

    def step(self) -> bool:
        """Do one step of each worker; False when all is done."""
        self._next()
        running = [trial for trial in self.trials if trial.status == RayTrial.RUNNING]
        chosen = self.scheduler.choose_trial_to_run(self)
        assert self.scheduler.choose_trial_to_run(self) is chosen  # Ray asks in each of its steps
        if chosen is not None:
            chosen.set_status(RayTrial.PENDING)
            assert self.scheduler.choose_trial_to_run(self) is chosen
            if len(running) < self.n_workers:
                chosen.set_status(RayTrial.RUNNING)
                running.append(chosen)
        for trial in running:
            left = self.saving.pop(trial.trial_id, 0)
            if left == 0:
                self.report(trial)
            elif left == 1:
                trial.set_status(RayTrial.PAUSED)
            else:
                self.saving[trial.trial_id] = left - 1
        return not (self.search_alg.is_finished() and all(trial.is_finished() for trial in self.trials))

    def run(self, n_steps: int = 10_000) -> None:
        for _ in range(n_steps):
            if not self.step():
                return

    def report(self, trial: RayTrial) -> None:
        """Let a trial train one iteration."""
        at = self.iteration[trial.trial_id] = self.iteration.get(trial.trial_id, 0) + 1
        if at > self.length:
            self.stop_trial(trial)
            return
        self.n_reports += 1
        result = {**self.curve(trial.config, at), "training_iteration": at, SHOULD_CHECKPOINT: self.checkpoints}
        decision = self.scheduler.on_trial_result(self, trial, dict(result))
        if decision != TrialScheduler.STOP:
            self.search_alg.on_trial_result(trial.trial_id, dict(result))
        trial.run_metadata.last_result = result
        if decision == TrialScheduler.STOP:
            self.stop_trial(trial)
        elif decision == TrialScheduler.PAUSE:
            self.n_pauses += 1
            if self.saves:
                self.saving[trial.trial_id] = self.saves
            else:
                trial.set_status(RayTrial.PAUSED)

    def fail(self, trial: RayTrial) -> None:
        self.scheduler.on_trial_error(self, trial)
        self.search_alg.on_trial_complete(trial.trial_id, error=True)
        trial.set_status(RayTrial.ERROR)

    def stop_trial(self, trial: RayTrial) -> None:
        if trial.status == RayTrial.RUNNING:
            self.scheduler.on_trial_complete(self, trial, dict(trial.last_result))
            self.search_alg.on_trial_complete(trial.trial_id, result={**trial.last_result, "done": True})
        else:
            self.scheduler.on_trial_remove(self, trial)
            self.search_alg.on_trial_complete(trial.trial_id)
        trial.set_status(RayTrial.TERMINATED)
