"""Storages in databases with Optuna's tables, so that Optuna opens them, too: SQLite, PostgreSQL, MySQL, MariaDB.

The way of one INSERT; every verb that changes a trial goes like this:

    trials       `RelationalStorage.create_new_trial`, then `_create`: checks, and what is to be stored
    database       `Database.once`: BEGIN, the work, COMMIT, in a file (sqlite) or on a server (server); a server
                   takes several statements by one message (messages)
    writing          `lock_study`, `insert_trials`: records to rows (rows), by SQL of the dialect (statements, dialect)
    workers          `Workers.claim`: which process runs the trial, if the storage has a heartbeat
    histories      `Histories.add`: the trial joins the columns that this process keeps

What other processes wrote comes in by `Histories.pull` and reading, at first by bulk. The classes that users open are
in rdb_storage and sqlite_storage, the verbs on studies in studies, those that read trials in finding; schema creates
tables and upgrading changes them, as server_schema and server_upgrading do on servers.
"""

from .rdb_storage import RDBStorage
from .sqlite_storage import SQLiteStorage

__all__ = ["RDBStorage", "SQLiteStorage"]
