"""What does the default sampler's choice cost, beside Optuna's default and its Gaussian process, as trials add up?

Ten parameters (floats alone, or of all kinds), a study of each library with the same random finished trials; a step
asks for a trial and its ten suggestions, and tells it. CPU seconds of the process, since a sampler may use threads.
Medians: of parzen's default every fifth ask, or in all-discrete spaces every second, is TPE's.

    pip install "parzen[bench,torch]"
    python -m parzen.benchmarks.speed.default
    python -m parzen.benchmarks.speed.default --sizes 25 100 --spaces mixed
"""

from __future__ import annotations

import argparse
import functools
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from typing import Any

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.asking import step_of
from parzen.benchmarks.speed.overhead import SPACES
from parzen.benchmarks.speed.timing import Case, Step
from parzen.samplers import rehearsals

SLOW = 200  # trials beyond which Optuna's Gaussian process is left out


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    rehearsals.prepare()  # as in a process that has been asking for a while
    if importlib.util.find_spec("torch") is not None:
        importlib.import_module("torch").set_num_threads(1)  # more would go on spinning in the turns of the others
    for space in arguments.spaces:
        for n in arguments.sizes:
            yield Case(f"default, {space}", n, sides(modules, space, n, "TPESampler"))
            if n <= SLOW and "optuna" in modules and importlib.util.find_spec("torch") is not None:
                yield Case(f"default beside GPSampler, {space}", n, sides(modules, space, n, "GPSampler"))


def sides(modules: dict[str, Any], space: str, n: int, theirs: str) -> dict[str, Callable[[], Step]]:
    """Give our default and a sampler of Optuna's, in pairs: a slow third one would leave them cold caches."""
    samplers = {"parzen": "AutoSampler", "optuna": theirs}
    return {
        library: functools.partial(step_of, module, space, n, 1, samplers[library], time.process_time)
        for library, module in modules.items()
        if library in samplers
    }


if __name__ == "__main__":
    timing.main("default", __doc__, cases, [25, 50, 100, 200, 1000, 10_000], 30, spaces=list(SPACES))
