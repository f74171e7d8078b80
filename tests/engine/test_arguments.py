"""With which arguments an object was made."""

import copy
import inspect
import json
import math
import pickle

import numpy as np
import pytest

import parzen
from parzen.engine.arguments import Described, description, jsonable
from parzen.pruners import HyperbandPruner, PatientPruner
from parzen.samplers import BaseSampler, RandomSampler, TPESampler


class Mine(Described):
    def __init__(self, rate, *rest, function=math.sqrt, **more):
        self.rate = rate


class Plain:
    def __init__(self, depth=3, width=4):
        self._depth, self.other = depth, width


class Slots:
    __slots__ = ()


def test_samplers_and_pruners():
    found = description(TPESampler(seed=3))
    assert (found["name"], found["seed"], found["n_startup_trials"]) == ("TPESampler", 3, 10)
    assert found["module"] == "parzen.samplers.tpe.sampler"
    assert description(RandomSampler())["seed"] is None
    patient = description(PatientPruner(HyperbandPruner(max_resource=27), patience=2))
    assert patient["patience"] == 2
    assert patient["wrapped_pruner"]["max_resource"] == 27
    assert BaseSampler.across_brackets is False


def test_copies_keep_them():
    for sampler in (copy.deepcopy(TPESampler(seed=3)), pickle.loads(pickle.dumps(TPESampler(seed=3)))):
        assert description(sampler) == description(TPESampler(seed=3))


def test_of_any_signature():
    found = description(Mine(0.5, 1, 2, deep={"a": (1, None)}))
    assert found == {
        "name": "Mine", "module": __name__, "rate": 0.5, "rest": [1, 2], "function": "math.sqrt",
        "more": {"deep": {"a": [1, None]}},
    }  # fmt: skip


def test_those_who_do_not_note_them():
    assert description(Plain(5)) == {"name": "Plain", "module": __name__, "depth": 5}
    assert description(Slots()) == {"name": "Slots", "module": __name__}
    assert description(3)["name"] == "int"


def test_values():
    given = [
        None,
        True,
        3,
        np.float64(0.5),
        math.inf,
        -math.inf,
        math.nan,
        "x" * 600,
        {1: object()},
        {2},
        np.int64(3),
        len,
    ]
    found = jsonable(given)
    json.dumps(found, allow_nan=False)
    assert found[:7] == [None, True, 3, 0.5, "inf", "-inf", "nan"]
    assert len(found[7]) < 510
    assert found[8:10] == [{"1": "builtins.object"}, [2]]
    assert found[11] == "builtins.len"
    assert len(jsonable(list(range(1000)))) == 100
    endless = []
    endless.append(endless)
    assert "list" in json.dumps(jsonable(endless))


@pytest.mark.parametrize("room", [parzen.samplers, parzen.pruners], ids=["samplers", "pruners"])
def test_help_shows_the_arguments_of_the_constructor(room):
    kinds = [kind for kind in (getattr(room, name) for name in room.__all__) if isinstance(kind, type)]
    kinds += [type("Own", (kind,), {}) for kind in kinds]
    assert len(kinds) > 4
    for kind in kinds:
        kinds_of_arguments = {parameter.kind for parameter in inspect.signature(kind).parameters.values()}
        assert not kinds_of_arguments & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}, kind


def test_help_shows_the_arguments_of_ones_own_constructor():
    class Own(parzen.samplers.TPESampler):
        def __init__(self, caution, *, more=1):
            super().__init__(caution=caution)

    assert str(inspect.signature(Own)) == "(caution, *, more=1)"
