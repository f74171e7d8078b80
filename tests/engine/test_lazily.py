"""Names whose files are loaded when they are first asked for."""

from __future__ import annotations

import sys

import pytest

from parzen.engine.lazily import lazily

HOMES = {".seeds": ["Streams"], ".history.rungs": ["Rungs"], "collections.abc": ["Sized"]}


def test_a_name_is_that_of_its_home_and_asked_for_once() -> None:
    get, _ = lazily("parzen.engine", HOMES)
    import collections.abc

    import parzen.engine.seeds

    assert get("Streams") is parzen.engine.seeds.Streams is sys.modules["parzen.engine"].Streams
    assert get("Sized") is collections.abc.Sized
    assert get("seeds") is parzen.engine.seeds
    for name in ("rungs", "Counter"):
        with pytest.raises(AttributeError, match=f"module 'parzen.engine' has no attribute '{name}'"):
            get(name)


def test_all_names_are_listed() -> None:
    _, names = lazily("parzen.engine", HOMES)
    assert {"Streams", "Rungs", "Sized", "seeds", "__name__"} <= set(names())
    assert not {"history.rungs", ".seeds", "ollections.abc"} & set(names())
    assert names() == sorted(names())
