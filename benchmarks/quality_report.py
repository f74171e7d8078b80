"""Statistics and pictures of the quality benchmark, from its file of results.

python benchmarks/quality_report.py quality.jsonl --ours parzen --tasks functions mixed --pictures quality
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from runs import load
from scipy import stats
from tasks import Task

Array = np.ndarray[Any, Any]

BUDGETS = (30, 50, 100, 200)
FLOOR = 1e-4  # of the regret of one random trial, below which a run counts as solved: a zero has no logarithm
SIGNIFICANT = 0.05
UNIT = "random"  # the contender whose first trial is the unit of regret


class Results:
    """Regret curves by task and contender.

    Parameters
    ----------
    runs
        Lines of the file of results. All of them count for the best value of a task without a known optimum.
    tasks, contenders, seeds
        Those to keep.

    Attributes
    ----------
    curves : dict[tuple[str, str], ndarray]
        Shape (n_seeds, n_trials), in units of the mean regret of the first trial of `UNIT`, or of all contenders where
        it is missing; none for a contender that did not run the task.
    seconds : dict[str, float]
        Time of one run of every task, for the contenders whose runs tell.
    """

    def __init__(
        self, runs: list[dict[str, Any]], tasks: list[Task], contenders: list[str], seeds: Iterable[int]
    ) -> None:
        self.contenders = contenders
        self.groups = {task.name: task.group for task in tasks}
        self.curves: dict[tuple[str, str], Array] = {}
        kept = set(seeds)
        by_task: dict[str, list[dict[str, Any]]] = {name: [] for name in self.groups}
        for run in runs:
            by_task.get(run["task"], []).append(run)
        for task in tasks:
            self._add(task, by_task[task.name], kept)
        self.seconds = _seconds([run for of in by_task.values() for run in of if run["seed"] in kept], contenders)

    def _add(self, task: Task, runs: list[dict[str, Any]], seeds: set[int]) -> None:
        by_contender: dict[str, dict[int, list[float]]] = {}
        for run in runs:
            if run["seed"] in seeds:
                by_contender.setdefault(run["contender"], {})[run["seed"]] = run["curve"]
        found = {c: [of[seed] for seed in sorted(of)] for c, of in by_contender.items() if c in self.contenders}
        if not found:
            return
        best = 0.0 if task.optimum is not None else min(min(run["curve"]) for run in runs)
        of_unit = by_contender.get(UNIT)
        firsts = of_unit.values() if of_unit else [curve for of in found.values() for curve in of]
        unit = np.mean([curve[0] for curve in firsts]) - best
        length = min(len(curve) for of in found.values() for curve in of)
        for contender, of in found.items():
            curves = np.array([curve[:length] for curve in of])
            self.curves[task.name, contender] = np.maximum(curves - best, 0.0) / unit

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks that every contender ran."""
        return self.common(*self.contenders)

    def common(self, *contenders: str) -> list[str]:
        """List the tasks that all of some contenders ran."""
        return [name for name in self.groups if all((name, c) in self.curves for c in contenders)]

    def regret(self, task: str, contender: str, budget: int) -> float:
        """Give the geometric mean over seeds of the regret after some trials, of each run at least `FLOOR`."""
        return _geometric(np.maximum(self.curves[task, contender][:, budget - 1], FLOOR))

    def ratio(self, task: str, budget: int, ours: str, other: str) -> float:
        """Give the ratio of the regrets after some trials."""
        return self.regret(task, ours, budget) / self.regret(task, other, budget)

    def ratio_of_means(self, task: str, budget: int, ours: str, other: str) -> float:
        """Give the ratio of the arithmetic means over seeds, in which the worst runs count most."""
        a, b = (self.curves[task, c][:, budget - 1].mean() for c in (ours, other))
        return float(max(a, FLOOR) / max(b, FLOOR))

    def p_value(self, task: str, budget: int, ours: str, other: str) -> float:
        """Give the two-sided p-value of a Mann-Whitney test that two contenders' regrets are alike."""
        a, b = (self.curves[task, c][:, budget - 1] for c in (ours, other))
        return 1.0 if np.array_equal(np.sort(a), np.sort(b)) else float(stats.mannwhitneyu(a, b).pvalue)

    def budgets(self, tasks: list[str]) -> list[int]:
        """List the budgets that the curves of some tasks reach; their length if they reach none."""
        n_trials = min(curves.shape[1] for (name, _), curves in self.curves.items() if name in tasks)
        return [budget for budget in BUDGETS if budget <= n_trials] or [n_trials]


def _seconds(runs: list[dict[str, Any]], contenders: list[str]) -> dict[str, float]:
    """Sum the mean times of the tasks, by contender."""
    times: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        if "seconds" in run:
            times.setdefault(run["contender"], {}).setdefault(run["task"], []).append(run["seconds"])
    return {c: sum(float(np.mean(t)) for t in times[c].values()) for c in contenders if c in times}


def report(
    path: str | Path, ours: str = "parzen", tasks: list[str] | None = None, seeds: Iterable[int] | None = None
) -> Results:
    """Print how a contender compares with all others of a file of results.

    Parameters
    ----------
    path
        File of results.
    ours
        Name of the contender.
    tasks
        Names of tasks or groups; None: all.
    seeds
        Seeds to keep; None: all that the contender ran. Give those that nothing was tuned on.
    """
    from quality import all_tasks

    found = load(Path(path))
    wanted = [task for task in all_tasks() if not tasks or {task.name, task.group} & set(tasks)]
    names = {task.name for task in wanted}
    kept = {run["seed"] for run in found if run["contender"] == ours and run["task"] in names}
    kept &= kept if seeds is None else set(seeds)
    if not kept:
        raise ValueError(f"expected runs of {ours!r} on some of the tasks in {path}, but found none")
    others = dict.fromkeys(run["contender"] for run in found if run["contender"] != ours and run["seed"] in kept)
    results = Results(found, wanted, [ours, *others], kept)
    print_report(results)
    print_tasks(results)
    return results


def print_report(results: Results) -> None:
    """Print how the first contender compares with each of the others."""
    ours = results.contenders[0]
    for other in results.contenders[1:]:
        tasks = results.common(ours, other)
        if not tasks:
            print(f"\nno task with runs of both {ours} and {other}")
            continue
        groups = list(dict.fromkeys(results.groups[task] for task in tasks))
        seeds = f"{_n_seeds(results, tasks, ours)} and {_n_seeds(results, tasks, other)}"
        print(
            f"\nregret of {ours} / regret of {other}: geometric mean over {len(tasks)} tasks and seeds ({seeds} a task)"
        )
        print(f"(a run's regret counts as at least {FLOOR:g} of that of one random trial; on so many tasks one side is")
        print("there with every run: floored; means: all tasks, by the arithmetic mean over seeds)")
        heads = "".join(f"{group:>12}" for group in [*groups, "all tasks", "means"])
        print(f"{'trials':>8}{heads}{'floored':>9}{'won':>7}{'p(sign)':>10}")
        for budget in results.budgets(tasks):
            _print_budget(results, tasks, budget, ours, other)
        left_out = [name for name in results.groups if name not in tasks]
        if left_out:
            print(f"{'':8}left out, as not both ran them: {', '.join(left_out)}")
    for contender, seconds in results.seconds.items():
        print(f"one seed of all its tasks took {contender} {seconds:.1f} s")


def _n_seeds(results: Results, tasks: list[str], contender: str) -> str:
    counts = {len(results.curves[task, contender]) for task in tasks}
    return f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def _print_budget(results: Results, tasks: list[str], budget: int, ours: str, other: str) -> None:
    ratios = {task: results.ratio(task, budget, ours, other) for task in tasks}
    groups = dict.fromkeys(results.groups[task] for task in tasks)
    means = [_geometric([ratios[t] for t in tasks if results.groups[t] == group]) for group in groups]
    of_means = [results.ratio_of_means(task, budget, ours, other) for task in tasks]
    means += [_geometric(list(ratios.values())), _geometric(of_means)]
    floored = sum(min(results.regret(task, c, budget) for c in (ours, other)) <= 1.0001 * FLOOR for task in tasks)
    won, lost = sum(r < 1 for r in ratios.values()), sum(r > 1 for r in ratios.values())
    sign = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    line = "".join(f"{mean:12.3f}" for mean in means)
    print(f"{budget:8d}{line}{floored:9d}{f'{won}/{won + lost}':>7}{sign:10.4f}")
    sure = {task: r for task, r in ratios.items() if results.p_value(task, budget, ours, other) < SIGNIFICANT}
    worse = ", ".join(f"{task} ({ratio:.2f})" for task, ratio in sure.items() if ratio > 1)
    n_better, n_worse = sum(r < 1 for r in sure.values()), sum(r > 1 for r in sure.values())
    chance = f"by chance {SIGNIFICANT * len(tasks) / 2:.1f} each"
    print(f"{'':8}significantly better on {n_better}, worse on {n_worse} ({chance}): {worse or 'none'}")


def print_tasks(results: Results) -> None:
    """Print the first contender's regret on every task, and its ratio to that of each of the others."""
    ours, tasks = results.contenders[0], results.common(results.contenders[0])
    others = [c for c in results.contenders[1:] if results.common(ours, c)]
    if not tasks:
        return
    budget = results.budgets(tasks)[-1]
    print(f"\nafter {budget} trials: regret of {ours} (1 = one random trial), and its ratio to that of others")
    print(f"(* = Mann-Whitney p < {SIGNIFICANT})")
    print(f"{'task':34}{ours:>12}" + "".join(f"{other:>20}" for other in others))
    for task in tasks:
        cells = "".join(f"{_cell(results, task, budget, ours, other):>20}" for other in others)
        print(f"{task:34}{results.regret(task, ours, budget):12.2e}{cells}")


def _cell(results: Results, task: str, budget: int, ours: str, other: str) -> str:
    if (task, other) not in results.curves:
        return "-"
    sure = results.p_value(task, budget, ours, other) < SIGNIFICANT
    return f"{results.ratio(task, budget, ours, other):.3f}{'*' if sure else ' '}"


def _geometric(ratios: Any) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def draw(results: Results, folder: Path) -> None:
    """Draw regret against trials, for each task and in the mean, of the tasks that every contender ran."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SystemExit('Pictures need matplotlib: pip install "parzen[plot]"') from error
    if not results.tasks:
        raise SystemExit(f"There is nothing to draw: no task was run by all of {', '.join(results.contenders)}.")
    folder.mkdir(parents=True, exist_ok=True)
    _draw_tasks(plt, results, folder / "tasks.png")
    _draw_summary(plt, results, folder / "summary.png")


def _draw_tasks(plt: Any, results: Results, path: Path) -> None:
    tasks = results.tasks
    n_columns = min(6, len(tasks))
    n_rows = -(-len(tasks) // n_columns)
    size = max(3.4 * n_columns, 6.0), 2.8 * n_rows + 0.8
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat[len(tasks) :]:
        axis.axis("off")
    for axis, task in zip(axes.flat, tasks, strict=False):
        for contender in results.contenders:
            _draw_curves(axis, results.curves[task, contender], contender)
        axis.set_title(task, fontsize=9)
        axis.set_yscale("log")
    lines, names = axes.flat[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=len(names))
    figure.supxlabel("trials")
    figure.supylabel("regret, 1 = one random trial (median and quartiles over seeds)")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_curves(axis: Any, curves: Array, label: str) -> None:
    n = np.arange(1, curves.shape[1] + 1)
    low, middle, high = np.quantile(np.maximum(curves, FLOOR), [0.25, 0.5, 0.75], axis=0)
    (line,) = axis.plot(n, middle, label=label, linewidth=1.2)
    axis.fill_between(n, low, high, alpha=0.15, color=line.get_color())


def _draw_summary(plt: Any, results: Results, path: Path) -> None:
    tasks = results.tasks
    n = min(results.curves[task, c].shape[1] for task in tasks for c in results.contenders)
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for contender in results.contenders:
        means = [np.maximum(results.curves[task, contender][:, :n].mean(axis=0), FLOOR) for task in tasks]
        axis.plot(np.arange(1, n + 1), np.exp(np.mean(np.log(means), axis=0)), label=contender)
    axis.set(yscale="log", xlabel="trials", ylabel=f"regret, geometric mean over {len(tasks)} tasks")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="file of results of quality.py")
    parser.add_argument("--ours", default="parzen", help="the contender to compare with the others")
    parser.add_argument("--tasks", nargs="+", help="names of tasks or of groups (default: all)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, help="number of seeds (default: all from the first)")
    parser.add_argument("--pictures", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    first, count = arguments.first_seed, 2**31 if arguments.seeds is None else arguments.seeds
    present = {run["seed"] for run in load(arguments.results)}
    seeds = [seed for seed in present if first <= seed < first + count]
    results = report(arguments.results, arguments.ours, arguments.tasks, seeds)
    if arguments.pictures:
        draw(results, arguments.pictures)


if __name__ == "__main__":
    main()
