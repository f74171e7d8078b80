"""Answer how many trials a second a storage proxy keeps up with, beside Optuna's.

Method: one trial is `ask`, 5 suggested parameters (random sampling), 10 reports and `tell`; no objective. A server in a
process of its own stands before an in-memory storage, with gRPC over the loopback; one or more client processes run
trials on one study for a time, and their trials are added up. The libraries take turns, each time with a new server;
the table gives the medians.

How to run::

    pip install "parzen[bench]" protobuf
    python -m parzen.benchmarks.speed.proxy
    python -m parzen.benchmarks.speed.proxy --processes 1 4 16 --seconds 10
    python -m parzen.benchmarks.speed.proxy --before 20000 --at-once

"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import statistics
from typing import Any

from parzen.benchmarks.speed.storage import OURS, THEIRS, module_of, run_trials

CONTEXT = multiprocessing.get_context("spawn")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def serve(name: str, port: int, n_before: int) -> None:
    """Be the server, of a study that has trials already."""
    module = module_of(name)
    module.logging.set_verbosity(module.logging.ERROR)
    storage = module.storages.InMemoryStorage()
    study = module.create_study(storage=storage, study_name="benchmark")
    space = {f"x{i}": module.distributions.FloatDistribution(0.0, 1.0) for i in range(5)}
    point = dict.fromkeys(space, 0.5)
    study.add_trials([module.trial.create_trial(value=1.0, params=point, distributions=space)] * n_before)
    module.storages.run_grpc_proxy_server(storage, host="localhost", port=port)


def open_study(name: str, port: int) -> Any:
    """Open the study through a client that has read it."""
    module = module_of(name)
    module.logging.set_verbosity(module.logging.ERROR)
    proxy = module.storages.GrpcStorageProxy(host="localhost", port=port)
    proxy.wait_server_ready(timeout=300)
    study = module.load_study(storage=proxy, sampler=module.samplers.RandomSampler(), study_name="benchmark")
    study.get_trials(deepcopy=False)
    return study


def work(name: str, port: int, seconds: float, at_once: bool, barrier: Any, rates: Any) -> None:
    """Be one of the clients."""
    study = open_study(name, port)
    barrier.wait()
    rates.put(run_trials(study, seconds, 10, at_once)[0])


def measure(name: str, n_clients: int, seconds: float, n_before: int, at_once: bool) -> float:
    """Run clients against a new server; give the trials a second of all together."""
    port, barrier, rates = free_port(), CONTEXT.Barrier(n_clients), CONTEXT.Queue()
    server = CONTEXT.Process(target=serve, args=(name, port, n_before), daemon=True)
    server.start()
    arguments = name, port, seconds, at_once, barrier, rates
    clients = [CONTEXT.Process(target=work, args=arguments) for _ in range(n_clients)]
    for client in clients:
        client.start()
    total = sum(float(rates.get(timeout=seconds + 300)) for _ in clients)
    for client in clients:
        client.join()
    server.kill()
    server.join()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="time of one measurement (default: 4)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each library (default: 3)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4], help="numbers of clients (default: 1 4)")
    parser.add_argument("--before", type=int, default=0, help="trials that the study has already (default: 0)")
    parser.add_argument("--at-once", action="store_true", help="ask for all parameters at the start of a trial")
    arguments = parser.parse_args()
    versions = " and ".join(f"{name} {module_of(name).__version__}" for name in (OURS, THEIRS))
    print(f"Trials a second of 5 parameters and 10 reports through a proxy, median of {arguments.rounds}; {versions}.")
    print(f"{'clients':>8}{'parzen':>12}{'optuna':>12}{'ratio':>10}")
    for n in arguments.processes:
        rates: dict[str, list[float]] = {OURS: [], THEIRS: []}
        for _ in range(arguments.rounds):
            for name, found in rates.items():
                found.append(measure(name, n, arguments.seconds, arguments.before, arguments.at_once))
        ours, theirs = (statistics.median(rates[name]) for name in (OURS, THEIRS))
        print(f"{n:8}{ours:12.1f}{theirs:12.1f}{ours / theirs:9.1f}x")


if __name__ == "__main__":
    main()
