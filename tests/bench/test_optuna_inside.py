"""Optuna's samplers and pruners in a study of parzen's give the trials that they give in an Optuna study."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import test_readme

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import RandomSampler

optuna = pytest.importorskip("optuna")
from two_homes import GRID, SEVERAL, SINGLE, described, epochs, floats, grid, mixed, same_trials  # noqa: E402

from parzen.integration.optuna import ParzenPruner, ParzenSampler  # noqa: E402
from parzen.integration.optuna.converting import to_optuna  # noqa: E402

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:.*recorded as failed"),
    pytest.mark.filterwarnings("ignore:Constraints have been set, but CmaEsSampler"),
    pytest.mark.filterwarnings("ignore:.*is out of range for distribution"),
]
theirs = optuna.samplers


@pytest.fixture(autouse=True)
def quiet() -> None:
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.CRITICAL)


class Line(NamedTuple):
    """One of Optuna's samplers, and where it is tried."""

    make: Callable[[int], Any]  # of a seed
    kinds: tuple[str, ...] = (*SINGLE, *SEVERAL)
    n_trials: int = 25


def violation(trial: Any) -> tuple[float]:
    return (trial.params.get("x", 0.0),)


def constrained(sampler: Any, **arguments: Any) -> Callable[[int], Any]:
    """Give a maker; `constraints_func` is deprecated in some of Optuna's samplers."""

    def make(seed: int) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return sampler(seed=seed, constraints_func=violation, **arguments)

    return make


SAMPLERS: dict[str, Line] = {
    "random": Line(lambda seed: theirs.RandomSampler(seed=seed)),
    "tpe": Line(lambda seed: theirs.TPESampler(seed=seed), n_trials=30),
    "tpe-univariate": Line(lambda seed: theirs.TPESampler(seed=seed, multivariate=False)),
    "tpe-group": Line(lambda seed: theirs.TPESampler(seed=seed, multivariate=True, group=True)),
    "tpe-liar": Line(lambda seed: theirs.TPESampler(seed=seed, constant_liar=True)),
    "tpe-constraints": Line(constrained(theirs.TPESampler)),
    "gp": Line(lambda seed: theirs.GPSampler(seed=seed, n_startup_trials=5), ("floats", "mixed"), 8),
    "gp-constraints": Line(constrained(theirs.GPSampler, n_startup_trials=5), ("floats",), 8),
    "cma-es": Line(lambda seed: theirs.CmaEsSampler(seed=seed), tuple(SINGLE), 40),
    "nsgaii": Line(lambda seed: theirs.NSGAIISampler(seed=seed, population_size=6)),
    "nsgaii-constraints": Line(constrained(theirs.NSGAIISampler, population_size=6)),
    "nsgaiii": Line(lambda seed: theirs.NSGAIIISampler(seed=seed, population_size=6)),
    "qmc": Line(lambda seed: theirs.QMCSampler(seed=seed)),
    "grid": Line(lambda seed: theirs.GridSampler(GRID, seed=seed), ("grid",), 20),
    "brute force": Line(lambda seed: theirs.BruteForceSampler(seed=seed), ("grid",), 20),
    "partial": Line(lambda seed: theirs.PartialFixedSampler({"x": 0.5}, theirs.TPESampler(seed=seed))),
}
NEEDS = {"gp": "torch", "gp-constraints": "torch", "cma-es": "cmaes"}
CASES = [(name, kind) for name, line in SAMPLERS.items() for kind in line.kinds]


def test_no_sampler_of_optunas_is_missing() -> None:
    made = {type(line.make(0)).__name__ for name, line in SAMPLERS.items() if name not in NEEDS}
    public = {name for name in theirs.__all__ if name.endswith("Sampler") and not name.startswith("Base")}
    assert public == made | {"GPSampler", "CmaEsSampler"}


# --- as at home ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_samplers(name: str, kind: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    line = SAMPLERS[name]
    same_trials(ParzenSampler(line.make(1)), line.make(1), {**SINGLE, **SEVERAL}[kind], line.n_trials)


@pytest.mark.parametrize("name", ["tpe", "nsgaii", "qmc"])
def test_a_database(name: str, tmp_path: Path) -> None:
    make = SAMPLERS[name].make
    storages = tuple(f"sqlite:///{tmp_path / file}" for file in ("ours.db", "theirs.db"))
    same_trials(ParzenSampler(make(0)), make(0), mixed, 15, storage=storages)


PRUNERS: dict[str, Callable[[], Any]] = {
    "nop": optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "percentile": lambda: optuna.pruners.PercentilePruner(25.0),
    "threshold": lambda: optuna.pruners.ThresholdPruner(-2.0, 2.0),
    "patient": lambda: optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(), 1),
    "wilcoxon": lambda: optuna.pruners.WilcoxonPruner(p_threshold=0.4),
    "successive halving": optuna.pruners.SuccessiveHalvingPruner,
    "hyperband": lambda: optuna.pruners.HyperbandPruner(1, 9, 3),
    "hyperband auto": optuna.pruners.HyperbandPruner,
}


def test_no_pruner_of_optunas_is_missing() -> None:
    made = {type(make()).__name__ for make in PRUNERS.values()}
    assert {name for name in optuna.pruners.__all__ if not name.startswith("Base")} == made


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("wrap", [lambda pruner: pruner, ParzenPruner], ids=["plain", "wrapped"])
@pytest.mark.parametrize("name", PRUNERS)
def test_pruners(name: str, wrap: Any, direction: str) -> None:
    make, sign = PRUNERS[name], 1.0 if direction == "minimize" else -1.0

    def objective(trial: Any) -> float:
        offset = trial.number * 7919 % 101 / 25
        for step in range(1, 10):
            trial.report(sign * (offset + np.sin(trial.number + step) / step), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return sign * offset

    studies = [
        library.create_study(study_name="s", pruner=pruner, direction=direction)
        for library, pruner in ((parzen, wrap(make())), (optuna, make()))
    ]
    for study in studies:
        study.optimize(objective, n_trials=50)
    assert described(studies[0]) == described(studies[1])
    assert name == "nop" or "PRUNED" in {trial.state.name for trial in studies[0].trials}


@pytest.mark.parametrize("wrap", [lambda pruner: pruner, ParzenPruner], ids=["plain", "wrapped"])
@pytest.mark.parametrize("name", ["random", "tpe", "cma-es", "nsgaii"])
def test_samplers_beside_hyperband(name: str, wrap: Any) -> None:
    make = SAMPLERS[name].make
    pruners = wrap(PRUNERS["hyperband"]()), PRUNERS["hyperband"]()
    same_trials(ParzenSampler(make(1)), make(1), epochs, 40, pruner=pruners)


def test_a_sampler_that_lists_the_trials_of_its_bracket() -> None:
    class Counting(theirs.RandomSampler):
        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            listed = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
            return distribution.low + len(listed) % (distribution.high - distribution.low)

    pruners = PRUNERS["hyperband"](), PRUNERS["hyperband"]()
    same_trials(ParzenSampler(Counting()), Counting(), epochs, 40, pruner=pruners)


def test_grid_sampler_needs_no_wrapping() -> None:
    same_trials(theirs.GridSampler(GRID, seed=1), theirs.GridSampler(GRID, seed=1), grid, 14)


@pytest.mark.parametrize("name", ["grid", "brute force"])
@pytest.mark.parametrize("library", [parzen, optuna])
def test_a_sampler_that_has_tried_all_stops_the_study(name: str, library: Any) -> None:
    sampler = SAMPLERS[name].make(1)
    study = library.create_study(sampler=ParzenSampler(sampler) if library is parzen else sampler)
    study.optimize(grid, n_trials=100)
    assert len(study.trials) == 15


# --- other ways to run a study ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["random", "tpe", "nsgaii", "cma-es"])
def test_threads(name: str) -> None:
    study = parzen.create_study(sampler=ParzenSampler(SAMPLERS[name].make(1)), pruner=PRUNERS["hyperband"]())
    study.optimize(epochs, n_trials=60, n_jobs=4)
    assert [trial.number for trial in study.trials] == list(range(60))
    assert all(trial.state.is_finished() and len(trial.params) == 2 for trial in study.trials)
    assert study.sampler._trials == {}


def test_threads_reseed_it() -> None:
    class Counting(theirs.RandomSampler):
        n = 0

        def reseed_rng(self) -> None:
            self.n += 1

    study = parzen.create_study(sampler=ParzenSampler(Counting()))
    study.optimize(floats, n_trials=5)
    assert study.sampler.sampler.n == 0
    study.optimize(floats, n_trials=5, n_jobs=2)
    assert study.sampler.sampler.n == 5


def test_ask_and_tell_with_several_running() -> None:
    studies = parzen.create_study(sampler=ParzenSampler(theirs.TPESampler(seed=1, constant_liar=True)))
    studies = studies, optuna.create_study(sampler=theirs.TPESampler(seed=1, constant_liar=True))
    for library, study in zip((parzen, optuna), studies, strict=True):
        for _ in range(5):
            trials = [study.ask() for _ in range(5)]
            values = [mixed(trial) for trial in trials]
            study.tell(trials.pop(), state=library.trial.TrialState.FAIL)
            for trial, value in reversed(list(zip(trials, values, strict=False))):
                study.tell(trial, value)
    assert described(studies[0]) == described(studies[1])


def test_batches() -> None:
    space = {"x": FloatDistribution(0, 1), "n": IntDistribution(1, 9), "c": CategoricalDistribution(("a", "b"))}
    study = parzen.create_study(sampler=ParzenSampler(theirs.TPESampler(seed=1)))
    for _ in range(5):
        batch = study.ask_batch(4, space)
        study.tell_batch(batch, batch["x"] + batch["n"])
    assert len(study.trials) == 20
    assert study.best_value < 3


def test_trials_that_pause_and_go_on() -> None:
    study = parzen.create_study(sampler=ParzenSampler(theirs.TPESampler(seed=1)), pruner=parzen.pruners.ASHAPruner(9))
    for _ in range(60):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        for step in range(trial.resume_step, trial.next_rung):
            trial.report((x - 0.3) ** 2 + 1 / (step + 1), step + 1)
        if trial.should_pause():
            study.tell(trial, state=parzen.trial.TrialState.PAUSED)
        else:
            study.tell(trial, (x - 0.3) ** 2)
    assert {trial.state.name for trial in study.trials} == {"COMPLETE", "PAUSED"}


def test_a_corrected_trial_is_seen() -> None:
    class Greedy(theirs.RandomSampler):
        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            values = [t.value for t in study._get_trials(states=(optuna.trial.TrialState.COMPLETE,), use_cache=True)]
            return min(values, default=distribution.high)

    study = parzen.create_study(sampler=ParzenSampler(Greedy()))
    study.tell(study.ask(), 4.0)
    assert study.ask().suggest_float("x", 0, 9) == 4.0
    study.correct_trial(0, 2.0)
    assert study.ask().suggest_float("x", 0, 9) == 2.0


def test_pickled_studies_and_samplers_go_on(tmp_path: Path) -> None:
    study = parzen.create_study(sampler=ParzenSampler(theirs.TPESampler(seed=1)))
    study.optimize(mixed, n_trials=15)
    running = study.ask()
    copied = pickle.loads(pickle.dumps(study))
    for each in (study, copied):
        each.optimize(mixed, n_trials=5)
    assert described(study) == described(copied)
    taken = parzen.Trial(copied, running._trial_id, prepares=False)
    assert -1 <= taken.suggest_float("x", -1, 1) <= 1


def test_a_study_that_lists_some_of_its_trials() -> None:
    """What a subclass of the study, or parzen's Hyperband, hides, Optuna's sampler does not see."""

    class Seeing(theirs.RandomSampler):
        def __init__(self) -> None:
            super().__init__(seed=1)
            self.seen: list[list[int]] = []

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            self.seen.append([t.number for t in study._get_trials(use_cache=True)])
            return super().sample_independent(study, trial, name, distribution)

    class Odd(parzen.Study):
        def get_trials(self, deepcopy: bool = True, states: Any = None) -> Any:
            return [trial for trial in super().get_trials(deepcopy, states) if trial.number % 2]

    storage = parzen.storages.InMemoryStorage()
    name = parzen.create_study(storage=storage).study_name
    study = Odd(name, storage, ParzenSampler(Seeing()))
    study.optimize(floats, n_trials=4)
    assert study.sampler.sampler.seen[-1] == [1, 3]
    brackets = parzen.create_study(sampler=ParzenSampler(Seeing()), pruner=parzen.pruners.HyperbandPruner(1, 9, 3))
    brackets.optimize(epochs, n_trials=30)
    seen = brackets.sampler.sampler.seen
    assert all(len(numbers) < 30 and numbers[-1] == k // 2 for k, numbers in enumerate(seen))


def test_a_sampler_and_a_pruner_of_ones_own_see_an_optuna_study() -> None:
    class Shy(theirs.BaseSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            assert isinstance(study, optuna.Study)
            return optuna.search_space.intersection_search_space(study.get_trials(deepcopy=False))

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            return {name: study.best_trial.params[name] / 2 for name in search_space}

        def sample_independent(self, study: Any, trial: Any, name: str, distribution: Any) -> Any:
            assert isinstance(distribution, optuna.distributions.FloatDistribution)
            return distribution.high

        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            assert state is optuna.trial.TrialState.PRUNED or values == [trial.params["x"]]
            study.set_user_attr("last", trial.number)

    class Strict(optuna.pruners.BasePruner):
        def prune(self, study: Any, trial: Any) -> bool:
            return bool(study.direction is optuna.study.StudyDirection.MINIMIZE and trial.number == 3)

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 8)
        if trial.should_prune():
            raise parzen.TrialPruned
        return float(x)

    study = parzen.create_study(sampler=ParzenSampler(Shy()), pruner=ParzenPruner(Strict()))
    study.optimize(objective, n_trials=4)
    assert [trial.value for trial in study.trials] == [8, 4, 2, None]
    assert study.user_attrs == {"last": 3}


# --- distributions, and what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "distribution",
    [
        FloatDistribution(0, 1), FloatDistribution(1e-5, 1, log=True), FloatDistribution(0, 1, step=0.25),
        IntDistribution(1, 9), IntDistribution(1, 9, log=True), IntDistribution(0, 9, step=3),
        CategoricalDistribution((1, "a", None)), CategoricalDistribution((True, 1.5)),
    ],
)  # fmt: skip
def test_distributions_there_and_back(distribution: Any) -> None:
    there = to_optuna(distribution)
    assert isinstance(there, optuna.distributions.BaseDistribution)
    assert parzen.create_study().ask({"x": there}).distributions == {"x": distribution}


def test_choices_that_are_equal_are_told_apart() -> None:
    choices = to_optuna(CategoricalDistribution((1, 2))).choices, to_optuna(CategoricalDistribution((True, 2))).choices
    assert [type(each[0]) for each in choices] == [int, bool]


def test_what_cannot_be_wrapped() -> None:
    with pytest.raises(TypeError, match=r"sampler of Optuna's, but got .*see optuna\.samplers"):
        ParzenSampler(RandomSampler())
    with pytest.raises(TypeError, match=r"pruner of Optuna's, but got .*see optuna\.pruners"):
        ParzenPruner(parzen.pruners.NopPruner())


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name not in NEEDS and name != "grid"])
def test_an_unwrapped_sampler_says_what_to_do(name: str) -> None:
    with pytest.raises(TypeError, match=r"`ParzenSampler\(sampler\)` of parzen\.integration\.optuna"):
        parzen.create_study(sampler=SAMPLERS[name].make(1))


# --- the programs of the page ----------------------------------------------------------------------------------------


def test_there_are_programs_each_way() -> None:
    assert len(test_readme.programs("docs/optuna.md")) == 2


@pytest.mark.parametrize("program", test_readme.programs("docs/optuna.md"))
def test_program_of_the_page(program: str, tmp_path: Path) -> None:
    test_readme.test_program_runs("docs/optuna.md", program, tmp_path)
