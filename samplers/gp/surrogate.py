"""The models of one study: of its objective, of each constraint and of failures, as an acquisition to climb on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.kernels.covariance import Layout, Points, cross
from ...engine.kernels.gaussian_process import NOISE_RANGE, Factor, Posterior, extended
from ...engine.kernels.output_warp import most_likely, warped
from ...engine.records import TrialState
from ..tpe.evidence import COMPLETE
from ..tpe.fidelity import Fidelity
from . import evidence
from .acquisition import Acquisition, FrontAcquisition
from .candidates import MOST_CENTRES, uniform
from .climb import Landscape
from .coordinates import Coordinates, Gates
from .costs import Costs, power
from .fitting import Fits, Sample
from .prior import BETA, Prior
from .taken import Taken
from .tier import Tier, current
from .transfer import Transfer

_RUNNING = int(TrialState.RUNNING)
_LACKED, _SAME = -9.0, 1e-9  # stands for a coordinate that a point lacks; coordinates so near are one
MOST_RUNNING = 64  # trials that run, the newest, beside which new ones keep apart


# Points and values of the first n trials, and one more number: what 0 became, or what a unit was.
Scaled = Callable[[int], tuple[Points, FloatArray, float]]


class Knowledge(NamedTuple):
    """What a user says beside the trials.

    Attributes
    ----------
    prior
        A guess of the optimum.
    costs
        What trials cost.
    transfer
        Other studies.
    is_exact
        Whether values carry no noise.
    """

    prior: Prior | None = None
    costs: Costs | None = None
    transfer: Transfer | None = None
    is_exact: bool = False


class How(NamedTuple):
    """How models are fitted: by which kernels, what all lengths are divided by, and for how many new trials."""

    tier: Tier
    shrink: float
    at_once: int


class Surrogate:
    """The models of one study. What it keeps between asks can be rebuilt from the history.

    Parameters
    ----------
    rule
        How losses of pruned trials are carried over.
    knowledge
        What the user says beside the trials.
    """

    def __init__(self, rule: Fidelity, knowledge: Knowledge) -> None:
        self._rule = rule
        self._knowledge = knowledge
        self._space_version = -1

    def _renew(self, history: History) -> None:
        """Begin anew where the parameters have changed."""
        space = history.joint_space()
        transfer = self._knowledge.transfer
        self.coordinates = Coordinates(space, has_tasks=transfer is not None)
        self._tasks = transfer.tasks(self.coordinates) if transfer is not None else []
        common = set(history.common_names)
        self._is_conditional: BoolArray = np.array([name not in common for name in space], dtype=bool)
        for task in self._tasks:
            self._is_conditional |= np.isnan(task.u).any(axis=0)
        self._layout = self.coordinates.layout(self._is_conditional)
        self._ended = evidence.Ended(self.coordinates)
        self._fits: dict[str, Fits] = {}
        self._taken = Taken(self.coordinates) if self.coordinates.is_discrete else None
        self._space_version = history.space_version

    def update(self, history: History) -> bool:
        """Look at the trials that ended; tell whether there are any to learn from."""
        if self._space_version != history.space_version:
            self._renew(history)
        self._ended.update(history)
        self._chosen: dict[tuple[int, int], tuple[IntArray, FloatArray]] = {}  # by number of trials, and limit
        every, fine = self._ended.every, self._ended.fine
        self._all, self._all_u, self._has_failed = every.numbers, every.u, every.failed
        self._numbers, self._u = fine.numbers, fine.u
        if self._taken is not None:
            self._taken.update(history)
        return len(self._numbers) >= 2 and self.coordinates.d > 0

    def _points(self, u: FloatArray, task: int = 0) -> Points:
        return self.coordinates.points(u, ~np.isnan(u), self._is_conditional, task)

    # --- samples of the first n trials -------------------------------------------------------------------------------

    def _losses(self, history: History, n: int) -> FloatArray:
        """Give the losses of the first `n` trials (n,); of several objectives the sums of their ranks."""
        if len(history.directions) > 1:
            return evidence.rank_sums(history.losses(self._numbers[:n]))
        return evidence.losses(history, self._numbers[:n], self._rule, self.coordinates.d)

    def _modelled(self, history: History, n: int, limit: int = evidence.LIMIT) -> tuple[IntArray, FloatArray]:
        """Give which of the first `n` trials are modelled, at most `limit`, and their losses."""
        found = self._chosen.get((n, limit))
        if found is None:
            losses = self._losses(history, n)
            rows = evidence.chosen(losses, limit)
            found = self._chosen[n, limit] = rows, losses[rows]
        return found

    def _first(self, history: History, objective: int, limit: int, n: int) -> Sample:
        """Give what is modelled of an objective in the first `n` trials, in all warps."""
        rows, losses = self._modelled(history, n, limit)
        if len(history.directions) > 1:
            losses = history.losses(self._numbers[rows])[:, objective]
        z, log_jacobian = warped(losses)
        if len(history.directions) > 1:
            z, log_jacobian = z[:, -1:], log_jacobian[-1:]
        tasks = [task.faded(n) for task in self._tasks]
        parts = [self._points(self._u[rows]), *(self._points(task.u, k + 1) for k, task in enumerate(tasks))]
        others = [np.repeat(task.z[:, None], z.shape[1], axis=1) for task in tasks]
        return Sample(Points.joined(*parts), np.concatenate([z, *others]), log_jacobian)

    def _costs(self, history: History, costs: Costs, n: int) -> tuple[Points, FloatArray, float]:
        """Give the logarithms of the costs of the first `n` trials, and what a unit became."""
        numbers = self._numbers[:n]
        log_cost = costs.log(history, numbers[-evidence.LIMIT :])
        known = np.flatnonzero(~np.isnan(log_cost))
        z, _ = evidence.standardised(log_cost[known]) if len(known) else (log_cost[known], 0.0)
        u = self._u[:n][-evidence.LIMIT :][known]
        return self._points(u), z, float(log_cost[known].std()) if len(known) else 0.0

    def _constrained(self, history: History, key: str, n: int) -> tuple[Points, FloatArray, float]:
        """Give the values of a constraint in the first `n` trials that have one, and what 0 became."""
        values = history.constraint(key)[self._numbers]
        with_value = np.flatnonzero(~np.isnan(values))[:n]
        with_value = with_value[evidence.chosen(np.abs(values[with_value]))]
        return self._points(self._u[with_value]), *evidence.squashed(values[with_value])

    def _outcomes(self, history: History, n: int) -> tuple[Points, FloatArray, float]:
        """Give which of the first `n` trials failed, 1 or -1 before scaling, and what 0 became."""
        has_failed = self._has_failed[:n]
        n_failed = int(np.count_nonzero(has_failed))
        fine = np.flatnonzero(~has_failed)
        rows = fine[evidence.chosen(self._losses(history, n - n_failed), evidence.FEWER)]
        rows = np.sort(np.concatenate([rows, np.flatnonzero(has_failed)[evidence.FEWER - evidence.LIMIT :]]))
        return self._points(self._all_u[rows]), *evidence.standardised(np.where(has_failed[rows], 1.0, -1.0))

    # --- models ------------------------------------------------------------------------------------------------------

    def landscape(self, history: History, shrink: float = 1.0, at_once: int = 1) -> Landscape:
        """Fit what there is to learn from.

        Parameters
        ----------
        history
            The study's trials, as at `update`.
        shrink
            What all lengths are divided by.
        at_once
            How many trials are asked for.
        """
        how = How(current(), shrink, at_once)
        tier, n, m = how.tier, len(self._numbers), len(history.directions)
        rows, _ = self._modelled(history, n)
        models, smoothed = zip(*(self._objective(history, k, how) for k in range(m)), strict=True)
        seen = np.stack(smoothed, axis=1)[: len(rows)]
        order = np.argsort(seen[:, 0] if m == 1 else evidence.rank_sums(seen), kind="stable")
        is_feasible = ~(history.violation[self._numbers[rows]] > 0)
        self._ranked, self._seen, self._is_feasible = rows[order], seen[order, 0], is_feasible[order]
        constraints, cost = self._constraints(history, how), self._cost(history, how)
        running = self._running(history)
        if running is not None:
            models = tuple(beside(model, running) for model in models)
            constraints = [(beside(model, running), zero) for model, zero in constraints]
        whole = history.states[self._numbers[rows]] == COMPLETE
        self._gates = Gates(self.coordinates, self._u[rows][whole], self._is_conditional)
        acquisition: Acquisition | FrontAcquisition
        if m == 1:
            best = float(seen[is_feasible].min() if is_feasible.any() else seen.max())
            acquisition = Acquisition(tier, models[0], best, tuple(constraints), cost)
        else:
            acquisition = FrontAcquisition.of(tier, models, seen[is_feasible], seen, tuple(constraints))
        is_taken = None if self._taken is None else self._taken.among
        return Landscape(self.coordinates, self._gates, acquisition, is_taken, self._log_prior(n))

    def _theta(self, name: str, n: int, sample: Callable[[int], Sample], how: How) -> FloatArray:
        """Give the parameters of one model."""
        return self._fits.setdefault(name, Fits(self._layout)).theta(n, sample, how.tier, how.at_once)

    def _objective(self, history: History, objective: int, how: How) -> tuple[Posterior, FloatArray]:
        """Model one objective; give the values without noise that it believes the trials to have, too."""
        n, tier = len(self._numbers), how.tier
        sample = partial(self._first, history, objective, evidence.FITTED)
        theta = _divided(self._theta(f"objective {objective}", n, sample, how), how.shrink)
        if self._knowledge.is_exact:
            theta[-1] = NOISE_RANGE[0]
        points, in_all_warps, log_jacobian = self._first(history, objective, evidence.LIMIT, n)
        factor = _factor(theta, points, self._layout, tier)
        z = in_all_warps[:, most_likely(in_all_warps, log_jacobian, factor.half, tier.whitened)]
        model = Posterior.of(theta, points, self._layout, factor, z, tier.whitened)
        return model, model.smoothed(z)

    def _log_prior(self, n: int) -> Callable[[FloatArray, BoolArray], FloatArray] | None:
        prior = self._knowledge.prior
        if prior is None:
            return None
        return lambda u, active: BETA / n * prior.log_density(self.coordinates, u, active)

    def _cost(self, history: History, how: How) -> tuple[Posterior, float] | None:
        """Model the logarithm of the cost of a trial; None where it is not asked for, or known of less than two."""
        costs, n = self._knowledge.costs, len(self._numbers)
        if costs is None:
            return None
        points, z, unit = self._costs(history, costs, n)
        if len(z) < 2 or not unit > 0.0:
            return None
        tier = how.tier
        theta = self._theta("cost", n, partial(_without_zero, partial(self._costs, history, costs)), how)
        factor = _factor(theta, points, self._layout, tier)
        return Posterior.of(theta, points, self._layout, factor, z, tier.whitened), unit * power(n)

    def _constraints(self, history: History, how: How) -> list[tuple[Posterior, float]]:
        """Model each constraint that some trial violated, and failures if there were any."""
        tier = how.tier
        samples: dict[str, tuple[int, Scaled]] = {}
        for key in history.constraint_keys:
            values = history.constraint(key)[self._numbers]
            if (values > 0).any():
                n_values = int(np.count_nonzero(~np.isnan(values)))
                samples[f"constraint {key}"] = n_values, partial(self._constrained, history, key)
        if self._has_failed.any():
            samples["failure"] = len(self._all), partial(self._outcomes, history)
        found = []
        for name, (n, sample) in samples.items():
            theta = _divided(self._theta(name, n, partial(_without_zero, sample), how), how.shrink)
            points, z, zero = sample(n)
            factor = _factor(theta, points, self._layout, tier)
            found.append((Posterior.of(theta, points, self._layout, factor, z, tier.whitened), zero))
        return found

    def best_points(self, rng: np.random.Generator) -> FloatArray:
        """Give the best trials by the model, its best points first, shape (k, d); what they lack is drawn."""
        n = len(self._ranked)
        return self._filled(self._u[self._ranked[: min(n, max(3, min(MOST_CENTRES, n // 8)))]], rng)

    def has_tried(self, u: FloatArray) -> BoolArray:
        """Tell which points (k, d) are those of a trial that the last landscape models."""
        mine, tried = np.where(self._gates.active(u), u, _LACKED), self._u[self._ranked]
        tried = np.where(np.isnan(tried), _LACKED, tried)
        is_same = np.ones((len(mine), len(tried)), dtype=bool)
        for one, other in zip(mine.T, tried.T, strict=True):
            is_same &= np.abs(one[:, None] - other) < _SAME
        return np.asarray(is_same.any(axis=1))

    def best_number(self, history: History) -> int | None:
        """Give the number of the complete and feasible trial that the model of the last landscape believes best."""
        numbers = self._numbers[self._ranked]
        numbers = numbers[(history.states[numbers] == COMPLETE) & ~(history.violation[numbers] > 0)]
        return int(numbers[0]) if len(numbers) else None

    def regrafted(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Give `n` of the best trials with the gates of any trial: other branches, and what is good beside them."""
        best = self._u[self._ranked[rng.integers(max(1, min(len(self._ranked), 2 * MOST_CENTRES)), size=n)]]
        other = self._u[self._ranked[rng.integers(len(self._ranked), size=n)]]
        is_gate = np.zeros(self.coordinates.d, dtype=bool)
        is_gate[self._gates.parents] = True
        return self._filled(np.where(is_gate | np.isnan(best), other, best), rng)

    def branch(self, landscape: Landscape, rng: np.random.Generator) -> tuple[Landscape, FloatArray] | None:
        """Choose one of the sets of parameters that trials have; none if all have the same.

        Returns
        -------
        landscape, trials
            The same landscape, but only where a point has these parameters, and what is to be improved on is the best
            there is with them; and the trials that have them, the best first, shape (k, d).
        """
        u = self._u[self._ranked]
        branches, which = np.unique(~np.isnan(u[self._is_feasible]), axis=0, return_inverse=True)
        if len(branches) < 2 or not isinstance(landscape.acquisition, Acquisition):
            return None
        k = int(rng.integers(len(branches)))
        mine = np.flatnonzero(self._is_feasible)[which.ravel() == k]

        def is_out(points: FloatArray, active: BoolArray) -> BoolArray:
            out: BoolArray = (active != branches[k]).any(axis=1)
            return out if landscape.is_taken is None else out | landscape.is_taken(points, active)

        acquisition = replace(landscape.acquisition, best=float(self._seen[mine[0]]))
        return landscape._replace(acquisition=acquisition, is_taken=is_out), self._filled(u[mine], rng)

    def _filled(self, u: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw what trials (n, d) lack, and bring into today's ranges what lies outside."""
        found = np.where(np.isnan(u), uniform(self.coordinates, len(u), rng), u)
        numbers = self.coordinates.numbers
        found[:, numbers] = np.clip(found[:, numbers], 0.0, 1.0)
        return found

    def _running(self, history: History) -> Points | None:
        """Give the points of the trials that run and have suggested something."""
        numbers = [k for k, record in history.live.items() if record.state == _RUNNING and record.params]
        if not numbers:
            return None
        u, known = self.coordinates.read(history, np.array(numbers[-MOST_RUNNING:], dtype=np.int64))
        u = u[known & ~np.isnan(u).all(axis=1)]
        return self._points(u) if len(u) else None


def _without_zero(sample: Scaled, n: int) -> Sample:
    points, z, _ = sample(n)
    return Sample.plain(points, z)


def _divided(theta: FloatArray, shrink: float) -> FloatArray:
    """Divide all lengths."""
    found: FloatArray = theta.copy()
    found[:-1] -= np.log(shrink)
    return found


def _factor(theta: FloatArray, points: Points, layout: Layout, tier: Tier) -> Factor:
    covariance = tier.cross(points, points, layout, np.exp(theta[:-1]))
    factor: Factor = tier.factored(covariance, float(np.exp(theta[-1])))
    return factor


def beside(model: Posterior, points: Points) -> Posterior:
    """Condition on more points as if they had shown what is predicted there, as kriging believers do.

    Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize optimization" (2010). The mean stays what
    it is everywhere, so alpha is 0 for them; the deviations shrink.
    """
    for i in range(len(points.numbers)):
        one = points.take(np.array([i]))
        known = cross(one, model.points, model.layout, model.lengths)[0]
        model = model._replace(
            points=Points.joined(model.points, one),
            factor=extended(model.factor, known, 1.0 + model.eta),
            alpha=np.append(model.alpha, 0.0),
        )
    return model
