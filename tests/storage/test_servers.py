"""What is particular about PostgreSQL, MySQL and MariaDB; the contract suite holds them to the rest."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

import pytest
import servers
from running import run_together

import parzen
from parzen.benchmarks.speed.round_trips import relay
from parzen.distributions import FloatDistribution, IntDistribution
from parzen.exceptions import DuplicatedStudyError, StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storages import RDBStorage
from parzen.trial import TrialState

UNIT = FloatDistribution(0.0, 1.0)


def new_study(url: str) -> parzen.Study:
    return parzen.create_study(storage=url, study_name="shared", sampler=RandomSampler(seed=0), load_if_exists=True)


@pytest.mark.slow
def test_processes_create_the_tables_at_once(url: str) -> None:
    run_together([["create", url, f"study {i}"] for i in range(4)])
    for i in range(4):
        study = parzen.load_study(study_name=f"study {i}", storage=url)
        assert [trial.number for trial in study.get_trials(states=[TrialState.COMPLETE])] == list(range(5))


@pytest.mark.slow
def test_processes_share_a_study_without_gaps_and_run_enqueued_trials_once(url: str) -> None:
    study = new_study(url)
    for i in range(20):
        study.enqueue_trial({"x": i / 20}, user_attrs={"enqueued": i})
    lines = [line.split() for output in run_together([["work", url, "15"]] * 4) for line in output]
    assert sorted(int(number) for number, _ in lines) == list(range(60))
    assert sorted(int(value) for _, value in lines if value != "-") == list(range(20))
    assert [trial.number for trial in study.trials] == list(range(60))
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


def test_the_engine_reads_what_was_stored(url: str) -> None:
    study = new_study(url)
    study.tell(study.ask(), 1.5)
    storage = study._storage
    assert isinstance(storage, RDBStorage)
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT value FROM trial_values").fetchall() == [(1.5,)]
    storage.engine.dispose()
    study.tell(study.ask(), 2.5)
    assert len(study.trials) == 2


# --- a server that breaks off ----------------------------------------------------------------------------------------


def connections_to(kind: str, name: str) -> Sequence[int]:
    if kind == "postgresql":
        sql = f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    else:
        sql = f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"
    return [int(row[0]) for row in servers.run(kind, sql)]


def cut_connections(kind: str, name: str) -> None:
    """Let the server close every connection to a database, in the middle of whatever it does."""
    for identifier in connections_to(kind, name):
        try:
            servers.run(
                kind, f"SELECT pg_terminate_backend({identifier})" if kind == "postgresql" else f"KILL {identifier}"
            )
        except Exception:  # it ended by itself
            continue


def test_cut_connections_lose_nothing_and_double_nothing(kind: str, url: str) -> None:
    study = new_study(url)
    name, is_over, n_cuts = url.rpartition("/")[2], threading.Event(), 0

    def cut() -> None:
        nonlocal n_cuts
        while not is_over.wait(0.03):
            cut_connections(kind, name)
            n_cuts += 1

    killer = threading.Thread(target=cut)
    killer.start()
    told: list[tuple[int, float]] = []
    try:
        while n_cuts <= 15 or len(told) < 60:
            trial = study.ask()
            x = trial.suggest_float("x", 0, 1)
            trial.report(x, 1)
            trial.set_user_attr("x", x)
            told.append((trial.number, x))
            study.tell(trial, x)
            if len(told) % 5 == 0:
                batch = study.ask_batch(3, {"x": UNIT})
                told += zip(batch.numbers, batch["x"], strict=True)
                study.tell_batch(batch, batch["x"])
    finally:
        is_over.set()
        killer.join()
    found = [(trial.number, trial.value) for trial in new_study(url).trials]
    assert found == told
    assert [number for number, _ in told] == list(range(len(told)))


def test_an_end_that_was_stored_before_the_connection_broke_is_not_done_again(url: str) -> None:
    storage = RDBStorage(url)
    study_id = storage.create_new_study([parzen.study.StudyDirection.MINIMIZE])
    db = storage._db
    run, ends = db._run, []

    def lose_the_answer(statements: Sequence[tuple[str, object]]) -> object:
        result = run(statements)
        if statements[-1][0] == "COMMIT" and not ends:
            ends.append(statements)
            db.close()
            db._fail(lost())
        return result

    db._run = lose_the_answer
    trial_id = storage.create_new_trial(study_id)
    assert ends
    del db._run
    assert [trial._trial_id for trial in storage.get_all_trials(study_id)] == [trial_id]
    assert storage.get_trial(trial_id).number == 0


def lost() -> Exception:
    from sqlalchemy.exc import OperationalError

    return OperationalError("COMMIT", None, OSError("the connection is lost"))


def test_a_deadlock_is_tried_again(kind: str, url: str) -> None:
    import sqlalchemy

    study = new_study(url)
    trial = study.ask()
    trial.suggest_float("known", 0, 1)
    with servers.connect(url) as other:
        other.exec_driver_sql("BEGIN")
        other.exec_driver_sql(f"SELECT 1 FROM trials WHERE trial_id = {trial._trial_id} FOR UPDATE")
        # A new name locks the study, then the trial, which the other one holds.
        ours = threading.Thread(target=lambda: trial.suggest_float("new", 0, 1))
        ours.start()
        time.sleep(0.5)
        with contextlib.suppress(sqlalchemy.exc.OperationalError):  # the server chose this one
            other.exec_driver_sql("SELECT 1 FROM studies FOR UPDATE")
        other.exec_driver_sql("ROLLBACK")
    ours.join(60)
    assert not ours.is_alive()
    assert set(new_study(url).trials[0].params) == {"known", "new"}


# --- statements ------------------------------------------------------------------------------------------------------


def messages(study: parzen.Study, verb: Callable[[], object]) -> list[str]:
    """Give the first words of the statements of every message that a verb sends to the server."""
    db, sent = study._storage._db, []
    run = db._run

    def note(statements: Sequence[tuple[str, object]]) -> object:
        sent.append(" ".join(sql.split()[0] for sql, _ in [*db._unsent, *statements]))
        return run(statements)

    db._run = note
    try:
        verb()
    finally:
        del db._run
    return sent


def test_every_verb_sends_these_statements_and_no_more(url: str) -> None:
    study = new_study(url)
    trial = study.ask()
    study.tell(trial, trial.suggest_float("x", 0, 1))
    asked: list[parzen.Trial] = []
    done = "INSERT COMMIT"  # the row that says what was done last
    assert messages(study, lambda: asked.append(study.ask())) == ["SELECT", "BEGIN SELECT INSERT SELECT", done]
    trial = asked[0]
    study.trials  # noqa: B018 - the name is known from here on
    assert messages(study, lambda: trial.suggest_float("x", 0, 1)) == ["INSERT"]
    assert messages(study, lambda: trial.report(1.0, 0)) == ["INSERT"]
    assert messages(study, lambda: trial.set_user_attr("a", 1)) == ["INSERT"]
    # What others may have written to the trial is counted, and its value stored.
    assert messages(study, lambda: study.tell(trial, 1.0)) == ["BEGIN UPDATE SELECT", f"INSERT {done}"]


def test_a_trial_takes_so_many_round_trips(url: str) -> None:
    import sqlalchemy

    address = sqlalchemy.make_url(url)
    assert address.host is not None and address.port is not None
    with relay(address.host, address.port) as between:
        through = address.set(host="127.0.0.1", port=between.port)
        study = new_study(through.render_as_string(hide_password=False))
        space = {f"x{i}": UNIT for i in range(5)}
        asked: list[parzen.Trial] = []
        for _ in range(3):
            study.tell(study.ask(space), 1.0)
        assert between.count(lambda: asked.append(study.ask(space))) <= 3
        trial = asked.pop()
        assert between.count(lambda: trial.suggest_float("x0", 0, 1)) == 0
        assert between.count(lambda: trial.report(1.0, 1)) == 1
        assert between.count(lambda: study.tell(trial, 1.0)) <= 2
        assert between.count(lambda: asked.append(study.ask())) <= 3
        study.tell(asked.pop(), 1.0)
        assert between.count(lambda: study.ask_batch(64, space)) <= 3
        study._storage.remove_session()
    assert [trial.params.keys() for trial in new_study(url).trials[-64:]] == [space.keys()] * 64


# --- what servers see differently ------------------------------------------------------------------------------------


def test_names_that_differ_in_case_accents_or_blanks_are_different(url: str) -> None:
    names = [
        "x",
        "X",
        "x ",
        "ä",
        "a",
        "Ä",
        "ß",
        "ss",
        "🚀",
        "一",
        "'; DROP TABLE trials; --",
        '"',
        "%s",
        "?",
        ":x",
        "\\",
    ]
    storage = RDBStorage(url)
    for name in names:
        parzen.create_study(study_name=name, storage=storage)
    assert sorted(parzen.get_all_study_names(storage)) == sorted(names)
    with pytest.raises(DuplicatedStudyError):
        parzen.create_study(study_name="x", storage=storage)
    study = new_study(url)
    trial = study.ask()
    for i, name in enumerate(names):
        trial.suggest_int(name, i, i)
        trial.set_user_attr(name, name)
        study.set_user_attr(name, name)
    study.tell(trial, 1.0)
    found = new_study(url)
    assert found.trials[0].params == {name: i for i, name in enumerate(names)}
    assert found.trials[0].user_attrs == found.user_attrs == {name: name for name in names}


def test_large_attributes(url: str) -> None:
    study = new_study(url)
    text = "ä🚀" * 500_000
    trial = study.ask()
    trial.set_user_attr("large", text)
    study.tell(trial, 1.0)
    assert new_study(url).trials[0].user_attrs["large"] == text


def test_what_the_server_cannot_hold_is_an_error_and_changes_nothing(url: str) -> None:
    study = new_study(url)
    trial = study.ask()
    with pytest.raises(StorageInternalError, match="could not do it"):
        trial.set_user_attr("k" * 513, 1)
    assert trial.suggest_float("x", 0, 1) <= 1
    study.tell(trial, 1.0)
    assert new_study(url).trials[0].user_attrs == {}


def test_another_schema_of_a_name_is_checked_against_what_others_stored(url: str) -> None:
    first, second = new_study(url), new_study(url)
    trial = second.ask()
    first.ask({"x": UNIT})
    with pytest.raises(ValueError, match="kind"):
        trial.suggest_int("x", 0, 1)
    assert second.trials[0].params == {}
    second.ask({"y": IntDistribution(0, 1)})


# --- opening ---------------------------------------------------------------------------------------------------------


def test_tables_and_views_of_others_stay_beside_ours(kind: str, url: str) -> None:
    import sqlalchemy

    with servers.connect(url) as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text VARCHAR(9))")
        connection.exec_driver_sql("CREATE VIEW short_notes AS SELECT text FROM notes")
        study = new_study(url)
        study.tell(study.ask({"x": UNIT}), 1.0)
        assert new_study(url).best_value == 1.0
        assert {"notes", "trials"} <= set(sqlalchemy.inspect(connection).get_table_names())


@pytest.mark.parametrize(
    "taken", ["trials (number INTEGER)", "studies (name INTEGER)", "alembic_version (version_num INTEGER)"]
)
def test_names_that_something_else_has_taken_are_told(url: str, taken: str) -> None:
    with servers.connect(url) as connection:
        connection.exec_driver_sql(f"CREATE TABLE {taken}")
        with pytest.raises(StorageInternalError, match=rf"{taken.split()[0]}.*something else.*another database"):
            RDBStorage(url)
        assert len(servers.tables(connection)) == 1


def test_tables_that_a_killed_process_left_half_made_are_completed(url: str) -> None:
    if not url.startswith("mysql"):
        pytest.skip("PostgreSQL creates all tables in one transaction")
    with servers.connect(url) as connection:
        RDBStorage(url)
        for table in ("parzen_claims", "alembic_version", "trial_heartbeats", "trial_values"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    study = new_study(url)
    study.tell(study.ask({"x": UNIT}), 1.0)
    assert new_study(url).best_value == 1.0


def test_a_server_of_another_revision_is_refused(url: str) -> None:
    RDBStorage(url)._db.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    with pytest.raises(RuntimeError, match=r"v99\.0\.0\.a, but v3\.2\.0\.a is expected"):
        RDBStorage(url)


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_an_error_without_the_password() -> None:
    pytest.importorskip("sqlalchemy")
    for address in ("postgresql://me:secret@127.0.0.1:1/none", "mysql://me:secret@127.0.0.1:1/none"):
        with pytest.raises(StorageInternalError, match="Check that the server runs") as caught:
            RDBStorage(address)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("module", ["sqlalchemy", "psycopg"])
def test_a_driver_that_is_missing_is_named_with_its_extra(module: str) -> None:
    code = f"import sys; sys.modules[{module!r}] = None; import parzen; parzen.create_study(storage='postgresql://x/y')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "parzen[rdb]"' in ran.stderr.splitlines()[-1]
