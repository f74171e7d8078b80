"""Journals: processes that share one, die over one, and find one damaged."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import random
import signal
import stat
import subprocess
import sys
import threading
import time
import uuid
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contract.storages import drop_journals, journal_in_redis, plain
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from journal_worker import LOCKS

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.exceptions import DuplicatedStudyError, StorageInternalError, UpdateFinishedTrialError
from parzen.samplers import RandomSampler
from parzen.storage.journal import entries
from parzen.storage.journal.replica import Replica
from parzen.storage.journal.snapshot import from_snapshot, to_snapshot
from parzen.storages import JournalStorage, journal
from parzen.study import StudyDirection
from parzen.trial import TrialState, create_trial

MINIMIZE, COMPLETE, FAIL = StudyDirection.MINIMIZE, TrialState.COMPLETE, TrialState.FAIL
RUNNING, WAITING = TrialState.RUNNING, TrialState.WAITING
UNIT = FloatDistribution(0.0, 1.0)
WORKER = Path(__file__).with_name("journal_worker.py")

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
needs_flock = pytest.mark.skipif(os.name != "posix", reason="this system has no flock")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.log"


def opened(path: Path, **options: Any) -> JournalStorage:
    return JournalStorage(journal.JournalFileBackend(str(path), **options))


def new_study(path: Path) -> parzen.Study:
    return parzen.create_study(storage=opened(path), study_name="shared", sampler=RandomSampler(seed=0))


def content(storage: JournalStorage | Replica) -> Any:
    """Give all that a storage holds."""
    studies = storage.get_all_studies()
    histories = [storage.get_history(study._study_id) for study in studies]
    return (
        [(s._study_id, s.study_name, s.directions, plain(s.user_attrs), plain(s.system_attrs)) for s in studies],
        [[(t._trial_id, t.datetime_start, t.datetime_complete, t.distributions, plain(t)) for t in h.records()]
         for h in histories],
        [(h.finished.tolist(), h.best, h.next_waiting()) for h in histories],
    )  # fmt: skip


# --- several openers -------------------------------------------------------------------------------------------------


def test_two_openers_see_each_other(path: Path) -> None:
    first = new_study(path)
    second = parzen.load_study(study_name="shared", storage=opened(path))
    for study, other in ((first, second), (second, first)) * 3:
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        trial.set_user_attr("a", [trial.number])
        study.tell(trial, 1.0 / (1 + trial.number))
        assert [plain(t) for t in other.trials] == [plain(t) for t in study.trials]
        assert other.best_trial.number == trial.number
    assert [trial.number for trial in first.trials] == list(range(6))


def test_the_log_decides_who_was_first(path: Path) -> None:
    """What a storage knew before it wrote does not count."""
    first, second = opened(path), opened(path)
    study_id = first.create_new_study([MINIMIZE], "study")
    trial_id, done = first.create_new_trials(study_id, [create_trial(state=WAITING), create_trial(state=RUNNING)])
    assert second.get_history(study_id).n == 2
    assert first.set_trial_state_values(trial_id, RUNNING)
    assert not second.set_trial_state_values(trial_id, RUNNING)
    first.set_trial_param(trial_id, "x", 0.5, UNIT)
    with pytest.raises(ValueError):
        second.set_trial_param(trial_id, "x", 1.0, IntDistribution(0, 5))
    first.set_trial_state_values(done, COMPLETE, [1.0])
    with pytest.raises(UpdateFinishedTrialError):
        second.set_trial_state_values(done, COMPLETE, [2.0])
    with pytest.raises(DuplicatedStudyError):
        second.create_new_study([MINIMIZE], "study")
    first.delete_study(study_id)
    with pytest.raises(KeyError):
        second.set_trial_user_attr(trial_id, "a", 1)
    assert content(first) == content(second) == content(opened(path))


def test_attributes_of_several_trials_are_refused_together_when_another_opener_ended_one(path: Path) -> None:
    first, second = opened(path), opened(path)
    ids = first.create_new_trials(first.create_new_study([MINIMIZE]), [create_trial(state=RUNNING)] * 3)
    second.set_trial_state_values(ids[2], COMPLETE, [7.0])
    with pytest.raises(UpdateFinishedTrialError):
        first.set_trials_system_attrs({trial_id: {"a": 1} for trial_id in ids})
    assert [first.get_trial(trial_id).system_attrs for trial_id in ids] == [{}] * 3


def test_corrections_reach_other_openers(path: Path) -> None:
    first, second = opened(path), opened(path)
    study_id = first.create_new_study([MINIMIZE])
    done, other = first.create_new_trials(study_id, [create_trial(value=1.0), create_trial(state=WAITING)])
    assert second.get_best_trial(study_id).value == 1.0
    first.correct_values(done, [0.5])
    first.erase_trial(other)
    assert second.get_best_trial(study_id).value == 0.5
    assert second.get_trial(other).system_attrs == {"parzen:erased": True}
    assert content(first) == content(second) == content(opened(path))


def test_a_batch_is_one_append(path: Path) -> None:
    class Counting(journal.JournalFileBackend):
        n_appends = 0

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            self.n_appends += 1
            super().append_logs(logs)

    backend = Counting(str(path))
    storage = JournalStorage(backend)
    study_id = storage.create_new_study([MINIMIZE])
    ids = storage.create_new_trials(study_id, [create_trial(state=RUNNING)] * 5)
    storage.set_trial_params(ids[0], {"x": (0.5, UNIT), "y": (0.5, UNIT)})
    storage.set_trials_system_attrs({trial_id: {"a": 1, "b": 2} for trial_id in ids})
    storage.finish_trials(ids, [COMPLETE] * 5, [[1.0]] * 5)
    storage.create_new_trials(study_id, [])
    assert backend.n_appends == 5


def test_a_backend_of_ones_own() -> None:
    class InList(journal.BaseJournalBackend):
        def __init__(self) -> None:
            self.logs: list[str] = []

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            self.logs += map(json.dumps, logs)

        def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
            return [json.loads(log) for log in self.logs[log_number_from:]]

    backend = InList()
    study = parzen.create_study(storage=JournalStorage(backend), study_name="s", sampler=RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    assert content(JournalStorage(backend)) == content(JournalStorage(backend))
    assert len(parzen.load_study(study_name="s", storage=JournalStorage(backend)).trials) == 5


# --- processes -------------------------------------------------------------------------------------------------------


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), *map(str, arguments)]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    return worker


def go(worker: subprocess.Popen[str]) -> None:
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()


def kill(worker: subprocess.Popen[str]) -> list[str]:
    """Kill a worker and give the whole lines that it had printed."""
    assert worker.stdin is not None and worker.stdout is not None
    worker.kill()
    printed = worker.stdout.read()
    worker.wait()
    worker.stdin.close()
    worker.stdout.close()
    return printed[: printed.rfind("\n") + 1].split("\n")[:-1]


def test_processes_share_a_file(path: Path) -> None:
    study = new_study(path)
    for i in range(10):
        study.enqueue_trial({"x": i / 10}, user_attrs={"enqueued": i})
    workers = [started("work", path, 12) for _ in range(3)]
    for worker in workers:
        go(worker)
    lines = [line.split() for worker in workers for line in worker.communicate()[0].splitlines()]
    assert sorted(int(number) for number, _ in lines) == list(range(36))
    assert sorted(int(i) for _, i in lines if i != "-") == list(range(10))
    assert [trial.number for trial in study.trials] == list(range(36))
    assert all(trial.value == trial.params["x"] == trial.intermediate_values[trial.number] for trial in study.trials)
    assert content(opened(path)) == content(study._storage)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_that_it_told(path: Path) -> None:
    study, draw = new_study(path), random.Random(0)
    told: list[int] = []
    for _ in range(4):
        workers = [started("run_until_killed", path) for _ in range(2)]
        for worker in workers:
            go(worker)
        time.sleep(draw.uniform(0.1, 0.4))
        for worker in workers:
            told += map(int, kill(worker))
    trials = study.trials
    assert len(told) == len(set(told)) > 8
    assert [trial.number for trial in trials] == list(range(len(trials)))
    for trial in (trials[number] for number in told):
        x = trial.params["x"]
        assert (trial.state, trial.value, trial.user_attrs, trial.constraints) == (COMPLETE, x, {"x": x}, {"c": x})
        assert trial.intermediate_values == {step: x + step for step in range(3)}
        assert "n" in trial.params
    study.tell(study.ask(), 1.0)
    assert content(opened(path)) == content(study._storage)  # type: ignore[arg-type]


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_in_the_midst_of_other_threads_verbs(path: Path) -> None:
    study = new_study(path)
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            study.tell(study.ask(), 1.0)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    statuses = []
    for _ in range(5):
        pid = os.fork()
        if not pid:
            try:
                trial = study.ask()
                study.tell(trial, 2.0)
                os._exit(0 if study.trials[trial.number].value == 2.0 else 1)
            finally:
                os._exit(2)
        statuses.append(os.waitpid(pid, 0)[1])
    stop.set()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 5
    assert [trial.value for trial in study.trials].count(2.0) == 5
    assert content(opened(path)) == content(study._storage)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name != "posix", reason="this system has no such signals")
def test_ctrl_c_leaves_the_replica_as_the_log_says(path: Path) -> None:
    study, stop = new_study(path), threading.Event()

    def interrupt() -> None:
        while not stop.wait(0.003):
            os.kill(os.getpid(), signal.SIGINT)

    interrupter, n_interrupts = threading.Thread(target=interrupt), 0
    interrupter.start()
    try:
        while n_interrupts < 60:
            try:
                while True:
                    study.add_trials([create_trial(value=1.0)] * 3)
                    study.set_user_attr("a", n_interrupts)
            except KeyboardInterrupt:
                n_interrupts += 1
    finally:
        while True:
            try:
                stop.set()
                interrupter.join()
                break
            except KeyboardInterrupt:
                continue
    assert len(study.trials) % 3 == 0
    assert content(opened(path)) == content(study._storage)  # type: ignore[arg-type]
    assert not os.path.lexists(f"{path}.lock")


# --- damaged files ---------------------------------------------------------------------------------------------------

HALVES = [b'{"op_code":8,"wor', b'{"op_code":1,"worker_id":"w","study_id":0}', b" " * 5000, b"\0" * 10, b"\xff\xfe{"]


@pytest.mark.parametrize("half", HALVES, ids=range(len(HALVES)))
def test_half_a_line_at_the_end_is_harmless(path: Path, half: bytes) -> None:
    study = new_study(path)
    study.tell(study.ask(), 1.0)
    before = content(study._storage)  # type: ignore[arg-type]
    with path.open("ab") as file:
        file.write(half)
    assert content(study._storage) == before  # type: ignore[arg-type]
    assert content(opened(path)) == before
    parzen.load_study(study_name="shared", storage=opened(path)).set_user_attr("a", 1)
    study.tell(study.ask(), 2.0)
    assert half not in path.read_bytes()
    assert [trial.value for trial in study.trials] == [1.0, 2.0]
    assert study.user_attrs == {"a": 1}
    assert content(opened(path)) == content(study._storage)  # type: ignore[arg-type]


DAMAGES = {  # after three lines: the study, what it was begun with, a trial
    b'{"op_code":8,"wor\n': "Line 4 .*expected a JSON object",
    b"\n": "Line 4 ",
    b"[1]\n": "Line 4 ",
    b"[" * 100_000 + b"]" * 100_000 + b"\n": "Line 4 .*expected a JSON object",
    b'{"op_code":8,"worker_id":"w","a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n": "Line 4 .*expected a JSON object",
    b'{"op_code":99,"worker_id":"w"}\n': "line 4 .*from 0 to 9, but found 99",
    b'{"op_code":5,"worker_id":"w","trial_id":0}\n': "line 4 .*'param_name'",
    b'{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"yesterday"}\n': "line 4 .*yesterday",
    b'{"op_code":6,"worker_id":"w","trial_id":0,"state":1,"values":"x","datetime_complete":null}\n': "line 4 ",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=range(len(DAMAGES)))
def test_a_damaged_line_is_an_error_that_says_where(path: Path, damage: bytes) -> None:
    study = new_study(path)
    study.ask()
    with path.open("ab") as file:
        file.write(damage)
    for _ in range(2):
        with pytest.raises(StorageInternalError, match=DAMAGES[damage]):
            study.ask()
    with pytest.raises(StorageInternalError, match=DAMAGES[damage]):
        opened(path)


@pytest.mark.parametrize("damage", [b'{"op_code":8,"a":[{}\n{}]}\n', *DAMAGES], ids=range(1 + len(DAMAGES)))
def test_a_damaged_line_among_many_is_found(path: Path, damage: bytes) -> None:
    study = new_study(path)
    for _ in range(20):
        study.ask()
    before = path.read_bytes()
    path.write_bytes(before + damage + before)
    with pytest.raises(StorageInternalError, match=f"(?i)line {len(before.splitlines()) + 1} "):
        opened(path)


def test_a_cut_file_is_an_error(path: Path) -> None:
    study = new_study(path)
    os.truncate(path, 10)
    with pytest.raises(StorageInternalError, match="fewer than"):
        study.trials  # noqa: B018
    for wrong in (path / "of" / "nothing", path.parent):
        with pytest.raises(StorageInternalError, match="could not be opened"):
            opened(wrong)


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_journal_that_was_deleted_or_replaced_gets_no_entries_of_the_old_one(path: Path, is_replaced: bool) -> None:
    study = new_study(path)
    trial = study.ask()
    path.rename(path.with_name("moved.log"))
    if is_replaced:
        other = new_study(path)
        other.ask()
        before = path.read_bytes()
    for change in (
        lambda: trial.suggest_float("x", 0, 1), lambda: study.tell(trial, 1.0), study.ask, lambda: study.trials
    ):  # fmt: skip
        with pytest.raises(StorageInternalError, match=r"was deleted, moved or replaced|could not be"):
            change()
    assert not is_replaced or path.read_bytes() == before
    assert is_replaced or os.listdir(path.parent) == ["moved.log"]
    path.with_name("moved.log").replace(path)
    study.tell(trial, 1.0)
    assert [trial.value for trial in study.trials] == [1.0]


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limits on files")
@pytest.mark.parametrize("room", [0, 10, 200])
def test_a_full_disk_leaves_the_journal_whole(path: Path, room: int) -> None:
    import resource

    study = new_study(path)
    before, size = content(study._storage), path.stat().st_size  # type: ignore[arg-type]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, limits[1]))
    try:
        with pytest.raises(StorageInternalError, match="could not be written"):
            study.add_trials([create_trial(value=1.0)] * 3)
        with pytest.raises(StorageInternalError, match="could not be written"):
            study.set_user_attr("a", "x" * 200)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert content(study._storage) == before  # type: ignore[arg-type]
    assert path.stat().st_size == size
    study.add_trials([create_trial(value=1.0)] * 3)
    assert content(opened(path)) == content(study._storage)  # type: ignore[arg-type]


def test_what_is_not_json_is_refused_before_it_is_written(path: Path) -> None:
    study = new_study(path)
    size = path.stat().st_size
    with pytest.raises(TypeError, match="JSON"):
        study.set_user_attr("a", object())
    assert path.stat().st_size == size


# --- locks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_is_held_by_one(path: Path, kind: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(k: int) -> None:
        lock = LOCKS[kind](str(path))
        for _ in range(20):
            assert lock.acquire()
            inside.append(k)
            most.append(len(inside))
            inside.remove(k)
            lock.release()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 80
    with pytest.raises(RuntimeError, match="not held"):
        LOCKS[kind](str(path)).release()
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="grace_period"):
            LOCKS[kind](str(path), grace_period=wrong)


@needs_flock
@pytest.mark.parametrize("kind", LOCKS)
def test_a_lock_that_comes_before_its_log_makes_one_that_others_may_write(path: Path, kind: str) -> None:
    lock = LOCKS[kind](str(path))
    before = os.umask(0o002)
    try:
        lock.acquire()
    finally:
        os.umask(before)
    lock.release()
    assert stat.S_IMODE(path.stat().st_mode) == 0o664


@needs_flock
@pytest.mark.parametrize("kind", LOCKS)
def test_a_killed_holders_lock_is_taken_over_at_once_by_one(path: Path, kind: str) -> None:
    holder = started("hold", path, kind)
    go(holder)
    assert holder.stdout is not None and holder.stdout.readline() == "True\n"
    taken: list[float] = []
    inside = threading.Semaphore(1)

    def take() -> None:
        lock = LOCKS[kind](str(path))
        lock.acquire()
        assert inside.acquire(blocking=False)
        taken.append(time.monotonic())
        time.sleep(0.01)
        inside.release()
        lock.release()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    assert not taken  # the holder lives
    killed = time.monotonic()
    kill(holder)
    for thread in threads:
        thread.join()
    assert len(taken) == 4
    assert max(taken) - killed < 5
    assert not os.path.lexists(f"{path}.lock")


def lock_of_optuna(path: Path) -> None:
    os.symlink(path, f"{path}.lock")


def lock_of_another_machine(path: Path) -> None:
    lock = LOCKS["symlink"](str(path))
    path.touch()
    lock._make(12345)


def empty_lock(path: Path) -> None:
    Path(f"{path}.lock").touch()


@pytest.mark.parametrize("made", [lock_of_optuna, lock_of_another_machine, empty_lock])
@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.slow
def test_a_foreign_lock_is_respected_for_the_grace_period(path: Path, made: Callable[[Path], None], kind: str) -> None:
    made(path)
    start = time.monotonic()
    lock = LOCKS[kind](str(path), grace_period=0.3)  # type: ignore[arg-type]
    lock.acquire()
    assert 0.3 < time.monotonic() - start < 3
    lock.release()
    assert not os.path.lexists(f"{path}.lock")


def test_a_foreign_lock_that_is_released_is_waited_for(path: Path) -> None:
    study = new_study(path)
    lock_of_optuna(path)
    threading.Timer(0.2, lambda: os.unlink(f"{path}.lock")).start()
    start = time.monotonic()
    study.ask()
    assert 0.1 < time.monotonic() - start < 5


# --- replaying -------------------------------------------------------------------------------------------------------

CHOICES = CategoricalDistribution(("a", None, 1.5))
numbers = st.integers(0, 5)
values = st.floats(allow_nan=False) | st.integers(-2, 2).map(float)
VERBS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "study": (lambda s, name: s.create_new_study([MINIMIZE], name), (st.sampled_from("abc"),)),
    "delete": (lambda s, i: s.delete_study(i % 3) if i == 0 else None, (numbers,)),
    "study attr": (lambda s, i, v: s.set_study_user_attr(i % 3, "key", v), (numbers, st.floats())),
    "trial": (lambda s, i: s.create_new_trial(i % 3), (numbers,)),
    "templates": (
        lambda s, i, v: s.create_new_trials(
            i % 3,
            [create_trial(value=v, params={"x": 0.5}, distributions={"x": UNIT}), create_trial(state=WAITING)],
        ),
        (numbers, values),
    ),
    "float": (lambda s, i, v: s.set_trial_param(i, "x", v, UNIT), (numbers, st.floats(0, 1))),
    "params": (lambda s, i, k: s.set_trial_params(i, {"c": (k, CHOICES), "n": (k, IntDistribution(0, 3))}),
               (numbers, st.integers(0, 2))),
    "clash": (lambda s, i, v: s.set_trial_param(i, "x", v, IntDistribution(0, 1)), (numbers, st.integers(0, 1))),
    "state": (lambda s, i, state, v: s.set_trial_state_values(i, state, [v] if state == COMPLETE else None),
              (numbers, st.sampled_from(TrialState), values)),
    "claim": (lambda s, i: s.claim_waiting_trial(i % 3), (numbers,)),
    "report": (lambda s, i, step, v: s.set_trial_intermediate_value(i, step, v), (numbers, numbers, st.floats())),
    "attr": (lambda s, i, v: s.set_trial_user_attr(i, "key", v), (numbers, st.lists(st.floats(), max_size=2))),
    "constraint": (lambda s, i, v: s.set_trial_system_attr(i, "constraints:c", v), (numbers, values)),
    "correct": (lambda s, i, v: s.correct_values(i, [v]), (numbers, values)),
    "erase": (lambda s, i: s.erase_trial(i), (numbers,)),
}  # fmt: skip
actions = st.sampled_from(sorted(VERBS)).flatmap(lambda verb: st.tuples(st.just(verb), *VERBS[verb][1]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(actions, max_size=40))
@example([("templates", 0, 0.0), ("state", 1, COMPLETE, 0.0), ("erase", 1)])  # it ended, but had never begun
def test_replaying_gives_what_the_live_replica_holds(tmp_path: Path, done: list[tuple[Any, ...]]) -> None:
    path = tmp_path / f"{uuid.uuid4()}.log"
    storages = [opened(path, fsync=False), opened(path, fsync=False)]
    storages[0].create_new_study([MINIMIZE], "first")
    for k, (verb, *arguments) in enumerate(done):
        with contextlib.suppress(KeyError, ValueError, UpdateFinishedTrialError, DuplicatedStudyError):
            VERBS[verb][0](storages[k % 2], *arguments)
    live = content(storages[0])
    assert content(storages[1]) == live
    assert content(opened(path)) == live
    restored = from_snapshot(to_snapshot(storages[0]._replica), threading.RLock())
    assert restored is not None
    assert content(restored) == live


@pytest.mark.parametrize(
    ("values", "one", "several"), [(None, None, None), ([1.5], 1.5, None), ([1.0, 2.0], None, [1.0, 2.0])]
)
def test_one_value_and_several_are_written_as_by_optuna(values: Any, one: Any, several: Any) -> None:
    state = RUNNING if values is None else COMPLETE
    entry = entries.new_trial(0, create_trial(state=state, values=values))
    assert (entry["value"], entry["values"]) == (one, several)


# --- snapshots, in Redis ---------------------------------------------------------------------------------------------


@pytest.fixture
def in_redis(tmp_path: Path) -> Iterator[JournalStorage]:
    storage = journal_in_redis(tmp_path)
    assert isinstance(storage, JournalStorage)
    yield storage
    drop_journals()


def test_a_snapshot_spares_the_entries_before_it(in_redis: JournalStorage) -> None:
    study_id = in_redis.create_new_study([MINIMIZE], "study")
    for k in range(6):
        ids = in_redis.create_new_trials(study_id, [create_trial(state=RUNNING)] * 100)
        in_redis.finish_trials(ids[::-1], [COMPLETE] * 100, [[float(k)]] * 100)
    live = content(in_redis)
    backend: Any = in_redis._backend
    for number in range(500):
        backend._redis.delete(f"{backend._prefix}:log:{number}")
    again = pickle.loads(pickle.dumps(in_redis))
    assert content(again) == live
    again.delete_study(study_id)
    assert in_redis.get_all_studies() == []


class Evil:
    """What runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_snapshots_that_cannot_be_read_are_passed_over_and_run_nothing(
    in_redis: JournalStorage, tmp_path: Path
) -> None:
    study_id = in_redis.create_new_study([MINIMIZE], "study")
    in_redis.create_new_trials(study_id, [create_trial(value=1.0)])
    live, mark, backend = content(in_redis), tmp_path / "evil", in_redis._backend
    assert isinstance(backend, journal.JournalRedisBackend)
    evil = pickle.dumps(Evil(mark))
    good = to_snapshot(in_redis._replica)
    changed = json.loads(zlib.decompress(good))
    wrong: list[bytes] = [evil, zlib.compress(evil), b"", good[:-5], zlib.compress(b"[" * 10**6)]
    for key, value in (("n_read", 99), ("format", "other"), ("studies", 3), ("trials", [{}]), ("last", {"op_code": 1})):
        wrong.append(zlib.compress(json.dumps({**changed, key: value}).encode()))
    backend._redis.set(f"{backend._prefix}:snapshot", evil)  # where Optuna looks
    for snapshot in wrong:
        backend.save_snapshot(snapshot)
        assert content(pickle.loads(pickle.dumps(in_redis))) == live
        in_redis.restore_replay_result(snapshot)
    assert content(in_redis) == live
    assert not mark.exists()
    pickle.loads(evil)
    assert mark.exists()


def test_who_writes_alone_asks_redis_once_and_sees_what_others_wrote(in_redis: JournalStorage) -> None:
    study = parzen.create_study(storage=in_redis)
    other = parzen.load_study(study_name=study.study_name, storage=pickle.loads(pickle.dumps(in_redis)))
    trial, server = study.ask(), in_redis._backend._redis  # type: ignore[attr-defined]
    sent, send = [], server.execute_command

    def note(*command: Any, **options: Any) -> Any:
        sent.append(command[0])
        return send(*command, **options)

    server.execute_command = note
    trial.report(1.0, 0)
    assert sent == ["EVAL"]
    other.tell(other.ask(), 2.0)
    trial.report(1.0, 1)
    assert sent == ["EVAL", "EVAL", "GET", "MGET"]
    assert study.best_value == 2.0


def test_a_cluster_numbers_entries_in_turn(in_redis: JournalStorage) -> None:
    """By commands for one key each, which a single server knows as well."""
    backend: Any = in_redis._backend
    backend._use_cluster = True
    backend.append_logs([{"a": 1}, {"a": 2}])
    backend.append_logs([{"a": 3}])
    backend._use_cluster = False
    backend.append_logs([{"a": 4}])
    assert list(backend.read_logs(0)) == [{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]
    assert list(backend.read_logs(2)) == [{"a": 3}, {"a": 4}]


def test_a_damaged_entry_in_redis_is_shown(in_redis: JournalStorage) -> None:
    backend: Any = in_redis._backend
    backend.append_logs([{"a": 1}])
    backend._redis.set(f"{backend._prefix}:log:0", "[" + "x" * 100)
    with pytest.raises(StorageInternalError, match=r":log:0 of the journal is damaged.*found b'\[x{79}'\."):
        list(pickle.loads(pickle.dumps(backend)).read_logs(0))


def test_a_missing_entry_is_an_error(in_redis: JournalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parzen.storage.journal.redis_backend._PATIENCE", 0.1)
    study_id = in_redis.create_new_study([MINIMIZE], "study")
    backend: Any = in_redis._backend
    backend._redis.incr(f"{backend._prefix}:log_number")
    with pytest.raises(StorageInternalError, match="log:1 of the journal is missing"):
        in_redis.get_history(study_id)
    number = f"{backend._prefix}:log:1"
    text = '{"op_code":8,"worker_id":"","trial_id":-1,"user_attr":{}}'  # as the message says
    threading.Timer(0.05, lambda: backend._redis.set(number, text)).start()
    assert in_redis.get_history(study_id).n == 0


def test_a_server_that_does_not_answer_is_an_error() -> None:
    pytest.importorskip("redis")
    with pytest.raises(StorageInternalError, match="Redis"):
        JournalStorage(journal.JournalRedisBackend("redis://127.0.0.1:1"))


def test_without_redis_the_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['redis'] = None\n"
        "import parzen\n"
        "try: parzen.storages.journal.JournalRedisBackend('redis://localhost')\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 'pip install "parzen[redis]"' in done.stdout


@pytest.mark.parametrize("name", ["JournalFileOpenLock", "JournalFileSymlinkLock"])
def test_locks_at_their_old_place_warn(path: Path, name: str) -> None:
    with pytest.warns(FutureWarning, match=rf"storages\.journal\.{name}") as caught:
        lock = getattr(parzen.storages, name)(str(path), grace_period=3)
    assert caught[0].filename == __file__
    assert isinstance(lock, getattr(parzen.storages.journal, name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(parzen.storages.journal, name)(str(path))
    storage = JournalStorage(journal.JournalFileBackend(str(path), lock))
    assert parzen.create_study(storage=storage, study_name="s").study_name == "s"


def test_old_names_warn(path: Path) -> None:
    with pytest.warns(FutureWarning, match="JournalFileBackend"):
        storage = parzen.storages.JournalStorage(parzen.storages.JournalFileStorage(str(path)))
    assert storage.get_all_studies() == []
