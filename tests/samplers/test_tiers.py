"""Both tiers of kernels choose the same points to the bit, so it does not matter when the compiled one is ready."""

from __future__ import annotations

import importlib
import pkgutil
import random
import sys
from pathlib import Path

import pytest
import seeded_studies

from parzen.engine.kernels import COMPILED_FROM, fronts, loading
from parzen.samplers.tpe import model

NAMES = ["tpe", "tpe-univariate", "tpe-branching", "tpe-two", "tpe-constrained", "tpe-liar", "tpe-batches", "tpe-asha",
         "nsgaii-constrained", "nsgaii-mixed", "nsgaiii", "sms-emoa", "tpe-grids",
         "auto", "auto-grids", "auto-batches", "gp-bounded", "gp-two"]  # fmt: skip
QUICK = {"tpe", "tpe-branching", "nsgaii-mixed", "auto", "gp-bounded"}


def compiled_signatures() -> dict[str, int]:
    """Count for each compiled kernel the types for which it has machine code."""
    package = importlib.import_module("parzen.engine.kernels.compiled")
    found = {}
    for module in [
        sys.modules.get(f"{package.__name__}.{info.name}") for info in pkgutil.iter_modules(package.__path__)
    ]:
        for name, kernel in vars(module).items() if module else ():
            if hasattr(kernel, "signatures"):
                found[f"{module.__name__}.{name}"] = len(kernel.signatures)
    return found


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NAMES]
)
@pytest.mark.slow
def test_a_study_is_the_same_whenever_the_compiled_kernels_become_ready(name, monkeypatch, tmp_path: Path):
    """Compiled as soon as they pay, never, and at random: one ask with the one tier, the next with the other.

    And the rehearsals call every kernel with all the types that it is called with in a study.
    """
    run, before = seeded_studies.STUDIES[name], compiled_signatures()
    with_compiled = seeded_studies.fingerprint(run(tmp_path))
    assert compiled_signatures() == before
    monkeypatch.setattr(loading, "want", lambda rehearsal: False)
    monkeypatch.setattr(loading, "is_ready", lambda rehearsal: False)
    assert seeded_studies.fingerprint(run(tmp_path)) == with_compiled
    rng = random.Random(name)
    monkeypatch.setattr(loading, "is_ready", lambda rehearsal: rng.random() < 0.5)
    assert seeded_studies.fingerprint(run(tmp_path)) == with_compiled


def test_the_compiled_tier_is_taken_where_it_is_ready(monkeypatch):
    """It is wanted once a study may grow; where it is not ready, NumPy goes on however many trials there are.

    TPE's is quicker at any size, that of fronts from some size on.
    """
    wanted, is_ready = [], False
    monkeypatch.setattr(loading, "is_ready", lambda rehearsal: is_ready)
    monkeypatch.setattr(loading, "want", wanted.append)
    assert model.tier_for(model.WANTED_FROM - 1) is model.NUMPY and not fronts.is_compiled(COMPILED_FROM - 1)
    assert not wanted
    assert model.tier_for(model.WANTED_FROM) is model.tier_for(10**6) is model.NUMPY
    assert not fronts.is_compiled(fronts.MANY - 1)
    assert wanted == [model.REHEARSAL] * 2 + [fronts.REHEARSAL]
    assert fronts.is_compiled(fronts.MANY)
    is_ready = True
    assert not fronts.is_compiled(COMPILED_FROM - 1) and fronts.is_compiled(COMPILED_FROM)
    assert model.tier_for(1) is model.tier_for(10**6) is model.compiled_tier()
