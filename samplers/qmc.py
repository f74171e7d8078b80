"""Quasi-random search: the points of Sobol' (1967) or Halton (1960), which fill the space more evenly than random ones.

The k-th trial that the sampler serves takes the k-th point (`sequence`), and the j-th parameter that it suggests the
j-th coordinate. The points come from ``scipy.stats.qmc``, in blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.arrays import FloatArray
from ..engine.distributions import BaseDistribution, CategoricalDistribution, Space
from ..engine.history import History, Remembered, StudyLike, history_of
from ..engine.kernels.loading import import_beside
from ..engine.logging import get_logger
from ..engine.records import FrozenTrial, TrialState, internal_of
from .base import BaseSampler, Columns
from .claims import Claims
from .sequence import SequenceSampler

_logger = get_logger(__name__)

_SCIPY = "scipy.stats.qmc"
_BLOCK = 256  # points that are made at once
_WIDTH = 16  # coordinates that are made at once: each such group is scrambled by itself, so further ones change none
_KEPT = 64  # blocks
# Half the spacing of Sobol' points: where a discrete parameter's cells end at points, each cell has as many of them.
_HALF = 2.0**-31
_BELOW_1 = 1.0 - 2.0**-53
_FEW = 16  # trials; whoever runs fewer at a time does so for another reason than to fill a space
_SUGGESTED = (TrialState.COMPLETE, TrialState.PRUNED)
_OPTUNAS = "qmc:"  # attributes of a study in which Optuna's sampler counts the points that it served, from 0


class Points:
    """The points of one sequence, made by blocks when they are asked for.

    Parameters
    ----------
    kind
        ``"sobol"`` or ``"halton"``.
    scramble
        Whether they are scrambled.
    key
        By what.
    """

    def __init__(self, kind: str, scramble: bool, key: int) -> None:
        self._kind, self._scramble, self._key = kind, scramble, key
        self._blocks: dict[tuple[int, int], list[list[float]]] = {}
        self._engines: dict[int, tuple[Any, int]] = {}  # by group: the engine, and the block that it makes next

    def at(self, position: int, coordinate: int) -> float:
        """Give one coordinate, in [0, 1), of the point at a position."""
        block, row = divmod(position, _BLOCK)
        group, j = divmod(coordinate, _WIDTH)
        return (self._blocks.get((group, block)) or self._block(group, block))[row][j]

    def _block(self, group: int, block: int) -> list[list[float]]:
        """Make a block, which is kept."""
        engine, ready_for = self._engines.get(group, (None, -1))
        if ready_for != block:
            engine = self._engine(group, block * _BLOCK)
        self._engines[group] = engine, block + 1
        if len(self._blocks) >= _KEPT:
            self._blocks.clear()
        found: list[list[float]] = engine.random(_BLOCK)[:, group * _WIDTH :].tolist()
        self._blocks[group, block] = found
        return found

    def _engine(self, group: int, start: int) -> Any:
        """Make an engine that goes on at a point."""
        from scipy.stats import qmc

        kind = qmc.Sobol if self._kind == "sobol" else qmc.Halton
        engine = kind((group + 1) * _WIDTH, scramble=self._scramble, seed=np.random.default_rng([self._key, group]))
        if self._kind == "sobol" and start:
            engine.fast_forward(start)
        else:
            engine.num_generated = start  # a Halton point needs none before it, but `fast_forward` makes them all
        return engine


class QMCSampler(SequenceSampler):
    """Samples the points of a sequence that fills the space evenly.

    Parameters
    ----------
    qmc_type
        ``"sobol"`` or ``"halton"``.
    scramble
        Scramble the sequence: by a random linear matrix and a shift, or Halton's digits by random permutations.
    seed
        A non-negative integer for a scrambled sequence that can be repeated.
    independent_sampler
        Samples the parameters that the first finished trial did not suggest. By default they have coordinates of their
        own, too.
    warn_asynchronous_seeding
        Changes nothing: workers that share a study share its sequence, with and without a seed.
    warn_independent_sampling
        Log a warning whenever `independent_sampler` is asked.

    Raises
    ------
    ValueError
        If `qmc_type` is neither of both.

    Notes
    -----
    Any number of workers share one sequence without a gap or a double. The point of a worker that died comes back;
    enqueued trials take none. The first 2^m points of Sobol's sequence are balanced, so a study of 64 or 128 trials
    makes more of it than one of 100. The first point that is not scrambled is the corner of all lower ends.

    Examples
    --------
    >>> study = parzen.create_study(sampler=parzen.samplers.QMCSampler(scramble=True, seed=1))
    """

    def __init__(
        self,
        *,
        qmc_type: str = "sobol",
        scramble: bool = False,
        seed: int | None = None,
        independent_sampler: BaseSampler | None = None,
        warn_asynchronous_seeding: bool = True,
        warn_independent_sampling: bool = True,
    ) -> None:
        super().__init__(seed)
        if qmc_type not in ("sobol", "halton"):
            raise ValueError(f"The `qmc_type={qmc_type!r}` is invalid. Choose either `halton` or `sobol`.")
        self._kind, self._scramble = qmc_type, bool(scramble)
        self._independent = independent_sampler
        self._warns = warn_independent_sampling
        self._warned_of_balance = False
        self._points: dict[int, Points] = {}
        self._first: Remembered[tuple[int, int | None]] = Remembered()  # trials seen, and the first that suggested
        import_beside(_SCIPY)

    # Points can be made again.
    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_points": {}}

    @property
    def _sequence(self) -> str:
        return f"{self._kind}-scrambled" if self._scramble else self._kind

    def reseed_rng(self) -> None:
        """Let a sampler without a seed scramble otherwise than its copies, in a study that has no trials yet."""
        super().reseed_rng()
        if self._independent is not None:
            self._independent.reseed_rng()

    def _new_claims(self, study: Any) -> Claims:
        notes = study.notes_on_study() if hasattr(study, "notes_on_study") else {}
        served = [last + 1 for name, last in notes.items() if name.startswith(_OPTUNAS) and isinstance(last, int)]
        return Claims(self._sequence, self._own_key(study), begin=max(served, default=0))

    # --- which coordinate --------------------------------------------------------------------------------------------

    def joint_space(self, history: History) -> dict[str, BaseDistribution]:
        """Give the parameters of the first trial that finished, by number, in the order in which it suggested them."""
        seen, first = self._first.get(history, (0, None))
        if history.n_finished > seen:
            new = [number for number in history.finished_since(seen) if history.state(number) in _SUGGESTED]
            first = min(new if first is None else [first, *new], default=None)
            self._first[history] = history.n_finished, first
        names = [] if first is None else history.suggested(first)
        latest = {name: history.latest(name) for name in names}
        return {name: distribution for name, distribution in latest.items() if not distribution.single()}

    def _coordinates(self, space: Space, before: Space, history: History) -> list[int]:
        """Give the coordinate of each parameter of a space, after others that the trial suggested.

        Those of `joint_space` have the first ones, the others those that follow, in the order of suggestion.
        """
        known = {name: j for j, name in enumerate(self.joint_space(history))}
        others = [name for name, distribution in before.items() if name not in known and not distribution.single()]
        found = []
        for name in space:
            if name not in known:
                known[name] = len(known) + len(others)
            found.append(known[name])
        return found

    # --- points ------------------------------------------------------------------------------------------------------

    def _units(
        self, space: Space, before: Space, history: History, positions: list[int], key: int
    ) -> list[list[float]]:
        """Give the coordinates of n points, each parameter's a list, in [0, 1)."""
        points = self._points.get(key)
        if points is None:
            points = self._points[key] = Points(self._kind, self._scramble, key)
        coordinates = self._coordinates(space, before, history)
        found = []
        for j, distribution in zip(coordinates, space.values(), strict=True):
            is_discrete = isinstance(distribution, CategoricalDistribution) or distribution.grid != 0.0
            shift = _HALF if is_discrete else 0.0
            found.append([min(points.at(position, j) + shift, _BELOW_1) for position in positions])
        return found

    def sample(self, space: Space, history: History, rng: np.random.Generator, n: int = 1) -> Columns:
        claims = self._claims(history)
        positions = [claims.ahead(i).position for i in range(n)]
        units = self._units(space, {}, history, positions, claims.key)
        return {name: _in_model(d, u) for (name, d), u in zip(space.items(), units, strict=True)}

    @np.errstate(all="ignore")
    def sample_batch(self, study: StudyLike, number: int, space: Space, n: int) -> dict[str, FloatArray]:
        history = history_of(study)
        with history.lock:
            taken = [self._claim(study, number + i) for i in range(n)]
            units = self._units(space, {}, history, [place.position for place, _ in taken], taken[0][1])
        self._warn_of_balance("A batch", taken[-1][0].position + 1)
        pairs = zip(space.items(), units, strict=True)
        return {name: distribution.from_model(_in_model(distribution, u)) for (name, distribution), u in pairs}

    def before_trials(self, study: StudyLike, n: int) -> None:
        if n >= _FEW:
            history = history_of(study)
            with history.lock:
                end = self._claims(history, study).ahead(0).position + n
            self._warn_of_balance("`optimize`", end)

    def _warn_of_balance(self, what: str, end: int) -> None:
        if self._kind == "sobol" and end & (end - 1) and not self._warned_of_balance:
            self._warned_of_balance = True
            _logger.warning(
                f"{what} ends after {end} points of Sobol's sequence, whose first 2^m points are balanced: "
                f"{1 << end.bit_length()} trials make more of it."
            )

    def _sample_one(self, study: StudyLike, trial: FrozenTrial, space: Space, purpose: int) -> dict[str, float]:
        taken = self._taken(trial)
        history = history_of(study)
        if taken is None:  # enqueued with some of its parameters only
            units = self._streams.of(study).generator(trial.number, purpose).random((len(space), 1)).tolist()
        else:
            before = {} if purpose == 0 else trial.distributions
            with history.lock:
                units = self._units(space, before, history, [taken[0]], taken[1])
        return {name: d.from_unit(u[0]) for (name, d), u in zip(space.items(), units, strict=True)}

    # --- another sampler ---------------------------------------------------------------------------------------------

    def draw(self, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> dict[str, float]:
        if self._independent is not None:
            history = history_of(study)
            with history.lock:
                known = self.joint_space(history)
            if known and name not in known:
                return {name: self._draw_independently(self._independent, study, trial, name, distribution)}
        return super().draw(study, trial, name, distribution)

    def _draw_independently(
        self, sampler: BaseSampler, study: StudyLike, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> float:
        if self._warns:
            _logger.warning(
                f"The parameter {name!r} in trial {trial.number} is sampled independently by "
                f"{type(sampler).__name__}, because the first finished trial did not suggest it. Leave out "
                "`independent_sampler` to give it a coordinate of the sequence, or pass "
                "`warn_independent_sampling=False`."
            )
        value = sampler.sample_independent(study, trial, name, distribution)
        return internal_of(f"{sampler} sampled", name, value, distribution)

    def before_trial(self, study: StudyLike, trial: FrozenTrial) -> None:
        super().before_trial(study, trial)
        if self._independent is not None:
            self._independent.before_trial(study, trial)

    def after_trial(
        self, study: StudyLike, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        super().after_trial(study, trial, state, values)
        if self._independent is not None:
            self._independent.after_trial(study, trial, state, values)


def _in_model(distribution: BaseDistribution, units: list[float]) -> FloatArray:
    low, high = distribution.support
    return low + np.array(units) * (high - low)
