"""The tree-structured Parzen estimator (Bergstra et al. 2011), multivariate by default (Falkner et al. 2018).

Finished trials are split into the best few, "below", and the rest, "above". A mixture density is fitted to each, l and
g; candidates are proposed from l and ranked by l / g: the expected improvement grows with that ratio (Bergstra et al.
2011, eq. 5). docs/tpe.md says how the default differs from Optuna 5's, with the measurements.

Parameters that all trials have are sampled together when a trial starts. Those of a branch are sampled when the
objective first asks for one of them: all that appear together with it, from the joint mixture over them and what the
trial has already, given the latter.
"""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray, IntArray
from ...engine.distributions import BaseDistribution
from ...engine.history import History, Remembered, StudyLike
from ...engine.records import FrozenTrial, TrialState, listed_constraints
from ..base import Columns, Sampler, Space
from .evidence import n_observed
from .fidelity import Fidelity, carried_over, largest_budget
from .fitting import Fitter, Settings
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
    gentle_clip,
    hyperopt_default_gamma,
    log_ratio,
    magic_clip,
    neighbour_distance,
    neighbour_distance_with_endpoints,
    no_clip,
)
from .search import climb

# What a categorical kernel gives to every choice, where its own gets 1 more, in cautious trials. In bold ones it is
# Optuna's 1 / (n + 1), which falls with the number of observations: by itself that keeps to the first good choice met.
CHOICE_SMOOTHING = 0.5
N_PATIENT = 4  # draws of candidates after which a point is tried again
LARGEST_POOL = 384  # candidates of a batch, or 3 for every two of its points


class TPESampler(Sampler):
    """Samples where good trials are dense and bad ones are not.

    Parameters
    ----------
    consider_prior
        Add the uniform prior as a component of both mixtures.
    prior_weight
        Weight of the prior, where an observation has 1. If given, categorical kernels are always smoothed by
        ``prior_weight / (n + 1)``, as in Optuna, and never by `CHOICE_SMOOTHING`.
    consider_magic_clip
        True: keep bandwidths above 1 / min(100, n + 2) of the range, as Optuna does; False: let them fall to 1e-12;
        None: `gentle_clip`.
    consider_endpoints
        Let the ends of the range count as neighbours of the outermost observations.
    n_startup_trials
        Number of finished trials up to which sampling is random, the values of each parameter spread evenly.
    n_ei_candidates
        Number of candidates drawn from l.
    gamma
        Number of trials below, given the number of finished ones; None: `wide_gamma` in continuous spaces of
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
        needed for conditional spaces: without it a branch is modelled jointly with what leads to it.
    warn_independent_sampling
        Accepted for compatibility.
    constant_liar
        Count running trials among the bad ones, so that parallel workers keep apart.
    constraints_func
        Deprecated: use `Trial.set_constraint`. Gives a finished trial's constraint values.
    categorical_distance_func
        For a categorical parameter's name a function of two choices, the distance between them: near ones learn from
        each other.
    bandwidth, clip, acquisition
        Rules of `parzen.samplers.tpe.rules`, or your own.
    caution
        Share of the trials, drawn at random, that weigh good trials alike, keep categorical kernels smooth, and take
        the best candidate as it is; the others are bold: they weigh good trials by `improvement_weights`, and climb
        from the best candidate.
    fidelity
        How trials that were stopped or paused early are ranked among the others: a rule of
        `parzen.samplers.tpe.fidelity`, or your own. With several objectives it is `furthest_first` always.

    Raises
    ------
    ValueError
        If `group` is asked for without `multivariate`, or there is no candidate.
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
        # The other rules put those that went further first, among them whoever ran in a bracket that stops nobody.
        self.across_brackets = fidelity is largest_budget
        if group and multivariate is False:
            raise ValueError("`group` can only be enabled when `multivariate` is: leave one of the two out.")
        if prior_weight is not None and not 0 < prior_weight < math.inf:
            raise ValueError(f"`prior_weight` must be positive and finite, but got {prior_weight}.")
        if n_ei_candidates < 1:
            raise ValueError(f"`n_ei_candidates` must be at least 1, but got {n_ei_candidates}.")
        if not 0 <= caution <= 1:
            raise ValueError(f"`caution` must lie in [0, 1], but got {caution}.")
        for argument, rule in (("gamma", gamma), ("weights", weights)):
            if rule is not None and not callable(rule):
                raise TypeError(
                    f"`{argument}` must be a function of a number of trials, see parzen.samplers.tpe.rules, but got "
                    f"{rule!r}."
                )
        if constraints_func is not None:
            warnings.warn(
                "`constraints_func` is deprecated; call `Trial.set_constraint` in the objective instead.",
                FutureWarning,
                stacklevel=2,
            )
        self._n_startup_trials = n_startup_trials
        self._n_candidates = n_ei_candidates
        self._multivariate = multivariate
        self._group = group
        self._constraints_func = constraints_func
        self._acquisition = acquisition
        self._caution = caution
        endpoints = neighbour_distance_with_endpoints if consider_endpoints else neighbour_distance
        self._settings = Settings(
            gamma=gamma,
            weights=weights,
            prior_weight=1.0 if prior_weight is None else prior_weight,
            consider_prior=consider_prior is not False,
            choice_smoothing=CHOICE_SMOOTHING if prior_weight is None else None,
            bandwidth=bandwidth or endpoints,
            clip=clip or {None: gentle_clip, True: magic_clip, False: no_clip}[consider_magic_clip],
            constant_liar=constant_liar,
            fidelity=fidelity,
            distances=dict(categorical_distance_func or {}),
        )
        self._fitters: Remembered[Fitter] = Remembered()

    @staticmethod
    def hyperopt_parameters() -> dict[str, Any]:
        """Give the arguments with which TPE behaves as in Hyperopt."""
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

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        if self._is_starting(history):
            return {}
        return self._fitter(history).joint_space(all_names=self._group)

    def _fitter(self, history: History) -> Fitter:
        fitter = self._fitters.get(history)
        if fitter is None:
            # Not held by what it is the key of, or neither would ever go once another history took its place.
            fitter = self._fitters[history] = Fitter(weakref.proxy(history), self._settings)
        return fitter

    def _is_joint(self, history: History) -> bool:
        return self._multivariate if self._multivariate is not None else len(history.directions) == 1

    def _is_starting(self, history: History) -> bool:
        return n_observed(history) < self._n_startup_trials

    # --- sampling ----------------------------------------------------------------------------------------------------

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy: densities underflow far from the kernels
    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        if self._is_starting(history):
            return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}
        if not self._group:
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
        history, streams = study.history, self._streams.of(study)
        if self._is_starting(history):
            u = streams.stratified(trial.number, len(trial.params), self._n_startup_trials)
            return {name: distribution.from_unit(u)}
        rng = streams.generator(trial.number, 1 + len(trial.params))
        with history.lock:
            space, given = self._branch(history, trial, name, distribution)
            columns = self._sample_together(space, history, rng, 1, given)
        return {key: space[key].from_model_value(float(columns[key][0])) for key in space}

    def _branch(
        self, history: History, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> tuple[dict[str, BaseDistribution], dict[str, tuple[BaseDistribution, float]]]:
        """Give the parameters to sample now, those that appear together with `name`, and what the trial has already."""
        space = {name: distribution}
        if self._group or not self._is_joint(history):
            return space, {}
        for other in history.group_of(name):
            if other != name and other not in trial.params:
                space[other] = history.latest(other)
        given = {
            key: (fixed, fixed.to_internal_repr(trial.params[key]))
            for key, fixed in trial.distributions.items()
            if history.distribution(key) is not None and not fixed.single()
        }
        return {key: d for key, d in space.items() if key == name or not d.single()}, given

    def _sample_together(
        self,
        space: Space,
        history: History,
        rng: np.random.Generator,
        n: int,
        given: Mapping[str, tuple[BaseDistribution, float]] | None = None,
    ) -> Columns:
        bold = bool(rng.random() >= self._caution)
        model_space, model = self._fitter(history).fit(space, given or {}, bold)
        if self._is_joint(history):
            z = self._choose(model, rng, n, bold)
        elif self._multivariate is None and model.parents.shape[1]:
            z = self._choose_children(model, rng, n)
        else:
            z = self._choose_each(model, rng, n)
        x = model_space.model(z)
        return {name: x[:, j] for j, name in enumerate(space)}

    def propose(self, model: Model, rng: np.random.Generator, n: int) -> FloatArray:
        """Draw `n` candidates, shape (n, d) in kernel coordinates, from the density of the good trials."""
        z: FloatArray = model.tier.prepared.draw(model.good, model.axes, rng.random((n, 1 + len(model.axes.low))))
        return z

    def rank(self, model: Model, z: FloatArray) -> FloatArray:
        """Score candidates z (n, d): the largest is the best."""
        density = model.tier.prepared.density
        scores = self._acquisition(density(model.good, z), density(model.bad, z))
        return scores + model.log_feasibility(z) if model.constraints else scores

    def _choose(self, model: Model, rng: np.random.Generator, n: int, bold: bool) -> FloatArray:
        """Choose `n` points (n, d) of one mixture over all dimensions."""
        if n > 1:
            return self._choose_apart(model, self.propose(model, rng, self._pool_size(n)), n)
        candidates = self._propose_new(model, rng, self.propose)
        best = candidates[int(np.argmax(self.rank(model, candidates)))]
        power = getattr(self._acquisition, "power", None)
        return climb(model, best, power)[None] if bold and power is not None else best[None]

    def _propose_new(
        self, model: Model, rng: np.random.Generator, propose: Callable[[Model, np.random.Generator, int], FloatArray]
    ) -> FloatArray:
        """Propose candidates and leave out points that were tried, as long as others turn up."""
        candidates = propose(model, rng, self._n_candidates)
        if model.seen is None:
            return candidates
        for _ in range(N_PATIENT):
            new = [point.tobytes() not in model.seen for point in candidates]
            if any(new):
                return candidates[new]
            candidates = propose(model, rng, 4 * self._n_candidates)
        return candidates

    def _choose_children(self, model: Model, rng: np.random.Generator, n: int) -> FloatArray:
        """Choose `n` points (n, d) among children of good trials, by the ratios of all dimensions together."""
        if n == 1:
            candidates = self._propose_new(model, rng, _children)
        else:
            candidates = _children(model, rng, self._pool_size(n))
        densities = model.tier.prepared.densities
        log_l, log_g = (densities(mixture, candidates).sum(axis=1) for mixture in (model.good, model.bad))
        return candidates[_best_distinct(candidates, self._acquisition(log_l, log_g), n)]

    def _choose_each(self, model: Model, rng: np.random.Generator, n: int) -> FloatArray:
        """Choose `n` points (n, d) of a mixture a dimension."""
        kernels, d = model.tier.prepared, len(model.axes.low)
        size = self._n_candidates if n == 1 else self._pool_size(n)
        candidates: FloatArray = kernels.draws(model.good, model.axes, rng.random((size, 2 * d)))  # (size, d)
        scores = self._acquisition(kernels.densities(model.good, candidates), kernels.densities(model.bad, candidates))
        if n == 1:
            return np.asarray(np.take_along_axis(candidates, np.argmax(scores, axis=0)[None], axis=0))
        return candidates[_best_distinct(candidates, scores.sum(axis=1), n)]

    def _pool_size(self, n: int) -> int:
        return max(min(n * self._n_candidates, LARGEST_POOL), 3 * n // 2)

    def _choose_apart(self, model: Model, candidates: FloatArray, n: int) -> FloatArray:
        """Choose `n` of many candidates, each as if those before had been told as bad."""
        density = model.tier.prepared.density
        scores = density(model.good, candidates), density(model.bad, candidates)
        lies = model.lies(candidates)
        chosen: IntArray = model.tier.apart.choose_apart(*scores, lies, candidates, _twins(candidates), n)
        return candidates[chosen]

    # --- constraints -------------------------------------------------------------------------------------------------

    def after_trial(self, study: Any, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if self._constraints_func is not None and state in (TrialState.COMPLETE, TrialState.PRUNED):
            study.note(trial, listed_constraints(self._constraints_func(trial)))


def _children(model: Model, rng: np.random.Generator, n: int) -> FloatArray:
    """Propose children (n, d) of the good trials."""
    drawn = model.tier.prepared.draws(model.good, model.axes, rng.random((n, 2 * len(model.axes.low))))
    return recombined(model.parents, drawn, rng)


def _twins(points: FloatArray) -> IntArray:
    """Give for each point (n, d) the index of the first one that equals it."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(point.tobytes(), i) for i, point in enumerate(points)], dtype=np.int64)


def _best_distinct(points: FloatArray, scores: FloatArray, n: int) -> IntArray:
    """Give the indices of the `n` best of different points, and of repeated ones where there are no others."""
    order = np.argsort(-scores, kind="stable")
    twins = _twins(points[order])
    is_first = twins == np.arange(len(order))
    return np.concatenate([order[is_first], order[~is_first]])[:n]
