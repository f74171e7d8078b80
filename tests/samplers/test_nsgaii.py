"""NSGA-II: generations, parents, children, strategies of users, and studies that several work on."""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
import warnings

import naive_pareto as naive
import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.engine.kernels.hypervolume import hypervolume
from parzen.samplers import BaseGASampler, NSGAIISampler, RandomSampler, nsgaii
from parzen.samplers.generations import Generations
from parzen.trial import TrialState, create_trial

SPACE = {f"x{i}": FloatDistribution(0, 1) for i in range(4)}
MIXED = {
    "x": FloatDistribution(1e-3, 1.0, log=True),
    "k": IntDistribution(0, 10, step=2),
    "c": CategoricalDistribution(("a", "b", "d")),
}
KEY = "NSGAIISampler:generation"


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)


def study_of(n_objectives=2, **kwargs):
    arguments = {"population_size": 6, "seed": 1, **kwargs}
    return parzen.create_study(directions=["minimize"] * n_objectives, sampler=NSGAIISampler(**arguments))


def two(trial):
    x = [trial.suggest_float(name, 0, 1) for name in SPACE]
    return x[0], 1 - x[0] + sum(x[1:])


def mixed(trial):
    x, k = trial.suggest_float("x", 1e-3, 1, log=True), trial.suggest_int("k", 0, 10, step=2)
    c = trial.suggest_categorical("c", ("a", "b", "d"))
    return x + k, ord(c) - x


def generations(study):
    return [trial.system_attrs[KEY] for trial in study.trials]


# --- generations -----------------------------------------------------------------------------------------------------


def test_a_generation_is_full_when_enough_trials_are_complete():
    study = study_of(population_size=3)

    def troubled(trial):
        if trial.number in (1, 4):
            raise ValueError
        return two(trial)

    study.optimize(troubled, n_trials=9, catch=ValueError)
    assert generations(study) == [0, 0, 0, 0, 1, 1, 1, 1, 2]


def test_a_batch_and_parameters_asked_for_at_once_are_of_a_generation_as_soon_as_they_are_stored(tmp_path):
    study = parzen.create_study(
        directions=["minimize"] * 2, sampler=NSGAIISampler(population_size=4), storage=f"sqlite:///{tmp_path}/s.db"
    )
    study.tell_batch(study.ask_batch(4, SPACE), np.random.default_rng(0).random((4, 2)))
    study.ask(SPACE)
    study.ask_batch(2, SPACE)
    study.ask()
    assert generations(study) == [0, 0, 0, 0, 1, 1, 1, 1]
    other = parzen.load_study(study_name=study.study_name, storage=f"sqlite:///{tmp_path}/s.db")
    assert generations(other) == generations(study)


def test_what_a_generation_is_bred_from_is_what_finished_before_its_first_trial():
    account = Generations("key", 2)
    for number, generation in [(0, 0), (1, 0)]:
        account._add(number, generation)
    assert (account.current, account.is_open(1), account.pool(1)) == (1, True, [0, 1])
    account._add(3, 0)  # was asked for with the others, and took longer
    assert (account.current, account.pool(1)) == (1, [0, 1, 3])
    account._add(4, 1)
    account._add(2, 0)  # too late for generation 1
    assert (account.current, account.pool(1), account.is_open(1)) == (1, [0, 1, 3], False)
    account._add(5, 1)
    assert (account.current, account.pool(2)) == (2, [2, 4, 5])
    assert account.members == [[0, 1, 3, 2], [4, 5]]


def test_generations_may_be_skipped():
    account = Generations("key", 2)
    account._add(0, 0)
    account._add(1, 3)
    assert [account.pool(g) for g in range(5)] == [[], [0], [], [], [1]]
    assert (account.current, account.members) == (3, [[0], [], [], [1]])


def test_trials_of_others_count_in_the_generation_in_which_they_finish():
    study = study_of(population_size=3)
    for i in range(7):
        study.add_trial(create_trial(params={"x0": i / 10}, distributions={"x0": SPACE["x0"]}, values=[i, i]))
    trial = study.ask()
    assert trial._record.system_attrs[KEY] == 2
    parents = study.sampler.get_parent_population(study, 2)
    assert [parent.number for parent in parents] == [0, 1, 2]
    assert [t.number for t in study.sampler.get_population(study, 1)] == [3, 4, 5]


def test_a_study_begun_by_another_sampler_is_gone_on_with():
    study = parzen.create_study(directions=["minimize"] * 2, sampler=RandomSampler(seed=0))
    study.optimize(two, n_trials=20)
    study.sampler = NSGAIISampler(population_size=6, seed=0)
    study.optimize(two, n_trials=1)
    assert study.trials[-1].system_attrs[KEY] == 3


# --- parents ---------------------------------------------------------------------------------------------------------


def crowding_by_hand(front):
    """Distances of the points of one front (Deb et al. 2002, crowding-distance-assignment)."""
    found = [0.0] * len(front)
    for j in range(len(front[0])):
        order = sorted(range(len(front)), key=lambda i: front[i][j])
        span = front[order[-1]][j] - front[order[0]][j]
        if span == 0:
            continue
        found[order[0]] = found[order[-1]] = np.inf
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            found[i] += (front[after][j] - front[before][j]) / span
    return found


@pytest.mark.parametrize("directions", [["minimize"] * 2, ["maximize", "minimize", "minimize"], ["maximize"]])
def test_the_first_fronts_survive_and_the_least_crowded_of_the_last(directions):
    study = parzen.create_study(directions=directions, sampler=NSGAIISampler(population_size=10, seed=0))
    values = np.random.default_rng(0).random((20, len(directions)))
    for row in values:
        study.add_trial(
            create_trial(params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}, values=row.tolist())
        )
    history, sampler = study.history, study.sampler
    survivors = sampler.survivors(history, np.arange(20), 1).tolist()
    points = values * [-1 if d == "maximize" else 1 for d in directions]
    ranks = naive.ranks(points.tolist())
    expected = []
    for rank in range(max(ranks) + 1):
        front = [i for i in range(20) if ranks[i] == rank]
        distances = crowding_by_hand([points[i].tolist() for i in front])
        expected += [front[i] for i in sorted(range(len(front)), key=lambda i: -distances[i])]
    assert survivors == expected[:10]


def test_what_violates_a_constraint_survives_after_what_does_not():
    study = study_of(population_size=4)
    for value, constraint in [(1.0, 3.0), (2.0, 1.0), (3.0, None), (4.0, 0.0), (0.0, 2.0), (9.0, -1.0)]:
        trial = study.ask(SPACE)
        if constraint is not None:
            trial.set_constraint("c", constraint)
        study.tell(trial, [value, value])
    ordered = study.sampler.survivors(study.history, np.arange(6), 1).tolist()
    assert ordered == [2, 3, 5, 1]  # the feasible ones by their values, then the one that violates least


def test_constraints_func_is_asked_about_complete_trials():
    with pytest.warns(FutureWarning, match="set_constraint"):
        sampler = NSGAIISampler(population_size=4, seed=0, constraints_func=lambda trial: [trial.params["x0"] - 0.5])
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler)
    study.optimize(two, n_trials=12)
    assert all(trial.constraints == {"0": trial.params["x0"] - 0.5} for trial in study.trials)
    study.tell(study.ask(), state=TrialState.FAIL)
    assert study.trials[-1].constraints == {}


# --- children --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crossover_prob", [0.0, 1.0])
def test_without_mutation_every_value_is_a_parents_to_the_bit(crossover_prob):
    study = study_of(crossover_prob=crossover_prob, mutation_prob=0.0)
    study.optimize(mixed, n_trials=30)
    parents = [t.params for t in study.sampler.get_parent_population(study, 4)]
    for trial in study.trials[24:]:
        assert all(any(value == parent[name] for parent in parents) for name, value in trial.params.items())
        assert (trial.params in parents) or crossover_prob


def test_by_default_no_child_is_a_copy_of_a_parent_of_its():
    study = study_of(crossover_prob=0.0)
    study.optimize(two, n_trials=60)
    params = [tuple(trial.params.values()) for trial in study.trials]
    assert len(set(params)) == len(params)


def test_mutation_prob_is_the_share_of_values_that_change():
    study = study_of(crossover_prob=0.0, mutation_prob=0.25, population_size=200)
    study.optimize(two, n_trials=400)
    known = {value for trial in study.trials[:200] for value in trial.params.values()}
    changed = [value not in known for trial in study.trials[200:] for value in trial.params.values()]
    assert abs(np.mean(changed) - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 800)  # 5 standard errors: 6e-7


def test_a_child_has_the_branches_of_both_parents():
    study = study_of(population_size=4, mutation_prob=0.0)

    def conditional(trial):
        kind = trial.suggest_categorical("kind", ["p", "q"])
        x = trial.suggest_float(kind, 0, 1)
        return x, 1 - x

    study.optimize(conditional, n_trials=40)
    for generation in range(1, 9):
        parents = study.sampler.get_parent_population(study, generation)
        known = {name: {t.params[name] for t in parents if name in t.params} for name in ("p", "q")}
        for trial in study.sampler.get_population(study, generation):
            name = trial.params["kind"]
            assert trial.params[name] in known[name]


def test_ranges_may_move_and_choices_may_change():
    study = study_of(population_size=4)

    def moving(trial):
        x = trial.suggest_float("x", trial.number, trial.number + 10)
        c = trial.suggest_categorical("c", list("abcdef")[trial.number % 3 :])
        return x, -x + ord(c)

    study.optimize(moving, n_trials=30)
    for trial in study.trials:
        for name, distribution in trial.distributions.items():
            assert distribution._contains(distribution.to_internal_repr(trial.params[name]))


def test_a_batch_holds_what_is_asked_for_one_by_one():
    batches, single = study_of(mutation_prob=0.5), study_of(mutation_prob=0.5)
    single.optimize(mixed, n_trials=6)
    for trial in single.trials:
        batches.add_trial(trial)
    batch = batches.ask_batch(8, MIXED)  # of two blocks of numbers
    trials = [single.ask(MIXED) for _ in range(8)]
    for name in ("x", "k"):
        assert batch[name].tolist() == [trial.params[name] for trial in trials]
    assert [batch.choices["c"][i] for i in batch["c"]] == [trial.params["c"] for trial in trials]


def test_a_batch_with_parameters_that_are_new():
    study = study_of()
    study.optimize(two, n_trials=6)
    batch = study.ask_batch(4, {**SPACE, "new": IntDistribution(1, 9), "x0": FloatDistribution(5, 6)})
    assert ((batch["new"] >= 1) & (batch["new"] <= 9)).all()
    assert ((batch["x0"] >= 5) & (batch["x0"] <= 6)).all()


CROSSOVERS = [
    nsgaii.UniformCrossover(),
    nsgaii.BLXAlphaCrossover(),
    nsgaii.SBXCrossover(),
    nsgaii.SBXCrossover(eta=5.0, uniform_crossover_prob=0.2, use_child_gene_prob=1.0),
    nsgaii.VSBXCrossover(),
    nsgaii.SPXCrossover(),
    nsgaii.SPXCrossover(epsilon=1.5),
    nsgaii.UNDXCrossover(),
    nsgaii.UNDXCrossover(sigma_xi=0.3, sigma_eta=0.1),
]
MUTATIONS = [None, nsgaii.PolynomialMutation(), nsgaii.UniformMutation()]


@pytest.mark.parametrize("crossover", CROSSOVERS, ids=str)
def test_crossovers(crossover):
    study = study_of(crossover=crossover, mutation=nsgaii.UniformMutation())
    study.optimize(mixed, n_trials=40)
    for trial in study.trials:
        for name, distribution in MIXED.items():
            assert distribution._contains(distribution.to_internal_repr(trial.params[name]))


@pytest.mark.parametrize("crossover", CROSSOVERS, ids=str)
def test_a_crossover_may_be_called_as_in_optuna(crossover):
    bounds = np.array([[0.0, 1.0], [-5.0, 5.0]])
    parents = np.array([[0.1, -4.0], [0.9, 3.0], [0.4, 0.0]])[: crossover.n_parents]
    rng = np.random.RandomState(0)
    for _ in range(50):
        child = crossover.crossover(parents, rng, study_of(), bounds)
        assert child.shape == (2,)
        assert (child >= bounds[:, 0] - 1e-12).all() and (child <= bounds[:, 1] + 1e-12).all()


@pytest.mark.parametrize("crossover", CROSSOVERS, ids=str)
def test_children_of_parents_all_over_the_box_are_all_over_it(crossover):
    bounds = np.array([[0.0, 1.0], [-5.0, 5.0]])
    low, high = bounds.T
    parents = np.random.default_rng(0).uniform(low, high, (200, crossover.n_parents, 2))
    children = crossover.children(parents, bounds, np.random.default_rng(1), study_of())
    assert ((low < children) & (children < high)).all()  # inside: none was only cut off at an end
    share = (children - low) / (high - low)
    for part in np.linspace(0.0, 0.8, 5):
        assert ((share > part) & (share < part + 0.2)).sum(axis=0).min() > 10


@pytest.mark.parametrize(
    ("n_objectives", "d", "default", "named"),
    [
        (1, 2, nsgaii.SBXCrossover(), nsgaii.SBXCrossover(eta=2.0)),
        (2, 2, nsgaii.SBXCrossover(), nsgaii.SBXCrossover(eta=20.0)),
        (1, 2, nsgaii.VSBXCrossover(), nsgaii.VSBXCrossover(eta=2.0)),
        (3, 2, nsgaii.VSBXCrossover(), nsgaii.VSBXCrossover(eta=20.0)),
        (1, 7, nsgaii.SPXCrossover(), nsgaii.SPXCrossover(epsilon=3.0)),
        (1, 1, nsgaii.UNDXCrossover(), nsgaii.UNDXCrossover(sigma_eta=0.35)),
        (1, 4, nsgaii.UNDXCrossover(), nsgaii.UNDXCrossover(sigma_eta=0.35 / 2)),
    ],
)
def test_what_crossovers_do_by_default(n_objectives, d, default, named):
    parents = np.random.default_rng(0).random((50, default.n_parents, d))
    parents[:25, 1] = parents[:25, 0]  # in one dimension only equal parents have anything across their line
    bounds = np.tile([0.0, 1.0], (d, 1))
    study = study_of(n_objectives)
    found, expected = (
        crossover.children(parents, bounds, np.random.default_rng(1), study) for crossover in (default, named)
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("mutation", MUTATIONS[1:], ids=str)
def test_a_mutation_may_be_called_as_in_optuna(mutation):
    rng = np.random.RandomState(0)
    found = [mutation.mutation(3.0, rng, study_of(), np.array([2.0, 5.0])) for _ in range(50)]
    assert all(type(value) is float and 2 <= value <= 5 for value in found)
    assert len(set(found)) == 50


class Averaging(nsgaii.BaseCrossover):
    """A user's crossover, with Optuna's method alone."""

    n_parents = 2

    def __init__(self):
        self.seen = []

    def crossover(self, parents_params, rng, study, search_space_bounds):
        assert isinstance(rng, np.random.RandomState)
        assert parents_params.shape == (2, len(search_space_bounds))
        self.seen.append(search_space_bounds)
        return parents_params.mean(axis=0)


class Doubling(nsgaii.BaseMutation):
    """A user's mutation; what it gives may lie outside."""

    def mutation(self, param, rng, study, search_space_bounds):
        assert search_space_bounds[0] <= param <= search_space_bounds[1]
        return 2 * param


def test_a_users_crossover_and_mutation():
    crossover = Averaging()
    study = study_of(crossover=crossover, crossover_prob=1.0, mutation=Doubling(), mutation_prob=1.0)
    study.optimize(mixed, n_trials=12)
    # In the order of the names, without the choice; k is a grid with half cells at its ends, x a logarithm.
    np.testing.assert_allclose(crossover.seen[0], [[-1.0, 11.0], [np.log(1e-3), 0.0]])
    parents = [t.params["k"] for t in study.sampler.get_parent_population(study, 1)]
    middles = {min(round((a + b) / 2) * 2, 10) for a in parents for b in parents}
    assert all(any(abs(t.params["k"] - m) <= 4 for m in middles) for t in study.trials[6:])


def test_a_subclass_that_overrides_optunas_method_is_heard():
    class Second(nsgaii.UniformCrossover):
        def crossover(self, parents_params, rng, study, search_space_bounds):
            return parents_params[1]

    class Still(nsgaii.PolynomialMutation):
        def mutation(self, param, rng, study, search_space_bounds):
            return param

    study = study_of(crossover=Second(), crossover_prob=1.0, mutation=Still(), mutation_prob=1.0)
    study.optimize(two, n_trials=12)
    known = [t.params for t in study.trials[:6]]
    assert all(any(t.params[n] == pytest.approx(p[n]) for p in known) for t in study.trials[6:] for n in SPACE)


# --- strategies of users ---------------------------------------------------------------------------------------------


def test_elite_strategy_is_asked_once_a_generation_and_the_study_keeps_the_answer():
    asked = []

    def newest(study, population):
        asked.append([trial.number for trial in population])
        return population[:3]

    study = study_of(population_size=3, elite_population_selection_strategy=newest, mutation_prob=0.0)
    study.optimize(two, n_trials=10)
    assert asked == [[0, 1, 2], [3, 4, 5, 0, 1, 2], [6, 7, 8, 3, 4, 5]]
    attrs = study._storage.get_study_system_attrs(study._study_id)
    assert attrs["NSGAIISampler:parent:3"] == [6, 7, 8]
    known = [t.params for t in study.trials[6:9]]
    assert all(any(study.trials[9].params[name] == p[name] for p in known) for name in SPACE)


def test_elite_strategy_must_choose_somebody():
    study = study_of(population_size=2, elite_population_selection_strategy=lambda study, population: [])
    with pytest.raises(ValueError, match="at least one"):
        study.optimize(two, n_trials=3)


@pytest.mark.parametrize("batch", [False, True])
def test_child_strategy_makes_the_children(batch):
    def child(study, space, parents):
        assert set(space) == set(SPACE) and len(parents) == 3
        return dict.fromkeys(space, 0.125)

    study = study_of(population_size=3, child_generation_strategy=child)
    study.optimize(two, n_trials=3)
    params = study.ask_batch(2, SPACE).trials[1].params if batch else study.ask(SPACE).params
    assert params == dict.fromkeys(SPACE, 0.125)


def test_after_trial_strategy_hears_of_every_end():
    heard = []
    study = study_of(after_trial_strategy=lambda study, trial, state, values: heard.append((trial.number, state)))
    study.optimize(two, n_trials=2)
    study.tell(study.ask(), state=TrialState.FAIL)
    assert heard == [(0, TrialState.COMPLETE), (1, TrialState.COMPLETE), (2, TrialState.FAIL)]


class FirstComeFirstBred(BaseGASampler):
    """A third party's sampler, with Optuna's methods alone."""

    def __init__(self):
        super().__init__(population_size=2)
        self.n_selected = 0

    def select_parent(self, study, generation):
        self.n_selected += 1
        return (self.get_population(study, generation - 1) + self.get_parent_population(study, generation - 1))[:2]

    def infer_relative_search_space(self, study, trial):
        return dict(SPACE)

    def sample_relative(self, study, trial, search_space):
        parents = self.get_parent_population(study, self.get_trial_generation(study, trial))
        return dict.fromkeys(search_space, parents[0].params["x0"]) if parents else {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        return trial.number / 10


def test_a_third_partys_genetic_sampler(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    sampler = FirstComeFirstBred()
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler, storage=url, study_name="s")
    study.optimize(two, n_trials=6)
    assert [t.system_attrs["FirstComeFirstBred:generation"] for t in study.trials] == [0, 0, 1, 1, 2, 2]
    assert sampler.n_selected == 2
    other = FirstComeFirstBred()
    again = parzen.load_study(study_name="s", storage=url, sampler=other)
    assert [t.number for t in other.get_parent_population(again, 2)] == [2, 3]
    assert other.n_selected == 0  # the study keeps it
    sampler.population_size = 5
    assert sampler.get_trial_generation(study, study.ask()._record) == 2


# --- studies that several work on ------------------------------------------------------------------------------------


def test_two_study_objects_in_turn_do_what_one_does(tmp_path):
    alone = study_of()
    alone.optimize(mixed, n_trials=30)
    url = f"sqlite:///{tmp_path}/s.db"
    first, second = (
        parzen.create_study(
            directions=["minimize"] * 2, sampler=NSGAIISampler(population_size=6, seed=1), storage=url, study_name="s",
            load_if_exists=True,
        )
        for _ in range(2)
    )  # fmt: skip
    for i in range(10):
        (second if i % 2 else first).optimize(mixed, n_trials=3)
    assert [t.params for t in first.trials] == [t.params for t in alone.trials]
    assert generations(first) == generations(alone)


@pytest.mark.parametrize("interrupted_at", [995, 1007, 1020])
def test_a_study_that_is_resumed_where_kernels_change_goes_on_alike(interrupted_at):
    study = study_of(population_size=20)
    study.optimize(two, n_trials=interrupted_at)
    study.sampler = pickle.loads(pickle.dumps(study.sampler))
    study.optimize(two, n_trials=1060 - interrupted_at)
    whole = study_of(population_size=20)
    whole.optimize(two, n_trials=1060)
    assert [t.params for t in study.trials] == [t.params for t in whole.trials]


def test_a_new_sampler_draws_alike_while_trials_run():
    rng = np.random.default_rng(0)
    study = study_of(population_size=5)
    running = [study.ask(SPACE) for _ in range(4)]
    for _ in range(40):
        trial = running.pop(int(rng.integers(4)))
        study.tell(trial, [trial.params["x0"], 1 - trial.params["x0"] + trial.params["x1"]])
        fresh = pickle.loads(pickle.dumps(study.sampler))
        record = study.history.live[running[0].number]
        known = dict(record.system_attrs)
        space = study.sampler.infer_relative_search_space(study, record)
        assert fresh.infer_relative_search_space(study, record) == space
        probe = parzen.trial.FrozenTrial(
            study.history.n, TrialState.RUNNING, None, None, None, {}, {}, {}, {}, {}, trial_id=-1
        )
        draws = [sampler.sample_relative(study, probe, space) for sampler in (study.sampler, fresh)]
        assert draws[0] == draws[1]
        assert record.system_attrs == known
        running.append(study.ask(SPACE))


WORKER = """
import sys
import parzen
from parzen.samplers import NSGAIISampler
parzen.logging.set_verbosity(parzen.logging.WARNING)
sampler = NSGAIISampler(population_size=5, seed=int(sys.argv[2]))
study = parzen.load_study(study_name="s", storage=sys.argv[1], sampler=sampler)
def two(trial):
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(4)]
    return x[0], 1 - x[0] + sum(x[1:])
study.optimize(two, n_trials=30)
"""


@pytest.mark.slow
def test_processes_that_share_a_study_share_its_generations(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    study = parzen.create_study(directions=["minimize"] * 2, storage=url, study_name="s", sampler=NSGAIISampler())
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, url, str(seed)]) for seed in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    found = generations(study)
    sizes = np.bincount(found)
    assert len(found) == 60 and sizes[:-1].min() >= 5
    # One may be on its way when the other completes a generation; now and then one is held up between looking which
    # generation it is and storing its trial, while the other goes on.
    assert np.median(sizes[:-1]) <= 6 and sizes.max() <= 8
    assert sum(a > b + 1 for a, b in itertools.pairwise(found)) <= 3


# --- arguments, quality ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population_size": 1}, "population_size"),
        ({"mutation_prob": 1.5}, "mutation_prob"),
        ({"crossover_prob": -0.1}, "crossover_prob"),
        ({"swapping_prob": 2.0}, "swapping_prob"),
        ({"crossover": "sbx"}, "not a valid crossover"),
        ({"mutation": "none"}, "not a valid mutation"),
        ({"crossover": nsgaii.UNDXCrossover(), "population_size": 2}, "UNDXCrossover"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        NSGAIISampler(**arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nsgaii.UniformCrossover(2.0),
        lambda: nsgaii.SBXCrossover(eta=-1.0),
        lambda: nsgaii.VSBXCrossover(uniform_crossover_prob=-1.0),
        lambda: nsgaii.SBXCrossover(use_child_gene_prob=0.0),
        lambda: nsgaii.PolynomialMutation(-1.0),
    ],
)
def test_operators_arguments_out_of_range(make):
    with pytest.raises(ValueError, match=r"got -?\d"):
        make()


def zdt1(trial):
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(10)])
    g = 1 + 9 * x[1:].mean()
    return x[0], g * (1 - np.sqrt(x[0] / g))


def volume(sampler):
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler)
    study.optimize(zdt1, n_trials=300)
    return hypervolume(study.history.values.copy(), np.array([1.1, 6.0]))


@pytest.mark.slow
def test_it_beats_random_search_on_zdt1():
    """Of 10 seeds each, every study of NSGA-II beats every random one.

    Were both alike, that would happen once in C(20, 10) = 184,756 times.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = [volume(NSGAIISampler(population_size=20, seed=seed)) for seed in range(10)]
        random = [volume(RandomSampler(seed=seed)) for seed in range(10)]
    assert min(ours) > max(random)
