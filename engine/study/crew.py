"""The executor of a call of `Study.optimize`: given, made for the call, or made anew whenever it broke."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from types import TracebackType
from typing import Any

from ..logging import get_logger
from .processes import ProcessPool

_logger = get_logger(__name__)
_SIZES = ("max_workers", "_max_workers", "num_workers")  # ours and Ray's, those of Python and loky, that of mpi4py


class Crew:
    """Workers that take trials.

    Parameters
    ----------
    executor
        ``"processes"``, an executor, or what makes one.
    n_jobs
        How many trials run at once; of an executor that has a size, 1 and -1 mean that size.
    trial_timeout
        Whether trials are to be ended after a time, which not every executor can do.

    Raises
    ------
    TypeError, ValueError
        If `executor` is none of these, does not say its size, or cannot end a trial that is to be ended.
    """

    def __init__(self, executor: Any, n_jobs: int, trial_timeout: float | None) -> None:
        self._make: Callable[[], Any] | None = None
        if isinstance(executor, str):
            if executor != "processes":
                raise ValueError(
                    f'`executor` must be "processes", an executor or what makes one, but got {executor!r}.'
                )
            n = (os.cpu_count() or 1) if n_jobs == -1 else n_jobs
            self._make = lambda: ProcessPool(n)
        elif not callable(getattr(executor, "submit", None)):
            if not callable(executor):
                raise TypeError(
                    f"`executor` takes a `concurrent.futures.Executor`, what makes one, or "
                    f'"processes", but got {executor!r}.'
                )
            self._make = executor
        self._executor: Any = executor if self._make is None else self._make()
        if not isinstance(self._executor, Executor) and hasattr(self._executor, "get_executor"):  # Dask's client
            self._executor = self._executor.get_executor()
        self.n = n_jobs if n_jobs > 1 else _size_of(self._executor)
        self._can_end = hasattr(self._executor, "submit_for")
        if trial_timeout is not None and not self._can_end:
            self.close()
            raise ValueError(
                f"`trial_timeout` needs workers that can be ended one at a time, but {type(self._executor).__name__} "
                'cannot. Take executor="processes", or `ProcessPool` or `RayExecutor` of parzen.integration.executors.'
            )

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Shut down an executor that was made for the call."""
        if self._make is not None:
            self._executor.shutdown(wait=True)

    def submit(self, seconds: float | None, fn: Callable[..., Any], *args: Any) -> Future[Any]:
        """Hand a call to a worker, which has `seconds` for it; a broken executor is made anew first."""
        try:
            return self._submit(seconds, fn, *args)
        except BrokenExecutor as error:
            self.rebuild(error)
            return self._submit(seconds, fn, *args)

    def _submit(self, seconds: float | None, fn: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any]
        if self._can_end:
            future = self._executor.submit_for(seconds, fn, *args)
        else:
            future = self._executor.submit(fn, *args)
        return future

    def rebuild(self, error: BaseException) -> None:
        """Take a new executor for one that broke.

        Raises
        ------
        RuntimeError
            If the executor was given as it is.
        """
        if self._make is None:
            raise RuntimeError(
                f"The executor broke, and what ran in it failed: {error} Expected one that can be made anew: give what "
                'makes it, such as `executor=lambda: ProcessPoolExecutor(4)`, or executor="processes", which outlives '
                "its workers."
            ) from error
        _logger.warning(f"The executor broke, and a new one takes its place: {error}")
        self._executor.shutdown(wait=False)
        self._executor = self._make()

    def kill(self) -> None:
        """End what runs, if the executor can do it: `ProcessPool` and `RayExecutor`."""
        if hasattr(self._executor, "kill"):
            self._executor.kill()


def _size_of(executor: Any) -> int:
    """Give how many calls an executor carries out at once."""
    for name in _SIZES:
        size = getattr(executor, name, None)
        if isinstance(size, int) and size > 0:
            return size
    threads = getattr(getattr(executor, "_client", None), "nthreads", None)
    if callable(threads):  # Dask's, of a cluster that may have no worker yet
        n: int = sum(threads().values())
        return max(1, n)
    raise ValueError(
        f"{type(executor).__name__} does not say how many workers it has. Expected `n_jobs`, the number of trials that "
        "run at once."
    )
