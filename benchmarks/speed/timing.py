"""What the programs of this folder share: sides in turn in one process, and the ratio of their times with its spread.

A program lists its cases: for each library how to make a step, which does once what is measured and gives the seconds
that count. The sides take turns, and who begins changes from round to round, as who comes after a slow one finds the
caches empty. A ratio is that of the times of one round; its median and quartiles are told.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import importlib
import json
import statistics
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks import environment

Pause = Callable[[], None]  # to be called before whatever is timed
Step = Callable[[Pause], float]
Record = dict[str, Any]

LIBRARIES = ("parzen", "optuna", "rustuna")
_MANY = np.ones(4 * 2**20)  # 32 MB, more than the caches hold


@dataclass(frozen=True)
class Case:
    """What is measured.

    Attributes
    ----------
    name
        What is done.
    size
        Number of trials, or of whatever it grows with.
    sides
        By library, ours first, what makes a step; a step gives seconds.
    """

    name: str
    size: int
    sides: Mapping[str, Callable[[], Step]]


def measured(case: Case, rounds: int, cold: bool = False) -> Record:
    """Run the sides of a case in turn.

    Parameters
    ----------
    case
        What is measured.
    rounds
        Steps of each side that count; one before them fills what is kept between steps.
    cold
        Whether 32 MB are touched before whatever is timed.

    Returns
    -------
    record
        Median seconds by library, and by each of theirs the quartiles of its time over ours.
    """
    pause = _sweep if cold else _nothing
    steps = {library: make() for library, make in case.sides.items()}
    for step in steps.values():
        step(pause)
    seconds: dict[str, list[float]] = {library: [] for library in steps}
    gc.collect()
    gc.disable()  # it may run in either side's time
    try:
        for k in range(rounds):
            for library in list(steps)[:: 1 if k % 2 == 0 else -1]:
                seconds[library].append(steps[library](pause))
    finally:
        gc.enable()
    ours, *others = seconds
    return {
        "case": case.name,
        "size": case.size,
        "cold": cold,
        "rounds": rounds,
        "seconds": {library: statistics.median(found) for library, found in seconds.items()},
        "ratios": {library: quartiles(seconds[library], seconds[ours]) for library in others},
    }


def quartiles(theirs: list[float], ours: list[float]) -> list[float]:
    """Give the quartiles of paired ratios, the median in the middle."""
    ratios = np.array(theirs) / np.array(ours)
    return np.quantile(ratios, [0.25, 0.5, 0.75]).round(4).tolist()  # type: ignore[no-any-return]


def _sweep() -> None:
    _MANY.__iadd__(1.0)


def _nothing() -> None:
    pass


def library(name: str) -> Any:
    """Import a library, which is to be quiet; None if it is not installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    if hasattr(module, "logging"):
        module.logging.set_verbosity(module.logging.ERROR)
    return module


def add(record: Record, path: Path) -> None:
    """Append a record to a file of JSON lines, and what it refers to as its environment if that is new there."""
    here = environment.here()
    name, known = environment.name_of(here), path.read_text() if path.exists() else ""
    lines = [] if json.dumps(here) in known.splitlines() else [here]
    lines.append({**record, "day": datetime.date.today().isoformat(), "environment": name})
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def shown(record: Record) -> str:
    """Write a record as a line: microseconds, and ratios with their quartiles."""
    seconds = record["seconds"]
    line = f"{record['case']:<36}{record['size']:>9,}{'  cold' if record['cold'] else '  warm'}"
    for name, found in seconds.items():
        line += f"  {name} {found * 1e6:,.1f} us"
        if name in record["ratios"]:
            low, middle, high = record["ratios"][name]
            line += f", ratio {middle:.2f} ({low:.2f} to {high:.2f})"
    return line


Cases = Callable[[argparse.Namespace, dict[str, Any]], Iterable[Case]]


def main(program: str, doc: str | None, cases: Cases, sizes: list[int], rounds: int, **choices: list[str]) -> None:
    """Be a program: read the flags, run the cases, print and keep the records.

    Parameters
    ----------
    program
        Its name, kept with the records.
    doc
        Its docstring.
    cases
        Gives the cases for flags and installed libraries.
    sizes, rounds
        What is run by default.
    **choices
        Further flags by name, each with the words that it takes; all by default.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"steps of each side (default: {rounds})")
    parser.add_argument("--cold", action="store_true", help="also with 32 MB touched before whatever is timed")
    parser.add_argument("--libraries", nargs="+", default=list(LIBRARIES), metavar="LIBRARY", help="the first is ours")
    parser.add_argument("--out", type=Path, help="a file of JSON lines to which the records are appended")
    for name, words in choices.items():
        parser.add_argument(f"--{name}", nargs="+", choices=words, default=words, metavar=name.upper())
    arguments = parser.parse_args()
    modules = {name: module for name in arguments.libraries if (module := library(name)) is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some parts of Optuna are experimental
        for case in cases(arguments, modules):
            for cold in (False, True) if arguments.cold else (False,):
                record = {"program": program, **measured(case, arguments.rounds, cold)}
                print(shown(record), flush=True)
                if arguments.out:
                    add(record, arguments.out)
