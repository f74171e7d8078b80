"""Ray's PopulationBasedTraining on the same trainings, with the same population, interval and quantile."""

from __future__ import annotations

import os
import pickle
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray import tune
from ray.tune.schedulers import PopulationBasedTraining

from parzen.benchmarks.populations.contenders import EPOCHS, INTERVAL, SIZE, Ledger
from parzen.benchmarks.populations.trainings import TRAININGS

N_ACTORS = 2  # at once: a member that waits gives its actor to another, so that few processes are started


class Member(tune.Trainable):  # type: ignore[misc]
    """A member: one step is an interval."""

    def setup(self, config: dict[str, Any]) -> None:
        self.training = TRAININGS[config["training"]]()
        self.network = self.training.network(config["network_seed"])
        self.params = config

    def step(self) -> dict[str, Any]:
        best, test = float("inf"), float("inf")
        for _ in range(INTERVAL):
            loss = self.training.epoch(self.network, self.params)
            if loss < best:
                best, test = loss, self.training.loss(self.network, 2)
        return {"loss": loss, "best": best, "test": test}

    def save_checkpoint(self, folder: str) -> None:
        Path(folder, "network").write_bytes(pickle.dumps(self.network))

    def load_checkpoint(self, folder: Any) -> None:
        self.network = pickle.loads(Path(folder, "network").read_bytes())

    def reset_config(self, config: dict[str, Any]) -> bool:
        self.setup(config)
        return True


class Observer(tune.Callback):  # type: ignore[misc]
    """Notes each interval in the ledger, in the order in which they end."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def on_trial_result(self, iteration: int, trials: Any, trial: Any, result: dict[str, Any], **info: Any) -> None:
        self.ledger.n_epochs += INTERVAL - 1
        self.ledger.note(result["best"], lambda: result["test"])


def play_ray(ledger: Ledger, training: str, seed: int) -> None:
    """Let Ray spend the epochs."""
    random.seed(seed)  # its scheduler draws from the global generators
    np.random.seed(seed)  # noqa: NPY002
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    if not ray.is_initialized():
        folder = tempfile.mkdtemp(prefix="r")
        ray.init(num_cpus=N_ACTORS, include_dashboard=False, log_to_driver=False, _temp_dir=folder)
    space = TRAININGS[training].space
    drawn = {"lr": tune.loguniform(1e-3, 1.0), "momentum": tune.uniform(0.0, 0.98)}
    assert drawn.keys() == space.keys()
    scheduler = PopulationBasedTraining(
        time_attr="training_iteration",
        perturbation_interval=1,
        quantile_fraction=0.25,
        resample_probability=0.25,
        hyperparam_mutations=drawn,
        log_config=False,
    )
    tuner = tune.Tuner(
        Member,
        param_space={**drawn, "training": training, "network_seed": tune.randint(0, 2**31)},
        tune_config=tune.TuneConfig(
            metric="loss", mode="min", num_samples=SIZE, scheduler=scheduler, reuse_actors=True
        ),
        run_config=tune.RunConfig(
            stop={"training_iteration": EPOCHS // INTERVAL},
            callbacks=[Observer(ledger)],
            verbose=0,
            storage_path=tempfile.mkdtemp(),
            checkpoint_config=tune.CheckpointConfig(checkpoint_frequency=1, num_to_keep=4),
        ),
    )
    tuner.fit()
