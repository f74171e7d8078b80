"""The Parzen estimator: observations and their weights in, a `Mixture` out.

A kernel of its own around each observation, of a bandwidth by some rule, and one wide prior component; see `rules`.
With `rules.neighbour_distance`, `rules.magic_clip` and ``choice_smoothing=None`` it is the estimator of Optuna 5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...engine.arrays import FloatArray
from ...engine.kernels.categorical import ChoiceTables
from ...engine.kernels.mixture import Mixture, Observed
from .model import Tier
from .model_space import ModelSpace
from .settings import Settings


class Estimator(NamedTuple):
    """How the densities of one trial are fitted.

    Attributes
    ----------
    settings
        The rules.
    space
        The d parameters.
    tier
        Whose kernels to use.
    bold
        Sharpen choices as observations add up; otherwise keep them smooth.
    """

    settings: Settings
    space: ModelSpace
    tier: Tier
    bold: bool

    def fit(self, observed: Observed, weights: FloatArray, smallest: FloatArray | None = None) -> Mixture:
        """Fit the mixture of k observations, in their order, and of the prior.

        Parameters
        ----------
        observed
            The observations. Without any the prior is there whatever the settings say.
        weights
            (k,) weights >= 0 beside the prior's, not normalised.
        smallest
            (d,) smallest bandwidths; None: those of k observations.
        """
        n, settings = len(weights), self.settings
        prior_weight = settings.prior_weight if settings.consider_prior or n == 0 else None
        smallest = self.smallest(n) if smallest is None else smallest
        mixture: Mixture = self.tier.mixture.fit(
            observed, log_weights(weights, prior_weight), smallest, self.choices(n), self.space.axes
        )
        return mixture

    def smallest(self, n: int) -> FloatArray:
        """Give the smallest bandwidths (d,) among n observations."""
        return self.settings.clip(self.space.width, n + self.settings.consider_prior)

    def choices(self, n: int) -> ChoiceTables:
        """Give the kernels of the categorical parameters among n observations."""
        return self.space.choice_tables(self.smoothing(n))

    def smoothing(self, n: int) -> float:
        """Give what a categorical kernel gives to every choice among n observations, where its own gets 1 more."""
        smoothing = self.settings.choice_smoothing
        return self.settings.prior_weight / (n + 1) if smoothing is None or self.bold else smoothing


def log_weights(weights: FloatArray, prior_weight: float | None) -> FloatArray:
    """Return log mixture weights: the observations' and then the prior's (None: no prior), normalised to sum to one.

    With no positive weight at all the components weigh alike.
    """
    raw = np.empty(len(weights) + (prior_weight is not None))
    raw[: len(weights)] = weights
    if prior_weight is not None:
        raw[-1] = prior_weight
    total = raw.sum()
    if not total > 0.0:
        raw, total = np.ones_like(raw), float(raw.size)
    raw /= total
    with np.errstate(divide="ignore"):
        return np.log(raw, out=raw)
