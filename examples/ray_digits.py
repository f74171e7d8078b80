"""
In Ray Tune: networks train in Ray's processes, wait at rungs, and the best of them go on from their checkpoints.

Run it with ``python -m parzen.examples.ray_digits`` (needs ``pip install "parzen[ray,demo]"``). The study is kept in
``ray.db``, Ray's results in ``ray_results/``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import parzen
from parzen.examples.digits_data import load_digits
from parzen.examples.digits_numpy import NumpyNetwork
from parzen.examples.digits_space import Settings
from parzen.pruners import ASHAPruner


def train(config: dict[str, Any]) -> None:
    """Train one network in a process of Ray's, from its checkpoint if it has one."""
    from ray import cloudpickle, tune

    data = load_digits()
    settings = Settings((config["width"],), "relu", 0.0, batch_size=64, optimizer="adam", learning_rate=config["lr"])
    network, epoch = NumpyNetwork(settings, seed=0), 0
    checkpoint = tune.get_checkpoint()
    if checkpoint is not None:
        with checkpoint.as_directory() as folder:
            network, epoch = cloudpickle.loads(Path(folder, "network").read_bytes())
    while True:  # until the scheduler says that it is enough
        network.train_epoch(*data.train)
        epoch += 1
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "network").write_bytes(cloudpickle.dumps((network, epoch)))
            saved = tune.Checkpoint.from_directory(folder)
            tune.report({"accuracy": network.accuracy(*data.validation)}, checkpoint=saved)


def main(n_trials: int = 30, folder: Path = Path()) -> parzen.Study:
    """Tune the learning rate and the width of a one-layer network; return the study."""
    from ray import tune

    from parzen.integration.ray import ParzenScheduler, ParzenSearch

    search = ParzenSearch(
        metric="accuracy", mode="max", storage=f"sqlite:///{folder.resolve() / 'ray.db'}", study_name="ray"
    )
    pruner = ASHAPruner(max_resource=27, reduction_factor=3)
    tune.Tuner(
        train,
        param_space={"lr": tune.loguniform(1e-5, 1.0), "width": tune.lograndint(4, 128)},
        tune_config=tune.TuneConfig(
            search_alg=search,
            scheduler=ParzenScheduler(pruner),
            num_samples=n_trials,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(storage_path=str(folder.resolve() / "ray_results"), verbose=0),
    ).fit()
    leader = pruner.leader(search.study)
    if leader is not None:
        print(f"Validation accuracy {leader.value:.3f} after epoch {leader.last_step} with {leader.params}")
    return search.study


if __name__ == "__main__":
    main()
