"""Quasi-random search: which trial takes which point, whoever asks, and which parameter which coordinate."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import qmc

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import PartialFixedSampler, QMCSampler, RandomSampler
from parzen.samplers.qmc import Points
from parzen.trial import TrialState

SPACE = {name: FloatDistribution(0, 1) for name in "xyz"}
ENGINES = {"sobol": qmc.Sobol, "halton": qmc.Halton}


def study_of(**arguments):
    parzen.logging.set_verbosity(parzen.logging.ERROR)
    return parzen.create_study(sampler=QMCSampler(**arguments))


def cube(trial):
    return sum(trial.suggest_float(name, 0, 1) for name in SPACE)


def points(trials):
    return np.array([[trial.params[name] for name in SPACE] for trial in trials])


def halfway(kind):
    """Give the first 40 points of a sequence."""
    return ENGINES[kind](3, scramble=False).random(64)[:40]


@pytest.mark.parametrize("kind", ENGINES)
def test_trials_take_the_points_of_the_sequence_in_turn(kind):
    study = study_of(qmc_type=kind)
    study.optimize(cube, n_trials=40)
    np.testing.assert_array_equal(points(study.trials), halfway(kind))


@pytest.mark.parametrize("kind", ENGINES)
def test_a_batch_takes_the_next_points(kind):
    study = study_of(qmc_type=kind)
    first = study.ask_batch(10, SPACE)
    study.optimize(cube, n_trials=5)
    second = study.ask_batch(25, SPACE)
    study.tell_batch(second, np.zeros(25))
    found = [np.stack([batch[name] for name in SPACE], axis=1) for batch in (first, second)]
    np.testing.assert_allclose(np.concatenate([found[0], points(study.trials[10:15]), found[1]]), halfway(kind))


def test_enqueued_and_failed_trials_leave_no_hole():
    study = study_of()
    study.enqueue_trial({name: 0.3 for name in SPACE})
    study.enqueue_trial({"x": 0.7})

    def fails(trial):
        value = cube(trial)
        if trial.number % 3 == 0:
            raise ValueError
        return value

    study.optimize(fails, n_trials=42, catch=ValueError)
    np.testing.assert_array_equal(points(study.trials[2:]), halfway("sobol"))
    assert study.trials[1].params["x"] == 0.7


def test_the_point_of_a_dead_worker_comes_back():
    study = study_of()
    trials = [study.ask(SPACE) for _ in range(5)]
    study._storage.set_trial_state_values(trials[1]._trial_id, TrialState.FAIL)  # as for a heartbeat that failed
    study.tell(trials[2], state=TrialState.FAIL)  # as somebody says it
    again, new = study.ask(SPACE), study.ask(SPACE)
    assert again.params == trials[1].params
    assert list(new.params.values()) == halfway("sobol")[5].tolist()


def test_another_sampler_in_between_takes_no_point():
    study = study_of()
    study.optimize(cube, n_trials=10)
    study.sampler = RandomSampler(1)
    study.optimize(cube, n_trials=7)
    study.sampler = QMCSampler()
    study.optimize(cube, n_trials=30)
    np.testing.assert_array_equal(points(study.trials[:10] + study.trials[17:]), halfway("sobol"))


def test_threads_share_the_sequence():
    study = study_of()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: study.tell(trial := study.ask(SPACE), cube(trial)), range(64)))
    found = points(study.trials)
    expected = qmc.Sobol(3, scramble=False).random(64)
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))


WORKER = """
import sys, parzen
parzen.logging.set_verbosity(parzen.logging.ERROR)
storage = sys.argv[1]
if storage.endswith(".log"):
    storage = parzen.storages.JournalStorage(parzen.storages.journal.JournalFileBackend(storage))
study = parzen.load_study(study_name="s", storage=storage, sampler=parzen.samplers.QMCSampler(scramble=True))
study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1), n_trials=64)
"""


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["sqlite", "journal"])
def test_unseeded_processes_share_one_sequence(storage, tmp_path):
    path = f"sqlite:///{tmp_path}/s.db" if storage == "sqlite" else f"{tmp_path}/s.log"
    journal = None if storage == "sqlite" else parzen.storages.journal.JournalFileBackend(path)
    study = parzen.create_study(
        study_name="s", storage=path if journal is None else parzen.storages.JournalStorage(journal)
    )
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, path]) for _ in range(4)]
    assert [worker.wait() for worker in workers] == [0] * 4
    # In a journal one that lost the race for a number has failed, and another one took its point.
    trials = study.get_trials(states=[TrialState.COMPLETE])
    assert len(trials) == 256
    found = np.array([[trial.params["x"], trial.params["y"]] for trial in trials])
    _, key, _ = trials[0].system_attrs["parzen:point"]
    sequence = Points("sobol", True, key)
    expected = np.array([[sequence.at(i, j) for j in range(2)] for i in range(256)])
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))
    # Its first 256 points lie one in each row of 256, as those of no random sample do, and as evenly as scipy's.
    assert sorted((found[:, 0] * 256).astype(int)) == list(range(256))
    assert qmc.discrepancy(found) == pytest.approx(qmc.discrepancy(expected))
    assert qmc.discrepancy(found) < 2 * qmc.discrepancy(qmc.Sobol(2, scramble=True, seed=1).random(256))


@pytest.mark.parametrize("scramble", [False, True])
@pytest.mark.parametrize("kind", ENGINES)
def test_points_are_the_same_from_wherever_they_are_asked(kind, scramble):
    there = Points(kind, scramble, 3)
    expected = {(i, j): there.at(i, j) for i in (0, 5, 255, 256, 700) for j in (0, 3, 15, 16, 40)}
    for (i, j), value in reversed(expected.items()):
        assert Points(kind, scramble, 3).at(i, j) == value
        assert pickle.loads(pickle.dumps(there)).at(i, j) == value


def test_scrambling_depends_on_the_seed():
    def found(seed):
        study = study_of(scramble=True, seed=seed)
        study.optimize(cube, n_trials=8)
        return points(study.trials).tolist()

    assert found(1) == found(1) != found(2)


def test_choices_integers_and_grids_get_equally_many_points():
    space = {
        "n": IntDistribution(1, 16),
        "q": FloatDistribution(0, 1, step=1 / 3),
        "c": CategoricalDistribution("abcd"),
    }
    batch = study_of().ask_batch(16, space)
    assert sorted(batch["n"]) == list(range(1, 17))
    assert np.unique(batch["c"], return_counts=True)[1].tolist() == [4, 4, 4, 4]
    assert np.unique(batch["q"].round(6), return_counts=True)[1].tolist() == [4, 4, 4, 4]


def test_parameters_of_branches_have_coordinates_of_their_own():
    def branches(trial):
        if trial.suggest_categorical("kind", ["a", "b"]) == "a":
            return trial.suggest_float("x", 0, 1)
        return trial.suggest_float("y", 0, 1) + trial.suggest_float("z", 0, 1)

    study = study_of()
    study.optimize(branches, n_trials=129)
    for name, n in (("x", 64), ("y", 64), ("z", 64)):
        values = [trial.params[name] for trial in study.trials[1:] if name in trial.params]
        cells = np.bincount((np.array(values) * 16).astype(int), minlength=16)
        assert len(values) == pytest.approx(n, abs=1)
        assert cells.min() >= 3  # of 4 points a cell; uniform draws leave one with less than 3 nearly always
    pairs = [(t.params["y"], t.params["z"]) for t in study.trials if "y" in t.params]
    assert abs(np.corrcoef(np.array(pairs).T)[0, 1]) < 0.1


def test_a_moved_range_is_covered():
    study = study_of()
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=8)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 100), n_trials=32)
    assert sum(trial.params["x"] > 50 for trial in study.trials) >= 14


def test_the_first_finished_trial_gives_the_space():
    study = study_of()
    assert study.sampler.infer_relative_search_space(study, None) == {}
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_int("one", 1, 1), n_trials=1)
    study.optimize(cube, n_trials=2)
    assert study.sampler.infer_relative_search_space(study, None) == {"x": FloatDistribution(0, 1)}


class Loud(RandomSampler):
    def sample_independent(self, study, trial, name, distribution):
        return 0.125


@pytest.mark.parametrize("warns", [True, False])
def test_another_sampler_is_asked_for_what_the_first_trial_did_not_suggest(warns, capsys):
    study = study_of(independent_sampler=Loud(), warn_independent_sampling=warns)
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    study.optimize(cube, n_trials=1)
    assert study.trials[1].params == {"x": 0.5, "y": 0.125, "z": 0.125}
    assert ("sampled independently by Loud" in capsys.readouterr().err) == warns


def test_an_unbalanced_batch_of_sobols_points_is_told_once(capsys):
    study = study_of()
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study.ask_batch(64, SPACE)
    assert capsys.readouterr().err == ""
    study.ask_batch(36, SPACE)
    study.ask_batch(50, SPACE)
    told = capsys.readouterr().err
    assert told.count("balanced") == 1
    assert "128" in told


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(ValueError, match="Choose either `halton` or `sobol`"):
        QMCSampler(qmc_type="lhs")


@pytest.mark.slow
def test_scipy_is_imported_by_this_sampler_alone():
    code = "import sys, parzen; parzen.samplers.RandomSampler(); assert 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_that_ends_out_of_balance_is_told_once(capsys):
    study = study_of()
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study.optimize(cube, n_trials=3)
    study.optimize(cube, n_trials=29)
    assert capsys.readouterr().err == ""
    study.optimize(cube, n_trials=20)
    study.optimize(cube, n_trials=20)
    told = capsys.readouterr().err
    assert "ends after 52 points" in told
    assert told.count("balanced") == 1


@pytest.mark.parametrize("sampler", [QMCSampler(qmc_type="halton"), RandomSampler(1)])
def test_others_have_no_balance_to_lose(sampler, capsys):
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study(sampler=PartialFixedSampler({"x": 0.5}, sampler))
    study.optimize(cube, n_trials=20)
    assert capsys.readouterr().err == ""


def test_the_balance_is_told_where_a_parameter_is_fixed(capsys):
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    study = parzen.create_study(sampler=PartialFixedSampler({"x": 0.5}, QMCSampler()))
    study.optimize(cube, n_trials=20)
    assert capsys.readouterr().err.count("balanced") == 1
