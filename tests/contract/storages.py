"""The storages that are held to one contract. A new one joins by one line in `STORAGES`."""

from __future__ import annotations

import copy
import os
import threading
import uuid
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from servers import database_of_this_run

from parzen.distributions import BaseDistribution
from parzen.engine.distributions import check_same_kind
from parzen.engine.records import FrozenStudy, with_pause_marker
from parzen.exceptions import DuplicatedStudyError
from parzen.storage.proxy import GrpcStorageProxy
from parzen.storage.proxy.server import make_server
from parzen.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage, SQLiteStorage
from parzen.storages.journal import JournalFileBackend, JournalRedisBackend
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, TrialState

ONE_AT_A_TIME = threading.Lock()  # not the storage's own: it is pickled


class MinimalStorage(BaseStorage):
    """What a third party writes: the abstract methods, on dictionaries, and nothing else."""

    def __init__(self) -> None:
        self.studies: dict[int, FrozenStudy] = {}
        self.trials: dict[int, FrozenTrial] = {}
        self.study_of: dict[int, int] = {}
        self.n_studies = 0

    def create_new_study(self, directions: Sequence[StudyDirection], study_name: str | None = None) -> int:
        study_id = self.n_studies
        name = f"study {study_id}" if study_name is None else study_name
        if any(study.study_name == name for study in self.studies.values()):
            raise DuplicatedStudyError(name)
        self.n_studies += 1
        self.studies[study_id] = FrozenStudy(name, None, {}, {}, study_id, directions=list(directions))
        return study_id

    def delete_study(self, study_id: int) -> None:
        del self.studies[study_id]
        for trial_id in [i for i, owner in self.study_of.items() if owner == study_id]:
            del self.trials[trial_id], self.study_of[trial_id]

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self.studies[study_id].user_attrs[key] = value

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self.studies[study_id].system_attrs[key] = value

    def get_study_id_from_name(self, study_name: str) -> int:
        found = [i for i, study in self.studies.items() if study.study_name == study_name]
        if not found:
            raise KeyError(study_name)
        return found[0]

    def get_study_name_from_id(self, study_id: int) -> str:
        return self.studies[study_id].study_name

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        return list(self.studies[study_id].directions)

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        return copy.deepcopy(self.studies[study_id].user_attrs)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        return copy.deepcopy(self.studies[study_id].system_attrs)

    def get_all_studies(self) -> list[FrozenStudy]:
        return copy.deepcopy(list(self.studies.values()))

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        number = len(self.get_all_trials(study_id))
        trial_id = 1 + max(self.trials, default=-1)
        trial = FrozenTrial(number, TrialState.RUNNING, None, datetime.now(), None, {}, {}, {}, {}, {}, trial_id)
        if template_trial is not None:
            trial = copy.deepcopy(template_trial)
            for name, distribution in trial.distributions.items():
                self.check_distribution(study_id, name, distribution)
            trial.number, trial._trial_id = number, trial_id
        self.trials[trial_id], self.study_of[trial_id] = trial, study_id
        return trial_id

    def updatable(self, trial_id: int) -> FrozenTrial:
        self.check_trial_is_updatable(trial_id, self.trials[trial_id].state)
        return self.trials[trial_id]

    def check_distribution(self, study_id: int, name: str, distribution: BaseDistribution) -> None:
        for trial in self.get_all_trials(study_id, deepcopy=False):
            if name in trial.distributions:
                check_same_kind(trial.distributions[name], distribution)

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        trial = self.updatable(trial_id)
        self.check_distribution(self.study_of[trial_id], param_name, distribution)
        trial.params[param_name] = distribution.to_external_repr(param_value_internal)
        trial.distributions[param_name] = distribution

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        with ONE_AT_A_TIME:
            return self.change_state(trial_id, state, values)

    def change_state(self, trial_id: int, state: TrialState, values: Sequence[float] | None) -> bool:
        if state == TrialState.RUNNING and self.trials[trial_id].state == TrialState.PAUSED:
            trial = self.trials[trial_id]
            trial.values, trial.datetime_complete = None, None
        else:
            trial = self.updatable(trial_id)
            if state == TrialState.RUNNING:
                if trial.state != TrialState.WAITING:
                    return False
                trial.datetime_start = datetime.now()
        trial.state = state
        with_pause_marker(trial)
        if values is not None:
            trial.values = values
        if state.is_finished():
            trial.datetime_complete = datetime.now()
        return True

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        self.updatable(trial_id).intermediate_values[step] = intermediate_value

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        self.updatable(trial_id).user_attrs[key] = value

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        self.updatable(trial_id).system_attrs[key] = value

    def get_trial(self, trial_id: int) -> FrozenTrial:
        return copy.deepcopy(self.trials[trial_id])

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        self.get_study_name_from_id(study_id)
        trials = [trial for i, trial in self.trials.items() if self.study_of[i] == study_id]
        kept = [trial for trial in trials if states is None or trial.state in states]
        return copy.deepcopy(kept) if deepcopy else kept


SERVERS: list[Any] = []  # gRPC servers that a test started


def serve(storage: BaseStorage) -> GrpcStorageProxy:
    """Start a server in this process, which ends with the test, and give a client of it."""
    server, port = make_server(storage)
    server.start()
    SERVERS.append(server)
    return GrpcStorageProxy(port=port)


JOURNALS: list[JournalRedisBackend] = []  # what tests wrote into Redis


def drop_journals() -> None:
    """Remove what tests wrote into Redis."""
    while JOURNALS:
        backend = JOURNALS.pop()
        keys = list(backend._redis.scan_iter(f"{backend._prefix}:*", count=10_000))
        if keys:
            backend._redis.delete(*keys)
        backend._redis.connection_pool.disconnect()


def journal_in_redis(folder: Path) -> BaseStorage:
    """Open a journal of its own in the Redis of this machine, or skip the test."""
    redis = pytest.importorskip("redis")
    url = os.environ.get("PARZEN_TEST_REDIS", "redis://127.0.0.1:6379")
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        missing = pytest.fail if os.environ.get("PARZEN_REQUIRE_SERVERS") else pytest.skip
        missing(f"no Redis answers at {url}: {error}")
    JOURNALS.append(JournalRedisBackend(url, prefix=f"parzen-test-{uuid.uuid4()}"))
    return JournalStorage(JOURNALS[-1])


def on_server(kind: str) -> RDBStorage:
    """Open the database of this run on a server, and empty it."""
    storage = RDBStorage(database_of_this_run(kind))
    for study in storage.get_all_studies():
        storage.delete_study(study._study_id)
    return storage


class Line(NamedTuple):
    """A storage: its class, and how a test opens a new one, which may write into a folder."""

    kind: type[BaseStorage]
    open: Callable[[Path], BaseStorage]


STORAGES: dict[str, Line] = {
    "memory": Line(InMemoryStorage, lambda folder: InMemoryStorage()),
    "sqlite": Line(SQLiteStorage, lambda folder: SQLiteStorage(f"sqlite:///{folder}/study.db")),
    "postgresql": Line(RDBStorage, lambda folder: on_server("postgresql")),
    "mysql": Line(RDBStorage, lambda folder: on_server("mysql")),
    "minimal": Line(MinimalStorage, lambda folder: MinimalStorage()),
    "journal": Line(JournalStorage, lambda folder: JournalStorage(JournalFileBackend(f"{folder}/study.log"))),
    "journal-redis": Line(JournalStorage, journal_in_redis),
    "proxy": Line(GrpcStorageProxy, lambda folder: serve(InMemoryStorage())),
}

# One kind of server is among the quick tests, the other one in CI's slow step.
NAMES = [pytest.param(name, marks=pytest.mark.slow) if name == "mysql" else name for name in STORAGES]


def plain(value: Any) -> Any:
    """Turn a trial, or part of one, into what compares by value, NaN equal to NaN; without identifier and times."""
    if isinstance(value, FrozenTrial):
        fields = ("number", "state", "values", "params", "distributions", "user_attrs", "system_attrs",
                  "intermediate_values")  # fmt: skip
        return {name: plain(getattr(value, name)) for name in fields}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return "NaN" if isinstance(value, float) and value != value else value
