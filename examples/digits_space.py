"""The search space of the digits example: a conditional one, as a real user would write it."""

from __future__ import annotations

from dataclasses import dataclass

import parzen


@dataclass(frozen=True)
class Settings:
    """
    The hyperparameters of one network and of its training.

    ``momentum`` and ``nesterov`` are read by SGD alone, ``beta1`` and ``weight_decay`` by Adam alone.
    """

    widths: tuple[int, ...]  # units of each hidden layer
    activation: str  # "relu", "tanh" or "silu"
    dropout: float  # share of hidden units switched off at each training step
    batch_size: int
    optimizer: str  # "sgd" or "adam"
    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False
    beta1: float = 0.9
    weight_decay: float = 0.0


def suggest_settings(trial: parzen.Trial | parzen.trial.FrozenTrial) -> Settings:
    """
    Draw the settings of one trial.

    Some parameters exist only beside others: ``width_2`` needs three layers, ``momentum`` needs SGD. A plain ``if`` or
    loop says so. Given a finished trial (``study.best_trial``), the same code returns the settings of that trial.
    """
    n_layers = trial.suggest_int("n_layers", 1, 3)
    widths = tuple(trial.suggest_int(f"width_{layer}", 16, 128, step=16) for layer in range(n_layers))
    activation = trial.suggest_categorical("activation", ["relu", "tanh", "silu"])
    dropout = trial.suggest_float("dropout", 0.0, 0.5)
    batch_size = trial.suggest_categorical("batch_size", [16, 32, 64, 128])
    learning_rate = trial.suggest_float("learning_rate", 1e-4, 1.0, log=True)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam"])
    if optimizer == "sgd":
        momentum = trial.suggest_float("momentum", 0.5, 0.99)
        nesterov = trial.suggest_categorical("nesterov", [False, True])
        return Settings(
            widths, activation, dropout, batch_size, optimizer, learning_rate, momentum=momentum, nesterov=nesterov
        )
    beta1 = trial.suggest_float("beta1", 0.8, 0.99)
    weight_decay = trial.suggest_float("weight_decay", 1e-6, 1.0, log=True)
    return Settings(
        widths, activation, dropout, batch_size, optimizer, learning_rate, beta1=beta1, weight_decay=weight_decay
    )
