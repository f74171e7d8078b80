"""What a plot shows, as frozen records of arrays: panels with axes, and on them points, lines, bars and heat.

A plot's file computes a `Picture`; `by_plotly` and `by_matplotlib` draw any of them and compute nothing. Positions are
in the units of the data, on an axis of categories indices of its labels, on an axis of time microseconds since 1970.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...engine.arrays import BoolArray, FloatArray

# Okabe and Ito's colours, which the colour-blind tell apart ("Color universal design", 2008), without its yellow.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
GREY = "#999999"  # what is infeasible
LINE = "#444444"  # outlines

AxisScale = Literal["linear", "log", "category", "time"]


def cut(text: str, most: int) -> str:
    """Leave out the middle of a text that has more letters than `most`."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[most // 2 + 1 - most :]}"


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes
    ----------
    title
        Its title.
    scale
        How positions are laid out.
    labels
        The categories, in order.
    limits
        Ends; None: whatever is drawn.
    """

    title: str = ""
    scale: AxisScale = "linear"
    labels: tuple[str, ...] = ()
    limits: tuple[float, float] | None = None

    @property
    def ticks(self) -> tuple[str, ...]:
        """What is written at the categories: of long labels beginning and end."""
        return tuple(cut(label, 16) for label in self.labels)


@dataclass(frozen=True)
class Shading:
    """How numbers turn into colours of one scale, from dark to light.

    Attributes
    ----------
    title
        What the numbers are.
    low, high
        The numbers at its ends.
    low_is_dark
        Whether the least number is the dark one; the better end is to be dark.
    ticks
        Numbers and labels beside the bar; none: evenly spaced numbers.
    """

    title: str
    low: float
    high: float
    low_is_dark: bool = True
    ticks: tuple[tuple[float, str], ...] = ()

    @classmethod
    def of(cls, title: str, values: FloatArray, low_is_dark: bool = True) -> Shading:
        """Make the scale of some finite numbers; a scale of equal numbers is one wide."""
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        if high > low:
            return cls(title, low, high, low_is_dark)
        half = max(0.5, 1e-6 * abs(low))
        return cls(title, low - half, high + half, low_is_dark)


@dataclass(frozen=True)
class Points:
    """Points (k,), of one colour or shaded by numbers (k,); with `errors` a bar up and down, with `z` in space."""

    x: FloatArray
    y: FloatArray
    name: str
    color: str | FloatArray
    shading: Shading | None = None
    z: FloatArray | None = None
    errors: FloatArray | None = None
    numbers: FloatArray | None = None  # of the trials
    texts: tuple[str, ...] = ()  # shown beside the pointer, one for each
    listed: bool = False  # in the legend
    small: bool = False


@dataclass(frozen=True)
class Line:
    """A line through points (k,); a NaN interrupts it."""

    x: FloatArray
    y: FloatArray
    name: str
    color: str
    listed: bool = False
    markers: bool = False
    opacity: float = 1.0


@dataclass(frozen=True)
class Ladder:
    """A vertical axis of parallel coordinates: its title, and labels at heights between 0 and 1."""

    title: str
    heights: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Threads:
    """A line a trial across parallel axes, whose values lie between heights 0 and 1.

    Attributes
    ----------
    ladders
        The d axes.
    heights
        Shape (k, d).
    values
        Shape (k,): what shades the lines.
    dotted
        Shape (k,): whether a line is dotted.
    shading
        The scale of `values`.
    """

    ladders: tuple[Ladder, ...]
    heights: FloatArray
    values: FloatArray
    dotted: BoolArray
    shading: Shading


@dataclass(frozen=True)
class Band:
    """What lies between two curves (k,)."""

    x: FloatArray
    low: FloatArray
    high: FloatArray
    color: str


@dataclass(frozen=True)
class Bars:
    """Horizontal bars at heights (k,), each from `start` (k,) over `length` (k,)."""

    at: FloatArray
    start: FloatArray
    length: FloatArray
    name: str
    color: str
    labels: tuple[str, ...] = ()  # written at their ends
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heat:
    """Numbers on a grid, shape (number of `y`, number of `x`); NaN where nothing is known."""

    x: FloatArray
    y: FloatArray
    z: FloatArray
    shading: Shading


Mark = Points | Line | Threads | Band | Bars | Heat


@dataclass(frozen=True)
class Panel:
    """Marks on a pair of axes; with `z` in space."""

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]
    z: Axis | None = None


@dataclass(frozen=True)
class Picture:
    """A plot.

    Attributes
    ----------
    title
        Its title.
    panels
        Row by row; none in a plot that has nothing to show and no axes.
    columns
        Panels in a row.
    square
        Whether the panels are a matrix, with titles of axes on its left and lower edge alone.
    legend
        Whether there is a legend.
    note
        What must be said of it, such as that not all trials are shown.
    """

    title: str
    panels: tuple[Panel, ...] = ()
    columns: int = 1
    square: bool = False
    legend: bool = False
    note: str = ""

    @property
    def shading(self) -> Shading | None:
        """The scale of the first mark that is shaded, for the bar beside the picture."""
        for panel in self.panels:
            for mark in panel.marks:
                if isinstance(mark, (Points, Threads, Heat)) and mark.shading is not None:
                    return mark.shading
        return None


def shares_between(values: FloatArray, low: float, high: float) -> FloatArray:
    """Give where numbers lie between two ends, 0 at the lower one and 1 at the upper one, however far these are."""
    if math.isinf(high - low):
        values, low, high = values / 4, low / 4, high / 4
    return np.asarray((values - low) / (high - low))


def shades(values: FloatArray, shading: Shading) -> FloatArray:
    """Give where numbers stand on their scale, dark at 0 and light at 1."""
    share = np.clip(shares_between(values, shading.low, shading.high), 0.0, 1.0)
    return share if shading.low_is_dark else 1.0 - share
