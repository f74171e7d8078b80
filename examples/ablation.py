"""Replace one rule of TPE at a time and race the results: three bandwidth rules on two functions.

A rule is a function of a few lines: `parzen.samplers.tpe.rules` has those of the library, and a new one is passed in
the same way. Draws the regret against trials to ``ablation.png`` (median and quartiles over seeds).

    pip install ".[plot]"
    python -m parzen.examples.ablation --seeds 10
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import parzen
from parzen.samplers.tpe import rules

Array = npt.NDArray[np.float64]


def nearest_three(x: Array, lower: Array, upper: Array) -> Array:
    """Our own rule: the distance to the third nearest observation, in each dimension by itself."""
    n = x.shape[1]
    if n < 4:
        return np.repeat((upper - lower)[:, None], n, axis=1)
    distances = np.abs(x[:, :, None] - x[:, None, :])  # (d, n, n)
    return np.asarray(np.partition(distances, 3, axis=2)[:, :, 3])


RULES: dict[str, rules.Bandwidth] = {
    "neighbour distance": rules.neighbour_distance,
    "Scott": rules.scott,
    "third nearest": nearest_three,
}


def ellipsoid(trial: parzen.Trial) -> float:
    """Give a bowl, a hundred times steeper in one direction than in another."""
    x = np.array([trial.suggest_float(f"x{i}", -5, 5) for i in range(5)])
    return float((10.0 ** np.linspace(0, 2, 5) * (x - 1.7) ** 2).sum())


def egg_box(trial: parzen.Trial) -> float:
    """Give a bowl full of local minima."""
    x = np.array([trial.suggest_float(f"x{i}", -5, 5) for i in range(3)]) + 1.3
    return float((x**2 - 8.0 * np.cos(2.0 * np.pi * x) + 8.0).sum())


def regrets(objective: Callable[[parzen.Trial], float], rule: rules.Bandwidth, n_seeds: int, n_trials: int) -> Array:
    """Run studies and give the best value after each trial, shape (n_seeds, n_trials)."""
    curves = []
    for seed in range(n_seeds):
        study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=seed, bandwidth=rule))
        study.optimize(objective, n_trials=n_trials)
        curves.append(np.minimum.accumulate([trial.value or 0.0 for trial in study.trials]))
    return np.array(curves)


def draw(axis: Any, curves: Array, label: str) -> None:
    """Draw the median over seeds, and the quartiles as a band."""
    low, middle, high = np.quantile(curves, [0.25, 0.5, 0.75], axis=0)
    trials = np.arange(1, curves.shape[1] + 1)
    (line,) = axis.plot(trials, middle, label=label)
    axis.fill_between(trials, low, high, alpha=0.15, color=line.get_color())


def main() -> None:
    """Race the rules and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--picture", type=Path, default=Path("ablation.png"))
    arguments = parser.parse_args()
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SystemExit('matplotlib is needed for the picture: pip install "parzen[plot]"') from error
    from tqdm import tqdm

    parzen.logging.set_verbosity(parzen.logging.WARNING)
    objectives = {"ellipsoid": ellipsoid, "egg box": egg_box}
    figure, axes = plt.subplots(1, len(objectives), figsize=(10, 4), layout="constrained")
    jobs = [(axis, *objective, *rule) for axis, objective in zip(axes, objectives.items(), strict=True)
            for rule in RULES.items()]  # fmt: skip
    for axis, title, objective, label, rule in tqdm(jobs, desc="races"):
        curves = regrets(objective, rule, arguments.seeds, arguments.trials)
        draw(axis, curves, label)
        axis.set(title=title, xlabel="trials", ylabel="best value so far", yscale="log")
        tqdm.write(f"{title:12}{label:22}median after {arguments.trials} trials: {np.median(curves[:, -1]):.4g}")
    axes[0].legend()
    figure.savefig(arguments.picture, dpi=110)


if __name__ == "__main__":
    main()
