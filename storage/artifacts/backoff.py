"""A store that tries again, later and later, as networks fail now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from ...engine.logging import get_logger
from .base import ArtifactNotFound, ArtifactStore

_logger = get_logger(__name__)
T = TypeVar("T")


class Backoff:
    """Wraps a store: what fails is tried again after a while that grows.

    An artifact that is not there is not looked for again.

    Parameters
    ----------
    backend
        The store.
    max_retries
        How often each call is tried, the first time included.
    multiplier
        By how much each wait is longer than the one before.
    min_delay, max_delay
        The first wait and the longest one, in seconds.

    Raises
    ------
    ValueError
        If a number is not positive, or the longest wait not longer than the first.
    """

    def __init__(
        self,
        backend: ArtifactStore,
        *,
        max_retries: int = 10,
        multiplier: float = 2,
        min_delay: float = 0.1,
        max_delay: float = 30,
    ) -> None:
        if not (max_retries > 0 and multiplier > 0 and 0 < min_delay < max_delay):
            raise ValueError(
                "Expected a positive `max_retries` and `multiplier`, and 0 < `min_delay` < `max_delay`, but got "
                f"{max_retries=}, {multiplier=}, {min_delay=}, {max_delay=}."
            )
        self._backend = backend
        self._max_retries = max_retries
        self._multiplier = multiplier
        self._min_delay = min_delay
        self._max_delay = max_delay

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open an artifact; `ArtifactNotFound` if there is none."""
        return self._try(f"reading artifact {artifact_id!r}", lambda: self._backend.open_reader(artifact_id))

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:
        """Store what is left to read of a file. One that cannot go back to where it stood is tried once."""
        can_repeat = content_body.seekable()
        start = content_body.tell() if can_repeat else 0

        def write() -> None:
            if can_repeat:
                content_body.seek(start)
            self._backend.write(artifact_id, content_body)

        self._try(f"writing artifact {artifact_id!r}", write, self._max_retries if can_repeat else 1)

    def remove(self, artifact_id: str) -> None:
        """Delete an artifact."""
        self._try(f"deleting artifact {artifact_id!r}", lambda: self._backend.remove(artifact_id))

    def _try(self, what: str, call: Callable[[], T], n_times: int | None = None) -> T:
        delay, n_left = self._min_delay, n_times or self._max_retries
        while True:
            n_left -= 1
            try:
                return call()
            except ArtifactNotFound:
                raise
            except Exception as error:
                if n_left <= 0:
                    raise
                _logger.warning(f"An attempt at {what} failed, the next one follows in {delay:g} s: {error!r}")
            time.sleep(delay)
            delay = min(delay * self._multiplier, self._max_delay)
