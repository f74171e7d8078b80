"""Statistics and pictures of the quality benchmark, from its file of results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from tasks import Task

Array = np.ndarray[Any, Any]

BUDGETS = (30, 50, 100, 200)
FLOOR = 1e-6  # of the regret of one random trial: a zero would take a geometric mean to zero
SIGNIFICANT = 0.05


def load(path: Path) -> list[dict[str, Any]]:
    """Read the runs in a file, none if there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Results:
    """Regret curves by task and contender.

    Parameters
    ----------
    runs
        What `load` gives.
    tasks, contenders, seeds
        Those to keep.

    Attributes
    ----------
    curves : dict[tuple[str, str], ndarray]
        Shape (n_seeds, n_trials), in units of the mean regret of the first trial over all contenders.
    """

    def __init__(self, runs: list[dict[str, Any]], tasks: list[Task], contenders: list[str], seeds: range) -> None:
        self.contenders = contenders
        self.groups = {task.name: task.group for task in tasks}
        self.curves: dict[tuple[str, str], Array] = {}
        for task in tasks:
            found = {
                c: {run["seed"]: run["curve"] for run in runs if (run["task"], run["contender"]) == (task.name, c)}
                for c in contenders
            }
            curves = {c: [found[c][seed] for seed in seeds if seed in found[c]] for c in contenders}
            if not all(curves.values()):
                continue
            length = min(len(curve) for of in curves.values() for curve in of)
            arrays = {c: np.array([curve[:length] for curve in of]) for c, of in curves.items()}
            # Where the optimum is unknown, it is the best value of all runs.
            best = 0.0 if task.optimum is not None else min(float(array.min()) for array in arrays.values())
            unit = np.mean([array[:, 0].mean() for array in arrays.values()]) - best
            for contender, array in arrays.items():
                self.curves[task.name, contender] = np.maximum(array - best, 0.0) / unit

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks that every contender ran."""
        return [name for name in self.groups if (name, self.contenders[0]) in self.curves]

    def ratio(self, task: str, budget: int, ours: str, other: str) -> float:
        """Give the ratio of the mean regrets after some trials."""
        a, b = (self.curves[task, c][:, budget - 1].mean() for c in (ours, other))
        return float(max(a, FLOOR) / max(b, FLOOR))

    def p_value(self, task: str, budget: int, ours: str, other: str) -> float:
        """Give the two-sided p-value of a Mann-Whitney test that two contenders' regrets are alike."""
        a, b = (self.curves[task, c][:, budget - 1] for c in (ours, other))
        return 1.0 if np.array_equal(np.sort(a), np.sort(b)) else float(stats.mannwhitneyu(a, b).pvalue)


def print_report(results: Results) -> None:
    """Print how the first contender compares with each of the others."""
    ours, tasks = results.contenders[0], results.tasks
    if not tasks:
        return
    n_trials = results.curves[tasks[0], ours].shape[1]
    budgets = [budget for budget in BUDGETS if budget <= n_trials] or [n_trials]
    for other in results.contenders[1:]:
        print(f"\nregret of {ours} / regret of {other}, geometric mean over tasks of the ratio of means over seeds")
        print(f"{'trials':>8}" + "".join(f"{group:>13}" for group in [*_groups(results), "all tasks"]) + "   won   p(sign)")
        for budget in budgets:
            _print_budget(results, budget, ours, other)


def _groups(results: Results) -> list[str]:
    return list(dict.fromkeys(results.groups[task] for task in results.tasks))


def _print_budget(results: Results, budget: int, ours: str, other: str) -> None:
    ratios = {task: results.ratio(task, budget, ours, other) for task in results.tasks}
    means = [_geometric([ratios[t] for t in ratios if results.groups[t] == group]) for group in _groups(results)]
    won, lost = sum(r < 1 for r in ratios.values()), sum(r > 1 for r in ratios.values())
    sign = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    line = "".join(f"{mean:13.3f}" for mean in [*means, _geometric(list(ratios.values()))])
    print(f"{budget:8d}{line}{won:4d}/{won + lost:<3d}{sign:8.4f}")
    sure = {t: r for t, r in ratios.items() if results.p_value(t, budget, ours, other) < SIGNIFICANT}
    worse = [f"{task} ({ratio:.2f})" for task, ratio in sure.items() if ratio > 1]
    print(f"{'':8}significantly better on {sum(r < 1 for r in sure.values())}, worse on {len(worse)}: {', '.join(worse)}")


def _geometric(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def draw(results: Results, folder: Path) -> None:
    """Draw regret against trials, for each task and in the mean."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SystemExit('Pictures need matplotlib: pip install "parzen[plot]"') from error
    folder.mkdir(parents=True, exist_ok=True)
    tasks = results.tasks
    n_rows = -(-len(tasks) // 6)
    figure, axes = plt.subplots(n_rows, 6, figsize=(20, 2.8 * n_rows), squeeze=False, layout="constrained")
    for axis in axes.flat[len(tasks) :]:
        axis.axis("off")
    for axis, task in zip(axes.flat, tasks, strict=False):
        for contender in results.contenders:
            _draw_curves(axis, results.curves[task, contender], contender)
        axis.set_title(task, fontsize=9)
        axis.set_yscale("log")
    axes.flat[0].legend(fontsize=8)
    figure.supxlabel("trials")
    figure.supylabel("regret, 1 = one random trial (median and quartiles over seeds)")
    figure.savefig(folder / "tasks.png", dpi=80)
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for contender in results.contenders:
        curves = [np.maximum(results.curves[task, contender].mean(axis=0), FLOOR) for task in tasks]
        n = min(len(curve) for curve in curves)
        axis.plot(np.arange(1, n + 1), np.exp(np.mean([np.log(curve[:n]) for curve in curves], axis=0)), label=contender)
    axis.set(yscale="log", xlabel="trials", ylabel=f"regret, geometric mean over {len(tasks)} tasks")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(folder / "summary.png", dpi=110)


def _draw_curves(axis: Any, curves: Array, label: str) -> None:
    n = np.arange(1, curves.shape[1] + 1)
    low, middle, high = np.quantile(np.maximum(curves, FLOOR), [0.25, 0.5, 0.75], axis=0)
    (line,) = axis.plot(n, middle, label=label, linewidth=1.2)
    axis.fill_between(n, low, high, alpha=0.15, color=line.get_color())
