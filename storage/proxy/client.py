"""`GrpcStorageProxy`: a storage whose studies a server keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

from ...engine.distributions import BaseDistribution
from ...engine.distributions.json import stored_json
from ...engine.history import History
from ...engine.interrupts import Deferred, PatientLock
from ...engine.records import FrozenStudy, FrozenTrial, StudyDirection, TrialState
from .. import forks
from ..base import BaseStorage, name_or_new
from .connection import Connection
from .mirror import Mirror
from .wire import Position, read_record, to_json, write_record

_Change = Callable[[Mirror, int], None]  # changes an unfinished trial in a mirror, given its number


class GrpcStorageProxy(BaseStorage):
    """A storage that a server (`run_grpc_proxy_server`) keeps: workers need neither a database nor its driver.

    Safe for threads, processes and forks. Attributes are JSON. The server sends only what is new.

    Parameters
    ----------
    host, port
        Where the server listens.
    token
        The secret that the server asks for; by default the environment variable ``PARZEN_PROXY_TOKEN``, if set.
    credentials
        ``grpc.ChannelCredentials`` for TLS.
    timeout
        Seconds for which a call is tried again while the server cannot be reached. A call is carried out once, however
        often it is tried.

    Raises
    ------
    ImportError
        If grpcio is not installed.

    Notes
    -----
    Methods raise what the server's storage raises, and `StorageInternalError` if the server does not answer in time or
    refuses the token.
    """

    keeps_live_records = True
    can_create_if_read = True
    _needs_another = True

    def __init__(
        self,
        *,
        host: str = "localhost",
        port: int = 13000,
        token: str | None = None,
        credentials: Any = None,
        timeout: float = 60.0,
    ) -> None:
        self._arguments = {"host": host, "port": port, "token": token, "timeout": timeout}
        self._is_secure = credentials is not None
        self._connection = Connection(host, port, token, credentials, timeout)
        self._lock = PatientLock()
        self._mirrors: dict[int, Mirror] = {}
        self._places: dict[int, tuple[Mirror, int]] = {}  # mirror and number of each unfinished trial, by identifier
        forks.protect(self)

    def _before_fork(self) -> None:
        """Close nothing: the parent goes on with its channel."""

    def _after_fork_in_child(self) -> None:
        self._connection.reset_after_fork()

    def __getstate__(self) -> dict[str, Any]:
        if self._is_secure:
            raise TypeError("TLS credentials cannot be pickled. Make a GrpcStorageProxy in each process.")
        return self._arguments

    def __setstate__(self, state: dict[str, Any]) -> None:
        GrpcStorageProxy.__init__(self, **state)

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._connection.close()

    def remove_session(self) -> None:
        """Do as `close` does."""
        self.close()

    def wait_server_ready(self, timeout: float | None = None) -> None:
        """Wait until the server can be reached.

        Parameters
        ----------
        timeout
            Seconds to wait, None for ever.

        Raises
        ------
        grpc.FutureTimeoutError
            If the server cannot be reached in time.
        """
        self._connection.wait(timeout)

    def _read(self, verb: str, *arguments: Any) -> Any:
        return self._connection.call(verb, list(arguments))[0]

    def _change(self, verb: str, *arguments: Any) -> Any:
        with Deferred():
            return self._connection.call(verb, list(arguments), is_change=True)[0]

    # --- studies -----------------------------------------------------------------------------------------------------

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        named = name_or_new(study_name)
        return int(self._change("create_new_study", [int(direction) for direction in directions], named))

    def delete_study(self, study_id: int) -> None:
        self._change("delete_study", study_id)
        with self._lock:
            self._forget(study_id)

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._change("set_study_user_attr", study_id, key, value)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._change("set_study_system_attr", study_id, key, value)

    def get_study_id_from_name(self, study_name: str) -> int:
        return int(self._read("get_study_id_from_name", study_name))

    def get_study_name_from_id(self, study_id: int) -> str:
        return str(self._read("get_study_name_from_id", study_id))

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return [StudyDirection(direction) for direction in self._read("get_study_directions", study_id)]

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        attrs: dict[str, Any] = self._read("get_study_user_attrs", study_id)
        return attrs

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        attrs: dict[str, Any] = self._read("get_study_system_attrs", study_id)
        return attrs

    def get_all_studies(self) -> list[FrozenStudy]:
        return [
            FrozenStudy(
                study_name=name,
                direction=None,
                directions=[StudyDirection(direction) for direction in directions],
                user_attrs=user_attrs,
                system_attrs=system_attrs,
                study_id=study_id,
            )
            for study_id, name, directions, user_attrs, system_attrs in self._read("get_all_studies")
        ]

    # --- following the server ----------------------------------------------------------------------------------------

    def get_history(self, study_id: int, refresh: bool = True) -> History:
        mirror = None if refresh else self._mirrors.get(study_id)
        return self._pull(study_id).history if mirror is None else mirror.history

    def _pull(self, study_id: int) -> Mirror:
        """Ask the server what is new."""
        position = self._position(study_id)
        try:
            _, delta = self._connection.call("pull", [], position)
        except KeyError:
            with self._lock:
                self._forget(study_id)
            raise
        return self._apply(study_id, delta)

    def _position(self, study_id: int) -> Position:
        with self._lock:
            mirror = self._mirrors.get(study_id)
            return Position(study_id) if mirror is None else mirror.position

    def _apply(self, study_id: int, delta: dict[str, Any]) -> Mirror:
        """Add a delta, and what follows it; if the server has another history by now, read all trials again."""
        with self._lock:
            mirror = self._mirrors.get(study_id)
            if mirror is None:
                return self._read_again(study_id)
            epoch = mirror.position.epoch
            # While this answer was on its way, another thread may have switched to the server's new history.
            while delta["epoch"] != epoch or "trials" not in delta or self._apply_to(mirror, delta):
                _, delta = self._connection.call("pull", [], mirror.position)
                if delta["epoch"] != epoch:
                    return self._read_again(study_id)
            return mirror

    def _apply_to(self, mirror: Mirror, delta: dict[str, Any]) -> bool:
        """Add a delta, keep the index of unfinished trials up to date, and tell whether there is more."""
        more = mirror.apply(delta)
        live = mirror.history.live
        for number, trial_id, *_ in delta["trials"]:
            if number in live:
                self._places[trial_id] = (mirror, number)
            else:
                self._places.pop(trial_id, None)
        return more

    def _read_again(self, study_id: int) -> Mirror:
        """Read a study from the start; the records of its unfinished trials stay the same objects."""
        former = self._mirrors.get(study_id)
        mirror: Mirror | None = None
        more = True
        while more:
            position = Position(study_id) if mirror is None else mirror.position
            _, delta = self._connection.call("pull", [], position)
            if mirror is None or delta["epoch"] != mirror.position.epoch:
                mirror = Mirror(study_id, delta, self._lock, former.history.live if former else {})
            else:
                more = self._apply_to(mirror, delta)
        assert mirror is not None
        if former is not None:
            self._unindex(former)
        self._mirrors[study_id] = mirror
        return mirror

    def _forget(self, study_id: int) -> None:
        mirror = self._mirrors.pop(study_id, None)
        if mirror is not None:
            self._unindex(mirror)

    def _unindex(self, mirror: Mirror) -> None:
        for record in mirror.history.live.values():
            if self._places.get(record._trial_id, (None, 0))[0] is mirror:
                del self._places[record._trial_id]

    def _exchange(self, verb: str, arguments: list[Any], study_id: int | None) -> Any:
        """Send a change, and add what is new in the study."""
        with Deferred():
            position = None if study_id is None else self._position(study_id)
            value, delta = self._connection.call(verb, arguments, position, is_change=True)
            if study_id is not None:
                self._apply(study_id, delta)
        return value

    # --- new trials --------------------------------------------------------------------------------------------------

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        return self.create_new_trials(study_id, [template_trial or FrozenTrial.running()])[0]

    def create_new_trials(self, study_id: int, templates: Sequence[FrozenTrial]) -> list[int]:
        written = [write_record(template) for template in templates]
        if study_id not in self._mirrors:
            self.get_history(study_id)
        trial_ids: list[int] = self._exchange("create_new_trials", [study_id, written], study_id)
        return trial_ids

    def create_trials_at(self, study_id: int, number: int, templates: Sequence[FrozenTrial]) -> list[int] | None:
        written = [write_record(template) for template in templates]
        if study_id not in self._mirrors:
            self.get_history(study_id)
        trial_ids: list[int] | None = self._exchange("create_trials_at", [study_id, number, written], study_id)
        return trial_ids

    def create_trial_if_read(self, study_id: int, template: FrozenTrial) -> int | None:
        trial_id: int | None = self._exchange("create_trial_if_read", [study_id, write_record(template)], study_id)
        return trial_id

    def claim_waiting_trial(self, study_id: int) -> int | None:
        trial_id: int | None = self._exchange("claim_waiting_trial", [study_id], study_id)
        return trial_id

    # --- changing trials ---------------------------------------------------------------------------------------------

    def _change_trial(self, verb: str, trial_id: int, arguments: list[Any], change: _Change) -> None:
        """Change a trial on the server, then here."""
        with Deferred():
            timestamp, _ = self._connection.call(verb, [trial_id, *arguments], is_change=True)
            with self._lock:
                mirror, number = self._places.get(trial_id, (None, 0))
                if mirror is not None and number in mirror.history.live:
                    change(mirror, number)
                    mirror.note(number, timestamp)

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        self.set_trial_params(trial_id, {param_name: (param_value_internal, distribution)})

    def set_trial_params(self, trial_id: int, params: Mapping[str, tuple[float, BaseDistribution]]) -> None:
        written = [[name, float(internal), stored_json(name, dist)] for name, (internal, dist) in params.items()]

        def change(mirror: Mirror, number: int) -> None:
            for name, (internal, distribution) in params.items():
                mirror.history.set_param(mirror.history.live[number], name, internal, distribution)

        self._change_trial("set_trial_params", trial_id, [written], change)

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state.is_finished():
            self.finish_trials([trial_id], [state], [values])
            return True
        verb = "start_trial" if state == TrialState.RUNNING else "requeue_trial"
        return bool(self._exchange(verb, [trial_id], self._study_of(trial_id)))

    def _study_of(self, trial_id: int) -> int | None:
        mirror, _ = self._places.get(trial_id, (None, 0))
        return None if mirror is None else mirror.position.study_id

    def finish_trials(
        self, trial_ids: Sequence[int], states: Sequence[TrialState], values: Sequence[Sequence[float] | None]
    ) -> None:
        written = [None if told is None else [float(value) for value in told] for told in values]
        study_id = next(iter({self._study_of(trial_id) for trial_id in trial_ids}), None)
        self._exchange("finish_trials", [list(trial_ids), [int(state) for state in states], written], study_id)

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        def change(mirror: Mirror, number: int) -> None:
            mirror.history.live[number].intermediate_values[step] = intermediate_value

        self._change_trial("set_trial_intermediate_value", trial_id, [int(step), float(intermediate_value)], change)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("user_attrs", "set_trial_user_attr", trial_id, key, value)

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self._set_trial_attr("system_attrs", "set_trial_system_attr", trial_id, key, value)

    def set_trials_system_attrs(self, attrs: Mapping[int, Mapping[str, Any]]) -> None:
        study_id = next(iter({self._study_of(trial_id) for trial_id in attrs}), None)
        self._exchange("set_trials_system_attrs", [[[i, dict(values)] for i, values in attrs.items()]], study_id)

    def _set_trial_attr(self, field: str, verb: str, trial_id: int, key: str, value: Any) -> None:
        text = to_json(value)

        def change(mirror: Mirror, number: int) -> None:
            # As other processes will read it: a copy, in which a tuple is a list.
            record = mirror.history.live[number]
            getattr(record, field)[key] = json.loads(text)
            mirror.history.rungs.note(number, record.system_attrs)

        self._change_trial(verb, trial_id, [key, value], change)

    def correct_values(self, trial_id: int, values: Sequence[float]) -> None:
        self._change("correct_values", trial_id, [float(value) for value in values])

    def erase_trial(self, trial_id: int) -> None:
        self._change("erase_trial", trial_id)

    def live_record(self, trial_id: int) -> FrozenTrial:
        with self._lock:
            mirror, number = self._places.get(trial_id, (None, 0))
            if mirror is None:
                history = self.get_history(self._read("locate_trial", trial_id))
                number = int(self.get_trial_number_from_id(trial_id))
                return history.live[number]
            return mirror.history.live[number]

    # --- reading trials ----------------------------------------------------------------------------------------------

    def get_trial(self, trial_id: int) -> FrozenTrial:
        return read_record(self._read("get_trial", trial_id))

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        history = self.get_history(study_id)
        with self._lock:
            return history.records(states, copy=deepcopy)

    def get_trial_id_from_study_id_trial_number(self, study_id: int, trial_number: int) -> int:
        return int(self._read("get_trial_id_from_study_id_trial_number", study_id, trial_number))

    def get_trial_number_from_id(self, trial_id: int) -> int:
        mirror, number = self._places.get(trial_id, (None, 0))
        return int(self._read("get_trial_number_from_id", trial_id)) if mirror is None else number
