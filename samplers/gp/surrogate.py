"""The models of one study: of its objective, of each constraint and of failures, as an acquisition to climb on."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from ...engine.history import History
from ...engine.kernels.covariance import Layout, Points, matern, squared_distances
from ...engine.kernels.gaussian_process import Factor, Posterior, extended
from ...engine.kernels.output_warp import most_likely, warped
from ...engine.records import TrialState
from ..tpe.evidence import COMPLETE
from ..tpe.fidelity import Fidelity
from . import evidence
from .acquisition import Acquisition
from .candidates import MOST_CENTRES, uniform
from .climb import Landscape
from .coordinates import Coordinates, Gates
from .fitting import Fits
from .tier import Tier, current

_RUNNING = int(TrialState.RUNNING)
_FAIL = int(TrialState.FAIL)
MOST_RUNNING = 64  # trials that run, the newest, beside which new ones keep apart


class Surrogate:
    """The models of one study. What it keeps between asks can be rebuilt from the history.

    Parameters
    ----------
    rule
        How losses of pruned trials are carried over.
    """

    def __init__(self, rule: Fidelity) -> None:
        self._rule = rule
        self._space_version = -1

    def _renew(self, history: History) -> None:
        """Begin anew where the parameters have changed."""
        space = history.joint_space()
        self.coordinates = Coordinates(space)
        common = set(history.common_names)
        self._is_conditional: BoolArray = np.array([name not in common for name in space], dtype=bool)
        self._layout = self.coordinates.layout(self._is_conditional)
        self._fits: dict[str, Fits] = {}
        self._taken = Taken(self.coordinates) if self.coordinates.is_discrete else None
        self._space_version = history.space_version

    def update(self, history: History) -> bool:
        """Look at the trials that ended; tell whether there are any to learn from."""
        if self._space_version != history.space_version:
            self._renew(history)
        ended, failed = evidence.ended(history)
        self._u, known = self.coordinates.read(history, ended)
        has_any = known & ~np.isnan(self._u).all(axis=1)
        self._numbers, self._u = ended[has_any], self._u[has_any]
        self._failed = failed
        if self._taken is not None:
            self._taken.update(history)
        return len(self._numbers) >= 2 and self.coordinates.d > 0

    # --- samples of the first trials ---------------------------------------------------------------------------------

    def _points(self, u: FloatArray) -> Points:
        return self.coordinates.points(u, ~np.isnan(u), self._is_conditional)

    def _losses(self, history: History, n: int) -> FloatArray:
        return evidence.losses(history, self._numbers[:n], self._rule, self.coordinates.d)

    def _first(self, history: History, n: int) -> tuple[Points, FloatArray]:
        """Give what is modelled of the first `n` trials."""
        losses = self._losses(history, n)
        rows = evidence.chosen(losses)
        return self._points(self._u[rows]), losses[rows]

    # --- models ------------------------------------------------------------------------------------------------------

    def landscape(self, history: History, shrink: float = 1.0) -> Landscape:
        """Fit what there is to learn from.

        Parameters
        ----------
        history
            The study's trials, as at `update`.
        shrink
            What all lengths are divided by.
        """
        n = len(self._numbers)
        fits = self._fits.setdefault("objective", Fits(self._layout))
        tier = current()
        theta = fits.theta(n, lambda k: self._first(history, k), tier).copy()
        theta[:-1] -= np.log(shrink)
        losses = self._losses(history, n)
        rows = evidence.chosen(losses)
        whole = history.states[self._numbers[rows]] == COMPLETE
        self._gates = gates = Gates(self.coordinates, self._u[rows][whole], self._is_conditional)
        points = self._points(self._u[rows])
        factor = self._factor(theta, points, tier)
        z, log_jacobian = warped(losses[rows])
        z = z[:, most_likely(z, log_jacobian, factor.inverse)]
        model = Posterior.of(theta, points, self._layout, factor, z)
        smoothed = model.smoothed(z)
        self._ranked = self._u[rows[np.argsort(smoothed, kind="stable")]]
        running = self._running(history)
        if running is not None:
            model = beside(model, running)
        return Landscape(self.coordinates, gates, Acquisition(tier, model, float(smoothed.min())), self._taken and self._taken.among)

    def best_points(self, rng: np.random.Generator) -> FloatArray:
        """Give the best trials by the model, its best points first, shape (k, d); what they lack is drawn."""
        n = len(self._ranked)
        return self._filled(self._ranked[: min(n, max(3, min(MOST_CENTRES, n // 8)))], rng)

    def regrafted(self, rng: np.random.Generator, n: int) -> FloatArray:
        """Give `n` of the best trials with the gates of any trial: other branches, and what is good beside them."""
        best = self._ranked[rng.integers(max(1, min(len(self._ranked), 2 * MOST_CENTRES)), size=n)]
        other = self._ranked[rng.integers(len(self._ranked), size=n)]
        is_gate = np.zeros(self.coordinates.d, dtype=bool)
        is_gate[self._gates.parents] = True
        return self._filled(np.where(is_gate | np.isnan(best), other, best), rng)

    def _filled(self, u: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw what trials (n, d) lack, and bring into today's ranges what lies outside."""
        found = np.where(np.isnan(u), uniform(self.coordinates, len(u), rng), u)
        numbers = self.coordinates.numbers
        found[:, numbers] = np.clip(found[:, numbers], 0.0, 1.0)
        return found

    def _factor(self, theta: FloatArray, points: Points, tier: Tier) -> Factor:
        covariance = tier.matern(squared_distances(points, points, self._layout, np.exp(theta[:-1])))
        factor: Factor = tier.factored(covariance, float(np.exp(theta[-1])))
        return factor

    def _running(self, history: History) -> Points | None:
        """Give the points of the trials that run and have suggested something."""
        numbers = [k for k, record in history.live.items() if record.state == _RUNNING and record.params]
        if not numbers:
            return None
        u, known = self.coordinates.read(history, np.array(numbers[-MOST_RUNNING:], dtype=np.int64))
        u = u[known & ~np.isnan(u).all(axis=1)]
        return self._points(u) if len(u) else None


def beside(model: Posterior, points: Points) -> Posterior:
    """Condition on more points as if they had shown what is predicted there, as kriging believers do.

    Ginsbourger, Le Riche and Carraro, "Kriging is well-suited to parallelize optimization" (2010). The mean stays what
    it is everywhere, so alpha is 0 for them; the deviations shrink.
    """
    for i in range(len(points.numbers)):
        one = points.take(np.array([i]))
        cross = matern(squared_distances(one, model.points, model.layout, model.lengths))[0]
        model = model._replace(
            points=Points.joined(model.points, one),
            factor=extended(model.factor, cross, 1.0 + model.eta),
            alpha=np.append(model.alpha, 0.0),
        )
    return model


class Taken:
    """The points at which trials were or are, in spaces of which each point can be tried.

    A trial that failed tells nothing of its point.

    Parameters
    ----------
    coordinates
        The parameters, all of them discrete.
    """

    def __init__(self, coordinates: Coordinates) -> None:
        self._coordinates = coordinates
        self._seen = 0
        self._points: set[bytes] = set()
        self._running: set[bytes] = set()

    def update(self, history: History) -> None:
        """Read the trials that ended since, and those that run."""
        new = history.finished[self._seen :]
        self._seen += len(new)
        self._points |= self._read(history, new[history.states[new] != _FAIL])
        self._running = self._read(history, np.array(list(history.live), dtype=np.int64))

    def _read(self, history: History, numbers: IntArray) -> set[bytes]:
        u, known = self._coordinates.read(history, numbers)
        u = u[known]
        return set(self._keys(u, ~np.isnan(u)))

    def among(self, u: FloatArray, active: BoolArray) -> BoolArray:
        """Tell which points (n, d), given which parameters count, are taken."""
        return np.array([key in self._points or key in self._running for key in self._keys(u, active)], dtype=bool)

    def _keys(self, u: FloatArray, active: BoolArray) -> list[bytes]:
        found = np.where(active, np.rint(u * 1e9), -1.0)
        return [row.tobytes() for row in np.ascontiguousarray(found, dtype=np.int64)]
