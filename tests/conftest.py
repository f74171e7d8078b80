"""What every test gets."""

import math
from collections.abc import Iterator

import pytest
import servers

import parzen
from parzen.engine.kernels import loading
from parzen.samplers import rehearsals

loading.WORTH = math.inf  # no test compiles beside another one: those that want compiled kernels ask for `compiled`


@pytest.fixture(scope="session")
def compiled() -> None:
    """Have all compiled kernels ready."""
    rehearsals.prepare()


@pytest.fixture(autouse=True)
def same_verbosity() -> Iterator[None]:
    """Let no test change what the tests after it hear."""
    before = parzen.logging.get_verbosity()
    yield
    parzen.logging.set_verbosity(before)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes many minutes, unless it is asked for by its marker."""
    if "soak" not in config.option.markexpr:
        for item in items:
            if "soak" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes many minutes: pytest -m soak"))


def pytest_sessionfinish() -> None:
    servers.drop_databases()
