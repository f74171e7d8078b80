"""How long does a short script take as a whole process, beside Optuna's?

``import`` alone (size 0), and a script of so many default-TPE trials of five parameters; a step is a fresh process.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.startup --libraries parzen optuna --rounds 7
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

IMPORT = "import {library}"
STUDY = """
import {library} as optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(lambda t: sum(t.suggest_float(f"x{{i}}", -5, 5) ** 2 for i in range(5)), n_trials=100)
"""


def step_of(script: str) -> Step:
    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], check=True)
        return time.perf_counter() - start

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    for size in arguments.sizes:
        what, script = ("import", IMPORT) if size == 0 else ("script of TPE trials", STUDY.replace("100", str(size)))
        alike = [name for name, module in modules.items() if hasattr(module, "logging")]
        sides = {name: partial(step_of, script.format(library=name)) for name in alike}
        yield Case(what, size, sides)


if __name__ == "__main__":
    timing.main("startup", __doc__, cases, [0, 100], 7)
