"""The tree-structured Parzen estimator (Bergstra et al. 2011), multivariate by default (Falkner et al. 2018).

Finished trials are split into the best few, "below", and the rest, "above" (the paper's l and g), and a mixture density
is fitted to each. Candidates are proposed from the density below and ranked by its ratio to the density above: the
expected improvement grows with that ratio (Bergstra et al. 2011, eq. 5). docs/tpe.md says how the default differs from
Optuna 5's, with the measurements.

Parameters that all trials have are sampled together when a trial starts. Parameters of a branch are sampled when the
objective first asks for one of them: all that appear together with it at once, from the joint density over them and the
parameters that the trial has already, given the latter.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.deprecated import warn_deprecated
from ...engine.distributions import BaseDistribution, Space
from ...engine.history import History, Remembered, StudyLike, history_of
from ...engine.hooks import is_ours
from ...engine.kernels.loading import before_loading
from ...engine.records import FrozenTrial, TrialState, listed_constraints
from ..base import Columns, Sampler
from . import one_call
from .choice import best_distinct, first_equal, pool_size, untried
from .evidence import n_observed
from .fidelity import Fidelity, carried_over, largest_budget
from .fitting import Fitter
from .local_search import climb
from .model import Model
from .model_space import CategoricalDistance
from .recombination import recombined
from .rules import (
    Acquisition,
    Bandwidth,
    Clip,
    Gamma,
    Weights,
    default_weights,
    hyperopt_default_gamma,
    log_ratio,
)
from .settings import Settings


class TPESampler(Sampler):
    """Samples where the best trials are dense and the others are not.

    Parameters
    ----------
    consider_prior
        Add the uniform prior as a component of both mixtures.
    prior_weight
        Weight of the prior, where an observation has 1. If given, categorical kernels are always smoothed by
        ``prior_weight / (n + 1)``, as in Optuna, and never by `settings.CHOICE_SMOOTHING`.
    consider_magic_clip
        True: keep bandwidths above 1 / min(100, n + 2) of the range, as Optuna does; False: let them fall to 1e-12;
        None: `gentle_clip`.
    consider_endpoints
        Let the ends of the range count as neighbours of the outermost observations.
    n_startup_trials
        Number of finished trials up to which sampling is random, the values of each parameter spread evenly.
    n_ei_candidates
        Number of candidates drawn from the density below.
    gamma
        Number of trials below, given the number of finished trials; None: `wide_gamma` in continuous spaces of
        less than ten dimensions, `default_gamma` in others, `multi_objective_gamma` with several objectives.
    weights
        Weights of observations, oldest first, given their number. None: `default_weights` for the trials above and
        `improvement_weights` for those below, where there is a single objective.
    seed
        A non-negative integer for a study that can be repeated.
    multivariate
        Model all parameters jointly; None: where there is a single objective.
    group
        Model each group of parameters that always appear together by itself, all of them when a trial starts. Not
        needed for conditional spaces: without it a branch is modelled jointly with the parameters that lead to it.
    warn_independent_sampling
        Deprecated: accepted for compatibility.
    constant_liar
        Count running trials among those above, so that parallel workers keep apart.
    constraints_func
        Deprecated: use `Trial.set_constraint`. Gives a finished trial's constraint values.
    categorical_distance_func
        For a categorical parameter's name a function of two choices, the distance between them: near ones learn from
        each other.
    bandwidth, clip, acquisition
        Rules of `parzen.samplers.tpe.rules`, or your own.
    caution
        Share of trials that are cautious, drawn at random; the others are bold. A cautious trial weighs the trials
        below alike, keeps categorical kernels smooth, and takes the best candidate as it is. A bold trial weighs the
        trials below by `improvement_weights`, sharpens categorical kernels as observations add up, and climbs from the
        best candidate.
    fidelity
        How trials that were stopped or paused early are ranked among the others: a rule of
        `parzen.samplers.tpe.fidelity`, or your own. With several objectives it is always `furthest_first`.

    Raises
    ------
    ValueError
        If `group` is asked for without `multivariate`, or a number is out of its range.
    TypeError
        If `gamma` or `weights` is no function.
    """

    def __init__(
        self,
        *,
        consider_prior: bool | None = None,
        prior_weight: float | None = None,
        consider_magic_clip: bool | None = None,
        consider_endpoints: bool | None = None,
        n_startup_trials: int = 10,
        n_ei_candidates: int = 24,
        gamma: Gamma | None = None,
        weights: Weights | None = None,
        seed: int | None = None,
        multivariate: bool | None = None,
        group: bool = False,
        warn_independent_sampling: bool | None = None,
        constant_liar: bool = True,
        constraints_func: Callable[[FrozenTrial], Sequence[float]] | None = None,
        categorical_distance_func: Mapping[str, CategoricalDistance] | None = None,
        bandwidth: Bandwidth | None = None,
        clip: Clip | None = None,
        acquisition: Acquisition = log_ratio,
        caution: float = 0.5,
        fidelity: Fidelity = carried_over,
    ) -> None:
        super().__init__(seed)
        # Other rules put trials that went further first. In a bracket that stops nobody all trials go furthest.
        self.across_brackets = fidelity is largest_budget
        self._n_startup_trials = n_startup_trials
        self._constraints_func = constraints_func
        self._settings = Settings.of(
            gamma=gamma,
            weights=weights,
            consider_prior=consider_prior,
            prior_weight=prior_weight,
            consider_endpoints=consider_endpoints,
            bandwidth=bandwidth,
            consider_magic_clip=consider_magic_clip,
            clip=clip,
            categorical_distance_func=categorical_distance_func,
            constant_liar=constant_liar,
            fidelity=fidelity,
            multivariate=multivariate,
            group=group,
            n_ei_candidates=n_ei_candidates,
            acquisition=acquisition,
            caution=caution,
        )
        if constraints_func is not None:
            warnings.warn(
                "`constraints_func` is deprecated; call `Trial.set_constraint` in the objective instead.",
                FutureWarning,
                stacklevel=2,
            )
        if warn_independent_sampling is not None:
            warn_deprecated("`warn_independent_sampling`", "no argument")
        self._fitters: Remembered[Fitter] = Remembered()

    @staticmethod
    def hyperopt_parameters() -> dict[str, Any]:
        """Deprecated: write out the arguments with which TPE behaves as in Hyperopt, which this gives."""
        warn_deprecated("TPESampler.hyperopt_parameters", "the arguments themselves")
        return {
            "consider_prior": True,
            "prior_weight": 1.0,
            "consider_magic_clip": True,
            "consider_endpoints": False,
            "n_startup_trials": 20,
            "n_ei_candidates": 24,
            "gamma": hyperopt_default_gamma,
            "weights": default_weights,
        }

    # --- what is sampled together ------------------------------------------------------------------------------------

    def infer_relative_search_space(self, study: StudyLike, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        history = history_of(study)
        with history.lock:
            return self.joint_space(history)

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        if self._is_starting(history):
            return {}
        return history.joint_space(common=not self._settings.group)

    def _fitter(self, history: History) -> Fitter:
        fitter = self._fitters.get(history)
        if fitter is None:
            # By a proxy: a fitter that held the history, which is its key, would keep both of them alive for ever.
            fitter = self._fitters[history] = self.new_fitter(weakref.proxy(history))
        return fitter

    def new_fitter(self, history: History) -> Fitter:
        """Make what fits the densities of a study."""
        return Fitter(history, self._settings)

    def _is_joint(self, history: History) -> bool:
        return self._settings.multivariate if self._settings.multivariate is not None else len(history.directions) == 1

    def _is_starting(self, history: History) -> bool:
        startup = self._startup(history)
        return history.n_complete < startup and n_observed(history) < startup

    def _startup(self, history: History) -> int:
        """Give the number of finished trials up to which sampling is random."""
        return self._n_startup_trials

    # --- sampling ----------------------------------------------------------------------------------------------------

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy: densities underflow far from the kernels
    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        if self._is_starting(history):
            return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}
        if not self._settings.group:
            return self._sample_together(space, history, rng, n)
        columns: dict[str, FloatArray] = {}
        rest = dict(space)
        for group in history.groups:
            part = {name: rest.pop(name) for name in group if name in rest}
            columns.update(self._sample_together(part, history, rng, n) if part else {})
        columns.update(self._sample_together(rest, history, rng, n) if rest else {})
        return columns

    @np.errstate(all="ignore")
    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        history, streams = history_of(study), self._streams.of(study)
        if self._is_starting(history):
            u = streams.stratified(trial.number, len(trial.params), self._startup(history))
            return {name: distribution.from_unit(u)}
        rng = streams.generator(trial.number, 1 + len(trial.params))
        with history.lock:
            space, given = self._branch(history, trial, name, distribution)
            columns = self._sample_together(space, history, rng, 1, given)
        return {key: space[key].from_model_value(float(columns[key][0])) for key in space}

    def _branch(
        self, history: History, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> tuple[dict[str, BaseDistribution], dict[str, tuple[BaseDistribution, float]]]:
        """Give the parameters to sample now, all that appear together with `name`, and those that the trial has."""
        space = {name: distribution}
        if self._settings.group or not self._is_joint(history):
            return space, {}
        for other in history.group_of(name):
            if other != name and other not in trial.params:
                space[other] = history.latest(other)
        given = {
            key: (fixed, fixed.to_internal_repr(trial.params[key]))
            for key, fixed in trial.distributions.items()
            if key != name and history.distribution(key) is not None and not fixed.single()
        }
        return {key: d for key, d in space.items() if key == name or not d.single()}, given

    def _sample_one(self, study: StudyLike, trial: FrozenTrial, space: Space, purpose: int) -> dict[str, float]:
        if purpose == 0 and self._settings.is_plain and is_ours(self, "sample", "propose", "rank"):
            history = history_of(study)
            with before_loading(), history.lock:
                found = None if self._is_starting(history) else self._in_one_call(study, history, trial.number, space)
            if found is not None:
                return found
        return super()._sample_one(study, trial, space, purpose)

    def _in_one_call(self, study: StudyLike, history: History, number: int, space: Space) -> dict[str, float] | None:
        key, fitter = self._streams.of(study).key, self._fitter(history)
        if self._is_joint(history):
            return one_call.choose(fitter, space, key, number, history.n)
        if self._settings.multivariate is None:
            return one_call.choose_child(fitter, space, key, number, history.n)
        return None

    @before_loading()
    def _sample_together(
        self,
        space: Space,
        history: History,
        rng: np.random.Generator,
        n: int,
        given: Mapping[str, tuple[BaseDistribution, float]] | None = None,
    ) -> Columns:
        bold = bool(rng.random() >= self._settings.caution)
        model_space, model = self._fitter(history).fit(space, given or {}, bold)
        if self._is_joint(history):
            z = self._choose_jointly(model, rng, n, bold)
        elif self._settings.multivariate is None and model.parents.shape[1]:
            z = self._choose_children(model, rng, n)
        else:
            z = self._choose_each(model, rng, n)
        x = model_space.model(z)
        return {name: x[:, j] for j, name in enumerate(space)}

    # --- choice ------------------------------------------------------------------------------------------------------

    def propose(self, model: Model, rng: np.random.Generator, n: int) -> FloatArray:
        """Draw `n` candidates, shape (n, d) in kernel coordinates, from the density below."""
        return model.draw(rng.random((n, 1 + len(model.axes.low))))

    def rank(self, model: Model, z: FloatArray) -> FloatArray:
        """Score candidates z (n, d): the largest is the best."""
        scores = self._settings.acquisition(*model.log_densities(z))
        return scores + model.log_feasibility(z) if model.constraints else scores

    def _choose_jointly(self, model: Model, rng: np.random.Generator, n: int, bold: bool) -> FloatArray:
        """Choose `n` points (n, d) by the densities over all dimensions together."""
        n_candidates, acquisition = self._settings.n_candidates, self._settings.acquisition
        if n > 1:
            candidates = untried(
                lambda k: self.propose(model, rng, k), pool_size(n, n_candidates), model.tried, least=n
            )
            scores, twins = model.log_densities(candidates), first_equal(candidates)
            chosen: IntArray = model.tier.constant_liar.choose_batch(
                *scores, model.lies(candidates), candidates, twins, n
            )
            return candidates[chosen]
        candidates = untried(lambda k: self.propose(model, rng, k), n_candidates, model.tried)
        best: FloatArray = candidates[int(np.argmax(self.rank(model, candidates)))]
        power = getattr(acquisition, "power", None)
        if not bold or power is None:
            return best[None]
        summit = climb(model, best, power)
        is_known = model.tried is not None and model.tried(summit[None])[0]
        return best[None] if is_known else summit[None]

    def _choose_children(self, model: Model, rng: np.random.Generator, n: int) -> FloatArray:
        """Choose `n` points (n, d) among children of trials below, by the ratios of all dimensions together."""

        def propose(k: int) -> FloatArray:
            return recombined(model.parents, model.draw_marginals(rng.random((k, 2 * len(model.axes.low)))), rng)

        n_candidates = self._settings.n_candidates
        size = n_candidates if n == 1 else pool_size(n, n_candidates)
        candidates = untried(propose, size, model.tried, least=n)
        log_below, log_above = model.log_marginals(candidates)
        scores = self._settings.acquisition(log_below.sum(axis=1), log_above.sum(axis=1))
        return candidates[best_distinct(candidates, scores, n)]

    def _choose_each(self, model: Model, rng: np.random.Generator, n: int) -> FloatArray:
        """Choose `n` points (n, d), each coordinate by the densities of its dimension alone."""

        def propose(k: int) -> FloatArray:
            return model.draw_marginals(rng.random((k, 2 * len(model.axes.low))))

        n_candidates, acquisition = self._settings.n_candidates, self._settings.acquisition
        if n == 1:
            candidates = propose(n_candidates)
            scores = acquisition(*model.log_marginals(candidates))
            best: FloatArray = np.take_along_axis(candidates, np.argmax(scores, axis=0)[None], axis=0)
            if model.tried is None or not model.tried(best)[0]:
                return best
        size = n_candidates if n == 1 else pool_size(n, n_candidates)
        candidates = untried(propose, size, model.tried, least=n)
        scores = acquisition(*model.log_marginals(candidates)).sum(axis=1)
        return candidates[best_distinct(candidates, scores, n)]

    # --- constraints -------------------------------------------------------------------------------------------------

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if self._constraints_func is not None and state in (TrialState.COMPLETE, TrialState.PRUNED):
            study.note(trial, listed_constraints(self._constraints_func(trial)))
