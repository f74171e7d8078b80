"""
Population based training of stacked networks: exploitation is one gather of the weights, on a GPU when there is one.

The population is one batch. Its weights are arrays whose first axis is the member, so "go on from the weights of that
member" is ``weights[rows]``. Run it with ``python -m parzen.examples.pbt_batch`` (needs
``pip install "parzen[demo,torch]"``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

import parzen
from parzen.distributions import FloatDistribution
from parzen.examples.batch import BATCH_SIZE, MAX_WIDTH, StackedNetworks, to_device
from parzen.examples.digits_data import load_digits
from parzen.pruners import PBTPruner
from parzen.trial import TrialState

INTERVAL = 2
SPACE = {
    "learning_rate": FloatDistribution(1e-4, 1.0, log=True),
    "momentum": FloatDistribution(0.0, 0.99),
}


class Population(StackedNetworks):
    """Networks of one width whose learning rates and momenta may change."""

    def __init__(self, parameters: dict[str, Tensor]) -> None:
        n, device = len(parameters["learning_rate"]), parameters["learning_rate"].device
        shape = {
            "width": torch.full((n,), MAX_WIDTH, device=device),
            "activation": torch.zeros(n, dtype=torch.int64, device=device),
        }
        super().__init__({**parameters, **shape})

    def go_on(self, rows: npt.NDArray[np.int64], parameters: dict[str, Tensor]) -> None:
        """Let each network have the weights and the velocities of a row, and parameters of its own."""
        index = torch.from_numpy(rows).to(self.learning_rate.device)
        self.weights = [weights.detach()[index] for weights in self.weights]
        self.velocities = [velocities[index] for velocities in self.velocities]
        self.learning_rate = parameters["learning_rate"].reshape(-1, 1, 1)
        self.momentum = parameters["momentum"].reshape(-1, 1, 1)


def main(n: int | None = None, n_epochs: int = 20, seed: int | None = None) -> parzen.Study:
    """
    Train a population of n networks; return the study.

    Without ``n`` it is 256 on a GPU and 32 on a CPU.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    n = n or (256 if device.type == "cuda" else 32)
    data = load_digits()
    images, labels = to_device(data.train, device)
    validation = to_device(data.validation, device)
    order = torch.Generator().manual_seed(0)
    study = parzen.create_study(
        direction="maximize",
        pruner=PBTPruner(n, INTERVAL, max_resource=n_epochs, seed=seed),
        sampler=parzen.samplers.RandomSampler(seed),
    )
    batch = study.ask_batch(n, SPACE)
    networks = Population(batch.to_torch(device))
    for epoch in range(n_epochs):
        for rows in torch.split(torch.randperm(len(labels), generator=order).to(device), BATCH_SIZE):
            networks.step(images[rows], labels[rows])
        accuracies = networks.accuracy(*validation).cpu().numpy()
        batch.report(accuracies, epoch + 1)
        if (epoch + 1) % INTERVAL == 0 and epoch + 1 < n_epochs:
            batch.should_pause()
            study.tell_batch(batch, accuracies, [TrialState.PAUSED] * n)
            last, batch = batch, study.ask_batch(n, SPACE)
            networks.go_on(batch.rows_in(last), batch.to_torch(device))
            print(f"Epoch {epoch + 1}: accuracy median {np.median(accuracies):.3f}, best {accuracies.max():.3f}")
    study.tell_batch(batch, accuracies)
    print(f"Accuracy {study.best_value:.3f} with the learning rates")
    for segment in study.lineage(study.best_trial):
        print(f"  epochs {segment.start + 1:2} to {segment.stop:2}: {segment.params['learning_rate']:.3g}")
    return study


if __name__ == "__main__":
    main()
