"""Six choices of five each, two of them coupled, and a number."""

from __future__ import annotations

from parzen.benchmarks.composition import fixed
from parzen.benchmarks.problem import Params
from parzen.distributions import CategoricalDistribution, FloatDistribution

BEST = "cadbec"


def choices(params: Params, seed: int) -> float:
    picks = [params[f"c{i}"] for i in range(6)]
    cost = sum((best != pick) * (0.5 + 0.2 * i) for i, (best, pick) in enumerate(zip(BEST, picks, strict=True)))
    cost += 0.6 * ((picks[0] == "c") != (picks[1] == "a"))
    return float(cost + (params["x"] - 7.0) ** 2 / 10.0)


CHOICES = {
    "space": {
        **{f"c{i}": CategoricalDistribution(["a", "b", "c", "d", "e"]) for i in range(6)},
        "x": FloatDistribution(0.0, 10.0),
    },
    "function": choices,
    "optimum": 0.0,
    "at": {**{f"c{i}": best for i, best in enumerate(BEST)}, "x": 7.0},
}
FAMILIES = [fixed("choices", lambda: CHOICES, "mixed", 7)]
