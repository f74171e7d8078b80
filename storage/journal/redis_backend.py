"""A journal in Redis, under Optuna's keys."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from ...engine.exceptions import StorageInternalError
from .base import BaseJournalBackend, BaseJournalSnapshot
from .entries import to_json

_CHUNK = 1000  # entries read at once
_PATIENCE = 10.0  # seconds to wait for an entry whose number is taken

# Number and entry in one step: no reader sees a number without its entry. What is kept is the last number, at first -1.
_APPEND = """
redis.call("SETNX", KEYS[1], -1)
for _, log in ipairs(ARGV) do
    redis.call("SET", KEYS[2] .. redis.call("INCR", KEYS[1]), log)
end
"""


class JournalRedisBackend(BaseJournalBackend, BaseJournalSnapshot):
    """A journal in Redis that processes share, those of Optuna included. Redis's configuration says how durable it is.

    Parameters
    ----------
    url
        Such as ``redis://localhost:6379/0``.
    use_cluster
        Whether it is the URL of a Redis cluster.
    prefix
        Begins all keys; ``PREFIX:log_number`` and ``PREFIX:log:0``, ... are shared with Optuna.

    Raises
    ------
    ImportError
        If the package ``redis`` is not installed.
    StorageInternalError
        If Redis does not answer, or an entry is missing.
    """

    def __init__(self, url: str, use_cluster: bool = False, prefix: str = "") -> None:
        self._url = url
        self._use_cluster = use_cluster
        self._prefix = prefix
        self._connect()

    def _connect(self) -> None:
        try:
            import redis
        except ImportError as error:
            raise ImportError('Journals in Redis need the package redis: pip install "parzen[redis]".') from error
        kind = redis.RedisCluster if self._use_cluster else redis.Redis
        self._redis: Any = kind.from_url(self._url)
        self._errors: tuple[type[Exception], ...] = (redis.RedisError,)

    def __getstate__(self) -> dict[str, Any]:
        return {"_url": self._url, "_use_cluster": self._use_cluster, "_prefix": self._prefix}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._connect()

    def _failed(self, error: Exception) -> StorageInternalError:
        return StorageInternalError(
            f"The Redis server of the journal did not do what was asked: {error}. Check that it runs at the URL that "
            "was given, and has memory left."
        )

    def _key(self, number: int | str = "") -> str:
        return f"{self._prefix}:log:{number}"

    # --- writing -----------------------------------------------------------------------------------------------------

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        texts = [to_json(log) for log in logs]
        if not texts:
            return
        try:
            self._append(texts)
        except self._errors as error:
            raise self._failed(error) from error

    def _append(self, texts: list[str]) -> None:
        counter = f"{self._prefix}:log_number"
        if not self._use_cluster:
            self._redis.eval(_APPEND, 2, counter, self._key(), *texts)
            return
        # A cluster keeps the keys on several servers, which no single step spans: readers wait for an entry (`_late`).
        self._redis.setnx(counter, -1)
        last = self._redis.incrby(counter, len(texts))
        for number, text in enumerate(texts, last + 1 - len(texts)):
            self._redis.set(self._key(number), text)

    # --- reading -----------------------------------------------------------------------------------------------------

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        number = log_number_from
        while texts := self._read(number):
            for text in texts:
                yield self._parsed(text, number)
                number += 1

    def _parsed(self, text: bytes, number: int) -> dict[str, Any]:
        try:
            log = json.loads(text)
            if isinstance(log, dict):
                return log
        except (ValueError, RecursionError):  # it is no JSON, or too deep
            pass
        raise StorageInternalError(
            f"The entry {self._key(number)} of the journal is damaged: expected a JSON object, but found "
            f"{text[:80]!r}. Mend it, or restore the database from a copy."
        )

    def _read(self, number: int) -> list[bytes]:
        try:
            last = int(self._redis.get(f"{self._prefix}:log_number") or -1)
            return self._entries(number, min(last + 1, number + _CHUNK))
        except self._errors as error:
            raise self._failed(error) from error

    def _entries(self, start: int, end: int) -> list[bytes]:
        if end <= start:
            return []
        get = self._redis.mget_nonatomic if self._use_cluster else self._redis.mget
        texts: list[bytes | None] = get([self._key(number) for number in range(start, end)])
        return [text if text is not None else self._late(start + k) for k, text in enumerate(texts)]

    def _late(self, number: int) -> bytes:
        """Wait for an entry: workers of Optuna, and those on a cluster, take the number first and write afterwards."""
        deadline = time.monotonic() + _PATIENCE
        while (text := self._redis.get(self._key(number))) is None:
            if time.monotonic() > deadline:
                raise StorageInternalError(
                    f"The entry {self._key(number)} of the journal is missing: its writer was killed, or Redis "
                    'dropped it. If no worker is about to write it, set it to an entry without effect: {"op_code":8,'
                    '"worker_id":"","trial_id":-1,"user_attr":{}}.'
                )
            time.sleep(0.01)
        found: bytes = text
        return found

    # --- snapshots: under a key of our own, since Optuna's are pickles, which run code when they are read -------------

    def save_snapshot(self, snapshot: bytes) -> None:
        try:
            self._redis.set(f"{self._prefix}:parzen_snapshot", snapshot)
        except self._errors as error:
            raise self._failed(error) from error

    def load_snapshot(self) -> bytes | None:
        try:
            snapshot: bytes | None = self._redis.get(f"{self._prefix}:parzen_snapshot")
        except self._errors as error:
            raise self._failed(error) from error
        return snapshot
