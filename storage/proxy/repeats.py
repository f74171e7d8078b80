"""What came of the last request of each client, so that a request that comes again is not carried out again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from ...engine.exceptions import StorageInternalError
from .wire import Identity, Outcome, outcome_of_error

_N_SESSIONS = 20_000


class LastOutcomes:
    """What came of the last request of each session. A session's next request says that it has got the one before.

    Parameters
    ----------
    n_sessions
        Number of sessions to remember, those that were heard of last.
    """

    def __init__(self, n_sessions: int = _N_SESSIONS) -> None:
        self._n_sessions = n_sessions
        self._lock = Lock()
        self._last: OrderedDict[str, tuple[int, Future[Outcome]]] = OrderedDict()

    def outcome(self, identity: Identity, carry_out: Callable[[], Outcome]) -> Outcome:
        """Carry a request out, or wait for and give what came of it the first time."""
        with self._lock:
            serial, future = self._last.get(identity.session, (0, Future()))
            is_new = serial < identity.serial
            if is_new:
                future = self._remember(identity)
        if is_new:
            self._fulfil(identity, future, carry_out)
        elif serial > identity.serial:
            return outcome_of_error(
                StorageInternalError("The request came late: its client has sent another one since.")
            )
        return future.result()

    def _remember(self, identity: Identity) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        self._last[identity.session] = (identity.serial, future)
        self._last.move_to_end(identity.session)
        if len(self._last) > self._n_sessions:
            self._last.popitem(last=False)
        return future

    def _fulfil(self, identity: Identity, future: Future[Outcome], carry_out: Callable[[], Outcome]) -> None:
        try:
            future.set_result(carry_out())
        except BaseException as error:  # not an answer: the next attempt may do better
            with self._lock:
                self._last.pop(identity.session, None)
            future.set_exception(error)
