"""Both tiers of kernels choose the same points to the bit, so it does not matter when the compiled one is ready."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import seeded_studies

from parzen.engine.kernels import loading

NAMES = ["tpe", "tpe-univariate", "tpe-branching", "tpe-two", "tpe-constrained", "tpe-liar", "tpe-batches", "tpe-asha",
         "nsgaii-constrained", "nsgaii-mixed", "nsgaiii", "sms-emoa", "tpe-grids"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_the_same_whenever_the_compiled_kernels_become_ready(name, monkeypatch, tmp_path: Path):
    """Compiled as soon as they pay, never, and at random: one ask with the one tier, the next with the other."""
    run = seeded_studies.STUDIES[name]
    with_compiled = seeded_studies.fingerprint(run(tmp_path))
    monkeypatch.setattr(loading, "want", lambda rehearsal: False)
    monkeypatch.setattr(loading, "is_ready", lambda rehearsal: False)
    assert seeded_studies.fingerprint(run(tmp_path)) == with_compiled
    rng = random.Random(name)
    monkeypatch.setattr(loading, "is_ready", lambda rehearsal: rng.random() < 0.5)
    assert seeded_studies.fingerprint(run(tmp_path)) == with_compiled
