from __future__ import annotations

import math
import pickle
from binascii import crc32
from collections import Counter
from typing import Any

import numpy as np
import pytest

import parzen
from parzen.distributions import FloatDistribution
from parzen.pruners import HyperbandPruner, PatientPruner, SuccessiveHalvingPruner
from parzen.pruners.base import view_of
from parzen.pruners.hyperband import Brackets
from parzen.pruners.successive_halving import Ladder
from parzen.samplers import BaseSampler, Sampler, TPESampler
from parzen.samplers.tpe.fidelity import carried_over, furthest_first, largest_budget
from parzen.trial import Trial, TrialState


def brackets(name: str, n: int, factor: int = 3) -> Brackets:
    return Brackets(name, [Ladder(factor**b, factor, 0) for b in range(n)])


def study_of(pruner: Any, name: str = "s", **kwargs: Any) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    return parzen.create_study(study_name=name, pruner=pruner, **kwargs)


def objective(trial: Trial) -> float:
    x = trial.suggest_float("x", 0, 1)
    for step in range(9):
        trial.report(x + 1 / (1 + step), step)
        if trial.should_prune():
            raise parzen.TrialPruned
    return x


def test_sizes_are_those_of_the_paper() -> None:
    assert brackets("s", 5).sizes == [81, 34, 15, 8, 5]  # R = 81, eta = 3: Li et al. 2018, Algorithm 1, line 3


@pytest.mark.parametrize("name", ["s", "größer", ""])
def test_the_bracket_comes_from_a_checksum(name: str) -> None:
    found = brackets(name, 5)
    for number in range(500):
        n = crc32(f"{name}_{number}".encode()) % 143
        assert found.of(number) == sum(n >= end for end in (81, 115, 130, 138))


def test_brackets_come_up_by_their_sizes() -> None:
    """Of 20,000 trials; a share's standard deviation is at most 0.0036."""
    found = brackets("s", 5)
    counts = Counter(found.of(number) for number in range(20_000))
    for bracket, size in enumerate(found.sizes):
        assert counts[bracket] / 20_000 == pytest.approx(size / 143, abs=0.015)


def test_each_bracket_is_successive_halving_of_its_trials() -> None:
    """A trial's decisions are those that it would meet in a study of its bracket alone."""
    rng = np.random.default_rng(0)
    curves = [(rng.normal() + 1 / np.arange(1, 28)).tolist() for _ in range(60)]
    study = study_of(HyperbandPruner(1, 27, 3))
    own = brackets("s", 4)
    alone = [study_of(SuccessiveHalvingPruner(1, 3, b), f"{b}") for b in range(4)]
    for curve in curves:
        trial = study.ask()
        other = alone[own.of(trial.number)].ask()
        for step, value in enumerate(curve, start=1):
            trial.report(value, step)
            other.report(value, step)
            stops = trial.should_prune()
            assert stops == other.should_prune()
            if stops:
                break
        study.tell(trial, state=TrialState.PRUNED)
        other.study.tell(other, state=TrialState.PRUNED)


def test_auto_waits_for_a_complete_trial() -> None:
    study = study_of(HyperbandPruner(min_resource=2))
    trial = study.ask()
    trial.report(1.0, 50)
    assert not trial.should_prune()
    assert view_of(study, 1) is study
    study.tell(trial, 1.0)
    trial = study.ask()
    trial.report(1.0, 8)
    trial.should_prune()
    assert len(study.pruner._brackets(study).ladders) == 3  # 51 steps: 2, 6 and 18 times 3^k
    assert study.trials[-1].system_attrs


def test_auto_is_found_out_when_a_trial_reports() -> None:
    """A sampler's look before finds out nothing: a longer trial may be complete when it counts."""
    study = study_of(HyperbandPruner())
    for steps in (3, 81):
        trial = study.ask()
        trial.report(1.0, steps - 1)
        study.tell(trial, 1.0)
        assert view_of(study, 1) is study
    trial = study.ask()
    trial.report(1.0, 0)
    trial.should_prune()
    assert len(study.pruner._brackets(study).ladders) == 5


def test_a_longest_trial_that_is_shorter_than_a_rung_makes_no_bracket() -> None:
    """As in Optuna, what "auto" stands for is found out once, and longer trials do not change it."""
    study = study_of(HyperbandPruner(min_resource=10))
    trial = study.ask()
    trial.report(1.0, 4)
    study.tell(trial, 1.0)
    for number in range(1, 6):
        trial = study.ask()
        for step in range(30):
            trial.report(number, step)
            assert not trial.should_prune()
        study.tell(trial, number)
        assert view_of(study, number) is study


def test_genetic_samplers_list_a_bracket_and_breed_from_all() -> None:
    study = study_of(HyperbandPruner(1, 9), sampler=parzen.samplers.NSGAIISampler(population_size=4, seed=0))
    study.optimize(objective, n_trials=30)
    own = brackets("s", 3)
    view = view_of(study, 30)
    assert {own.of(trial.number) for trial in view.trials} == {own.of(30)}
    assert view.history is study.history
    complete = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    generations = [trial.system_attrs["NSGAIISampler:generation"] for trial in complete]
    assert [generations.count(k) for k in range(generations[-1])] == [4] * generations[-1]


def test_a_sampler_of_columns_sees_its_bracket() -> None:
    seen = []

    class Watching(Sampler):
        def sample(self, space: Any, history: Any, rng: Any, n: int = 1) -> Any:
            kept = history.states != TrialState.FAIL
            seen.append((history.n, np.flatnonzero(kept).tolist()))
            return {name: rng.uniform(0, 1, n) for name in space}

    study = study_of(HyperbandPruner(1, 9), sampler=Watching(0))
    study.optimize(objective, n_trials=30)
    own = brackets("s", 3)
    for number, (n, kept) in enumerate(seen):
        assert (n, kept) == (number + 1, [k for k in range(number + 1) if own.of(k) == own.of(number)])


def test_a_batch_is_sampled_by_brackets() -> None:
    seen: dict[int, int] = {}

    class Watching(Sampler):
        def sample(self, space: Any, history: Any, rng: Any, n: int = 1) -> Any:
            bracket = own.of(int(history.selected()[0])) if history.n else -1
            seen[bracket] = seen.get(bracket, 0) + n
            return {name: np.full(n, bracket / 10) for name in space}

    own = brackets("s", 3)
    study = study_of(HyperbandPruner(1, 9), sampler=parzen.samplers.RandomSampler(0))
    study.optimize(objective, n_trials=30)
    study.sampler = Watching(0)
    batch = study.ask_batch(40, {"x": FloatDistribution(0, 1)})
    expected = [own.of(number) for number in range(30, 70)]
    assert seen == Counter(expected)
    assert batch["x"].tolist() == [bracket / 10 for bracket in expected]
    assert batch.numbers == list(range(30, 70))


def test_a_sampler_of_others_sees_its_bracket() -> None:
    class Watching(BaseSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            assert {own.of(t.number) for t in study.trials} == {own.of(trial.number)}
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            return {}

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> float:
            return 0.5 if len(study.trials) == 1 else 0.25

    own = brackets("s", 3)
    study = study_of(HyperbandPruner(1, 9), sampler=Watching())
    study.optimize(objective, n_trials=12)
    assert Counter(trial.params["x"] for trial in study.trials)[0.5] == len({own.of(k) for k in range(12)})


def test_a_sampler_that_learns_across_brackets_sees_the_whole_study() -> None:
    for fidelity, sees_all in ((furthest_first, False), (largest_budget, True), (carried_over, False)):
        study = study_of(HyperbandPruner(1, 9), sampler=TPESampler(fidelity=fidelity))
        assert (view_of(study, 0).history is study.history) == sees_all


@pytest.mark.parametrize("fidelity", [carried_over, largest_budget])
@pytest.mark.parametrize("resumed", [False, True])
def test_tpe_draws_the_same_after_a_resumption(resumed: bool, fidelity: Any, tmp_path: Any) -> None:
    def parameters(parts: list[int], path: str) -> list[dict[str, Any]]:
        for n in parts:
            study = study_of(
                HyperbandPruner(1, 9), storage=f"sqlite:///{tmp_path}/{path}.db", load_if_exists=True,
                sampler=TPESampler(seed=0, n_startup_trials=4, fidelity=fidelity),
            )  # fmt: skip
            study.optimize(objective, n_trials=n)
        return [trial.params for trial in study.trials]

    assert parameters([25, 15] if resumed else [40], "a") == parameters([40], "b")


def test_a_wrapped_hyperband_shows_the_whole_study() -> None:
    study = study_of(PatientPruner(HyperbandPruner(1, 9), 1))
    assert view_of(study, 0) is study


def test_with_several_objectives_there_are_no_brackets() -> None:
    study = study_of(HyperbandPruner(1, 9), directions=["minimize", "maximize"])
    assert view_of(study, 0) is study


def test_a_pruner_of_another_library_has_no_view() -> None:
    class Other:
        def prune(self, study: Any, trial: Any) -> bool:
            return False

    study = study_of(Other())
    study.optimize(objective, n_trials=2)
    assert view_of(study, 0) is study


def test_what_is_kept_of_histories_is_not_pickled() -> None:
    study = study_of(HyperbandPruner(1, 9), sampler=TPESampler(seed=0, fidelity=furthest_first))
    study.optimize(objective, n_trials=12)
    assert study.pruner._competitions and study.pruner._selections
    other = pickle.loads(pickle.dumps(study))
    assert not other.pruner._competitions and not other.pruner._selections
    for one in (study, other):
        one.optimize(objective, n_trials=12)
    assert [t.params for t in study.trials] == [t.params for t in other.trials]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"min_resource": 0}, "min_resource"),
        ({"min_resource": math.nan}, "min_resource"),
        ({"max_resource": "x"}, "max_resource"),
        ({"max_resource": 1.5}, "max_resource"),
        ({"min_resource": 9, "max_resource": 5}, "max_resource"),
        ({"reduction_factor": 1}, "reduction_factor"),
        ({"max_resource": 9, "bootstrap_count": -1}, "bootstrap_count"),
        ({"bootstrap_count": 1}, "the brackets"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        HyperbandPruner(**arguments)
