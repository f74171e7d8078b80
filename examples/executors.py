"""
One program that asks and tells, and workers of any kind that evaluate: processes, Dask, Ray.

Run it with ``python -m parzen.examples.executors processes``, or ``dask`` or ``ray`` instead; ``pip install
"parzen[executors,dask,ray]"`` brings them. With an address, ``dask tcp://SCHEDULER:8786``, the workers are those of a
cluster, and the study is best in a storage that they reach. With MPI, ``mpiexec -n 5 python -m mpi4py.futures -m
parzen.examples.executors mpi`` runs trials in four ranks (``pip install mpi4py``, and an MPI).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import parzen
from parzen.examples.worker import objective
from parzen.integration.executors import ProcessPool


@contextmanager
def workers(kind: str, address: str | None, n: int) -> Iterator[Any]:
    """Give an executor of some kind, of a cluster if there is an address."""
    if kind == "dask":
        from dask.distributed import Client, LocalCluster

        with Client(address or LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=None)) as client:
            yield client.get_executor()
    elif kind == "ray":
        import ray

        from parzen.integration.executors import RayExecutor

        here: dict[str, Any] = {} if address else {"num_cpus": n, "include_dashboard": False}
        ray.init(address, **here)
        yield RayExecutor()
        ray.shutdown()
    elif kind == "mpi":
        from mpi4py.futures import MPIPoolExecutor

        with MPIPoolExecutor() as ranks:
            yield ranks
    else:
        with ProcessPool(n) as pool:  # ProcessPool(8, gpus=4) gives each process one of four GPUs
            yield pool


def main(kind: str = "processes", address: str | None = None, n_trials: int = 40, n: int = 2) -> parzen.Study:
    """Run trials in workers; return the study."""
    study = parzen.create_study(study_name="executors", storage="sqlite:///executors.db", load_if_exists=True)
    with workers(kind, address, n) as executor:
        study.optimize(objective, n_trials, executor=executor, retries=2)
    print(f"{len(study.trials)} trials, the best: {study.best_value:.3f} with {study.best_params}")
    return study


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["processes", "dask", "ray", "mpi"], nargs="?", default="processes")
    parser.add_argument("address", nargs="?", help="of a cluster; by default one is made here")
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    main(arguments.kind, arguments.address, arguments.trials, arguments.workers)
