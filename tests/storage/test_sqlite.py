"""The SQLite storage beyond the contract: several processes, forks, its SQL, its file."""

from __future__ import annotations

import contextlib
import os
import pickle
import sqlite3
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest
from contract.storages import plain
from running import run_together

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.exceptions import StorageInternalError, UpdateFinishedTrialError
from parzen.samplers import RandomSampler, TPESampler
from parzen.storages import InMemoryStorage, RDBStorage, SQLiteStorage, get_storage
from parzen.study import StudyDirection
from parzen.trial import TrialState, create_trial

MINIMIZE = StudyDirection.MINIMIZE
RUNNING, WAITING, COMPLETE = TrialState.RUNNING, TrialState.WAITING, TrialState.COMPLETE
UNIT = FloatDistribution(0.0, 1.0)

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
# Python 3.12 warns of a fork beside threads, such as those of NumPy's linear algebra; the children here use neither.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/study.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def new_study(url: str, name: str = "shared") -> parzen.Study:
    return parzen.create_study(storage=SQLiteStorage(url), study_name=name, sampler=RandomSampler(seed=0))


def same_study(url: str, name: str = "shared") -> parzen.Study:
    """Open the file as another process does: by a connection and columns of its own."""
    return parzen.load_study(storage=SQLiteStorage(url), study_name=name, sampler=RandomSampler(seed=1))


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def plain_trials(study: parzen.Study) -> list[object]:
    return [plain(trial) for trial in study.trials]


# --- two openers of one file -----------------------------------------------------------------------------------------


def test_one_sees_whatever_the_other_does(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)

    def in_step() -> None:
        assert plain_trials(ours) == plain_trials(theirs)

    trial = ours.ask()
    in_step()
    trial.suggest_float("x", 0, 1)
    trial.suggest_categorical("c", [None, "b"])
    in_step()
    trial.report(float("nan"), 1)
    in_step()
    trial.set_user_attr("u", {"a": [1]})
    trial.set_constraint("memory", 0.5)
    in_step()
    theirs.enqueue_trial({"x": 0.25})
    in_step()
    assert ours.ask().suggest_float("x", 0, 1) == 0.25
    in_step()
    ours.tell(trial, 1.0)
    in_step()
    assert theirs.trials[0].constraints == {"memory": 0.5}
    assert [t.number for t in theirs.trials] == [0, 1]
    theirs.set_user_attr("note", 1)
    assert ours.user_attrs == {"note": 1}


def test_numbers_are_shared(url: str) -> None:
    studies = [new_study(url), same_study(url), same_study(url)]
    numbers = [studies[i % 3].ask().number for i in range(12)]
    assert numbers == list(range(12))


def test_both_change_one_running_trial(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    trial = ours.ask()
    trial.suggest_float("x", 0, 1)
    other = parzen.Trial(theirs, trial._trial_id)
    other.suggest_int("n", 1, 9)
    other.set_user_attr("by", "them")
    trial.set_user_attr("mine", 1)
    other.report(0.5, 3)
    told = ours.tell(trial, 1.0)
    assert list(told.params) == ["x", "n"]
    assert told.user_attrs == {"by": "them", "mine": 1}
    assert plain_trials(ours) == plain_trials(theirs) == plain_trials(same_study(url))


@pytest.mark.parametrize("look_first", [False, True])
def test_a_trial_that_another_finished_is_finished_here(url: str, look_first: bool) -> None:
    ours, theirs = new_study(url), same_study(url)
    trial = ours.ask()
    trial.suggest_float("x", 0, 1)
    theirs.tell(trial.number, 7.0)
    if look_first:
        assert ours.trials[0].value == 7.0
    with pytest.raises(UpdateFinishedTrialError):
        trial.report(1.0, 0)
    with pytest.raises(UpdateFinishedTrialError):
        trial.suggest_float("y", 0, 1)
    with pytest.raises(UpdateFinishedTrialError):
        trial.set_user_attr("a", 1)
    with pytest.raises(ValueError, match="COMPLETE"):
        ours.tell(trial, 1.0)
    assert ours.tell(trial, 1.0, skip_if_finished=True).value == 7.0
    assert plain_trials(ours) == plain_trials(same_study(url))
    assert list(ours.trials[0].params) == ["x"]


def test_a_trial_put_back_is_run_by_the_other(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    trial = ours.ask()
    ours._storage.set_trial_state_values(trial._trial_id, WAITING)
    assert theirs.ask().number == 0
    assert ours.ask().number == 1
    theirs.tell(0, 1.0)
    assert [t.state for t in ours.trials] == [COMPLETE, RUNNING]


def test_one_claims_what_the_other_saw_waiting(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    for x in (0.1, 0.2):
        ours.enqueue_trial({"x": x})
    theirs.trials  # noqa: B018 - now it knows both as waiting
    waiting = ours._storage.get_trial_id_from_study_id_trial_number(ours._study_id, 0)
    assert ours.ask().number == 0
    assert not theirs._storage.set_trial_state_values(waiting, RUNNING)
    ours.tell(0, 1.0)
    with pytest.raises(UpdateFinishedTrialError):
        theirs._storage.set_trial_state_values(waiting, RUNNING)
    assert theirs.ask().number == 1


def test_a_name_that_another_introduced_is_checked(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    trial = theirs.ask()
    ours.ask().suggest_int("x", 0, 9)
    with pytest.raises(ValueError, match="kind"):
        trial.suggest_float("x", 0, 9)
    assert plain_trials(ours) == plain_trials(theirs)


def test_many_running_trials_are_read_in_chunks(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    batch = ours.ask_batch(1200, {"x": UNIT})
    assert len(theirs.trials) == 1200
    ours.tell_batch(batch, batch["x"])
    assert plain_trials(theirs) == plain_trials(ours)
    assert theirs.history.live == {}


def test_the_queue_does_not_grow_by_looking(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    for _ in range(3):
        ours.enqueue_trial({"x": 0.5})
    for i in range(10):
        ours.set_user_attr("i", i)
        theirs.sync()
    assert len(theirs.history._waiting) == 3


# --- deleted studies -------------------------------------------------------------------------------------------------

OPTUNA_KEYS = ("INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", "INTEGER PRIMARY KEY NOT NULL")


def without_autoincrement(path: Path) -> None:
    """Make of a new file one whose identifiers are given out again, as in files that Optuna made."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = REPLACE(sql, ?, ?)", OPTUNA_KEYS)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("made_by", ["parzen", "optuna"])
@pytest.mark.parametrize("n_before", [0, 1, 4])
@pytest.mark.parametrize("n_after", [0, 2, 6])
@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.PAUSED, RUNNING])
def test_a_study_deleted_and_made_again_is_a_new_one_here(
    url: str, path: Path, made_by: str, n_before: int, n_after: int, state: TrialState
) -> None:
    SQLiteStorage(url).remove_session()
    if made_by == "optuna":
        without_autoincrement(path)
    ours = new_study(url)
    for _ in range(n_before):
        trial = ours.ask()
        trial.suggest_float("x", 0, 1)
        if state != RUNNING:
            ours.tell(trial, 1.0 if state == TrialState.COMPLETE else None, state)
    theirs = SQLiteStorage(url)
    theirs.delete_study(ours._study_id)
    remade = parzen.create_study(storage=theirs, study_name="shared", direction="maximize")
    for _ in range(n_after):
        remade.tell(remade.ask({"n": IntDistribution(1, 9)}), 2.0)
    if remade._study_id == ours._study_id:  # what the old object now stands for
        assert made_by == "optuna"
        assert plain_trials(ours) == plain_trials(remade)
    else:
        with pytest.raises(KeyError):
            ours.trials  # noqa: B018
        with pytest.raises(KeyError):
            ours.ask()
    assert plain_trials(parzen.load_study(study_name="shared", storage=ours._storage)) == plain_trials(remade)
    assert plain_trials(same_study(url)) == plain_trials(remade)


def test_a_trial_of_a_deleted_study_changes_nobody_elses(url: str) -> None:
    ours = new_study(url)
    trial = ours.ask()
    theirs = SQLiteStorage(url)
    theirs.delete_study(ours._study_id)
    remade = parzen.create_study(storage=theirs, study_name="shared")
    other = remade.ask()
    for change in (lambda: trial.report(1.0, 0), lambda: trial.suggest_float("x", 0, 1), lambda: ours.tell(trial, 1.0)):
        with pytest.raises(KeyError):
            change()
    assert (other.number, remade.trials[0].params, remade.trials[0].state) == (0, {}, RUNNING)


# --- processes -------------------------------------------------------------------------------------------------------


def test_processes_share_a_file_without_gaps_and_run_enqueued_trials_once(url: str, path: Path) -> None:
    study = new_study(url)
    for i in range(40):
        study.enqueue_trial({"x": i / 40}, user_attrs={"enqueued": i})
    lines = [line for output in run_together([["work", url, "30"]] * 4) for line in output]
    assert sorted(int(line.split()[0]) for line in lines) == list(range(120))
    enqueued = Counter(line.split()[1] for line in lines if not line.endswith("-"))
    assert enqueued == {str(i): 1 for i in range(40)}
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(120))
    assert all(t.value == t.params["x"] == t.user_attrs["x"] == t.intermediate_values[t.number] for t in trials)
    assert [trial.params["x"] for trial in trials[:40]] == [i / 40 for i in range(40)]
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


def test_processes_create_one_file_at_once(url: str, path: Path) -> None:
    names = [f"study {i}" for i in range(5)]
    assert run_together([["create", url, name] for name in names]) == [[name] for name in names]
    storage = SQLiteStorage(url)
    assert sorted(study.study_name for study in storage.get_all_studies()) == names
    assert [storage.get_n_trials(study._study_id) for study in storage.get_all_studies()] == [5] * 5
    assert query(path, "SELECT COUNT(*) FROM alembic_version") == [(1,)]


# --- forks -----------------------------------------------------------------------------------------------------------


def fork(function: Callable[[], object]) -> int:
    """Run a function in a forked process; its exit status says whether it came to its end."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        function()
        status = 0
    except BaseException:
        traceback.print_exc()
    os._exit(status)


def ended_well(pid: int) -> bool:
    return os.waitpid(pid, 0)[1] == 0


@needs_fork
def test_a_forked_child_uses_the_study_it_was_given(url: str) -> None:
    study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    inherited = study.ask()

    def child() -> None:
        inherited.suggest_float("x", 0, 1)
        inherited.report(0.5, 0)
        study.tell(inherited, 2.0)
        for _ in range(20):
            study.tell(study.ask({"x": UNIT}), 3.0)

    others = [fork(lambda: study.optimize(lambda t: t.suggest_float("x", 0, 1), 20)) for _ in range(2)]
    pids = [fork(child), *others]
    for _ in range(20):
        study.tell(study.ask({"x": UNIT}), 4.0)
    assert all(map(ended_well, pids))
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(82))
    assert all(trial.state == COMPLETE for trial in trials)
    assert (trials[1].value, trials[1].intermediate_values) == (2.0, {0: 0.5})


@needs_fork
def test_a_child_loses_nothing_when_its_parent_closes_first(url: str, path: Path, tmp_path: Path) -> None:
    study = new_study(url)
    study.tell(study.ask(), 0.0)

    def child() -> None:
        study.tell(study.ask(), 1.0)
        (tmp_path / "child wrote").touch()
        while not (tmp_path / "parent closed").exists():
            time.sleep(0.005)
        study.tell(study.ask(), 2.0)
        os.kill(os.getpid(), 9)

    pid = fork(child)
    while not (tmp_path / "child wrote").exists():
        time.sleep(0.005)
    study._storage.remove_session()
    (tmp_path / "parent closed").touch()
    os.waitpid(pid, 0)
    assert [trial.value for trial in same_study(url).trials] == [0.0, 1.0, 2.0]
    assert [trial.value for trial in study.trials] == [0.0, 1.0, 2.0]


@needs_fork
def test_a_fork_waits_for_threads_that_write(url: str) -> None:
    study = new_study(url)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            study.tell(study.ask({"x": UNIT}), 1.0)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    pids = [fork(lambda: study.tell(study.ask({"x": UNIT}), 2.0)) for _ in range(8)]
    stop.set()
    for thread in threads:
        thread.join()
    assert all(map(ended_well, pids))
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(len(trials)))
    assert sum(trial.value == 2.0 for trial in trials) == 8
    assert plain_trials(same_study(url)) == plain_trials(study)


# --- statements ------------------------------------------------------------------------------------------------------


def statements(study: parzen.Study, verb: Callable[[], object]) -> list[str]:
    """Give the first word of every statement that a verb runs, and the pragma's name."""
    ran: list[str] = []
    connection = study._storage._db._connection
    connection.set_trace_callback(ran.append)
    verb()
    connection.set_trace_callback(None)
    return [" ".join(sql.split()[: 2 if sql.startswith("PRAGMA") else 1]) for sql in ran]


def test_every_verb_runs_these_statements_and_no_more(url: str) -> None:
    study = new_study(url)
    for _ in range(12):  # the sampler's start, and every name known
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 1, 5))
    looked = "PRAGMA data_version"
    asked: list[parzen.Trial] = []
    assert statements(study, lambda: asked.append(study.ask())) == [
        looked, "BEGIN", "INSERT", "SELECT", "COMMIT",
    ]  # fmt: skip
    trial = asked[0]
    assert statements(study, lambda: trial.suggest_float("x", 0, 1)) == ["INSERT"]
    assert statements(study, lambda: trial.suggest_float("x", 0, 1)) == []
    assert statements(study, lambda: trial.suggest_all({"n": IntDistribution(1, 5)})) == ["INSERT"]
    assert statements(study, lambda: trial.report(1.0, 0)) == ["INSERT"]
    assert statements(study, trial.should_prune) == [looked]
    assert statements(study, lambda: trial.set_user_attr("a", 1)) == ["INSERT"]
    assert statements(study, lambda: study.tell(trial, 1.0)) == ["BEGIN", looked, "UPDATE", "INSERT", "COMMIT"]
    assert statements(study, lambda: study.best_trial) == [looked]
    assert statements(study, lambda: study.trials) == [looked]
    last = study.ask()
    # A new name is looked up among those of others, within the transaction.
    assert statements(study, lambda: last.suggest_float("new", 0, 1)) == [
        looked, "BEGIN", "SELECT", looked, "INSERT", "COMMIT",
    ]  # fmt: skip
    assert statements(study, lambda: study.tell(last, state=TrialState.FAIL)) == ["BEGIN", looked, "UPDATE", "COMMIT"]


def test_parameters_asked_for_together_are_stored_with_the_trial(url: str) -> None:
    study = new_study(url)
    space = {"x": UNIT, "n": IntDistribution(1, 5)}
    study.ask(space)
    asked = statements(study, lambda: study.ask(space))
    assert (asked.count("BEGIN"), asked.count("COMMIT"), asked.count("INSERT")) == (1, 1, 3)


def test_workers_of_one_seed_never_try_the_same(url: str) -> None:
    new_study(url)
    studies = [
        parzen.load_study(study_name="shared", storage=SQLiteStorage(url), sampler=RandomSampler(seed=7))
        for _ in range(2)
    ]
    draw = threading.Barrier(2)

    def work(study: parzen.Study) -> list[float]:
        found = []
        for _ in range(20):
            draw.wait(30)
            found.append(study.ask({"x": UNIT}).params["x"])
            found += study.ask_batch(2, {"x": UNIT})["x"].tolist()
        return found

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, studies)
    assert len({*first, *second}) == 120
    assert sorted(trial.params["x"] for trial in studies[0].trials) == sorted(first + second)


def test_a_batch_is_two_transactions_whatever_its_size(url: str) -> None:
    study = new_study(url)
    space = {"x": UNIT, "n": IntDistribution(1, 5)}
    study.ask(space)
    batches: list[parzen.engine.study.batch.Batch] = []
    for n in (2, 50):
        asked = statements(study, lambda: batches.append(study.ask_batch(n, space)))  # noqa: B023
        assert (asked.count("BEGIN"), asked.count("INSERT")) == (1, 1 + 2 * n)
        told = statements(study, lambda: study.tell_batch(batches[-1], batches[-1]["x"]))
        assert told == ["BEGIN", "PRAGMA data_version", *["UPDATE"] * n, *["INSERT"] * n, "COMMIT"]


def test_what_others_wrote_is_read_by_a_fixed_number_of_statements(url: str) -> None:
    ours, theirs = new_study(url), same_study(url)
    counts = []
    for n in (1, 30, 300):
        theirs._storage.create_new_trials(theirs._study_id, [create_trial(value=1.0)] * n)
        counts.append(len(statements(ours, lambda: ours.trials)))
    assert counts[1] == counts[2] <= 16
    assert statements(ours, lambda: ours.trials) == ["PRAGMA data_version"]


# --- the file --------------------------------------------------------------------------------------------------------


def test_the_file_is_of_the_schema(url: str, path: Path) -> None:
    study = new_study(url)
    assert query(path, "SELECT version_num FROM alembic_version") == [("v3.2.0.a",)]
    assert query(path, "SELECT version_info_id, schema_version FROM version_info") == [(1, 12)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    storage = study._storage
    assert storage.get_current_version() == storage.get_head_version() == "v3.2.0.a"
    assert storage.get_all_versions()[0] == "v3.2.0.a"
    before = query(path, "SELECT * FROM sqlite_master")
    storage.upgrade()
    assert query(path, "SELECT * FROM sqlite_master") == before


def test_rows_are_written_in_optunas_forms(url: str, path: Path) -> None:
    study = parzen.create_study(storage=SQLiteStorage(url), directions=["minimize", "maximize"])
    trial = study.ask()
    trial.suggest_int("n", 1, 9, log=True)
    trial.suggest_categorical("c", ["a", None, True])
    study.tell(trial, [1.5, float("inf")])
    assert query(path, "SELECT direction, objective FROM study_directions") == [("MINIMIZE", 0), ("MAXIMIZE", 1)]
    assert query(path, "SELECT objective, value, value_type FROM trial_values") == [
        (0, 1.5, "FINITE"), (1, None, "INF_POS")]  # fmt: skip
    n, c = query(path, "SELECT typeof(param_value), distribution_json FROM trial_params ORDER BY param_id")
    assert n == (
        "real", '{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 9}}')  # fmt: skip
    assert c == (
        "real", '{"name": "CategoricalDistribution", "attributes": {"choices": ["a", null, true]}}')  # fmt: skip
    storage = study._storage
    single = storage.create_new_trial(storage.create_new_study([MINIMIZE]))
    for step, value in enumerate((float("nan"), float("inf"), float("-inf"), 2.0)):
        storage.set_trial_intermediate_value(single, step, value)
    assert query(path, "SELECT intermediate_value, intermediate_value_type FROM trial_intermediate_values") == [
        (None, "NAN"), (None, "INF_POS"), (None, "INF_NEG"), (2.0, "FINITE")]  # fmt: skip


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change its time zone")
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_times_are_utc_in_the_file_and_local_outside(
    url: str, path: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        study = new_study(url)
        study.tell(study.ask(), 1.0)
        (start, complete), = query(path, "SELECT datetime_start, datetime_complete FROM trials")  # fmt: skip
        for text in (start, complete):
            stored = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)
            assert abs((datetime.now(timezone.utc) - stored).total_seconds()) < 60
        here, reread = study.trials[0], same_study(url).trials[0]
        assert (here.datetime_start, here.datetime_complete) == (reread.datetime_start, reread.datetime_complete)
        assert here.datetime_start is not None
        assert abs((datetime.now() - here.datetime_start).total_seconds()) < 60
    finally:
        monkeypatch.undo()
        time.tzset()


def test_identifiers_are_never_given_out_again(url: str) -> None:
    storage = SQLiteStorage(url)
    studies, trials = [], []
    for _ in range(3):
        studies.append(storage.create_new_study([MINIMIZE], "again"))
        trials += [storage.create_new_trial(studies[-1]) for _ in range(2)]
        storage.delete_study(studies[-1])
    assert studies == sorted(set(studies))
    assert trials == sorted(set(trials))


def test_deleting_leaves_no_rows_behind(url: str, path: Path) -> None:
    study = new_study(url)
    study.set_user_attr("a", 1)
    study.set_metric_names(["loss"])
    trial = study.ask({"x": UNIT})
    trial.report(1.0, 0)
    trial.set_user_attr("a", 1)
    trial.set_constraint("c", 1.0)
    study.tell(trial, 1.0)
    study._storage.delete_study(study._study_id)
    tables = [str(name) for (name,) in query(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    left = {name: query(path, f"SELECT COUNT(*) FROM {name}")[0][0] for name in tables}
    assert {name for name, n in left.items() if n} == {"alembic_version", "version_info", "sqlite_sequence"}


def test_contradicting_rows_of_others_can_be_read(url: str, path: Path) -> None:
    study = new_study(url)
    study.tell(study.ask({"x": UNIT, "c": CategoricalDistribution(("a", "b"))}), 1.0)
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO trials (number, study_id, state, datetime_start) SELECT 1, study_id, 'RUNNING', datetime_start "
        "FROM trials"
    )
    integer = '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 9}}'
    connection.execute(
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
        "SELECT MAX(trial_id), 'x', 7.0, ? FROM trials",
        (integer,),
    )
    connection.commit()
    connection.close()
    assert study.trials[1].params == {"x": 7}
    assert study.trials[1].distributions == {"x": IntDistribution(0, 9)}


@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL", "full"])
def test_durability_is_what_was_asked_for(url: str, synchronous: str) -> None:
    storage = SQLiteStorage(url, synchronous=synchronous)
    expected = {"NORMAL": 1, "FULL": 2}[synchronous.upper()]
    for _ in range(2):
        storage.create_new_study([MINIMIZE])
        assert storage._db.query("PRAGMA synchronous") == [(expected,)]
        storage.remove_session()


def test_a_closed_storage_opens_again_and_leaves_one_file_behind(url: str, path: Path) -> None:
    study = new_study(url)
    trial = study.ask({"x": UNIT})
    study._storage.remove_session()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    other = same_study(url)
    other.ask()
    assert len(study.trials) == 2
    study.tell(trial, 1.0)
    assert plain_trials(study) == plain_trials(other)


def test_a_storage_that_is_let_go_closes_its_file(url: str, path: Path) -> None:
    study = new_study(url)
    study.tell(study.ask(), 1.0)
    del study
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# --- names of files --------------------------------------------------------------------------------------------------


def test_a_relative_path_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    study = new_study("sqlite:///here.db")
    assert study._storage.url == "sqlite:///here.db"
    monkeypatch.chdir(tmp_path / "elsewhere")
    study._storage.remove_session()
    study.ask()
    copy = pickle.loads(pickle.dumps(study))
    assert copy.ask().number == 1
    assert not list((tmp_path / "elsewhere").iterdir())
    assert copy._storage._options == study._storage._options


def test_odd_names_of_files(tmp_path: Path) -> None:
    for name in ("ä b 一.db", "100%.db", "a#b.db", "it's.db"):
        study = new_study(f"sqlite:///{tmp_path}/{name}")
        study.ask()
        study._storage.remove_session()
        assert (tmp_path / name).is_file()


def test_urls(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/a.db", f"sqlite+pysqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/a.db?x=1"):
        storage = get_storage(url)
        assert isinstance(storage, RDBStorage)
        assert storage._db.path == f"{tmp_path}/a.db"
    for url in ("sqlite:///:memory:", "sqlite:///", "sqlite://"):
        assert isinstance(get_storage(url), InMemoryStorage)
    assert isinstance(get_storage(None), InMemoryStorage)
    assert get_storage(storage) is storage
    for url in ("oracle://x/y", "file.db", "sqlite:/x.db", ""):
        with pytest.raises(ValueError, match="sqlite:///"):
            get_storage(url)
    for wrong in (7, b"sqlite:///x.db"):
        with pytest.raises(TypeError):
            get_storage(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:///", "sqlite://", "sqlite+pysqlite://"])
def test_a_database_in_memory_stays_while_it_is_used(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage, other = RDBStorage(url), RDBStorage(url)
    study = parzen.create_study(storage=storage, study_name="s", sampler=RandomSampler(seed=0))
    study.tell(study.ask(), 1.0)
    storage.remove_session()
    storage.upgrade()
    assert [trial.value for trial in study.trials] == [1.0]
    assert other.get_all_studies() == []
    assert list(tmp_path.iterdir()) == []


NAMES = ["a.db", "a b.db", "a%20b.db", "a@b:c#d.db", "file:a.db", "file:a.db?mode=rwc&uri=true"]


@pytest.mark.parametrize("kind", [RDBStorage, SQLiteStorage])
@pytest.mark.parametrize("url", [*(f"sqlite:///{name}" for name in NAMES), "sqlite://"])
def test_the_engine_reads_what_was_stored(
    kind: type[RDBStorage | SQLiteStorage], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    monkeypatch.chdir(tmp_path)
    storage = kind(url)
    study = parzen.create_study(storage=storage, study_name="s")
    study.tell(study.ask(), 1.5)
    with storage.engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT value FROM trial_values")).fetchall() == [(1.5,)]
    storage.engine.dispose()
    assert storage.engine is storage.engine
    study.tell(study.ask(), 2.5)
    with storage.engine.begin() as connection:
        own = "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (1, 'mine', '2')"
        connection.execute(sqlalchemy.text(own))
    assert study.user_attrs == {"mine": 2}
    assert [trial.value for trial in pickle.loads(pickle.dumps(study)).trials] == [1.5, 2.5]
    assert {file.name.partition("-")[0] for file in tmp_path.iterdir()} <= {url[10:].partition("?")[0], "a.db"}


def test_an_engine_on_a_file_that_is_not_there_makes_it_as_its_first_study_would(tmp_path: Path, url: str) -> None:
    pytest.importorskip("sqlalchemy")
    with SQLiteStorage(url).engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM trials").scalar_one() == 0


def test_the_engine_of_a_file_that_may_only_be_read_only_reads(url: str) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    study = parzen.create_study(storage=url, study_name="s")
    for storage in (SQLiteStorage(url, read_only=True), RDBStorage(f"{url}?mode=ro")):
        with storage.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT study_name FROM studies").fetchall() == [("s",)]
            with pytest.raises(sqlalchemy.exc.OperationalError, match="readonly"):
                connection.exec_driver_sql("DELETE FROM studies")
    assert [found.study_name for found in study._storage.get_all_studies()] == ["s"]


def test_pandas_reads_by_the_engine(url: str) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("sqlalchemy")
    study = parzen.create_study(storage=SQLiteStorage(url))
    study.tell(study.ask(), 1.5)
    frame = pandas.read_sql("SELECT number, state FROM trials", study._storage.engine)
    assert frame.to_dict("list") == {"number": [0], "state": ["COMPLETE"]}


def test_without_sqlalchemy_the_engine_names_the_extra(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    study = parzen.create_study(storage=url)
    study.tell(study.ask(), 1.0)
    with pytest.raises(ImportError, match=r"parzen\[rdb\]"):
        study._storage.engine  # noqa: B018


@pytest.mark.parametrize("value", ["NULL", "0.5"])
def test_a_range_that_is_no_number_is_read(url: str, path: Path, value: str) -> None:
    """Old versions of Optuna stored a range from NaN to NaN, and the value, which was NaN, as NULL."""
    study = new_study(url)
    for _ in range(12):
        study.tell(study.ask({"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}), 1.0)
    study._storage.remove_session()
    text = '{"name": "FloatDistribution", "attributes": {"step": null, "low": NaN, "high": NaN, "log": false}}'
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute(
            f"UPDATE trial_params SET distribution_json = ?, param_value = {value} "
            "WHERE param_name = 'x' AND trial_id < 4",
            (text,),
        )
        file.commit()
    study = same_study(url)
    study.sampler = TPESampler(seed=0)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1), n_trials=5)
    old = study.trials[0]
    assert old.params.get("x") == (None if value == "NULL" else 0.5) and "y" in old.params
    assert all(trial.distributions["x"] == FloatDistribution(0, 1) for trial in study.trials[3:])


def test_a_uri_keeps_its_options(url: str, path: Path) -> None:
    new_study(url).ask()
    study = same_study(f"sqlite:///file:{path}?cache=private&uri=true")
    assert len(study.trials) == 1


def test_arguments_that_do_not_fit(url: str) -> None:
    with pytest.raises(ValueError, match="synchronous"):
        SQLiteStorage(url, synchronous="OFF")
    with pytest.raises(ValueError, match=r"heartbeat_interval.*positive"):
        RDBStorage(url, heartbeat_interval=0)
    assert RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 7}})._db._timeout == 7


@pytest.mark.parametrize("value", [object(), {1, 2}, {("a",): 1}, b"bytes"])
def test_what_is_not_json_is_a_type_error_and_changes_nothing(url: str, value: object) -> None:
    study = new_study(url)
    trial = study.ask()
    with pytest.raises(TypeError, match="JSON"):
        study.set_user_attr("a", value)
    with pytest.raises(TypeError, match="JSON"):
        trial.set_user_attr("a", value)
    with pytest.raises(TypeError, match="JSON"):
        study._storage.set_trial_system_attr(trial._trial_id, "a", value)
    with pytest.raises(TypeError, match="JSON"):
        study.add_trial(create_trial(value=1.0, user_attrs={"a": value}))
    assert (study.user_attrs, len(study.trials), study.trials[0].user_attrs) == ({}, 1, {})


def test_an_old_sqlite_is_refused(url: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(StorageInternalError, match=r"3\.35\.0 or newer"):
        SQLiteStorage(url)
    assert not path.exists()


def test_attributes_come_in_the_order_of_their_names(path: Path) -> None:
    """As Optuna reads them from a file, whether this process stored the trial or another one did."""
    study = parzen.create_study(storage=f"sqlite:///{path}", study_name="ordered")
    trial = study.ask()
    for key in ("z", "b", "ä", "a", "B", "b"):
        study.set_user_attr(key, key)
        trial.set_user_attr(key, key)
    study.tell(trial, 1.0)
    again = parzen.load_study(study_name="ordered", storage=f"sqlite:///{path}")
    for attrs in (study.user_attrs, again.user_attrs, study.trials[0].user_attrs, again.trials[0].user_attrs):
        assert list(attrs) == ["B", "a", "b", "z", "ä"]
    assert list(study._storage.get_all_studies()[0].user_attrs) == ["z", "b", "ä", "a", "B"]
