"""A convolutional network on scikit-learn's digits, in torch: on a GPU where there is one, else on the CPU.

The learning rate falls along a cosine to a share of itself, which is a parameter as well, so that the schedule matters.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Fidelity, Params, Space
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

N_TRAIN, N_VALID = 300, 600  # of 1797 images; the rest is the test part
N_EPOCHS = 27
WORST = 10.0  # a larger loss is not told apart

SPACE: Space = {
    "learning_rate": FloatDistribution(1e-4, 3.0, log=True),
    "final_share": FloatDistribution(1e-3, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 0.98),
    "weight_decay": FloatDistribution(1e-6, 0.3, log=True),
    "dropout": FloatDistribution(0.0, 0.8),
    "channels": IntDistribution(2, 32, log=True),
    "batch_size": IntDistribution(8, 128, log=True),
    "activation": CategoricalDistribution(["relu", "tanh", "gelu"]),
}


@functools.cache
def parts() -> list[tuple[Any, Any]]:
    """Give images (n, 1, 8, 8) and digits (n,) to train, to validate and to test on, on the device."""
    import torch
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    images = ((images - images.mean()) / images.std()).astype(np.float32)[order].reshape(-1, 1, 8, 8)
    ends, device = [0, N_TRAIN, N_TRAIN + N_VALID, len(labels)], "cuda" if torch.cuda.is_available() else "cpu"
    tensors = torch.from_numpy(images).to(device), torch.from_numpy(labels[order]).to(device)
    return [(tensors[0][a:b], tensors[1][a:b]) for a, b in pairwise(ends)]


class ConvNet:
    """Two convolutions and a linear layer in training.

    Parameters
    ----------
    settings
        Its hyperparameters, see `SPACE`.
    seed
        Decides its first weights, the order of the images and what is dropped.
    """

    def __init__(self, settings: Params, seed: int) -> None:
        import torch
        from torch import nn

        torch.manual_seed(seed)
        self._order = torch.Generator().manual_seed(seed)
        self._batch_size, n = settings["batch_size"], settings["channels"]
        kinds: dict[str, Any] = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}
        activation = kinds[settings["activation"]]
        self._network = nn.Sequential(
            nn.Conv2d(1, n, 3, padding=1), activation(), nn.MaxPool2d(2),
            nn.Conv2d(n, 2 * n, 3, padding=1), activation(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
            nn.Dropout(settings["dropout"]), nn.Linear(8 * n, 10),
        ).to(parts()[0][0].device)  # fmt: skip
        rate = settings["learning_rate"]
        self._optimizer = torch.optim.SGD(
            self._network.parameters(), rate, momentum=settings["momentum"], weight_decay=settings["weight_decay"]
        )
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self._optimizer, N_EPOCHS, eta_min=rate * settings["final_share"]
        )

    def train(self) -> float:
        """Train for one epoch; give the loss on the part to validate."""
        import torch
        from torch.nn.functional import cross_entropy

        images, labels = parts()[0]
        self._network.train()
        for rows in torch.split(torch.randperm(len(labels), generator=self._order).to(labels.device), self._batch_size):
            self._optimizer.zero_grad()
            loss: Any = cross_entropy(self._network(images[rows]), labels[rows])
            loss.backward()
            self._optimizer.step()
        self._schedule.step()
        return self._loss(1)

    def test(self) -> float:
        """Give the loss on the part to test."""
        return self._loss(2)

    def _loss(self, part: int) -> float:
        import torch
        from torch.nn.functional import cross_entropy

        self._network.eval()
        with torch.no_grad():
            loss = float(cross_entropy(self._network(parts()[part][0]), parts()[part][1]))
        return min(loss, WORST) if np.isfinite(loss) else WORST


def trained(params: Params, seed: int) -> float:
    """Give the loss after all epochs."""
    network = ConvNet(params, seed)
    return [network.train() for _ in range(N_EPOCHS)][-1]


CONVNET = {
    "space": SPACE,
    "function": trained,
    "fidelity": Fidelity(N_EPOCHS, 3, ConvNet),
    "budget": 20 * N_EPOCHS,
}
FAMILIES = [fixed("digits-convnet", lambda: CONVNET, "device", len(SPACE), "torch")]
