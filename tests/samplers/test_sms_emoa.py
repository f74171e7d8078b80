"""SMS-EMOA: who stays, children, and studies that several work on."""

from __future__ import annotations

import math
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
from parzen.engine.kernels.survival import REFERENCE
from parzen.samplers import RandomSampler, SMSEMOASampler, nsgaii
from parzen.trial import FrozenTrial, TrialState, create_trial

SPACE = {f"x{i}": FloatDistribution(0, 1) for i in range(4)}
MIXED = {
    "x": FloatDistribution(1e-3, 1.0, log=True),
    "k": IntDistribution(0, 10, step=2),
    "c": CategoricalDistribution(("a", "b", "d")),
}


@pytest.fixture(autouse=True)
def quiet():
    parzen.logging.set_verbosity(parzen.logging.CRITICAL)


def study_of(n_objectives=2, **kwargs):
    arguments = {"population_size": 6, "seed": 1, **kwargs}
    return parzen.create_study(directions=["minimize"] * n_objectives, sampler=SMSEMOASampler(**arguments))


def two(trial):
    x = [trial.suggest_float(name, 0, 1) for name in SPACE]
    return x[0], 1 - x[0] + sum(x[1:])


def mixed(trial):
    x, k = trial.suggest_float("x", 1e-3, 1, log=True), trial.suggest_int("k", 0, 10, step=2)
    c = trial.suggest_categorical("c", ("a", "b", "d"))
    return x + k, ord(c) - x


def population(study):
    """Numbers of the members, from best to worst; None while there are too few."""
    members = study.sampler.population(study.history)
    return None if members is None else members.tolist()


def params(study):
    return [trial.params for trial in study.trials]


# --- who stays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directions", [["minimize"] * 2, ["maximize", "minimize", "minimize"], ["maximize"]])
def test_one_after_the_other_the_worst_one_leaves(directions):
    study = parzen.create_study(directions=directions, sampler=SMSEMOASampler(population_size=5, seed=0))
    signs = [-1 if d == "maximize" else 1 for d in directions]
    members, told = [], []  # the newest first
    for number, row in enumerate(np.random.default_rng(0).random((60, len(directions))).tolist()):
        study.add_trial(create_trial(params={"x": 0.5}, distributions={"x": FloatDistribution(0, 1)}, values=row))
        told.append([float(sign * value) for sign, value in zip(signs, row, strict=True)])
        members.insert(0, number)
        keys = naive.survival([told[i] for i in members], [0.0] * len(members), REFERENCE)
        ordered = [members[i] for i in sorted(range(len(members)), key=keys.__getitem__)]
        members = [i for i in members if i in ordered[:5]]
        assert population(study) == (ordered[:5] if number >= 4 else None)


def test_what_violates_a_constraint_leaves_before_what_does_not():
    study = study_of(population_size=4)
    for value, constraint in [(1.0, 3.0), (2.0, 1.0), (3.0, None), (4.0, 0.0), (0.0, 2.0), (9.0, -1.0)]:
        trial = study.ask(SPACE)
        if constraint is not None:
            trial.set_constraint("c", constraint)
        study.tell(trial, [value, value])
    assert population(study) == [2, 3, 5, 1]


def test_failed_and_pruned_trials_do_not_join():
    study = study_of(population_size=3)
    for state in [TrialState.FAIL, TrialState.COMPLETE, TrialState.PRUNED, TrialState.COMPLETE, TrialState.COMPLETE]:
        study.tell(study.ask(SPACE), [1.0, 1.0] if state == TrialState.COMPLETE else None, state=state)
    assert sorted(population(study)) == [1, 3, 4]


def test_trials_of_others_join():
    study = parzen.create_study(directions=["minimize"] * 2, sampler=RandomSampler(seed=0))
    study.optimize(two, n_trials=20)
    study.sampler = SMSEMOASampler(population_size=6, seed=0)
    assert len(population(study)) == 6
    study.optimize(two, n_trials=1)
    assert study.trials[-1].system_attrs == {}


def test_on_a_plateau_the_population_goes_on_to_move():
    study = study_of(n_objectives=1)
    study.optimize(lambda trial: 0.0 * trial.suggest_float("x", 0, 1), n_trials=30)
    assert population(study) == [29, 28, 27, 26, 25, 24]


def test_infinite_values_in_every_objective():
    study = study_of(population_size=4)
    odd = [[math.inf, math.inf], [-math.inf, math.inf], [math.inf, -math.inf], [0, 0], [1, -1], [1e308, -1e308]]
    for row in odd * 3:
        study.tell(study.ask(SPACE), row)
    study.optimize(two, n_trials=4)
    assert not {0, 6, 12} & set(population(study))


# --- children --------------------------------------------------------------------------------------------------------


def test_the_first_ones_are_a_latin_hypercube():
    study = study_of(population_size=8)
    study.optimize(two, n_trials=8)
    for name in SPACE:
        assert sorted(int(8 * trial.params[name]) for trial in study.trials) == list(range(8))


def test_a_child_is_bred_of_the_best_third_of_the_population_as_it_stands():
    study = study_of(mutation_prob=0.0)
    study.optimize(mixed, n_trials=6)
    for _ in range(30):
        members = [study.trials[number].params for number in population(study)[:2]]
        trial = study.ask(MIXED)
        assert all(any(value == member[name] for member in members) for name, value in trial.params.items())
        study.tell(trial, list(np.random.default_rng(trial.number).random(2)))


def test_by_default_no_child_is_a_copy_of_a_parent_of_its():
    study = study_of(crossover_prob=0.0)
    study.optimize(two, n_trials=60)
    assert len({tuple(trial.params.values()) for trial in study.trials}) == 60


def test_ranges_may_move_and_choices_may_change_and_branches_come_and_go():
    def moving(trial):
        x = trial.suggest_float("x", trial.number, trial.number + 10)
        c = trial.suggest_categorical("c", list("abcdef")[trial.number % 3 :])
        return x + trial.suggest_float(f"of {c}", 0, 1), -x + ord(c)

    study = study_of(population_size=4)
    study.optimize(moving, n_trials=30)
    for trial in study.trials:
        for name, distribution in trial.distributions.items():
            assert distribution._contains(distribution.to_internal_repr(trial.params[name]))


@pytest.mark.parametrize("crossover", [nsgaii.SBXCrossover(), nsgaii.UNDXCrossover()], ids=str)
def test_other_operators(crossover):
    study = study_of(crossover=crossover, mutation=nsgaii.UniformMutation())
    study.optimize(mixed, n_trials=30)
    for trial in study.trials:
        assert all(MIXED[name]._contains(MIXED[name].to_internal_repr(value)) for name, value in trial.params.items())


@pytest.mark.parametrize("n_told", [3, 20])
def test_a_batch_of_one_holds_what_is_asked_for_singly(n_told):
    batches, single = study_of(mutation_prob=0.5), study_of(mutation_prob=0.5)
    for study in (batches, single):
        study.optimize(mixed, n_trials=n_told)
    assert batches.ask_batch(1, MIXED).trials[0].params == single.ask(MIXED).params


def test_a_batch_with_parameters_that_are_new():
    study = study_of()
    study.optimize(two, n_trials=6)
    batch = study.ask_batch(40, {**SPACE, "new": IntDistribution(1, 9), "x0": FloatDistribution(5, 6)})
    assert set(batch["new"]) == set(range(1, 10))
    assert ((batch["x0"] >= 5) & (batch["x0"] <= 6)).all()
    assert len(set(batch["x1"])) > 4


# --- studies that are resumed, or shared -----------------------------------------------------------------------------


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("interrupted_at", [5, 99, 130])
def test_a_resumed_study_goes_on_as_if_never_interrupted(n_objectives, interrupted_at, tmp_path):
    def objective(trial):
        return [*two(trial), trial.params["x2"]][:n_objectives]

    whole = study_of(n_objectives)
    whole.optimize(objective, n_trials=160)
    for n in (interrupted_at, 160 - interrupted_at):
        part = parzen.create_study(
            directions=["minimize"] * n_objectives, sampler=SMSEMOASampler(population_size=6, seed=1), study_name="s",
            storage=f"sqlite:///{tmp_path}/s.db", load_if_exists=True,
        )  # fmt: skip
        part.optimize(objective, n_trials=n)
    assert params(part) == params(whole)


def test_a_new_sampler_draws_alike_while_trials_run():
    rng = np.random.default_rng(0)
    study = study_of(population_size=5)
    running = [study.ask(SPACE) for _ in range(4)]
    for _ in range(120):
        trial = running.pop(int(rng.integers(4)))
        study.tell(trial, [trial.params["x0"], 1 - trial.params["x0"] + trial.params["x1"]])
        fresh = pickle.loads(pickle.dumps(study.sampler))
        assert fresh.infer_relative_search_space(study, trial._record) == study.sampler.joint_space(study.history)
        probe = FrozenTrial(study.history.n, TrialState.RUNNING, None, None, None, {}, {}, {}, {}, {}, trial_id=-1)
        space = study.sampler.joint_space(study.history)
        draws = [sampler.sample_relative(study, probe, space) for sampler in (study.sampler, fresh)]
        assert draws[0] == draws[1]
        running.append(study.ask(SPACE))


WORKER = """
import sys
import parzen
parzen.logging.set_verbosity(parzen.logging.WARNING)
sampler = parzen.samplers.SMSEMOASampler(population_size=5, seed=int(sys.argv[2]))
study = parzen.load_study(study_name="s", storage=sys.argv[1], sampler=sampler)
def two(trial):
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(4)]
    return x[0], 1 - x[0] + sum(x[1:])
study.optimize(two, n_trials=40)
"""


@pytest.mark.slow
def test_several_processes_breed_from_what_each_of_them_finished(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    study = parzen.create_study(directions=["minimize"] * 2, storage=url, study_name="s")
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, url, str(seed)]) for seed in range(3)]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 120
    assert all(trial.system_attrs == {} for trial in study.trials)
    # On the front x1 to x3 are 0: uniform draws are 0.5 on average, with a standard error of 0.29 / sqrt(60) = 0.037.
    last = [trial.params[f"x{i}"] for trial in study.trials[100:] for i in (1, 2, 3)]
    assert np.mean(last) < 0.5 - 5 * 0.037


# --- arguments, quality ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"population_size": 1}, "population_size"),
        ({"mutation_prob": 1.5}, "mutation_prob"),
        ({"crossover": "sbx"}, "not a valid crossover"),
        ({"crossover": nsgaii.UNDXCrossover(), "population_size": 2}, "UNDXCrossover"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        SMSEMOASampler(**arguments)


def zdt1(trial):
    x = np.array([trial.suggest_float(f"x{i}", 0, 1) for i in range(10)])
    g = 1 + 9 * x[1:].mean()
    return x[0], g * (1 - np.sqrt(x[0] / g))


def volume(sampler):
    study = parzen.create_study(directions=["minimize"] * 2, sampler=sampler)
    study.optimize(zdt1, n_trials=200)
    return hypervolume(study.history.values.copy(), np.array([1.1, 6.0]))


@pytest.mark.slow
def test_it_beats_random_search_on_zdt1():
    """Of 10 seeds each, every study of SMS-EMOA beats every random one.

    Were both alike, that would happen once in C(20, 10) = 184,756 times.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ours = [volume(SMSEMOASampler(population_size=20, seed=seed)) for seed in range(10)]
        random = [volume(RandomSampler(seed=seed)) for seed in range(10)]
    assert min(ours) > max(random)
