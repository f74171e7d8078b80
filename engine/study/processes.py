"""A pool of processes whose members may die, hang or be killed one at a time, without harm to the others."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from multiprocessing import connection, util
from queue import SimpleQueue
from typing import Any

from ..exceptions import TrialTimedOut, WorkerDied

_PRELOADED = "parzen.engine.study.remote"  # what a new process of the fork server has imported already
_PATIENCE = 5.0  # seconds for a process to end by itself when the pool is shut down
_GPUS = "CUDA_VISIBLE_DEVICES"
_Job = tuple["Future[Any]", "float | None", bytes]


class RemoteTraceback(Exception):
    """The traceback of an error in another process, as text: shown as the error's cause."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


class ProcessPool(Executor):
    """Processes for `Study.optimize`, or for any other use of a `concurrent.futures.Executor`.

    Where a worker of ``ProcessPoolExecutor`` dies, all calls that run are lost, and the pool is of no more use. Here
    the call of that worker fails with `WorkerDied`, and a new process takes the worker's place.

    Parameters
    ----------
    max_workers
        Number of processes; one a CPU by default.
    gpus
        Number of GPUs, or their names as in ``CUDA_VISIBLE_DEVICES``: each worker sees one of them alone, in turn.
    start_method
        ``"forkserver"``, the default where it exists, or ``"spawn"``. ``"fork"`` copies locks that other threads hold.

    Notes
    -----
    A worker has the environment variables that this process had when the worker started. It may start processes of its
    own. It ends when this process ends, at the latest after the call that it runs.

    Raises
    ------
    ValueError
        If there is no worker, or no GPU to share.

    Examples
    --------
    >>> with ProcessPool(8, gpus=4) as pool:
    ...     study.optimize(objective, n_trials=100, executor=pool)
    """

    def __init__(
        self,
        max_workers: int | None = None,
        *,
        gpus: int | Sequence[int | str] | None = None,
        start_method: str | None = None,
    ) -> None:
        self.max_workers = (os.cpu_count() or 1) if max_workers is None else max_workers
        if self.max_workers < 1:
            raise ValueError(f"A pool has at least one worker, but got max_workers={max_workers}.")
        names = [] if gpus is None else list(range(gpus)) if isinstance(gpus, int) else list(gpus)
        if gpus is not None and not names:
            raise ValueError(f"Workers cannot share no GPU: expected a number or names of GPUs, but got gpus={gpus!r}.")
        extra = [{_GPUS: str(names[k % len(names)])} if names else {} for k in range(self.max_workers)]
        context = _context(start_method)
        self._calls: SimpleQueue[_Job | None] = SimpleQueue()
        self._slots = [_Slot(context, environment) for environment in extra]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._is_shut = False
        # Before Python waits for the processes: they wait for calls.
        util.Finalize(self, _end, (self._calls, self._slots), exitpriority=10)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in one of the processes."""
        return self.submit_for(None, fn, *args, **kwargs)

    def submit_for(self, seconds: float | None, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in one of the processes, which is killed if it takes longer than `seconds`.

        The future's exception is a `TrialTimedOut` then.
        """
        data = pickle.dumps((fn, args, kwargs))
        future: Future[Any] = Future()
        with self._lock:
            if self._is_shut:
                raise RuntimeError("The pool is shut down. Make a new ProcessPool.")
            self._calls.put((future, seconds, data))
            if not self._threads:
                for slot in self._slots:
                    self._threads.append(threading.Thread(target=slot.serve, args=(self._calls,), daemon=True))
                    self._threads[-1].start()
        return future

    def kill(self) -> None:
        """Kill the processes; the calls that run fail, and those that wait run in new processes."""
        for slot in self._slots:
            slot.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end after the calls that wait, or with `cancel_futures` after those that run."""
        with self._lock:
            self._is_shut = True
            if cancel_futures:
                while not self._calls.empty():
                    call = self._calls.get()
                    if call is not None:
                        call[0].cancel()
            for _ in self._threads:
                self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()


def _context(start_method: str | None) -> Any:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context(start_method or ("forkserver" if "forkserver" in methods else "spawn"))
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload([_PRELOADED])
    return context


def _end(calls: SimpleQueue[_Job | None], slots: list[_Slot]) -> None:
    """Kill the processes of a pool that nobody uses any more."""
    for slot in slots:
        calls.put(None)
        slot.kill()


class _Slot:
    """The place of one worker; a thread hands calls to its process, and starts a new process after a death."""

    _starting = threading.Lock()  # `multiprocessing` keeps a list of all processes without one

    def __init__(self, context: Any, environment: Mapping[str, str]) -> None:
        self._context = context
        self._environment = environment
        self._process: Any = None
        self._pipe: connection.Connection | None = None

    def serve(self, calls: SimpleQueue[_Job | None]) -> None:
        """Carry out calls until there is None."""
        while (call := calls.get()) is not None:
            future, seconds, data = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = self._call(data, seconds)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            del call, future
        self._close()

    def kill(self) -> None:
        """Kill the process, if there is one."""
        process = self._process
        if process is not None:
            process.kill()

    def _call(self, data: bytes, seconds: float | None) -> Any:
        """Carry out a call; whatever it raises is raised here."""
        try:
            pipe = self._started()
            pipe.send_bytes(data)
            in_time = connection.wait([pipe, self._process.sentinel], seconds)
            answer = pipe.recv_bytes() if in_time else None
        except (EOFError, OSError) as error:
            raise WorkerDied(self._epitaph()) from error
        if answer is None:
            self._close(kill=True)
            raise TrialTimedOut(f"it took longer than {seconds:g} seconds")
        result, raised, trace = pickle.loads(answer)
        if raised is not None:
            raised.__cause__ = RemoteTraceback(trace)
            raise raised
        return result

    def _started(self) -> connection.Connection:
        """Give the pipe to a process that is ready."""
        if self._process is not None and not self._process.is_alive():  # it died while it had nothing to do
            self._close()
        if self._pipe is None:
            self._pipe, theirs = self._context.Pipe()
            arguments = (theirs, {**os.environ, **self._environment})
            with self._starting:
                self._process = self._context.Process(target=_work, args=arguments, name="parzen-worker")
                self._process.start()
            theirs.close()
            connection.wait([self._pipe, self._process.sentinel])
            self._pipe.recv_bytes()
        return self._pipe

    def _epitaph(self) -> str:
        """Say how the process died, and make room for a new one."""
        process = self._process
        if process is not None:
            process.join(_PATIENCE)  # its pipe is closed, so that it ends
        self._close(kill=True)
        code = None if process is None else process.exitcode
        if code is not None and code < 0:
            return f"its process {process.pid} was killed by {signal.Signals(-code).name}"
        pid = "" if process is None else f" {process.pid}"
        return (
            f"its process{pid} ended with exit code {code}. What it wrote to standard error says why; a script that "
            'starts processes needs `if __name__ == "__main__":` before what it does'
        )

    def _close(self, kill: bool = False) -> None:
        """End the process: it ends by itself once its pipe is closed."""
        process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is None:
            return
        if not kill:
            process.join(_PATIENCE)
        if process.is_alive():
            process.kill()
        process.join()


def _work(pipe: connection.Connection, environment: Mapping[str, str]) -> None:
    """Be a worker: carry out what comes through the pipe. Ctrl-C ends a call, but not the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(environment)
    pipe.send_bytes(b"ready")
    while True:
        try:
            data = pipe.recv_bytes()
        except (EOFError, OSError):  # the pool has ended
            return
        pipe.send_bytes(_answer(data))


def _answer(data: bytes) -> bytes:
    """Carry out a call; give its result, or its error with the traceback, as bytes."""
    try:
        fn, args, kwargs = pickle.loads(data)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            result = fn(*args, **kwargs)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return pickle.dumps((result, None, ""))
    except BaseException as error:
        trace = "".join(traceback.format_exception(error))
        try:
            return pickle.dumps((None, error, trace))
        except Exception:
            return pickle.dumps((None, RuntimeError(repr(error)), trace))
