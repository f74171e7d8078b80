"""Runs of a benchmark: a file of JSON lines to go on with, and one process or several that do what it lacks."""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

Run = dict[str, Any]


def load(path: Path | None) -> list[Run]:
    """Read the runs in a file, none if there is no file; a line cut off while it was written is left out."""
    runs = []
    for line in path.read_text().splitlines() if path is not None and path.exists() else []:
        try:
            runs.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return runs


def append(path: Path, work: Callable[[Any], list[Run]], jobs: list[Any], n_processes: int = 1) -> None:
    """Do jobs, and append their runs to a file as they come.

    Parameters
    ----------
    path
        The file. If its last line was cut off, a new one is begun.
    work
        Does one job; a function of a module, so that other processes find it.
    jobs
        What it is called with.
    n_processes
        Number of processes; 1: this one.
    """
    if not jobs:
        return
    _end_line(path)
    with open(path, "a") as file:
        for runs in tqdm(_finished(work, jobs, n_processes), total=len(jobs), desc="runs"):
            file.writelines(json.dumps(run) + "\n" for run in runs)
            file.flush()


def _end_line(path: Path) -> None:
    text = path.read_bytes() if path.exists() else b""
    if text and not text.endswith(b"\n"):
        with open(path, "a") as file:
            file.write("\n")


def _finished(work: Callable[[Any], list[Run]], jobs: list[Any], n_processes: int) -> Iterator[list[Run]]:
    if n_processes == 1:
        yield from map(work, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(n_processes, mp_context=context) as pool:
        for future in concurrent.futures.as_completed([pool.submit(work, job) for job in jobs]):
            yield future.result()
