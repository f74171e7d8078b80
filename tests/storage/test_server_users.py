"""Servers as people have them: pools, schemas, users with few rights, tables of Optuna's, and errors that say why."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import servers

import parzen
from parzen.distributions import FloatDistribution
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storages import RDBStorage
from parzen.trial import TrialState

UNIT = FloatDistribution(0.0, 1.0)


@pytest.fixture
def mysql() -> str:
    return servers.new_database("mysql")


def connections(kind: str, name: str) -> int:
    """Count the connections to a database."""
    if kind == "postgresql":
        sql = f"SELECT COUNT(*) FROM pg_stat_activity WHERE datname = '{name}'"
    else:
        sql = f"SELECT COUNT(*) FROM information_schema.processlist WHERE db = '{name}'"
    return int(servers.run(kind, sql)[0][0])


# --- engines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"pool_size": 1, "max_overflow": 0, "pool_timeout": 2},
        {"pool_use_lifo": True, "pool_pre_ping": True, "pool_recycle": 60},
        {"isolation_level": "SERIALIZABLE"},
        {"isolation_level": "READ COMMITTED"},
        {"isolation_level": "AUTOCOMMIT", "connect_args": {}},
    ],
    ids=lambda options: "-".join(options),
)
def test_arguments_of_sqlalchemys_engine_work(options: dict[str, Any], url: str) -> None:
    storage = RDBStorage(url, engine_kwargs=options)
    study = parzen.create_study(storage=storage, sampler=RandomSampler())
    trial = study.ask({"x": UNIT})
    with storage.engine.connect() as connection:  # a pool of one has it to spare
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM trials").scalar_one() == 1
    study.tell(trial, 1.0)
    variable = "transaction_isolation" if url.startswith("postgresql") else "tx_isolation"
    shown = storage._db.query(f"SHOW VARIABLES LIKE '{variable}'" if "mysql" in url else f"SHOW {variable}")[0][-1]
    wanted = options.get("isolation_level", "AUTOCOMMIT")
    assert wanted == "AUTOCOMMIT" or shown.upper().replace("-", " ") == wanted
    assert study.best_value == 1.0


def test_without_a_pool_no_connection_is_held_while_an_objective_trains(kind: str, url: str) -> None:
    from sqlalchemy.pool import NullPool

    storage = RDBStorage(url, engine_kwargs={"poolclass": NullPool})
    study, seen = parzen.create_study(storage=storage, sampler=RandomSampler()), []

    def objective(trial: parzen.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        seen.append(connections(kind, url.rpartition("/")[2]))
        return x

    study.optimize(objective, n_trials=2)
    assert seen == [0, 0]
    assert len(study.trials) == 2


def test_who_finds_no_free_connection_waits_his_turn(kind: str, url: str) -> None:
    """A pool of one that another thread of the program uses for longer than a wrong address is tried."""
    storage = RDBStorage(url, engine_kwargs={"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.1})
    study = parzen.create_study(storage=storage)
    taken = storage.engine.connect()
    threading.Timer(4.0, taken.close).start()
    study.tell(study.ask(), 1.0)
    assert study.best_value == 1.0


# --- users -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def user_with(kind: str, url: str, rights: str) -> Iterator[str]:
    """Make a user with rights on the tables of a database, and give the URL in that user's name."""
    name, password = f"u{uuid.uuid4().hex[:12]}", "pw"
    if kind == "postgresql":
        servers.run(kind, f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        grants = [f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {name}"]
        grants += [f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}"] * ("INSERT" in rights)
        host, drop = name, f"DROP ROLE {name}"
    else:
        host = f"{name}@'%%'"
        servers.run(kind, f"CREATE USER {host} IDENTIFIED BY '{password}'")
        grants, drop = [f"GRANT {rights} ON {url.rpartition('/')[2]}.* TO {host}"], f"DROP USER {host}"
    with servers.connect(url) as connection:
        for grant in grants:
            connection.exec_driver_sql(grant)
        scheme, _, rest = url.partition("://")
        try:
            yield f"{scheme}://{name}:{password}@{rest.rpartition('@')[2]}"
        finally:
            if kind == "postgresql":
                connection.exec_driver_sql(f"DROP OWNED BY {name}")
            servers.run(kind, drop)


def without_own_tables(url: str) -> None:
    """Leave the tables that Optuna makes."""
    RDBStorage(url).remove_session()
    with servers.connect(url) as connection:
        for table in ("parzen_claims", "parzen_workers"):
            connection.exec_driver_sql(f"DROP TABLE {table}")


def test_a_user_who_may_create_nothing_works_on_optunas_tables(
    kind: str, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    without_own_tables(url)
    with user_with(kind, url, "SELECT, INSERT, UPDATE, DELETE") as address:
        storage = RDBStorage(address, heartbeat_interval=60)
        assert capfd.readouterr().err.count("Without them work goes on") == 1
        study = parzen.create_study(storage=storage, study_name="shared", sampler=RandomSampler())
        study.enqueue_trial({"x": 0.5})
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
        batch = study.ask_batch(2, {"x": UNIT})
        study.tell_batch(batch, batch["x"])
        study.correct_trial(1, 0.25)
        study.delete_trial(2)
        running = study.ask()
        assert [trial.number for trial in parzen.load_study(study_name="shared", storage=url).trials] == list(range(6))
        beats = storage._db.query("SELECT trial_id FROM trial_heartbeats WHERE trial_id = ?", (running._trial_id,))
        assert beats == [(running._trial_id,)]  # as Optuna's workers note that they live
        parzen.delete_study(study_name="shared", storage=storage)
        storage.remove_session()


def test_a_user_who_may_only_read_reads(kind: str, url: str) -> None:
    study = parzen.create_study(storage=url, study_name="shared", sampler=RandomSampler())
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    with user_with(kind, url, "SELECT") as address:
        theirs = parzen.load_study(study_name="shared", storage=address)
        assert theirs.best_value == study.best_value
        assert len(theirs.trials) == 3
        with pytest.raises(StorageInternalError, match="The user in the URL lacks a right"):
            theirs.ask()
        theirs._storage.remove_session()


def test_a_user_who_may_create_nothing_is_told_so(kind: str, url: str) -> None:
    with servers.connect(url) as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text VARCHAR(9))")
    with user_with(kind, url, "SELECT") as address, pytest.raises(StorageInternalError, match="lacks a right"):
        RDBStorage(address)


# --- schemas of PostgreSQL -------------------------------------------------------------------------------------------


def test_tables_in_a_schema_of_the_search_path_are_found_and_others_do_not_count() -> None:
    url = servers.new_database("postgresql")
    with servers.connect(url) as connection:
        for schema in ("app", "mine"):
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    mine = f"{url}?options=-csearch_path%3Dmine"
    study = parzen.create_study(storage=mine, study_name="mine")
    study.tell(study.ask({"x": UNIT}), 1.0)
    found = parzen.load_study(study_name="mine", storage=f"{url}?options=-csearch_path%3Dapp,mine")
    assert found.best_value == 1.0
    assert parzen.get_all_study_names(url) == []
    with pytest.raises(StorageInternalError, match="no schema to create tables in"):
        RDBStorage(servers.new_database("postgresql") + "?options=-csearch_path%3Dnone")


# --- errors ----------------------------------------------------------------------------------------------------------


def attempts(storage: RDBStorage, sql: str) -> int:
    """Count how often a statement is sent until its error is told."""
    db, sent = storage._db, []
    run = db._run

    def note(statements: Any) -> Any:
        sent.append(statements)
        return run(statements)

    db._run = note
    with pytest.raises(StorageInternalError, match="could not do it"):
        db.execute(sql)
    del db._run
    return len(sent)


def test_what_cannot_heal_is_told_at_once(kind: str, url: str) -> None:
    storage = RDBStorage(url)
    raised = {
        "postgresql": "DO $$ BEGIN RAISE SQLSTATE '{0}'; END $$",
        "mysql": "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {0}",
    }
    full, lost = {"postgresql": ("53100", "08006"), "mysql": ("1021", "1213")}[kind]
    assert attempts(storage, "SELEKT 1") == 1
    assert attempts(storage, "SELECT * FROM absent") == 1
    assert attempts(storage, raised[kind].format(full)) == 1
    storage._db._timeout = 0.5
    assert attempts(storage, raised[kind].format(lost)) > 1
    with pytest.raises(StorageInternalError, match="Create the database"):
        RDBStorage(f"{url}_absent")


@pytest.mark.slow
def test_a_packet_that_is_too_large_is_told_at_once_and_the_study_goes_on(mysql: str) -> None:
    study = parzen.create_study(storage=mysql)
    trial = study.ask()
    limit = int(study._storage._db.query("SELECT @@max_allowed_packet")[0][0])
    if limit > 2**26:
        pytest.skip("this server takes a lot")
    with pytest.raises(StorageInternalError, match="max_allowed_packet") as caught:
        trial.set_user_attr("large", "x" * (limit + 1000))
    assert "tried for" not in str(caught.value)
    trial.set_user_attr("small", 1)
    study.tell(trial, 1.0)
    assert parzen.load_study(study_name=study.study_name, storage=mysql).trials[0].user_attrs == {"small": 1}


# --- tables of Optuna's in MySQL -------------------------------------------------------------------------------------


@pytest.fixture
def as_optuna_makes_it(mysql: str) -> str:
    """Give a database with the collation and the short texts that tables of Optuna's have."""
    RDBStorage(mysql).remove_session()
    with servers.connect(mysql) as connection:
        connection.exec_driver_sql("SET foreign_key_checks = 0")
        for table in ("studies", "study_user_attributes", "trial_params", "trial_user_attributes"):
            connection.exec_driver_sql(
                f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
            )
        connection.exec_driver_sql("ALTER TABLE trial_user_attributes MODIFY value_json TEXT")
    return mysql


@pytest.mark.slow
def test_names_that_a_collation_takes_for_one_are_an_error_before_anything_is_stored(as_optuna_makes_it: str) -> None:
    study = parzen.create_study(storage=as_optuna_makes_it, study_name="study")
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    for holder in (trial, study):
        holder.set_user_attr("x", "first")
    for alike in ("X", "x ", "ẍ"):
        with pytest.raises(StorageInternalError, match="takes both for one"):
            trial.suggest_float(alike, 2, 3)
        for holder in (trial, study):
            with pytest.raises(StorageInternalError, match="takes both for one"):
                holder.set_user_attr(alike, "second")
    trial.set_user_attr("x", "again")
    study.tell(trial, 1.0)
    found = parzen.load_study(study_name="study", storage=as_optuna_makes_it)
    assert (found.trials[0].params, found.trials[0].user_attrs, found.user_attrs) == (
        {"x": x}, {"x": "again"}, {"x": "first"},
    )  # fmt: skip
    with pytest.raises(StorageInternalError, match="takes the name for that of the study 'study'"):
        parzen.create_study(storage=as_optuna_makes_it, study_name="Study", load_if_exists=True)
    with pytest.raises(KeyError):
        parzen.load_study(study_name="Study", storage=as_optuna_makes_it)


@pytest.mark.slow
def test_a_lax_server_cuts_nothing_off(as_optuna_makes_it: str) -> None:
    lax = {"connect_args": {"init_command": "SET sql_mode = ''"}}
    study = parzen.create_study(storage=RDBStorage(as_optuna_makes_it, engine_kwargs=lax))
    trial = study.ask()
    with pytest.raises(StorageInternalError, match="too large for the server"):
        trial.set_user_attr("long", "x" * 100_000)
    study.tell(trial, state=TrialState.FAIL)
    assert parzen.load_study(study_name=study.study_name, storage=as_optuna_makes_it).trials[0].user_attrs == {}
