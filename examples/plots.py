"""Tune a small network's settings, plot what came out, and save the pictures.

    pip install "parzen[plot]"
    python -m parzen.examples.plots FOLDER    # docs/ has what it makes

The objective stands for a training, and reports a loss by epoch.
"""

from __future__ import annotations

import io
import math
import sys
from pathlib import Path
from typing import Any

import parzen
from parzen.visualization import matplotlib as plots


def train(trial: parzen.Trial) -> float:
    """Give a loss that depends on the learning rate most of all, and on the momentum where there is one."""
    rate = trial.suggest_float("learning_rate", 1e-5, 1e-1, log=True)
    layers = trial.suggest_int("layers", 1, 8)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", "adamw"])
    dropout = trial.suggest_float("dropout", 0.0, 0.6)
    loss = 0.2 + 0.15 * (math.log10(rate) + 2.7) ** 2 + 0.01 * (layers - 5) ** 2 + 0.4 * (dropout - 0.2) ** 2
    if optimizer == "sgd":
        loss += 0.02 + 0.5 * (trial.suggest_float("momentum", 0.0, 0.99) - 0.9) ** 2
    for epoch in range(1, 11):
        trial.report(loss + math.exp(-epoch / (1 + 0.3 * layers)), epoch)
    return loss


def two_losses(trial: parzen.Trial) -> tuple[float, float]:
    """Give an error and a cost, which cannot both be small."""
    width, depth = trial.suggest_float("width", 0.0, 1.0), trial.suggest_float("depth", 0.0, 1.0)
    return (1 - width) ** 2 + 0.3 * (depth - 0.6) ** 2, width + 0.5 * depth**2


def save(axes: Any, path: Path) -> None:
    """Save the figure of axes, or of the first of an array of them, in 48 colours, which are enough and small."""
    from PIL import Image  # which comes with matplotlib

    figure = (axes.flat[0] if hasattr(axes, "flat") else axes).figure
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    Image.open(drawn).convert("RGB").quantize(48).save(path, optimize=True)
    print(path)


def main(folder: Path) -> None:
    """Make the pictures."""
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study(
        sampler=parzen.samplers.TPESampler(n_startup_trials=60, seed=0), pruner=parzen.pruners.MedianPruner()
    )
    study.optimize(train, n_trials=150)
    save(plots.plot_optimization_history(study), folder / "plot-history.png")
    save(plots.plot_slice(study, ["learning_rate", "momentum", "optimizer"], color="rank"), folder / "plot-slice.png")
    save(plots.plot_contour(study, ["learning_rate", "dropout"], color="rank"), folder / "plot-contour.png")
    save(plots.plot_parallel_coordinate(study, color="rank"), folder / "plot-parallel.png")
    both = parzen.create_study(directions=["minimize"] * 2, sampler=parzen.samplers.NSGAIISampler(seed=0))
    both.optimize(two_losses, n_trials=300)
    save(plots.plot_pareto_front(both, target_names=["error", "cost"]), folder / "plot-front.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
