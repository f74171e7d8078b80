"""What is remembered of histories."""

from __future__ import annotations

import copy
import gc
import pickle

import pytest

from parzen.engine.history import History, Remembered
from parzen.engine.records import StudyDirection


def test_it_lives_as_long_as_the_history() -> None:
    remembered: Remembered[str] = Remembered()
    history = History([StudyDirection.MINIMIZE])
    remembered[history] = "this"
    assert remembered[history] == "this"
    del history
    gc.collect()
    assert not remembered


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda kept: pickle.loads(pickle.dumps(kept))])
def test_a_copy_is_empty(copied) -> None:
    remembered: Remembered[str] = Remembered()
    history = History([StudyDirection.MINIMIZE])
    remembered[history] = "this"
    other = copied(remembered)
    assert type(other) is Remembered
    assert not other
    assert len(remembered) == 1
