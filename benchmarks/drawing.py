"""The pictures of a report, by matplotlib. Colours are those of Okabe and Ito, which the colour-blind tell apart.

Beyond eight contenders they differ by dashes and markers as well. A legend stands outside of the axes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks import stats
from parzen.benchmarks.problem import Array
from parzen.benchmarks.race import checkpoints
from parzen.benchmarks.results import FLOOR, Results
from parzen.benchmarks.runs import Run

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
DASHES = ("-", "--", ":", "-.")
MARKERS = ("", "s", "^", "X")  # with each kind of dashes
N_MARKS = 8  # on a line

Styles = dict[str, dict[str, Any]]  # of lines, by contender


def draw(runs: Sequence[Run], contenders: Sequence[str], folder: Path) -> dict[str, Path]:
    """Draw what a report names; give the files.

    Raises
    ------
    ImportError
        If matplotlib is missing.
    """
    try:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('Pictures need matplotlib: pip install "parzen[plot]"') from error
    kept = [run for run in runs if run.job.contender in set(contenders)]
    styles, found = styles_of(contenders), {}
    for name, (kinds, make) in FIGURES.items():
        these = [run for run in kept if run.kind in kinds]
        present = {c: of for c, of in styles.items() if any(run.job.contender == c for run in these)}
        figure = make(plt, these, present) if these else None
        if figure is not None:
            found[name] = folder / f"{name}.png"
            figure.savefig(found[name], dpi=110)
            plt.close(figure)
    return found


def styles_of(contenders: Sequence[str]) -> Styles:
    """Give each contender a colour, dashes and a marker, the same in all pictures."""
    n, k = len(COLOURS), len(DASHES)
    return {
        name: {"color": COLOURS[place % n], "linestyle": DASHES[place // n % k], "marker": MARKERS[place // n % k]}
        for place, name in enumerate(contenders)
    }


def _marked(style: dict[str, Any], usual: str) -> dict[str, Any]:
    """Give the colour and the marker of what is drawn as points."""
    return {"color": style["color"], "marker": style["marker"] or usual}


def _legend(figure: Any, contenders: Styles) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], linewidth=2.0, **contenders[name]) for name in contenders]
    n_columns = min(len(contenders), int(figure.get_figwidth() // 2), 4)  # names are an inch and a half at most
    figure.legend(lines, list(contenders), loc="outside upper center", ncols=n_columns, frameon=False)


def _panels(plt: Any, titles: Sequence[str], most: int = 5, width: float = 3.4) -> tuple[Any, list[Any]]:
    """Make a grid of axes with titles."""
    n_columns = min(most, len(titles))
    n_rows = -(-len(titles) // n_columns)
    size = max(width * n_columns, 6.0), 2.7 * n_rows + 1.0
    figure, axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="constrained")
    for axis in axes.flat[len(titles) :]:
        axis.axis("off")
    for axis, title in zip(axes.flat, titles, strict=False):
        axis.set_title(title, fontsize=9)
        axis.grid(alpha=0.25)
    return figure, list(axes.flat[: len(titles)])


def _every(n: int) -> int:
    return max(n // N_MARKS, 1)


def _band(axis: Any, curves: Array, at: Sequence[int] = (), **line: Any) -> None:
    """Draw median and quartiles over seeds, after all evaluations or after some."""
    n = np.array(at or range(1, curves.shape[1] + 1))
    with np.errstate(invalid="ignore"):  # before the first value curves are infinite
        low, middle, high = np.quantile(curves[:, n - 1], [0.25, 0.5, 0.75], axis=0)
    axis.plot(n, middle, linewidth=1.4, markersize=4, markevery=_every(len(n)), **line)
    axis.fill_between(n, low, high, alpha=0.13, color=line["color"], linewidth=0)


# --- values ----------------------------------------------------------------------------------------------------------


def _regret(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw regret against evaluations by group and in all: geometric means of the means over seeds."""
    results = Results(runs, "value", list(contenders))
    shared = results.problems()
    if not shared:
        return None
    groups = {
        group: [p for p in shared if results.groups[p] == group] for group in dict.fromkeys(results.groups.values())
    }
    parts = {**{group: of for group, of in groups.items() if of}, **({"all": shared} if len(groups) > 1 else {})}
    figure, axes = _panels(plt, [f"{name} ({len(of)})" for name, of in parts.items()], most=4)
    for axis, of in zip(axes, parts.values(), strict=True):
        n = min(results.end(problem, *contenders) for problem in of)
        for name in contenders:
            means = [np.maximum(results.curves[problem, name][:, :n].mean(axis=0), FLOOR) for problem in of]
            middle = np.exp(np.mean(np.log(means), axis=0))
            axis.plot(np.arange(1, n + 1), middle, linewidth=1.6, markersize=4, markevery=_every(n), **contenders[name])
        axis.set_yscale("log")
    _legend(figure, contenders)
    figure.supxlabel("evaluations")
    figure.supylabel("regret, 1 = one random trial\n(geometric mean over problems)", fontsize=9)
    return figure


def _problems(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw regret against evaluations, a problem a panel."""
    results = Results(runs, "value", list(contenders))
    names = list(results.groups)
    figure, axes = _panels(plt, names)
    for axis, problem in zip(axes, names, strict=True):
        for name in contenders:
            if (problem, name) in results.curves:
                _band(axis, np.maximum(results.curves[problem, name], FLOOR), **contenders[name])
        axis.set_yscale("log")
    _legend(figure, contenders)
    figure.supxlabel("evaluations")
    figure.supylabel("regret, 1 = one random trial\n(median and quartiles over seeds)", fontsize=9)
    return figure


def _ranks(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw mean ranks, with a bar over those between which there is no significant difference (Demsar 2006)."""
    shared, scores = Results(runs, "value", list(contenders)).scores()
    if len(contenders) < 3 or len(shared) < 2:
        return None
    ranks = stats.mean_ranks(scores)
    difference = stats.critical_difference(len(contenders), len(shared))
    order = np.argsort(ranks, kind="stable")
    bars = stats.alike(ranks, difference)
    k, names = len(contenders), list(contenders)
    figure, axis = plt.subplots(figsize=(8.5, 1.4 + 0.32 * k + 0.2 * len(bars)), layout="constrained")
    for row, place in enumerate(order):
        y = -row - 1.0
        axis.plot([ranks[place], ranks[place]], [0.0, y], color="#BBBBBB", linewidth=0.8, zorder=1)
        axis.plot(ranks[place], y, **_marked(contenders[names[place]], "o"), zorder=2)
        axis.annotate(
            f"{names[place]}  {ranks[place]:.2f}",
            (ranks[place], y),
            (8, 0),
            textcoords="offset points",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
    for i, (first, last) in enumerate(bars):
        ends = ranks[order[first]] - 0.03, ranks[order[last]] + 0.03
        axis.plot(ends, [0.45 + 0.4 * i] * 2, color="black", linewidth=4, solid_capstyle="butt")
    top = 0.9 + 0.4 * len(bars)
    axis.plot([1.0, 1.0 + difference], [top, top], "|-", color="#D55E00")
    axis.annotate(
        f"critical difference {difference:.2f}", (1.0, top), (0, 5), textcoords="offset points", color="#D55E00"
    )
    axis.set(
        xlim=(0.9, k + 0.12 * k), ylim=(-k - 0.8, top + 0.8), xlabel=f"mean rank over {len(shared)} problems, 1 is best"
    )
    axis.set_xticks(range(1, k + 1))
    axis.get_yaxis().set_visible(False)
    for side in ("left", "right", "top"):
        axis.spines[side].set_visible(False)
    return figure


# --- several objectives ----------------------------------------------------------------------------------------------


def _hypervolume(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw the share that is dominated against evaluations, a problem a panel."""
    results = Results(runs, "far", list(contenders))
    names = list(results.groups)
    figure, axes = _panels(plt, names)
    for axis, problem in zip(axes, names, strict=True):
        for name in contenders:
            if (problem, name) in results.curves:
                curves = results.curves[problem, name]
                _band(axis, curves, [n for n in checkpoints(curves.shape[1]) if n >= 10], **contenders[name])
        axis.set(xscale="log", xlim=(10, None))
    _legend(figure, contenders)
    figure.supxlabel("evaluations")
    figure.supylabel("share dominated up to the far\nreference point (quartiles)", fontsize=9)
    return figure


def _fronts(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw the first two objectives of the fronts that the first seed found."""
    names = list(dict.fromkeys(run.job.problem for run in runs))
    m = {run.job.problem: len(run.told["front"][0]) for run in runs if run.told["front"]}
    titles = [name if m.get(name, 2) == 2 else f"{name}\n(two of {m[name]} objectives)" for name in names]
    figure, axes = _panels(plt, titles)
    seed = min(run.job.seed for run in runs)
    for axis, problem in zip(axes, names, strict=True):
        for run in [run for run in runs if (run.job.problem, run.job.seed) == (problem, seed)]:
            points = np.array(run.told["front"]).reshape(len(run.told["front"]), -1)
            if points.size:
                marks = _marked(contenders[run.job.contender], ".")
                axis.plot(*points[:, :2].T, linestyle="", markersize=3, **marks)
    _legend(figure, {name: {"linestyle": "", **_marked(style, ".")} for name, style in contenders.items()})
    figure.supxlabel("first objective")
    figure.supylabel("second objective (first seed)", fontsize=9)
    return figure


# --- training by steps, and time -------------------------------------------------------------------------------------


def _losses(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw the lowest loss against steps."""
    names = list(dict.fromkeys(run.job.problem for run in runs))
    figure, axes = _panels(plt, names, most=2, width=7.5)
    figure.set_size_inches(figure.get_size_inches() * (1.0, 1.5))
    for axis, problem in zip(axes, names, strict=True):
        of = [run for run in runs if run.job.problem == problem]
        budget, ends = min(run.job.budget for run in of), [run.told["value"][-1][1] for run in of]
        for name in contenders:
            curves = [run.curve("value", budget) for run in of if run.job.contender == name]
            if curves:
                _band(axis, np.array(curves), **contenders[name])
        axis.set(yscale="log", ylim=(0.95 * min(ends), 2.5), xlim=(0, budget))  # not the losses of guessing
    _legend(figure, contenders)
    figure.supxlabel("steps trained, all trials together")
    figure.supylabel("lowest validation loss\n(median and quartiles over seeds)", fontsize=9)
    return figure


def _times(plt: Any, runs: Sequence[Run], contenders: Styles) -> Any:
    """Draw the sampler's time per evaluation against their number: medians of the runs."""
    figure, (axis,) = _panels(plt, [""], width=7.0)
    figure.set_size_inches(7.0, 4.2)
    for name in contenders:
        spans: dict[int, list[float]] = {}
        for run in [run for run in runs if run.job.contender == name]:
            steps = run.told["sampler"]
            for (a, before), (b, after) in itertools.pairwise(steps):
                spans.setdefault(b, []).append(1e3 * (after - before) / (b - a))
        n = sorted(spans)
        line = {**contenders[name], **_marked(contenders[name], ".")}
        axis.plot(n, [np.median(spans[at]) for at in n], linewidth=1.4, markersize=5, **line)
    axis.set(
        xscale="log", yscale="log", xlabel="evaluations so far", ylabel="milliseconds of the sampler per evaluation"
    )
    _legend(figure, contenders)
    return figure


FIGURES: dict[str, tuple[Sequence[str], Callable[[Any, Sequence[Run], Styles], Any]]] = {
    "regret": (["value"], _regret),
    "problems": (["value"], _problems),
    "ranks": (["value"], _ranks),
    "hypervolume": (["front"], _hypervolume),
    "fronts": (["front"], _fronts),
    "losses": (["fidelity"], _losses),
    "times": (["value", "front"], _times),
}
