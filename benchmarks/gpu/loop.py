"""The loop that is timed: ask, train a stack whose worst leave it, tell."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from parzen.benchmarks.gpu.drivers import Driver
from parzen.benchmarks.gpu.stacked import Stack, columns

N_EPOCHS = 9
LOOKS = (1, 3)  # epochs after which networks may be stopped
ENOUGH = 8  # losses at an epoch before which none is stopped
TARGETS = (0.25, 0.22, 0.2)  # of the validation loss


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
