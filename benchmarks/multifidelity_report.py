"""Statistics and a picture of the multifidelity benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, Any]

REFERENCES = ("optuna-hyperband", "parzen-hyperband")  # whom the others are compared with
RUNGS = (1, 3, 9, 27, 81)


class Results:
    """Losses by contender.

    Parameters
    ----------
    runs
        What `multifidelity.run` gives.
    contenders
        Their names, in the order of the report.
    n_epochs
        Epochs of a run.

    Attributes
    ----------
    curves : dict[str, ndarray]
        Shape (n_seeds, n_epochs), the lowest validation loss after 1, 2, ... epochs.
    test : dict[str, ndarray]
        Shape (n_seeds,), test losses of the networks with the lowest validation losses.
    spent : dict[str, list]
        For each seed the epochs of each trial.
    """

    def __init__(self, runs: list[dict[str, Any]], contenders: list[str], n_epochs: int) -> None:
        self.contenders, self.n_epochs = contenders, n_epochs
        by_seed = sorted(runs, key=lambda run: int(run["seed"]))
        of = {name: [run for run in by_seed if run["contender"] == name] for name in contenders}
        self.curves = {name: np.array([curve(run["steps"], n_epochs) for run in of[name]]) for name in contenders}
        self.test = {name: np.array([run["steps"][-1][2] for run in of[name]]) for name in contenders}
        self.spent = {name: [run["spent"] for run in of[name]] for name in contenders}

    def median(self, name: str) -> Array:
        """Give the median over seeds after each epoch."""
        return np.asarray(np.median(self.curves[name], axis=0))

    def reaches(self, name: str, reference: str) -> float:
        """Give the share of its epochs after which a contender's median is that of a reference at the end."""
        there = np.flatnonzero(self.median(name) <= self.median(reference)[-1])
        return float(there[0] + 1) / self.n_epochs if len(there) else np.inf

    def against(self, name: str, reference: str) -> tuple[int, int, float]:
        """Count the seeds with which a contender ends better or worse than a reference; p-value of Wilcoxon's test."""
        a, b = self.curves[name][:, -1], self.curves[reference][:, -1]
        p_value = 1.0 if np.array_equal(a, b) else float(stats.wilcoxon(a, b).pvalue)
        return int((a < b).sum()), int((a > b).sum()), p_value

    def climbed(self, name: str) -> list[float]:
        """Give how many trials reached each of the rungs, in the mean over seeds."""
        return [float(np.mean([sum(e >= rung for e in spent) for spent in self.spent[name]])) for rung in RUNGS]


def curve(steps: list[tuple[int, float, float]], n_epochs: int) -> Array:
    """Turn improvements, as `multifidelity.Budget` notes them, into the loss after each epoch."""
    epochs = [step[0] - 1 for step in steps]
    losses = np.full(n_epochs, np.inf)
    losses[epochs] = [step[1] for step in steps]
    return np.minimum.accumulate(losses)


def print_report(results: Results) -> None:
    """Print what each contender found, and how it compares with the references."""
    n_seeds = len(results.curves[results.contenders[0]])
    print(f"\n{results.n_epochs} epochs, {n_seeds} seeds; losses of the network with the lowest validation loss")
    rungs = "".join(f"{rung:>7}" for rung in RUNGS)
    print(f"{'':24}{'validation':>11}{'quartiles':>15}{'test':>8}   trials that reached epoch\n{'':58}   {rungs}")
    for name in results.contenders:
        low, middle, high = np.quantile(results.curves[name][:, -1], [0.25, 0.5, 0.75])
        climbed = "".join(f"{n:7.1f}" for n in results.climbed(name))
        quartiles = f"{low:.3f} - {high:.3f}"
        print(f"{name:24}{middle:11.4f}{quartiles:>15}{np.median(results.test[name]):8.4f}   {climbed}")
    for reference in [name for name in REFERENCES if name in results.contenders]:
        _print_against(results, reference)


def _print_against(results: Results, reference: str) -> None:
    print(f"\nagainst {reference}: share of the epochs to its final median; at the end, seeds won - lost, Wilcoxon's p")
    for name in [name for name in results.contenders if name != reference]:
        won, lost, p_value = results.against(name, reference)
        print(f"{name:24}{results.reaches(name, reference):8.2f}{f'{won} - {lost}':>10}{p_value:10.4f}")


def draw(results: Results, panels: dict[str, list[str]], path: Path) -> None:
    """Draw loss against epochs: the median over seeds, and the quartiles as a band.

    Parameters
    ----------
    results
        The losses.
    panels
        Contenders by the title of the panel to draw them in.
    path
        File of the picture.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SystemExit('Pictures need matplotlib: pip install "parzen[plot]"') from error
    figure, axes = plt.subplots(1, len(panels), figsize=(6.5 * len(panels), 5.5), sharey=True, layout="constrained")
    for axis, (title, names) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        for name in names:
            _draw_curve(axis, results, name)
        axis.set(title=title, yscale="log", ylim=_limits(results), xlim=(0, results.n_epochs))
        axis.legend()
    figure.supxlabel("epochs trained, all trials together")
    figure.supylabel("lowest validation loss (median and quartiles over seeds)")
    figure.savefig(path, dpi=90)
    plt.close(figure)


def _draw_curve(axis: Any, results: Results, name: str) -> None:
    epochs, style = np.arange(1, results.n_epochs + 1), "--" if name.startswith("optuna") else "-"
    low, middle, high = np.quantile(results.curves[name], [0.25, 0.5, 0.75], axis=0)
    (line,) = axis.step(epochs, middle, style, where="post", label=name, linewidth=1.5)
    axis.fill_between(epochs, low, high, step="post", alpha=0.1, color=line.get_color())


def _limits(results: Results) -> tuple[float, float]:
    """Leave out what the first trials are like: the losses of guessing and worse."""
    ends = [curves[:, -1].min() for curves in results.curves.values()]
    return 0.95 * min(ends), 2.0
