"""PED-ANOVA: how differently a parameter is distributed among the best trials.

Source: Watanabe, Bansal and Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary
subspaces", IJCAI 2023. Let gamma' be the share of the best trials, and gamma that of the region in which importance is
asked for. The variance that a parameter explains, of being among the best, is (theorem 1 there)

    v = (gamma' / gamma)^2 D(p' || p),    D(p' || p) = E_p[(p'(x) / p(x) - 1)^2],

for the densities p' and p of its values among the best trials and in the region. Where a parameter is there in some
trials only, or its range moved, this mixes what it does with what the choice of its presence does. So each of its
domains is a regime of its own: with a share alpha of the region's trials, and beta of the best ones, the share of the
best within the regime is (gamma' beta) / (gamma alpha), and the mean over regimes

    v = sum_i alpha_i (gamma' beta_i / (gamma alpha_i))^2 D_i = (gamma' / gamma)^2 sum_i beta_i^2 / alpha_i D_i

is what the parameter explains where it is there (Baba, Ozaki and Watanabe, "Conditional PED-ANOVA", arXiv 2601.20800).
With one regime it is the formula above.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...engine.arrays import BoolArray, FloatArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution, IntDistribution, NumericDistribution
from ...engine.history import StudyLike
from ...engine.kernels import dominance, grid_density, hypervolume
from ..targets import Target
from .base import BaseImportanceEvaluator, by_importance
from .evidence import Evidence

FEWEST = 2  # trials of the region of which a regime can tell how they are distributed


class PedAnovaImportanceEvaluator(BaseImportanceEvaluator):
    """Weighs parameters by how differently they are distributed among the best trials; the default.

    Takes milliseconds for thousands of trials, and needs no extra. Parameters that only some trials have are weighed
    by these ("Conditional PED-ANOVA", arXiv 2601.20800). It says how important a parameter is for being among the best
    trials, not for the value.

    Source: Watanabe, Bansal and Hutter, "PED-ANOVA", IJCAI 2023.

    Parameters
    ----------
    target_quantile
        Share of the trials that count as the best ones, gamma' in the paper; at least five of them should.
    region_quantile
        Share of the trials among which it is asked what distinguishes the best, gamma in the paper; 1: all.
    evaluate_on_local
        Compare with how the region's trials are distributed. False: with the uniform distribution over the range, as if
        the sampler had preferred nothing.

    Raises
    ------
    ValueError
        Unless 0 < target_quantile < region_quantile <= 1.
    """

    def __init__(
        self, *, target_quantile: float = 0.1, region_quantile: float = 1.0, evaluate_on_local: bool = True
    ) -> None:
        if not 0.0 < target_quantile < region_quantile <= 1.0:
            raise ValueError(
                "Expected 0.0 < `target_quantile` < `region_quantile` <= 1.0, but got "
                f"target_quantile={target_quantile} and region_quantile={region_quantile}."
            )
        if region_quantile < 1.0 and not evaluate_on_local:
            warnings.warn(
                "If `evaluate_on_local` is False, `region_quantile` has no effect on parameters that all trials have.",
                stacklevel=2,
            )
        self._target_quantile = target_quantile
        self._region_quantile = region_quantile
        self._evaluate_on_local = evaluate_on_local

    @np.errstate(all="ignore")  # whatever the user's program asks of NumPy
    def evaluate(
        self, study: StudyLike, params: list[str] | None = None, *, target: Target | None = None
    ) -> dict[str, float]:
        """Weigh parameters by the complete trials of a study.

        Parameters
        ----------
        study
            A study. With several objectives and no target, the best trials are those of the first fronts, and of the
            last front those that add most hypervolume.
        params
            Names of the parameters to weigh; None: all that any complete trial has.
        target
            Gives a number for a trial, of which less is better; None: the objective values, in the study's directions.

        Returns
        -------
        importances
            By name, the largest first, not normalised; 0 for a parameter that can have one value only.

        Warns
        -----
        UserWarning
            If a target is given, for it is minimised; if there are fewer than two trials; if all trials of the region
            are among the best; and if a parameter has a domain, or is absent, in one trial of the region alone: that
            domain is left out.
        """
        evidence = Evidence.of(study, target)
        if target is not None:
            warnings.warn(
                "PedAnovaImportanceEvaluator computes the importances of params to achieve low `target` values. If "
                "this is not what you want, please modify target, e.g., by multiplying the output by -1.",
                stacklevel=2,
            )
        names = evidence.names(params)
        if len(evidence.numbers) < 2:
            return self._equal(names, "The number of trials is too small to compute importances.")
        best, region = (best_of(evidence.losses, q) for q in (self._target_quantile, self._region_quantile))
        importances = dict.fromkeys(names, 0.0)
        if best.sum() < region.sum():
            importances.update(self._weighed(evidence, names, best, region))
        else:
            self._equal(names, "Target and region quantiles select the same set of trials.")
        return by_importance(importances)

    def _equal(self, names: list[str], reason: str) -> dict[str, float]:
        warnings.warn(f"{reason} Parameter importances will be equal.", stacklevel=3)
        return dict.fromkeys(names, 0.0)

    def _weighed(self, evidence: Evidence, names: list[str], best: BoolArray, region: BoolArray) -> dict[str, float]:
        found = dict.fromkeys(names, 0.0)
        every, n_best, n_region = regimes_of(evidence, names, best, region), best.sum(), region.sum()
        _warn_of_small(names, every, int(n_region))
        regimes = [one for one in every if one.n_region >= FEWEST and one.best.any() and not one.is_single]
        for regime, divergence in zip(regimes, self._divergences(regimes), strict=True):
            alpha, beta = regime.n_region / n_region, regime.best.sum() / n_best
            found[regime.name] += float((n_best / n_region) ** 2 * beta**2 / alpha * divergence)
        return found

    def _divergences(self, regimes: list[Regime]) -> FloatArray:
        """Give the divergence of each regime, together for those whose grids are alike."""
        found = np.empty(len(regimes))
        kinds = [(regime.is_choice, len(regime.best)) for regime in regimes]
        for is_choice, n in dict.fromkeys(kinds):
            at = [i for i, kind in enumerate(kinds) if kind == (is_choice, n)]
            counts = [regimes[i].best for i in at]
            if self._evaluate_on_local:
                counts += [regimes[i].region for i in at]
            density = (grid_density.of_choices if is_choice else grid_density.of_numbers)(np.array(counts))
            base = density[len(at) :] if self._evaluate_on_local else np.full((1, n), 1 / n)
            found[at] = grid_density.pearson(density[: len(at)], base)
        return found


def best_of(losses: FloatArray, quantile: float) -> BoolArray:
    """Tell which trials belong to the best ones.

    Parameters
    ----------
    losses
        Shape (n, m), n > 0, finite. One loss: all up to the quantile, those that equal it included. Several: front by
        front, and of the last front those that add most hypervolume, up to a tenth beyond its worst values.
    quantile
        Which share counts; rounded up to a whole trial.

    Returns
    -------
    is_best
        Shape (n,).
    """
    n, m = losses.shape
    k = math.ceil(quantile * n)
    if m == 1:
        return np.asarray(losses[:, 0] <= np.partition(losses[:, 0], k - 1)[k - 1])
    if quantile == 1.0:
        return np.ones(n, dtype=bool)
    rank = dominance.ranks(losses, enough=k)
    last = np.partition(rank, k - 1)[k - 1]
    is_best = np.asarray(rank < last)
    front = np.flatnonzero(rank == last)
    worst = losses[front].max(axis=0)
    reference = np.where(worst == 0.0, np.finfo(np.float64).tiny, np.maximum(1.1 * worst, 0.9 * worst))
    is_best[front[hypervolume.subset(losses[front], reference, k - int(is_best.sum()))]] = True
    return is_best


class Regime(NamedTuple):
    """A domain of a parameter: how many of the best trials, and of the region's, have a value in each of n cells.

    A choice is a cell of its own; a domain of one value has one cell.
    """

    name: str
    is_choice: bool
    best: FloatArray
    region: FloatArray

    @property
    def n_region(self) -> int:
        """How many of the region's trials are in the domain."""
        return int(self.region.sum())

    @property
    def is_single(self) -> bool:
        """Whether the domain has one value."""
        return len(self.region) < 2


def _warn_of_small(names: list[str], regimes: list[Regime], n_region: int) -> None:
    """Warn of parameters of which a domain, or their absence, is that of too few trials."""
    for name in names:
        sizes = [regime.n_region for regime in regimes if regime.name == name]
        if any(0 < size < FEWEST for size in (*sizes, n_region - sum(sizes))):
            warnings.warn(
                f"Some regimes for parameter `{name}` have less than {FEWEST} trials. The importance of the parameter "
                "may be inaccurate.",
                stacklevel=4,
            )


def regimes_of(evidence: Evidence, names: list[str], best: BoolArray, region: BoolArray) -> list[Regime]:
    """Count the values of parameters in their domains.

    Parameters
    ----------
    evidence
        The study's trials.
    names
        The parameters.
    best, region
        Which trials count, shape (n,) each.
    """
    found: dict[tuple[str, int], Regime] = {}
    with evidence.history.lock:
        for space, at in evidence.history.by_space(evidence.numbers):
            grids = {name: Grid.of(space[name]) for name in names if name in space}
            values = evidence.history.params(list(grids), evidence.numbers[at])
            for name, *counts in counted(list(grids), list(grids.values()), values, best[at], region[at]):
                key = name, id(space[name])  # one object stands for all distributions that are alike
                if key in found:
                    counts = [a + b for a, b in zip(counts, found[key][2:], strict=True)]
                found[key] = Regime(name, isinstance(space[name], CategoricalDistribution), *counts)
    return list(found.values())


class Grid(NamedTuple):
    """A grid of n cells over a parameter's range, on its scale: the middle of the first, and their width."""

    n: int
    low: float
    width: float
    is_log: bool

    @classmethod
    def of(cls, distribution: BaseDistribution) -> Grid:
        """Lay a grid over the range of a distribution.

        It has a cell for each choice; of numbers one for each point of their grid, at most `grid_density.CELLS`; of
        integers on a log scale as many as powers of 2 fit into their number.
        """
        low, high = distribution.ends
        if distribution.single():
            return cls(1, low, 1.0, False)
        if isinstance(distribution, CategoricalDistribution):
            return cls(len(distribution.choices), 0.0, 1.0, False)
        assert isinstance(distribution, NumericDistribution)
        n = grid_density.CELLS
        if distribution.log and isinstance(distribution, IntDistribution):
            n = min(n, math.ceil(math.log(distribution.high - distribution.low + 1) / math.log(2)) + 1)
        elif distribution.step is not None:
            n = min(n, round((distribution.high - distribution.low) / distribution.step) + 1)
        width = high / (n - 1) - low / (n - 1) if math.isinf(high - low) else (high - low) / (n - 1)
        return cls(n, low, width, distribution.log)


def counted(names: list[str], grids: list[Grid], internal: FloatArray, *which: BoolArray) -> Iterator[tuple[Any, ...]]:
    """Count values in cells.

    Parameters
    ----------
    names, grids
        Of each parameter.
    internal
        Their values, shape (d, k).
    *which
        Which of the k values count, shape (k,) each.

    Yields
    ------
    Name and counts, a (n,) for each of `which`.
    """
    if not names:
        return
    n, low, width, is_log = (np.array(column)[:, np.newaxis] for column in zip(*grids, strict=True))
    scaled = np.where(is_log, np.log(internal), internal) if is_log.any() else internal
    place = np.ceil((scaled - low) / width - 0.5)  # to the nearest cell, halves down
    start = np.cumsum(n) - n[:, 0]
    cells = np.clip(np.nan_to_num(place), 0, n - 1).astype(np.int64) + start[:, np.newaxis]
    counts = [np.bincount(cells[:, one].ravel(), minlength=n.sum()).astype(np.float64) for one in which]
    yield from zip(names, *(np.split(one, start[1:]) for one in counts), strict=True)
