"""How the objective goes with each parameter: rank correlations of numbers, spreads between choices, on one scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.distributions import BaseDistribution, CategoricalDistribution
from ...engine.history import Dimensions, StudyLike
from ...engine.kernels import dominance
from ..targets import Target
from .evidence import Evidence, checked, shares


@dataclass(frozen=True)
class Sensitivity:
    """How far ranks of the target go with a parameter.

    Attributes
    ----------
    value : float
        Of a number Spearman's rank correlation, in [-1, 1]: positive if the target grows with it. Of choices the spread
        of their mean ranks, as a share of the spread of all ranks, in [0, 1] (the correlation ratio of ranks); of two
        choices it is the size of the rank correlation. Squared, both are the share of the ranks' variance explained.
    standard_error : float
        Of the value; NaN with too few trials to tell.
    by_chance : float
        What its size would be, in the root of the mean square, if the target had nothing to do with the parameter.
    n_trials : int
        Complete trials that have the parameter.
    means : dict
        Of choices: the mean rank of the target for each that occurs, from 0 (the least target) to 1; their standard
        errors are in `mean_errors`.
    mean_errors : dict
        Standard errors of the means; NaN of a choice that one trial has.
    """

    value: float
    standard_error: float
    by_chance: float
    n_trials: int
    means: dict[Any, float] = field(default_factory=dict)
    mean_errors: dict[Any, float] = field(default_factory=dict)


@np.errstate(all="ignore")  # whatever the user's program asks of NumPy
def get_sensitivities(
    study: StudyLike,
    *,
    params: list[str] | None = None,
    target: Target | None = None,
    normalize: bool = False,
) -> dict[str, Sensitivity] | dict[str, float]:
    """Tell how the target goes with each parameter by itself, whatever the units, by ranks.

    Needs no model and no extra. A parameter that only some trials have is judged by these. An effect that rises and
    falls again may have no rank correlation: importances find it.

    Source: Spearman, "The proof and measurement of association between two things", 1904; the correlation ratio,
    Fisher, "Statistical methods for research workers", 1925, section 45, of ranks.

    Parameters
    ----------
    study
        A study. Its complete trials count, infinite targets too: they are the largest or least ranks.
    params
        Names of the parameters; None: all that any complete trial has.
    target
        Gives a number for a trial; None: the objective value, with several objectives the rank of the trial's front, 0
        for the best.
    normalize
        Give shares instead: the sizes of the values, scaled so that they sum to 1.

    Returns
    -------
    sensitivities
        By name, the largest size first; with `normalize` plain numbers.

    Raises
    ------
    TypeError
        If `params` is not a list of strings.
    ValueError
        If `params` names one that no complete trial has.

    Examples
    --------
    >>> parzen.importance.get_sensitivities(study)["lr"].value
    -0.71
    """
    evidence = Evidence.of(study, target, infinite=True)
    names = evidence.names(checked(params))
    targets = evidence.targets[:, 0]
    if len(evidence.signs) > 1:
        targets = dominance.ranks(evidence.losses).astype(np.float64)
    history = evidence.history
    with history.lock:
        dimensions = Dimensions.of({name: history.latest(name) for name in names})
        columns = dimensions.read(history, evidence.numbers).T
    found = {
        name: _sensitivity(column, targets, distribution)
        for name, column, distribution in zip(names, columns, dimensions.distributions, strict=True)
    }
    ordered = dict(sorted(found.items(), key=lambda item: -abs(item[1].value)))
    return shares({name: abs(each.value) for name, each in ordered.items()}) if normalize else ordered


def _sensitivity(column: FloatArray, targets: FloatArray, distribution: BaseDistribution) -> Sensitivity:
    """Judge a parameter by its internal values (n,), NaN where absent."""
    has = ~np.isnan(column)
    x, ranks, n = column[has], mean_ranks(targets[has]), int(has.sum())
    if isinstance(distribution, CategoricalDistribution):
        return _of_choices(x.astype(np.int64), ranks, distribution)
    value = _correlation(mean_ranks(x), ranks)
    return Sensitivity(value, _error(value, n, 2), _by_chance(n, 2), n)


def _of_choices(indices: Any, ranks: FloatArray, distribution: CategoricalDistribution) -> Sensitivity:
    """Judge a categorical parameter by its choices' indices (n,)."""
    n = len(indices)
    present, group, count = np.unique(indices, return_inverse=True, return_counts=True)
    mean = np.bincount(group, weights=ranks) / count
    variance = np.bincount(group, weights=(ranks - mean[group]) ** 2) / (count - 1)
    total = ((ranks - ranks.mean()) ** 2).sum() if n else 0.0
    value = float(np.sqrt((count * (mean - ranks.mean()) ** 2).sum() / total)) if total > 0 else 0.0
    choices = [distribution.choices[index] for index in present.tolist()]
    scale = max(n - 1, 1)
    means, errors = (mean / scale).tolist(), (np.sqrt(variance / count) / scale).tolist()
    groups = len(present)
    return Sensitivity(
        value,
        _error(value, n, groups),
        _by_chance(n, groups),
        n,
        dict(zip(choices, means, strict=True)),
        dict(zip(choices, errors, strict=True)),
    )


def mean_ranks(values: FloatArray) -> FloatArray:
    """Give ranks from 0 on, shape (n,); equal values share the mean of theirs."""
    _, group, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count + 1) / 2)[group])


def _correlation(a: FloatArray, b: FloatArray) -> float:
    if len(a) < 2:
        return 0.0
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / size, -1.0, 1.0)) if size > 0 else 0.0


def _error(value: float, n: int, groups: int) -> float:
    """Give the standard error of a correlation, or of a correlation ratio of groups, as in their tests by t and F."""
    return float(np.sqrt((1.0 - value**2) / (n - groups))) if n > groups else float("nan")


def _by_chance(n: int, groups: int) -> float:
    return float(np.sqrt((max(groups, 2) - 1) / (n - 1))) if n > 1 else float("nan")
