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


# Where parzen differs from Optuna today: each is looked at when values, or the log, are touched next.
DIFFERENCES = {
    "test_optuna_surroundings.py::test_representations": (
        ["int-inf", "int_log-inf", "int_step-inf", "int_floats-inf", "int_uniform-inf", "int_loguniform-inf"],
        "an infinite integer is refused with words, as no storage can hold one",
    ),
    "test_optuna_semantics.py::test_difference": (
        ["close_numbers"],
        "numbers that are close are the same here, so this difference is gone",
    ),
    "test_optuna_surroundings.py::test_logging": (
        [""],
        "without its handler the library is silent, also on the last resort of `logging`",
    ),
    "test_optuna_trial_semantics.py::test_suggest": (
        ["trial-float_str", "trial-int_str", "trial-cat_array", "fixed-float_str", "fixed-int_str", "frozen-float_str",
         "frozen-int_str"],
        "bounds given as strings of numbers are taken, and scalars of NumPy become Python's",
    ),
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the failures of `DIFFERENCES`; one that passes fails."""
    for item in items:
        for test, (cases, reason) in DIFFERENCES.items():
            wanted = {f"{test}[{case}]" if case else test for case in cases}
            if item.nodeid.rpartition("/")[2] in wanted:
                item.add_marker(pytest.mark.xfail(reason=reason))
