"""PASHA: the maximum grows only while rankings change."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promoting import jobs, study_of

from parzen.pruners import ASHAPruner, PASHAPruner
from parzen.pruners.pasha import common_curves, is_same_ranking, noise


def steady(number: int, step: int) -> float:
    """Curves that never cross."""
    return (7 * number) % 31 + 1 / step


def turning(number: int, step: int) -> float:
    """Curves of which any two cross once: there is no noise, but at each rung others are the best."""
    return (math.log(step, 3) - 4 * (7 * number % 101) / 101) ** 2


def furthest(pruner: ASHAPruner, curve: Any, n: int = 150) -> int:
    return max(level for _, _, level in jobs(study_of(pruner), curve, n))


def test_a_ranking_that_stays_opens_no_rung() -> None:
    assert furthest(PASHAPruner(81, reduction_factor=3), steady) == 3
    assert furthest(ASHAPruner(81, reduction_factor=3), steady) == 81


def test_a_ranking_that_changes_opens_rungs() -> None:
    assert furthest(PASHAPruner(81, reduction_factor=3), turning, 300) == 27


def test_it_is_asha_where_rankings_never_agree() -> None:
    # With two rungs nothing is to be opened.
    assert jobs(study_of(PASHAPruner(4)), turning, 60) == jobs(study_of(ASHAPruner(4)), turning, 60)


def test_rungs_stay_open_in_a_new_process() -> None:
    study = study_of(PASHAPruner(81, reduction_factor=3))
    jobs(study, turning, 200)
    assert PASHAPruner(81, reduction_factor=3).promote(study) == study.pruner.promote(study)


def test_several_objectives_are_refused() -> None:
    study = study_of(PASHAPruner(9), m=2)
    trial = study.ask()
    trial.report([1.0, 2.0], 1)
    with pytest.raises(NotImplementedError, match="PASHAPruner"):
        trial.should_pause()
    with pytest.raises(NotImplementedError, match="ASHAPruner"):
        trial.should_prune()


# --- ranking ---------------------------------------------------------------------------------------------------------


def soft_ranking_agrees(earlier: Sequence[float], epsilon: float) -> bool:
    """Section 4.2, word by word: position by position, was this trial among those as good as the one there?"""
    before = sorted(earlier)
    return all(abs(value - before[i]) <= epsilon for i, value in enumerate(earlier))


@given(st.lists(st.integers(0, 6).map(float), min_size=1, max_size=7), st.integers(0, 3).map(float))
def test_soft_ranking(earlier: list[float], epsilon: float) -> None:
    assert is_same_ranking(np.array(earlier), epsilon) == soft_ranking_agrees(earlier, epsilon)


def test_infinite_reports_are_no_noise() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert noise(np.array([[1.0, 2.0, 1.0, math.inf], [2.0, 1.0, 2.0, math.inf]])) == 0.0


def test_infinite_losses_are_equal_to_each_other() -> None:
    assert is_same_ranking(np.array([1.0, math.inf, math.inf]), 0.0)
    assert not is_same_ranking(np.array([math.inf, 1.0]), 1e300)


def epsilon_by_hand(curves: list[list[float]]) -> float:
    """Section 4.3: the 90th percentile of the last differences of pairs whose curves cross at least twice."""
    gaps = []
    for i, a in enumerate(curves):
        for b in curves[i + 1 :]:
            signs = [x > y for x, y in zip(a, b, strict=True) if x != y]
            if sum(now != before for before, now in pairwise(signs)) >= 2:
                gaps.append(abs(a[-1] - b[-1]))
    return float(np.percentile(gaps, 90)) if gaps else 0.0


@given(st.integers(0, 6), st.integers(1, 7), st.integers(0, 1000))
@settings(deadline=None)
def test_noise(k: int, n_steps: int, seed: int) -> None:
    curves = np.random.default_rng(seed).integers(0, 4, (k, n_steps)).astype(float)
    assert noise(curves) == pytest.approx(epsilon_by_hand(curves.tolist()))


def test_curves_are_compared_where_all_reported() -> None:
    curves = common_curves([{1: 0.1, 3: 0.3, 2: 0.2}, {3: 3.0, 1: 1.0, 9: 9.0}], 3)
    assert curves.tolist() == [[0.1, 0.3], [1.0, 3.0]]
    assert noise(common_curves([{1: 0.1}, {2: 0.2}], 9)) == 0.0
