"""Does pruning find a better network in the same number of training epochs, and do pauses more than stops?

Every contender tunes the ten hyperparameters of a small network on scikit-learn's digits (multifidelity_task.py), by
real training, and may spend the same number of epochs in all. A trial is complete after 81 epochs; rungs are at 1, 3, 9
and 27. Trials that a pruner stops are lost; those that it pauses keep their network and may go on.

The measure, the same for all: the lowest validation loss that any network had after any epoch so far, what one would
deploy from a checkpoint; and the loss of that network on the test part.

Steps are epochs trained, counted from 1: then Optuna's rungs lie at 1, 3, 9 and 27 epochs, too. Counted from 0, as in
Optuna's examples, they would lie at 2, 4, 10 and 28. After the last epoch no pruner is asked, for the trial is complete
and nothing can be saved: Optuna's would make some of them pruned ones, from which its TPE learns less.

The task was chosen by 300 random settings, before any contender was compared on it: half of them hardly learn, and few
come near the best; their order after one epoch says something of that after 81 (rank correlation 0.5), after 27 most
(0.95); the noise of training is mostly smaller than what separates the best from the good, though some good settings
diverge with single seeds; an epoch takes two milliseconds.
The loss is the cross-entropy, for shares of wrong answers are often equal. Nothing was tuned on the seeds below 1000.

    pip install ".[bench]"
    python benchmarks/multifidelity.py --json multifidelity.jsonl --plot multifidelity.png
    python benchmarks/multifidelity.py --contenders parzen-hyperband optuna-hyperband --seeds 5 --epochs 810
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import multifidelity_report
import runs
from multifidelity_task import Network, digits, suggest
from threadpoolctl import threadpool_limits

R, ETA = 81, 3  # epochs of a complete trial; of so many trials one goes on
LIMITS = {"min_resource": 1, "max_resource": R, "reduction_factor": ETA}


class OutOfEpochs(Exception):
    """All epochs are spent."""


class Budget:
    """The epochs that a study may spend, and what became of them.

    Parameters
    ----------
    n_epochs
        How many there are.
    seed
        Seed of all networks.

    Attributes
    ----------
    steps : list[tuple[int, float, float]]
        Each time a network was better than all before: epochs spent, its validation loss, its test loss.
    spent : dict[int, int]
        Epochs by trial number.
    n_spent : int
        Epochs in all.
    """

    def __init__(self, n_epochs: int, seed: int) -> None:
        self._n_epochs = n_epochs
        self._seed = seed
        self._networks: dict[int, Network] = {}
        self.steps: list[tuple[int, float, float]] = []
        self.spent: dict[int, int] = {}
        self.n_spent = 0

    def network(self, trial: Any) -> Network:
        """Give the network of a trial, as it was left."""
        if trial.number not in self._networks:
            self._networks[trial.number] = Network(suggest(trial), self._seed)
        return self._networks[trial.number]

    def train(self, trial: Any) -> float:
        """Spend an epoch on a trial, and report its validation loss; raise `OutOfEpochs` when none is left."""
        if self.n_spent >= self._n_epochs:
            raise OutOfEpochs
        network = self.network(trial)
        network.train()
        self.spent[trial.number] = network.epoch
        self.n_spent += 1
        loss = network.loss(digits()[1])
        if not self.steps or loss < self.steps[-1][1]:
            self.steps.append((self.n_spent, loss, network.loss(digits()[2])))
        trial.report(loss, network.epoch)
        return loss

    def forget(self, trial: Any) -> None:
        """Drop the network of a trial that will not go on."""
        del self._networks[trial.number]


# --- the two loops ---------------------------------------------------------------------------------------------------


def stopping(study: Any, budget: Budget, states: Any) -> None:
    """Run one trial, which the pruner may stop."""
    trial = study.ask()
    loss = budget.train(trial)
    for _ in range(1, R):
        if trial.should_prune():
            study.tell(trial, state=states.PRUNED)
            break
        loss = budget.train(trial)
    else:
        study.tell(trial, loss)
    budget.forget(trial)


def pausing(study: Any, budget: Budget, states: Any) -> None:
    """Run one trial, new or resumed, up to its next rung."""
    trial = study.ask()
    for _ in range(trial.resume_step, trial.next_rung):
        loss = budget.train(trial)
    if trial.should_pause():
        study.tell(trial, state=states.PAUSED)
    else:
        study.tell(trial, loss)
        budget.forget(trial)


# --- the contenders --------------------------------------------------------------------------------------------------


class Contender(NamedTuple):
    """A library, a sampler and a pruner, by name and arguments, and the loop."""

    library: str
    sampler: tuple[str, dict[str, Any]]
    pruner: tuple[str, dict[str, Any]]
    loop: Callable[[Any, Budget, Any], None] = stopping


def largest_budget(evidence: Any, d: int) -> Any:
    """Apply BOHB's rule: model the largest budget with enough observations."""
    from parzen.samplers.tpe import fidelity

    return fidelity.largest_budget(evidence, d)


TPE: tuple[str, dict[str, Any]] = ("TPESampler", {})
BOHB: tuple[str, dict[str, Any]] = ("TPESampler", {"fidelity": largest_budget})
PATIENT = {**LIMITS, "bootstrap_count": ETA}  # so many trials stop at a rung before one goes on
CONTENDERS = {
    "optuna-hyperband": Contender("optuna", TPE, ("HyperbandPruner", LIMITS)),
    "optuna-hyperband-bootstrap": Contender("optuna", TPE, ("HyperbandPruner", PATIENT)),
    "optuna-halving": Contender(
        "optuna", TPE, ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": ETA})
    ),
    "optuna-median": Contender("optuna", TPE, ("MedianPruner", {})),
    "optuna-unpruned": Contender("optuna", TPE, ("NopPruner", {})),
    "parzen-hyperband": Contender("parzen", TPE, ("HyperbandPruner", LIMITS)),
    "parzen-hyperband-bohb": Contender("parzen", BOHB, ("HyperbandPruner", PATIENT)),
    "parzen-halving": Contender(
        "parzen", TPE, ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": ETA})
    ),
    "parzen-unpruned": Contender("parzen", TPE, ("NopPruner", {})),
    "parzen-asha": Contender("parzen", TPE, ("ASHAPruner", LIMITS), pausing),
    "parzen-asha-bohb": Contender("parzen", BOHB, ("ASHAPruner", LIMITS), pausing),
    "parzen-sync-hyperband": Contender("parzen", TPE, ("SyncHyperbandPruner", LIMITS), pausing),
    "parzen-sync-bohb": Contender("parzen", BOHB, ("SyncHyperbandPruner", LIMITS), pausing),
    "parzen-pasha": Contender("parzen", TPE, ("PASHAPruner", LIMITS), pausing),
    "parzen-dehb": Contender("parzen", ("DEHBSampler", LIMITS), ("BudgetPruner", LIMITS)),
    "parzen-random-asha": Contender("parzen", ("RandomSampler", {}), ("ASHAPruner", LIMITS), pausing),
}


def library(name: str) -> Any:
    """Import parzen or Optuna."""
    try:
        module = __import__(name)
    except ImportError as error:
        raise SystemExit(f'{name} is needed to compare with: pip install "parzen[bench]"') from error
    module.logging.set_verbosity(module.logging.WARNING)
    return module


def run(name: str, n_epochs: int, seed: int) -> dict[str, Any]:
    """Let a contender spend its epochs; give what a line of the file of results says."""
    contender = CONTENDERS[name]
    module, budget, start = library(contender.library), Budget(n_epochs, seed), time.perf_counter()
    (sampler, of_sampler), (pruner, of_pruner) = contender.sampler, contender.pruner
    study = module.create_study(
        study_name=f"multifidelity-{seed}",  # Optuna derives a trial's bracket from it
        sampler=getattr(module.samplers, sampler)(seed=seed, **of_sampler),
        pruner=getattr(module.pruners, pruner)(**of_pruner),
    )
    _spend(study, budget, contender, module.trial.TrialState)
    seconds = round(time.perf_counter() - start, 2)
    told = {"contender": name, "seed": seed, "epochs": n_epochs, "seconds": seconds}
    return {**told, "steps": budget.steps, "spent": list(budget.spent.values())}


def _spend(study: Any, budget: Budget, contender: Contender, states: Any) -> None:
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():  # several threads are slower on these
        warnings.simplefilter("ignore")
        try:
            while True:
                contender.loop(study, budget, states)
        except OutOfEpochs:
            return


def one_job(job: tuple[str, int, int]) -> list[runs.Run]:
    """Do one job: a contender, its epochs, and the seed."""
    return [run(*job)]


def run_missing(contenders: list[str], seeds: range, n_epochs: int, path: Path) -> list[runs.Run]:
    """Run what the file of results does not have yet, and append it there; give all that was asked for."""
    wanted = [(name, n_epochs, seed) for seed in seeds for name in contenders]
    done = {_job_of(found) for found in runs.load(path)}
    runs.append(path, one_job, [job for job in wanted if job not in done])
    return [found for found in runs.load(path) if _job_of(found) in set(wanted)]


def _job_of(found: runs.Run) -> tuple[str, int, int]:
    return found["contender"], found["epochs"], found["seed"]


def panels(names: list[str]) -> dict[str, list[str]]:
    """Part contenders for the picture; Optuna's Hyperband is in both parts."""
    first = [name for name in names if CONTENDERS[name].loop is stopping]
    second = [name for name in names if CONTENDERS[name].loop is pausing or name == multifidelity_report.REFERENCES[0]]
    return {title: part for title, part in (("stop only", first), ("pause and promote", second)) if part}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=20 * R, help=f"epochs of a study (default: {20 * R})")
    parser.add_argument("--json", type=Path, help="file of JSON lines to go on with (default: a temporary one)")
    parser.add_argument("--plot", type=Path, help="file for a picture of loss against epochs")
    arguments = parser.parse_args()
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    path = arguments.json or Path(tempfile.mkdtemp()) / "multifidelity.jsonl"
    found = run_missing(arguments.contenders, seeds, arguments.epochs, path)
    results = multifidelity_report.Results(found, arguments.contenders, arguments.epochs)
    multifidelity_report.print_report(results)
    if arguments.plot:
        multifidelity_report.draw(results, panels(arguments.contenders), arguments.plot)


if __name__ == "__main__":
    main()
