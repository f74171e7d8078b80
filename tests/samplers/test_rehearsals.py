"""What is made ready beside the objective is all that asks call later: none compiles, or loads, a kernel of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import importlib, pkgutil
import parzen
from parzen.engine.kernels import compiled
from parzen.samplers import rehearsals
rehearsals.prepare()
modules = [importlib.import_module(f"{compiled.__name__}.{it.name}") for it in pkgutil.iter_modules(compiled.__path__)]
kernels = {f"{it.__name__}.{name}": kernel for it in modules for name, kernel in vars(it).items()
           if hasattr(kernel, "signatures")}
def known():
    return {(name, str(signature)) for name, kernel in kernels.items() for signature in kernel.signatures}
ready = known()
assert len(ready) > 20

def values(trial, m, n_levels):
    x, n = trial.suggest_float("x", 0, 1), trial.suggest_int("n", 0, 9)
    trial.suggest_categorical("c", ["a", "b"])
    return [int((x * k + n) * n_levels) % n_levels if n_levels else x - n * k for k in range(1, m + 1)]

def run(sampler, m, n_levels):
    study = parzen.create_study(directions=["minimize"] * m, sampler=sampler(seed=1))
    study.optimize(lambda trial: values(trial, m, n_levels), n_trials=106)
    if m == 1:
        for n in (66, 66, 1):
            for trial in [study.ask() for _ in range(n)]:
                study.tell(trial, values(trial, m, n_levels))
    new = known() - ready
    assert not new, (sampler.__name__, m, n_levels, new)

parzen.logging.set_verbosity(parzen.logging.ERROR)
run(parzen.samplers.TPESampler, 1, 0)
run(parzen.samplers.AutoSampler, 1, 0)
run(parzen.samplers.GPSampler, 2, 60)
for m, n_levels in ((2, 60), (3, 2), (4, 2)):  # ties of one value, of many, and points that are all equal
    run(parzen.samplers.TPESampler, m, n_levels)
run(parzen.samplers.NSGAIISampler, 4, 0)
run(parzen.samplers.SMSEMOASampler, 4, 2)
"""


@pytest.mark.slow
def test_asks_call_nothing_that_was_not_rehearsed():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
