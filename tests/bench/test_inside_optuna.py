"""parzen's samplers and pruners in an Optuna study give the trials that they give in a study of parzen's."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from contract.test_pruners import PRUNERS
from contract.test_samplers import SAMPLERS as ALL_SAMPLERS

import parzen
from parzen.trial import FrozenTrial

optuna = pytest.importorskip("optuna")
import two_homes  # noqa: E402
from two_homes import SEVERAL, SINGLE, described, epochs, mixed, same_trials  # noqa: E402

from parzen.integration.optuna import OptunaPruner, OptunaSampler  # noqa: E402
from parzen.integration.optuna import ours as internals  # noqa: E402

pytestmark = [
    pytest.mark.bench,
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:The value nan is not acceptable"),
    pytest.mark.filterwarnings("ignore:.*is out of range for distribution"),
]
SAMPLERS = {name: line for name, line in ALL_SAMPLERS.items() if name != "grid"}  # whose grid has other parameters
TPE, Random = parzen.samplers.TPESampler, parzen.samplers.RandomSampler


@pytest.fixture(autouse=True)
def quiet() -> None:
    for library in (parzen, optuna):
        library.logging.set_verbosity(library.logging.CRITICAL)


# --- as at home ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SINGLE)
@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name: str, kind: str) -> None:
    make = SAMPLERS[name].make
    same_trials(make(3), OptunaSampler(make(3)), SINGLE[kind], 40)


@pytest.mark.parametrize("kind", SEVERAL)
@pytest.mark.parametrize("name", [name for name, line in SAMPLERS.items() if line.multi_objective])
def test_samplers_with_several_objectives(name: str, kind: str) -> None:
    make = SAMPLERS[name].make
    same_trials(make(3), OptunaSampler(make(3)), SEVERAL[kind], 40)


@pytest.mark.parametrize("seed", [0, 1])
def test_compiled_kernels(seed: int) -> None:
    same_trials(TPE(seed=seed), OptunaSampler(TPE(seed=seed)), mixed, 130)


@pytest.mark.parametrize("name", PRUNERS)
def test_pruners(name: str) -> None:
    make = PRUNERS[name].make
    pruners = make(), OptunaPruner(make())
    study = same_trials(TPE(seed=2), OptunaSampler(TPE(seed=2)), epochs, 40, pruner=pruners)
    assert name in ("nop", "threshold", "patient", "patient median") or "PRUNED" in {t.state.name for t in study.trials}


@pytest.mark.parametrize("name", ["random", "tpe", "tpe-largest-budget", "nsgaii"])
def test_optunas_hyperband_shows_one_bracket(name: str) -> None:
    """As ours does: so all is as in a study of parzen's with our Hyperband."""
    make = SAMPLERS[name].make
    pruners = parzen.pruners.HyperbandPruner(1, 9, 3), optuna.pruners.HyperbandPruner(1, 9, 3)
    same_trials(make(1), OptunaSampler(make(1)), epochs, 80, pruner=pruners)


@pytest.mark.parametrize("name", ["tpe", "nsgaii"])
def test_a_database(name: str, tmp_path: Path) -> None:
    make = SAMPLERS[name].make
    storages = tuple(f"sqlite:///{tmp_path / file}" for file in ("ours.db", "theirs.db"))
    same_trials(make(1), OptunaSampler(make(1)), mixed, 20, storage=storages)


def test_constraints_func() -> None:
    def violation(trial: Any) -> list[float]:
        return [trial.params["x"] + len(trial.user_attrs)]

    def objective(trial: Any) -> float:
        loss = mixed(trial)
        if trial.number % 2:
            trial.set_user_attr("odd", True)
        return loss

    with pytest.warns(FutureWarning, match="constraints_func"):
        samplers = [TPE(seed=1, constraints_func=violation) for _ in range(2)]
    study = same_trials(samplers[0], OptunaSampler(samplers[1]), objective, 40)
    assert study.trials[3].constraints == {"0": study.trials[3].params["x"] + 1}


def test_optunas_partial_fixed_sampler_takes_it() -> None:
    study = optuna.create_study(sampler=optuna.samplers.PartialFixedSampler({"x": 0.5}, OptunaSampler(TPE(seed=1))))
    study.optimize(mixed, n_trials=30)
    assert {trial.params["x"] for trial in study.trials} == {0.5}


# --- other ways to run a study ---------------------------------------------------------------------------------------


def test_threads_draw_what_belongs_to_the_numbers() -> None:
    studies = [optuna.create_study(sampler=OptunaSampler(Random(seed=1))) for _ in range(2)]
    studies[0].optimize(mixed, n_trials=40, n_jobs=4)
    studies[1].optimize(mixed, n_trials=40)
    assert [t.params for t in studies[0].trials] == [t.params for t in studies[1].trials]


@pytest.mark.parametrize("name", SAMPLERS)
def test_threads(name: str) -> None:
    line = SAMPLERS[name]
    study = optuna.create_study(
        sampler=OptunaSampler(line.make(None)), pruner=OptunaPruner(PRUNERS["hyperband"].make())
    )
    study.optimize(epochs, n_trials=60, n_jobs=4)
    assert [trial.number for trial in study.trials] == list(range(60))
    assert all(trial.state.is_finished() and len(trial.params) == 2 for trial in study.trials)


def test_a_sampler_without_a_seed_keeps_its_hypercube() -> None:
    """Optuna reseeds the sampler for each trial of a thread; yet of ten trials one lies in each tenth of a range."""
    study = optuna.create_study(sampler=OptunaSampler(TPE(n_startup_trials=10)))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 10), n_trials=10, n_jobs=2)
    assert sorted(int(trial.params["x"]) for trial in study.trials) == list(range(10))


def test_studies_without_a_seed_differ() -> None:
    sampler = OptunaSampler(Random())
    studies = [optuna.create_study(sampler=sampler) for _ in range(2)]
    for study in studies:
        study.optimize(two_homes.floats, n_trials=3)
    values = {trial.params["x"] for study in studies for trial in study.trials}
    assert len(values) == 6


@pytest.mark.parametrize("name", SAMPLERS)
def test_several_running_trials_told_in_another_order(name: str) -> None:
    make = SAMPLERS[name].make
    studies = parzen.create_study(sampler=make(1)), optuna.create_study(sampler=OptunaSampler(make(1)))
    for library, study in zip((parzen, optuna), studies, strict=True):
        study.ask().suggest_float("x", -1, 1)  # it runs for ever
        for _ in range(8):
            running = [(trial, mixed(trial)) for trial in (study.ask() for _ in range(5))]
            study.tell(running.pop()[0], state=library.trial.TrialState.FAIL)
            for trial, value in reversed(running):
                study.tell(trial, value)
    assert described(studies[0]) == described(studies[1])


def test_running_trials_are_avoided() -> None:
    """TPE takes the points of running trials for bad ones; 12 at once on a grid of 16 points are 12 different ones."""
    study = optuna.create_study(sampler=OptunaSampler(TPE(seed=1)))
    space = {"n": optuna.distributions.IntDistribution(0, 3), "m": optuna.distributions.IntDistribution(0, 3)}
    for i in range(12):
        params = {"n": i % 2, "m": 0}
        study.add_trial(optuna.trial.create_trial(value=float(i), params=params, distributions=space))
    points = {tuple(study.ask(space).params.values()) for _ in range(12)}
    assert len(points) == 12


def test_pickled_and_loaded_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    through, halted = (
        optuna.create_study(study_name=name, storage=url, sampler=OptunaSampler(TPE(seed=1))) for name in ("a", "b")
    )
    through.optimize(mixed, n_trials=20)
    halted.optimize(mixed, n_trials=14)
    again = optuna.load_study(study_name="b", storage=url, sampler=pickle.loads(pickle.dumps(halted.sampler)))
    again.optimize(mixed, n_trials=3)
    halted.optimize(mixed, n_trials=3)  # sees what the other did
    assert described(through) == described(halted) == described(again)


def test_a_pickled_study_goes_on() -> None:
    study = optuna.create_study(sampler=OptunaSampler(TPE(seed=1)), pruner=OptunaPruner(PRUNERS["hyperband"].make()))
    study.optimize(epochs, n_trials=20)
    copied = pickle.loads(pickle.dumps(study))
    for each in (study, copied):
        each.optimize(epochs, n_trials=20)
    assert described(study) == described(copied)


def test_a_study_that_takes_the_place_of_a_deleted_one(tmp_path: Path) -> None:
    """SQLite gives out the identifiers again, of the study and of its trials."""
    storage = optuna.storages.get_storage(f"sqlite:///{tmp_path / 'study.db'}")
    sampler = OptunaSampler(TPE(seed=1))
    fresh = optuna.create_study(sampler=OptunaSampler(TPE(seed=1)))
    fresh.optimize(mixed, n_trials=12)
    for _ in range(2):
        study = optuna.create_study(study_name="s", storage=storage, sampler=sampler)
        study.optimize(mixed, n_trials=12)
        assert [trial.params for trial in study.trials] == [trial.params for trial in fresh.trials]
        optuna.delete_study(study_name="s", storage=storage)
        storage = optuna.storages.get_storage(storage)


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_a_trial_is_read_a_few_times_whatever_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study(sampler=OptunaSampler(TPE(seed=1)), pruner=OptunaPruner(PRUNERS["hyperband"].make()))
    study.optimize(epochs, n_trials=50)
    read, adopted = [], FrozenTrial.adopted
    monkeypatch.setattr(FrozenTrial, "adopted", classmethod(lambda cls, t: read.append(t.number) or adopted(t)))
    study.optimize(epochs, n_trials=10)
    assert set(read) == set(range(49, 60))
    assert len(read) <= 11 * (4 + 9)  # nine reports read it, too


def test_what_is_kept_goes_with_the_storage() -> None:
    gc.collect()
    before = len(internals._KEPT)
    study = optuna.create_study(sampler=OptunaSampler(TPE(seed=1)))
    study.optimize(mixed, n_trials=3)
    assert len(internals._KEPT) == before + 1
    del study
    gc.collect()
    assert len(internals._KEPT) == before


# --- what is refused -------------------------------------------------------------------------------------------------


def test_what_cannot_be_wrapped() -> None:
    with pytest.raises(TypeError, match=r"sampler of parzen's, but got .*see parzen\.samplers"):
        OptunaSampler(optuna.samplers.RandomSampler())
    with pytest.raises(TypeError, match=r"pruner of parzen's, but got .*see parzen\.pruners"):
        OptunaPruner(optuna.pruners.NopPruner())


def test_an_unwrapped_sampler_says_what_to_do() -> None:
    study = optuna.create_study(sampler=Random(seed=1))
    with pytest.raises(TypeError, match=r"`OptunaSampler\(sampler\)` of parzen\.integration\.optuna"):
        study.ask().suggest_float("x", 0, 1)


def test_without_optuna_the_extra_is_named() -> None:
    program = "import sys; sys.modules['optuna'] = None; import parzen.integration.optuna"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert 'ImportError: parzen.integration.optuna needs Optuna: pip install "parzen[optuna]".' in done.stderr


def test_a_sampler_of_ones_own_sees_the_study() -> None:
    """One that is no `Sampler`: by Optuna's methods, with the rest of Optuna's study at hand."""

    class Shy(parzen.samplers.BaseSampler):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def before_trial(self, study: Any, trial: FrozenTrial) -> None:
            self.seen.append((trial.number, len(study.get_trials(deepcopy=False)), study.user_attrs))

        def infer_relative_search_space(self, study: Any, trial: FrozenTrial) -> Any:
            return study.history.joint_space()

        def sample_relative(self, study: Any, trial: FrozenTrial, search_space: Any) -> dict[str, Any]:
            return {name: study.best_value / 2 for name in search_space}

        def sample_independent(self, study: Any, trial: FrozenTrial, name: str, distribution: Any) -> Any:
            assert isinstance(distribution, parzen.distributions.FloatDistribution)
            return distribution.high

        def reseed_rng(self) -> None:
            self.seen.append(threading.get_ident())

    study = optuna.create_study(sampler=OptunaSampler(Shy()))
    study.set_user_attr("why", 1)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 8), n_trials=4)
    assert [trial.value for trial in study.trials] == [8, 4, 2, 1]
    assert study.sampler.sampler.seen == [(k, k + 1, {"why": 1}) for k in range(4)]
    study.optimize(lambda trial: trial.suggest_float("x", 0, 8), n_trials=1, n_jobs=2)
    assert len(study.sampler.sampler.seen) == 6
