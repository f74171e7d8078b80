"""Categorical parameters: a probability for each choice, which follows the natural gradient.

This is the categorical part of CatCMA (Hamano, Saito, Nomura, Uchida and Shirakawa, GECCO 2024, arXiv:2405.09962; with
margins for integers, too, arXiv:2504.07884). The step is normalized, and its length adapted by the signal-to-noise
ratio of the steps, as in adaptive stochastic natural gradient (Akimoto et al., ICML 2019).
"""

from __future__ import annotations

import math

import numpy as np

from ...engine.arrays import FloatArray, IntArray

_ALPHA = 1.5  # how far the signal must stand out of the noise: Akimoto et al.
_ALIVE = 0.73  # the least probability that all parameters take their likeliest choices: CatCMA


class Choices:
    """Independent categorical distributions of D parameters.

    Parameters
    ----------
    n_choices
        Number of choices of each, shape (D,), at least 2.

    Attributes
    ----------
    probabilities : ndarray
        Shape (D, K) for K the largest number of choices; 0 beyond a parameter's own.
    least : ndarray
        The margin, shape (D,): no choice becomes less likely than that.
    """

    def __init__(self, n_choices: IntArray) -> None:
        self.n_choices = n_choices
        d, widest = len(n_choices), int(n_choices.max(initial=0))
        self._is_choice = np.arange(widest) < n_choices[:, None]
        self.probabilities: FloatArray = self._is_choice / n_choices[:, None]
        self.least = (1 - _ALIVE ** (1 / max(d, 1))) / (n_choices - 1)
        self._path = np.zeros((d, widest))
        self._gamma = 0.0
        self._step = 1.0  # delta, the length of a step
        self._n_free = int((n_choices - 1).sum())

    def draw(self, u: FloatArray) -> IntArray:
        """Turn uniform numbers (k, D) into indices of choices (k, D)."""
        ends = np.cumsum(self.probabilities, axis=1)
        found = (u[:, :, None] * ends[:, -1:] >= ends).sum(axis=2)
        return np.asarray(np.minimum(found, self.n_choices - 1))

    def tell(self, chosen: IntArray, weights: FloatArray) -> None:
        """Learn from a population.

        Parameters
        ----------
        chosen
            Indices of choices, best first, shape (k, D).
        weights
            By rank, shape (k,), not negative, adding up to 1.
        """
        mean = np.einsum("k,kdc->dc", weights, chosen[:, :, None] == np.arange(self._is_choice.shape[1]))
        gradient = np.where(self._is_choice, mean - self.probabilities, 0.0)
        root = np.sqrt(np.where(self._is_choice, self.probabilities, 1.0))
        length = math.sqrt(float(((gradient / root) ** 2).sum()))  # by the Fisher metric
        if length <= 1e-12:
            return
        rate = min(self._step / length, 1.0)
        beta = min(self._step / math.sqrt(self._n_free), 1.0)
        self._path = (1 - beta) * self._path + math.sqrt(beta * (2 - beta)) * gradient / root / length
        self._gamma = (1 - beta) ** 2 * self._gamma + beta * (2 - beta)
        signal = float((self._path**2).sum())
        self._step = min(self._step * math.exp(beta * (signal / _ALPHA - self._gamma)), math.sqrt(self._n_free))
        self._keep_alive(self.probabilities + rate * gradient)

    def _keep_alive(self, probabilities: FloatArray) -> None:
        """Raise to the margin what fell below, at the cost of the others."""
        least = np.where(self._is_choice, self.least[:, None], 0.0)
        raised = np.maximum(probabilities, least)
        above = raised - least
        excess = 1 - raised.sum(axis=1, keepdims=True)
        self.probabilities = raised + excess * above / np.maximum(above.sum(axis=1, keepdims=True), 1e-300)
