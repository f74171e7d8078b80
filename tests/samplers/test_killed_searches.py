"""Grid and exhaustive search in 8 processes of which some are killed; `killed_searches` is the program for more."""

from __future__ import annotations

from collections import Counter

import pytest
from killed_searches import SEARCHES, run

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", SEARCHES)
def test_every_point_is_told_once(name: str) -> None:
    found, n_killed = run(name, n_kills=20, seed=1)
    assert found == Counter({1: SEARCHES[name][2]})
    assert n_killed > 5  # the search may be over before all are
