"""Hashes of seeded studies over samplers, storages and pruners, to be compared before and after a change.

A change that should not touch what is sampled leaves every line as it was:

    python tests/seeded_studies.py > before.txt   # on the old commit
    python tests/seeded_studies.py | diff before.txt -

Another machine may give other hashes, as NumPy's functions differ in the last digit between kinds of processors.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import (
    AutoSampler,
    BruteForceSampler,
    CmaEsSampler,
    DEHBSampler,
    GPSampler,
    GridSampler,
    NSGAIIISampler,
    NSGAIISampler,
    PartialFixedSampler,
    QMCSampler,
    RandomSampler,
    SMSEMOASampler,
    TPESampler,
)
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalFileBackend


def mixed(trial):
    """Give a bowl over floats, a log float, integers, a grid and choices."""
    x = [trial.suggest_float(name, -2, 2) for name in "abc"]
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    n = trial.suggest_int("n", 1, 100)
    width = trial.suggest_int("width", 8, 512, log=True)
    q = trial.suggest_float("q", 0, 1, step=0.125)
    kind = trial.suggest_categorical("kind", ["x", "y", "z"])
    return sum(v * v for v in x) + abs(lr - 1e-3) * 9 + abs(n - 40) / 50 + width / 512 + q + (kind == "z")


def branching(trial):
    """Give a function whose parameters depend on a choice."""
    if trial.suggest_categorical("model", ["tree", "net"]) == "tree":
        return trial.suggest_int("depth", 1, 20) / 10 + trial.suggest_float("leaf", 0, 1)
    return trial.suggest_float("lr", 1e-4, 1, log=True) + trial.suggest_float("decay", 0, 1)


def gridded(trial):
    """Give a function of integers, on fine grids and in branches, of which some trials are lost."""
    n, width = trial.suggest_int("n", 1, 100), trial.suggest_int("width", 8, 512, log=True)
    kind = trial.suggest_categorical("kind", ["x", "y"])
    depth = trial.suggest_int(f"depth-{kind}", 1, 40)
    return float("nan") if trial.number % 9 == 5 else abs(n - 40) / 50 + width / 512 + depth / 40 + (kind == "y")


def listed(trial):
    """Give a function of a few values, in branches."""
    n = trial.suggest_int("n", 0, 8)
    kind = trial.suggest_categorical("kind", ["x", "y"])
    return n + (trial.suggest_int("deep", 1, 2) if kind == "y" else 0)


def bounded(trial):
    """Give a function in branches with a constraint, in which some trials fail, and some are pruned."""
    if trial.number % 9 == 4:
        trial.report(branching(trial) + 0.1, 0)
        raise parzen.TrialPruned
    value = branching(trial)
    trial.set_constraint("c", 0.4 - trial.params.get("leaf", 0.5))
    return float("nan") if trial.params.get("decay", 0.0) > 0.7 else value


def two(trial):
    """Give two objectives."""
    x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
    n = trial.suggest_int("n", 0, 9)
    return x * x + y + n / 9, (x - 1) ** 2 + y + (9 - n) / 9


def constrained(trial):
    """Give two objectives, with a constraint."""
    values = two(trial)
    trial.set_constraint("c", 0.3 - trial.params["x"])
    return values


def three(trial):
    """Give three objectives."""
    return (*two(trial), abs(trial.params["x"] - trial.params["y"]))


def curve(trial):
    """Report ten steps of a falling loss, and let the pruner stop or pause it."""
    x, lr = trial.suggest_float("x", -2, 2), trial.suggest_float("lr", 1e-4, 1, log=True)
    for step in range(trial_start(trial), 28):
        trial.report(x * x + 10 * abs(lr - 0.01) / (step + 1), step)
        if getattr(trial, "should_pause", bool)():
            raise parzen.TrialPaused
        if trial.should_prune():
            raise parzen.TrialPruned
    return x * x + abs(lr - 0.01)


def trial_start(trial):
    """Give the step at which a trial goes on."""
    return trial.resume_step + 1 if getattr(trial, "resume_step", 0) else 1


def optimized(objective, n=150, **arguments) -> Callable[[Path], parzen.Study]:
    """Make a function that runs a study; an argument `storage` may be a function of the folder."""

    def run(folder):
        given = dict(arguments)
        if "storage" in given:
            given["storage"] = given["storage"](folder)
        study = parzen.create_study(study_name="s", **given)
        study.optimize(objective, n_trials=n)
        return study

    return run


def batched(sampler, n_batches, size, with_running=False):
    """Make a function that runs a study in batches; with a trial that runs beside each of them."""
    space = {
        "x": FloatDistribution(-1, 1),
        "n": IntDistribution(1, 50),
        "c": CategoricalDistribution(("a", "b", "c")),
    }

    def run(folder):
        study = parzen.create_study(sampler=sampler)
        for _ in range(n_batches):
            running = [study.ask(space)] if with_running else []
            batch = study.ask_batch(size, space)
            study.tell_batch(batch, batch["x"] ** 2 + batch["n"] / 50 + (batch["c"] == 1))
            for trial in running:
                study.tell(trial, trial.params["x"] ** 2)
        return study

    return run


def queued(folder):
    """Run a study with enqueued trials and moved ranges."""
    study = parzen.create_study(sampler=TPESampler(seed=3))
    study.enqueue_trial({"x": 0.5})
    study.optimize(lambda t: t.suggest_float("x", 0, 1 + t.number / 50) ** 2 + t.suggest_int("n", 0, 9), n_trials=130)
    return study


MULTI = {"directions": ["minimize", "minimize"]}
STUDIES = {
    "tpe": optimized(mixed, sampler=TPESampler(seed=1)),
    "tpe-sqlite": optimized(mixed, sampler=TPESampler(seed=1), storage=lambda f: f"sqlite:///{f}/a.db"),
    "tpe-univariate": optimized(mixed, sampler=TPESampler(seed=2, multivariate=False)),
    "tpe-group": optimized(branching, sampler=TPESampler(seed=3, multivariate=True, group=True)),
    "tpe-branching": optimized(branching, sampler=TPESampler(seed=4), direction="maximize"),
    "tpe-grids": optimized(gridded, sampler=TPESampler(seed=10)),
    "tpe-two": optimized(two, sampler=TPESampler(seed=5), **MULTI),
    "tpe-constrained": optimized(constrained, sampler=TPESampler(seed=6), **MULTI),
    "tpe-liar": optimized(mixed, sampler=TPESampler(seed=7, constant_liar=True)),
    "tpe-batches": batched(TPESampler(seed=9), 10, 24),
    "tpe-queued": queued,
    "tpe-hyperband": optimized(
        curve,
        sampler=TPESampler(seed=8),
        pruner=parzen.pruners.HyperbandPruner(max_resource=27, bootstrap_count=2),
    ),
    "tpe-asha": optimized(
        curve, sampler=TPESampler(seed=8), pruner=parzen.pruners.ASHAPruner(27)
    ),
    "tpe-median-journal": optimized(
        curve,
        sampler=TPESampler(seed=8),
        pruner=parzen.pruners.MedianPruner(),
        storage=lambda f: JournalStorage(JournalFileBackend(f"{f}/j.log")),
    ),
    "auto": optimized(mixed, 60, sampler=AutoSampler(seed=1)),
    "auto-grids": optimized(gridded, 60, sampler=AutoSampler(seed=2)),
    "auto-batches": batched(AutoSampler(seed=3), 6, 9, with_running=True),
    "gp-bounded": optimized(bounded, 60, sampler=AutoSampler(seed=4, share=1.0), direction="maximize"),
    "gp-two": optimized(constrained, 30, sampler=GPSampler(seed=5), **MULTI),
    "random": optimized(mixed, sampler=RandomSampler(seed=1)),
    "nsgaii": optimized(two, 400, sampler=NSGAIISampler(seed=1), **MULTI),
    "nsgaii-constrained": optimized(constrained, 400, sampler=NSGAIISampler(seed=2), **MULTI),
    "nsgaii-mixed": optimized(mixed, 300, sampler=NSGAIISampler(seed=2)),
    "nsgaii-grids": optimized(gridded, 300, sampler=NSGAIISampler(seed=3)),
    "nsgaiii": optimized(three, 400, sampler=NSGAIIISampler(seed=3), directions=["minimize"] * 3),
    "sms-emoa": optimized(two, 300, sampler=SMSEMOASampler(seed=4), **MULTI),
    "cmaes": optimized(mixed, 200, sampler=CmaEsSampler(seed=1)),
    "cmaes-margin": optimized(gridded, 200, sampler=CmaEsSampler(seed=2, with_margin=True)),
    "cmaes-bounded": optimized(
        bounded, 200, sampler=CmaEsSampler(seed=3, restart_strategy="bipop"), direction="maximize",
    ),
    "dehb": optimized(
        curve, 200, sampler=DEHBSampler(min_resource=1, max_resource=27, reduction_factor=3, seed=5),
        pruner=parzen.pruners.BudgetPruner(1, 27),
    ),
    "sobol": optimized(branching, sampler=QMCSampler(scramble=True, seed=1)),
    "halton": optimized(mixed, sampler=QMCSampler(qmc_type="halton", scramble=True, seed=1)),
    "qmc-batches": batched(QMCSampler(scramble=True, seed=2), 4, 32),
    "grid": optimized(listed, 40, sampler=GridSampler({"n": range(9), "kind": ["x", "y"], "deep": [1, 2]}, seed=1)),
    "brute-force": optimized(listed, None, sampler=BruteForceSampler(seed=1)),
    "partly-fixed": optimized(mixed, 40, sampler=PartialFixedSampler({"n": 40}, TPESampler(seed=1))),
}  # fmt: skip


def _chosen(system_attrs) -> dict:
    return {key: value for key, value in system_attrs.items() if key != "parzen:error"}


def fingerprint(study) -> str:
    """Hash what a study holds, but for times, identifiers and the words in which it says why a trial failed."""
    held = [
        (t.number, t.state.name, t.params, t.values, t.intermediate_values, _chosen(t.system_attrs), t.user_attrs)
        for t in study.get_trials(deepcopy=False)
    ]
    return hashlib.sha256(repr(held).encode()).hexdigest()[:16]


if __name__ == "__main__":
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        for key, run in STUDIES.items():
            print(f"{key:20} {fingerprint(run(Path(name)))}", flush=True)
