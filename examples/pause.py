"""
Pause and promote: train many networks a little, a few of them to the end, and none twice.

Run it with ``python -m parzen.examples.pause`` (needs ``pip install "parzen[demo]"`` for the data); start it in several
terminals at once, or stop it with Ctrl-C and start it again: they share the study in ``pause.db`` and the checkpoints
in ``checkpoints/``.
"""

from __future__ import annotations

import pickle
from pathlib import Path

import parzen
from parzen.examples.digits_data import Digits, load_digits
from parzen.examples.digits_numpy import NumpyNetwork
from parzen.examples.digits_space import Settings
from parzen.pruners import ASHAPruner
from parzen.trial import Trial, TrialState


def start_or_load(trial: Trial) -> NumpyNetwork:
    """Give the network of a trial: a new one, or as it was when the trial paused."""
    learning_rate = trial.suggest_float("learning_rate", 1e-5, 1.0, log=True)
    width = trial.suggest_int("width", 4, 128, log=True)
    if trial.resume_step:
        network: NumpyNetwork = pickle.loads(Path(trial.user_attrs["checkpoint"]).read_bytes())
        return network
    settings = Settings((width,), "relu", 0.0, batch_size=64, optimizer="adam", learning_rate=learning_rate)
    return NumpyNetwork(settings, seed=trial.number)


def train(study: parzen.Study, trial: Trial, data: Digits, folder: Path) -> None:
    """Train a trial's network up to its next rung, then pause the trial or, at the last rung, finish it."""
    network = start_or_load(trial)
    assert trial.next_rung is not None
    for epoch in range(trial.resume_step, trial.next_rung):
        network.train_epoch(*data.train)
        trial.report(network.accuracy(*data.validation), epoch + 1)
    if trial.should_pause():
        checkpoint = folder / f"{trial.number}.pickle"
        checkpoint.write_bytes(pickle.dumps(network))
        trial.set_user_attr("checkpoint", str(checkpoint))
        study.tell(trial, state=TrialState.PAUSED)
    else:
        study.tell(trial, network.accuracy(*data.validation))


def main(n_asks: int = 60, folder: Path = Path()) -> parzen.Study:
    """Tune the learning rate and the width of a one-layer network; return the study."""
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(exist_ok=True)
    data = load_digits()
    pruner = ASHAPruner(max_resource=27, reduction_factor=3)
    study = parzen.create_study(
        study_name="pause",
        storage=f"sqlite:///{folder / 'pause.db'}",
        direction="maximize",
        pruner=pruner,
        load_if_exists=True,
    )
    for _ in range(n_asks):
        train(study, study.ask(), data, checkpoints)
    states = [trial.state.name.lower() for trial in study.trials]
    print(f"{states.count('complete')} of {len(states)} networks were trained to the end, the others wait.")
    leader = pruner.leader(study)
    if leader is not None:
        print(f"Validation accuracy {leader.value:.3f} after epoch {leader.last_step} with {leader.params}")
    return study


if __name__ == "__main__":
    main()
