"""The order of attributes: what Optuna gives for a file or a database, parzen gives for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import servers

import parzen

optuna = pytest.importorskip("optuna")
KEYS = ("z", "b", "ä", "a", "B", "b")  # one of them is set twice
pytestmark = pytest.mark.bench


@pytest.fixture(params=["sqlite", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database. PostgreSQL is not one of them: there Optuna gives no order that lasts."""
    return f"sqlite:///{tmp_path}/study.db" if request.param == "sqlite" else servers.new_database("mysql")


def write(library: Any, url: str, keys: tuple[str, ...]) -> Any:
    study = library.create_study(storage=url, study_name="ordered")
    trial = study.ask()
    for place, key in enumerate(keys):
        study.set_user_attr(key, place)
        study._storage.set_study_system_attr(study._study_id, key, place)
        trial.set_user_attr(key, place)
        study._storage.set_trial_system_attr(trial._trial_id, key, place)
    study.tell(trial, 1.0)
    once = dict.fromkeys(keys, 0)
    study.add_trial(library.trial.create_trial(value=1.0, user_attrs=once, system_attrs=once))
    return study


def orders(study: Any) -> list[list[str]]:
    storage = study._storage
    listed = storage.get_all_studies()[0]
    of_study = [study.user_attrs, storage.get_study_system_attrs(study._study_id), listed.user_attrs]
    trials = [*study.trials, storage.get_trial(study.trials[0]._trial_id)]
    found = [*of_study, listed.system_attrs, *(attrs for t in trials for attrs in (t.user_attrs, t.system_attrs))]
    return [[key for key in attrs if not key.startswith("parzen:")] for attrs in found]


@pytest.mark.parametrize("writer", [optuna, parzen])
def test_attributes_come_in_the_order_of_optuna(writer: Any, url: str) -> None:
    keys = KEYS if url.startswith("sqlite") else ("z", "b", "a", "c", "b")  # which no collation takes for one another
    writing = orders(write(writer, url, keys))
    theirs, ours = (orders(library.load_study(study_name="ordered", storage=url)) for library in (optuna, parzen))
    assert ours == theirs
    if writer is parzen:
        assert writing == ours
