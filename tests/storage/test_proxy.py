"""The storage proxy beyond the contract: tokens, lost connections, several clients, what travels."""

from __future__ import annotations

import math
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from contract.storages import plain
from proxy_worker import run_one

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution
from parzen.exceptions import StorageInternalError, UpdateFinishedTrialError
from parzen.pruners import ASHAPruner
from parzen.samplers import RandomSampler
from parzen.storage.proxy.feed import Feed
from parzen.storage.proxy.repeats import LastOutcomes
from parzen.storage.proxy.server import make_server
from parzen.storage.proxy.service import Service
from parzen.storage.proxy.wire import (
    CLAIMED,
    CREATED,
    Identity,
    Outcome,
    Position,
    outcome_of_error,
    read_answer,
    write_answer,
    write_record,
    write_request,
)
from parzen.storages import BaseStorage, GrpcStorageProxy, InMemoryStorage, SQLiteStorage, run_grpc_proxy_server
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, TrialState, create_trial

MINIMIZE = StudyDirection.MINIMIZE
RUNNING, WAITING, COMPLETE, FAIL = TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE, TrialState.FAIL
UNIT = FloatDistribution(0.0, 1.0)
WORKER = Path(__file__).with_name("proxy_worker.py")

# Python 3.12 warns of a fork beside threads, such as those of gRPC.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

Serve = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers in this process; each ends with the test."""
    servers = []

    def start(storage: BaseStorage, **arguments: Any) -> int:
        server, port = make_server(storage, **arguments)
        server.start()
        servers.append(server)
        return port

    yield start
    for server in servers:
        server.stop(None).wait()


@pytest.fixture
def client() -> Iterator[Callable[..., GrpcStorageProxy]]:
    """Make clients; each is closed at the end of the test."""
    made: list[GrpcStorageProxy] = []

    def make(port: int, **arguments: Any) -> GrpcStorageProxy:
        made.append(GrpcStorageProxy(port=port, **arguments))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


Client = Callable[..., GrpcStorageProxy]


def load(storage: BaseStorage, name: str = "shared") -> parzen.Study:
    return parzen.load_study(study_name=name, storage=storage, sampler=RandomSampler())


def plain_trials(study: parzen.Study) -> list[Any]:
    return [plain(trial) for trial in study.trials]


# --- who may come in -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", "sécret 🚀x"])
def test_a_stranger_is_refused_and_nothing_is_stored(serve: Serve, client: Client, token: str | None) -> None:
    storage = InMemoryStorage()
    port = serve(storage, token="sécret 🚀")
    for attempt in (
        lambda s: s.create_new_study([MINIMIZE], "mine"), lambda s: s.get_all_studies(), lambda s: s.get_history(0),
    ):  # fmt: skip
        with pytest.raises(StorageInternalError, match="refuses the token"):
            attempt(client(port, token=token))
    assert storage.get_all_studies() == []
    assert client(port, token="sécret 🚀").create_new_study([MINIMIZE], "mine") == 0


def test_the_token_may_come_from_the_environment(serve: Serve, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARZEN_PROXY_TOKEN", "secret")
    port = serve(InMemoryStorage())
    proxy = client(port)
    proxy.create_new_study([MINIMIZE], "mine")
    assert b"secret" not in pickle.dumps(proxy)
    monkeypatch.delenv("PARZEN_PROXY_TOKEN")
    with pytest.raises(StorageInternalError, match="PARZEN_PROXY_TOKEN"):
        client(port).get_all_studies()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "[::]", "", "example.org", "10.0.0.1"])
def test_other_hosts_need_a_token(host: str) -> None:
    with pytest.raises(ValueError, match="Give a `token`"):
        run_grpc_proxy_server(InMemoryStorage(), host=host, port=0)


def test_with_a_token_a_server_may_be_open_to_all(serve: Serve, client: Client) -> None:
    port = serve(InMemoryStorage(), host="0.0.0.0", token="secret")
    assert client(port, token="secret", host="127.0.0.1").get_all_studies() == []


def test_a_port_has_one_server(serve: Serve) -> None:
    port = serve(InMemoryStorage())
    with pytest.raises(StorageInternalError, match="another port"):
        make_server(InMemoryStorage(), port=port)


# --- several clients -------------------------------------------------------------------------------------------------


def test_a_client_hears_at_once_who_was_resumed_past_the_server(
    serve: Serve, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Feed, "_scan", lambda feed: None)  # it is not yet time for a look
    url, pruner = f"sqlite:///{tmp_path}/study.db", ASHAPruner(9)
    storage = client(serve(SQLiteStorage(url)))
    ours = parzen.create_study(storage=storage, study_name="shared", sampler=RandomSampler(), pruner=pruner)
    running = [ours.ask() for _ in range(2)]
    for trial in running:
        ours.tell(trial, state=TrialState.PAUSED)
    load(SQLiteStorage(url)).resume(1)
    assert ours.ask().number == 0


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_one_sees_whatever_the_other_does(serve: Serve, client: Client, tmp_path: Path, kind: str) -> None:
    behind = InMemoryStorage() if kind == "memory" else SQLiteStorage(f"sqlite:///{tmp_path}/study.db")
    port = serve(behind)
    ours = parzen.create_study(storage=client(port), study_name="shared", sampler=RandomSampler())
    theirs, direct = load(client(port)), load(behind)

    def in_step() -> None:
        stored = plain_trials(direct)
        for trial in stored:
            for of_the_server in (CREATED, CLAIMED):
                trial["system_attrs"].pop(of_the_server, None)
        assert plain_trials(ours) == plain_trials(theirs) == stored

    trial = ours.ask()
    in_step()
    trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("c", [None, "ä", math.inf])
    in_step()
    trial.report(math.nan, 2)
    trial.set_user_attr("a", [1, {"b": math.inf}])
    in_step()
    trial.set_user_attr("a", "replaced")
    in_step()
    theirs.enqueue_trial({"x": 0.5})
    in_step()
    claimed = ours.ask()
    assert claimed.suggest_float("x", 0, 1) == 0.5
    in_step()
    theirs.tell(claimed.number, 1.0)
    with pytest.raises(UpdateFinishedTrialError):
        claimed.set_user_attr("a", 1)
    ours.tell(trial, -math.inf)
    in_step()
    behind.remove_session()


STATES = [RUNNING, WAITING, COMPLETE, TrialState.PRUNED, FAIL]


@pytest.mark.parametrize("has_looked", [False, True])
@pytest.mark.parametrize("old", STATES)
def test_a_client_changes_states_as_the_servers_storage_does(
    serve: Serve, client: Client, tmp_path: Path, old: TrialState, has_looked: bool
) -> None:
    """The client has not seen the trial, or saw it before another client ended it."""
    port = serve(SQLiteStorage(f"sqlite:///{tmp_path}/study.db"))
    one, other = client(port), client(port)

    def change(first: BaseStorage, second: BaseStorage, new: TrialState) -> tuple[Any, ...]:
        study_id = first.create_new_study([MINIMIZE])
        trial_id = first.create_new_trial(study_id, create_trial(state=WAITING) if old == WAITING else None)
        if has_looked:
            second.get_history(study_id)
        if old.is_finished():
            first.set_trial_state_values(trial_id, old, [1.0] if old == COMPLETE else None)
        found: Any
        try:
            found = second.set_trial_state_values(trial_id, new, [2.0] if new == COMPLETE else None)
        except Exception as error:
            found = type(error)
        return (
            found,
            plain(second.get_trial(trial_id)),
            [plain(storage.get_all_trials(study_id)) for storage in (first, second)],
        )

    for new in STATES:
        memory = InMemoryStorage()
        assert change(one, other, new) == change(memory, memory, new), new


def test_what_comes_past_the_server_is_seen(serve: Serve, client: Client) -> None:
    behind = InMemoryStorage()
    study_id = behind.create_new_study([MINIMIZE], "shared")
    trial_id = behind.create_new_trial(study_id)
    proxy = client(serve(behind))
    assert proxy.get_history(study_id).live[0].user_attrs == {}
    for value in (1, 2):  # the second one leaves the number of attributes as it is
        behind.set_trial_user_attr(trial_id, "a", value)
        deadline = time.monotonic() + 5
        while proxy.get_history(study_id).live[0].user_attrs != {"a": value}:
            assert time.monotonic() < deadline
    behind.set_trial_state_values(trial_id, COMPLETE, [1.0])
    assert proxy.get_history(study_id).values.tolist() == [[1.0]]


def test_corrections_and_erasures_are_seen_and_a_running_trial_goes_on(serve: Serve, client: Client) -> None:
    port = serve(InMemoryStorage())
    ours = parzen.create_study(storage=client(port), study_name="shared", sampler=RandomSampler())
    theirs = load(client(port))
    for value in (1.0, 2.0, 3.0):
        ours.tell(ours.ask({"x": UNIT}), value)
    running = theirs.ask({"x": UNIT})
    assert theirs.best_trial.number == 0
    ours.correct_trial(2, -1.0)
    ours.delete_trial(0)
    assert theirs.best_trial.number == 2
    assert [trial.value for trial in theirs.trials] == [None, 2.0, -1.0, None]
    running.report(0.5, 0)
    assert running._record is theirs._storage.live_record(running._trial_id)
    assert theirs.tell(running, 4.0).intermediate_values == {0: 0.5}
    assert ours.trials[3].params == running.params
    ours.delete_trial(theirs.ask().number)
    assert plain_trials(ours) == plain_trials(theirs)


def test_threads_go_on_while_values_are_corrected(serve: Serve, client: Client) -> None:
    """Every correction makes all clients read the study again, in the middle of whatever their threads do."""
    port = serve(InMemoryStorage())
    ours = parzen.create_study(storage=client(port), study_name="shared", sampler=RandomSampler())
    theirs = load(client(port))
    told: dict[int, float] = {}
    done = threading.Event()

    def work(study: parzen.Study) -> None:
        while not done.is_set():
            number, x, _ = run_one(study)
            told[number] = x

    def correct() -> dict[int, float]:
        corrected: dict[int, float] = {}
        while len(corrected) < 15:
            time.sleep(0.05)
            for number in set(told) - set(corrected):
                corrected[number] = told[number] + 7.0
                theirs.correct_trial(number, corrected[number])
                break
        done.set()
        return corrected

    with ThreadPoolExecutor(5) as pool:
        futures = [pool.submit(work, study) for study in (ours, ours, ours, theirs)]
        corrected = pool.submit(correct).result(timeout=60)
        for future in futures:
            future.result(timeout=60)
    assert {trial.number: trial.value for trial in ours.trials} == {**told, **corrected}
    assert all(len(trial.intermediate_values) == 3 for trial in ours.trials)
    assert plain_trials(ours) == plain_trials(theirs)


def test_a_trial_that_somebody_deletes_ends_for_its_worker(serve: Serve, client: Client) -> None:
    port = serve(InMemoryStorage())
    ours = parzen.create_study(storage=client(port), study_name="shared", sampler=RandomSampler())
    running = ours.ask()
    load(client(port)).delete_trial(running.number)
    with pytest.raises(UpdateFinishedTrialError):
        running.report(1.0, 0)
    ours.get_trials()
    assert running._record.state == FAIL


def test_a_study_that_is_deleted_and_made_again_is_read_anew(serve: Serve, client: Client, tmp_path: Path) -> None:
    behind = SQLiteStorage(f"sqlite:///{tmp_path}/study.db")
    port = serve(behind)
    ours, theirs = client(port), client(port)
    study = parzen.create_study(storage=ours, study_name="shared", sampler=RandomSampler())
    for _ in range(4):
        study.tell(study.ask(), 1.0)
    assert load(theirs).trials[-1].number == 3
    ours.delete_study(study._study_id)
    with pytest.raises(KeyError):
        theirs.get_history(study._study_id)
    again = parzen.create_study(storage=ours, study_name="shared", direction="maximize", sampler=RandomSampler())
    again.tell(again.ask(), 9.0)
    assert [trial.value for trial in load(theirs).trials] == [9.0]
    assert theirs.get_history(again._study_id).directions == [StudyDirection.MAXIMIZE]
    behind.remove_session()


def test_many_trials_come_in_pages(serve: Serve, client: Client) -> None:
    behind = InMemoryStorage()
    study_id = behind.create_new_study([MINIMIZE], "shared")
    made = [
        create_trial(state=WAITING if i % 5 == 0 else COMPLETE, value=None if i % 5 == 0 else i / 7,
                     params={"x": i / 5000}, distributions={"x": UNIT})
        for i in range(5000)
    ]  # fmt: skip
    behind.create_new_trials(study_id, made)
    proxy = client(serve(behind))
    assert proxy.get_history(study_id).n == 5000
    waiting = [record._trial_id for record in behind.get_all_trials(study_id, states=(WAITING,))]
    behind.finish_trials(waiting, [FAIL] * len(waiting), [None] * len(waiting))
    behind.create_new_trials(study_id, made[:2500])
    assert [plain(t) for t in proxy.get_all_trials(study_id)] == [plain(t) for t in behind.get_all_trials(study_id)]


def test_once_caught_up_little_travels() -> None:
    """What an answer holds does not grow with the study, nor with the trials that wait."""
    behind = InMemoryStorage()
    study_id = behind.create_new_study([MINIMIZE])
    behind.create_new_trials(study_id, [create_trial(state=WAITING), create_trial(value=1.0)] * 400)
    service = Service(behind)

    def pull(position: Position) -> dict[str, Any]:
        _, delta = read_answer(service.answer(write_request("pull", [], position, None)))
        assert isinstance(delta, dict)
        return delta

    at = Position(study_id, pull(Position(study_id))["epoch"])
    first = pull(at)
    assert len(first["trials"]) == 800
    at = at._replace(n=800, n_finished=first["n_finished"], clock=first["clock"])
    assert pull(at)["trials"] == []
    service.answer(write_request("set_trial_user_attr", [4, "a", 1], None, Identity("s", 1, 1)))
    changed = pull(at)
    assert [parts[0] for parts in changed["trials"]] == [4]
    assert pull(at._replace(clock=changed["clock"]))["trials"] == []


def calls(proxy: GrpcStorageProxy, do: Callable[[], object]) -> list[str]:
    """Give the verbs of all requests that something sends to the server."""
    connection, sent = proxy._connection, []
    call = connection.call

    def note(verb: str, *arguments: Any, **options: Any) -> Any:
        sent.append(verb)
        return call(verb, *arguments, **options)

    connection.call = note  # type: ignore[method-assign]
    try:
        do()
    finally:
        del connection.call
    return sent


@pytest.mark.parametrize("sampler", [RandomSampler, parzen.samplers.TPESampler])
def test_a_trial_of_five_parameters_and_ten_reports_takes_twelve_requests(
    serve: Serve, client: Client, sampler: type[parzen.samplers.BaseSampler]
) -> None:
    port = serve(InMemoryStorage())
    ours, theirs = client(port), client(port)
    study = parzen.create_study(storage=ours, study_name="shared", sampler=sampler(seed=0))
    space = {f"x{i}": UNIT for i in range(5)}

    def run(study: parzen.Study) -> None:
        trial = study.ask(space)
        for step in range(10):
            trial.report(trial.params["x0"], step)
        study.tell(trial, trial.suggest_float("x0", 0.0, 1.0))

    for _ in range(12):
        run(study)
    expected = ["create_trial_if_read", *["set_trial_intermediate_value"] * 10, "finish_trials"]
    assert calls(ours, lambda: run(study)) == expected
    # What somebody else told is missing here: the draw is of no use, and is made again from all there is.
    run(parzen.load_study(storage=theirs, study_name="shared", sampler=sampler(seed=1)))
    assert calls(ours, lambda: run(study)) == [expected[0], "pull", "create_trials_at", *expected[1:]]
    seeded = parzen.create_study(sampler=sampler(seed=0))
    for number in range(15):
        trial = seeded.ask(space) if number != 13 else None
        if trial is None:
            seeded.add_trial(study.trials[number])
            continue
        assert trial.params == study.trials[number].params
        for step in range(10):
            trial.report(trial.params["x0"], step)
        seeded.tell(trial, trial.params["x0"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_opens_a_connection_of_its_own(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        study = parzen.create_study(
            storage=GrpcStorageProxy(port=server.port), study_name="shared", sampler=RandomSampler()
        )
        run_one(study)
        children = []
        for _ in range(2):
            if (child := os.fork()) == 0:
                try:
                    run_one(study)
                    os._exit(0)
                finally:
                    os._exit(1)
            children.append(child)
        run_one(study)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
        assert [trial.state for trial in study.trials] == [COMPLETE] * 4
        study._storage.remove_session()


@pytest.mark.slow
def test_eight_processes_share_a_study(serve: Serve, client: Client) -> None:
    port = serve(InMemoryStorage())
    study = parzen.create_study(storage=client(port), study_name="shared", sampler=RandomSampler())
    for place in range(10):
        study.enqueue_trial({"x": place / 10}, user_attrs={"place": place})
    workers = [
        subprocess.Popen([sys.executable, WORKER, "work", str(port), "5"], stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    lines = [line.split() for worker in workers for line in worker.communicate(timeout=60)[0].splitlines()]
    assert [worker.returncode for worker in workers] == [0] * 8
    assert sorted(int(number) for number, _, _ in lines) == list(range(40))
    assert sorted(int(place) for _, _, place in lines if place != "-1") == list(range(10))
    assert {(t.number, t.value) for t in study.trials} == {(int(number), float(x)) for number, x, _ in lines}


# --- what travels ----------------------------------------------------------------------------------------------------


def test_large_attributes_and_many_of_them(serve: Serve, client: Client) -> None:
    port = serve(InMemoryStorage())
    study = parzen.create_study(storage=client(port), study_name="shared", sampler=RandomSampler())
    for i in range(4):
        trial = study.ask()
        trial.set_user_attr("large", f"{i}🚀" * 1_000_000)
        study.tell(trial, 1.0)
    assert [len(trial.user_attrs["large"]) for trial in load(client(port)).trials] == [2_000_000] * 4


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j])
def test_what_is_not_json_is_refused_here_and_the_study_goes_on(serve: Serve, client: Client, value: Any) -> None:
    study = parzen.create_study(storage=client(serve(InMemoryStorage())), sampler=RandomSampler())
    trial = study.ask()
    with pytest.raises(TypeError, match="JSON"):
        trial.set_user_attr("a", value)
    with pytest.raises(TypeError, match="JSON"):
        study.set_user_attr("a", value)
    with pytest.raises(TypeError, match="JSON"):
        study.add_trial(create_trial(value=1.0, user_attrs={"a": value}))
    with pytest.warns(UserWarning), pytest.raises(TypeError, match="JSON"):
        trial.suggest_categorical("c", [value, "a"])
    study.tell(trial, 1.0)
    assert [plain(t)["user_attrs"] for t in study.trials] == [{}]


def test_errors_keep_their_text(serve: Serve, client: Client) -> None:
    behind = InMemoryStorage()
    proxy = client(serve(behind))
    study_id = proxy.create_new_study([MINIMIZE], "shared")
    done = proxy.create_new_trial(study_id, create_trial(value=1.0))
    proxy.set_trial_param(proxy.create_new_trial(study_id), "x", 0.5, UNIT)
    for verb in (
        lambda s: s.get_trial(99), lambda s: s.create_new_study([MINIMIZE], "shared"),
        lambda s: s.set_trial_user_attr(done, "a", 1), lambda s: s.get_study_id_from_name("nobody"),
        lambda s: s.set_trial_param(1, "x", 0.0, CategoricalDistribution(("a",))),
        lambda s: s.finish_trials([1], [COMPLETE], [[math.nan]]), lambda s: s.correct_values(1, [1.0]),
    ):  # fmt: skip
        with pytest.raises(Exception) as expected:
            verb(behind)
        with pytest.raises(type(expected.value)) as found:
            verb(proxy)
        assert (type(found.value), str(found.value)) == (type(expected.value), str(expected.value))


@pytest.mark.parametrize(("error", "text"), [(RuntimeError("disk full", 28), "disk full"), (RuntimeError(), "")])
def test_an_error_s_text_is_its_first_argument(error: RuntimeError, text: str) -> None:
    with pytest.raises(RuntimeError) as found:
        read_answer(write_answer(outcome_of_error(error)))
    assert found.value.args == (text,)


def test_a_request_of_another_version_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="one version"):
        read_answer(Service(InMemoryStorage()).answer(write_request("unheard_of", [], None, None)))


# --- requests that come again ----------------------------------------------------------------------------------------


def test_a_request_with_the_same_identity_is_done_once() -> None:
    storage = InMemoryStorage()
    study_id = storage.create_new_study([MINIMIZE])
    service = Service(storage)
    waiting = write_record(create_trial(state=WAITING))
    request = write_request("create_new_trials", [study_id, [waiting]], Position(study_id), Identity("s", 1, 1))
    answers = {service.answer(request) for _ in range(3)}
    assert len(answers) == 1
    assert storage.get_n_trials(study_id) == 1


def test_a_request_that_comes_again_while_it_is_carried_out_waits() -> None:
    outcomes, started, go_on = LastOutcomes(), threading.Event(), threading.Event()

    def carry_out() -> Outcome:
        started.set()
        assert go_on.wait(10)
        return Outcome("1")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(outcomes.outcome, Identity("s", 1, 1), carry_out)
        assert started.wait(10)
        second = pool.submit(outcomes.outcome, Identity("s", 1, 2), lambda: Outcome("2"))
        go_on.set()
        assert (first.result(10), second.result(10)) == (Outcome("1"), Outcome("1"))


def test_a_late_request_is_not_carried_out_and_memory_is_bounded() -> None:
    outcomes = LastOutcomes(n_sessions=2)
    assert outcomes.outcome(Identity("a", 2, 1), lambda: Outcome("2")) == Outcome("2")
    with pytest.raises(StorageInternalError, match="late"):
        read_answer(write_answer(outcomes.outcome(Identity("a", 1, 1), lambda: Outcome("1"))))
    outcomes.outcome(Identity("b", 1, 1), lambda: Outcome("3"))
    assert outcomes.outcome(Identity("a", 2, 2), lambda: Outcome("4")) == Outcome("2")  # both are remembered
    outcomes.outcome(Identity("c", 1, 1), lambda: Outcome("3"))
    assert outcomes.outcome(Identity("a", 2, 1), lambda: Outcome("4")) == Outcome("4")


def test_a_new_server_recognises_what_was_done_before_it(tmp_path: Path) -> None:
    """A server that is killed after it stored something, and before it answered, leaves the request to the next one."""
    storage = SQLiteStorage(f"sqlite:///{tmp_path}/study.db")

    def twice(verb: str, arguments: list[Any], position: Position | None = None) -> tuple[Any, Any]:
        return tuple(
            read_answer(Service(storage).answer(write_request(verb, arguments, position, Identity("s", 1, attempt))))[0]
            for attempt in (1, 2)
        )

    study_id, same = twice("create_new_study", [[1], "shared"])
    assert study_id == same
    at = Position(study_id)
    waiting = write_record(create_trial(state=WAITING, user_attrs={"place": 3}))
    for templates in ([write_record(FrozenTrial.running())], [waiting, waiting]):
        first, again = twice("create_new_trials", [study_id, templates], at._replace(n=storage.get_n_trials(study_id)))
        assert first == again
    assert storage.get_n_trials(study_id) == 3
    claimed, again = twice("claim_waiting_trial", [study_id])
    assert claimed == again
    assert storage.get_n_trials(study_id, WAITING) == 1
    last = storage.get_all_trials(study_id)[-1]._trial_id
    assert twice("start_trial", [last]) == (True, True)
    assert twice("finish_trials", [[claimed, last], [COMPLETE, FAIL], [[1.0], None]]) == (None, None)
    assert twice("delete_study", [study_id]) == (None, None)
    storage.remove_session()


# --- lost connections ------------------------------------------------------------------------------------------------


class ServerProcess:
    """A server in a process of its own, before a SQLite file, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/study.db"
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            self.port: int = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, WORKER, "serve", str(self.port), self.url])
        proxy = GrpcStorageProxy(port=self.port)
        proxy.wait_server_ready(timeout=30)
        proxy.close()

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)


@pytest.mark.slow
def test_workers_outlive_a_server_that_is_killed_again_and_again(tmp_path: Path) -> None:
    n_workers, n_enqueued, told = 4, 120, []
    with ServerProcess(tmp_path) as server:
        owner = GrpcStorageProxy(port=server.port)
        study = parzen.create_study(storage=owner, study_name="shared", sampler=RandomSampler())
        study.add_trials(
            create_trial(state=WAITING, user_attrs={"place": place}, system_attrs={"fixed_params": {"x": place / 200}})
            for place in range(n_enqueued)
        )
        done = threading.Event()

        def work(_: int) -> None:
            proxy = GrpcStorageProxy(port=server.port, timeout=30)
            mine = load(proxy)
            while not done.is_set():
                told.append(run_one(mine))
            proxy.close()

        with ThreadPoolExecutor(n_workers) as pool:
            futures = [pool.submit(work, i) for i in range(n_workers)]
            for _ in range(3):
                time.sleep(0.4)
                server.end(signal.SIGKILL)
                server.start()
            time.sleep(0.4)
            done.set()
            for future in futures:
                future.result(timeout=60)
        trials = study.trials
        owner.close()
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert {trial.number: trial.value for trial in trials if trial.state == COMPLETE} == {k: x for k, x, _ in told}
    assert len({number for number, _, _ in told}) == len(told)
    places = sorted(place for _, _, place in told if place >= 0)
    assert places == list(range(len(places))) or places == list(range(n_enqueued))
    assert not [trial for trial in trials if trial.state == RUNNING]
    assert all(trial.intermediate_values == {k: trial.value + k for k in range(3)} for trial in trials if trial.value)


def test_a_server_that_does_not_come_back_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        proxy = GrpcStorageProxy(port=server.port, timeout=0.3)
        study_id = proxy.create_new_study([MINIMIZE], "shared")
        server.end(signal.SIGKILL)
        start = time.monotonic()
        with pytest.raises(StorageInternalError, match="start it again"):
            proxy.create_new_trial(study_id)
        assert time.monotonic() - start < 5
        server.start()
        proxy.wait_server_ready(timeout=30)
        assert proxy.get_trial(proxy.create_new_trial(study_id)).number == 0
        proxy.close()


def test_ctrl_c_ends_a_server_cleanly(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        assert server.end(signal.SIGINT) == 0


def test_waiting_for_a_server_has_an_end() -> None:
    import grpc

    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        proxy = GrpcStorageProxy(port=probe.getsockname()[1])
        with pytest.raises(grpc.FutureTimeoutError):
            proxy.wait_server_ready(timeout=0.1)
        proxy.close()


def test_an_import_does_not_load_grpc() -> None:
    script = "import sys, parzen; parzen.storages.GrpcStorageProxy; print('grpc' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_command_serves_until_ctrl_c_and_refuses_to_be_open_to_all(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from parzen.cli import main; raise SystemExit(main())", "storage", "serve"]
    command += ["--storage", f"sqlite:///{tmp_path}/study.db", "--port", str(port)]
    refused = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "Give a `token`" in refused.stderr
    server = subprocess.Popen([*command, "--token", "secret"], stderr=subprocess.PIPE, text=True)
    try:
        proxy = GrpcStorageProxy(port=port, token="secret")
        proxy.wait_server_ready(timeout=30)
        proxy.create_new_study([MINIMIZE], "shared")
        proxy.close()
    finally:
        server.send_signal(signal.SIGINT)
        assert "listens at" in server.communicate(timeout=20)[1]
    assert server.returncode == 0


# --- TLS -------------------------------------------------------------------------------------------------------------


def self_signed() -> tuple[bytes, bytes]:
    """Make a private key, and a certificate of it for localhost."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(timezone.utc) - timedelta(days=2))
        .not_valid_after(datetime.now(timezone.utc) + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(pem)


def test_tls(serve: Serve, client: Client) -> None:
    import grpc

    key, certificate = self_signed()
    port = serve(InMemoryStorage(), token="secret", credentials=grpc.ssl_server_credentials([(key, certificate)]))
    trusted = client(port, token="secret", credentials=grpc.ssl_channel_credentials(certificate))
    study = parzen.create_study(storage=trusted, study_name="shared", sampler=RandomSampler())
    run_one(study)
    with pytest.raises(TypeError, match="each process"):
        pickle.dumps(study)
    for credentials in (None, grpc.ssl_channel_credentials()):
        with pytest.raises(StorageInternalError, match="did not answer"):
            client(port, token="secret", credentials=credentials, timeout=0.2).get_all_studies()
