"""What every test gets."""

from collections.abc import Iterator

import pytest
import servers

import parzen


@pytest.fixture(autouse=True)
def same_verbosity() -> Iterator[None]:
    """Let no test change what the tests after it hear."""
    before = parzen.logging.get_verbosity()
    yield
    parzen.logging.set_verbosity(before)


def pytest_sessionfinish() -> None:
    servers.drop_databases()
