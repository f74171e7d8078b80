"""Random verbs on memory and in a database give equal answers, and a second opener of the database sees the same."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import servers
from contract.storages import plain
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.exceptions import OptunaError
from parzen.storages import BaseStorage, InMemoryStorage, RDBStorage, SQLiteStorage
from parzen.study import StudyDirection
from parzen.trial import TrialState, create_trial

NAMES = st.sampled_from(["x", "y", "ä 🚀"])
DISTRIBUTIONS = st.sampled_from(
    [
        FloatDistribution(0.0, 4.0),
        FloatDistribution(1.0, 3.0),
        FloatDistribution(1.0, 4.0, log=True),
        IntDistribution(0, 4),
        CategoricalDistribution(("a", None, True, math.nan)),
    ]
)
INTERNALS = st.sampled_from([1.0, 2.0, 3.0])
FLOATS = st.floats(width=64).map(lambda x: x + 0.0)  # SQLite does not keep the sign of a zero
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(["a", "b", "constraints:c"])
STATES = st.sampled_from(list(TrialState))
DIRECTIONS = st.lists(st.sampled_from([StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE]), min_size=1, max_size=3)


@st.composite
def templates(draw: st.DrawFn) -> Any:
    state = draw(STATES)
    params = draw(st.dictionaries(NAMES, st.tuples(DISTRIBUTIONS, INTERNALS), max_size=2))
    finite = st.floats(allow_nan=False).map(lambda x: x + 0.0)
    return create_trial(
        state=state,
        value=draw(finite) if state in (TrialState.COMPLETE, TrialState.PRUNED, TrialState.PAUSED) else None,
        params={name: distribution.to_external_repr(x) for name, (distribution, x) in params.items()},
        distributions={name: distribution for name, (distribution, _) in params.items()},
        user_attrs=draw(st.dictionaries(KEYS, JSON, max_size=2)),
        intermediate_values=draw(st.dictionaries(st.integers(0, 5), FLOATS, max_size=3)),
        constraints=draw(st.dictionaries(st.sampled_from(["c", "d"]), finite, max_size=1)),
    )


class Pair:
    """One identifier in two storages: where memory has `memory`, SQLite has `sqlite`."""

    def __init__(self, memory: int, sqlite: int) -> None:
        self.memory = memory
        self.sqlite = sqlite

    def __repr__(self) -> str:
        return f"Pair({self.memory}, {self.sqlite})"


class Storages(RuleBasedStateMachine):
    """Every verb runs on both storages, on SQLite by one of two openers in turn."""

    studies = Bundle("studies")
    trials = Bundle("trials")

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.memory = InMemoryStorage()
        self.openers = [self.opener(), self.opener()]
        self.n_calls = 0
        self.living: list[Pair] = []

    def opener(self) -> BaseStorage:
        """Open the database, which is empty at first."""
        return SQLiteStorage(f"sqlite:///{self.folder}/study.db")

    def teardown(self) -> None:
        for storage in getattr(self, "openers", []):
            storage.remove_session()
        shutil.rmtree(getattr(self, "folder", ""), ignore_errors=True)

    def both(self, verb: Callable[[BaseStorage, str], Any]) -> tuple[Any, Any]:
        """Run a verb on both; it gets the storage and the attribute under which a `Pair` holds its identifier."""
        self.n_calls += 1
        sqlite = self.openers[self.n_calls % 2]
        answers = answer(lambda: verb(self.memory, "memory")), answer(lambda: verb(sqlite, "sqlite"))
        assert (answers[0][0] is None) == (answers[1][0] is None), answers
        assert answers[0][0] is answers[1][0], answers
        return answers[0][1], answers[1][1]

    def alike(self, verb: Callable[[BaseStorage, str], Any]) -> None:
        memory, sqlite = self.both(verb)
        assert plain(memory) == plain(sqlite)

    # --- studies -----------------------------------------------------------------------------------------------------

    @rule(target=studies, directions=DIRECTIONS, name=st.sampled_from(["one", "two", None]))
    def create_study(self, directions: list[StudyDirection], name: str | None) -> Pair:
        ids = self.both(lambda s, _: s.create_new_study(directions, name))
        if ids[0] is None:
            return Pair(-1, -1)
        self.living.append(Pair(*ids))
        return self.living[-1]

    @rule(study=studies)
    def delete_study(self, study: Pair) -> None:
        self.both(lambda s, which: s.delete_study(getattr(study, which)))
        self.living = [other for other in self.living if other is not study]

    @rule(study=studies, key=KEYS, value=JSON, kind=st.sampled_from(["user", "system"]))
    def set_study_attr(self, study: Pair, key: str, value: Any, kind: str) -> None:
        self.both(lambda s, which: getattr(s, f"set_study_{kind}_attr")(getattr(study, which), key, value))

    # --- trials ------------------------------------------------------------------------------------------------------

    @rule(target=trials, study=studies)
    def create_trial(self, study: Pair) -> Pair:
        ids = self.both(lambda s, which: s.create_new_trial(getattr(study, which)))
        return Pair(*ids) if ids[0] is not None else Pair(-1, -1)

    @rule(target=trials, study=studies, listed=st.lists(templates(), min_size=1, max_size=3))
    def create_trials(self, study: Pair, listed: list[Any]) -> Pair:
        ids = self.both(lambda s, which: s.create_new_trials(getattr(study, which), listed))
        return Pair(ids[0][-1], ids[1][-1]) if ids[0] is not None else Pair(-1, -1)

    @rule(target=trials, study=studies)
    def claim(self, study: Pair) -> Pair:
        ids = self.both(lambda s, which: s.claim_waiting_trial(getattr(study, which)))
        return Pair(*ids) if ids[0] is not None else Pair(-1, -1)

    @rule(trial=trials, name=NAMES, internal=INTERNALS, distribution=DISTRIBUTIONS)
    def set_param(self, trial: Pair, name: str, internal: float, distribution: Any) -> None:
        self.both(lambda s, which: s.set_trial_param(getattr(trial, which), name, internal, distribution))

    @rule(trial=trials, params=st.dictionaries(NAMES, st.tuples(INTERNALS, DISTRIBUTIONS), max_size=3))
    def set_params(self, trial: Pair, params: dict[str, Any]) -> None:
        self.both(lambda s, which: s.set_trial_params(getattr(trial, which), params))

    @rule(trial=trials, step=st.integers(0, 5), value=FLOATS)
    def report(self, trial: Pair, step: int, value: float) -> None:
        self.both(lambda s, which: s.set_trial_intermediate_value(getattr(trial, which), step, value))

    @rule(trial=trials, key=KEYS, value=JSON)
    def set_user_attr(self, trial: Pair, key: str, value: Any) -> None:
        self.both(lambda s, which: s.set_trial_user_attr(getattr(trial, which), key, value))

    @rule(trial=trials, length=st.integers(0, 2**18), kind=st.sampled_from(["user", "system"]))
    def set_large_attr(self, trial: Pair, length: int, kind: str) -> None:
        self.both(lambda s, which: getattr(s, f"set_trial_{kind}_attr")(getattr(trial, which), "large", "ä" * length))

    @rule(trial=trials, values=st.lists(FLOATS, max_size=3))
    def correct_values(self, trial: Pair, values: list[float]) -> None:
        self.both(lambda s, which: s.correct_values(getattr(trial, which), values))

    @rule(trial=trials)
    def erase(self, trial: Pair) -> None:
        self.both(lambda s, which: s.erase_trial(getattr(trial, which)))

    @rule(trial=trials, value=st.floats(-1, 1))
    def set_constraint(self, trial: Pair, value: float) -> None:
        self.both(lambda s, which: s.set_trial_system_attr(getattr(trial, which), "constraints:c", value + 0.0))

    @rule(trial=trials, state=STATES, values=st.none() | st.lists(FLOATS, max_size=3))
    def set_state(self, trial: Pair, state: TrialState, values: list[float] | None) -> None:
        if state == TrialState.COMPLETE and values is None:
            return  # a study never tells that, and no storage is asked to refuse it
        kept = values if state.is_finished() else None
        self.alike(lambda s, which: s.set_trial_state_values(getattr(trial, which), state, kept))

    # --- looking -----------------------------------------------------------------------------------------------------

    @rule(trial=trials)
    def get_trial(self, trial: Pair) -> None:
        self.alike(lambda s, which: s.get_trial(getattr(trial, which)))

    @rule(study=studies)
    def get_best_trial(self, study: Pair) -> None:
        self.alike(lambda s, which: s.get_best_trial(getattr(study, which)))

    @rule()
    def reopen(self) -> None:
        self.openers[0].remove_session()
        self.openers[0] = self.opener()

    @invariant()
    def all_is_equal(self) -> None:
        if not hasattr(self, "living"):
            return
        for study in self.living:
            expected = [plain(trial) for trial in self.memory.get_all_trials(study.memory)]
            for storage in self.openers:
                assert [plain(trial) for trial in storage.get_all_trials(study.sqlite)] == expected
                assert columns(storage, study.sqlite) == columns(self.memory, study.memory)


def answer(verb: Callable[[], Any]) -> tuple[type[BaseException] | None, Any]:
    try:
        return None, verb()
    except (KeyError, ValueError, RuntimeError, TypeError, OptunaError) as error:
        return type(error), None


def columns(storage: BaseStorage, study_id: int) -> list[Any]:
    """Give what samplers and pruners read; the order in which trials finished is each process's own."""
    history = storage.get_history(study_id)
    params = {name: history.param(name).tolist() for name in sorted(history.param_names)}
    return plain(  # type: ignore[no-any-return]
        [
            history.states.tolist(), history.values.tolist(), history.violation.tolist(),
            sorted(history.finished.tolist()), history.last_step.tolist(), history.last_value.tolist(), history.best,
            history.n_complete, history.n_pruned, history.next_waiting(), sorted(history.live), params,
            [list(signature) for signature in sorted(map(tuple, history.spaces()))],
        ]
    )  # fmt: skip


_SETTINGS = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestStorages = Storages.TestCase
TestStorages.settings = _SETTINGS


class StoragesOnPostgreSQL(Storages):
    """The same against a server, in the database of this run."""

    server = "postgresql"

    def opener(self) -> BaseStorage:
        storage = RDBStorage(servers.database_of_this_run(self.server))
        for study in storage.get_all_studies() if not hasattr(self, "openers") else ():
            storage.delete_study(study._study_id)
        return storage


class StoragesOnMySQL(StoragesOnPostgreSQL):
    """The same against the other kind of server."""

    server = "mysql"


TestStoragesOnPostgreSQL = StoragesOnPostgreSQL.TestCase
TestStoragesOnPostgreSQL.settings = settings(_SETTINGS, max_examples=6)
TestStoragesOnMySQL = pytest.mark.slow(StoragesOnMySQL.TestCase)
TestStoragesOnMySQL.settings = settings(_SETTINGS, max_examples=5)
