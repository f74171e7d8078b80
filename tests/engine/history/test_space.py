"""Search spaces: the intersection, and the groups of parameters that appear together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import parzen
from parzen.distributions import FloatDistribution, IntDistribution
from parzen.engine.history.space import Together, intersection
from parzen.search_space import IntersectionSearchSpace, intersection_search_space

NAMES = "abcdef"
NARROW, WIDE = IntDistribution(0, 5), IntDistribution(0, 9)
signatures = st.lists(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([NARROW, WIDE])), max_size=8)


@given(signatures)
def test_intersection_is_what_all_have_alike(spaces):
    common = intersection(spaces)
    expected = {n for n in NAMES if spaces and all(n in s and s[n] == spaces[0][n] for s in spaces)}
    assert set(common) == expected
    assert list(common) == sorted(common)


def groups(spaces):
    together = Together()
    for space in spaces:
        together.add(space)
    return together.groups


@given(signatures)
def test_common_names_are_those_of_every_space_that_has_any(spaces):
    together, told = Together(), [space for space in spaces if space]
    for space in spaces:
        together.add(space)
    assert together.version == len(told)
    assert together.common_names == (sorted(set(NAMES).intersection(*told)) if told else [])
    for name in NAMES:
        assert together.of(name) == next((group for group in together.groups if name in group), set())


@given(signatures)
def test_groups_split_every_space(spaces):
    found = groups(spaces)
    names = [name for group in found for name in group]
    assert sorted(names) == sorted(set().union(*spaces))  # every name once
    for space in spaces:  # a space is a union of groups
        assert all(group <= set(space) or not group & set(space) for group in found)


@given(signatures)
def test_groups_are_the_largest_such(spaces):
    """Two names that always appear together share a group."""
    found = groups(spaces)
    names = sorted(set().union(*spaces))
    for a in names:
        for b in names:
            together = all((a in space) == (b in space) for space in spaces)
            assert together == any({a, b} <= group for group in found)


def trial(state, names, distribution=NARROW):
    values = {"value": 1.0} if state == "COMPLETE" else {}
    return parzen.create_trial(
        state=parzen.trial.TrialState[state],
        params=dict.fromkeys(names, 1), distributions=dict.fromkeys(names, distribution), **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "counts", "counts_with_pruned"),
    [("COMPLETE", True, True), ("PRUNED", False, True), ("FAIL", False, False), ("RUNNING", False, False),
     ("WAITING", False, False)],
)  # fmt: skip
def test_which_trials_count(state, counts, counts_with_pruned):
    trials = [trial("COMPLETE", "abc"), trial(state, "a")]
    study = parzen.create_study()
    study.add_trials(trials)
    for include_pruned, narrows in ((False, counts), (True, counts_with_pruned)):
        expected = ["a"] if narrows else ["a", "b", "c"]
        assert list(intersection_search_space(trials, include_pruned)) == expected
        assert list(IntersectionSearchSpace(include_pruned).calculate(study)) == expected


def test_the_intersection_follows_the_study():
    study, search_space = parzen.create_study(), IntersectionSearchSpace()
    assert search_space.calculate(study) == {}
    study.add_trial(trial("COMPLETE", "ab"))
    assert list(search_space.calculate(study)) == ["a", "b"]
    study.add_trial(trial("COMPLETE", "b", WIDE))
    assert search_space.calculate(study, use_cache=True) == {}


def test_what_is_given_out_is_a_copy():
    study = parzen.create_study()
    study.add_trial(trial("COMPLETE", "ab"))
    IntersectionSearchSpace().calculate(study)["c"] = FloatDistribution(0, 1)
    assert list(IntersectionSearchSpace().calculate(study)) == ["a", "b"]
    assert list(study.trials[0].distributions) == ["a", "b"]
