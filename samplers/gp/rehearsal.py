"""Runs the compiled kernels of a Gaussian process once each, so that they are loaded; see `engine.kernels.loading`."""

from __future__ import annotations

from collections.abc import Iterator

from ..auto import AutoSampler
from ..rehearsals import CONTINUOUS, SPACE, MadeUp, ask


def rehearse() -> Iterator[None]:
    """Propose in floats alone, and in all kinds of parameters with branches."""
    for space, branches in ((CONTINUOUS, False), (SPACE, True)):
        yield from ask(MadeUp(AutoSampler(seed=0, share=1.0), space, 1, branches))
