"""Pictures drawn by plotly. Nothing is computed here, and all names and values are shown as text, never as HTML."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
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
from .picture import COLORS, LINE, Axis, Band, Bars, Heat, Line, Mark, Panel, Picture, Points, Shading, Threads, shades
from .plots import plot

_SHADES = "Cividis"  # which the colour-blind read as others do (Nunez, Anderton and Renslow 2018)
_OUTLINE = {"color": LINE, "width": 0.5}
_ROW, _CELL = 320, 150  # pixels of a row of panels, and of a panel of a matrix
_THREADS = 64  # groups of parallel lines, each of one colour
_SAME = 1e-4  # of a scale of colours
_DISTANCE = 1.6  # from which a picture in space is seen whole

Trace = dict[str, Any]

# A panel without any trace has no axes, not even those whose titles stand for its row or column.
_NOTHING: Trace = {"type": "scatter", "x": [None], "y": [None], "hoverinfo": "skip", "showlegend": False}


def is_available() -> bool:
    """Tell whether plotly is installed, so that this module can plot."""
    try:
        _check()
    except ImportError:
        return False
    return True


def _check() -> None:
    try:
        import plotly.graph_objects  # noqa: F401
    except ImportError as error:
        raise ImportError('plotly is needed for plots: pip install "parzen[plot]"') from error


def draw(picture: Picture) -> Any:
    """Give a picture as a figure of plotly."""
    from plotly import graph_objects as go

    data: list[Trace] = []
    layout: dict[str, Any] = {"title": {"text": _title(picture)}, "colorway": list(COLORS)}
    if picture.panels:
        layout["showlegend"] = picture.legend
        _lay_out(picture, layout)
    shading = picture.shading
    for k, panel in enumerate(picture.panels):
        traces = [trace for mark in panel.marks for trace in _traces(mark, panel)]
        if panel.z is None and len(picture.panels) > 1:
            traces = traces or [_NOTHING]
            traces = [
                {**trace, "xaxis": f"x{k + 1}"[: None if k else 1], "yaxis": f"y{k + 1}"[: None if k else 1]}
                for trace in traces
            ]
        data += traces
    _keep_one_bar(data, shading)
    return go.Figure(data=data, layout=layout)


def _text(text: object) -> str:
    """Escape a text: plotly takes it for a small HTML."""
    return html.escape(str(text), quote=False).replace("\n", "<br>")


def _title(picture: Picture) -> str:
    return _text(picture.title) + (f"<br><sup>{_text(picture.note)}</sup>" if picture.note else "")


# --- axes and layout -------------------------------------------------------------------------------------------------


def _axis(axis: Axis) -> dict[str, Any]:
    found: dict[str, Any] = {"title": {"text": _text(axis.title)}} if axis.title else {}
    if axis.scale == "log":
        found["type"] = "log"
    elif axis.scale == "time":
        found["type"] = "date"
    elif axis.scale == "category":
        labels = list(map(_text, axis.labels))
        found |= {"type": "category", "categoryorder": "array", "categoryarray": labels, "automargin": True}
        if axis.ticks != axis.labels:
            found |= {"tickvals": labels, "ticktext": list(map(_text, axis.ticks))}
    if axis.limits is not None:
        found["range"] = [math.log10(end) for end in axis.limits] if axis.scale == "log" else list(axis.limits)
    return found


def _lay_out(picture: Picture, layout: dict[str, Any]) -> None:
    first = picture.panels[0]
    threads = next((mark for mark in first.marks if isinstance(mark, Threads)), None)
    if first.z is not None:
        layout["margin"] = {"l": 0, "r": 0, "b": 0}
        layout["scene"] = {
            f"{name}axis": _axis(axis) for name, axis in zip("xyz", (first.x, first.y, first.z), strict=True)
        }
        layout["scene"]["camera"] = {"eye": dict.fromkeys("xyz", _DISTANCE)}
    elif threads is not None:
        _lay_out_ladders(threads, first, layout)
    elif len(picture.panels) > 1:
        _lay_out_grid(picture, layout)
    else:
        layout |= {"xaxis": _axis(first.x), "yaxis": _axis(first.y)}
    if picture.legend and picture.shading is not None:
        layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


def _spans(n: int, gap: float) -> list[tuple[float, float]]:
    """Divide [0, 1] into n spans."""
    width = (1.0 - gap * (n - 1)) / n
    return [(k * (width + gap), min(k * (width + gap) + width, 1.0)) for k in range(n)]


def _lay_out_grid(picture: Picture, layout: dict[str, Any]) -> None:
    """Place panels row by row; all of a matrix share the axes of their row and column, others the vertical one."""
    columns = picture.columns
    rows = -(-len(picture.panels) // columns)
    across = _spans(columns, 0.02 if picture.square else 0.04)
    down = _spans(rows, 0.02 if picture.square else 0.3 / rows)[::-1]
    for k, panel in enumerate(picture.panels):
        row, column = divmod(k, columns)
        tail = str(k + 1) if k else ""
        x, y = _axis(panel.x), _axis(panel.y)
        x |= {"anchor": f"y{tail}", "domain": list(across[column])}
        y |= {"anchor": f"x{tail}", "domain": list(down[row])}
        if column:
            y |= {"matches": f"y{row * columns + 1}" if picture.square and row else "y", "showticklabels": False}
            y.pop("title", None)
        elif row and not picture.square:
            y["matches"] = "y"
        if picture.square and row < rows - 1:
            x |= {"matches": f"x{(rows - 1) * columns + column + 1}", "showticklabels": False}
            x.pop("title", None)
        layout |= {f"xaxis{tail}": x, f"yaxis{tail}": y}
    if picture.square:
        layout["height"] = 200 + _CELL * rows
        if columns > 4:
            layout["width"] = 250 + _CELL * columns
    elif rows > 1:
        layout["height"] = 150 + _ROW * rows


def _lay_out_ladders(threads: Threads, panel: Panel, layout: dict[str, Any]) -> None:
    titles = [_text(ladder.title) for ladder in threads.ladders]
    at = list(range(len(titles)))
    layout["plot_bgcolor"] = "white"
    layout["hovermode"] = "closest"
    layout["xaxis"] = {
        "range": list(panel.x.limits or ()), "showgrid": False, "zeroline": False, "tickmode": "array", "tickvals": at,
        "ticktext": titles, "tickangle": 0 if max(map(len, titles)) * len(titles) < 80 else 30,
    }  # fmt: skip
    layout["yaxis"] = {"range": list(panel.y.limits or ()), "visible": False, "fixedrange": True}
    layout["shapes"] = [
        {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "layer": "below", "line": {"color": LINE, "width": 1}}
        for x in at
    ]
    layout["annotations"] = [
        {"x": x, "y": height, "text": _text(label), "showarrow": False, "xanchor": "right", "xshift": -3,
         "font": {"size": 11, "color": "#222"}, "bgcolor": "rgba(255,255,255,0.7)", "borderpad": 0}
        for x, ladder in enumerate(threads.ladders) for height, label in zip(ladder.heights, ladder.labels, strict=True)
    ]  # fmt: skip


# --- colours ---------------------------------------------------------------------------------------------------------


def _bar(shading: Shading) -> dict[str, Any]:
    bar: dict[str, Any] = {"title": {"text": _text(shading.title), "side": "right"}, "thickness": 15}
    if shading.ticks:
        bar |= {"tickvals": [at for at, _ in shading.ticks], "ticktext": [_text(label) for _, label in shading.ticks]}
    return bar


def _shaded(shading: Shading, low: str, high: str) -> dict[str, Any]:
    return {
        "colorscale": _SHADES, "reversescale": not shading.low_is_dark, low: shading.low, high: shading.high,
        "showscale": True, "colorbar": _bar(shading),
    }  # fmt: skip


def _keep_one_bar(data: list[Trace], shading: Shading | None) -> None:
    """Leave the bar of colours to the first of the traces that have one."""
    seen = False
    for trace in data:
        holder = trace if trace["type"] == "contour" else trace.get("marker", {})
        if holder.get("showscale"):
            if seen:
                del holder["colorbar"]
                holder["showscale"] = False
            seen = True


def _rgb(share: float) -> str:
    from plotly.colors import sample_colorscale

    found: list[str] = sample_colorscale(_SHADES, [share])
    return found[0]


# --- marks -----------------------------------------------------------------------------------------------------------


def _coordinates(axis: Axis, values: FloatArray) -> Any:
    """Give positions as plotly wants them: labels on an axis of categories, otherwise numbers."""
    if axis.scale == "category":
        labels = list(map(_text, axis.labels))
        return [labels[int(value)] for value in values.tolist()]
    if axis.scale == "time":
        return np.datetime_as_string(values.astype("int64").astype("datetime64[us]")).tolist()
    return _packed(values)


def _packed(values: FloatArray) -> Any:
    """Give whole numbers in the smallest type that holds them: arrays are sent as they lie in memory."""
    if len(values) and np.isfinite(values).all() and (values == np.round(values)).all():
        for kind in (np.int8, np.int16, np.int32):
            if abs(values).max() <= np.iinfo(kind).max:
                return values.astype(kind)
    return values


def _halved(values: Any) -> Any:
    """Give numbers in single precision where that changes no colour: little beside their spread, not their size."""
    if values.dtype != np.float64 or not np.isfinite(values).any():
        return values
    known = values[np.isfinite(values)]
    with np.errstate(all="ignore"):
        error = np.abs(known.astype(np.float32) - known).max()
        return values.astype(np.float32) if error <= _SAME * np.ptp(known) else values


def _traces(mark: Mark, panel: Panel) -> Iterator[Trace]:
    if isinstance(mark, Points):
        yield _points(mark, panel)
    elif isinstance(mark, Line):
        yield _line(mark, panel)
    elif isinstance(mark, Threads):
        yield from _threads(mark)
    elif isinstance(mark, Band):
        x = _packed(mark.x)
        yield {"type": "scatter", "mode": "lines", "x": x, "y": mark.high, "line": {"width": 0.01}, "showlegend": False}
        yield {
            "type": "scatter", "mode": "none", "x": x, "y": mark.low, "fill": "tonexty", "showlegend": False,
            "fillcolor": _translucent(mark.color, 0.25),
        }  # fmt: skip
    elif isinstance(mark, Bars):
        yield _bars(mark, panel)
    else:
        yield _heat(mark, panel)


def _translucent(color: str, opacity: float) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _points(mark: Points, panel: Panel) -> Trace:
    marker: dict[str, Any] = {"line": _OUTLINE, "size": 4 if mark.small or mark.z is not None else 7}
    if isinstance(mark.color, str):
        marker["color"] = mark.color
    else:
        marker["color"] = _halved(_packed(mark.color))
        if mark.shading is not None:
            marker |= _shaded(mark.shading, "cmin", "cmax")
    trace: Trace = {
        "type": "scatter", "mode": "markers", "name": _text(mark.name), "showlegend": mark.listed, "marker": marker,
        "x": _coordinates(panel.x, mark.x), "y": _coordinates(panel.y, mark.y),
    }  # fmt: skip
    if mark.z is not None:
        trace |= {"type": "scatter3d", "z": _packed(mark.z)}
    if mark.errors is not None:
        trace["error_y"] = {"type": "data", "array": mark.errors, "visible": True}
    if mark.texts:
        trace |= {"hovertext": list(map(_text, mark.texts)), "hovertemplate": "%{hovertext}<extra></extra>"}
    elif mark.numbers is not None:
        trace |= {
            "customdata": _packed(mark.numbers),
            "hovertemplate": "Trial #%{customdata}<br>%{x}, %{y}<extra></extra>",
        }
    return trace


def _line(mark: Line, panel: Panel) -> Trace:
    trace: Trace = {
        "type": "scatter", "mode": "lines+markers" if mark.markers else "lines", "name": _text(mark.name),
        "x": _coordinates(panel.x, mark.x), "y": _coordinates(panel.y, mark.y), "showlegend": mark.listed,
        "line": {"color": mark.color}, "opacity": mark.opacity,
    }  # fmt: skip
    if mark.markers:
        trace["marker"] = {"maxdisplayed": 10 if len(mark.x) > 10 and mark.opacity < 1 else 0, "color": mark.color}
    return trace


def _threads(mark: Threads) -> Iterator[Trace]:
    """Draw lines of about one colour as one, with gaps between them."""
    order = (
        np.lexsort((mark.values, mark.dotted))[::-1]
        if mark.shading.low_is_dark
        else np.lexsort((mark.values, mark.dotted))
    )
    share = shades(mark.values, mark.shading)
    x = np.append(np.arange(len(mark.ladders)), np.nan)
    for dotted in (True, False):
        rows = order[mark.dotted[order] == dotted]
        for group in np.array_split(rows, min(len(rows), _THREADS)) if len(rows) else ():
            heights = np.column_stack([mark.heights[group], np.full(len(group), np.nan)])
            yield {
                "type": "scatter", "mode": "lines", "x": np.tile(x, len(group))[:-1], "y": heights.ravel()[:-1],
                "opacity": 0.6, "showlegend": False, "hoverinfo": "skip",
                "line": {"color": _rgb(float(share[group].mean())), "width": 1.3, "dash": "dot" if dotted else "solid"},
            }  # fmt: skip
    for name, dash in (("Feasible", "solid"), ("Infeasible", "dot")) if mark.dotted.any() else ():
        yield {
            "type": "scatter", "mode": "lines", "x": [None], "y": [None], "name": name, "showlegend": True,
            "line": {"color": LINE, "dash": dash},
        }  # fmt: skip
    if mark.shading.title:
        yield {
            "type": "scatter", "mode": "markers", "x": [None], "y": [None], "hoverinfo": "skip", "showlegend": False,
            "marker": {"color": [mark.shading.low], **_shaded(mark.shading, "cmin", "cmax")},
        }  # fmt: skip


def _bars(mark: Bars, panel: Panel) -> Trace:
    trace: Trace = {
        "type": "bar", "orientation": "h", "name": _text(mark.name), "marker": {"color": mark.color},
        "y": _coordinates(panel.y, mark.at), "hovertext": list(map(_text, mark.texts)), "cliponaxis": False,
        "hovertemplate": f"%{{hovertext}}<extra>{_text(mark.name)}</extra>",
    }  # fmt: skip
    if panel.x.scale == "time":
        trace |= {"base": _coordinates(panel.x, mark.start), "x": mark.length / 1e3}  # milliseconds
    else:
        trace["x"] = mark.length
    if mark.labels:
        trace |= {"text": list(map(_text, mark.labels)), "textposition": "outside"}
    return trace


def _heat(mark: Heat, panel: Panel) -> Trace:
    return {
        "type": "contour", "x": _coordinates(panel.x, mark.x), "y": _coordinates(panel.y, mark.y),
        "z": _halved(mark.z), "contours": {"coloring": "heatmap"}, "hoverinfo": "skip",
        "line": {"width": 0.5}, **_shaded(mark.shading, "zmin", "zmax"),
    }  # fmt: skip


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
