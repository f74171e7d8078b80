"""Copies that nobody else holds, and comparison by content."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque, namedtuple

import numpy as np
import pytest

from parzen.engine.values import copied, for_json, owned, python, same

Pair = namedtuple("Pair", "a b")
LOCK = threading.Lock()


@pytest.mark.parametrize(
    "value",
    [
        [1, [2, {"a": [3]}]],
        {"a": {"b": [1]}, 2: [3]},
        (1, [2]),
        Pair([1], 2),
        OrderedDict(a=[1], b=2),
        deque([[1], 2]),
        {1, 2},
        bytearray(b"ab"),
        np.arange(6.0).reshape(2, 3),
        [np.zeros(2), {"w": np.ones(1)}],
    ],
)
def test_a_container_is_copied_down_to_its_elements(value):
    made = owned(value)
    assert type(made) is type(value) and same(made, value) and made is not value
    assert not any(a is b for a in containers(made) for b in containers(value))


def containers(value):
    """List a value's containers that can be changed, itself included."""
    if isinstance(value, (list, dict, deque, set, bytearray, np.ndarray)):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple, deque)) else ()
    for one in inner:
        yield from containers(one)


def test_other_objects_stay_themselves():
    class Layer:
        pass

    layer = Layer()
    assert owned(layer) is layer and owned([layer, {"l": layer}])[1]["l"] is layer
    assert owned(math.exp) is math.exp and owned(Layer) is Layer
    assert copied(layer) is not layer and copied(LOCK) is LOCK
    assert copied([LOCK, [1]]) == [LOCK, [1]]  # what can be copied of it is


def test_scalars_of_numpy():
    found = [python(x) for x in (np.int64(1), np.float32(0.5), np.bool_(True), np.str_("a"), 2, None)]
    assert found == [1, 0.5, True, "a", 2, None] and [type(x).__module__ for x in found] == ["builtins"] * 6
    date = np.datetime64("2026-01-01")
    assert python(date) is date
    assert for_json(np.int8(3)) == 3
    for value in (date, LOCK, {1}):
        with pytest.raises(TypeError, match="not JSON serializable"):
            for_json(value)


@pytest.mark.parametrize(
    ("a", "b", "is_same"),
    [
        (float("nan"), float("nan"), True),
        ([1, [float("nan")]], [1, [float("nan")]], True),
        ({"a": float("nan")}, {"a": float("nan")}, True),
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        ({"w": np.arange(3)}, {"w": np.arange(3)}, True),
        (1, 1.0, True),
        (float("nan"), 1.0, False),
        ([1, 2], [1], False),
        ([1], (1,), False),
        ({"a": 1}, {"b": 1}, False),
        (np.arange(3), np.arange(4), False),
        (np.arange(3), [0, 1, 2], False),
        (np.arange(3), 1, False),
    ],
)
def test_same(a, b, is_same):
    assert same(a, b) is is_same and same(b, a) is is_same


def test_what_cannot_be_compared_differs():
    class Odd:
        def __eq__(self, other):
            raise RuntimeError("no comparison")

        __hash__ = None

    odd = Odd()
    assert same(odd, odd) and not same(odd, Odd()) and not same([odd], [1])
