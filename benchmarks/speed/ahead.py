"""Is an ask ahead of Rustuna's and Optuna's at every size? One table of what `asking`, `breeding` and `overhead` time.

TPE with one, two and three objectives over ten floats and over parameters of all kinds, NSGA-II with two objectives,
and a random trial: a row each, with one column for each number of trials. A cell has our microseconds, those of the
others, and how many times ours theirs are. By CPU time a busy machine disturbs the figures less.

    pip install "parzen[bench]"
    python -m parzen.benchmarks.speed.ahead
    python -m parzen.benchmarks.speed.ahead --sizes 30 100 1000 --libraries parzen rustuna --clock cpu --cold
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from parzen.benchmarks.speed import asking, breeding, overhead, timing
from parzen.benchmarks.speed.timing import Case
from parzen.samplers import rehearsals

SIZES = [30, 100, 1000, 10_000, 100_000]
CLOCKS = {"wall": time.perf_counter, "cpu": time.thread_time}
ROWS = ["tpe", "nsgaii", "random"]


def cases(arguments: argparse.Namespace, modules: dict[str, Any]) -> Iterator[list[Case]]:
    """Give the cases of each row of the table."""
    clock = CLOCKS[arguments.clock]

    def beside(name: str, size: int, make: Any) -> Case:
        """Put those beside us that run at this size."""
        sides = {key: module for key, module in modules.items() if key == "parzen" or size <= asking.LARGEST}
        return Case(name, size, {key: partial(make, key, module, size) for key, module in sides.items()})

    for space in overhead.SPACES:
        for m in (1, 2, 3):

            def tpe(key: str, module: Any, size: int, space: str = space, m: int = m) -> timing.Step:
                return asking.step_of(module, space, size, m, clock=clock)

            if "tpe" in arguments.rows:
                yield [beside(f"TPE, {space}, {m} objective{'s' * (m > 1)}", n, tpe) for n in arguments.sizes]

    def nsgaii(key: str, module: Any, size: int) -> timing.Step:
        return breeding.generation_of(key, module, "NSGAIISampler", size, statistics.fmean, clock)

    def random(key: str, module: Any, size: int) -> timing.Step:
        return overhead.step_of(module, overhead.SPACES["floats"], size, clock)

    if "nsgaii" in arguments.rows:
        yield [beside("NSGA-II, floats, 2 objectives", n, nsgaii) for n in arguments.sizes]
    if "random" in arguments.rows:
        yield [beside("random, floats, told as well", n, random) for n in arguments.sizes]


def cell(record: timing.Record) -> str:
    """Write our microseconds and those of others, with the ratio."""
    ours, *others = record["seconds"].items()
    found = [f"{ours[1] * 1e6:,.0f}"]
    found += [f"{name} {seconds * 1e6:,.0f} ({record['ratios'][name][1]:.2f}x)" for name, seconds in others]
    return " / ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rounds", type=int, default=40, help="steps of each side (default: 40)")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    parser.add_argument("--cold", action="store_true", help="also with 32 MB touched before whatever is timed")
    parser.add_argument("--libraries", nargs="+", default=list(timing.LIBRARIES), metavar="LIBRARY")
    arguments = parser.parse_args()
    modules = {name: module for name in arguments.libraries if (module := timing.library(name)) is not None}
    rehearsals.prepare()  # as in a process that has been asking for a while
    print(f"| microseconds, {arguments.clock} | " + " | ".join(f"{n:,} trials" for n in arguments.sizes) + " |")
    print("| --- " * (1 + len(arguments.sizes)) + "|", flush=True)
    for row in cases(arguments, modules):
        for cold in (False, True) if arguments.cold else (False,):
            found = [cell(timing.measured(case, arguments.rounds, cold)) for case in row]
            print(f"| {row[0].name}{', cold' * cold} | " + " | ".join(found) + " |", flush=True)


if __name__ == "__main__":
    main()
