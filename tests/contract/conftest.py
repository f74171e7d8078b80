"""What the tests of contracts leave behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract.storages import SERVERS, drop_journals


@pytest.fixture(autouse=True)
def no_server_outlives_its_test() -> Iterator[None]:
    """Stop the servers that stand before a storage."""
    yield
    while SERVERS:
        SERVERS.pop().stop(None).wait()


@pytest.fixture(autouse=True)
def no_journal_outlives_its_test() -> Iterator[None]:
    """Remove what was written into Redis."""
    yield
    drop_journals()
