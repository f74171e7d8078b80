"""Processes that make runs: they end with the one that started them, and Ctrl-C waits for what they are making."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from types import FrameType
from typing import Any, TypeVar

Job = TypeVar("Job")
Answer = TypeVar("Answer")

WAITS = b"\nInterrupted, waiting for the runs that are being made; Ctrl-C again ends at once.\n"
KILLED = (
    "its process was killed, or one beside it, perhaps for want of memory: the same command goes on, if need be with "
    "fewer --jobs"
)


class Interrupts:
    """A context in which the first Ctrl-C is noted, and the second kills the processes and ends.

    Attributes
    ----------
    is_noted : bool
        Whether there was one, so nothing new should begin.
    """

    def __init__(self) -> None:
        self.is_noted = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self.is_noted:
            self.is_noted = True
            os.write(2, WAITS)  # a handler may have interrupted a print
            return
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for process in multiprocessing.active_children():
            process.kill()
        raise KeyboardInterrupt


def finished(
    answer: Callable[[Job], Answer], jobs: Iterable[Job], n_processes: int, interrupts: Interrupts
) -> Iterator[tuple[Job, Answer | str]]:
    """Give each job with its answer when it has one, until Ctrl-C; a text says why a process has none.

    Parameters
    ----------
    answer
        Answers a job, in a process of its own unless `n_processes` is 1.
    jobs, n_processes
        How many are made at a time.
    interrupts
        Of which nothing new begins.
    """
    waiting = iter(jobs)
    if n_processes == 1:
        while not interrupts.is_noted and (job := next(waiting, None)) is not None:
            yield job, answer(job)
        return
    is_broken = True
    while is_broken:
        is_broken = False
        running: dict[concurrent.futures.Future[Answer], Job] = {}
        with _pool(n_processes) as pool:
            while not is_broken:
                while len(running) < n_processes and not interrupts.is_noted:
                    if (job := next(waiting, None)) is None:
                        break
                    running[_submit(pool, answer, job)] = job
                if not running:
                    return
                for future in concurrent.futures.wait(running, return_when="FIRST_COMPLETED").done:
                    is_broken |= isinstance(future.exception(), BrokenProcessPool)
                    yield running.pop(future), KILLED if future.exception() else future.result()
        yield from ((job, KILLED) for job in running.values())


def _pool(n_processes: int) -> concurrent.futures.ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return concurrent.futures.ProcessPoolExecutor(n_processes, mp_context=context, initializer=_begin)


def _submit(
    pool: concurrent.futures.ProcessPoolExecutor, answer: Callable[[Job], Answer], job: Job
) -> concurrent.futures.Future[Answer]:
    """Submit a job; the process that starts for it inherits that Ctrl-C is held back, from its first instruction."""
    if not hasattr(signal, "pthread_sigmask"):
        return pool.submit(answer, job)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(answer, job)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Leave Ctrl-C to the process that started this one, and end with it: its pipes alone don't tell that it died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
