"""How far is the log-density above of the coreset from that of all trials above, where it matters?

Where more than about a thousand trials are above TPE models them by a bounded, weighted subset
(`samplers/tpe/coreset.py`). For random and for optimised histories of several sizes this prints the absolute error of
the log-density above at candidates drawn from the density below (median, 90th percentile, largest) and how often the
candidate chosen is the same one. Then what it does to the search: the best value after 3,000 trials with the coreset,
beside that with all trials above.

    python -m parzen.benchmarks.speed.coreset --sizes 2000 10000 --seeds 8
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from tqdm import tqdm

import parzen
from parzen.distributions import BaseDistribution, FloatDistribution
from parzen.engine.history import History
from parzen.samplers.tpe.coreset import LIMIT
from parzen.samplers.tpe.fitting import Fitter

Array = np.ndarray[Any, Any]
ALL = 10**9  # as the limit: no coreset


class LimitedTPE(parzen.samplers.TPESampler):
    """TPE with at most `limit` observations above."""

    def __init__(self, limit: int, seed: int) -> None:
        super().__init__(seed=seed)
        self.limit = limit

    def new_fitter(self, history: History) -> Fitter:
        return Fitter(history, self._settings, self.limit)


def history(n: int, d: int, optimised: bool) -> parzen.Study:
    """Make a study of n trials, random ones or all but the first thousand by TPE in batches of 50."""
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=0))
    space: dict[str, BaseDistribution] = {f"x{i}": FloatDistribution(-5.0, 5.0) for i in range(d)}
    rng = np.random.default_rng(0)
    n_random = min(n, 1000) if optimised else n
    for x in rng.uniform(-5.0, 5.0, (n_random, d)).tolist():
        params = dict(zip(space, x, strict=True))
        study.add_trial(parzen.trial.create_trial(params=params, distributions=space, value=loss(np.array(x), rng)))
    for _ in tqdm(range((n - n_random) // 50), desc=f"{n} trials", leave=False):
        batch = study.ask_batch(50, space)
        points = np.stack([batch[name] for name in space], axis=1)
        study.tell_batch(batch, [loss(x, rng) for x in points])
    return study


def loss(x: Array, rng: np.random.Generator) -> float:
    """Give a bowl with ripples and a little noise."""
    return float((x**2).sum() + 3.0 * (1.0 - np.cos(3.0 * x)).sum() + 0.1 * rng.normal())


def densities(study: parzen.Study, z: Array | None, limit: int) -> tuple[Array, Array, Array]:
    """Give candidates and their log-densities below and above, with at most `limit` observations above."""
    space = {name: study.history.latest(name) for name in study.history.common_names}
    sampler = LimitedTPE(limit, seed=0)
    _, model = sampler.new_fitter(study.history).fit(space, {}, bold=True)
    if z is None:
        z = sampler.propose(model, np.random.default_rng(1), 24 * 200)
    return z, *model.log_densities(z)


def best_after(n: int, d: int, limit: int, seed: int) -> float:
    """Run a study and give its best value; at most `limit` observations are above."""
    study = parzen.create_study(sampler=LimitedTPE(limit, seed))
    rng = np.random.default_rng(seed)
    study.optimize(lambda t: loss(np.array([t.suggest_float(f"x{i}", -4.0, 6.0) for i in range(d)]), rng), n_trials=n)
    return study.best_value


def compare_searches(dimensions: list[int], n_seeds: int) -> None:
    """Print best values with and without the coreset."""
    print(f"\nbest value after 3,000 trials, {n_seeds} seeds{'median':>20}{'mean':>10}")
    for d in dimensions:
        for name, limit in (("coreset", LIMIT), ("all", ALL)):
            found = [best_after(3000, d, limit, seed) for seed in tqdm(range(n_seeds), desc=name, leave=False)]
            print(f"{name:>10}{d:4d} dimensions{np.median(found):31.4f}{np.mean(found):10.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[2, 10])
    parser.add_argument("--seeds", type=int, default=8)
    arguments = parser.parse_args()
    print(f"{'history':>10}{'d':>4}{'trials':>9}{'median':>9}{'90 %':>8}{'max':>8}{'same choice':>13}")
    for optimised in (False, True):
        for d in arguments.dimensions:
            for n in arguments.sizes:
                study = history(n, d, optimised)
                z, log_below, thinned = densities(study, None, LIMIT)
                exact = densities(study, z, ALL)[2]
                error = np.abs(thinned - exact)
                chosen = (log_below - thinned).reshape(-1, 24).argmax(axis=1)
                same = 100.0 * np.mean(chosen == (log_below - exact).reshape(-1, 24).argmax(axis=1))
                name = "optimised" if optimised else "random"
                print(
                    f"{name:>10}{d:4d}{n:9,}{np.median(error):9.3f}{np.quantile(error, 0.9):8.3f}{error.max():8.2f}"
                    f"{same:12.1f}%"
                )

    compare_searches(arguments.dimensions, arguments.seeds)


if __name__ == "__main__":
    main()
