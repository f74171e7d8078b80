"""
Population based training: a population of networks finds a schedule of learning rate and momentum while it trains.

Run it with ``python -m parzen.examples.pbt`` (needs ``pip install "parzen[demo]"`` for the data); start it in several
terminals at once, or stop it with Ctrl-C and start it again: they share the study in ``pbt.db`` and the checkpoints in
``population/``. A killed one loses the epochs since its last checkpoint, and the others make up for it.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import parzen
from parzen.examples.digits_data import Digits, load_digits
from parzen.examples.digits_numpy import NumpyNetwork
from parzen.examples.digits_space import Settings
from parzen.pruners import PBTPruner
from parzen.storages import RDBStorage
from parzen.trial import Trial, TrialState

SIZE, INTERVAL, EPOCHS = 8, 3, 30


def start_or_load(trial: Trial, folder: Path) -> NumpyNetwork:
    """Give a new network, or the one that a member had at a checkpoint, with this trial's parameters."""
    learning_rate = trial.suggest_float("learning_rate", 1e-3, 1.0, log=True)
    momentum = trial.suggest_float("momentum", 0.0, 0.98)
    settings = Settings((32,), "relu", 0.0, 32, "sgd", learning_rate, momentum=momentum)
    if trial.resume_from is None:
        return NumpyNetwork(settings, seed=trial.number)
    checkpoint = folder / f"{trial.resume_from}-{trial.resume_step}.pickle"
    network: NumpyNetwork = pickle.loads(checkpoint.read_bytes())
    network.settings = network.optimizer.settings = settings
    return network


def train(study: parzen.Study, trial: Trial, data: Digits, folder: Path) -> None:
    """Train a member up to its next rung, keep its network, and tell how it did."""
    network, rung = start_or_load(trial, folder), trial.next_rung
    assert rung is not None
    for epoch in range(trial.resume_step, rung):
        network.train_epoch(*data.train)
        trial.report(network.accuracy(*data.validation), epoch + 1)
    unfinished = folder / f"{trial.number}-{rung}.part"
    unfinished.write_bytes(pickle.dumps(network))
    unfinished.rename(folder / f"{trial.number}-{rung}.pickle")  # now it is whole
    if trial.should_pause():
        study.tell(trial, state=TrialState.PAUSED)
    else:
        study.tell(trial, network.accuracy(*data.validation))


def delete_unused(study: parzen.Study, folder: Path) -> None:
    """Delete the checkpoints that nobody will load."""
    made = list(folder.glob("*.pickle"))  # listed first, so that none is younger than what is asked now
    kept = {f"{number}-{step}" for number, step in study.checkpoints_in_use()}
    for path in made:
        if path.stem not in kept:
            path.unlink(missing_ok=True)


def main(n_members: int = SIZE, folder: Path = Path(), seed: int | None = None) -> parzen.Study:
    """Train until as many members are complete as the population has; return the study."""
    checkpoints = folder / "population"
    checkpoints.mkdir(exist_ok=True)
    data = load_digits()
    study = parzen.create_study(
        study_name="pbt",
        storage=RDBStorage(f"sqlite:///{folder / 'pbt.db'}", heartbeat_interval=5),
        direction="maximize",
        pruner=PBTPruner(n_members, INTERVAL, max_resource=EPOCHS, seed=seed),
        sampler=parzen.samplers.RandomSampler(seed),
        load_if_exists=True,
    )
    while len(study.get_trials(states=(TrialState.COMPLETE,))) < n_members:
        train(study, study.ask(), data, checkpoints)
        delete_unused(study, checkpoints)
    print(f"Validation accuracy {study.best_value:.3f} by this schedule, each line with parameters of its own:")
    for number, start, stop, params in study.lineage(study.best_trial):
        shown = ", ".join(f"{name} {value:.3g}" for name, value in params.items())
        print(f"  epochs {start + 1:2} to {stop:2}, trial {number:3}: {shown}")
    return study


if __name__ == "__main__":
    main()
