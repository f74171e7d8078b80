"""ASHA that promotes, in Ray, against Ray's own ASHA that stops: the best loss after equally many epochs.

Both run the real training of ``benchmarks/problems/digits_network.py`` in Ray's processes, with the same search, until
the trials have reported so many epochs together. Rungs are alike (1, 3, 9, 27, 81). Each seed runs both in turn, and
who begins alternates. The loss is that of the best network so far on the validation part.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.ray_asha
    python -m parzen.benchmarks.ray_asha --sampler random --seeds 5 --epochs 400
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks.problems.digits_network import N_EPOCHS, SPACE, Network
from parzen.benchmarks.stats import wilcoxon
from parzen.pruners import ASHAPruner
from parzen.samplers import AutoSampler, RandomSampler, TPESampler

SAMPLERS = {"default": AutoSampler, "tpe": TPESampler, "random": RandomSampler}
RUNGS = (1, 3, 9, 27)
SHARES = (0.25, 0.5, 1.0)  # of the epochs, at which losses are compared


def train(config: dict[str, Any]) -> None:
    """Train a network, from its checkpoint if it was paused."""
    from ray import cloudpickle, tune

    network = Network({name: config[name] for name in SPACE}, config["seed"])
    begun = tune.get_checkpoint()
    if begun is not None:
        with begun.as_directory() as folder:
            network = cloudpickle.loads(Path(folder, "network").read_bytes())
    while network.epoch < N_EPOCHS:
        loss = network.train()
        if network.epoch not in RUNGS:
            tune.report({"loss": loss})
            continue
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "network").write_bytes(cloudpickle.dumps(network))
            tune.report({"loss": loss}, checkpoint=tune.Checkpoint.from_directory(folder))


def scheduler(side: str) -> Any:
    """Give the ASHA of a side."""
    from ray.tune.schedulers import ASHAScheduler

    from parzen.integration.ray import ParzenScheduler

    if side == "ray":
        return ASHAScheduler(max_t=N_EPOCHS, grace_period=1, reduction_factor=3)
    return ParzenScheduler(ASHAPruner(max_resource=N_EPOCHS, reduction_factor=3))


def losses(side: str, sampler: str, seed: int, n_epochs: int, folder: str) -> tuple[list[float], int]:
    """Run one side; give the loss of each epoch in the order in which they came, and the number of trials."""
    from ray import tune

    from parzen.integration.ray import ParzenSearch

    reported: list[float] = []

    class Epochs(tune.Callback, tune.Stopper):  # type: ignore[misc, unused-ignore]
        def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **info: Any) -> None:
            reported.append(result["loss"])

        def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
            return False

        def stop_all(self) -> bool:
            return len(reported) >= n_epochs

    epochs = Epochs()
    search = ParzenSearch(dict(SPACE), "loss", "min", sampler=SAMPLERS[sampler](seed=seed), max_t=N_EPOCHS)
    tune.Tuner(
        train,
        param_space={"seed": seed},
        tune_config=tune.TuneConfig(
            metric="loss" if side == "ray" else None,
            mode="min" if side == "ray" else None,
            search_alg=search,
            scheduler=scheduler(side),
            num_samples=-1,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            storage_path=folder,
            stop=epochs,
            callbacks=[epochs],
            failure_config=tune.FailureConfig(fail_fast="raise"),
            verbose=0,
        ),
    ).fit()
    return reported[:n_epochs], len(search.study.trials)


def main(arguments: list[str] | None = None) -> None:
    """Run the program; see the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sampler", choices=SAMPLERS, default="tpe")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10 * N_EPOCHS)
    args = parser.parse_args(arguments)
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    best: dict[str, list[np.ndarray[Any, Any]]] = {"parzen": [], "ray": []}
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for side in list(best)[:: 1 if seed % 2 == 0 else -1]:
            begun = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                found, n_trials = losses(side, args.sampler, seed, args.epochs, folder)
            best[side].append(np.minimum.accumulate(found))
            seconds = time.perf_counter() - begun
            print(f"seed {seed} {side:6} {best[side][-1][-1]:.3f}, {n_trials} trials, {seconds:.0f} s", flush=True)
    ray.shutdown()
    print("| epochs | parzen | Ray | seeds won, lost | p (Wilcoxon) |")
    print("| --- | --- | --- | --- | --- |")
    for share in SHARES:
        at = max(int(share * args.epochs), 1) - 1
        ours, theirs = (np.array([curve[at] for curve in best[side]]) for side in ("parzen", "ray"))
        told = " | ".join("{1:.3f} ({0:.3f} - {2:.3f})".format(*np.percentile(x, [25, 50, 75])) for x in (ours, theirs))
        won = f"{(ours < theirs).sum()}, {(ours > theirs).sum()}"
        print(f"| {at + 1} | {told} | {won} | {wilcoxon(ours, theirs):.3f} |")


if __name__ == "__main__":
    main()
