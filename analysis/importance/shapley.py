"""Shapley values: what each parameter adds to the gain over a baseline, and what pairs add together.

Source: Wever et al., "HyperSHAP: Shapley values and interactions for explaining hyperparameter optimization", AAAI 2026
(arXiv 2502.01276). A forest stands for the objective f. The players are parameters; those of a coalition S take values
of another configuration, the others stay as in the baseline b. Two games, in units of the objective:

- ablation: v(S) = f(b) - f(x_S, b) with the best trial x: what its values gained, one by one (definition 1 there);
- tunability: v(S) = f(b) - min_x f(x_S, b): what tuning these parameters could gain (definition 3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...engine.arrays import BoolArray, FloatArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.history import StudyLike
from ...engine.kernels import shapley
from ..targets import Target
from .base import BaseImportanceEvaluator, by_importance
from .evidence import Evidence, split_single
from .forest import Forest, Table

EXACT_UP_TO = 12  # parameters: 4,096 coalitions
GAMES = ("ablation", "tunability")
_ROWS = 2**16  # predicted at a time

Game = Callable[[BoolArray], FloatArray]  # coalitions (k, p) to values (k,)


@dataclass(frozen=True, eq=False)
class ShapleyValues:
    """How a gain over a baseline is shared among p parameters.

    Attributes
    ----------
    names : list[str]
        The parameters.
    values : ndarray
        Each one's share, shape (p,), in units of the objective, positive where it is better; they sum to `total`.
    errors : ndarray
        Standard errors of the shares, shape (p,); 0 if all coalitions were looked at.
    pairs : ndarray
        What two parameters gain together beyond what each gains alone, shape (p, p), symmetric, 0 on the diagonal;
        negative where one makes up for the other. NaN where no sample had the two.
    total : float
        The gain of all together.
    baseline : dict[str, Any]
        The configuration with which is compared.
    """

    names: list[str]
    values: FloatArray
    errors: FloatArray
    pairs: FloatArray
    total: float
    baseline: dict[str, Any]

    @property
    def alone(self) -> FloatArray:
        """What is each parameter's without its half of each pair, shape (p,): with all pairs it sums to `total`.

        Source: Bordt and von Luxburg, "From Shapley values to generalized additive models and back", AISTATS 2023.
        """
        return np.asarray(self.values - np.nansum(self.pairs, axis=1) / 2)


class ShapleyImportanceEvaluator(BaseImportanceEvaluator):
    """Weighs parameters by what each adds to the gain over a baseline configuration, according to a forest.

    Exact in all coalitions of up to 12 parameters, estimated from permutations for more. Needs scikit-learn:
    ``pip install "parzen[importance]"``.

    Source: Wever et al., "HyperSHAP", AAAI 2026 (arXiv 2502.01276).

    Parameters
    ----------
    game
        ``"tunability"``: what tuning a parameter could gain. ``"ablation"``: what the best trial's value gained, which
        may be negative.
    baseline
        Values by parameter name, such as your defaults; a parameter that is not named has the middle of its range, or
        its first choice.
    n_trees, max_depth
        Number of trees, and of splits from the root to a leaf, at most.
    n_candidates
        Configurations in which the best values of a coalition are looked for: half of them the best trials, the others
        uniform.
    n_permutations
        Permutations where there are more than 12 parameters; an even number.
    seed
        Seed of forest, candidates and permutations; None: others each time.

    Raises
    ------
    ValueError
        If there is no such game, or if the numbers of candidates and permutations are not at least 2.
    ImportError
        If scikit-learn is not installed.
    """

    def __init__(
        self,
        game: str = "tunability",
        *,
        baseline: Mapping[str, Any] | None = None,
        n_trees: int = 64,
        max_depth: int | None = 64,
        n_candidates: int = 128,
        n_permutations: int = 64,
        seed: int | None = None,
    ) -> None:
        if game not in GAMES:
            raise ValueError(f"Expected `game` to be one of {', '.join(GAMES)}, but got {game!r}.")
        if n_candidates < 2 or n_permutations < 2:
            raise ValueError(
                f"Expected at least 2 candidates and permutations, but got n_candidates={n_candidates} and "
                f"n_permutations={n_permutations}."
            )
        self._game = game
        self._baseline = dict(baseline or {})
        self._forest = Forest(n_trees, max_depth, seed)
        self._n_candidates = n_candidates
        self._n_permutations = n_permutations
        self._seed = seed

    def evaluate(
        self, study: StudyLike, params: list[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Weigh parameters by the size of their Shapley values; see `explain` for signs, pairs and errors.

        Returns
        -------
        importances
            By name, the largest first, in units of the objective.
        """
        found = self.explain(study, params, target=target)
        return by_importance(dict(zip(found.names, np.abs(found.values).tolist(), strict=True)))

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def explain(
        self, study: StudyLike, params: list[str] | None = None, *, target: Target | None = None
    ) -> ShapleyValues:
        """Share the gain over the baseline among the parameters.

        Parameters
        ----------
        study
            A study.
        params
            Names of the parameters, by the trials that have all of them; None: those that every complete trial
            suggested from the same range.
        target
            Gives a number for a trial, of which less is better; None: the objective value, in the study's direction.

        Raises
        ------
        ValueError
            With several objectives and no target; if no trial has all of `params`, or their ranges moved; if the
            baseline does not fit the parameters.
        """
        evidence = Evidence.of(study, target)
        evidence.one_target()
        space, at = evidence.together(params)
        varied, single = split_single(dict(sorted(space.items())))
        baseline = _baseline(varied, self._baseline, space)
        names = [*varied, *single]
        if not varied or not len(at):
            zeros = np.zeros(len(names))
            return ShapleyValues(names, zeros, zeros, np.zeros((len(names), len(names))), 0.0, baseline)
        table, losses = Table.of(varied), evidence.losses[at, 0]
        with evidence.history.lock:
            trials = table.dimensions.read(evidence.history, evidence.numbers[at])
        self._forest.fit(table.encoded(trials), losses)
        start = np.array([d.to_internal_repr(baseline[name]) for name, d in varied.items()])
        rng = np.random.default_rng(self._seed)
        order = np.argsort(losses, kind="stable")
        others = trials[order[:1]] if self._game == "ablation" else self._candidates(table, trials[order], rng)
        game = partial(gain, self._forest, table, start, others)
        values, errors, pairs = self._shared(game, len(varied), rng)
        padded = np.zeros((len(names), len(names)))
        padded[: len(varied), : len(varied)] = pairs
        values, errors = (np.append(found, np.zeros(len(single))) for found in (values, errors))
        return ShapleyValues(names, values, errors, padded, float(values.sum()), baseline)

    def _candidates(self, table: Table, ranked: FloatArray, rng: np.random.Generator) -> FloatArray:
        best = ranked[: self._n_candidates // 2]
        drawn = rng.random((self._n_candidates - len(best), ranked.shape[1]))
        return np.concatenate([best, table.dimensions.from_unit(drawn)])

    def _shared(self, game: Game, p: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give Shapley values (p,), their standard errors, and pairs (p, p)."""
        is_monotone = self._game == "tunability"  # to be free to tune more loses nothing
        if p <= EXACT_UP_TO:
            values = game(shapley.coalitions(p))
            singles, pairs = shapley.exact(shapley.monotone(values) if is_monotone else values)
            return singles, np.zeros(p), pairs
        forward = rng.permuted(np.tile(np.arange(p), (-(-self._n_permutations // 2), 1)), axis=1)
        permutations = np.concatenate([forward, forward[:, ::-1]])  # both ways, so that their errors cancel in part
        first, swapped = (game(part.reshape(-1, p)).reshape(part.shape[:2]) for part in shapley.chains(permutations))
        if is_monotone:
            first, swapped = shapley.monotone_chains(first, swapped)
        return shapley.sampled(permutations, first, swapped)


def gain(forest: Forest, table: Table, start: FloatArray, others: FloatArray, coalitions: BoolArray) -> FloatArray:
    """Give what coalitions gain: by how much the best of some configurations is better than the start.

    Parameters
    ----------
    forest, table
        A forest that predicts losses, and how it wants internal values as rows.
    start, others
        Internal values (p,), and (c, p): those that a coalition's parameters take.
    coalitions
        Shape (k, p).

    Returns
    -------
    gains
        Shape (k,); 0 of the empty coalition.
    """
    at_start = forest.predict(table.encoded(start[np.newaxis]))[0]
    at_once = max(1, _ROWS // len(others))
    least = []
    for i in range(0, len(coalitions), at_once):
        part = coalitions[i : i + at_once, np.newaxis, :]
        mixed = np.where(part, others, start).reshape(-1, len(start))
        least.append(forest.predict(table.encoded(mixed)).reshape(-1, len(others)).min(axis=1))
    found = np.asarray(at_start - np.concatenate(least))
    found[~coalitions.any(axis=1)] = 0.0
    return found


def _baseline(
    varied: Mapping[str, BaseDistribution], given: Mapping[str, Any], space: Mapping[str, BaseDistribution]
) -> dict[str, Any]:
    """Complete a baseline: middles of ranges, first choices."""
    if unknown := [name for name in given if name not in space]:
        raise ValueError(f"The baseline names parameters that are not weighed: {unknown}. Expected some of {[*space]}.")
    found = {}
    for name, distribution in varied.items():
        middle = distribution.from_unit(0.0 if isinstance(distribution, CategoricalDistribution) else 0.5)
        internal = distribution.to_internal_repr(given[name]) if name in given else middle
        if not distribution._contains(internal):
            raise ValueError(
                f"Expected a value of {distribution!r} for {name!r} in the baseline, but got {given[name]!r}."
            )
        found[name] = distribution.to_external_repr(internal)
    return found
