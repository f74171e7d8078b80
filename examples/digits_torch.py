"""The network of the digits example in PyTorch, on a GPU when there is one."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from parzen.examples.digits_data import Images, Labels
from parzen.examples.digits_numpy import initial_parameters, minibatches
from parzen.examples.digits_space import Settings

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}


class Dropout(nn.Module):
    """Dropout with its own generator: ``nn.Dropout`` draws from a global one, which trials in threads would share."""

    def __init__(self, share: float, generator: torch.Generator) -> None:
        super().__init__()
        self.share = share
        self.generator = generator

    def forward(self, signal: torch.Tensor) -> torch.Tensor:
        """Switch off a share of the units while training."""
        if not self.training or self.share == 0.0:
            return signal
        draws = torch.rand(signal.shape, generator=self.generator, device=signal.device)
        return signal * (draws >= self.share) / (1.0 - self.share)


class TorchNetwork:
    """
    The same multilayer perceptron as ``NumpyNetwork``, from the same initial weights and minibatches.

    On a CPU, PyTorch is set to one thread and stays so: handing out work this small costs more than doing it.

    Parameters
    ----------
    settings : Settings
        Architecture, optimizer and regularisation.
    seed : int
        Decides the initial weights, the order of the minibatches and the dropout.
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if self.device.type == "cpu":
            torch.set_num_threads(1)
        self.settings = settings
        self.rng = np.random.default_rng(seed)
        self.network = self.build(settings, seed).to(self.device)
        self.optimizer = self.make_optimizer(settings)

    def build(self, settings: Settings, seed: int) -> nn.Sequential:
        """Stack the layers, with the initial weights of the NumPy network."""
        generator = torch.Generator(self.device).manual_seed(seed)
        parameters = [torch.from_numpy(array) for array in initial_parameters(settings.widths, self.rng)]
        layers: list[nn.Module] = []
        for weights, bias in zip(parameters[::2], parameters[1::2], strict=True):
            linear = nn.utils.skip_init(nn.Linear, *weights.shape)  # type: ignore[no-untyped-call]
            linear.weight.data.copy_(weights.T)
            linear.bias.data.copy_(bias)
            layers += [linear, ACTIVATIONS[settings.activation](), Dropout(settings.dropout, generator)]
        return nn.Sequential(*layers[:-2])  # the last layer gives logits

    def make_optimizer(self, settings: Settings) -> torch.optim.Optimizer:
        """Return the optimizer that the settings name."""
        parameters, rate = self.network.parameters(), settings.learning_rate
        if settings.optimizer == "sgd":
            return torch.optim.SGD(parameters, rate, momentum=settings.momentum, nesterov=settings.nesterov)
        return torch.optim.AdamW(parameters, rate, betas=(settings.beta1, 0.999), weight_decay=settings.weight_decay)

    def train_epoch(self, images: Images, labels: Labels) -> float:
        """Take one optimizer step per minibatch; return the mean loss, NaN or inf when training has diverged."""
        self.network.train()
        inputs, targets = torch.from_numpy(images).to(self.device), torch.from_numpy(labels).to(self.device)
        total = torch.zeros((), device=self.device)
        for rows in minibatches(len(labels), self.settings.batch_size, self.rng):
            batch = torch.from_numpy(rows).to(self.device)
            self.optimizer.zero_grad()
            loss = nn.functional.cross_entropy(self.network(inputs[batch]), targets[batch])
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total += loss.detach() * len(rows)
        return total.item() / len(labels)

    def accuracy(self, images: Images, labels: Labels) -> float:
        """Return the share of images whose most probable class is the right one."""
        self.network.eval()
        with torch.inference_mode():
            predicted = self.network(torch.from_numpy(images).to(self.device)).argmax(dim=1)
        return float(np.mean(predicted.cpu().numpy() == labels))
