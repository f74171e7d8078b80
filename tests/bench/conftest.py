"""What the tests beside an installed Optuna get."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_pool_outlives_its_test() -> Iterator[None]:
    """Close the connections that Optuna's pools keep, or the collector finds them, with a warning, in a later test."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engines: set[Any] = set()

    def remember(connection: Any) -> None:
        engines.add(connection.engine)

    sqlalchemy.event.listen(sqlalchemy.Engine, "engine_connect", remember)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "engine_connect", remember)
    for engine in engines:
        engine.dispose()
