"""The plots, a line each; `test_plots.py` holds what each must do in both backends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import parzen
from parzen.analysis.visualization import (
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
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.trial import TrialState

NASTY = '</script><b>&"$x_1$ é'  # a name, and a choice


class Decline:
    """An evaluator of a terminator that knows only how many trials there are."""

    def evaluate(self, trials: list[Any], study_direction: Any) -> float:
        return 1.0 / len(trials)


class Plot(NamedTuple):
    """A plot: what computes it, further arguments, and on how many objectives it is tried."""

    compute: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    n_objectives: int = 1
    walks: bool = False  # what it calls is given trials
    n_params: int | None = None  # of a matrix, whose panels take long to draw


PLOTS = {
    "contour": Plot(contour.contour, n_params=3),
    "edf": Plot(edf.edf),
    "hypervolume_history": Plot(hypervolume_history.hypervolume_history, ([30.0, 30.0],), 2),
    "intermediate_values": Plot(intermediate_values.intermediate_values),
    "optimization_history": Plot(optimization_history.optimization_history),
    "parallel_coordinate": Plot(parallel_coordinate.parallel_coordinate),
    "param_importances": Plot(param_importances.param_importances, walks=True),
    "pareto_front": Plot(pareto_front.pareto_front, (), 2),
    "rank": Plot(rank.rank, n_params=3),
    "slice": Plot(slice.slices),
    "terminator_improvement": Plot(
        terminator_improvement.terminator_improvement, (True, Decline(), Decline(), 2), walks=True
    ),
    "timeline": Plot(timeline.timeline),
}


def study_of(n: int, n_objectives: int = 1, nasty: bool = False, broken: bool = False) -> parzen.Study:
    """Make a study of n trials.

    Parameters
    ----------
    n
        How many.
    n_objectives
        Its objectives.
    nasty
        Whether the study, a parameter and a choice have names that are HTML and mathematics.
    broken
        Whether there are infinite values, and trials that failed, were pruned, run, wait or paused.
    """
    study = parzen.create_study(directions=["minimize"] * n_objectives, study_name=NASTY if nasty else "s")
    choice = f"c{NASTY}" if nasty else "c"
    space: dict[str, Any] = {
        (NASTY if nasty else "x"): FloatDistribution(0, 1),
        "lr": FloatDistribution(1e-5, 1e-1, log=True),
        "k": IntDistribution(1, 8),
        choice: CategoricalDistribution([choice, "b", None]),
    }
    for i in range(n):
        u = (i * 0.618034) % 1.0
        params = dict(
            zip(space, (u, 10 ** (-5 + 4 * ((i * 0.414) % 1.0)), 1 + i % 8, (choice, "b", None)[i % 3]), strict=True)
        )
        state = TrialState.COMPLETE
        if broken and i % 3 == 1:
            state = list(TrialState)[i // 3 % len(TrialState)]
        value = math.inf if broken and i % 5 == 2 else 4 * (u - 0.3) ** 2 + (i % 8)
        values = [value + j * u for j in range(n_objectives)] if state == TrialState.COMPLETE else None
        study.add_trial(
            parzen.create_trial(
                state=state, values=values, params=params, distributions=space,
                intermediate_values={0: 2.0 + u, 2: 1.0 + u} if broken or i % 2 else {},
            )
        )  # fmt: skip
    return study
