"""256 networks at once: how long does the device wait for sampler and store, and how soon is a target reached?

Each library asks for so many points at once, all of them are trained stacked, and it is told their losses. A network
is stopped after an epoch in which its loss lies above the median of all that came so far, and leaves the stack. That
rule is the loop's, and the same for all; what differs is the sampler and the store. The device waits from the end of
the last kernel of a round until the first one of the next, by the device's own events where it is a GPU.

    pip install ".[bench,torch]"
    python -m parzen.benchmarks.gpu --small
    python -m parzen.benchmarks.gpu --trials 20000 --at-once 1 16 256 --out gpu.jsonl
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from parzen.benchmarks import environment
from parzen.benchmarks.gpu.drivers import DRIVERS, Driver
from parzen.benchmarks.gpu.stacked import SPACE, Stack, columns

N_EPOCHS = 9
LOOKS = (1, 3)  # epochs after which networks may be stopped
ENOUGH = 8  # losses at an epoch before which none is stopped
TARGETS = (0.2, 0.15, 0.13)  # of the validation loss


class Clock:
    """Moments on a device: its events where it is a GPU, else the time of this process."""

    def __init__(self, device: torch.device) -> None:
        self._is_gpu = device.type == "cuda"

    def moment(self) -> Any:
        """Note the moment at which what was launched before has ended."""
        if not self._is_gpu:
            return time.perf_counter()
        event: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call, unused-ignore]
        event.record()
        return event

    def between(self, first: Any, second: Any) -> float:
        """Give the seconds between two moments."""
        if not self._is_gpu:
            return float(second - first)
        second.synchronize()
        return float(first.elapsed_time(second)) / 1e3


class Medians:
    """The rule by which the loop stops: above the median of all losses so far at an epoch."""

    def __init__(self) -> None:
        self._losses: dict[int, list[float]] = {epoch: [] for epoch in LOOKS}

    def going(self, epoch: int, losses: torch.Tensor) -> torch.Tensor | None:
        """Tell which of k networks go on, shape (k,); None if all do."""
        if epoch not in self._losses:
            return None
        known = self._losses[epoch]
        known.extend(losses.tolist())
        return losses <= float(np.median(known)) if len(known) >= ENOUGH else None


def trained(stack: Stack, n: int, medians: Medians) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train a stack; give the last losses, after which epoch, and which were stopped, shape (n,) each."""
    losses, epochs, stopped = np.empty(n), np.empty(n, dtype=int), np.ones(n, dtype=bool)
    for epoch in range(1, N_EPOCHS + 1):
        found = stack.train()
        going = medians.going(epoch, found) if epoch < N_EPOCHS else None
        if going is not None or epoch == N_EPOCHS:
            places = stack.places.cpu().numpy()
            losses[places], epochs[places] = found.cpu().numpy(), epoch
        if going is not None:
            stack.keep(going)
            if not len(stack.places):
                break
    if len(stack.places):
        stopped[stack.places.cpu().numpy()] = False
    return losses, epochs, stopped


def run(driver: Driver, at_once: int, n_trials: int, seconds: float, seed: int, device: torch.device) -> dict[str, Any]:
    """Drive trainings until so many trials ended, or so many seconds passed."""
    clock, medians = Clock(device), Medians()
    best, waited, n = np.inf, 0.0, 0
    reached: dict[str, float] = {}
    curve: list[tuple[float, int, float]] = []
    start = time.perf_counter()
    before = clock.moment()
    while n < n_trials and time.perf_counter() - start < seconds:
        size = min(at_once, n_trials - n)
        settings = columns(driver.ask(size), device)
        begun = clock.moment()
        losses, epochs, stopped = trained(Stack(settings, seed + n), size, medians)
        waited += clock.between(before, begun)
        before = clock.moment()
        driver.tell(losses, epochs, stopped)
        n += size
        if not stopped.all() and losses[~stopped].min() < best:
            best = float(losses[~stopped].min())
            curve.append((round(time.perf_counter() - start, 3), n, best))
        for target in TARGETS:
            if best <= target:
                reached.setdefault(str(target), time.perf_counter() - start)
    wall = time.perf_counter() - start
    return {
        "n": n, "wall": wall, "share": waited / wall, "per_hour": 3600 * n / wall,
        "best": best, "reached": reached, "curve": curve,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drivers", nargs="+", default=["parzen", "parzen-tpe", "optuna", "rustuna"], choices=DRIVERS)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 16, 256])
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=900.0, help="after which a run ends (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--storage", choices=["memory", "sqlite"], default="memory")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, help="a file of JSON lines to which runs are added")
    parser.add_argument("--small", action="store_true", help="600 trials, 60 s a run: some minutes on a CPU")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.trials, arguments.seconds = min(arguments.trials, 600), min(arguments.seconds, 60.0)
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"On {name}, {torch.get_num_threads()} threads, store in {arguments.storage}")
    head = "".join(f"{f'to {target}, s':>12}" for target in TARGETS)
    print(
        f"{'at once':>7} {'seed':>4} {'driver':13}{'trials':>7}{'wall, s':>9}{'waits, %':>9}{'an hour':>9}{'best':>8}"
        + head
    )
    for at_once in arguments.at_once:
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            for driver in arguments.drivers:
                with tempfile.TemporaryDirectory() as folder:
                    place = Path(folder) if arguments.storage == "sqlite" else None
                    made = DRIVERS[driver](SPACE, seed, place)
                    found = run(made, at_once, arguments.trials, arguments.seconds, 1000 * seed, device)
                print(row(at_once, seed, driver, found), flush=True)
                if arguments.out:
                    line = {
                        "at_once": at_once, "seed": seed, "driver": driver, "device": name,
                        "storage": arguments.storage, "environment": environment.here(), **found,
                    }  # fmt: skip
                    with arguments.out.open("a") as file:
                        file.write(json.dumps(line) + "\n")


def row(at_once: int, seed: int, driver: str, found: dict[str, Any]) -> str:
    """Write a run as a line of the table."""
    times = "".join(f"{found['reached'].get(str(target), np.nan):12.1f}" for target in TARGETS).replace("nan", "  -")
    return (
        f"{at_once:7} {seed:4} {driver:13}{found['n']:7}{found['wall']:9.1f}{100 * found['share']:9.1f}"
        f"{found['per_hour']:9.0f}{found['best']:8.3f}{times}"
    )


if __name__ == "__main__":
    main()
