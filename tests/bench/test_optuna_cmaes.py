"""CMA-ES beside Optuna's: arguments, errors, search spaces, what is sampled independently, and files of both."""

from __future__ import annotations

import inspect
import logging

import numpy as np
import pytest
from differential import run

import parzen
from parzen.samplers.cmaes.course import NOTE

optuna = pytest.importorskip("optuna", minversion="5.0.0")
pytest.importorskip("cmaes")
pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]
LIBRARIES = (optuna, parzen)


@pytest.fixture(autouse=True)
def quiet():
    for library in LIBRARIES:
        library.logging.set_verbosity(library.logging.ERROR)


def two(trial):
    return trial.suggest_float("x", -1, 1) ** 2 + (trial.suggest_float("y", -1, 1) - 0.5) ** 2


def mixed(trial):
    found = trial.suggest_float("x", 1e-3, 1, log=True) + trial.suggest_int("n", 0, 5)
    return found + trial.suggest_int("m", 1, 50, log=True) + trial.suggest_float("s", 0, 1, step=0.25)


def branched(trial):
    return two(trial) + (trial.suggest_float("z", 0, 1) if trial.number % 2 else 0.0)


def late(trial):
    return two(trial) + (trial.suggest_float("z", 0, 1) if trial.number > 7 else 0.0)


def single(trial):
    return two(trial) + trial.suggest_int("one", 3, 3)


def studied(library, objective, n_trials=12, **arguments):
    study = library.create_study(sampler=library.samplers.CmaEsSampler(**{"seed": 1, "popsize": 4, **arguments}))
    study.optimize(objective, n_trials=n_trials)
    return study


def test_arguments_have_the_same_names_and_defaults():
    theirs, ours = (inspect.signature(library.samplers.CmaEsSampler) for library in LIBRARIES)
    assert [(p.name, p.default, p.kind) for p in theirs.parameters.values()] == [
        (p.name, p.default, p.kind) for p in ours.parameters.values()
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        {"use_separable_cma": True, "with_margin": True},
        {"use_separable_cma": True, "lr_adapt": True},
        {"with_margin": True, "lr_adapt": True},
        {"source_trials": [], "use_separable_cma": True},
        {"source_trials": [], "x0": {"x": 0.1}},
        {"source_trials": [], "sigma0": 0.1},
        {"use_separable_cma": True},
        {"with_margin": True},
        {"lr_adapt": True},
        {"consider_pruned_trials": True},
        {"source_trials": []},
        {"popsize": 2},
        {"n_startup_trials": 0},
    ],
)
def test_the_same_arguments_are_refused(arguments):
    outcomes = [run(lambda m: bool(m.samplers.CmaEsSampler(**arguments)), library) for library in LIBRARIES]
    assert outcomes[0].error == outcomes[1].error
    # Optuna has deprecated `x0` and `sigma0`; here they stay.
    assert outcomes[0].warned - {"FutureWarning"} == outcomes[1].warned


@pytest.mark.parametrize(
    ("objective", "arguments", "directions"),
    [
        (two, {"source_trials": []}, None),
        (two, {"x0": {"x": 0.5}}, None),  # an AssertionError of theirs
        (two, {"x0": {"x": 0.5, "y": 2.0}}, None),
        (lambda trial: (two(trial), 1.0), {}, ["minimize", "minimize"]),
    ],
)
def test_what_cannot_begin_raises(objective, arguments, directions):
    for library in LIBRARIES:
        study = library.create_study(directions=directions, sampler=library.samplers.CmaEsSampler(**arguments))
        with pytest.raises((ValueError, AssertionError)):
            study.optimize(objective, n_trials=3)


@pytest.mark.parametrize("objective", [two, mixed, branched, late, single])
@pytest.mark.parametrize("arguments", [{}, {"with_margin": True}, {"use_separable_cma": True}, {"lr_adapt": True}])
def test_the_same_search_spaces_are_inferred(objective, arguments):
    spaces = []
    for library in LIBRARIES:
        study = studied(library, objective, **arguments)
        space = study.sampler.infer_relative_search_space(study, study.trials[-1])
        spaces.append({name: library.distributions.distribution_to_json(d) for name, d in sorted(space.items())})
    assert spaces[0] == spaces[1]


@pytest.mark.parametrize(
    ("objective", "arguments"),
    [(branched, {}), (late, {}), (two, {}), (branched, {"n_startup_trials": 6}), (single, {}),
     (branched, {"warn_independent_sampling": False})],
)  # fmt: skip
def test_the_same_parameters_are_warned_of(objective, arguments):
    warned = []
    for library in LIBRARIES:
        records = []
        handler = logging.Handler()
        handler.emit = records.append
        library.logging.set_verbosity(library.logging.WARNING)
        logger = logging.getLogger(library.__name__)
        logger.addHandler(handler)
        try:
            studied(library, objective, **arguments)
        finally:
            logger.removeHandler(handler)
            library.logging.set_verbosity(library.logging.ERROR)
        texts = [record.getMessage().replace("Trial#", "trial ") for record in records]
        warned.append([(name, k) for text in texts if "independently" in text for name in "xyz" for k in range(12)
                       if (f"'{name}'" in text or f"`{name}`" in text) and f"trial {k} " in text])  # fmt: skip
    assert warned[0] == warned[1]


@pytest.mark.parametrize("arguments", [{}, {"with_margin": True}, {"use_separable_cma": True}])
def test_a_study_of_optunas_is_gone_on_with_by_its_trials(tmp_path, arguments):
    url = f"sqlite:///{tmp_path}/s.db"

    def bowl(trial):
        return sum((trial.suggest_float(f"x{i}", -5, 5) - i / 2) ** 2 for i in range(4))

    storage = optuna.storages.InMemoryStorage()
    sampler = optuna.samplers.CmaEsSampler(seed=1, popsize=8, **arguments)
    theirs = optuna.create_study(study_name="s", storage=storage, sampler=sampler)
    theirs.optimize(bowl, n_trials=321)
    optuna.copy_study(from_study_name="s", from_storage=storage, to_storage=url)
    before = np.median([trial.value for trial in theirs.trials[-40:]])
    ours = parzen.load_study(
        study_name="s", storage=url, sampler=parzen.samplers.CmaEsSampler(seed=1, popsize=8, **arguments)
    )
    ours.optimize(bowl, n_trials=40)
    assert [trial.system_attrs[NOTE] for trial in ours.trials[-40::8]] == [f"0:{g}:8" for g in range(40, 45)]
    # As near as Optuna's sampler was, from the first trial on, and nothing begins anew.
    assert np.median([trial.value for trial in ours.trials[-40:]]) < 10 * before < 1.0


def test_optuna_goes_on_with_a_study_of_ours(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    ours = parzen.create_study(study_name="s", storage=url, sampler=parzen.samplers.CmaEsSampler(seed=1))
    ours.optimize(mixed, n_trials=30)
    theirs = optuna.load_study(study_name="s", storage=url, sampler=optuna.samplers.CmaEsSampler(seed=1))
    theirs.optimize(mixed, n_trials=10)
    assert len(theirs.trials) == 40
