"""The outcome of each session's last request, so that a request that comes again is not carried out again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from ...engine.exceptions import StorageInternalError
from .wire import Identity, Outcome, outcome_of_error

_N_SESSIONS = 20_000


class LastOutcomes:
    """The outcome of each session's last request. By its next request a session confirms the answer before.

    Parameters
    ----------
    n_sessions
        Number of sessions to remember, those that sent a request last.
    """

    def __init__(self, n_sessions: int = _N_SESSIONS) -> None:
        self._n_sessions = n_sessions
        self._lock = Lock()
        self._last: OrderedDict[str, tuple[int, Future[Outcome]]] = OrderedDict()

    def outcome(self, identity: Identity, carry_out: Callable[[], Outcome]) -> Outcome:
        """Carry a request out and give its outcome; of a repeated request, wait for the outcome of the first time."""
        with self._lock:
            serial, future = self._last.get(identity.session, (0, Future()))
            is_new = serial < identity.serial
            if is_new:
                future = self._remember(identity)
        if is_new:
            self._resolve(identity, future, carry_out)
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

    def _resolve(self, identity: Identity, future: Future[Outcome], carry_out: Callable[[], Outcome]) -> None:
        try:
            future.set_result(carry_out())
        except BaseException as error:  # no outcome: the next attempt carries the request out again
            with self._lock:
                self._last.pop(identity.session, None)
            future.set_exception(error)
