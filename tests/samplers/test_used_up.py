"""Beginnings of trials that are used up: against a look at all points, and in studies of branches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.history import Dimensions
from parzen.samplers.tpe.used_up import UsedUp
from parzen.trial import TrialState, create_trial

C = CategoricalDistribution(("a", "b"))
SPACES = {  # what trials suggest after a choice, in order
    "a": {"i": IntDistribution(1, 2), "f": FloatDistribution(0.1, 0.4, step=0.1)},
    "b": {"log": IntDistribution(4, 6, log=True), "one": FloatDistribution(0.5, 0.5)},
}


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.WARNING)


def values(distribution):
    if isinstance(distribution, IntDistribution):
        return list(range(distribution.low, distribution.high + 1))
    if distribution.single():
        return [distribution.low]
    return [0.1, 0.2, 0.1 + 0.2, 0.4]  # one is 0.30000000000000004


def points():
    """All whole points: what may be suggested, by name."""
    for choice, space in SPACES.items():
        found = [{"c": choice}]
        for name, distribution in space.items():
            found = [{**point, name: value} for point in found for value in values(distribution)]
        yield from found


def told(study, point, state=TrialState.COMPLETE):
    space = {"c": C, **SPACES[point["c"]]}
    complete = {"values": [1.0] * len(study.directions)} if state == TrialState.COMPLETE else {}
    study.add_trial(create_trial(state=state, params=point, distributions={n: space[n] for n in point}, **complete))


def asked(used_up, point):
    space = {name: {"c": C, **SPACES[point["c"]]}[name] for name in point}
    internal = [distribution.to_internal_repr(point[name]) for name, distribution in space.items()]
    return bool(used_up.among(Dimensions.of(space), np.array([internal]))[0])


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(points())), max_size=20), st.integers(0, 20))
def test_a_beginning_is_used_up_when_all_points_that_begin_so_were_tried(tried, k):
    study = parzen.create_study()
    used_up = UsedUp(study.history)
    for i, point in enumerate(tried):
        if i == k:
            used_up.update()
        told(study, point)
    used_up.update()
    some = False
    for point in points():
        names = list(point)
        for length in range(1, len(names)):
            beginning = {name: point[name] for name in names[:length]}
            expected = all(p in tried for p in points() if beginning.items() <= p.items())
            assert asked(used_up, beginning) == expected
            some |= expected
        assert not asked(used_up, point)  # a whole trial
    assert used_up.is_empty == (not some)


def test_what_did_not_end_or_goes_on_otherwise_is_not_used_up():
    study = parzen.create_study()
    used_up = UsedUp(study.history)
    left = {"c": "b", "log": 4, "one": 0.5}
    for point in points():
        if point != left:
            told(study, point)
    told(study, left, TrialState.FAIL)
    told(study, left, TrialState.PRUNED)
    used_up.update()
    assert asked(used_up, {"c": "a"})
    assert asked(used_up, {"c": "b", "log": 5})
    assert not asked(used_up, {"c": "b"})
    assert not asked(used_up, {"c": "b", "log": 4})
    told(study, {"c": "a", "f": 0.1})  # the objective has changed: after the choice comes another parameter
    used_up.update()
    assert not asked(used_up, {"c": "a"})
    told(study, {"c": "b", "log": 4})  # nothing is left of this one, until it is known that there is more
    used_up.update()
    assert asked(used_up, {"c": "b"})
    told(study, {"c": "b", "log": 4, "one": 0.5})
    used_up.update()
    assert asked(used_up, {"c": "b"})


def test_an_end_from_which_a_later_trial_goes_on_is_a_beginning():
    study = parzen.create_study()
    used_up = UsedUp(study.history)
    for point, is_empty in (({"c": "b", "log": 4}, True), ({"c": "b", "log": 4, "one": 0.5}, False)):
        told(study, point)
        used_up.update()
        assert used_up.is_empty == is_empty
    assert asked(used_up, {"c": "b", "log": 4})
    assert not asked(used_up, {"c": "b"})


def test_a_range_that_nobody_tries_out_is_not_followed():
    study = parzen.create_study()
    used_up = UsedUp(study.history)
    for distribution in (FloatDistribution(0, 1), IntDistribution(0, 10**6)):
        name = str(distribution)
        study.add_trial(create_trial(params={"c": "a", name: 1}, distributions={"c": C, name: distribution}, value=0.0))
    used_up.update()
    assert used_up.is_empty
    assert not used_up._root.children
    assert not asked(used_up, {"c": "a"})
    assert not UsedUp(study.history).among(Dimensions.of({"c": C}), np.array([[math.nan]]))[0]


def test_no_point_of_branches_comes_twice():
    def objective(trial):
        if trial.suggest_categorical("branch", ["small", "large"]) == "small":
            return trial.suggest_int("x", 1, 3) / 10  # the best 3 points: nothing is left of them soon
        return 1 + trial.suggest_int("y", 1, 5) + trial.suggest_int("z", 1, 6)

    study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=1))
    study.optimize(objective, n_trials=30)
    assert len({tuple(trial.params.items()) for trial in study.trials[10:]}) == 20  # of 33
    study.optimize(objective, n_trials=30)  # all are used up: it goes on
    assert len(study.trials) == 60


@pytest.mark.parametrize("n", [1, 7])
def test_dimensions_that_are_modelled_apart_do_not_repeat_a_point(n):
    study = parzen.create_study(sampler=parzen.samplers.TPESampler(seed=1, multivariate=False))
    space = {"x": IntDistribution(1, 9), "y": IntDistribution(1, 9)}
    for _ in range(0, 70, n):
        if n == 1:
            trial = study.ask(space)
            study.tell(trial, (trial.params["x"] - 3) ** 2 + abs(trial.params["y"] - 4))
        else:
            batch = study.ask_batch(n, space)
            study.tell_batch(batch, (batch["x"] - 3) ** 2 + abs(batch["y"] - 4))
    assert len({tuple(trial.params.items()) for trial in study.trials[14:]}) >= 50  # of 56
