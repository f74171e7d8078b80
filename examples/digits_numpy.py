"""A small neural network in plain NumPy: forward, backward, SGD with momentum, Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from parzen.examples.digits_data import N_CLASSES, N_PIXELS, Images, Labels
from parzen.examples.digits_space import Settings

Array = npt.NDArray[Any]  # float32, or float64 where a test wants the digits


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), which tanh computes without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


def silu_slope(z: Array) -> Array:
    """Return the derivative of z sigmoid(z)."""
    gate = sigmoid(z)
    return gate * (1.0 + z * (1.0 - gate))


# name: (the function, its derivative), both of the weighted input z
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "relu": (lambda z: np.maximum(z, 0.0), lambda z: z > 0.0),
    "tanh": (np.tanh, lambda z: 1.0 - np.tanh(z) ** 2),
    "silu": (lambda z: z * sigmoid(z), silu_slope),
}


def initial_parameters(widths: Sequence[int], rng: np.random.Generator) -> list[Array]:
    """
    Draw weights of variance 2 / fan-in (He et al. 2015, eq. 10) and zero biases.

    Returns
    -------
    list of arrays
        Weights (fan_in, fan_out) and bias (fan_out,) of each layer in turn, float32.
    """
    sizes = [N_PIXELS, *widths, N_CLASSES]
    parameters = []
    for fan_in, fan_out in pairwise(sizes):
        weights = rng.standard_normal((fan_in, fan_out)) * np.sqrt(2.0 / fan_in)
        parameters += [weights.astype(np.float32), np.zeros(fan_out, np.float32)]
    return parameters


def minibatches(n_rows: int, batch_size: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """Yield row numbers that visit every row once, in random order."""
    order = rng.permutation(n_rows)
    for start in range(0, n_rows, batch_size):
        yield order[start : start + batch_size]


class NumpyNetwork:
    """
    A multilayer perceptron with softmax output and cross-entropy loss.

    Parameters
    ----------
    settings : Settings
        Architecture, optimizer and regularisation.
    seed : int
        Decides the initial weights, the order of the minibatches and the dropout: same seed, same network.
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        self.settings = settings
        self.rng = np.random.default_rng(seed)
        self.parameters = initial_parameters(settings.widths, self.rng)
        self.optimizer = OPTIMIZERS[settings.optimizer](self.parameters, settings)

    def activation(self, z: Array) -> Array:
        """Apply the activation to the weighted input z."""
        return ACTIVATIONS[self.settings.activation][0](z)

    def slope(self, z: Array) -> Array:
        """Give the derivative of the activation at z."""
        return ACTIVATIONS[self.settings.activation][1](z)

    def train_epoch(self, images: Images, labels: Labels) -> float:
        """Take one optimizer step per minibatch; return the mean loss, NaN or inf when training has diverged."""
        total = 0.0
        with np.errstate(all="ignore"):  # a bad learning rate overflows; the returned loss says so
            for rows in minibatches(len(labels), self.settings.batch_size, self.rng):
                loss, gradients = self.gradients(images[rows], labels[rows])
                self.optimizer.step(gradients)
                total += loss * len(rows)
        return total / len(labels)

    def accuracy(self, images: Images, labels: Labels) -> float:
        """Return the share of images whose most probable class is the right one."""
        with np.errstate(all="ignore"):
            logits, _ = self.forward(images, dropout=0.0)
        return float(np.mean(logits.argmax(axis=1) == labels))

    def forward(self, images: Array, dropout: float) -> tuple[Array, list[tuple[Array, Array, Array]]]:
        """
        Compute the logits (n, 10).

        Returns
        -------
        logits : array (n, 10)
        tape : list of (input, weighted input, dropout mask)
            One triple a layer: what :meth:`gradients` needs to go back.
        """
        tape = []
        signal = images
        for weights, bias in self.layers()[:-1]:
            z = signal @ weights + bias  # (n, width)
            mask = self.dropout_mask(z, dropout)
            tape.append((signal, z, mask))
            signal = self.activation(z) * mask
        weights, bias = self.layers()[-1]
        logits = signal @ weights + bias
        tape.append((signal, logits, np.ones(1, logits.dtype)))
        return logits, tape

    def gradients(self, images: Array, labels: Labels) -> tuple[float, list[Array]]:
        """Return the mean cross-entropy and its gradient, one array for each of ``self.parameters``."""
        logits, tape = self.forward(images, self.settings.dropout)
        loss, delta = cross_entropy(logits, labels)
        gradients: list[Array] = []
        for (signal, z, mask), (weights, _) in zip(reversed(tape), reversed(self.layers()), strict=True):
            if gradients:  # a hidden layer: delta arrives as the slope in its output, and goes on in its weighted input
                delta = delta * mask * self.slope(z)
            gradients = [signal.T @ delta, delta.sum(axis=0), *gradients]
            delta = delta @ weights.T
        return loss, gradients

    def layers(self) -> list[tuple[Array, Array]]:
        """Return (weights, bias) of each layer."""
        return list(zip(self.parameters[::2], self.parameters[1::2], strict=True))

    def dropout_mask(self, z: Array, dropout: float) -> Array:
        """Return 0 with probability ``dropout``, else 1 / (1 - dropout): the mean stays (Srivastava et al. 2014)."""
        if dropout == 0.0:
            return np.ones(1, z.dtype)
        kept = (self.rng.random(z.shape) >= dropout).astype(z.dtype)
        kept /= 1.0 - dropout
        return kept


def cross_entropy(logits: Array, labels: Labels) -> tuple[float, Array]:
    """Return the mean of -log softmax(logits)[label] and its gradient in the logits (n, 10)."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(log_probabilities)
    gradient[rows, labels] -= 1.0
    return -float(log_probabilities[rows, labels].mean()), gradient / gradient.dtype.type(len(labels))


class SGD:
    """Stochastic gradient descent with classical or Nesterov momentum (Sutskever et al. 2013, section 2)."""

    def __init__(self, parameters: list[Array], settings: Settings) -> None:
        self.parameters = parameters
        self.settings = settings
        self.velocities = [np.zeros_like(parameter) for parameter in parameters]

    def step(self, gradients: list[Array]) -> None:
        """Move the parameters in place."""
        momentum, rate = self.settings.momentum, self.settings.learning_rate
        for parameter, velocity, gradient in zip(self.parameters, self.velocities, gradients, strict=True):
            velocity *= momentum
            velocity += gradient
            parameter -= rate * (gradient + momentum * velocity if self.settings.nesterov else velocity)


class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2)."""

    beta2 = 0.999
    epsilon = 1e-8

    def __init__(self, parameters: list[Array], settings: Settings) -> None:
        self.parameters = parameters
        self.settings = settings
        self.first_moments = [np.zeros_like(parameter) for parameter in parameters]
        self.second_moments = [np.zeros_like(parameter) for parameter in parameters]
        self.n_steps = 0

    def step(self, gradients: list[Array]) -> None:
        """Move the parameters in place."""
        self.n_steps += 1
        beta1, beta2, rate = self.settings.beta1, self.beta2, self.settings.learning_rate
        rate_now = rate * np.sqrt(1.0 - beta2**self.n_steps) / (1.0 - beta1**self.n_steps)
        epsilon_now = self.epsilon * np.sqrt(1.0 - beta2**self.n_steps)
        moments = zip(self.parameters, self.first_moments, self.second_moments, gradients, strict=True)
        for parameter, first, second, gradient in moments:
            first += (1.0 - beta1) * (gradient - first)
            second += (1.0 - beta2) * (gradient * gradient - second)
            parameter *= 1.0 - rate * self.settings.weight_decay
            parameter -= float(rate_now) * first / (np.sqrt(second) + float(epsilon_now))


OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}
