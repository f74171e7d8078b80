"""Workers of parzen and of Optuna on one journal at the same time, and what each reads of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from contract.storages import drop_journals, journal_in_redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_interop import described

import parzen

optuna = pytest.importorskip("optuna")

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:.*recorded as failed"),
    pytest.mark.filterwarnings("ignore:.*grace_period:UserWarning"),
]

Library = ModuleType
PAIRS = [pytest.param(parzen, optuna, id="parzen-to-optuna"), pytest.param(optuna, parzen, id="optuna-to-parzen")]


@pytest.fixture(autouse=True)
def quiet() -> None:
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.ERROR)


def opened(library: Any, path: Path) -> Any:
    return library.storages.JournalStorage(library.storages.journal.JournalFileBackend(str(path)))


def content(storage: Any) -> Any:
    """Give all that a storage of either library holds, in plain values."""
    return [
        (s._study_id, s.study_name, [d.name for d in s.directions], s.user_attrs, s.system_attrs,
         [described(trial) for trial in storage.get_all_trials(s._study_id)])
        for s in storage.get_all_studies()
    ]  # fmt: skip


def assert_alike(path: Path, *more: Any) -> None:
    """Check that both libraries read the same, whether they come fresh or were there."""
    contents = [content(storage) for storage in (opened(parzen, path), opened(optuna, path), *more)]
    assert all(found == contents[0] for found in contents[1:])


def fill(library: Any, storage: Any) -> None:
    """Do all that a study can do, the same with both libraries."""
    distributions, trial_of, states = library.distributions, library.trial.create_trial, library.trial.TrialState
    sampler = library.samplers.RandomSampler(seed=1)
    study = library.create_study(
        storage=storage, study_name="é s", directions=["minimize", "maximize"], sampler=sampler
    )
    study.set_user_attr("k", {"a": [1, None, "ü"]})
    study.set_metric_names(["p", "q"])
    trial = study.ask()
    trial.suggest_float("x", 1e-3, 1, log=True)
    trial.suggest_float("s", 0, 1, step=0.25)
    trial.suggest_int("n", 1, 10, log=True)
    trial.suggest_categorical("c", ["a", None, 1.5, True])
    for step, value in ((3, float("nan")), (1, float("inf")), (3, 2.5)):
        storage.set_trial_intermediate_value(trial._trial_id, step, value)
    trial.set_user_attr("u", [1])
    study.tell(trial, [1, float("inf")])
    study.enqueue_trial({"x": 0.5}, user_attrs={"who": "me"})
    trial = study.ask()
    trial.suggest_float("x", 1e-3, 1, log=True)
    study.tell(trial, state=states.FAIL)
    study.add_trial(
        trial_of(
            values=[1, 2],
            params={"x": 0.1, "c": None},
            distributions={
                "x": distributions.FloatDistribution(1e-3, 1, log=True),
                "c": distributions.CategoricalDistribution(["a", None, 1.5, True]),
            },
            intermediate_values={1: 2.0},
            user_attrs={"z": 1},
        )
    )
    study.add_trial(trial_of(state=states.RUNNING))
    other = library.create_study(storage=storage, study_name="other")
    other.tell(other.ask(), 3.0)
    other.tell(other.ask(), state=states.PRUNED)
    library.delete_study(study_name="other", storage=storage)


@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_a_journal_of_one_opens_in_the_other(writer: Library, reader: Library, tmp_path: Path) -> None:
    storage = opened(writer, tmp_path / "a.log")
    fill(writer, storage)
    assert_alike(tmp_path / "a.log", storage)
    study = reader.load_study(study_name="é s", storage=opened(reader, tmp_path / "a.log"))
    study.tell(study.ask(), [1.0, 2.0])
    assert_alike(tmp_path / "a.log", storage, study._storage)


def test_the_lines_are_the_same(tmp_path: Path) -> None:
    """But for names of workers, times, what a sampler drew, and parzen's note of how the study was started."""
    lines = {}
    for library in (parzen, optuna):
        path = tmp_path / f"{library.__name__}.log"
        fill(library, opened(library, path))
        read = [json.loads(line) for line in path.read_text().splitlines()]
        lines[library] = [line for line in read if "parzen:origin" not in line.get("system_attr", ())]
    assert [set(line) for line in lines[parzen]] == [set(line) for line in lines[optuna]]
    for mine, theirs in zip(lines[parzen], lines[optuna], strict=True):
        for key in mine.keys() - {"worker_id", "param_value_internal", "datetime_start", "datetime_complete"}:
            assert repr(mine[key]) == repr(theirs[key]), (mine, theirs)
        for key in mine.keys() & {"datetime_start", "datetime_complete"}:
            assert type(mine[key]) is type(theirs[key])
            assert mine[key] is None or len(mine[key]) == len(theirs[key])


# --- at the same time ------------------------------------------------------------------------------------------------

numbers = st.integers(0, 5)
floats = st.floats(allow_nan=False, width=32)
STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
actions = st.one_of(
    st.tuples(st.just("study"), st.sampled_from("abc")),
    st.tuples(st.just("delete"), numbers),
    st.tuples(st.just("trial"), numbers, st.sampled_from(["", "WAITING", "COMPLETE"]), floats),
    st.tuples(st.just("param"), numbers, st.sampled_from("xy"), st.booleans()),
    st.tuples(st.just("state"), numbers, st.sampled_from(STATES), floats),
    st.tuples(st.just("report"), numbers, numbers, st.floats(width=32)),
    st.tuples(st.just("attr"), numbers, st.sampled_from(["user", "system"]), floats),
)


def act(library: Any, storage: Any, verb: str, *arguments: Any) -> None:
    first, rest = arguments[0], arguments[1:]
    if verb == "study":
        storage.create_new_study([library.study.StudyDirection.MINIMIZE], first)
    elif verb == "delete":
        if first == 0:
            storage.delete_study(0)
    elif verb == "trial":
        name, value = rest
        state = library.trial.TrialState[name] if name else None
        template = (
            library.trial.create_trial(state=state, value=value if name == "COMPLETE" else None) if name else None
        )
        storage.create_new_trial(first % 3, template)
    elif verb == "param":
        kinds = library.distributions
        distribution = kinds.FloatDistribution(0, 1) if rest[1] else kinds.IntDistribution(0, 1)
        storage.set_trial_param(first, rest[0], 1.0, distribution)
    elif verb == "state":
        state = library.trial.TrialState[rest[0]]
        storage.set_trial_state_values(first, state, [rest[1]] if rest[0] == "COMPLETE" else None)
    elif verb == "report":
        storage.set_trial_intermediate_value(first, *rest)
    else:
        getattr(storage, f"set_trial_{rest[0]}_attr")(first, "key", rest[1])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.booleans(), actions), max_size=30))
def test_both_amount_to_the_same(tmp_path: Path, done: list[tuple[bool, tuple[Any, ...]]]) -> None:
    """Whoever writes what, in whatever order."""
    path = tmp_path / f"{uuid.uuid4()}.log"
    storages = {library: opened(library, path) for library in (parzen, optuna)}
    storages[parzen].create_new_study([parzen.study.StudyDirection.MINIMIZE], "first")
    errors = {
        parzen: (KeyError, ValueError, parzen.exceptions.OptunaError),
        optuna: (KeyError, ValueError, optuna.exceptions.OptunaError, AssertionError),  # for an unknown trial
    }
    for is_ours, action in done:
        library = parzen if is_ours else optuna
        try:
            act(library, storages[library], *action)
        except errors[library]:
            pass
    assert_alike(path, *storages.values())


def work(name: str, path: Path, barrier: Any, n_trials: int) -> None:
    library: Any = {"parzen": parzen, "optuna": optuna}[name]
    study = library.load_study(
        study_name="shared", storage=opened(library, path), sampler=library.samplers.RandomSampler()
    )
    barrier.wait()
    for _ in range(n_trials):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, 0)
        study.tell(trial, x)


@pytest.mark.slow
def test_workers_of_both_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    study = parzen.create_study(storage=opened(parzen, path), study_name="shared")
    for k in range(20):
        study.enqueue_trial({"x": k / 20})
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(4)
    workers = [
        context.Process(target=work, args=(name, path, barrier, 15))
        for name in ("parzen", "optuna", "parzen", "optuna")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(60))
    assert [trial.params["x"] for trial in trials[:20]] == [k / 20 for k in range(20)]
    assert all(trial.value == trial.params["x"] == trial.intermediate_values[0] for trial in trials)
    assert_alike(path, study._storage)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["JournalFileSymlinkLock", "JournalFileOpenLock"])
def test_the_lock_of_a_killed_worker_does_not_stop_optuna(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    pid = os.fork()
    if not pid:
        try:
            getattr(parzen.storages.journal, kind)(str(path)).acquire()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.utime(path, (1, 1))
    lock = getattr(optuna.storages.journal, kind)(str(path), grace_period=1)
    start = time.monotonic()
    assert lock.acquire()
    assert time.monotonic() - start < 5
    lock.release()


def test_optuna_passes_over_corrections(tmp_path: Path) -> None:
    """It keeps the old values of finished trials; a live one that is erased fails."""
    path = tmp_path / "a.log"
    study = parzen.create_study(storage=opened(parzen, path), study_name="s")
    there = optuna.load_study(study_name="s", storage=opened(optuna, path))
    for value in (1.0, 2.0):
        study.tell(study.ask(), value)
    study.ask()
    study.correct_trial(0, 5.0)
    study.delete_trial(1)
    study.delete_trial(2)
    for found in (there, optuna.load_study(study_name="s", storage=opened(optuna, path))):
        assert [(trial.state.name, trial.value) for trial in found.trials] == [
            ("COMPLETE", 1.0), ("COMPLETE", 2.0), ("FAIL", None)]  # fmt: skip
    there.tell(there.ask(), 3.0)
    assert [trial.value for trial in study.trials] == [5.0, None, None, 3.0]


@pytest.fixture
def in_redis(tmp_path: Path) -> Iterator[Any]:
    yield journal_in_redis(tmp_path)._backend  # type: ignore[attr-defined]
    drop_journals()


@pytest.mark.parametrize(("writer", "reader"), PAIRS)
def test_both_share_a_log_in_redis(writer: Library, reader: Library, in_redis: Any) -> None:
    def storage_of(library: Any) -> Any:
        backend = library.storages.journal.JournalRedisBackend(in_redis._url, prefix=in_redis._prefix)
        return library.storages.JournalStorage(backend)

    storages = [storage_of(writer), storage_of(reader)]
    fill(writer, storages[0])
    study = reader.load_study(study_name="é s", storage=storages[1])
    for _ in range(120):  # enough for Optuna to make a snapshot
        study.tell(study.ask(), [1.0, 2.0])
    contents = [content(storage) for storage in (*storages, storage_of(writer), storage_of(reader))]
    assert len(contents[0][0][-1]) == 124
    assert all(found == contents[0] for found in contents)
