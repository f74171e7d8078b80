"""Choices that are no scalars: which is which, what is handed out, and what the distribution keeps."""

from __future__ import annotations

import copy
import enum
import math

import numpy as np
import pytest

from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.distributions import Domains, check_distribution_compatibility, is_close

pytestmark = pytest.mark.filterwarnings("ignore:Choices should be None")


class Color(enum.IntEnum):
    RED = 1
    BLUE = 2


class Layer:
    """A layer that shows its size, and is equal only to itself."""

    def __init__(self, size):
        self.size = size

    def __repr__(self):
        return f"Layer({self.size})"


class Plain:
    """An object that shows its address."""


def relu(x):
    return max(x, 0)


@pytest.mark.parametrize(
    "choices",
    [
        [(5, 6), (7,)],
        [[5, 6], [7]],
        [{"a": 1}, {"b": (1, 2)}],
        [{1: "a"}, {2: "b"}],
        [None, True, 1, 1.5, "1", math.inf],
        [(1, (2, [3])), ((1, 2), 3)],
    ],
)
def test_a_stored_choice_matches_what_it_was_stored_from(choices):
    import json

    given = CategoricalDistribution(choices)
    stored = CategoricalDistribution(json.loads(json.dumps(given.choices)))
    for index in range(len(choices)):
        assert given.to_internal_repr(stored.choices[index]) == index == stored.to_internal_repr(choices[index])
    assert given == stored and given.label == stored.label
    check_distribution_compatibility(stored, given)
    check_distribution_compatibility(given, stored)


def test_types_of_scalars_are_told_apart_first():
    distribution = CategoricalDistribution([1, True, 1.0, "1", [1], [True], [1.0], ["1"]])
    assert [distribution.to_internal_repr(choice) for choice in distribution.choices] == list(range(8))
    assert CategoricalDistribution([[0, 1]]).label != CategoricalDistribution([[False, True]]).label


def test_lists_are_copied_in_and_out():
    choices = [[1, [2]], {"a": [3]}]
    distribution = CategoricalDistribution(choices)
    for mine in (choices, distribution.choices, distribution._asdict()["choices"]):
        mine[0][1].append("spoilt")
        mine[1]["a"].append("spoilt")
    distribution.to_external_repr(0)[1].append("spoilt")
    assert distribution.choices == ([1, [2]], {"a": [3]})


def test_objects_are_not_copied():
    layers = [Layer(1), Layer(2)]
    distribution = CategoricalDistribution([*layers, relu, Layer, [layers[0]]])
    assert [distribution.to_external_repr(i) for i in range(4)] == [*layers, relu, Layer]
    assert distribution.to_external_repr(4)[0] is layers[0]
    assert [distribution.to_internal_repr(choice) for choice in (*layers, relu, Layer)] == [0, 1, 2, 3]


def test_an_object_of_another_call_is_known_by_what_it_shows():
    first, second = [CategoricalDistribution([Layer(1), Layer(2)]) for _ in range(2)]
    assert second.to_internal_repr(first.choices[1]) == 1
    assert second.own(first.choices[1]) is second.choices[1]
    assert first.label == second.label and first != second and not first.is_twin(second)
    check_distribution_compatibility(first, second)
    alike = CategoricalDistribution([Layer(1), Layer(1)])
    with pytest.raises(ValueError, match="not in"):
        alike.to_internal_repr(Layer(1))  # it may be either
    assert [alike.to_internal_repr(choice) for choice in alike.choices] == [0, 1]


def test_an_address_in_memory_tells_no_domains_apart():
    def make():
        return CategoricalDistribution([Plain(), lambda x: x, relu])

    assert make().label == make().label
    assert CategoricalDistribution([relu]).label != CategoricalDistribution([make]).label


def test_arrays_are_compared_whole():
    a, b = np.arange(2000.0), np.arange(2000.0)
    b[1000] = -1.0
    distribution, other = CategoricalDistribution([a, b]), CategoricalDistribution([b, a])
    assert [distribution.to_internal_repr(x) for x in (b.copy(), a.copy())] == [1, 0]
    assert distribution != other and distribution.label != other.label
    assert distribution == CategoricalDistribution([a.copy(), b.copy()])
    a += 1
    assert distribution.choices[0][0] == 0.0


def test_an_enumeration_is_handed_out_and_stored_as_a_number():
    distribution = CategoricalDistribution(list(Color))
    assert distribution.to_external_repr(1) is Color.BLUE
    assert distribution.to_internal_repr(2) == 1 == CategoricalDistribution([1, 2]).to_internal_repr(Color.BLUE)
    assert distribution.label == CategoricalDistribution([1, 2]).label


def test_what_is_of_a_call():
    layers = [Layer(1), Layer(2)]
    distribution = CategoricalDistribution([*layers, [1], "a", 1])
    assert distribution.is_of([*layers, [1], "a", 1])
    for other in (
        [Layer(1), layers[1], [1], "a", 1],  # this call's object is another one
        [*layers, (1,), "a", 1],
        [*layers, [True], "a", 1],
        [*layers, [1], "a", True],
        [*layers, [1], "a"],
    ):
        assert not distribution.is_of(other)
    assert CategoricalDistribution(np.arange(3)).is_of(np.arange(3))
    arrays = [np.zeros(2), np.ones(2)]
    distribution = CategoricalDistribution(arrays)
    assert distribution.is_of([x.copy() for x in arrays]) and not distribution.is_of(arrays[::-1])
    assert not distribution.is_of([x.astype(np.float32) for x in arrays])


@pytest.mark.parametrize("name", ["pickle", "cloudpickle"])
@pytest.mark.parametrize("choices", [[relu, max], [Layer, int], [math.exp, None], [[relu], (Layer,)]])
def test_functions_and_classes_can_be_pickled(name, choices):
    pickler = pytest.importorskip(name)
    distribution = CategoricalDistribution(choices)
    assert distribution.to_internal_repr(choices[1]) == 1  # what it remembers of its choices is not pickled
    for again in (pickler.loads(pickler.dumps(distribution)), copy.deepcopy(distribution)):
        assert again == distribution and again.to_internal_repr(choices[1]) == 1


def test_local_functions_are_pickled_by_cloudpickle():
    cloudpickle = pytest.importorskip("cloudpickle")

    def local(x):
        return x + 1

    distribution = CategoricalDistribution([local, lambda x: x])
    assert cloudpickle.loads(cloudpickle.dumps(distribution)).choices[0](1) == 2


def test_a_distribution_cannot_be_changed():
    for distribution, name in (
        (FloatDistribution(0, 1), "low"),
        (IntDistribution(0, 9), "high"),
        (IntDistribution(0, 9, step=3), "step"),
        (CategoricalDistribution("ab"), "choices"),
    ):
        before = repr(distribution)
        with pytest.raises(AttributeError):
            setattr(distribution, name, 5)
        assert repr(distribution) == before


def test_many_changed_choices_are_found_in_linear_time():
    a, b = CategoricalDistribution(range(100_000)), CategoricalDistribution(range(50_000, 150_000))
    found = a.indices_in(b)  # a search through all choices for each would take minutes
    assert found[99_999] == 49_999 and math.isnan(found[0])


def test_domains_keep_what_a_trial_holds_itself():
    domains = Domains()
    first, second = [CategoricalDistribution([Layer(1), Layer(2)]) for _ in range(2)]
    assert domains.admit("l", first) is first and domains.admit("l", second) is second
    assert domains.latest["l"] is first and domains.version == 1 and not domains.changed_choices
    assert domains.index_of({"l": first}) == domains.index_of({"l": second}) == 0
    assert domains.own({"l": second}) == {"l": second} and domains.own({"l": first}) == {}
    lists, tuples = CategoricalDistribution([[1]]), CategoricalDistribution([(1,)])
    assert domains.admit("c", lists) is lists and domains.admit("c", tuples) is tuples
    assert domains.admit("c", CategoricalDistribution([[1]])) is lists


@pytest.mark.parametrize(
    ("a", "b", "is_same"),
    [
        (0.3, 0.1 + 0.2, True),
        (1, 1.0, True),
        (np.int64(3), 3, True),
        (np.float32(0.1), 0.1, True),
        (float("nan"), float("nan"), True),
        (math.inf, math.inf, True),
        ((1, 2), [1, 2], True),
        (np.bool_(True), True, True),
        (True, 1, False),
        (10**6, 10**6 + 1, False),
        (2**60, 2**60 + 1, False),
        (math.inf, 1.0, False),
        ("1", 1, False),
    ],
)
def test_close(a, b, is_same):
    assert is_close(a, b) is is_close(b, a) is is_same
