"""Ray's workers as a `concurrent.futures.Executor`: each call is a task, on whichever machine of the cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from ...engine.exceptions import TrialTimedOut

try:
    import ray
except ImportError as error:
    raise ImportError('RayExecutor needs Ray: pip install "parzen[ray]".') from error


class RayExecutor(Executor):
    """Runs calls as Ray tasks.

    Ray is started by ``ray.init()`` beforehand, with the address of a cluster or without; otherwise with its defaults.

    Parameters
    ----------
    max_workers
        How many calls run at once; by default as many as the cluster has room for.
    num_cpus, num_gpus
        What each call takes of the cluster. Ray shows a task the GPUs that it got, in ``CUDA_VISIBLE_DEVICES``.
    resources
        Further resources that each call takes, by name.

    Notes
    -----
    Ray does not run a call again whose worker died: `Study.optimize` decides whether its trial is tried again. Workers
    on other machines reach a study in PostgreSQL, MySQL or Redis, or behind a storage proxy, but not one in memory.

    Raises
    ------
    ImportError
        If Ray is not installed.
    ValueError
        If the cluster has no room for a single call.

    Examples
    --------
    >>> ray.init()
    >>> study.optimize(objective, n_trials=100, executor=RayExecutor(num_gpus=1))
    """

    def __init__(
        self,
        max_workers: int | None = None,
        *,
        num_cpus: float = 1.0,
        num_gpus: float = 0.0,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        if not ray.is_initialized():
            ray.init()
        wanted = {"CPU": num_cpus, "GPU": num_gpus, **(resources or {})}
        self.max_workers = _room_for(wanted) if max_workers is None else max_workers
        if self.max_workers < 1:
            raise ValueError(f"Expected a Ray cluster with room for {wanted}, but it has {ray.cluster_resources()}.")
        self._task = ray.remote(_call).options(
            max_retries=0, num_cpus=num_cpus, num_gpus=num_gpus, resources=dict(resources or {}), name="parzen"
        )
        self._references: dict[Future[Any], Any] = {}  # of the calls that run
        self._lock = threading.Lock()  # a call ends once, by its result or its time
        self._is_shut = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in a worker."""
        return self.submit_for(None, fn, *args, **kwargs)

    def submit_for(self, seconds: float | None, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in a worker, which is killed if there is no result after `seconds`, the way included.

        The future's exception is a `TrialTimedOut` then.
        """
        if self._is_shut:
            raise RuntimeError("The executor is shut down. Make a new RayExecutor.")
        reference = self._task.remote(fn, args, kwargs)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # Ray does not tell when it starts
        self._references[future] = reference
        if seconds is not None:
            timer = threading.Timer(seconds, self._end_late, (future, seconds))
            timer.daemon = True
            timer.start()
            future.add_done_callback(lambda _: timer.cancel())
        reference.future().add_done_callback(lambda inner: self._end(future, inner))
        return future

    def kill(self) -> None:
        """End the calls that run, with their workers."""
        for reference in list(self._references.values()):
            ray.cancel(reference, force=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls; Ray goes on."""
        self._is_shut = True
        if cancel_futures:
            self.kill()
        running = list(self._references.values())
        if wait and running:
            ray.wait(running, num_returns=len(running))

    def _end(self, future: Future[Any], inner: Future[Any]) -> None:
        if self._took(future) is None:  # it was too late
            return
        error = inner.exception()
        if error is None:
            future.set_result(inner.result())
        else:
            future.set_exception(getattr(error, "cause", None) or error)  # what the call raised, without Ray's wrapping

    def _end_late(self, future: Future[Any], seconds: float) -> None:
        reference = self._took(future)
        if reference is not None:
            ray.cancel(reference, force=True)
            future.set_exception(TrialTimedOut(f"it took longer than {seconds:g} seconds"))

    def _took(self, future: Future[Any]) -> Any:
        """Take the reference of a call that ends; None if it has ended."""
        with self._lock:
            return self._references.pop(future, None)


def _call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return fn(*args, **kwargs)


def _room_for(wanted: Mapping[str, float]) -> int:
    """Give how many calls a cluster has room for, taken as one machine."""
    found: dict[str, float] = ray.cluster_resources()
    return int(min(found.get(name, 0.0) // amount for name, amount in wanted.items() if amount > 0))
