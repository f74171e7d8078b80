"""Real training an epoch at a time: a small network on scikit-learn's digits, of which few settings make a good one.

The network has one hidden layer and is trained by stochastic gradient descent with momentum; which minibatches it sees
and which units are dropped follow from its seed, so the same settings and seed give the same losses. It can stop after
any epoch and go on later.

The space was chosen by 300 random settings, before any contender was compared on it: half of them hardly learn, and few
come near the best; their order after one epoch says something of that after 81 (rank correlation 0.5), after 27 most
(0.95); the noise of training is mostly smaller than what separates the best from the good, though some good settings
diverge with single seeds; an epoch takes two milliseconds. The loss is the cross-entropy, for shares of wrong answers
are often equal. Nothing was tuned on the seeds below 1000.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Array, Fidelity, Params, Space
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

N_TRAIN, N_VALID = 300, 900  # of 1797 images; the rest is the test part
N_CLASSES = 10
N_EPOCHS = 81
WORST = 10.0  # a larger loss is not told apart

# name: (function, its slope given what it returned)
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "relu": (lambda z: np.maximum(z, 0.0), lambda y: y > 0.0),
    "tanh": (np.tanh, lambda y: 1.0 - y * y),
    "logistic": (lambda z: 0.5 + 0.5 * np.tanh(0.5 * z), lambda y: y * (1.0 - y)),
}


SPACE: Space = {
    "learning_rate": FloatDistribution(1e-5, 10.0, log=True),
    "decay": FloatDistribution(1e-4, 10.0, log=True),
    "momentum": FloatDistribution(0.0, 0.99),
    "weight_decay": FloatDistribution(1e-7, 1.0, log=True),
    "batch_size": IntDistribution(8, 256, log=True),
    "n_hidden": IntDistribution(4, 256, log=True),
    "init_scale": FloatDistribution(1e-3, 10.0, log=True),
    "dropout": FloatDistribution(0.0, 0.9),
    "noise": FloatDistribution(1e-2, 10.0, log=True),
    "activation": CategoricalDistribution(list(ACTIVATIONS)),
}


class Part(NamedTuple):
    """Images (n, 64) of mean 0 and variance 1, float32, and their digits (n,)."""

    images: Array
    labels: Array


@functools.cache
def digits() -> tuple[Part, Part, Part]:
    """Give the parts to train, to validate and to test on."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = ((images - images.mean()) / images.std()).astype(np.float32)[order], labels[order]
    ends = [0, N_TRAIN, N_TRAIN + N_VALID, len(labels)]
    train, valid, test = (Part(images[a:b], labels[a:b]) for a, b in pairwise(ends))
    return train, valid, test


class Network:
    """A network in training.

    Parameters
    ----------
    settings
        Its hyperparameters, see `SPACE`.
    seed
        Decides its first weights, the order of the images and the units that are dropped.

    Attributes
    ----------
    epoch : int
        Number of epochs trained.
    """

    def __init__(self, settings: Params, seed: int) -> None:
        self._settings = settings
        self._rng = np.random.default_rng(seed)
        self._function, self._slope = ACTIVATIONS[settings["activation"]]
        sizes = [(digits()[0].images.shape[1], settings["n_hidden"]), (settings["n_hidden"], N_CLASSES)]
        self._weights = [self._initial(*size) for size in sizes]
        self._biases = [np.zeros(size, np.float32) for _, size in sizes]
        self._velocities = [np.zeros_like(p) for p in (*self._weights, *self._biases)]
        self.epoch = 0

    def _initial(self, fan_in: int, fan_out: int) -> Array:
        """Draw weights of the standard deviation init_scale / sqrt(fan_in)."""
        scale = np.float32(self._settings["init_scale"] / np.sqrt(fan_in))
        return np.asarray(scale * self._rng.standard_normal((fan_in, fan_out), np.float32))

    def train(self) -> float:
        """Train for one epoch; give the loss on the part to validate."""
        images, labels = digits()[0]
        order = self._rng.permutation(len(labels))
        with np.errstate(all="ignore"):  # what diverges becomes NaN
            for start in range(0, len(order), self._settings["batch_size"]):
                rows = order[start : start + self._settings["batch_size"]]
                self._step(images[rows] + self._noise(len(rows)), labels[rows])
        self.epoch += 1
        return self.loss(digits()[1])

    def test(self) -> float:
        """Give the loss on the part to test."""
        return self.loss(digits()[2])

    def _step(self, images: Array, labels: Array) -> None:
        settings = self._settings
        parameters = *self._weights, *self._biases
        rate = np.float32(settings["learning_rate"] / (1.0 + settings["decay"] * self.epoch))
        for parameter, velocity, slope in zip(parameters, self._velocities, self._slopes(images, labels), strict=True):
            velocity *= np.float32(settings["momentum"])
            velocity -= rate * slope
            parameter += velocity

    def _slopes(self, images: Array, labels: Array) -> list[Array]:
        """Give the slopes of the loss, in the order of the parameters."""
        (first, second), decay = self._weights, np.float32(self._settings["weight_decay"])
        hidden = self._function(images @ first + self._biases[0])  # (n, n_hidden)
        kept = self._kept(hidden.shape)
        seen = hidden * kept
        delta = _softmax(seen @ second + self._biases[1])  # (n, 10)
        delta[np.arange(len(labels)), labels] -= 1.0
        delta /= np.float32(len(labels))
        inner = (delta @ second.T) * kept * self._slope(hidden)  # (n, n_hidden)
        return [images.T @ inner + decay * first, seen.T @ delta + decay * second, inner.sum(0), delta.sum(0)]

    def _kept(self, shape: tuple[int, ...]) -> Array:
        """Give 0 for a unit that is dropped, 1 / (1 - dropout) for others."""
        share = np.float32(1.0 - self._settings["dropout"])
        return np.asarray((self._rng.random(shape, np.float32) < share) / share)

    def _noise(self, n: int) -> Array:
        """Draw what is added to the pixels of n images."""
        n_pixels = digits()[0].images.shape[1]
        return np.asarray(np.float32(self._settings["noise"]) * self._rng.standard_normal((n, n_pixels), np.float32))

    def loss(self, part: Part) -> float:
        """Give the cross-entropy per image: log(10) is that of guessing, `WORST` that of a network that diverged."""
        with np.errstate(all="ignore"):
            hidden = self._function(part.images @ self._weights[0] + self._biases[0])
            logits = hidden @ self._weights[1] + self._biases[1]
            logits -= logits.max(axis=1, keepdims=True)
            losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), part.labels]
        return min(float(losses.mean()), WORST) if np.isfinite(losses).all() else WORST


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def trained(params: Params, seed: int) -> float:
    """Give the loss after all epochs."""
    network = Network(params, seed)
    return [network.train() for _ in range(N_EPOCHS)][-1]


NETWORK = {
    "space": SPACE,
    "function": trained,
    "fidelity": Fidelity(N_EPOCHS, 3, Network),
    "budget": 20 * N_EPOCHS,
}
FAMILIES = [fixed("digits-network", lambda: NETWORK, "multi-fidelity", len(SPACE), "scikit-learn")]
