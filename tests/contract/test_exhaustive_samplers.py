"""What samplers of `FINITE` must do, which try all there is once: the contract of samplers in spaces with an end."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from contract.test_samplers import FINITE, study_of

import parzen
from parzen.distributions import CategoricalDistribution, IntDistribution
from parzen.samplers import BaseSampler
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalFileBackend
from parzen.trial import Trial

SPACE = {"a": IntDistribution(1, 4), "b": CategoricalDistribution(("u", "v", "w"))}
N = 12


@pytest.fixture(params=FINITE)
def make(request: pytest.FixtureRequest) -> Callable[[int | None], BaseSampler]:
    return FINITE[request.param].make


def plain(trial: Trial) -> float:
    return trial.suggest_int("a", 1, 4) + len(trial.suggest_categorical("b", ["u", "v", "w"]))


def branches(trial: Trial) -> float:
    """Suggest one of 3 + 3 * 3 combinations."""
    if trial.suggest_categorical("kind", ["p", "q"]) == "p":
        return trial.suggest_int("i", 0, 2)
    return trial.suggest_float("x", 0.0, 1.0, step=0.5) + trial.suggest_int("j", 1, 3, log=True)


def params(study: parzen.Study) -> list[dict[str, object]]:
    return [trial.params for trial in study.trials]


def test_they_are_two_kinds_of_objectives_of_one_size() -> None:
    for run in (plain, branches):
        study = study_of(FINITE["brute-force"].make(0))
        study.optimize(run)
        assert len(study.trials) == N


@pytest.mark.parametrize("run", [plain, branches])
def test_a_seed_repeats_and_others_differ(make: Callable, run: Callable) -> None:
    def of(seed: int | None) -> list[dict[str, object]]:
        study = study_of(make(seed))
        study.optimize(run)
        return params(study)

    assert of(5) == of(5)
    assert len({str(of(seed)) for seed in range(4)}) > 2
    assert len({str(of(None)) for _ in range(4)}) > 2


@pytest.mark.parametrize("run", [plain, branches])
def test_all_storages_give_the_same_trials(make: Callable, run: Callable, tmp_path: Path) -> None:
    journal = JournalStorage(JournalFileBackend(str(tmp_path / "s.log")))
    studies = [study_of(make(3), storage=storage) for storage in (None, f"sqlite:///{tmp_path}/s.db", journal)]
    for study in studies:
        study.optimize(run)
    assert params(studies[0]) == params(studies[1]) == params(studies[2])


@pytest.mark.parametrize("run", [plain, branches])
def test_a_resumed_study_goes_on_as_if_never_interrupted(make: Callable, run: Callable, tmp_path: Path) -> None:
    whole = study_of(make(4))
    whole.optimize(run)
    for n_trials in (4, 1, None):
        part = study_of(make(4), storage=f"sqlite:///{tmp_path}/s.db", study_name="s", load_if_exists=True)
        part.optimize(run, n_trials=n_trials)
    assert params(part) == params(whole)


def test_a_pickled_sampler_goes_on_alike(make: Callable) -> None:
    whole, part = study_of(make(12)), study_of(make(12))
    whole.optimize(branches)
    part.optimize(branches, n_trials=5)
    part.sampler = pickle.loads(pickle.dumps(part.sampler))
    part.optimize(branches)
    assert params(part) == params(whole)


def test_all_ways_to_ask_try_each_point_once(make: Callable) -> None:
    study = study_of(make(1))
    study.tell_batch(study.ask_batch(5, SPACE), np.zeros(5))
    study.optimize(plain, n_trials=3)
    trials = [study.ask(SPACE) for _ in range(4)]
    assert study.sampler.is_exhausted(study)
    for trial in trials:
        study.tell(trial, 0.0)
    assert len({tuple(found.values()) for found in params(study)}) == N


def test_parameters_asked_for_together_are_those_asked_for_one_by_one(make: Callable) -> None:
    together, single = study_of(make(17)), study_of(make(17))
    for _ in range(N):
        trial, other = together.ask(SPACE), single.ask()
        plain(other)
        assert trial.params == other.params
        for study, told in ((together, trial), (single, other)):
            study.tell(told, 1.0)


@pytest.mark.parametrize("n_objectives", [2, 3])
def test_several_objectives(make: Callable, n_objectives: int) -> None:
    study = study_of(make(9), directions=["minimize"] * n_objectives)
    study.optimize(lambda trial: [plain(trial)] * n_objectives)
    assert len(study.trials) == N


def test_optuna_methods_are_there(make: Callable) -> None:
    sampler = make(13)
    study = study_of(sampler)
    sampler.reseed_rng()
    trial = study.ask()
    record = study.trials[0]
    assert sampler.infer_relative_search_space(study, record) == {}
    assert sampler.sample_independent(study, record, "a", SPACE["a"]) in range(1, 5)
    study.tell(trial, 1.0)
