"""parzen as a search algorithm of Ray Tune."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ray import cloudpickle
from ray.tune.result import DEFAULT_METRIC, TRAINING_ITERATION
from ray.tune.search import Searcher

from ...engine.distributions import BaseDistribution
from ...engine.logging import get_logger
from ...engine.records import FixedTrial, TrialState, create_trial
from ...engine.study import Study, Trial, create_study
from ...pruners import BasePruner, NopPruner
from ...samplers import AutoSampler, BaseSampler
from ...storage import BaseStorage
from .spaces import RaySpace, nested
from .trials import RUN, Trials, numbers_of

Space = Mapping[str, Any] | Callable[[Any], "dict[str, Any] | None"]
PERTURBED = "ray:perturbed"  # user attribute: by step, parameters that a scheduler had changed by then

_logger = get_logger(__name__)


class ParzenSearch(Searcher):  # type: ignore[misc, unused-ignore]
    """Proposes configurations to Ray Tune, and keeps its trials in a study of parzen's.

    Parameters
    ----------
    space
        A space of Ray's, nested or not, with constants; distributions of parzen's by name; or a function that takes a
        trial and suggests, whose dictionary, if it returns one, is added to the configuration. None takes the
        ``param_space`` of the run.
    metric, mode
        What is optimised, and ``"min"`` or ``"max"``; for several objectives a list each. None takes those of the run,
        but give them here if the run has no ``param_space``, since Ray hands on neither then.
    points_to_evaluate
        Configurations to try first; parameters that they lack are sampled.
    evaluated_rewards
        Results of these configurations, which then are not run: a number each, or a sequence for several objectives.
    sampler
        Any sampler of parzen's; `AutoSampler` by default.
    seed
        Seed of the default sampler.
    storage
        A URL such as ``sqlite:///ray.db``, a storage, or None for memory.
    study_name
        Name of the study, which is gone on with if there is one; made up by default.
    max_t
        The training iteration at which a trial is complete, where a scheduler of Ray's ends trials: its ``max_t``.

    Attributes
    ----------
    study : Study
        The study, which is made when it is first asked for.

    Raises
    ------
    ValueError
        If arguments contradict each other, or a model cannot learn the space.

    Notes
    -----
    Ray tells a searcher neither that a scheduler stopped a trial nor the last result of one that it stopped, but calls
    it complete. Here a trial whose last result came only with its end was stopped: it is PRUNED, unless it had come to
    `max_t`, or to a criterion in the run's ``stop``. A `ParzenScheduler` says itself how trials end.

    Examples
    --------
    >>> search = ParzenSearch(storage="sqlite:///ray.db", study_name="digits", max_t=100)
    >>> tune.run(train, config=space, metric="loss", mode="min", search_alg=search, scheduler=ASHAScheduler(max_t=100))
    """

    _metric: str | list[str] | None
    _mode: str | list[str] | None

    def __init__(
        self,
        space: Space | None = None,
        metric: str | Sequence[str] | None = None,
        mode: str | Sequence[str] | None = None,
        *,
        points_to_evaluate: Sequence[Mapping[str, Any]] | None = None,
        evaluated_rewards: Sequence[float | Sequence[float]] | None = None,
        sampler: BaseSampler | None = None,
        seed: int | None = None,
        storage: str | BaseStorage | None = None,
        study_name: str | None = None,
        max_t: int | None = None,
    ) -> None:
        if sampler is not None and seed is not None:
            raise ValueError("Give a `seed` or a `sampler`, but not both: a sampler has a seed of its own.")
        if evaluated_rewards is not None and len(evaluated_rewards) != len(points_to_evaluate or ()):
            raise ValueError(
                f"Expected one of `evaluated_rewards` for each of the {len(points_to_evaluate or ())} "
                f"`points_to_evaluate`, but got {len(evaluated_rewards)}."
            )
        check_modes(metric, mode)
        super().__init__(_listed(metric), _listed(mode))
        self._space: RaySpace | dict[str, BaseDistribution] | Callable[..., Any] | None = None
        if space:
            self._space = _space(space)
        self._points = [dict(point) for point in points_to_evaluate or ()]
        self._rewards = None if evaluated_rewards is None else list(evaluated_rewards)
        self._sampler, self._seed = sampler, seed
        self._storage, self._run = storage, uuid.uuid4().hex
        self._study_name = study_name or f"ray-{self._run}"
        self._max_t, self._max_concurrent = max_t, 0
        self._stop: dict[str, Any] = {}  # by which the run itself ends trials
        self._came_to: dict[str, int] = {}  # the last iteration that a trial reported while it was to go on
        self._trials: Trials | None = None

    # --- what Ray says before a run ----------------------------------------------------------------------------------

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: Mapping[str, Any], **spec: Any
    ) -> bool:
        """Take space, metric and mode of a run; False if there are some already."""
        stop = spec.get("stop")
        self._stop = dict(stop) if isinstance(stop, Mapping) else {}
        given = RaySpace(config)
        if (metric and self._metric) or (mode and self._mode) or (given.distributions and self._space):
            return False
        self._metric, self._mode = self._metric or metric, self._mode or mode
        self._space = self._space or (given if given.distributions else None)
        return True

    def set_max_concurrency(self, max_concurrent: int) -> bool:
        """Let no more than so many trials run at once; paused ones do not count."""
        self._max_concurrent = max_concurrent
        return True

    @property
    def metrics(self) -> list[str]:
        """The metrics, one for each objective."""
        metric = self._metric or DEFAULT_METRIC
        return [metric] if isinstance(metric, str) else list(metric)

    @property
    def trials(self) -> Trials:
        """The trials of this run, in the study."""
        if self._trials is None:
            if not self._mode:
                raise RuntimeError(
                    "Expected a metric and a mode, but there is none. Give them to ParzenSearch: a run without a "
                    "`param_space` does not hand its own on."
                )
            modes = [self._mode] if isinstance(self._mode, str) else list(self._mode)
            directions = ["minimize" if mode == "min" else "maximize" for mode in modes]
            study = create_study(
                storage=self._storage,
                sampler=self._sampler or AutoSampler(seed=self._seed),
                pruner=NopPruner(),
                study_name=self._study_name,
                directions=directions,  # type: ignore[arg-type]
                load_if_exists=True,
            )
            found = [direction.name.lower() for direction in study.directions]
            if found != directions:
                raise ValueError(
                    f"The study {self._study_name!r} has the directions {found}, but the run wants {directions}. Give "
                    "another `study_name`, or the same modes."
                )
            if self._metric and not study.metric_names:
                study.set_metric_names(self.metrics)
            self._trials = Trials(study, self._run)
            self._add_points(study)
        return self._trials

    @property
    def study(self) -> Study:
        """The study, which is made when it is first asked for."""
        return self.trials.study

    def follow(self, pruner: BasePruner) -> Trials:
        """Let a `ParzenScheduler` report what the trials of this run come to, and say how they end."""
        trials = self.trials
        trials.study.pruner = pruner
        if trials.decisions is None:
            trials.decisions = {}
        return trials

    # --- what Ray asks and tells -------------------------------------------------------------------------------------

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """Start a trial and give its configuration; None, and nothing is stored, while enough trials run."""
        if self._space is None:
            raise RuntimeError(
                "Expected a search space, but there is none. Give the run a `param_space`, or ParzenSearch a `space`."
            )
        trials = self.trials
        if 0 < self._max_concurrent <= trials.n_running:
            return None
        trial = trials.start(trial_id)
        try:
            return self._suggested(trial)
        except BaseException:
            trials.end(trial_id, TrialState.FAIL)
            raise

    def _suggested(self, trial: Trial) -> dict[str, Any]:
        space = self._space
        if isinstance(space, RaySpace):
            drawn: dict[str, tuple[float, BaseDistribution]] = {}
            trial._draw_all(space.distributions, drawn)
            on_grid = {name: (space.on_grid(name, value), kind) for name, (value, kind) in drawn.items()}
            trial.storage.set_trial_params(trial._trial_id, on_grid)
            for name, (value, kind) in on_grid.items():
                trial._record.params[name] = kind.to_external_repr(value)
            return space.config(trial.params)
        if isinstance(space, dict):
            return nested(trial.suggest_all(space))
        assert space is not None
        constants = space(trial)
        if constants is not None and not (isinstance(constants, dict) and all(isinstance(k, str) for k in constants)):
            raise TypeError(f"The function of a space must return None or a dictionary of names, got {constants!r}.")
        return nested({**trial.params, **(constants or {})})

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Report what a trial came to."""
        step = result[TRAINING_ITERATION]
        self._came_to[trial_id] = step
        trial = self.trials.running(trial_id)
        if trial is None:
            return
        self._note_perturbation(trial, result)
        if self.trials.decisions is None:
            self.trials.report(trial_id, numbers_of(result, self.metrics), step)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell how a trial ended."""
        trials, came_to = self.trials, self._came_to.pop(trial_id, 0)
        values = numbers_of(result, self.metrics)
        if error:
            trials.end(trial_id, TrialState.FAIL)
        elif not result:
            trials.end(trial_id, TrialState.PRUNED)
        elif trials.decisions is not None:
            trials.end(trial_id, trials.decisions.pop(trial_id, TrialState.COMPLETE), values)
        else:
            step = result.get(TRAINING_ITERATION, came_to)
            trials.report(trial_id, values, step)
            trials.end(trial_id, self._end_of(result, step > came_to), values)

    def _end_of(self, result: dict[str, Any], was_stopped: bool) -> TrialState:
        """Find out how a trial ended that some scheduler of Ray's may have stopped."""
        if not was_stopped or any(result.get(name, -float("inf")) >= end for name, end in self._stop.items()):
            return TrialState.COMPLETE
        if self._max_t is None:
            _logger.warning(
                f"A trial was stopped at iteration {result.get(TRAINING_ITERATION)}, and counts as pruned. If this is "
                "where trials end, say so: ParzenSearch(max_t=...), the `max_t` of the scheduler."
            )
        elif result.get(TRAINING_ITERATION, 0) >= self._max_t:
            return TrialState.COMPLETE
        return TrialState.PRUNED

    def _note_perturbation(self, trial: Trial, result: dict[str, Any]) -> None:
        """Note the parameters that a trial runs with now if they are not those with which it began."""
        noted: dict[str, Any] = dict(trial._record.user_attrs.get(PERTURBED, {}))
        now = dict(trial._record.params)
        for step in noted.values():
            now.update(step)
        seen = {name: result.get(f"config/{name}", value) for name, value in now.items()}
        changed = {name: value for name, value in seen.items() if value != now[name]}
        if changed:
            trial.set_user_attr(PERTURBED, {**noted, str(result[TRAINING_ITERATION]): changed})

    # --- points that are known ---------------------------------------------------------------------------------------

    def _add_points(self, study: Study) -> None:
        points, rewards = self._points, self._rewards
        self._points, self._rewards = [], None
        for place, point in enumerate(points):
            if rewards is None:
                study.enqueue_trial(self._named(point), {RUN: self._run}, skip_if_exists=True)
            elif not study._was_tried(self._named(point)):
                self.add_evaluated_point(dict(point), rewards[place])

    def add_evaluated_point(
        self,
        parameters: dict[str, Any],
        value: Any,
        error: bool = False,
        pruned: bool = False,
        intermediate_values: list[float] | None = None,
    ) -> None:
        """Add a trial that ran elsewhere.

        Parameters
        ----------
        parameters
            Its configuration, nested or not.
        value
            What it came to, a number or one for each objective.
        error, pruned
            Whether it failed, or was stopped.
        intermediate_values
            What it reported at the iterations 1, 2, ...
        """
        values = list(value) if isinstance(value, Sequence) else [value]
        params = self._named(parameters)
        distributions = self._distributions_of(params)
        self.study.add_trial(
            create_trial(
                state=TrialState.FAIL if error else TrialState.PRUNED if pruned else TrialState.COMPLETE,
                values=None if error else [float(number) for number in values],
                params={name: params[name] for name in distributions},
                distributions=distributions,
                intermediate_values=dict(enumerate(intermediate_values or (), 1)),
            )
        )

    def _named(self, config: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(self._space, RaySpace):
            return self._space.named(config)
        return flat(config)

    def _distributions_of(self, params: dict[str, Any]) -> dict[str, BaseDistribution]:
        """Give the distributions of a complete point; those of a function are found by running it."""
        if isinstance(self._space, RaySpace):
            return self._space.distributions
        if isinstance(self._space, dict):
            return self._space
        if self._space is None:
            raise RuntimeError("Expected a search space before a point is added: give ParzenSearch a `space`.")
        trial = FixedTrial(params)
        self._space(trial)
        return trial.distributions

    def close(self) -> None:
        """Prune the trials that the run left without an end, which Ray does at a ``time_budget_s`` and at Ctrl-C."""
        if self._trials is not None:
            self._trials.end_all()

    # --- what is kept ------------------------------------------------------------------------------------------------

    def save(self, checkpoint_path: str) -> None:
        """Write a snapshot of the search; of a study in a database it holds the address."""
        with open(checkpoint_path, "wb") as file:
            cloudpickle.dump(self.__dict__, file)

    def restore(self, checkpoint_path: str) -> None:
        """Go on from a snapshot, and bring it together with the study, which knows more."""
        with open(checkpoint_path, "rb") as file:
            self.__dict__.update(cloudpickle.load(file))
        if self._trials is not None:
            self._trials.recover()


def check_modes(metric: Any, mode: Any) -> None:
    """Refuse modes other than ``min`` and ``max``, and lists of metrics and modes that do not fit."""
    modes = [mode] if isinstance(mode, str) else list(mode or ())
    if any(one not in ("min", "max") for one in modes):
        raise ValueError(f'`mode` must be "min" or "max", or a list of these, but got {mode!r}.')
    if metric is not None and mode is not None:
        n_metrics = 1 if isinstance(metric, str) else len(metric)
        if isinstance(metric, str) != isinstance(mode, str) or n_metrics != len(modes):
            raise ValueError(f"Expected a mode for each metric, but got {metric!r} and {mode!r}.")


def _listed(names: Any) -> Any:
    return names if names is None or isinstance(names, str) else list(names)


def _space(space: Any) -> Any:
    if callable(space):
        return space
    flattened = flat(space)
    if all(isinstance(value, BaseDistribution) for value in flattened.values()):
        return flattened
    converted = RaySpace(space, with_constants=True)
    if not converted.distributions:
        raise ValueError(f"Expected a space with something to search in it, but got {space!r}.")
    return converted


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name the values of a nested dictionary by their paths, joined by ``/``."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}{key}"
        found.update(flat(value, f"{name}/") if isinstance(value, Mapping) and value else {name: value})
    return found
