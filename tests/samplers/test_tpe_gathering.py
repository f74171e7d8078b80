"""Evidence that is kept up against evidence that is gathered anew."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.samplers.tpe import evidence
from parzen.samplers.tpe.fidelity import CarriedOver, Evidence, in_order
from parzen.samplers.tpe.fidelity_ranking import FidelityRanking
from parzen.samplers.tpe.gathering import Gathering
from parzen.trial import Trial, TrialState

parzen.logging.set_verbosity(parzen.logging.WARNING)
LOSSES = [0.0, 1.0, 2.0, 2.5, 3.0]


def happen(study: parzen.Study, running: list[Trial], rng: random.Random, losses: list[float], steps: int) -> None:
    """Let one thing happen: a trial starts, reports, goes on, pauses or ends."""
    paused = study.get_trials(deepcopy=False, states=(TrialState.PAUSED,))
    if paused and rng.random() < 0.2:
        number = rng.choice(paused).number
        study._storage.set_trial_state_values(
            study._storage.get_trial_id_from_study_id_trial_number(study._study_id, number), TrialState.RUNNING
        )
        running.append(Trial(study, study.history.live[number]._trial_id))
    elif len(running) < 3 and rng.random() < 0.5:
        running.append(study.ask())
    elif running:
        trial = running[rng.randrange(len(running))]
        if rng.random() < 0.1:
            trial.set_constraint("c", rng.choice([-1.0, 1.0]))
        if rng.random() < 0.5:
            trial.report(rng.choice(losses), rng.randrange(steps))
            return
        running.remove(trial)
        state = rng.choice(
            [TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED, TrialState.PAUSED, TrialState.FAIL]
        )
        value = rng.choice([x for x in losses if x == x]) if state == TrialState.COMPLETE else None
        study.tell(trial, value, state=state)


@pytest.mark.filterwarnings("ignore:The")
@given(
    seed=st.integers(0, 2**32),
    looks=st.sampled_from([1.0, 0.3]),
    steps=st.sampled_from([3, 40]),
    odd=st.booleans(),
    direction=st.sampled_from(["minimize", "maximize"]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_kept_up_is_what_is_gathered_anew(
    seed: int, looks: float, steps: int, odd: bool, direction: str
) -> None:
    rng, running = random.Random(seed), []
    study = parzen.create_study(direction=direction, sampler=parzen.samplers.RandomSampler(seed=0))
    kept, rule = Gathering(study.history), CarriedOver()
    ranking = FidelityRanking(study.history, rule)
    losses = [*LOSSES, math.nan, math.inf, -math.inf] if odd else [rng.random() for _ in range(50)]
    for _ in range(60):
        happen(study, running, rng, losses, steps)
        if rng.random() < looks and kept.update():
            numbers, found = evidence.gather(study.history)
            np.testing.assert_array_equal(kept.numbers, numbers)
            for ours, anew in zip(kept.evidence[:5], found[:5], strict=True):
                np.testing.assert_array_equal(ours, anew)
            order = ranking.order(1)
            assessed = rule(found, 1)
            assert order[: len(assessed.order)].tolist() == numbers[assessed.order].tolist()
            assert ranking._loss[numbers[assessed.order]].tolist() == assessed.loss.tolist()
            assert ranking._weight[numbers[assessed.order]].tolist() == assessed.weight.tolist()


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 2), st.sampled_from([0.0, 1.0, math.inf])), max_size=30),
    st.randoms(),
)
@settings(deadline=None)
def test_losses_are_sorted_alike_whatever_the_order_before(
    trials: list[tuple[int, int, float]], rng: random.Random
) -> None:
    scale, last, final = np.array(trials, dtype=np.float64).reshape(-1, 3).T
    before = np.array(rng.sample(range(len(trials)), len(trials)), dtype=np.int64)
    table, rest = np.empty((len(trials), 3)), np.zeros(len(trials), dtype=bool)
    found = in_order(scale, Evidence(table, last.astype(np.int64), last, final, rest, before))
    assert found.tolist() == np.lexsort([final, -last, scale]).tolist()
