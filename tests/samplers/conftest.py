"""What every test of a sampler gets: compiled kernels, as in a process that has been asking for a while."""

import pytest

pytestmark = pytest.mark.usefixtures("compiled")


@pytest.fixture(autouse=True)
def ready(compiled: None) -> None:
    """Have the compiled kernels ready."""
