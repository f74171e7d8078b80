"""Two trainings on scikit-learn's digits for which the learning rate's schedule matters; in NumPy, some ms an epoch."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from parzen.distributions import BaseDistribution, FloatDistribution

Array = npt.NDArray[Any]
BATCH = 32
N_TRAIN = 512
WORST = 1e3  # a loss that is counted instead of one that is worse, or infinite


@lru_cache(maxsize=1)
def digits() -> tuple[Array, npt.NDArray[np.int64]]:
    """Give the images (1797, 64), in [0, 1], and the labels, in an order of their own."""
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    return (data.data[order] / 16.0).astype(np.float32), data.target[order]


class Network:
    """Dense layers with tanh between them, trained by SGD with momentum.

    Parameters
    ----------
    sizes
        Widths of the layers, of input and output as well.
    seed
        Of the first weights, and of the order of the batches.
    """

    def __init__(self, sizes: tuple[int, ...], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        pairs = list(pairwise(sizes))
        self.weights = [(self.rng.standard_normal(p) * np.sqrt(1.0 / p[0])).astype(np.float32) for p in pairs]
        self.biases = [np.zeros(p[1], np.float32) for p in pairs]
        self.speed = [np.zeros_like(w) for w in (*self.weights, *self.biases)]

    def forward(self, x: Array) -> list[Array]:
        """Give the activations of all layers, the last one linear."""
        layers = [x]
        for i, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = layers[-1] @ w + b
            layers.append(z if i == len(self.weights) - 1 else np.tanh(z))
        return layers

    def descend(self, layers: list[Array], slope: Array, lr: float, momentum: float) -> None:
        """Make one step of SGD, given the loss's derivative by the last layer (n, k)."""
        slopes: list[Array] = []
        biases: list[Array] = []
        for i in reversed(range(len(self.weights))):
            slopes.append(layers[i].T @ slope)
            biases.append(slope.sum(axis=0))
            if i:
                slope = (slope @ self.weights[i].T) * (1.0 - layers[i] ** 2)
        parts = [*self.weights, *self.biases]
        for part, speed, change in zip(parts, self.speed, slopes[::-1] + biases[::-1], strict=True):
            speed *= np.float32(momentum)
            speed -= np.float32(lr) * change
            part += speed

    def copy(self) -> Network:
        """Give a copy, as a checkpoint."""
        return copy.deepcopy(self)


class Training:
    """Something to train on digits with noise that is drawn anew for each batch; a subclass says what.

    Attributes
    ----------
    sizes
        Widths of the network's layers.
    space
        What can be changed at any epoch.
    """

    sizes: tuple[int, ...]
    space: Mapping[str, BaseDistribution] = {
        "lr": FloatDistribution(1e-3, 1.0, log=True),
        "momentum": FloatDistribution(0.0, 0.98),
    }

    def __init__(self) -> None:
        images, labels = digits()
        self.clean = np.split(images, (N_TRAIN, 2 * N_TRAIN))
        self.labels = np.split(labels, (N_TRAIN, 2 * N_TRAIN))
        rng = np.random.default_rng(1)
        self.noisy = [x + noise(x.shape, rng) for x in self.clean]  # of the training images not used

    def network(self, seed: int) -> Network:
        """Give a new network."""
        return Network(self.sizes, seed)

    @np.errstate(all="ignore")
    def epoch(self, network: Network, params: Mapping[str, float]) -> float:
        """Train an epoch, and give the validation loss."""
        order = network.rng.permutation(N_TRAIN)
        x = self.clean[0][order] + noise((N_TRAIN, 64), network.rng)
        for start in range(0, N_TRAIN, BATCH):
            rows = order[start : start + BATCH]
            layers = network.forward(x[start : start + BATCH])
            network.descend(layers, self.slope(layers[-1], rows), params["lr"], params["momentum"])
        return self.loss(network, 1)

    @np.errstate(all="ignore")
    def loss(self, network: Network, part: int) -> float:
        """Give the mean loss, at most `WORST`: of the validation images, part 1, or those that no contender sees, 2."""
        loss = self.mean_loss(network.forward(self.noisy[part])[-1], part)
        return loss if loss < WORST else WORST

    def slope(self, output: Array, rows: Array) -> Array:
        """Give the derivative of a batch's mean loss by the output."""
        raise NotImplementedError

    def mean_loss(self, output: Array, part: int) -> float:
        """Give the mean loss of a part of the images."""
        raise NotImplementedError


class NoisyDigits(Training):
    """A classifier; cross-entropy."""

    sizes = (64, 48, 10)

    def slope(self, output: Array, rows: Array) -> Array:
        p = np.exp(output - output.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        p[np.arange(len(rows)), self.labels[0][rows]] -= 1.0
        found: Array = p / np.float32(len(rows))
        return found

    def mean_loss(self, output: Array, part: int) -> float:
        y, shifted = self.labels[part], output - output.max(axis=1, keepdims=True)
        return float((np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]).mean())


class Denoising(Training):
    """An autoencoder that takes the noise away, through 12 numbers; the squared error of the 64 pixels."""

    sizes = (64, 32, 12, 32, 64)

    def slope(self, output: Array, rows: Array) -> Array:
        found: Array = (output - self.clean[0][rows]) / np.float32(4 * len(rows))
        return found

    def mean_loss(self, output: Array, part: int) -> float:
        return float(((output - self.clean[part]) ** 2).sum(axis=1).mean())


TRAININGS: dict[str, type[Training]] = {"noisy-digits": NoisyDigits, "denoising": Denoising}


def noise(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Draw noise for images."""
    found: Array = np.float32(0.4) * rng.standard_normal(shape, dtype=np.float32)
    return found
