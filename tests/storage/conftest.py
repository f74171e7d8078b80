"""What the tests of storages share: a database of its own on each kind of server."""

from __future__ import annotations

import pytest
import servers


@pytest.fixture(params=["postgresql", pytest.param("mysql", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> str:
    """Give each kind of server."""
    return str(request.param)


@pytest.fixture
def url(kind: str) -> str:
    """Give the URL of a database that holds no tables."""
    return servers.new_database(kind)
