"""Work that is done in a thread of its own while its result is not wanted yet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """The result of a function that runs in a thread; whoever wants it early waits.

    Where the thread did not finish its work, because it failed or because the process was forked in the middle, the
    function runs again in the thread that wants the result, and raises there what it has to raise.

    Parameters
    ----------
    function
        What to run. It depends on nothing that changes meanwhile.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._found: list[T] = []
        self._thread = threading.Thread(target=self._run, name="parzen-beside")
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._function())
        except Exception:
            return  # the function is called again by whoever wants the result

    def result(self) -> T:
        """Give the result, when it is there."""
        self._thread.join()
        if not self._found:
            self._found.append(self._function())
        return self._found[0]
