"""Who races: population based training in its variants, successive halving, plain random search, and Ray's PBT.

Each contender trains until its ledger says that the budget is spent. What counts is the best network so far by its
validation loss, looked at after each epoch, and the loss of that network on images that nobody has seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import parzen
from parzen.benchmarks.populations.trainings import Network, Training
from parzen.pruners import ASHAPruner, BasePruner, HyperbandPruner, NopPruner, PBTPruner
from parzen.pruners.pbt import TimeVaryingBandit
from parzen.samplers import BaseSampler, RandomSampler, TPESampler
from parzen.samplers.tpe.fidelity import largest_budget
from parzen.trial import Trial, TrialState

EPOCHS = 60  # of a complete training
SIZE, INTERVAL = 16, 5  # of a population
Schedule = Callable[[int], float]  # what the learning rate is multiplied by, after so many epochs


class Spent(Exception):
    """The budget is spent."""


class Ledger:
    """Counts epochs, and keeps what the best network so far is worth.

    Parameters
    ----------
    training
        What is trained.
    budget
        Number of epochs, in all.

    Attributes
    ----------
    curve : list[tuple[int, float, float]]
        Whenever there was a new best network: epochs drawn by then, its validation loss and its test loss.
    study : Study
        The contender's study, if it has one.
    """

    study: parzen.Study

    def __init__(self, training: Training, budget: int) -> None:
        self.training = training
        self.budget = budget
        self.n_epochs = 0
        self.curve: list[tuple[int, float, float]] = []

    def epoch(self, network: Network, params: Mapping[str, float]) -> float:
        """Train an epoch, and give the validation loss; `Spent` if there was none left."""
        if self.n_epochs == self.budget:
            raise Spent
        loss = self.training.epoch(network, params)
        self.note(loss, lambda: self.training.loss(network, 2))
        return loss

    def note(self, loss: float, test_loss: Callable[[], float]) -> None:
        """Count an epoch, after which a network had some validation loss."""
        self.n_epochs += 1
        if not self.curve or loss < self.curve[-1][1]:
            self.curve.append((self.n_epochs, loss, test_loss()))


def constant(epoch: int) -> float:
    """Leave the learning rate as it is."""
    return 1.0


def cosine(epoch: int) -> float:
    """Lower it to 0 by half a cosine (Loshchilov and Hutter 2017)."""
    return 0.5 * (1.0 + math.cos(math.pi * epoch / EPOCHS))


def suggested(trial: Trial, training: Training) -> dict[str, float]:
    """Let a trial suggest its parameters."""
    return trial.suggest_all(training.space)


def pausing(pruner: BasePruner, sampler: BaseSampler, ledger: Ledger, seed: int, schedule: Schedule = constant) -> None:
    """Ask for trials that pause and go on, or are forked, with checkpoints in a dictionary."""
    study = ledger.study = parzen.create_study(study_name="race", pruner=pruner, sampler=sampler)
    checkpoints: dict[tuple[int, int], Network] = {}
    while True:
        trial = study.ask()
        params = suggested(trial, ledger.training)
        if trial.resume_from is None:
            network = ledger.training.network(1000 * seed + trial.number)
        else:
            network = checkpoints[trial.resume_from, trial.resume_step].copy()
        assert trial.next_rung is not None
        for epoch in range(trial.resume_step, trial.next_rung):
            loss = ledger.epoch(network, {**params, "lr": params["lr"] * schedule(epoch)})
            trial.report(loss, epoch + 1)
        if trial.should_pause():
            checkpoints[trial.number, epoch + 1] = network
            study.tell(trial, state=TrialState.PAUSED)
        else:
            study.tell(trial, loss)
        if not trial.number % SIZE:
            used = study.checkpoints_in_use()
            checkpoints = {key: network for key, network in checkpoints.items() if key in used}


def stopping(pruner: BasePruner, sampler: BaseSampler, ledger: Ledger, seed: int) -> None:
    """Ask for trials that may be stopped."""
    study = parzen.create_study(study_name="race", pruner=pruner, sampler=sampler)

    while True:
        trial = study.ask()
        params, network = suggested(trial, ledger.training), ledger.training.network(1000 * seed + trial.number)
        for epoch in range(EPOCHS):
            loss = ledger.epoch(network, params)
            trial.report(loss, epoch + 1)
            if trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                break
        else:
            study.tell(trial, loss)


def pbt(ledger: Ledger, seed: int, **options: Any) -> None:
    """Race population based training."""
    options = {"interval": INTERVAL, **options} if "intervals" not in options else options
    pausing(PBTPruner(SIZE, max_resource=EPOCHS, seed=seed, **options), RandomSampler(seed), ledger, seed)


def asha(ledger: Ledger, seed: int, schedule: Schedule = constant) -> None:
    """Race ASHA with TPE."""
    pausing(ASHAPruner(EPOCHS, reduction_factor=3), TPESampler(seed=seed), ledger, seed, schedule)


def hyperband(ledger: Ledger, seed: int) -> None:
    """Race Hyperband with TPE, with what docs/pruning.md recommends for it."""
    pruner = HyperbandPruner(1, EPOCHS, 3, bootstrap_count=3)
    stopping(pruner, TPESampler(seed=seed, fidelity=largest_budget), ledger, seed)


CONTENDERS: dict[str, Callable[[Ledger, int], None]] = {
    "pbt": pbt,
    "pb2": lambda ledger, seed: pbt(ledger, seed, explore=TimeVaryingBandit()),
    "mf-pbt": lambda ledger, seed: pbt(ledger, seed, intervals=(5, 10, 20)),
    "pbt-copies": lambda ledger, seed: pbt(ledger, seed, explore=lambda member, rng: member.params),
    "asha": asha,
    "asha-cosine": lambda ledger, seed: asha(ledger, seed, cosine),
    "hyperband": hyperband,
    "random": lambda ledger, seed: stopping(NopPruner(), RandomSampler(seed), ledger, seed),
}
