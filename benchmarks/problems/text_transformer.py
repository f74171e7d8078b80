"""A small transformer that predicts the next letter of a text which comes with Python, in torch.

The text is the source of the standard library's module argparse, so it is there on every machine; its letters, and
with them the losses, differ a little between versions of Python.
"""

from __future__ import annotations

import argparse
import functools
import math
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Fidelity, Params, Space
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

LENGTH = 48  # letters that the transformer sees
N_STEPS, N_EPOCHS = 20, 9  # of optimisation in an epoch; epochs
N_VALID = 64  # pieces of the text that are validated, and as many to test
WORST = 10.0  # a larger loss is not told apart

SPACE: Space = {
    "learning_rate": FloatDistribution(1e-4, 0.1, log=True),
    "warmup": FloatDistribution(0.01, 0.5),
    "weight_decay": FloatDistribution(1e-5, 1.0, log=True),
    "beta2": FloatDistribution(0.9, 0.999),
    "dropout": FloatDistribution(0.0, 0.5),
    "width": CategoricalDistribution([16, 32, 64]),
    "heads": CategoricalDistribution([1, 2, 4]),
    "layers": IntDistribution(1, 3),
    "batch_size": IntDistribution(4, 32, log=True),
}


@functools.cache
def letters() -> tuple[Any, int]:
    """Give the text as numbers (n,) on the device, and how many kinds of letters there are."""
    import torch

    text = Path(argparse.__file__).read_text(encoding="utf-8")
    kinds = {letter: number for number, letter in enumerate(sorted(set(text)))}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.tensor([kinds[letter] for letter in text], device=device), len(kinds)


def pieces(starts: Any) -> tuple[Any, Any]:
    """Give the letters from some places on (k, LENGTH), and those that come next."""
    import torch

    text, _ = letters()
    places = torch.as_tensor(starts, device=text.device)[:, None] + torch.arange(LENGTH, device=text.device)
    return text[places], text[places + 1]


class Transformer:
    """A transformer in training.

    Parameters
    ----------
    settings
        Its hyperparameters, see `SPACE`.
    seed
        Decides its first weights, the pieces of text it sees and what is dropped.
    """

    def __init__(self, settings: Params, seed: int) -> None:
        import torch
        from torch import nn

        torch.manual_seed(seed)
        self._rng = np.random.default_rng(seed)
        self._batch_size, width = settings["batch_size"], settings["width"]
        text, n_kinds = letters()
        layer = nn.TransformerEncoderLayer(
            width, settings["heads"], 4 * width, settings["dropout"], "gelu", batch_first=True, norm_first=True
        )
        self._parts = nn.ModuleDict(
            {
                "letters": nn.Embedding(n_kinds, width),
                "places": nn.Embedding(LENGTH, width),
                "body": nn.TransformerEncoder(layer, settings["layers"], enable_nested_tensor=False),
                "head": nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n_kinds)),
            }
        ).to(text.device)
        self._mask = nn.Transformer.generate_square_subsequent_mask(LENGTH, device=text.device)
        self._optimizer = torch.optim.AdamW(
            self._parts.parameters(), settings["learning_rate"],
            betas=(0.9, settings["beta2"]), weight_decay=settings["weight_decay"],
        )  # fmt: skip
        n, warmup = N_STEPS * N_EPOCHS, settings["warmup"]
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, lambda step: _rate(step / n, warmup))

    def _losses(self, starts: Any) -> Any:
        """Give the mean cross-entropy a letter."""
        import torch
        from torch.nn.functional import cross_entropy

        seen, following = pieces(starts)
        places = torch.arange(LENGTH, device=seen.device)
        hidden = self._parts["letters"](seen) + self._parts["places"](places)
        logits = self._parts["head"](self._parts["body"](hidden, mask=self._mask, is_causal=True))
        return cross_entropy(logits.flatten(0, 1), following.flatten())

    def train(self) -> float:
        """Train for one epoch; give the loss on the part to validate."""
        from torch.nn.utils import clip_grad_norm_

        self._parts.train()
        n = int(0.8 * len(letters()[0])) - LENGTH - 1
        for _ in range(N_STEPS):
            self._optimizer.zero_grad()
            self._losses(self._rng.integers(n, size=self._batch_size)).backward()
            clip_grad_norm_(self._parts.parameters(), 1.0)
            self._optimizer.step()
            self._schedule.step()
        return self._held_out(0.8)

    def test(self) -> float:
        """Give the loss on the part to test."""
        return self._held_out(0.9)

    def _held_out(self, begin: float) -> float:
        """Give the loss on the tenth of the text behind a share of it."""
        import torch

        n = len(letters()[0])
        starts = np.linspace(begin * n, (begin + 0.1) * n - LENGTH - 2, N_VALID).astype(np.int64)
        self._parts.eval()
        with torch.no_grad():
            loss = float(self._losses(starts))
        return min(loss, WORST) if math.isfinite(loss) else WORST


def _rate(done: float, warmup: float) -> float:
    """Give the share of the learning rate after a share of the training: up on a line, down on a cosine."""
    if done < warmup:
        return (done + 1e-3) / (warmup + 1e-3)
    return 0.5 + 0.5 * math.cos(math.pi * (done - warmup) / (1.0 - warmup))


def trained(params: Params, seed: int) -> float:
    """Give the loss after all epochs."""
    network = Transformer(params, seed)
    return [network.train() for _ in range(N_EPOCHS)][-1]


TRANSFORMER = {
    "space": SPACE,
    "function": trained,
    "fidelity": Fidelity(N_EPOCHS, 3, Transformer),
    "budget": 20 * N_EPOCHS,
}
FAMILIES = [fixed("text-transformer", lambda: TRANSFORMER, "device", len(SPACE), "torch")]
