"""How storages are opened, and studies named, found and copied by URL: arguments right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from differential import compare, differ

from parzen.exceptions import StorageInternalError

pytestmark = pytest.mark.bench

Opening = Callable[[Any, Callable[[str], str]], Any]  # of a library, and what gives a URL of its own
OPENINGS: dict[str, Opening] = {
    "pool": lambda o, url: o.storages.RDBStorage(url("a"), engine_kwargs={"pool_size": 5}).get_all_studies(),
    "timeout": lambda o, url: o.storages.RDBStorage(url("a"), {"connect_args": {"timeout": 5}}).get_all_studies(),
    "heartbeat": lambda o, url: (
        lambda s: (s.get_heartbeat_interval(), s.get_failed_trial_callback(), s.get_heartbeat_stale_trial_callback())
    )(o.storages.RDBStorage(url("a"), heartbeat_interval=60, grace_period=120)),
    "no_heartbeat": lambda o, url: o.storages.RDBStorage(url("a"), heartbeat_interval=0),
    "negative_heartbeat": lambda o, url: o.storages.RDBStorage(url("a"), heartbeat_interval=-1),
    "no_grace": lambda o, url: o.storages.RDBStorage(url("a"), grace_period=0),
    "fraction_of_a_heartbeat": lambda o, url: o.storages.RDBStorage(
        url("a"), heartbeat_interval=1.5
    ).get_heartbeat_interval(),
    "former_callback": lambda o, url: o.storages.RDBStorage(
        url("a"), heartbeat_interval=60, failed_trial_callback=o.storages.RetryFailedTrialCallback(max_retry=3)
    ).get_heartbeat_interval(),
    "callback": lambda o, url: o.storages.RDBStorage(
        url("a"),
        heartbeat_interval=60,
        heartbeat_stale_trial_callback=o.storages.RetryHeartbeatStaleTrialCallback(max_retry=3),
    ).get_heartbeat_interval(),
    "no_url": lambda o, url: o.storages.RDBStorage(None),
    "versions": lambda o, url: (lambda s: (s.get_current_version(), s.get_head_version(), s.get_all_versions()))(
        o.storages.RDBStorage(url("a"))
    ),
    "upgrade": lambda o, url: o.storages.RDBStorage(url("a")).upgrade(),
    "skipped_checks": lambda o, url: o.storages.RDBStorage(
        url("a"), skip_compatibility_check=True, skip_table_creation=False
    ).get_all_studies(),
    "journal_none": lambda o, url: o.storages.JournalStorage(None).get_all_studies(),
    "journal_locks": lambda o, url: [
        o.storages.JournalStorage(
            o.storages.journal.JournalFileBackend(
                f"{url('j')[10:]}{k}.log", lock_obj=getattr(o.storages.journal, k)(f"{url('j')[10:]}{k}.log")
            )
        ).create_new_study([o.study.StudyDirection.MINIMIZE], "a")
        for k in ("JournalFileOpenLock", "JournalFileSymlinkLock")
    ],
    "get_storage": lambda o, url: [
        type(o.storages.get_storage(x)).__name__ in ("InMemoryStorage", "_CachedStorage", "RDBStorage")
        for x in (None, url("a"))
    ],
    "never_retried": lambda o, url: [
        o.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number(o.trial.create_trial(value=1.0)),
        o.storages.RetryHeartbeatStaleTrialCallback.retry_history(o.trial.create_trial(value=1.0)),
    ],
    "fail_stale": lambda o, url: o.storages.fail_stale_trials(
        o.create_study(storage=o.storages.RDBStorage(url("h"), heartbeat_interval=1))
    ),
    "fail_stale_in_memory": lambda o, url: o.storages.fail_stale_trials(o.create_study()),
    "load_memory": lambda o, url: o.load_study(study_name="x", storage="sqlite:///:memory:"),
    "names": lambda o, url: o.get_all_study_names(url("a")),
    "names_of_no_storage": lambda o, url: o.get_all_study_names(None),
    "summaries": lambda o, url: o.get_all_study_summaries(storage=url("a"), include_best_trial=False),
    "copy_url": lambda o, url: (
        o.create_study(storage=url("c"), study_name="a"),
        o.copy_study(from_study_name="a", from_storage=url("c"), to_storage=url("d")),
        o.get_all_study_names(url("d")),
    )[2],
    "two_directions_file": lambda o, url: (
        o.create_study(storage=url("e"), study_name="e", directions=["maximize", "minimize"]).directions
    ),
    "duplicated": lambda o, url: o.create_study(storage=url("e"), study_name="e"),
    "loaded_with_another_direction": lambda o, url: (
        o.create_study(storage=url("e"), study_name="e", load_if_exists=True, direction="minimize").directions
    ),
    "hyperopt": lambda o, url: sorted(o.samplers.TPESampler.hyperopt_parameters()),
    "logger": lambda o, url: o.logging.get_logger("foo").name,
    "former_distribution": lambda o, url: repr(o.distributions.IntUniformDistribution(0, 5, 2)),
}


@pytest.mark.parametrize("name", OPENINGS)
def test_opening(name: str, tmp_path: Path) -> None:
    def scenario(o: Any) -> Any:
        if name == "duplicated" or name.startswith("loaded"):
            o.create_study(storage=f"sqlite:///{tmp_path}/{o.__name__}-e.db", study_name="e", directions=["maximize"])
        return OPENINGS[name](o, lambda file: f"sqlite:///{tmp_path}/{o.__name__}-{file}.db")

    compare(scenario)


# The errors of SQLAlchemy, and of the operating system, there: parzen's say what to do.
DIFFERENCES = {
    "empty_url": (lambda o: o.storages.RDBStorage(""), ValueError),
    "no_url": (lambda o: o.storages.RDBStorage("x"), ValueError),
    "no_folder": (lambda o: o.storages.RDBStorage("sqlite:////no/such/folder/a.db"), StorageInternalError),
    "no_folder_of_a_journal": (
        lambda o: o.storages.JournalStorage(o.storages.journal.JournalFileBackend("/no/such/a.log")),
        StorageInternalError,
    ),
    "storage_by_number": (lambda o: o.storages.get_storage(5), TypeError),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_difference(name: str) -> None:
    differ(*DIFFERENCES[name])
