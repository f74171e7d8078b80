"""Compiled kernels, made ready beside the objective: no ask waits for Numba.

Importing Numba takes half a second, loading machine code from its cache about another, and compiling on a new machine
10 to 20 s. All of that happens in a thread, which stands still while an ask runs, since both need the interpreter; and
compilation in a child process of low priority that fills the cache on disk. Until the kernels of a group are ready,
asks go on with NumPy; both tiers choose the same points (docs/tpe.md).

What has to be loaded is what a rehearsal runs: a module whose function `rehearse` uses the kernels of a room as the
room does, with arrays of the same types, and yields between its steps. `samplers.rehearsals` lists them.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

_logger = logging.getLogger(__name__)

WORTH = 1.0  # seconds of asking after which a process is taken for one that goes on: a short script loads nothing
CHILD = "parzen.samplers.rehearsals"  # the module that fills the cache
_AGAIN = 0.5  # seconds between two looks at whether another process has filled the cache
_SWITCH = 5e-4  # seconds after which an ask that wants the interpreter has it
_STANDING = 2.0 / 3.0  # share of its time that loading stands still at most
_FIRST = 0.05  # seconds of an ask for which it does: what loads may hold a lock that the ask waits for

_END = object()
_ready: set[str] = set()
_begun: set[str] = set()
_first_ask: float | None = None
_local = threading.local()
_asks: list[float] = []  # when each ask that runs now began
_no_asks = threading.Event()
_waiting: list[object] = []  # one for each thread that waits for the end of the asks
_step = threading.Lock()  # held while something is imported, loaded or compiled: a fork or the end waits for it


def is_available() -> bool:
    """Tell whether kernels can be compiled: with ``NUMBA_DISABLE_JIT=1`` they would run as Python loops."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


def is_ready(rehearsal: str) -> bool:
    """Tell whether the kernels of a rehearsal, given the name of its module, can be called without waiting."""
    return rehearsal in _ready or getattr(_local, "rehearses", False)


def want(rehearsal: str) -> bool:
    """Let the kernels of a rehearsal be made ready in the background, once this process has been asking for a while.

    Returns
    -------
    is_ready
        False, so that a caller may go on with ``is_ready(name) or want(name)``.
    """
    global _first_ask
    if rehearsal in _begun or not is_available():
        return False
    now = time.monotonic()
    if _first_ask is None:
        _first_ask = now
    if now - _first_ask >= WORTH:
        _begun.add(rehearsal)
        threading.Thread(target=_prepare_quietly, args=(rehearsal,), name="parzen-kernels", daemon=True).start()
    return False


def prepare(rehearsal: str) -> None:
    """Make the kernels of a rehearsal ready in this process, and wait for it."""
    if is_available() and rehearsal not in _ready:
        _begun.add(rehearsal)
        _rehearse(rehearsal)
        _ready.add(rehearsal)


def _rehearse(rehearsal: str) -> None:
    """Run a rehearsal with the compiled tier, which loads or compiles what it calls."""
    with _step:
        steps = import_module(rehearsal).rehearse()
    _local.rehearses = True
    try:
        while True:
            with _step:
                if next(steps, _END) is _END:
                    break
    finally:
        _local.rehearses = False


def _prepare_quietly(rehearsal: str) -> None:
    try:
        with _giving_way(), _step:
            stamp = _stamp()
        if stamp is not None:
            _await_cache(stamp)
        with _giving_way():
            _rehearse(rehearsal)
        _ready.add(rehearsal)
    except Exception as error:  # a missing compiler, no memory: NumPy goes on
        _logger.warning(f"The compiled kernels could not be made ready, so NumPy goes on: {error!r}")


class before_loading(contextlib.ContextDecorator):
    """Lets what is made ready in the background stand still for the length of an ask."""

    def __enter__(self) -> None:
        self._begin = None if getattr(_local, "rehearses", False) else time.monotonic()
        if self._begin is not None:
            _asks.append(self._begin)

    def __exit__(self, *error: object) -> None:
        if self._begin is not None:
            _asks.remove(self._begin)
            if _waiting and not _asks:
                _no_asks.set()

    def _recreate_cm(self) -> before_loading:
        return before_loading()  # each call of a decorated function is an ask of its own


def after_asks() -> None:
    """Wait until no ask runs, as long as loading would: for work that can begin as well when an ask has ended."""
    if _asks:
        _wait_for_no_asks(_FIRST)


def _wait_for_no_asks(timeout: float) -> None:
    """Wait until no ask runs. An ask wakes who waits when it ends; it need not do anything while nobody does."""
    waits = object()
    _waiting.append(waits)
    try:
        _no_asks.clear()
        if _asks:
            _no_asks.wait(timeout)
    finally:
        _waiting.remove(waits)


@contextlib.contextmanager
def _giving_way() -> Iterator[None]:
    """Stand still, between any two calls of this thread, while asks run."""
    begin, stood = time.monotonic(), 0.0

    def give_way(frame: Any, event: str, argument: Any) -> None:
        nonlocal stood
        asks = tuple(_asks)
        if not asks:
            return
        now = time.monotonic()
        longest = min(asks[0] + _FIRST - now, _STANDING * (now - begin) - stood)
        if longest > 0.0:
            _wait_for_no_asks(longest)
            stood += time.monotonic() - now

    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _SWITCH))  # the thread that asks has the interpreter sooner
    sys.setprofile(give_way)
    try:
        yield
    finally:
        sys.setprofile(None)
        sys.setswitchinterval(before)


def import_beside(name: str) -> None:
    """Import a module that will be needed in a thread of its own; a fork waits until it is there."""
    if name not in sys.modules:
        threading.Thread(target=_import, args=(name,), name="parzen-import", daemon=True).start()


def _import(name: str) -> None:
    with _step, contextlib.suppress(ImportError):  # whoever needs it says so
        import_module(name)


# --- the cache on disk -----------------------------------------------------------------------------------------------


def _stamp() -> Path | None:
    """Give the file that says that the cache is filled for this version and processor; None if there is no cache."""
    import llvmlite.binding
    import numba

    from .compiled import normal

    kernel: Any = normal.tail
    folder = kernel.stats.cache_path
    if folder is None:
        return None
    here = Path(__file__).parent / "compiled"
    sources = [(path.name, path.stat().st_mtime_ns) for path in sorted(here.glob("*.py"))]
    processor = os.environ.get("NUMBA_CPU_NAME") or llvmlite.binding.get_host_cpu_name()
    key = hashlib.sha256(repr((numba.__version__, sys.version, processor, sources)).encode()).hexdigest()[:16]
    return Path(folder) / f"parzen-{key}.filled"


def note_filled() -> None:
    """Note that the cache holds all kernels."""
    stamp = _stamp()
    if stamp is not None:
        with contextlib.suppress(OSError):
            stamp.touch()


def _await_cache(stamp: Path) -> None:
    """Wait until the cache is filled, by a child process of this process or of another."""
    if stamp.exists() or not sys.executable:
        return
    _logger.info("Compiling kernels in the background, once for this machine; until then NumPy computes.")
    while not stamp.exists():
        with _only_one(stamp.with_suffix(".lock")) as is_ours:
            if is_ours:
                with _start_child() as child:
                    _children.append(child)
                    failed = child.wait() != 0
                    _children.remove(child)
                if failed or not stamp.exists():
                    return  # nothing can be written there, say: this process compiles for itself
        time.sleep(_AGAIN)


_children: list[subprocess.Popen[bytes]] = []


def _start_child() -> subprocess.Popen[bytes]:
    """Start the process that compiles. It ends when the pipe from this process does, with what it is compiling then."""
    quiet: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", CHILD, "--background"], start_new_session=True, **quiet)


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[bool]:
    """Tell whether this process alone has a lock; where files cannot be locked every process has it."""
    try:
        import fcntl

        file = path.open("a")
    except (ImportError, OSError):
        yield True
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


# --- forks and the end -----------------------------------------------------------------------------------------------


def _release_in_child() -> None:
    """A fork has no thread that would go on: what is not ready begins anew."""
    _step.release()
    _begun.intersection_update(_ready)
    _children.clear()


def _stop() -> None:
    """Let no thread be in the middle of an import, or of the compiler, when the interpreter ends."""
    for child in list(_children):
        if child.stdin is not None:
            child.stdin.close()
    _step.acquire(timeout=2.0)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_step.acquire, after_in_parent=_step.release, after_in_child=_release_in_child)
atexit.register(_stop)
