"""Files written by parzen open in Optuna and the other way round, with equal everything."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import parzen

optuna = pytest.importorskip("optuna")

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*recorded as failed"),
]

Library = ModuleType
PAIRS = [pytest.param(parzen, optuna, id="parzen-to-optuna"), pytest.param(optuna, parzen, id="optuna-to-parzen")]


@pytest.fixture(autouse=True)
def quiet() -> None:
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.ERROR)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.db"


def close(study: Any) -> None:
    """Let go of the file, so that the other library is the only one to have it."""
    study._storage.remove_session()
    if not isinstance(study._storage, parzen.storages.BaseStorage):
        study._storage._backend.engine.dispose()


def create(library: Library, path: Path, **options: Any) -> Any:
    sampler = library.samplers.RandomSampler(seed=1)
    return library.create_study(storage=f"sqlite:///{path}", study_name="shared ü", sampler=sampler, **options)


def load(library: Library, path: Path) -> Any:
    sampler = library.samplers.RandomSampler(seed=2)
    return library.load_study(storage=f"sqlite:///{path}", study_name="shared ü", sampler=sampler)


def plain(value: Any) -> Any:
    """Turn values of either library into ones that compare, NaN equal to NaN."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def described(trial: Any) -> dict[str, Any]:
    """Say all that a trial of either library holds."""
    return {
        "number": trial.number,
        "id": trial._trial_id,
        "state": trial.state.name,
        "values": trial.values,
        "start": trial.datetime_start,
        "complete": trial.datetime_complete,
        "params": list(plain(trial.params).items()),
        "types": [type(value) for value in trial.params.values()],
        "distributions": [(name, repr(dist)) for name, dist in trial.distributions.items()],
        "reports": list(plain(trial.intermediate_values).items()),
        "user_attrs": plain(trial.user_attrs),
        "system_attrs": plain(trial.system_attrs),
        "constraints": trial.constraints,
    }


def assert_equal(one: Any, other: Any) -> None:
    assert [described(trial) for trial in one.trials] == [described(trial) for trial in other.trials]
    assert plain(one.user_attrs) == plain(other.user_attrs)
    assert one.metric_names == other.metric_names
    assert [direction.name for direction in one.directions] == [direction.name for direction in other.directions]


# --- what is written -------------------------------------------------------------------------------------------------


def suggest_all(trial: Any) -> float:
    """Suggest parameters of all kinds, some of them in some trials only."""
    x = trial.suggest_float("x", -1.0, 1.0)
    trial.suggest_float("learning rate", 1e-8, 10.0, log=True)
    trial.suggest_float("step", 0.0, 1.0, step=0.125)
    trial.suggest_int("n", -5, 5)
    if trial.number % 2:
        trial.suggest_int("n log", 1, 1024, log=True)
        trial.suggest_int("n step", 0, 30, step=3)
    else:
        trial.suggest_categorical("ключ 🚀", ["a", None, True, 3, 0.5, math.inf, math.nan, "ü'\"\\"])
    trial.suggest_categorical("single", ["only"])
    return x


def attach_all(trial: Any) -> None:
    trial.set_user_attr("nested", {"a": [1, None, {"b": "ä 🚀"}]})
    trial.set_user_attr("special", [math.inf, -math.inf, math.nan])
    trial.set_constraint("memory", -0.25 if trial.number % 3 else 0.5)


def write_single(library: Library, path: Path) -> Any:
    """Write a study of one objective with trials in every state."""
    study = create(library, path, direction="maximize")
    study.set_user_attr("note", {"text": "ä 🚀", "n": [1.5, None]})
    study.set_metric_names(["accuracy"])
    for number in range(12):
        trial = study.ask()
        x = suggest_all(trial)
        attach_all(trial)
        for step, value in enumerate([x, math.nan, math.inf, -math.inf, 5e-324, 1e308]):
            trial.report(value, 2 * step)
        ends = [(x, None), (math.inf, None), (-math.inf, None), (None, "PRUNED"), (None, "FAIL"), (1e-310, None)]
        value, state = ends[number % 6]
        study.tell(trial, value, state=getattr(library.trial.TrialState, state) if state else None)
    suggest_all(study.ask())
    study.ask()
    study.enqueue_trial({"x": 0.25, "n": 3, "ключ 🚀": None}, user_attrs={"why": "a guess"})
    study.enqueue_trial({"x": -0.5})
    study.add_trial(
        library.trial.create_trial(
            value=7.0, params={"x": 0.5}, distributions={"x": library.distributions.FloatDistribution(-1.0, 1.0)},
            intermediate_values={3: 0.1}, user_attrs={"from": "elsewhere"}, system_attrs={"constraints": [0.0, -1.0]},
        )
    )  # fmt: skip
    return study


def write_multi(library: Library, path: Path) -> Any:
    """Write a study of three objectives."""
    study = create(library, path, directions=["minimize", "maximize", "minimize"])
    study.set_metric_names(["loss", "accuracy", "size"])
    for number in range(8):
        trial = study.ask()
        x = suggest_all(trial)
        attach_all(trial)
        if number == 5:
            study.tell(trial, state=library.trial.TrialState.FAIL)
        else:
            study.tell(trial, [x, -x if number % 2 else math.inf, float(number)])
    study.ask()
    study.enqueue_trial({"x": 0.5})
    return study


WRITERS: list[Callable[[Library, Path], Any]] = [write_single, write_multi]

# --- what is checked -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_one_reads_what_the_other_wrote(writer: Library, reader: Library, write: Any, path: Path) -> None:
    written = write(writer, path)
    before = [described(trial) for trial in written.trials]
    close(written)
    read = load(reader, path)
    assert [described(trial) for trial in read.trials] == before
    assert_equal(written, read)
    if len(written.directions) == 1:
        assert described(read.best_trial) == described(written.best_trial)
    else:
        assert [t.number for t in read.best_trials] == [t.number for t in written.best_trials]
    (one,), (other,) = (
        library.get_all_study_summaries(storage=f"sqlite:///{path}") for library in (writer, reader)
    )  # fmt: skip
    for field in ("study_name", "n_trials", "datetime_start"):
        assert getattr(one, field) == getattr(other, field)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_the_other_goes_on_and_the_first_reads_it(writer: Library, reader: Library, write: Any, path: Path) -> None:
    written = write(writer, path)
    n, m = len(written.trials), len(written.directions)
    enqueued = [trial.number for trial in written.get_trials(states=[writer.trial.TrialState.WAITING])]
    read = load(reader, path)

    def objective(trial: Any) -> Any:
        x = suggest_all(trial)
        attach_all(trial)
        if m == 1:
            trial.report(x, 1)
        return x if m == 1 else [x] * m

    read.optimize(objective, n_trials=len(enqueued) + 4)
    assert [trial.number for trial in read.trials] == list(range(n + 4))
    assert [read.trials[number].params["x"] for number in enqueued] == [0.25, -0.5][:2] if m == 1 else [0.5]
    assert_equal(written, read)
    running = read.ask()
    suggest_all(running)
    written.tell(running.number, [1.0] * m)
    assert_equal(written, read)
    assert read.trials[running.number].state.name == "COMPLETE"


def test_a_running_trial_of_optuna_is_taken_up(path: Path) -> None:
    theirs = create(optuna, path)
    trial = theirs.ask()
    x = trial.suggest_float("x", 0, 1)
    ours = load(parzen, path)
    taken = parzen.Trial(ours, trial._trial_id)
    assert taken.suggest_float("x", 0, 1) == x
    taken.suggest_int("n", 1, 9)
    trial.report(0.5, 1)
    told = ours.tell(taken, 1.0)
    assert list(told.params) == ["x", "n"]
    assert told.intermediate_values == {1: 0.5}
    assert_equal(ours, theirs)


def test_times_agree_with_optunas(path: Path) -> None:
    theirs = create(optuna, path)
    theirs.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    ours = load(parzen, path)
    ours.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    times = [trial.datetime_complete for trial in ours.trials]
    assert times == sorted(times)
    assert times[-1] - times[0] < timedelta(minutes=1)


def test_upgrading_a_file_of_ours_changes_nothing(path: Path) -> None:
    study = write_single(parzen, path)
    before = [described(trial) for trial in study.trials]
    close(study)

    def dump() -> list[str]:
        connection = sqlite3.connect(path)
        lines = list(connection.iterdump())
        connection.close()
        return [line for line in lines if 'INTO "version_info"' not in line]  # Optuna puts its own name there

    lines = dump()
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    assert storage.get_current_version() == storage.get_head_version() == parzen.storages.RDBStorage.get_head_version(
        study._storage
    )  # fmt: skip
    storage.upgrade()
    storage.engine.dispose()
    assert dump() == lines
    assert [described(trial) for trial in load(parzen, path).trials] == before


def test_the_tables_are_optunas(tmp_path: Path) -> None:
    close(create(parzen, tmp_path / "ours.db"))
    close(create(optuna, tmp_path / "theirs.db"))

    def columns(path: Path) -> dict[str, Any]:
        connection = sqlite3.connect(path)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        described = {
            table: (
                connection.execute(f"PRAGMA table_info({table})").fetchall(),
                sorted(
                    row[2:]
                    for row in connection.execute(f"PRAGMA index_list({table})")
                    if not row[1].startswith("parzen_")
                ),
                connection.execute(f"PRAGMA foreign_key_list({table})").fetchall(),
            )
            for table in tables
            if not table.startswith("parzen_")  # of our own, which Optuna leaves alone
        }
        connection.close()
        return described

    ours = columns(tmp_path / "ours.db")
    del ours["sqlite_sequence"]  # identifiers of deleted studies are not given out again
    assert ours == columns(tmp_path / "theirs.db")


def test_a_study_deleted_by_optuna_is_gone(path: Path) -> None:
    ours = write_single(parzen, path)
    optuna.delete_study(study_name="shared ü", storage=f"sqlite:///{path}")
    with pytest.raises(KeyError):
        ours.trials  # noqa: B018
    again = create(optuna, path)
    again.optimize(lambda trial: trial.suggest_int("x", 0, 9), n_trials=3)
    assert_equal(load(parzen, path), again)


def test_copying_between_the_libraries_files(tmp_path: Path) -> None:
    study = write_single(optuna, tmp_path / "theirs.db")
    parzen.copy_study(
        from_study_name="shared ü", from_storage=f"sqlite:///{tmp_path}/theirs.db",
        to_storage=f"sqlite:///{tmp_path}/ours.db",
    )  # fmt: skip
    assert_equal(load(optuna, tmp_path / "ours.db"), study)
