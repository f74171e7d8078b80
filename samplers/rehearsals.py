"""What is loaded and compiled beside the objective: the list of rehearsals, and a made-up study for them.

A sampler with compiled kernels joins by a line in `REHEARSALS`: a module whose ``rehearse`` lets it sample from a
made-up history with every kind of parameter, so that each kernel is called with the types that it is called with later.
Modules are named, not imported: what they load is what has to wait.

    python -m parzen.samplers.rehearsals    # fills the cache on disk
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engine.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from ..engine.history import History
from ..engine.kernels import COMPILED_FROM, loading
from ..engine.records import FrozenTrial, StudyDirection, TrialState
from .base import Sampler

_PACKAGE = __package__.partition(".")[0]  # not of `__name__`, which is "__main__" in the process that compiles
REHEARSALS = (
    f"{_PACKAGE}.samplers.tpe.rehearsal",
    f"{_PACKAGE}.samplers.gp.rehearsal",
    f"{_PACKAGE}.engine.kernels.fronts_rehearsal",
    f"{_PACKAGE}.samplers.nsgaii.rehearsal",
)

SPACE: dict[str, BaseDistribution] = {
    "float": FloatDistribution(0.0, 1.0),
    "log": FloatDistribution(1e-4, 1.0, log=True),
    "step": FloatDistribution(0.0, 1.0, step=0.125),
    "fine": IntDistribution(1, 1000),
    "log_int": IntDistribution(1, 1000, log=True),
    "choice": CategoricalDistribution(("a", "b", "c")),
}
CONTINUOUS = {name: SPACE[name] for name in ("float", "log")}
BRANCH = {"branch": FloatDistribution(0.0, 1.0)}


class MadeUp:
    """A study that was never run, with enough complete trials for the compiled tier.

    Parameters
    ----------
    sampler
        Its sampler.
    space
        Its parameters.
    m
        Its number of objectives.
    branches
        Whether every other trial has the parameter of `BRANCH`, too.
    """

    study_name, entropy = "rehearsal", 0

    def __init__(self, sampler: Sampler, space: dict[str, BaseDistribution], m: int, branches: bool) -> None:
        self.sampler = sampler
        self.pruner = None
        self.directions = [StudyDirection.MINIMIZE] * m
        self.history = History(self.directions)
        self._space, self._branches = space, branches
        self._rng = np.random.default_rng(0)
        self.grow(COMPILED_FROM + 20)

    def grow(self, n: int) -> None:
        """Add `n` complete trials."""
        for number in range(self.history.n, self.history.n + n):
            own = {**self._space, **BRANCH} if self._branches and number % 2 else self._space
            record = FrozenTrial.running(number, number)
            record.state, record.datetime_complete = TrialState.COMPLETE, record.datetime_start
            record.values = self._rng.random(len(self.directions)).tolist()
            record.distributions = dict(own)
            record.params = {name: d.to_external_repr(d.from_unit(self._rng.random())) for name, d in own.items()}
            self.history.open(record)

    def get_trials(self, deepcopy: bool = True, states: Any = None) -> list[FrozenTrial]:
        """List the trials."""
        return self.history.records(states)

    def note(self, trial: FrozenTrial, attrs: Any) -> None:
        """Forget it."""

    def note_on_study(self, key: str, value: Any) -> None:
        """Forget it."""

    def noted_on_study(self, key: str) -> None:
        """Know nothing."""

    def notes_on_study(self) -> dict[str, Any]:
        """Know nothing."""
        return {}


# Trials that finish between two asks: what is kept is changed, made anew with more room, or merged.
BETWEEN = (0, 1, 66, 66)


def ask(study: MadeUp, n_batch: int = 3) -> Iterator[None]:
    """Let a sampler sample as at `Study.ask` and at `Study.ask_batch`, while trials finish."""
    sampler = study.sampler
    for n in BETWEEN:
        study.grow(n)
        trial = FrozenTrial.running(study.history.n, study.history.n)
        space = sampler.infer_relative_search_space(study, trial)
        trial.params = sampler.sample_relative(study, trial, space)
        trial.distributions = dict(space)
        yield
        missing = {**SPACE, **BRANCH}
        for name in [name for name in missing if name not in trial.params and name in study.history.param_names]:
            sampler.draw(study, trial, name, missing[name])
            yield
    sampler.sample_batch(study, study.history.n, space or CONTINUOUS, n_batch)
    yield


def prepare() -> bool:
    """Make all compiled kernels ready in this process, and fill the cache on disk; False if none can be compiled."""
    if not loading.is_available():
        return False
    for rehearsal in REHEARSALS:
        loading.prepare(rehearsal)
    loading.note_filled()
    return True


def _end_with_the_parent() -> None:
    """End this process when the one that started it does: its end of the pipe is closed then."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    if "--background" in sys.argv:
        if hasattr(os, "nice"):
            os.nice(19)
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    prepare()
