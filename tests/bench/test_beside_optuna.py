"""parzen and Optuna in one process: each has its own messages, and what one raises the other understands."""

from __future__ import annotations

import subprocess
import sys

import pytest

import parzen
from parzen.trial import TrialState

optuna = pytest.importorskip("optuna")
pytestmark = pytest.mark.bench

PROGRAM = """
import logging
{imports}
messages = []
class Keep(logging.Handler):
    def emit(self, record):
        messages.append(record.name.split(".")[0])
logging.getLogger("optuna").addHandler(Keep())
parzen.create_study(study_name="ours")
optuna.create_study(study_name="theirs")
parzen.logging.set_verbosity(parzen.logging.WARNING)
parzen.create_study(study_name="quiet")
optuna.create_study(study_name="theirs again")
optuna.logging.set_verbosity(optuna.logging.ERROR)
parzen.logging.set_verbosity(parzen.logging.INFO)
parzen.create_study(study_name="ours again")
optuna.create_study(study_name="quiet")
print(*messages)
"""


@pytest.mark.parametrize("order", ["parzen, optuna", "optuna, parzen"])
def test_each_message_stands_once_on_standard_error_and_each_has_its_own_level(order):
    program = PROGRAM.format(imports=f"import {order}")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    shown = [line.rpartition("name: ")[2] for line in done.stderr.splitlines()]
    assert shown == ["ours", "theirs", "theirs again", "ours again"]
    assert done.stdout.split() == ["parzen", "optuna", "optuna", "parzen"]


def test_a_trial_that_somebody_elses_callback_prunes_is_pruned():
    """Callbacks of packages written for Optuna raise its `TrialPruned`."""

    def objective(trial):
        trial.report(0.5, 1)
        raise optuna.TrialPruned("by a callback")

    study = parzen.create_study()
    study.optimize(objective, n_trials=2)
    assert [(t.state, t.value) for t in study.trials] == [(TrialState.PRUNED, 0.5)] * 2
