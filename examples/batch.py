"""
Ask for many points at once and train all the networks together, on a GPU when there is one.

One small network leaves a GPU idle. Here the weights of n networks are stacked to arrays (n, fan_in, fan_out), and one
batched matrix product serves all of them, each with its own learning rate, momentum, width and activation. Run it with
``python -m parzen.examples.batch`` (needs ``pip install "parzen[demo,torch]"``).
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.examples.digits_data import N_CLASSES, N_PIXELS, Digits, Part, load_digits

MAX_WIDTH = 64
BATCH_SIZE = 50
SPACE = {
    "learning_rate": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 0.99),
    "width": IntDistribution(4, MAX_WIDTH, log=True),
    "activation": CategoricalDistribution(["relu", "tanh"]),
}


class StackedNetworks:
    """
    n networks with one hidden layer each, trained side by side by SGD with momentum.

    Parameters
    ----------
    parameters : dict of tensors of shape (n,)
        As ``Batch.to_torch`` gives them; "activation" is an index into ["relu", "tanh"].
    """

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        column = {name: values.reshape(-1, 1, 1) for name, values in parameters.items()}  # (n, 1, 1)
        self.learning_rate, self.momentum = column["learning_rate"], column["momentum"]
        self.is_tanh = column["activation"] == 1
        n, device = len(self.learning_rate), self.learning_rate.device
        # a narrower network is a wide one whose last units are switched off
        self.units = torch.arange(MAX_WIDTH, device=device) < column["width"]  # (n, 1, MAX_WIDTH)
        self.weights = [
            random_weights(n, N_PIXELS, MAX_WIDTH, device) * (2.0 / N_PIXELS) ** 0.5,
            torch.zeros(n, 1, MAX_WIDTH, device=device),
            random_weights(n, MAX_WIDTH, N_CLASSES, device) * (2.0 / column["width"]) ** 0.5,
            torch.zeros(n, 1, N_CLASSES, device=device),
        ]
        self.velocities = [torch.zeros_like(weights) for weights in self.weights]

    def logits(self, images: Tensor) -> Tensor:
        """Map images (rows, 64), the same for all networks, to logits (n, rows, 10)."""
        weights, bias, output_weights, output_bias = self.weights
        z = images @ weights + bias  # (n, rows, MAX_WIDTH)
        hidden = torch.where(self.is_tanh, z.tanh(), z.relu()) * self.units
        return torch.baddbmm(output_bias, hidden, output_weights)

    def step(self, images: Tensor, labels: Tensor) -> None:
        """Take one SGD step in every network; the sum of the losses gives each network its own gradient."""
        for weights in self.weights:
            weights.requires_grad_()
        logits = self.logits(images)
        losses = cross_entropy(logits.transpose(1, 2), labels.expand(len(logits), -1), reduction="none").mean(1)  # (n,)
        gradients = torch.autograd.grad(losses.sum(), self.weights)
        with torch.no_grad():
            for weights, velocity, gradient in zip(self.weights, self.velocities, gradients, strict=True):
                velocity.mul_(self.momentum).add_(gradient)
                weights.sub_(self.learning_rate * velocity)

    def accuracy(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the share of images that each network classifies rightly, (n,)."""
        with torch.no_grad():
            return (self.logits(images).argmax(dim=2) == labels).float().mean(dim=1)


def random_weights(n: int, fan_in: int, fan_out: int, device: torch.device) -> Tensor:
    """Draw normal weights, the same for each of the n networks: they differ by their parameters alone."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, fan_in, fan_out, generator=generator).repeat(n, 1, 1).to(device)


def train(parameters: dict[str, Tensor], data: Digits, n_epochs: int) -> Tensor:
    """Train one network for each row of the parameters; return the validation accuracies (n,)."""
    device = parameters["learning_rate"].device
    networks = StackedNetworks(parameters)
    images, labels = to_device(data.train, device)
    order = torch.Generator().manual_seed(0)
    for _ in range(n_epochs):
        for rows in torch.split(torch.randperm(len(labels), generator=order).to(device), BATCH_SIZE):
            networks.step(images[rows], labels[rows])
    return networks.accuracy(*to_device(data.validation, device))


def to_device(part: Part, device: torch.device) -> tuple[Tensor, Tensor]:
    """Copy images and labels to where the networks are."""
    return torch.from_numpy(part.images).to(device), torch.from_numpy(part.labels).to(device)


def main(n: int | None = None, n_rounds: int = 4, n_epochs: int = 10, seed: int | None = None) -> parzen.Study:
    """
    Ask, train and tell n networks at once, n_rounds times; return the study.

    Without ``n`` it is 256 on a GPU and 64 on a CPU.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    n = n or (256 if device.type == "cuda" else 64)
    data = load_digits()
    print(compare_with_singles(n, data, n_epochs, device))
    study = parzen.create_study(direction="maximize", sampler=parzen.samplers.AutoSampler(seed=seed))
    for number in range(n_rounds):
        start = time.perf_counter()
        batch = study.ask_batch(n, SPACE)
        asked = time.perf_counter()
        accuracies = train(batch.to_torch(device), data, n_epochs).cpu().numpy()
        trained = time.perf_counter()
        study.tell_batch(batch, accuracies)
        told = time.perf_counter()
        print(
            f"Round {number}: {n} points asked in {1e3 * (asked - start):.0f} ms, trained in {trained - asked:.1f} s, "
            f"told in {1e3 * (told - trained):.0f} ms; accuracy: median {100 * np.median(accuracies):.1f} %, "
            f"best so far {100 * study.best_value:.1f} %"
        )
    print(f"Best parameters: {study.best_params}")
    return study


def compare_with_singles(n: int, data: Digits, n_epochs: int, device: torch.device) -> str:
    """Measure what stacking gains: n networks at once against one at a time."""
    study = parzen.create_study()
    parameters = study.ask_batch(n, SPACE).to_torch(device)
    first = {name: column[:1] for name, column in parameters.items()}
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the best case for a single network: its matrices are too small to share out
    train(first, data, 1)  # warm up
    single = seconds_of(first, data, n_epochs)
    torch.set_num_threads(n_threads)
    together = seconds_of(parameters, data, n_epochs)
    return (
        f"On {device}: one network trains in {single:.2f} s, so {n} one after another in {n * single:.1f} s; "
        f"{n} at once in {together:.1f} s."
    )


def seconds_of(parameters: dict[str, Tensor], data: Digits, n_epochs: int) -> float:
    """Return how long the training takes, the copy back from the device included."""
    start = time.perf_counter()
    train(parameters, data, n_epochs).cpu()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
