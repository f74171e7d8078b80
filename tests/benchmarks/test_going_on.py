"""A sampler that hands over to CMA-ES is the default before, and CMA-ES around the best trials after."""

from __future__ import annotations

import parzen
from parzen.benchmarks.going_on import ThenCmaEs


def test_the_default_comes_first_and_cma_es_goes_on():
    def bowl(trial):
        return sum((trial.suggest_float(name, -5, 5) - 1) ** 2 for name in "xyz")

    parzen.logging.set_verbosity(parzen.logging.ERROR)
    default, study = (
        parzen.create_study(sampler=sampler)
        for sampler in (parzen.samplers.AutoSampler(seed=1), ThenCmaEs(seed=1, after=12))
    )
    for made in (default, study):
        made.optimize(bowl, n_trials=60)
    assert [trial.params for trial in study.trials[:12]] == [trial.params for trial in default.trials[:12]]
    assert all("cmaes:generation" in trial.system_attrs for trial in study.trials[12:])
    assert study.best_value < min(trial.value for trial in study.trials[:12])
