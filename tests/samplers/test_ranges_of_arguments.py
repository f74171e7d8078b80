"""The ends of the ranges of arguments: the last value that is taken, and the next one, which is refused by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from parzen.samplers import (
    BaseGASampler,
    DEHBSampler,
    NSGAIIISampler,
    NSGAIISampler,
    RandomSampler,
    SMSEMOASampler,
    TPESampler,
    nsgaii,
)


class OneAtATime(BaseGASampler, RandomSampler):
    """A third party's genetic sampler."""

    def select_parent(self, study, generation):
        return []


BEYOND = math.nextafter(1.0, 2.0)
BELOW = -5e-324
GENETIC = [
    ("population_size", [2], [1]),
    ("mutation_prob", [None, 0.0, 1.0], [BELOW, BEYOND]),
    ("crossover_prob", [0.0, 1.0], [BELOW, BEYOND]),
    ("swapping_prob", [0.0, 1.0], [BELOW, BEYOND]),
    ("seed", [None, 0], [-1]),
]
RANGES: list[tuple[Callable[..., Any], str, list[Any], list[Any]]] = [
    *((make, *line) for make in (NSGAIISampler, NSGAIIISampler, SMSEMOASampler) for line in GENETIC),
    (OneAtATime, "population_size", [None, 1], [0]),
    (NSGAIIISampler, "dividing_parameter", [1], [0]),
    (TPESampler, "prior_weight", [None, 5e-324], [0.0, math.inf]),
    (TPESampler, "n_ei_candidates", [1], [0]),
    (TPESampler, "n_startup_trials", [0], []),
    (TPESampler, "caution", [0.0, 1.0], [BELOW, BEYOND]),
    (partial(DEHBSampler, 1, 9), "mutation_factor", [5e-324, 2.0], [0.0, math.nextafter(2.0, 3.0)]),
    (partial(DEHBSampler, 1, 9), "crossover_probability", [0.0, 1.0], [BELOW, BEYOND]),
    (nsgaii.PolynomialMutation, "eta", [0.0], [BELOW]),
    (nsgaii.SBXCrossover, "eta", [None, 0.0], [BELOW]),
    (nsgaii.SBXCrossover, "use_child_gene_prob", [5e-324, 1.0], [0.0, BEYOND]),
    (nsgaii.SBXCrossover, "uniform_crossover_prob", [0.0, 1.0], [BELOW, BEYOND]),
    (nsgaii.UniformCrossover, "swapping_prob", [0.0, 1.0], [BELOW, BEYOND]),
]


@pytest.mark.parametrize(("make", "name", "taken", "refused"), RANGES)
def test_the_ends_of_a_range_are_taken_and_nothing_beyond(make, name, taken, refused) -> None:
    for value in taken:
        make(**{name: value})
    for value in refused:
        with pytest.raises(ValueError, match=rf"`{name}`.*got {value!r}"):
            make(**{name: value})
