"""Workers of all kinds, for the tests that need them: the arguments of `Study.optimize` by which two evaluate."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from parzen.integration.executors import ProcessPool

PLACES = ["threads", "processes", "pool", "python", "loky", "dask", "ray"]
SLOW = ("loky", "dask", "ray")


def has(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f'needs {package}: pip install ".[bench]"')


@contextmanager
def made(place: str) -> Iterator[dict[str, Any]]:
    """Give the arguments of `Study.optimize` that let two workers evaluate."""
    if place == "threads":
        yield {"n_jobs": 2}
    elif place == "processes":
        yield {"n_jobs": 2, "executor": "processes"}
    elif place == "pool":
        with ProcessPool(2) as pool:
            yield {"executor": pool}
    elif place == "python":
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            yield {"executor": pool}
    elif place == "loky":
        has("loky")
        from loky import ProcessPoolExecutor as Loky

        with Loky(2) as pool:
            yield {"executor": pool}
    elif place == "dask":
        has("distributed")
        from distributed import Client, LocalCluster

        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            yield {"executor": client.get_executor()}
    else:
        has("ray")
        with a_ray() as executor:
            yield {"executor": executor}


@contextmanager
def a_ray() -> Iterator[Any]:
    os.environ.update(RAY_AUTH_MODE="disabled", RAY_USAGE_STATS_ENABLED="0")
    import ray

    from parzen.integration.executors import RayExecutor

    tests = Path(__file__).parent  # Ray's workers do not have pytest's paths
    here = {"env_vars": {"PYTHONPATH": f"{tests}:{tests / 'engine' / 'study'}"}}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error", runtime_env=here)
    try:
        yield RayExecutor()
    finally:
        ray.shutdown()
