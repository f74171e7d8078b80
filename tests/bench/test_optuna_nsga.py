"""NSGA-II and III beside Optuna's: generations, parents, arguments, operators, and files that both work on."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import parzen

optuna = pytest.importorskip("optuna", minversion="5.0.0")
pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

NAMES = ["NSGAIISampler", "NSGAIIISampler"]
PARAMETERS = [f"x{i}" for i in range(3)]


@pytest.fixture(autouse=True)
def quiet():
    for library in (optuna, parzen):
        library.logging.set_verbosity(library.logging.CRITICAL)


def sampler_of(library, name="NSGAIISampler", **kwargs):
    return getattr(library.samplers, name)(**{"population_size": 5, "seed": 0, **kwargs})


def two(trial):
    x = [trial.suggest_float(name, 0, 1) for name in PARAMETERS]
    return x[0], 1 - x[0] + sum(x[1:])


def with_ends(library, name, ends, m=2):
    """Run trials that end in given states at given values; give what each library kept of them."""
    study = library.create_study(directions=["minimize"] * m, sampler=sampler_of(library, name))
    states = library.trial.TrialState
    for state, values in ends:
        trial = study.ask({"x": library.distributions.FloatDistribution(0, 1)})
        study.tell(trial, values if state == "COMPLETE" else None, state=getattr(states, state))
    return study


@pytest.mark.parametrize("name", NAMES)
def test_generations_are_counted_alike(name):
    rng = np.random.default_rng(0)
    ends = [("FAIL" if u < 0.2 else "COMPLETE", rng.random(2).tolist()) for u in rng.random(40)]
    found = []
    for library in (optuna, parzen):
        study = with_ends(library, name, ends)
        key = f"{name}:generation"
        complete = [t for t in study.trials if t.state.name == "COMPLETE"]
        found.append([t.system_attrs[key] for t in complete])
    assert found[0] == found[1]


@pytest.mark.parametrize("m", [1, 2, 3])
def test_the_same_trials_survive(m):
    """Values are different in all objectives, so that no crowding distances tie but the infinite ones."""
    rng = np.random.default_rng(m)
    ends = [("COMPLETE", row.tolist()) for row in rng.random((26, m))]
    parents = []
    for library in (optuna, parzen):
        study = with_ends(library, "NSGAIISampler", ends, m)
        study.ask({"x": library.distributions.FloatDistribution(0, 1)})
        chosen = [study.sampler.get_parent_population(study, generation) for generation in range(6)]
        parents.append([sorted(t.number for t in one) for one in chosen])
    assert parents[0] == parents[1]


def noted(study):
    """Give what the sampler noted on the study, without parzen's note of how it was started."""
    attrs = study._storage.get_study_system_attrs(study._study_id)
    return {key: value for key, value in attrs.items() if key != "parzen:origin"}


def test_elite_strategies_are_given_the_same_trials():
    seen = {"optuna": [], "parzen": []}

    def oldest(library):
        def choose(study, population):
            seen[library.__name__].append([t.number for t in population])
            return sorted(population, key=lambda t: t.number)[:5]

        return choose

    attrs = []
    for library in (optuna, parzen):
        sampler = sampler_of(library, elite_population_selection_strategy=oldest(library))
        study = library.create_study(directions=["minimize"] * 2, sampler=sampler)
        study.optimize(two, n_trials=18)
        attrs.append(noted(study))
    assert seen["optuna"] == seen["parzen"]
    assert attrs[0] == attrs[1]


ARGUMENTS = [
    {"population_size": 1},
    {"mutation_prob": 1.5},
    {"crossover_prob": -1.0},
    {"swapping_prob": 2.0},
    {"crossover": "a"},
    {"mutation": "a"},
    {"mutation_prob": 0.0},
    {"mutation_prob": 1.0},
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_the_same_arguments_are_refused(name, arguments):
    errors = []
    for library in (optuna, parzen):
        try:
            sampler_of(library, name, **arguments)
            errors.append(None)
        except ValueError as error:
            errors.append(type(error))
    assert errors[0] == errors[1]


OPERATORS = {
    "BLXAlphaCrossover": {},
    "SBXCrossover": {"eta": 20.0},
    "SPXCrossover": {},
    "UNDXCrossover": {},
    "UniformCrossover": {},
    "VSBXCrossover": {"eta": 20.0},
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_optunas_crossovers_work_in_our_sampler(operator):
    crossover = getattr(optuna.samplers.nsgaii, operator)(**OPERATORS[operator])
    mutation = optuna.samplers.nsgaii.PolynomialMutation()
    sampler = sampler_of(parzen, crossover=crossover, mutation=mutation)
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler)
    study.optimize(two, n_trials=15)
    assert all(0 <= value <= 1 for trial in study.trials for value in trial.params.values())


N = 2000
ALIKE = ["BLXAlphaCrossover", "SBXCrossover", "SPXCrossover", "UniformCrossover"]


@pytest.mark.parametrize("operator", ALIKE)
def test_crossovers_have_the_same_distribution(operator):
    """Kolmogorov and Smirnov's test of 2,000 children each, at 1e-5 for each of 12 columns: 1e-4 in all."""
    from scipy.stats import ks_2samp

    parents, bounds = np.array([[0.3, 0.6, 0.5], [0.5, 0.45, 0.9], [0.1, 0.2, 0.7]]), np.array([[-5.0, 5.0]] * 3)
    children = []
    for library in (optuna, parzen):
        crossover = getattr(library.samplers.nsgaii, operator)()
        study = library.create_study(directions=["minimize"] * 2)
        rng = np.random.RandomState(0)
        family = parents[: crossover.n_parents]
        children.append(np.array([crossover.crossover(family, rng, study, bounds) for _ in range(N)]))
    assert min(ks_2samp(a, b).pvalue for a, b in zip(children[0].T, children[1].T, strict=True)) > 1e-5


def test_polynomial_mutation_has_the_same_distribution():
    """The same test at 1e-5, at an end, near it and in the middle."""
    from scipy.stats import ks_2samp

    for x in (0.0, 0.05, 0.5):
        mutants = []
        for library in (optuna, parzen):
            study, rng = library.create_study(), np.random.RandomState(0)
            mutation = library.samplers.nsgaii.PolynomialMutation()
            mutants.append([mutation.mutation(x, rng, study, np.array([0.0, 1.0])) for _ in range(N)])
        assert ks_2samp(*mutants).pvalue > 1e-5


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("first", ["optuna", "parzen"])
def test_either_goes_on_where_the_other_stopped(name, first, tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    libraries = [optuna, parzen] if first == "optuna" else [parzen, optuna]
    for library in (*libraries, *libraries):
        study = library.create_study(
            directions=["minimize"] * 2, sampler=sampler_of(library, name), storage=url, study_name="s",
            load_if_exists=True,
        )  # fmt: skip
        study.optimize(two, n_trials=8)
    generations = [t.system_attrs[f"{name}:generation"] for t in study.trials]
    assert generations == [i // 5 for i in range(32)]


def test_a_third_partys_sampler_is_given_the_same():
    def sampler(library):
        class Copying(library.samplers.BaseGASampler):
            def __init__(self):
                super().__init__(population_size=3)

            def select_parent(self, study, generation):
                return self.get_population(study, generation - 1)[:2]

            def infer_relative_search_space(self, study, trial):
                return {name: library.distributions.FloatDistribution(0, 1) for name in PARAMETERS}

            def sample_relative(self, study, trial, search_space):
                generation = self.get_trial_generation(study, trial)
                parents = self.get_parent_population(study, generation)
                return dict.fromkeys(PARAMETERS, 0.5 / (trial.number + 1) + sum(t.params["x0"] for t in parents) / 4)

            def sample_independent(self, study, trial, param_name, param_distribution):
                raise AssertionError

        return Copying()

    kept = []
    for library in (optuna, parzen):
        study = library.create_study(directions=["minimize"] * 2, sampler=sampler(library))
        study.optimize(two, n_trials=11)
        attrs = noted(study)
        kept.append(([t.params for t in study.trials], [t.system_attrs for t in study.trials], attrs))
    assert kept[0] == kept[1]


def test_constraints_are_read_alike():
    """Where some trials violate a constraint and one sets none, the same survive."""
    rng = np.random.default_rng(3)
    values, constraints = rng.random((10, 2)).tolist(), rng.normal(0, 1, 10).tolist()
    chosen = []
    for library in (optuna, parzen):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study = library.create_study(directions=["minimize"] * 2, sampler=sampler_of(library))
            for number, (value, constraint) in enumerate(zip(values, constraints, strict=True)):
                trial = study.ask({"x": library.distributions.FloatDistribution(0, 1)})
                if number != 7:
                    trial.set_constraint("c", constraint)
                study.tell(trial, value)
            study.ask({"x": library.distributions.FloatDistribution(0, 1)})
            chosen.append(sorted(t.number for t in study.sampler.get_parent_population(study, 2)))
    assert chosen[0] == chosen[1]


def test_vsbx_of_equal_parents_gives_these_here_and_others_in_optuna():
    parents, bounds = np.full((2, 1), 10.0), np.array([[-1e3, 1e3]])
    for library, is_alike in ((parzen, True), (optuna, False)):
        crossover = library.samplers.nsgaii.VSBXCrossover(eta=2.0, use_child_gene_prob=1.0)
        study = library.create_study(directions=["minimize"] * 2)
        rng = np.random.RandomState(0)
        children = [crossover.crossover(parents, rng, study, bounds)[0] for _ in range(20)]
        assert np.allclose(children, 10.0) == is_alike


@pytest.mark.parametrize("crossover", ["SBXCrossover", "VSBXCrossover", "UniformCrossover", "BLXAlphaCrossover"])
def test_crossovers_of_optuna_work_in_our_sampler(crossover):
    made = getattr(optuna.samplers.nsgaii, crossover)()
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler_of(parzen, crossover=made))
    study.optimize(two, n_trials=15)
    assert len(study.best_trials) > 0
