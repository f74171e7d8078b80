"""Pictures drawn by matplotlib. Nothing is computed here, and names are shown as they are, never as mathematics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.arrays import FloatArray
from . import (
    contour,
    edf,
    hypervolume_history,
    intermediate_values,
    optimization_history,
    parallel_coordinate,
    param_importances,
    pareto_front,
    rank,
    slice,
    terminator_improvement,
    timeline,
)
from .picture import LINE, Axis, Band, Bars, Heat, Line, Mark, Panel, Picture, Points, Shading, Threads, shades
from .plots import plot

_SHADES = "cividis"
_DAY = 86_400e6  # microseconds
_LEVELS = 16
_HIGHEST = 1e249  # of which matplotlib draws contours
_LONG = 4  # characters of labels beyond which they are written at a slant


def is_available() -> bool:
    """Tell whether matplotlib is installed, so that this module can plot."""
    try:
        _check()
    except ImportError:
        return False
    return True


def _check() -> None:
    try:
        import matplotlib.pyplot  # noqa: F401
    except ImportError as error:
        raise ImportError('matplotlib is needed for plots: pip install "parzen[plot]"') from error


def draw(picture: Picture) -> Any:
    """Give a picture as ``Axes`` of matplotlib, or an array of them, in a new figure."""
    from matplotlib import pyplot as plt

    if not picture.panels or len(picture.panels) == 1:
        return _single(picture, plt)
    columns = picture.columns
    rows = -(-len(picture.panels) // columns)
    size = (2.2 * columns + 1.5, 2.0 * rows + 0.8) if picture.square else (3.0 * columns + 0.8, 3.4 * rows + 0.4)
    figure, grid = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained", sharey=not picture.square
    )
    figure.suptitle(_text(_title(picture)))
    axes = grid.ravel()
    for k, (ax, panel) in enumerate(zip(axes, picture.panels, strict=False)):
        row, column = divmod(k, columns)
        _panel(ax, panel)
        if column:
            ax.set_ylabel("")
        if picture.square:
            if row < rows - 1:
                ax.set_xlabel("")
            ax.tick_params(labelbottom=row == rows - 1, labelleft=column == 0, labelsize=8)
            ax.tick_params(which="minor", labelbottom=False, labelleft=False)
    for ax in axes[len(picture.panels) :]:
        ax.remove()
    if picture.shading is not None:
        _bar(figure, list(axes[: len(picture.panels)]), picture.shading)
    return grid if picture.square else axes[: len(picture.panels)]


def _single(picture: Picture, plt: Any) -> Any:
    is_space = bool(picture.panels) and picture.panels[0].z is not None
    figure = plt.figure(layout="constrained")
    ax = figure.add_subplot(projection="3d" if is_space else None)
    ax.set_title(_text(_title(picture)))
    if not picture.panels:
        return ax
    _panel(ax, picture.panels[0])
    if picture.shading is not None and picture.shading.title:
        _bar(figure, [ax], picture.shading)
    handles, labels = ax.get_legend_handles_labels()
    if picture.legend and handles:
        ax.legend(handles, labels, fontsize=8)
    return ax


def _text(text: object) -> str:
    """Keep a text from being read as mathematics, or, with a line in front, left out of legends."""
    text = str(text)
    shown = text.replace("\\", "\\\\").replace("$", "\\$") if "$" in text else text
    return f" {shown}" if shown.startswith("_") else shown


def _title(picture: Picture) -> str:
    return f"{picture.title}\n({picture.note})" if picture.note else picture.title


# --- axes ------------------------------------------------------------------------------------------------------------


def _panel(ax: Any, panel: Panel) -> None:
    for mark in panel.marks:
        _mark(ax, mark, panel)
    for axis, which in ((panel.x, "x"), (panel.y, "y"), (panel.z, "z")):
        if axis is not None:
            _axis(ax, axis, which)


def _axis(ax: Any, axis: Axis, which: str) -> None:
    getattr(ax, f"set_{which}label")(_text(axis.title))
    own = getattr(ax, f"{which}axis")
    if axis.scale == "log":
        getattr(ax, f"set_{which}scale")("log")
    elif axis.scale == "category":
        long = which == "x" and max(map(len, axis.ticks), default=0) * len(axis.labels) > 5 * _LONG
        turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if long else {}
        own.set_ticks(range(len(axis.labels)), list(map(_text, axis.ticks)), fontsize=8, **turned)
    elif axis.scale == "time":
        from matplotlib import dates

        locator = dates.AutoDateLocator()  # type: ignore[no-untyped-call]
        own.set_major_locator(locator)
        own.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    if axis.limits is not None:
        getattr(ax, f"set_{which}lim")(*axis.limits)


def _bar(figure: Any, axes: list[Any], shading: Shading) -> None:
    if math.isinf(shading.high - shading.low):  # no axis of matplotlib's is as long
        return
    from matplotlib import cm, colors

    mapped = cm.ScalarMappable(colors.Normalize(shading.low, shading.high), _colormap(shading))
    bar = figure.colorbar(mapped, ax=axes, label=_text(shading.title))
    if shading.ticks:
        bar.set_ticks([at for at, _ in shading.ticks], labels=[_text(label) for _, label in shading.ticks])


def _colormap(shading: Shading) -> str:
    return _SHADES if shading.low_is_dark else f"{_SHADES}_r"


# --- marks -----------------------------------------------------------------------------------------------------------


def _coordinates(axis: Axis, values: FloatArray) -> FloatArray:
    return values / _DAY if axis.scale == "time" else values


def _mark(ax: Any, mark: Mark, panel: Panel) -> None:
    if isinstance(mark, Points):
        _points(ax, mark)
    elif isinstance(mark, Line):
        label = _text(mark.name) if mark.listed else None
        marker = "o" if mark.markers else None
        ax.plot(
            mark.x,
            mark.y,
            color=mark.color,
            alpha=mark.opacity,
            label=label,
            marker=marker,
            markersize=3,
            linewidth=1.4,
        )
    elif isinstance(mark, Threads):
        _threads(ax, mark)
    elif isinstance(mark, Band):
        ax.fill_between(mark.x, mark.low, mark.high, color=mark.color, alpha=0.25, linewidth=0)
    elif isinstance(mark, Bars):
        _bars(ax, mark, panel)
    else:
        _heat(ax, mark)


def _points(ax: Any, mark: Points) -> None:
    at = (mark.x, mark.y) if mark.z is None else (mark.x, mark.y, mark.z)
    shaded: dict[str, Any] = {"color": mark.color} if isinstance(mark.color, str) else {"c": mark.color}
    if mark.shading is not None and len(mark.x):
        shaded |= {"cmap": _colormap(mark.shading), "vmin": mark.shading.low, "vmax": mark.shading.high}
    elif mark.shading is not None:
        shaded = {}
    size = 9 if mark.small else 26
    label = _text(mark.name) if mark.listed else None
    ax.scatter(*at, s=size, edgecolors=LINE, linewidths=0.5, label=label, zorder=3, **shaded)
    if mark.errors is not None:
        ax.errorbar(mark.x, mark.y, yerr=mark.errors, fmt="none", ecolor=mark.color, elinewidth=1, capsize=2)


def _threads(ax: Any, mark: Threads) -> None:
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    share = shades(mark.values, mark.shading)
    order = np.argsort(-share, kind="stable")
    at = np.arange(len(mark.ladders), dtype=float)
    lines = [np.column_stack([at, heights]) for heights in mark.heights[order]]
    styles = [":" if dotted else "-" for dotted in mark.dotted[order].tolist()]
    colors = colormaps[_SHADES](share[order])
    ax.add_collection(LineCollection(lines, colors=colors, linestyles=styles, linewidths=1.2, alpha=0.6))
    for x, ladder in enumerate(mark.ladders):
        ax.plot([x, x], [0, 1], color=LINE, linewidth=0.8, zorder=1)
        for height, label in zip(ladder.heights, ladder.labels, strict=True):
            ax.text(
                x - 0.03, height, _text(label), ha="right", va="center", fontsize=8, zorder=4,
                bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip
    for name, style in (("Feasible", "-"), ("Infeasible", ":")) if mark.dotted.any() else ():
        ax.plot([], [], color=LINE, linestyle=style, label=name)
    titles = [_text(ladder.title) for ladder in mark.ladders]
    long = max(map(len, titles)) * len(titles) > 60
    turned: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if long else {}
    ax.set_xticks(range(len(titles)), titles, **turned)
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)


def _bars(ax: Any, mark: Bars, panel: Panel) -> None:
    n = sum(isinstance(other, Bars) for other in panel.marks) if panel.y.scale == "category" else 1
    k = [other is mark for other in panel.marks].index(True) if n > 1 else 0
    thick = 0.8 / n
    at = mark.at + (k - (n - 1) / 2) * thick
    start, length = _coordinates(panel.x, mark.start), _coordinates(panel.x, mark.length)
    if not mark.labels:  # there may be thousands
        from matplotlib.collections import PolyCollection

        left, right, low, high = start, start + length, at - thick / 2, at + thick / 2
        corners = np.stack([(left, low), (right, low), (right, high), (left, high)]).transpose(2, 0, 1)
        ax.add_collection(PolyCollection(corners, color=mark.color, label=_text(mark.name)))
        ax.autoscale_view()
    else:
        drawn = ax.barh(at, length, thick, left=start, color=mark.color, label=_text(mark.name))
        ax.bar_label(drawn, list(map(_text, mark.labels)), padding=2, fontsize=8)
        ax.margins(x=0.12)


def _heat(ax: Any, mark: Heat) -> None:
    z = np.ma.masked_invalid(mark.z)
    low, high = mark.shading.low, mark.shading.high
    if max(abs(low), abs(high)) > _HIGHEST:
        return
    levels = np.unique(np.linspace(low, high, _LEVELS))  # numbers may lie closer than that
    ax.contourf(mark.x, mark.y, z, levels, cmap=_colormap(mark.shading), extend="both")
    ax.contour(mark.x, mark.y, z, levels, colors=LINE, linewidths=0.3)


plot_contour = plot(contour.contour, draw, _check)
plot_edf = plot(edf.edf, draw, _check)
plot_hypervolume_history = plot(hypervolume_history.hypervolume_history, draw, _check)
plot_intermediate_values = plot(intermediate_values.intermediate_values, draw, _check)
plot_optimization_history = plot(optimization_history.optimization_history, draw, _check)
plot_parallel_coordinate = plot(parallel_coordinate.parallel_coordinate, draw, _check)
plot_param_importances = plot(param_importances.param_importances, draw, _check)
plot_pareto_front = plot(pareto_front.pareto_front, draw, _check)
plot_rank = plot(rank.rank, draw, _check)
plot_slice = plot(slice.slices, draw, _check)
plot_terminator_improvement = plot(terminator_improvement.terminator_improvement, draw, _check)
plot_timeline = plot(timeline.timeline, draw, _check)
