"""A journal in Redis, under Optuna's keys."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ...engine.exceptions import StorageInternalError
from ...engine.interrupts import Deferred, interruptible, pause
from .base import BaseJournalBackend, BaseJournalSnapshot
from .entries import parsed, to_json

T = TypeVar("T")

_CHUNK = 1000  # entries read at once
_FIRST_PAUSE = 0.01
_NOTHING: tuple[int, list[bytes]] = 0, []  # the number of the first entry, and the entries
_PATIENCE = 10.0  # seconds to wait for an entry whose number is taken, and for a server that does not answer

# Number and entry in one step: no reader sees a number without its entry. What is kept is the last number, at first -1.
# The name of the request is stored in the same step, so that one whose answer was lost can be sent again.
_APPEND = """
if redis.call("GET", KEYS[3]) == ARGV[1] then return end
redis.call("SETNX", KEYS[1], -1)
for i = 2, #ARGV do
    redis.call("SET", KEYS[2] .. redis.call("INCR", KEYS[1]), ARGV[i])
end
redis.call("SET", KEYS[3], ARGV[1], "EX", 86400)
return tonumber(redis.call("GET", KEYS[1]))
"""
# The numbers alone, for a cluster; the last one and the name of the request lie on one server.
_TAKE_NUMBERS = """
local name, last = string.match(redis.call("GET", KEYS[2]) or "", "^(%S+) (%S+)$")
if name == ARGV[1] then return tonumber(last) end
redis.call("SETNX", KEYS[1], -1)
last = redis.call("INCRBY", KEYS[1], ARGV[2])
redis.call("SET", KEYS[2], ARGV[1] .. " " .. last, "EX", 86400)
return last
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
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            raise ImportError('Journals in Redis need the package redis: pip install "parzen[redis]".') from error
        kind = redis.RedisCluster if self._use_cluster else redis.Redis
        # Times without an answer end, and requests are sent again here, where it is known that they do no harm.
        self._redis: Any = kind.from_url(
            self._url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._errors: tuple[type[Exception], ...] = (redis.RedisError,)
        self._lost: tuple[type[Exception], ...] = (redis.ConnectionError, redis.TimeoutError)
        self._final: tuple[type[Exception], ...] = (redis.AuthenticationError, redis.exceptions.AuthorizationError)
        self._n_requests = itertools.count()
        self._name = uuid.uuid4().hex
        self._written = _NOTHING  # what this backend wrote last, which it need not ask for

    def __getstate__(self) -> dict[str, Any]:
        return {"_url": self._url, "_use_cluster": self._use_cluster, "_prefix": self._prefix}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._connect()

    def _failed(self, error: Exception) -> StorageInternalError:
        is_lost = isinstance(error, self._lost) and not isinstance(error, self._final)
        remedy = (
            "Check that it runs at the URL that was given."
            if is_lost
            else "Check that this user may do it, and that the server has memory and disk left."
        )
        return StorageInternalError(f"The Redis server of the journal did not do what was asked: {error}. {remedy}")

    def _ask(self, request: Callable[[], T]) -> T:
        """Send a request that may come twice, again if the answer is lost; give way to Ctrl-C in between."""
        since, seconds = time.monotonic(), _FIRST_PAUSE
        while True:
            try:
                return interruptible(request)
            except self._errors as error:
                is_lost = isinstance(error, self._lost) and not isinstance(error, self._final)
                if not is_lost or time.monotonic() - since > _PATIENCE:
                    raise self._failed(error) from error
            pause(seconds, since)
            seconds = min(2 * seconds, 1.0)

    def _key(self, number: int | str = "") -> str:
        return f"{self._prefix}:log:{number}"

    # --- writing -----------------------------------------------------------------------------------------------------

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        texts = [to_json(log) for log in logs]
        if not texts:
            return
        writer = f"parzen-last:{self._name}-{os.getpid()}-{threading.get_ident()}"
        name = f"{next(self._n_requests)}"
        with Deferred():  # so that Ctrl-C does not come between two parts
            last = self._ask(lambda: self._append(writer, name, texts))
            if last is not None:
                self._written = last + 1 - len(texts), [text.encode() for text in texts]

    def _append(self, writer: str, name: str, texts: list[str]) -> int | None:
        """Write entries, and give the number of the last one; None if they were there already, so it is not known."""
        counter = f"{self._prefix}:log_number"
        if not self._use_cluster:
            found = self._redis.eval(_APPEND, 3, counter, self._key(), f"{self._prefix}:{writer}", name, *texts)
            return None if found is None else int(found)
        # A cluster keeps the keys on several servers, which no single step spans: readers wait for an entry (`_late`).
        beside = f"{counter}:{writer}" if "{" in counter else f"{{{counter}}}:{writer}"
        last = int(self._redis.eval(_TAKE_NUMBERS, 2, counter, beside, name, len(texts)))
        for number, text in enumerate(texts, last + 1 - len(texts)):
            self._redis.set(self._key(number), text)
        return last

    # --- reading -----------------------------------------------------------------------------------------------------

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        (first, written), self._written = self._written, _NOTHING
        if written and first == log_number_from:
            yield from parsed(written, first, self._parsed)
            return
        number, last = log_number_from, self._last()
        while number <= last:
            texts = self._entries(number, min(last + 1, number + _CHUNK))
            yield from parsed(texts, number, self._parsed)
            number += len(texts)

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

    def _last(self) -> int:
        """Give the number of the last entry."""
        return int(self._ask(lambda: self._redis.get(f"{self._prefix}:log_number")) or -1)

    def _entries(self, start: int, end: int) -> list[bytes]:
        get = self._redis.mget_nonatomic if self._use_cluster else self._redis.mget
        keys = [self._key(number) for number in range(start, end)]
        texts: list[bytes | None] = self._ask(lambda: get(keys))
        return [text if text is not None else self._late(start + k) for k, text in enumerate(texts)]

    def _late(self, number: int) -> bytes:
        """Wait for an entry: workers of Optuna, and those on a cluster, take the number first and write afterwards."""
        deadline = time.monotonic() + _PATIENCE
        while (text := self._ask(lambda: self._redis.get(self._key(number)))) is None:
            if time.monotonic() > deadline:
                raise StorageInternalError(
                    f"The entry {self._key(number)} of the journal is missing: its writer was killed, or Redis "
                    'dropped it. If no worker is about to write it, set it to an entry without effect: {"op_code":8,'
                    '"worker_id":"","trial_id":-1,"user_attr":{}}.'
                )
            pause(0.01)
        found: bytes = text
        return found

    # --- snapshots: under a key of our own, since Optuna's are pickles, which run code when they are read -------------

    def save_snapshot(self, snapshot: bytes) -> None:
        self._ask(lambda: self._redis.set(f"{self._prefix}:parzen_snapshot", snapshot))

    def load_snapshot(self) -> bytes | None:
        snapshot: bytes | None = self._ask(lambda: self._redis.get(f"{self._prefix}:parzen_snapshot"))
        return snapshot
