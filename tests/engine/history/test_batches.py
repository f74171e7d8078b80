"""Trials that start or end together, against the same trials one after the other."""

from __future__ import annotations

import math
import random
import warnings
from datetime import datetime
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Alike, History, finish_together, open_alike
from parzen.engine.records import FIXED
from parzen.study import StudyDirection
from parzen.trial import FrozenTrial, TrialState


class Thing:
    """One is like another, and yet each trial gets one of those that it gave."""

    def __repr__(self) -> str:
        return "thing"


def object_choices() -> CategoricalDistribution:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return CategoricalDistribution((Thing(), "b"))


NOW, LATER = datetime(2026, 1, 2, 3, 4, 5, 678901), datetime(2026, 1, 2, 3, 5)
ENDS = [TrialState.COMPLETE] * 4 + [TrialState.PRUNED, TrialState.FAIL]
DISTRIBUTIONS: dict[str, list[BaseDistribution]] = {
    "x": [FloatDistribution(0.0, 1.0), FloatDistribution(0.0, 2.0), FloatDistribution(0.0, 1.0)],
    "n": [IntDistribution(1, 4), IntDistribution(2, 9)],
    "kind": [object_choices(), object_choices()],
}


def space_of(rng: random.Random) -> dict[str, BaseDistribution]:
    names = rng.choice([[], ["x"], ["kind"], ["x", "n", "kind"], ["n", "x"]])
    return {name: rng.choice(DISTRIBUTIONS[name]) for name in names}


def batch_of(rng: random.Random, history: History, n: int) -> tuple[list[FrozenTrial], Alike]:
    """Records and their copies as a batch."""
    space = space_of(rng)
    columns = {name: np.array([d.from_unit(rng.random()) for _ in range(n)]) for name, d in space.items()}
    records = []
    for i in range(n):
        record = FrozenTrial.running(history.n + i, 100 + history.n + i, NOW)
        record.distributions = dict(space)
        record.params = {name: d.to_external_repr(columns[name][i]) for name, d in space.items()}
        record.system_attrs = {"completed_rung_0": rng.random()} if rng.random() < 0.2 else {}
        records.append(record)
    return records, Alike([record.copy() for record in records], columns)


def live_on(history: History, number: int, rng: random.Random) -> None:
    """Let a trial suggest, report and note what it likes."""
    record = history.live[number]
    if rng.random() < 0.2 and "late" not in record.params:
        history.set_param(record, "late", rng.random(), FloatDistribution(0.0, 1.0))
    if rng.random() < 0.3:
        record.intermediate_values.update({rng.randrange(5): rng.choice([rng.random(), math.nan])})
        history.curve(record)
    if rng.random() < 0.2:
        record.user_attrs["u"] = [number]
    if rng.random() < 0.2:
        record.system_attrs.update({"constraints:c": rng.uniform(-1.0, 1.0), FIXED: {"x": 0.5}})


def state_of(history: History) -> dict[str, Any]:
    """Give all that a history holds."""
    rows = {name: history._rows[name][: history.n].tolist() for name in history._rows.names()}
    return {
        "rows": repr(rows),
        "records": repr(history.records()),
        "params": repr({name: history.param(name).tolist() for name in history.param_names}),
        "constraints": repr({key: history.constraint(key).tolist() for key in history.constraint_keys}),
        "reports": repr(
            [[*map(np.ndarray.tolist, history.reports.at(k)), history.reports.ranked(k)] for k in range(5)]
        ),
        "n_reports": [history.reports.n_complete(k) for k in range(5)],
        "ends": (history.finished.tolist(), history.pauses.tolist(), history.n_complete, history.n_pruned),
        "rungs": list(history.rungs.since(0)),
        "best": (history.best, history._best_rank),
        "signatures": repr(history._domains.signatures),
        "own": {k: {name: id(d) for name, d in own.items()} for k, own in history._own_distributions.items()},
        "spaces": (history._complete_spaces, history._pruned_spaces, history.groups, history.common_names),
        "unsuggested": history.unsuggested,
        "are_shared": [
            history.shared(name, d) is d for r in history.live.values() for name, d in r.distributions.items()
        ],
        "left": (sorted(history.live), sorted(history._curves)),
    }


@given(
    seed=st.integers(0, 2**32),
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=8),
    m=st.sampled_from([1, 2]),
    pauses=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_batch_is_what_its_trials_are_one_after_the_other(seed: int, sizes: list[int], m: int, pauses: bool) -> None:
    rng = random.Random(seed)
    single, together = (History([StudyDirection.MAXIMIZE] * m) for _ in range(2))
    for n in sizes:
        records, batch = batch_of(rng, single, n)
        for record in records:
            single.open(record)
        open_alike(together, batch)
        assert state_of(together) == state_of(single)
        chosen = rng.sample(list(single.live), rng.randrange(1, len(single.live) + 1))
        for number in chosen:
            does = rng.getrandbits(32)
            for history in (single, together):
                live_on(history, number, random.Random(does))
        states = rng.choices([*ENDS, TrialState.PAUSED] if pauses else ENDS, k=len(chosen))
        points = [[float(rng.randrange(3)) for _ in range(m)] for _ in chosen]
        values = [point if state == TrialState.COMPLETE else None for state, point in zip(states, points, strict=True)]
        for number, state, told in zip(chosen, states, values, strict=True):
            single.finish(number, state, told, LATER)
        finish_together(together, chosen, states, values, LATER)
        assert state_of(together) == state_of(single)
