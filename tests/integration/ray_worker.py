"""Drivers of real Ray, one scenario each: ``python ray_worker.py SCENARIO FOLDER``. They print what a test asks."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0", RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0")

import ray
from ray import tune

from parzen.integration.ray import ParzenScheduler, ParzenSearch
from parzen.pruners import ASHAPruner

SPACE = {"x": tune.uniform(0.0, 1.0), "net": {"lr": tune.loguniform(1e-5, 1e-1), "width": 64}}


def resumed() -> int:
    checkpoint = tune.get_checkpoint()
    if checkpoint is None:
        return 0
    with checkpoint.as_directory() as folder:
        return int(Path(folder, "step").read_text())


def steps(config: dict[str, Any]) -> None:
    """Train nine steps with a checkpoint each, and write down every one in the file of the trial."""
    trial_id = tune.get_context().get_trial_id()
    for step in range(resumed() + 1, 10):
        time.sleep(config["pause"])
        with open(Path(config["folder"], trial_id), "a") as file:
            file.write(f"{step}\n")
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "step").write_text(str(step))
            checkpoint = tune.Checkpoint.from_directory(folder)
            tune.report({"loss": config["x"] + 1 / step}, checkpoint=checkpoint)


class Steps(tune.Trainable):
    """The same as a class, whose checkpoints Ray asks for."""

    def setup(self, config: dict[str, Any]) -> None:
        self.at, self.x = 0, config["x"]

    def step(self) -> dict[str, Any]:
        self.at += 1
        return {"loss": self.x + 1 / self.at, "at": self.at, "done": self.at == 9}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        Path(checkpoint_dir, "step").write_text(str(self.at))

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        self.at = int(Path(checkpoint_dir, "step").read_text())

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self.setup(new_config)
        return True


def url(folder: str) -> str:
    return f"sqlite:///{folder}/ray.db"


def pausing(folder: str, trainable: Any = steps) -> None:
    """ASHA with promotions; everything is in the constructors."""
    search = ParzenSearch(SPACE, "loss", "min", seed=1, storage=url(folder), study_name="mine")
    results = tune.Tuner(
        trainable,
        param_space={"folder": folder, "pause": 0.0},
        tune_config=tune.TuneConfig(
            search_alg=search,
            scheduler=ParzenScheduler(ASHAPruner(9, 1, 3)),
            num_samples=9,
            max_concurrent_trials=2,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(storage_path=f"{folder}/results", verbose=0),
    ).fit()
    print(json.dumps({result.metrics["trial_id"]: result.config for result in results}))


def of_a_class(folder: str) -> None:
    pausing(folder, Steps)


def killed(folder: str) -> None:
    """Run slowly, until somebody kills this process."""
    search = ParzenSearch(seed=1, storage=url(folder), study_name="mine", points_to_evaluate=[{"x": 0.0}])
    tune.Tuner(
        steps,
        param_space={**SPACE, "folder": folder, "pause": 0.1},
        tune_config=tune.TuneConfig(
            metric="loss",
            mode="min",
            search_alg=search,
            scheduler=ParzenScheduler(ASHAPruner(9, 1, 3)),
            num_samples=20,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(storage_path=f"{folder}/results", name="run", verbose=0),
    ).fit()


def restored(folder: str) -> None:
    """Go on with what was killed."""
    results = tune.Tuner.restore(f"{folder}/results/run", trainable=steps).fit()
    print(json.dumps({result.metrics["trial_id"]: result.metrics.get("training_iteration") for result in results}))


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    globals()[sys.argv[1]](sys.argv[2])
    ray.shutdown()
