"""Runs TPE's compiled kernels once each, so that they are loaded; see `engine.kernels.loading`."""

from __future__ import annotations

from collections.abc import Iterator

from ..rehearsals import CONTINUOUS, SPACE, MadeUp, ask
from .sampler import TPESampler


def rehearse() -> Iterator[None]:
    """Sample jointly and by parameter, with branches, in floats alone, with two and three objectives."""
    for space, m, branches in (
        (SPACE, 1, False),
        (CONTINUOUS, 1, False),
        (SPACE, 1, True),
        (SPACE, 2, False),
        (CONTINUOUS, 3, False),
    ):
        yield from ask(MadeUp(TPESampler(seed=0), space, m, branches))
    yield from ask(MadeUp(TPESampler(seed=0, multivariate=False), SPACE, 1, False))
