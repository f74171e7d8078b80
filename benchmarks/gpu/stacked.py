"""n networks trained at once: their weights stacked, each with its own settings, and those that go badly left out.

One small network leaves a device idle. Stacked, n of them cost one batched product a layer; `torch.func` makes the
slopes of all from the loss of one. A network that is stopped leaves the stack, so that the others go on faster.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy

from parzen.distributions import FloatDistribution, IntDistribution

MAX_WIDTH = 64
BATCH_SIZE = 50
N_TRAIN, N_VALID = 300, 600  # of 1797 images; the rest is the test part
N_CLASSES = 10
WORST = 10.0  # a larger loss is not told apart

SPACE: dict[str, FloatDistribution | IntDistribution] = {
    "learning_rate": FloatDistribution(1e-4, 10.0, log=True),
    "weight_decay": FloatDistribution(1e-6, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 0.99),
    "dropout": FloatDistribution(0.0, 0.8),
    "width": IntDistribution(2, MAX_WIDTH, log=True),
}

Settings = dict[str, Tensor]  # by parameter, a column (n,)
Weights = dict[str, Tensor]  # by name, stacked: (n, ...)


class Part(NamedTuple):
    """Images (m, 64) of mean 0 and variance 1, and their digits (m,)."""

    images: Tensor
    labels: Tensor


@functools.cache
def digits(device: torch.device) -> tuple[Part, Part, Part]:
    """Give the parts of scikit-learn's digits to train, to validate and to test on."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = ((images - images.mean()) / images.std()).astype(np.float32)[order], labels[order]
    ends = [0, N_TRAIN, N_TRAIN + N_VALID, len(labels)]
    parts = [(torch.from_numpy(images[a:b]), torch.from_numpy(labels[a:b])) for a, b in pairwise(ends)]
    train, valid, test = (Part(x.to(device), y.to(device)) for x, y in parts)
    return train, valid, test


class Stack:
    """Networks of one hidden layer in training, side by side.

    Parameters
    ----------
    settings
        Columns (n,) of the parameters of `SPACE`, on the device.
    seed
        Decides the first weights, the order of the images and the units that are dropped.

    Attributes
    ----------
    places : Tensor
        Which of the n networks are still in the stack, shape (k,).
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        self._rates = {name: settings[name].float() for name in ("learning_rate", "weight_decay", "momentum")}
        self._device = settings["learning_rate"].device
        n, n_pixels = len(settings["learning_rate"]), digits(self._device)[0].images.shape[1]
        self.places = torch.arange(n, device=self._device)
        self._order = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        # A narrower network is a wide one whose last units are switched off.
        units = torch.arange(MAX_WIDTH, device=self._device) < settings["width"][:, None]
        self._shape = {"units": units.float(), "dropout": settings["dropout"].float()}
        first = self._normal(n, n_pixels, MAX_WIDTH) * (2.0 / n_pixels) ** 0.5
        second = self._normal(n, MAX_WIDTH, N_CLASSES) * (2.0 / settings["width"][:, None, None]) ** 0.5
        biases = (torch.zeros(n, m, device=self._device) for m in (MAX_WIDTH, N_CLASSES))
        self._weights: Weights = dict(zip(("first", "second", "inner", "outer"), (first, second, *biases), strict=True))
        self._velocities = {name: torch.zeros_like(weight) for name, weight in self._weights.items()}

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._order).to(self._device)

    def train(self) -> Tensor:
        """Train for one epoch; give the losses on the part to validate, shape (k,)."""
        images, labels = digits(self._device)[0]
        order = torch.randperm(len(labels), generator=self._order).to(self._device)
        for rows in torch.split(order, BATCH_SIZE):
            self._step(images[rows], labels[rows])
        return self.losses(digits(self._device)[1])

    def _step(self, images: Tensor, labels: Tensor) -> None:
        """Take a step of stochastic gradient descent with momentum, decoupled from the decay of the weights."""
        for name, slope in _slopes(self._weights, self._shape, images, labels).items():
            rate, decay, momentum = (rate.reshape(-1, *[1] * (slope.dim() - 1)) for rate in self._rates.values())
            self._velocities[name].mul_(momentum).add_(slope)
            self._weights[name].mul_(1.0 - (rate * decay).clamp(max=1.0)).sub_(rate * self._velocities[name])

    def losses(self, part: Part) -> Tensor:
        """Give the cross-entropy of each network; of one that diverged, `WORST`."""
        with torch.no_grad():
            found = _losses(self._weights, {**self._shape, "dropout": torch.zeros_like(self._shape["dropout"])}, *part)
        return torch.nan_to_num(found, nan=WORST).clamp(max=WORST)

    def keep(self, going: Tensor) -> None:
        """Leave out the networks that are to stop, `going` (k,) being False for them."""
        self.places = self.places[going]
        for stacked in (self._rates, self._shape, self._weights, self._velocities):
            for name in stacked:
                stacked[name] = stacked[name][going]


def _loss(weights: Weights, shape: Settings, images: Tensor, labels: Tensor) -> Tensor:
    """Give the loss of one network, of which `shape` says which units it has, and what share of them is dropped."""
    hidden = torch.relu(images @ weights["first"] + weights["inner"]) * shape["units"]
    share = 1.0 - shape["dropout"]
    hidden = hidden * (torch.rand_like(hidden) < share) / share
    return cross_entropy(hidden @ weights["second"] + weights["outer"], labels)


_losses: Callable[[Weights, Settings, Tensor, Tensor], Tensor] = vmap(_loss, (0, 0, None, None), randomness="different")
_slopes: Callable[[Weights, Settings, Tensor, Tensor], Weights] = vmap(
    grad(_loss), (0, 0, None, None), randomness="different"
)


def columns(points: Mapping[str, np.ndarray], device: torch.device) -> Settings:
    """Put columns (n,) of parameters on a device."""
    return {name: torch.as_tensor(np.asarray(column), device=device) for name, column in points.items()}
