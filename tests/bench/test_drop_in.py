"""A script written for Optuna, and the same one with its import line replaced, give the same kinds of results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason='needs the extra: pip install ".[bench]"')
pytestmark = pytest.mark.bench

SCRIPT = """
import json, sys
import optuna
from optuna.trial import TrialState

def objective(trial):
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam"])
    loss = abs(lr - 1e-3) * 100 + (optimizer == "sgd")
    if optimizer == "sgd":
        loss += trial.suggest_float("momentum", 0.0, 0.99)
    for i in range(trial.suggest_int("n_layers", 1, 3)):
        loss += abs(trial.suggest_int(f"units_{i}", 8, 128, step=8) - 64) / 64
    for step in range(8):
        trial.report(loss + 1.0 / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned()
    trial.set_user_attr("seen", trial.number)
    return loss

def study():
    return optuna.create_study(
        study_name="drop-in",
        storage="sqlite:///drop_in.db",
        sampler=optuna.samplers.TPESampler(multivariate=True, group=False, seed=42),
        pruner=optuna.pruners.MedianPruner(),
        direction="minimize",
        load_if_exists=True,
    )

optuna.logging.set_verbosity(optuna.logging.WARNING)
study().optimize(objective, n_trials=20, timeout=600)
resumed = study()
resumed.optimize(objective, n_trials=20, timeout=600)
frame = resumed.trials_dataframe()
states = [trial.state for trial in resumed.trials]
json.dump({
    # What a sampler notes for itself is its own affair.
    "columns": sorted(c for c in frame.columns if not c.startswith("system_attrs")),
    "rows": len(frame),
    "best_is_in_range": 0 <= resumed.best_trial.number < 40,
    "best": resumed.best_value == min(t.value for t in resumed.trials if t.state == TrialState.COMPLETE),
    "some_pruned": TrialState.PRUNED in states,
    "finished": all(state.is_finished() for state in states),
    "types": sorted({f"{k}: {type(v).__name__}" for t in resumed.trials for k, v in t.params.items()}),
    "distributions": sorted({repr(d) for t in resumed.trials for d in t.distributions.values()}),
    "steps": max(len(t.intermediate_values) for t in resumed.trials),
}, sys.stdout)
"""


def run(script: str, folder: Path) -> str:
    folder.mkdir()
    return subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_only_the_import_line_changes(tmp_path: Path) -> None:
    ours = SCRIPT.replace("import optuna\n", "import parzen as optuna\n")
    ours = ours.replace("from optuna.trial", "from parzen.trial")
    assert run(ours, tmp_path / "parzen") == run(SCRIPT, tmp_path / "optuna")
