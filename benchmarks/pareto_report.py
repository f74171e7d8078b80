"""Statistics and pictures of the Pareto benchmark, from its runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

Array = np.ndarray[Any, Any]

SIGNIFICANT = 0.05
LEAST = 0.01  # of the box, added to each share where ratios are taken: nothing dominated has no logarithm


class Results:
    """Shares of the box that are dominated.

    Parameters
    ----------
    runs
        Lines of the file of results.
    problems, contenders, seeds
        Those to keep.
    budgets
        Numbers of evaluations at which shares were taken.

    Attributes
    ----------
    shares : dict[tuple[str, str, str], ndarray]
        By problem, contender, and reference point ("near" or "far"): shape (n_seeds, n_budgets), seeds ascending.
    fronts : dict[tuple[str, str], ndarray]
        By problem and contender: the front of the first seed, (k, m).
    """

    def __init__(
        self,
        runs: list[dict[str, Any]],
        problems: list[str],
        contenders: list[str],
        seeds: Iterable[int],
        budgets: list[int],
    ) -> None:
        self.problems, self.contenders, self.budgets = problems, contenders, budgets
        self.shares: dict[tuple[str, str, str], Array] = {}
        self.fronts: dict[tuple[str, str], Array] = {}
        self.seconds: dict[str, float] = {}
        kept = sorted((run for run in runs if run["seed"] in set(seeds)), key=lambda run: int(run["seed"]))
        for problem, contender in itertools.product(problems, contenders):
            these = [run for run in kept if (run["problem"], run["contender"]) == (problem, contender)]
            self._take(problem, contender, these)

    def _take(self, problem: str, contender: str, runs: list[dict[str, Any]]) -> None:
        if not runs:
            return
        most = max(run["evaluations"] for run in runs)
        runs = [run for run in runs if run["evaluations"] == most]
        for reference in ("near", "far"):
            self.shares[problem, contender, reference] = np.array([run[reference] for run in runs])
        self.fronts[problem, contender] = np.array(runs[0]["front"])
        self.seconds[contender] = self.seconds.get(contender, 0.0) + float(np.mean([run["seconds"] for run in runs]))

    def at(self, problem: str, contender: str, reference: str, budget: int) -> Array:
        """Give the shares after a budget, shape (n_seeds,); none where there is no such run."""
        shares = self.shares.get((problem, contender, reference), np.empty((0, 0)))
        index = self.budgets.index(budget)
        return shares[:, index] if index < shares.shape[1] else np.empty(0)

    def last(self, contenders: list[str]) -> int:
        """Give the largest budget that all of some contenders have."""
        columns = [s.shape[1] for (_, contender, _), s in self.shares.items() if contender in contenders]
        return self.budgets[min(columns, default=1) - 1]


def p_value(a: Array, b: Array) -> float:
    """Tell how sure it is that two samples differ: Mann-Whitney, two-sided; 1 if all are equal or few."""
    if min(len(a), len(b)) < 2 or (np.concatenate([a, b]) == a[0]).all():
        return 1.0
    return float(stats.mannwhitneyu(a, b).pvalue)


def print_shares(results: Results, contenders: list[str], reference: str, budget: int) -> None:
    """Print mean shares and standard errors after a budget, a problem a line; of the others, how sure it is.

    The first contender is compared with each of the others: + where it is better, - where it is worse, both only if
    p < `SIGNIFICANT` by themselves.
    """
    print(f"\nshare of the box up to the {reference} reference point after {budget:,} evaluations")
    print(f"{'problem':>9}" + "".join(f"{name:>20}" for name in contenders))
    for problem in results.problems:
        samples = [results.at(problem, name, reference, budget) for name in contenders]
        cells = "".join(f"{_cell(samples[0], sample):>20}" for sample in samples)
        print(f"{problem:>9}{cells}")
    for name in contenders[1:]:
        ratios = _ratios(results, contenders[0], name, reference, budget)
        if len(ratios):
            mean = float(np.exp(np.mean(np.log(ratios))))
            print(f"{contenders[0]} / {name}: {mean:.3f}, geometric mean of {len(ratios)} problems (+{LEAST} each)")


def _cell(ours: Array, sample: Array) -> str:
    if not len(sample):
        return "-"
    error = sample.std(ddof=1) / np.sqrt(len(sample)) if len(sample) > 1 else 0.0
    sign = ("+" if ours.mean() > sample.mean() else "-") if p_value(ours, sample) < SIGNIFICANT else " "
    return f"{sample.mean():.4f} ({error:.4f}){sign}"


def _ratios(results: Results, ours: str, other: str, reference: str, budget: int) -> Array:
    pairs = [[results.at(problem, name, reference, budget) for name in (ours, other)] for problem in results.problems]
    return np.array([(a.mean() + LEAST) / (b.mean() + LEAST) for a, b in pairs if len(a) and len(b)])


# --- pictures --------------------------------------------------------------------------------------------------------


def draw(results: Results, folder: Path) -> None:
    """Draw hypervolume against evaluations and the fronts found, a problem a panel."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SystemExit('Pictures need matplotlib: pip install "parzen[plot]"') from error
    folder.mkdir(parents=True, exist_ok=True)
    labels = "evaluations", "share of the box up to the far reference point that is dominated (quartiles)"
    _draw_panels(plt, results, folder / "curves.png", _draw_curves, labels)
    labels = "first objective", "second objective (and third), fronts of the first seed"
    _draw_panels(plt, results, folder / "fronts.png", _draw_fronts, labels)


def _draw_panels(plt: Any, results: Results, path: Path, panel: Any, labels: tuple[str, str]) -> None:
    n_columns = min(5, len(results.problems))
    n_rows = -(-len(results.problems) // n_columns)
    size = max(3.2 * n_columns, 6.0), 2.8 * n_rows + 0.8
    figure = plt.figure(figsize=size, layout="constrained")
    for i, problem in enumerate(results.problems):
        axis = panel(figure, (n_rows, n_columns, i + 1), results, problem)
        axis.set_title(problem, fontsize=9)
    lines, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=len(names), markerscale=3)
    figure.supxlabel(labels[0], fontsize=9)
    figure.supylabel(labels[1], fontsize=9)
    figure.savefig(path, dpi=72)
    plt.close(figure)


def _draw_curves(figure: Any, place: tuple[int, int, int], results: Results, problem: str) -> Any:
    axis = figure.add_subplot(*place)
    for contender in results.contenders:
        shares = results.shares.get((problem, contender, "far"), np.empty((0, 0)))
        n = results.budgets[: shares.shape[1]]
        axis.plot(n, np.median(shares, axis=0) if len(shares) else [], label=contender, linewidth=1.2)
        if len(shares):
            low, high = np.quantile(shares, [0.25, 0.75], axis=0)
            axis.fill_between(n, low, high, alpha=0.15)
    axis.set_xscale("log")
    return axis


def _draw_fronts(figure: Any, place: tuple[int, int, int], results: Results, problem: str) -> Any:
    fronts = {c: results.fronts[problem, c] for c in results.contenders if (problem, c) in results.fronts}
    is_solid = any(front.ndim == 2 and front.shape[1] == 3 for front in fronts.values())
    axis = figure.add_subplot(*place, **({"projection": "3d"} if is_solid else {}))
    for contender in results.contenders:
        front = fronts.get(contender, np.empty((0, 0)))
        columns = front.T if front.size else [[]] * (3 if is_solid else 2)
        axis.plot(*columns, ".", markersize=2, label=contender)
    return axis
