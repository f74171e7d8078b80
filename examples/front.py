"""
Two objectives and a constraint: accuracy against size of networks that can be trained in time.

Draws every trial, and the front of those that no other one beats in both objectives, to ``front.png``. Run it with
``python -m parzen.examples.front`` (needs ``pip install "parzen[demo,plot]"``).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import parzen
from parzen.examples.digits_data import Digits, load_digits
from parzen.examples.digits_numpy import NumpyNetwork
from parzen.examples.digits_space import Settings
from parzen.indicators import hypervolume
from parzen.trial import FrozenTrial

SECONDS = 0.3  # that training may take
REFERENCE = (0.5, 20_000)  # accuracy and number of weights that nobody would want


def objective(trial: parzen.Trial, data: Digits, n_epochs: int) -> tuple[float, int]:
    """Train a network; give its validation accuracy and its number of weights."""
    widths = tuple(trial.suggest_int(f"width_{i}", 2, 96, log=True) for i in range(trial.suggest_int("n_layers", 1, 2)))
    activation = trial.suggest_categorical("activation", ["relu", "tanh", "silu"])
    learning_rate = trial.suggest_float("learning_rate", 1e-4, 1.0, log=True)
    batch_size = trial.suggest_categorical("batch_size", [16, 32, 64, 128])
    network = NumpyNetwork(Settings(widths, activation, 0.0, batch_size, "adam", learning_rate), seed=trial.number)
    start = time.perf_counter()
    for _ in range(n_epochs):
        network.train_epoch(*data.train)
    trial.set_constraint("seconds", time.perf_counter() - start - SECONDS)  # met where it is 0 or less
    return network.accuracy(*data.validation), sum(array.size for array in network.parameters)


def values_of(trials: list[FrozenTrial]) -> list[list[float]]:
    """Give the values of complete trials."""
    return [trial.values for trial in trials if trial.values is not None]


def draw(study: parzen.Study, path: Path) -> None:
    """Draw all trials that met the constraint, those on the front in another colour."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SystemExit('matplotlib is needed for the picture: pip install "parzen[plot]"') from error
    figure, axis = plt.subplots(layout="constrained")
    met = values_of([trial for trial in study.trials if trial.values and max(trial.constraints.values()) <= 0])
    front = sorted(values_of(study.best_trials))
    axis.plot(*list(zip(*met, strict=True))[::-1], ".", color="0.7", label="trials")
    axis.plot(*list(zip(*front, strict=True))[::-1], "o-", drawstyle="steps-post", label="front")
    axis.set(xscale="log", xlabel="weights", ylabel="validation accuracy")
    axis.xaxis.set_minor_formatter("")
    axis.legend()
    figure.savefig(path)
    plt.close(figure)
    print(f"{path} shows the front.")


def main(n_trials: int = 150, n_epochs: int = 10, picture: Path | None = Path("front.png")) -> parzen.Study:
    """Search, and print the front; return the study."""
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    data = load_digits()
    study = parzen.create_study(directions=["maximize", "minimize"])
    study.set_metric_names(["accuracy", "weights"])
    study.optimize(lambda trial: objective(trial, data, n_epochs), n_trials=n_trials, show_progress_bar=True)
    best = study.best_trials
    for (accuracy, size), trial in sorted(zip(values_of(best), best, strict=True), key=lambda pair: pair[0][1]):
        print(f"{accuracy:.3f} with {size:6,.0f} weights: {trial.params}")
    volume = hypervolume(values_of(best), REFERENCE, study.directions)
    print(f"Hypervolume up to {REFERENCE}: {volume:,.0f}")
    if picture is not None:
        draw(study, picture)
    return study


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=150)
    main(parser.parse_args().trials)
