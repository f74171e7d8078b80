"""What the tests beside an installed Optuna get."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

SEEN: dict[str, bool] = {}  # what was compared with Optuna, and whether it is alike


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note a comparison: a test each, by lines where a test has many, and once however many storages there are."""
    path, _, test = report.nodeid.partition("::")
    file = path.rpartition("/")[2]
    if report.when != "call" or report.skipped or not file.startswith(("test_optuna_", "test_cli_diff")):
        return
    test = re.sub(r"^test_storage\[[a-z]+(-redis|-sqlite)?-", "test_storage[", test)
    lines: dict[str, bool] = dict(report.user_properties).get("compared", {})  # type: ignore[assignment]
    for what, is_alike in (lines or {"": report.passed and "differ" not in test.partition("[")[0]}).items():
        key = f"{file} {test} {what}"
        SEEN[key] = SEEN.get(key, True) and is_alike


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of the visible behaviours that were compared are those of Optuna."""
    if SEEN:
        terminalreporter.write_line(f"{sum(SEEN.values())} of {len(SEEN)} visible behaviours are those of Optuna")


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
