"""Servers with the tables of older Optunas: they become what Optuna's own upgrade makes of such a file."""

from __future__ import annotations

import contextlib
import json
import math
import re
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import servers
from old.make import describe_study
from old_files import OLD

import parzen
from parzen.exceptions import StorageInternalError
from parzen.samplers import RandomSampler
from parzen.storage.rdb import schema
from parzen.storage.rdb.dialect import ENUMERATIONS, MYSQL, POSTGRESQL
from parzen.storage.rdb.server import ServerDatabase
from parzen.storages import RDBStorage

LARGEST = 3.4028234663852886e38  # where MySQL knew no infinity, Optuna stored the largest number of single precision
WORDS = {"state": "trialstate", "direction": "studydirection", "value_type": "trialvaluetype",
         "intermediate_value_type": "trialintermediatevaluetype"}  # fmt: skip

pytestmark = pytest.mark.filterwarnings("ignore:.*Distribution (is|has been) deprecated:FutureWarning")


@contextlib.contextmanager
def connected(url: str) -> Iterator[Any]:
    with servers.connect(url) as connection:
        if url.startswith("mysql"):
            connection.exec_driver_sql("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')")
        yield connection


def query(url: str, sql: str) -> list[Any]:
    with connected(url) as connection:
        result = connection.exec_driver_sql(sql)
        return [tuple(row) for row in result.fetchall()] if result.returns_rows else []


def put(source: Path, url: str) -> None:
    """Make the tables of a dump on a server, with its types, and fill them."""
    is_postgresql = url.startswith("postgresql")
    types = (POSTGRESQL if is_postgresql else MYSQL).types
    file = sqlite3.connect(":memory:")
    file.executescript(source.read_text(encoding="utf-8"))
    tables = dict(file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    indexes = [sql for (sql,) in file.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql <> ''")]
    with connected(url) as connection:
        for word, values in ENUMERATIONS.items() if is_postgresql else ():
            if any(re.search(rf"\b{column} VARCHAR", sql) for column, name in WORDS.items() for sql in tables.values()
                   if name == word):  # fmt: skip
                connection.exec_driver_sql(f"CREATE TYPE {word} AS ENUM {allowed(word, values, tables)}")
        for table in sorted(tables, key=lambda name: (name not in ("studies", "trials"), name)):
            sql = re.sub(r",\s*CONSTRAINT \w+ CHECK \(\w+ IN \(.*?\)\)", "", tables[table])
            for column, word in WORDS.items():
                name = word if is_postgresql else f"ENUM {allowed(word, ENUMERATIONS[word], tables)}"
                sql = re.sub(rf"\b{column} VARCHAR\(\d\)", f"{column} {name}", sql)
            key = "SERIAL" if is_postgresql else "INTEGER AUTO_INCREMENT"
            if table not in ("version_info", "alembic_version"):
                sql = re.sub(r"(\w+_id|\w+_value_id) INTEGER NOT NULL", rf"\1 {key} NOT NULL", sql, count=1)
            # A file holds a text that is longer than its column, and single precision would round.
            wider = {"VARCHAR(2048)": "VARCHAR(4096)", "DATETIME": types["time"], "FLOAT": types["float"]}
            for word, other in wider.items():
                sql = sql.replace(word, other)
            connection.exec_driver_sql(sql)
            for row in file.execute(f"SELECT * FROM {table}"):
                fitting = tuple(value if is_postgresql else finite(value) for value in row)
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", fitting)
            if is_postgresql and "SERIAL" in sql:
                key = sql.partition("(")[2].split()[0]
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{key}'), (SELECT MAX({key}) FROM {table}))"
                )
        for sql in indexes:
            connection.exec_driver_sql(sql)
    file.close()


def allowed(word: str, values: tuple[str, ...], tables: dict[str, str]) -> str:
    """Give the words of an enumeration, as the dump has them."""
    found = re.search(rf"CONSTRAINT {word} CHECK \(\w+ IN (\(.*?\))\)", " ".join(tables.values()))
    return found[1] if found else str(values)


def finite(value: Any) -> Any:
    return math.copysign(LARGEST, value) if isinstance(value, float) and math.isinf(value) else value


def upgrade(url: str) -> RDBStorage:
    storage = RDBStorage(url, skip_compatibility_check=True)
    storage.upgrade()
    return storage


def described(storage: Any) -> str:
    studies = {study.study_name: describe_study(storage, study) for study in storage.get_all_studies()}
    for study in studies.values():
        for trial in study["trials"]:
            trial["intermediate_values"] = [pair for pair in trial["intermediate_values"] if pair[1] == pair[1]]
    return json.dumps(studies, sort_keys=True)


def expected(source: Path) -> str:
    studies = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    for study in studies.values():
        for trial in study["trials"]:
            trial["intermediate_values"] = [pair for pair in trial["intermediate_values"] if pair[1] == pair[1]]
    return json.dumps(studies, sort_keys=True)


@pytest.mark.slow
@pytest.mark.parametrize("source", OLD, ids=lambda path: path.stem)
def test_old_tables_become_what_optuna_makes_of_them(source: Path, url: str) -> None:
    put(source, url)
    storage = upgrade(url)
    assert storage.get_current_version() == storage.get_head_version()
    assert described(storage) == described(RDBStorage(url)) == expected(source)
    study = parzen.load_study(study_name="least", storage=url, sampler=RandomSampler())
    study.enqueue_trial({"x": 0.5})
    study.tell(study.ask(), 1.0)
    assert study.trials[-1].value == 1.0


OLDEST = OLD[0]


def test_the_oldest_tables_are_refused_upgraded_and_then_left_alone(url: str) -> None:
    put(OLDEST, url)
    query(url, "DROP TABLE alembic_version")  # which Optuna 0.9 and 1.0 did not make
    with pytest.raises(RuntimeError, match="parzen storage upgrade"):
        RDBStorage(url)
    assert described(upgrade(url)) == expected(OLDEST)
    rows = query(url, "SELECT * FROM trial_values ORDER BY 1")
    upgrade(url)
    assert query(url, "SELECT * FROM trial_values ORDER BY 1") == rows
    assert query(url, "SELECT version_num FROM alembic_version") == [(RDBStorage(url).get_head_version(),)]


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.slow
@pytest.mark.parametrize("source", [OLDEST, OLD[2], OLD[4], OLD[6]], ids=lambda path: path.stem)
def test_an_upgrade_that_died_after_any_of_its_statements_goes_on(
    source: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt finds what the last one left, and gets one statement further; PostgreSQL has kept nothing of it."""
    put(source, url)
    head, old = schema.REVISION, query(url, "SELECT version_num FROM alembic_version")
    kept = [tuple(sorted(columns)) for columns in columns_of(url).values()]
    execute, left = ServerDatabase.execute, 0

    def dying(self: ServerDatabase, sql: str, parameters: Sequence[Any] = ()) -> int:
        nonlocal left
        left -= sql not in ("BEGIN", "COMMIT", "ROLLBACK")
        if left < 0 and sql != "ROLLBACK":
            raise Killed
        return execute(self, sql, parameters)

    for allowed in range(200):
        left = allowed
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(ServerDatabase, "execute", dying)
            upgrade(url)
        if query(url, "SELECT version_num FROM alembic_version") == [(head,)]:
            break
        assert query(url, "SELECT version_num FROM alembic_version") == old
        if url.startswith("postgresql"):
            assert [tuple(sorted(columns)) for columns in columns_of(url).values()] == kept
        with pytest.raises(RuntimeError, match="parzen storage upgrade"):
            RDBStorage(url)
    assert allowed > 10
    assert described(upgrade(url)) == expected(source)


def columns_of(url: str) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for table, column, *_ in query(url, (POSTGRESQL if url.startswith("postgresql") else MYSQL).columns):
        if table in schema.TABLES or table in schema.OWN_TABLES:
            columns.setdefault(table, []).append(column)
    return dict(sorted(columns.items()))


@pytest.mark.parametrize("revision", ["v9.0.0.a", "nonsense"])
def test_what_is_unknown_is_refused_and_left_alone(revision: str, url: str) -> None:
    parzen.create_study(storage=url)
    query(url, f"UPDATE alembic_version SET version_num = '{revision}'")
    with pytest.raises(RuntimeError, match=revision):
        upgrade(url)
    assert query(url, "SELECT version_num FROM alembic_version") == [(revision,)]


def test_a_distribution_that_no_optuna_wrote_stops_the_upgrade(url: str) -> None:
    put(OLDEST, url)
    query(url, "UPDATE trial_params SET distribution_json = 'nonsense' WHERE param_id = 3")
    with pytest.raises(StorageInternalError, match="nonsense"):
        upgrade(url)
    if url.startswith("postgresql"):  # all or nothing
        assert query(url, "SELECT COUNT(*) FROM trials WHERE value IS NOT NULL") != [(0,)]
    query(url, "DELETE FROM trial_params WHERE param_id = 3")
    upgrade(url)
    assert len(RDBStorage(url).get_all_studies()) > 1


@pytest.mark.slow
def test_single_precision_becomes_double_and_its_largest_number_infinity() -> None:
    """As Optuna 2 had it in MySQL."""
    url = servers.new_database("mysql")
    put(OLD[4], url)
    query(url, "UPDATE trial_values SET value = 0.1 WHERE ABS(value) NOT BETWEEN 3.4e38 AND 3.41e38")
    query(url, "ALTER TABLE trial_values MODIFY value FLOAT NOT NULL")
    query(url, "ALTER TABLE trial_params MODIFY param_value FLOAT")
    upgrade(url)
    types = dict(query(url, "SELECT column_name, column_type FROM information_schema.columns WHERE table_name IN "
                            "('trial_params', 'trial_values') AND table_schema = DATABASE()"))  # fmt: skip
    assert (types["param_value"], types["value"]) == ("double", "double")
    found = query(url, "SELECT DISTINCT value_type FROM trial_values ORDER BY value_type")
    assert {kind for (kind,) in found} == {"FINITE", "INF_POS", "INF_NEG"}


@pytest.mark.bench
@pytest.mark.slow
@pytest.mark.parametrize("source", [path for path in OLD if "_1" not in path.stem and "_2.0" not in path.stem])
def test_the_installed_optuna_upgrades_servers_alike(source: Path, kind: str, url: str) -> None:
    optuna = pytest.importorskip("optuna")
    theirs = servers.new_database(kind)
    put(source, url)
    put(source, theirs)
    upgrade(url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = optuna.storages.RDBStorage(theirs, skip_compatibility_check=True)
        old.upgrade()
    for table, columns in columns_of(theirs).items():
        if table != "version_info":
            sql = f"SELECT {', '.join(map(json.dumps, columns))} FROM {table}"
            assert sorted(map(repr, query(url, sql))) == sorted(map(repr, query(theirs, sql))), table
    new = optuna.storages.RDBStorage(url)
    assert described(new) == described(RDBStorage(url)) == described(RDBStorage(theirs)) == expected(source)
    for storage in (old, new):
        storage.remove_session()
        storage.engine.dispose()
    study = parzen.load_study(study_name="least", storage=theirs)
    trial = study.ask()
    trial.report(math.nan, 1)
    study.tell(trial, 1.0)
    assert study.trials[-1].value == 1.0
