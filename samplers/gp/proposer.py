"""From a study's trials to the next point: candidates are rated, the best of them climb, the highest is proposed."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import BaseDistribution
from ...engine.history import History
from ...engine.kernels.loading import before_loading
from ..tpe.fidelity import Fidelity, carried_over
from . import candidates
from .climb import N_CLIMBS, Landscape, climb, starts
from .surrogate import Knowledge, Surrogate

STAGNATION = float(np.log(1e-3))  # log expected improvement, in deviations of the warped losses
BARREN = 2.0 * STAGNATION  # stands for what is expected where the model's best point is one that was tried
SHRINK = 3.0
BRANCHES = 0.1  # share of the points of a space with branches for which one of these is looked at alone
N_SEARCHES = 4  # around the best candidates, where there are no slopes to climb along
NOTHING = Knowledge()
N_PER_POOL = 128  # points of a batch for which there are as many candidates as for one point
N_HOPEFUL = 256  # candidates of a batch, or half as many more than its points: the most promising ones at first
N_EXACT = 192  # candidates of which the deviation is computed exactly


class Proposer:
    """Proposes points for one study.

    Parameters
    ----------
    rule
        How losses of pruned trials are carried over.
    knowledge
        What the user says beside the trials.
    """

    def __init__(self, rule: Fidelity = carried_over, knowledge: Knowledge = NOTHING) -> None:
        self._knowledge = knowledge
        self._surrogate = Surrogate(rule, knowledge)

    @before_loading()
    def propose(self, history: History, rng: np.random.Generator) -> dict[str, float] | None:
        """Propose the next point.

        Returns
        -------
        model
            Model coordinates of all parameters by name; None where there is nothing to learn from, or nothing left.
        """
        surrogate = self._surrogate
        if not surrogate.update(history):
            return None
        landscape = surrogate.landscape(history)
        found = self._elsewhere(landscape, rng) if landscape.gates.parents else None
        if found is not None:
            return self._model(found)
        u, value = self._best(landscape, rng)
        if value < STAGNATION and rng.random() < 0.5:
            other, other_value = self._best(surrogate.landscape(history, SHRINK), rng)
            u = other if np.isfinite(other_value) else u
        if not np.isfinite(value):
            return None
        return self._model(u)

    def _model(self, u: FloatArray) -> dict[str, float]:
        """Turn a point (d,) into model coordinates by name."""
        coordinates = self._surrogate.coordinates
        model = coordinates.dims.to_model(coordinates.internal(u[None]))[0]
        return dict(zip(coordinates.dims.names, model.tolist(), strict=True))

    def believed_best(self, history: History) -> int | None:
        """Give the number of the trial that the model believes best; None where there is too little to learn from."""
        if not self._surrogate.update(history):
            return None
        self._surrogate.landscape(history)
        return self._surrogate.best_number(history)

    def told(self, history: History, number: int, name: str, distribution: BaseDistribution, u: float) -> float | None:
        """Give the internal value of a parameter in one of the first trials that the user's knowledge suggests.

        The first trials are the best ones of other studies, if there are any. A guess follows: it is tried itself, and
        every other trial is drawn around it. None where there is nothing to say.

        Parameters
        ----------
        history
            The study's trials.
        number
            Number of the trial.
        name, distribution
            The parameter.
        u
            A uniform number.
        """
        prior, transfer = self._knowledge.prior, self._knowledge.transfer
        n_transferred = len(transfer) if transfer is not None else 0
        if transfer is not None and number < n_transferred:
            return transfer.best(number, name, distribution)
        if prior is None or (number - n_transferred) % 2:
            return None
        return prior.draw(name, distribution, u, is_first=number == n_transferred)

    @before_loading()
    def propose_batch(
        self, history: History, rng: np.random.Generator, n: int, at_once: int
    ) -> dict[str, FloatArray] | None:
        """Propose `n` points for trials that run at the same time.

        One after the other the best candidate is taken, each as if the ones before had shown what is predicted there.

        Parameters
        ----------
        history
            The study's trials.
        rng
            Random numbers.
        n
            How many points.
        at_once
            How many trials will run; the others somebody else proposes.

        Returns
        -------
        model
            Model coordinates by name, shape (n,) each; None where there is nothing to learn from.
        """
        surrogate = self._surrogate
        if not surrogate.update(history):
            return None
        landscape = surrogate.landscape(history, at_once=at_once)
        points = _different(self._candidates(landscape, rng, 1 + n // N_PER_POOL))
        points = points[np.argsort(-landscape.bounds(points), kind="stable")[: max(N_HOPEFUL, 3 * n // 2)]]
        first = points[:N_EXACT]
        values = landscape.values(first)
        chosen = starts(first, values, N_CLIMBS)
        tops, heights = climb(landscape, first[chosen], values[chosen])
        points = _different(np.concatenate([tops[starts(tops, heights, N_CLIMBS)], points]))  # one for each top
        untried = ~surrogate.has_tried(points)
        points = points[untried] if np.count_nonzero(untried) >= n else points
        picked = landscape.pick(points, n)
        dims = surrogate.coordinates.dims
        model = dims.to_model(surrogate.coordinates.internal(points[picked]))
        return {name: model[:, j] for j, name in enumerate(dims.names)}

    def _elsewhere(self, landscape: Landscape, rng: np.random.Generator) -> FloatArray | None:
        """Now and then find the best point (d,) of one branch, as if there were no others; else None.

        In a branch of which few trials are known nothing better than the best of all may be expected, and yet be there.
        """
        branch = self._surrogate.branch(landscape, rng) if rng.random() < BRANCHES else None
        if branch is None:
            return None
        inside, trials = branch
        every = self._candidates(inside, rng, centres=trials[: candidates.MOST_CENTRES])
        parents = inside.gates.parents
        every[:, parents] = trials[rng.integers(len(trials), size=len(every))][:, parents]
        u, value = self._best(inside, rng, inside.coordinates.settled(every))
        return u if np.isfinite(value) else None

    def _best(
        self, landscape: Landscape, rng: np.random.Generator, every: FloatArray | None = None
    ) -> tuple[FloatArray, float]:
        """Find the highest point (d,) of a landscape, and its height, from candidates `every` (n, d)."""
        every = self._candidates(landscape, rng) if every is None else every
        rated = landscape.values(every, most=N_EXACT)
        chosen = starts(every, rated, N_CLIMBS)
        if not len(chosen):
            return every[0], -np.inf
        points, values = climb(landscape, every[chosen], rated[chosen])
        for _ in range(0 if landscape.acquisition.has_slopes else N_SEARCHES):
            near = candidates.around(points, landscape.coordinates, candidates.N_NEAR, rng)
            points = np.concatenate([points, landscape.coordinates.settled(near)])
            values = np.concatenate([values, landscape.values(points[len(values) :])])
            best_few = np.argsort(-values, kind="stable")[:N_CLIMBS]
            points, values = points[best_few], values[best_few]
        best = int(np.argmax(values))
        if self._surrogate.has_tried(points[best : best + 1])[0]:
            # A corner of the space is a top to which climbs lead again and again, and what is there is known.
            points, values = np.concatenate([points, every]), np.concatenate([values, rated])
            order = np.argsort(-values, kind="stable")
            best = int(order[np.argmin(self._surrogate.has_tried(points[order]))])
            return points[best], min(float(values[best]), BARREN)
        return points[best], float(values[best])

    def _candidates(
        self, landscape: Landscape, rng: np.random.Generator, times: int = 1, centres: FloatArray | None = None
    ) -> FloatArray:
        """Draw candidates, `times` as many as for one point, some around `centres` (k, d), or the best trials."""
        coordinates, surrogate = landscape.coordinates, self._surrogate
        centres = surrogate.best_points(rng) if centres is None else centres
        parts = [
            candidates.uniform(coordinates, times * candidates.N_UNIFORM, rng),
            candidates.around(centres, coordinates, times * candidates.N_NEAR, rng),
        ]
        if landscape.gates.is_conditional.any():
            parts.append(surrogate.regrafted(rng, times * candidates.N_REGRAFTED))
        return coordinates.settled(np.concatenate(parts))


def _different(points: FloatArray) -> FloatArray:
    """Leave out points (n, d) that stand there already, further up."""
    first: dict[bytes, int] = {}
    for i, row in enumerate(points + 0.0):  # -0.0 is 0.0
        first.setdefault(row.tobytes(), i)
    return points[list(first.values())]
