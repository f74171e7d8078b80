"""How long does a report take to be written, and to be opened by a browser, and how large is it?

Studies of eight parameters, conditional ones among them, with learning curves. ``write`` is
`parzen.visualization.report`; ``open`` is what Chromium takes from the address to the first frame with the plots that
are in sight, and is left out where Chromium, its driver or selenium is missing. The size is printed before the times. A
step is one report.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.report --sizes 100 1000 20000 --rounds 5 --libraries parzen
"""

from __future__ import annotations

import argparse
import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks.speed import timing
from parzen.benchmarks.speed.timing import Case, Pause, Step

N_STEPS = 5  # reports of every fourth trial


@cache
def study_of(module: Any, size: int) -> Any:
    floats = {f"x{i}": module.distributions.FloatDistribution(0, 1) for i in range(5)}
    deep = {**floats, "rate": module.distributions.FloatDistribution(1e-5, 1e-1, log=True)}
    tree = {**floats, "depth": module.distributions.IntDistribution(1, 30)}
    rng, trials = np.random.default_rng(0), []
    for i in range(size):
        space = (deep, tree)[i % 2] | {"kind": module.distributions.CategoricalDistribution(["deep", "tree"])}
        params: dict[str, Any] = {name: float(rng.random()) for name in floats}
        params |= {"rate": 10 ** rng.uniform(-5, -1), "kind": "deep"} if i % 2 == 0 else {}
        params |= {"depth": int(rng.integers(1, 31)), "kind": "tree"} if i % 2 else {}
        value = sum((params[name] - 0.3) ** 2 for name in floats) + 0.1 * rng.random()
        reported = {step: value + 1.0 / (step + 1) for step in range(N_STEPS)} if i % 4 == 0 else {}
        trials.append(
            module.create_trial(value=value, params=params, distributions=space, intermediate_values=reported)
        )
    study = module.create_study(study_name=f"{size} trials")
    study.add_trials(trials)
    return study


def n_stored(study: Any) -> int:
    """Count the values that a study stores: number, state, two times, objective, parameters, steps and reports."""
    return sum(5 + len(t.params) + 2 * len(t.intermediate_values) for t in study.get_trials(deepcopy=False))


def written(module: Any, size: int) -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    path = Path(folder) / "report.html"
    module.visualization.report(study_of(module, size), path)
    return path


def writing(module: Any, size: int) -> Step:
    study, path = study_of(module, size), written(module, size)

    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        module.visualization.report(study, path)
        return time.perf_counter() - start

    return step


@lru_cache(maxsize=1)
def browser() -> Any:
    """Start Chromium, once; None where it, its driver or selenium is missing."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    try:
        from selenium import webdriver
    except ImportError:
        return None
    if binary is None or driver is None:
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(flag)
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    atexit.register(found.quit)
    return found


def opening(module: Any, size: int) -> Step:
    path = written(module, size)

    def step(pause: Pause) -> float:
        pause()
        start = time.perf_counter()
        browser().get(path.as_uri())
        browser().execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0]))")  # one frame is painted
        return time.perf_counter() - start

    return step


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[Case]:
    ours = {name: module for name, module in modules.items() if hasattr(module, "recommended_trial")}
    makers: dict[str, Callable[[Any, int], Step]] = {"write": writing, "open": opening}
    for size in arguments.sizes:
        for name, module in ours.items():
            n_bytes, values = written(module, size).stat().st_size, n_stored(study_of(module, size))
            print(f"{name}: {size:,} trials, {values:,} stored values, {n_bytes / 1000:,.0f} KB", flush=True)
        for what in arguments.what:
            if what == "write" or browser() is not None:
                sides = {name: partial(makers[what], module, size) for name, module in ours.items()}
                yield Case(f"report: {what}", size, sides)


if __name__ == "__main__":
    timing.main("report", __doc__, cases, [100, 1000, 20_000], 5, what=["write", "open"])
