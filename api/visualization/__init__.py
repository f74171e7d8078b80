"""Plots of studies, drawn by plotly; `matplotlib` has the same, drawn by matplotlib. They need the extra ``plot``."""

from typing import TYPE_CHECKING

from parzen.analysis.visualization.by_plotly import (
    is_available,
    plot_contour,
    plot_edf,
    plot_hypervolume_history,
    plot_intermediate_values,
    plot_optimization_history,
    plot_parallel_coordinate,
    plot_param_importances,
    plot_pareto_front,
    plot_rank,
    plot_slice,
    plot_terminator_improvement,
    plot_timeline,
)
from parzen.engine.lazily import lazily

if TYPE_CHECKING:
    from parzen.analysis.report import report
    from parzen.visualization import matplotlib
else:
    __getattr__, __dir__ = lazily(__name__, {".matplotlib": [], "parzen.analysis.report": ["report"]})

__all__ = [
    "is_available",
    "matplotlib",
    "plot_contour",
    "plot_edf",
    "plot_hypervolume_history",
    "plot_intermediate_values",
    "plot_optimization_history",
    "plot_parallel_coordinate",
    "plot_param_importances",
    "plot_pareto_front",
    "plot_rank",
    "plot_slice",
    "plot_terminator_improvement",
    "plot_timeline",
    "report",
]
