"""Every sampler draws from the widest, narrowest and finest ranges, whatever the user's program asks of NumPy."""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pytest
from contract.test_samplers import SAMPLERS

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import GridSampler

TINY = 5e-324
SPACE = {
    "to the end of int64": IntDistribution(2**63 - 5, 2**63 - 1),
    "int64": IntDistribution(-(2**63), 2**63 - 1),
    "wide grid": IntDistribution(3, 3 + 7 * 2**57, step=7),
    "wide log": IntDistribution(1, 2**63 - 1, log=True),
    "between floats": IntDistribution(2**63 + 10, 2**63 + 20),
    "narrow": FloatDistribution(0, 1e-310),
    "narrowest": FloatDistribution(0, TINY),
    "narrow log": FloatDistribution(TINY, 1e-310, log=True),
    "one logarithm": FloatDistribution(1e5, math.nextafter(1e5, 2e5), log=True),
    "all logarithms": FloatDistribution(TINY, sys.float_info.max, log=True),
    "wide": FloatDistribution(-8e307, 8e307),
    "wide steps": FloatDistribution(0, 1e308, step=1e300),
    "fine steps": FloatDistribution(0, 1e10, step=1e-15),
    "narrow steps": FloatDistribution(0, 1e-310, step=TINY),
    "pi": FloatDistribution(-math.pi, math.pi, step=math.pi / 2),
    "choice": CategoricalDistribution("abc"),
    "float": FloatDistribution(0, 1),
}
ENDS = {name: list("abc") if name == "choice" else [d.low, d.high] for name, d in SPACE.items()}


def check(name, value):
    distribution = SPACE[name]
    if name != "choice":
        value = value if isinstance(value, float) else int(value)
        assert distribution.low <= value <= distribution.high, (name, value)
    assert distribution._contains(distribution.to_internal_repr(value)), (name, value)


@pytest.mark.parametrize("mode", ["warn", "raise"])
@pytest.mark.parametrize("n_objectives", [1, 2])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_values_lie_in_their_ranges(sampler, n_objectives, mode):
    line = SAMPLERS[sampler]
    if n_objectives > 1 and not line.multi_objective:
        pytest.skip("for one objective")
    made = GridSampler(ENDS, seed=0) if sampler == "grid" else line.make(0)
    study = parzen.create_study(sampler=made, directions=["minimize"] * n_objectives)
    rng = np.random.default_rng(0)
    with warnings.catch_warnings(), np.errstate(all=mode):
        warnings.simplefilter("error")
        for _ in range(30):
            trial = study.ask()
            for name, distribution in SPACE.items():
                check(name, trial._suggest(name, distribution))
            study.tell(trial, rng.random(n_objectives).tolist())
        batch = study.ask_batch(8, SPACE)
        for name in SPACE:
            for value in batch[name].tolist():
                check(name, batch.choices[name][value] if name == "choice" else value)
        study.tell_batch(batch, rng.random((8, n_objectives)) if n_objectives > 1 else rng.random(8))
        assert len(study.best_trials) >= 1


def test_what_the_user_asks_of_numpy_holds_in_his_own_code():
    def objective(trial):
        trial.suggest_float("x", 0, 1)
        with pytest.raises(FloatingPointError):
            np.array([1e-300]) * 1e-300
        return 1.0

    with np.errstate(all="raise"):
        parzen.create_study().optimize(objective, n_trials=15)
