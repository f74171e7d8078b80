"""In which order a fork locks the storages of a process."""

from __future__ import annotations

import os
import weakref

import pytest

from parzen.storage import forks


class Remembering:
    """A storage, its lock as well, that remembers what a fork does with it."""

    def __init__(self, needs_another: bool, done: list[tuple[str, bool]]) -> None:
        self._lock, self._needs_another, self._done = self, needs_another, done

    def acquire(self) -> None:
        self._done.append(("locked", self._needs_another))

    def release(self) -> None:
        self._done.append(("released", self._needs_another))

    def _before_fork(self) -> None:
        self._done.append(("closed", self._needs_another))

    def _after_fork_in_child(self) -> None:
        self._done.append(("made anew", self._needs_another))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_storages_that_wait_for_others_are_locked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, bool]] = []
    storages = [Remembering(needs_another, done) for needs_another in (False, True, False, True)]
    monkeypatch.setattr(forks, "_storages", weakref.WeakSet())  # those of other tests are left alone
    for storage in storages:
        forks.protect(storage)
    order = [True, True, False, False]
    everywhere = [(what, waits) for what in ("locked", "closed") for waits in order]
    pid = os.fork()
    if not pid:
        expected = [*everywhere, *((what, waits) for what in ("made anew", "released") for waits in order)]
        os._exit(done != expected)
    assert os.waitpid(pid, 0)[1] == 0
    assert done == [*everywhere, *(("released", waits) for waits in order)]
