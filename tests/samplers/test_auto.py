"""The default sampler: who proposes what, and what a user may say beside the trials."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import AutoSampler, RandomSampler, TPESampler
from parzen.samplers.auto import GP, N_STARTUP, PROPOSED_BY
from parzen.samplers.cmaes.descent import AFTER, CMAES, PARTS
from parzen.trial import TrialState, create_trial


def bowl(trial, center=0.4):
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(3)]
    rate = trial.suggest_float("rate", 1e-6, 1, log=True)
    kind = trial.suggest_categorical("kind", "abc")
    return sum((value - center) ** 2 for value in x) + (np.log10(rate) + 3) ** 2 + (kind != "b")


def study_of(sampler, n_trials=0, objective=bowl, **arguments):
    study = parzen.create_study(sampler=sampler, **arguments)
    study.optimize(objective, n_trials=n_trials)
    return study


def proposed(study):
    return [PROPOSED_BY in trial.system_attrs for trial in study.trials]


def params(study):
    return [trial.params for trial in study.trials]


def test_it_is_the_default_and_counts_as_tpe():
    sampler = parzen.create_study().sampler
    assert type(sampler) is AutoSampler and isinstance(sampler, TPESampler)


def test_trials_say_where_the_process_proposed_them():
    """Of 44 trials after the start a share of 0.8: less than 22 have a chance of 1e-5, 43 or more one of 1e-3."""
    found = proposed(study_of(AutoSampler(seed=3), 50))
    assert not any(found[:N_STARTUP])
    assert 22 <= sum(found) < 43
    assert {trial.system_attrs.get(PROPOSED_BY) for trial in study_of(AutoSampler(seed=0), 12).trials} == {None, GP}


def test_half_of_the_trials_are_tpes_where_all_is_discrete():
    """Of 194 after the start: beyond 97 +- 32 with a chance of 4e-6."""

    def grid(trial):
        return trial.suggest_int("n", 0, 1000) / 1000 + (trial.suggest_categorical("c", "ab") == "a")

    assert 65 <= sum(proposed(study_of(AutoSampler(seed=1), 200, grid))) <= 129


def test_a_share_of_nothing_is_tpe_and_one_of_all_is_the_process():
    alone = study_of(TPESampler(seed=2, n_startup_trials=N_STARTUP), 25)
    assert params(study_of(AutoSampler(seed=2, share=0), 25)) == params(alone)
    assert all(proposed(study_of(AutoSampler(seed=2, share=1), 25))[N_STARTUP:])


def test_several_objectives_are_tpes():
    def two(trial):
        return bowl(trial), bowl(trial, 0.7)

    ours, theirs = (
        study_of(sampler, 30, two, directions=["minimize"] * 2) for sampler in (AutoSampler(seed=5), TPESampler(seed=5))
    )
    assert params(ours) == params(theirs)


def test_it_finds_in_few_trials_what_tpe_does_not():
    """Five seeds each: the better of two like samplers would be so in all five with a chance of 1/32."""
    for seed in range(5):
        ours, theirs = (study_of(kind(seed=seed), 40).best_value for kind in (AutoSampler, TPESampler))
        assert ours < theirs


def test_a_batch_notes_who_proposed_and_mixes_both():
    study = study_of(AutoSampler(seed=4), 10)
    space = study.trials[-1].distributions
    batch = study.ask_batch(40, space)
    found = proposed(study)[-40:]
    assert 15 < sum(found) < 40
    assert len({tuple(batch[name][i] for name in space) for i in range(40)}) == 40


@pytest.mark.parametrize("copied", [pickle.dumps, None])
def test_a_study_is_resumed_alike_from_a_file(tmp_path, copied):
    def run(parts, name):
        url = f"sqlite:///{tmp_path}/{name}.db"
        for n in parts:
            sampler = AutoSampler(seed=6)
            sampler = pickle.loads(copied(sampler)) if copied else sampler
            study = parzen.create_study(storage=url, study_name="s", load_if_exists=True, sampler=sampler)
            study.optimize(bowl, n_trials=n)
        return params(study)

    assert run([40], "whole") == run([13, 1, 26], "parts")


# --- long studies ----------------------------------------------------------------------------------------------------

FLOATS = {f"x{i}": FloatDistribution(0, 1) for i in range(4)}


def ball(trial, center=0.4):
    return sum((trial.suggest_float(name, 0, 1) - center) ** 2 for name in FLOATS)


def begun(
    sampler, n=AFTER, space=FLOATS, value=lambda params: sum((x - 0.4) ** 2 for x in params.values()), **arguments
):
    """Give a study of n random trials."""
    rng = np.random.default_rng(0)
    study = parzen.create_study(sampler=sampler, **arguments)
    points = [{name: d.to_external_repr(d.from_unit(rng.random())) for name, d in space.items()} for _ in range(n)]
    study.add_trials([create_trial(params=p, distributions=space, value=value(p)) for p in points])
    return study


def whose(study, since=AFTER):
    return [trial.system_attrs.get(PROPOSED_BY) for trial in study.trials[since:]]


def test_cma_es_takes_three_quarters_of_a_long_study_over_numbers():
    study = begun(AutoSampler(seed=1), AFTER - 8)
    study.optimize(ball, n_trials=40)  # populations of 8
    found = whose(study, AFTER - 8)
    assert CMAES not in found[:8] and GP in found
    assert [who == CMAES for who in found[8:]] == [number // 8 % PARTS > 0 for number in range(AFTER, AFTER + 32)]


def test_once_cma_es_has_settled_all_trials_are_the_others():
    names = ("x0", "x1")
    study = begun(AutoSampler(seed=1), space={name: FLOATS[name] for name in names})
    study.optimize(lambda trial: sum((trial.suggest_float(name, 0, 1) - 0.4) ** 2 for name in names), n_trials=450)
    assert study.best_value < 1e-12  # more than the process finds, whose points are rounded
    assert CMAES not in whose(study)[-20:]


def test_cma_es_that_finds_nothing_better_gives_up():
    study = begun(AutoSampler(seed=1), value=lambda params: 1.0)
    study.optimize(lambda trial: 1.0 + 0 * ball(trial), n_trials=300)
    assert CMAES in whose(study)[:20] and CMAES not in whose(study)[-20:]


def test_cma_es_begins_anew_at_a_better_trial_elsewhere():
    def valleys(trial):
        return min(ball(trial), ball(trial, 0.9) - 1)

    study = begun(AutoSampler(seed=1))
    study.optimize(valleys, n_trials=1)
    study.enqueue_trial(dict.fromkeys(FLOATS, 0.88))
    study.optimize(valleys, n_trials=30)
    ours = [trial for trial in study.trials[AFTER + 10 :] if trial.system_attrs.get(PROPOSED_BY) == CMAES]
    assert ours and all(abs(x - 0.9) < 0.4 for trial in ours for x in trial.params.values())


@pytest.mark.parametrize("copied", [pickle.dumps, None])
def test_a_long_study_is_resumed_alike_from_a_file(tmp_path, copied):
    def run(parts, name):
        study = begun(AutoSampler(), storage=f"sqlite:///{tmp_path}/{name}.db", study_name="s")
        for n in parts:
            sampler = AutoSampler(seed=6)
            sampler = pickle.loads(copied(sampler)) if copied else sampler
            study = parzen.load_study(storage=f"sqlite:///{tmp_path}/{name}.db", study_name="s", sampler=sampler)
            study.optimize(ball, n_trials=n)
        return params(study)[AFTER:]

    memory = begun(AutoSampler(seed=6))
    memory.optimize(ball, n_trials=40)
    assert run([40], "whole") == run([13, 1, 26], "parts") == params(memory)[AFTER:]


def test_a_batch_of_a_long_study_is_cma_es_by_three_quarters():
    study = begun(AutoSampler(seed=1))
    batch = study.ask_batch(64, FLOATS)
    found = whose(study)
    assert found.count(CMAES) == 48 and GP in found
    assert len({tuple(batch[name][i] for name in FLOATS) for i in range(64)}) == 64
    study.tell_batch(batch, sum((batch[name] - 0.4) ** 2 for name in FLOATS))
    near = study.ask_batch(64, FLOATS)
    assert np.std(near["x0"]) < np.std(batch["x0"])


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        ({"share": 0.8}, {}),
        ({"cost": True}, {}),
        ({}, {"kind": CategoricalDistribution("ab")}),
        ({}, {"x1": IntDistribution(0, 9), "x2": IntDistribution(0, 9), "x3": IntDistribution(0, 9)}),
    ],
)
def test_cma_es_is_for_numbers_and_where_nobody_asked_for_something_else(arguments, more):
    space = {**FLOATS, **more} if "kind" in more else {"x0": IntDistribution(0, 9), **more} if more else FLOATS
    study = begun(AutoSampler(seed=1, **arguments), space=space, value=lambda params: float(params["x0"]))
    for _ in range(20):
        study.tell(study.ask(space), 1.0)
    assert CMAES not in whose(study)


def test_cma_es_keeps_out_of_studies_that_prune_or_have_constraints_or_branches():
    def sometimes(trial):
        return ball(trial) + (trial.suggest_float("more", 0, 1) if trial.number % 2 else 0.0)

    def constrained(trial):
        trial.set_constraint("c", 0.0)
        return ball(trial)

    def pruned(trial):
        if trial.number == AFTER:
            trial.suggest_float("x0", 0, 1)
            raise parzen.TrialPruned
        return ball(trial)

    for objective in (sometimes, constrained, pruned):
        study = begun(AutoSampler(seed=1))
        study.optimize(objective, n_trials=20)
        assert CMAES not in whose(study)[2:]


# --- what a user says ------------------------------------------------------------------------------------------------

GUESS = {"x0": 0.4, "x1": 0.4, "rate": 1e-3, "kind": "b", "never": 7}


def best_after(n, seeds=6, **arguments):
    """Give the geometric mean over seeds of the best value after n trials."""
    return np.exp(
        np.mean([np.log(study_of(AutoSampler(seed=seed, **arguments), n).best_value) for seed in range(seeds)])
    )


def test_a_good_guess_helps_and_is_tried_first():
    first = study_of(AutoSampler(seed=0, prior=GUESS), 1).trials[0].params
    assert {name: first[name] for name in GUESS if name in first} == pytest.approx(
        {name: value for name, value in GUESS.items() if name != "never"}
    )
    assert best_after(12, prior=GUESS) < 0.5 * best_after(12)


def test_a_bad_guess_is_forgotten():
    bad = {"x0": 1.0, "x1": 1.0, "rate": 1.0, "kind": "c"}
    assert best_after(60, seeds=3, prior=bad) < 1e-2


def test_a_guess_may_be_a_distribution():
    prior = {
        "rate": FloatDistribution(1e-4, 1e-2, log=True),
        "kind": CategoricalDistribution("bc"),
        "x0": FloatDistribution(-5, 0.5),
    }
    for trial in study_of(AutoSampler(seed=1, prior=prior), 5).trials[::2]:
        assert 1e-4 <= trial.params["rate"] <= 1e-2
        assert trial.params["kind"] in "bc"
        assert trial.params["x0"] <= 0.5


@pytest.mark.parametrize("guess", [{"x0": 3.0}, {"kind": "z"}, {"x0": "high"}])
def test_a_guess_that_is_no_value_is_refused_by_name(guess):
    study = parzen.create_study(sampler=AutoSampler(prior=guess))
    with pytest.raises(ValueError, match=f"The guess .* of parameter '{next(iter(guess))}'"):
        study.optimize(bowl, n_trials=1)


@pytest.mark.parametrize("arguments", [{"prior": 3}, {"cost": 3}, {"cost": ["seconds"]}])
def test_arguments_of_another_type_are_refused(arguments):
    with pytest.raises(TypeError, match=re.escape(f"got {next(iter(arguments.values()))!r}")):
        AutoSampler(**arguments)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"`share` must lie in \[0, 1\], but got 1.5"):
        AutoSampler(share=1.5)
    several = parzen.create_study(study_name="two", directions=["minimize"] * 2)
    with pytest.raises(ValueError, match="'two' has several"):
        AutoSampler(transfer=[several])


def spent(seed, **arguments):
    """Run 40 trials that cost 1 to 1,000; give the costs and the best value."""

    def objective(trial):
        value = bowl(trial)
        trial.set_user_attr("seconds", 10 ** (3 * trial.params["x2"]))
        return value

    study = study_of(AutoSampler(seed=seed, **arguments), 40, objective)
    return sum(trial.user_attrs["seconds"] for trial in study.trials[:20]), study.best_value


def test_what_costs_less_is_tried_first():
    """Eight seeded studies spend 0.68 of what those spend that do not look at costs, as a geometric mean."""
    plain, careful = (np.array([spent(seed, **kw) for seed in range(8)]) for kw in ({}, {"cost": "seconds"}))
    assert np.log(careful[:, 0] / plain[:, 0]).mean() < np.log(0.8)
    assert np.median(careful[:, 1]) < 0.1


def test_durations_and_missing_costs_count_as_they_are():
    assert study_of(AutoSampler(seed=0, cost=True), 15).best_value < 5
    assert params(study_of(AutoSampler(seed=0, cost="never told"), 15)) == params(study_of(AutoSampler(seed=0), 15))


def test_another_study_helps():
    other = study_of(AutoSampler(seed=50), 40)
    sampler = AutoSampler(seed=0, transfer=[other])
    study = study_of(sampler, 10)
    assert study.trials[0].params == other.best_params
    assert study.best_value < 0.2 * study_of(AutoSampler(seed=0), 10).best_value
    assert params(study_of(pickle.loads(pickle.dumps(AutoSampler(seed=0, transfer=[other]))), 10)) == params(study)


def test_another_study_may_have_other_parameters_and_mislead():
    def other_bowl(trial):
        return (trial.suggest_float("x0", 0, 1) - 0.9) ** 2 + trial.suggest_int("more", 0, 5)

    other = study_of(RandomSampler(seed=50), 40, other_bowl)
    empty = parzen.create_study()
    misled = [study_of(AutoSampler(seed=seed, transfer=[other, empty]), 60).best_value for seed in range(3)]
    assert np.median(misled) < 1e-2


# --- noise -----------------------------------------------------------------------------------------------------------


def test_the_recommended_trial_is_better_than_the_luckiest_one():
    """The mean true loss of 60 seeded studies: 0.76 of the other; where it is 1, 0.9 has a chance of about 10 %."""
    recommended, luckiest = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)

        def noisy(trial, rng=rng):
            true = sum((trial.suggest_float(f"x{i}", 0, 1) - 0.4) ** 2 for i in range(3))
            trial.set_user_attr("true", true)
            return true + 0.3 * rng.standard_normal()

        study = study_of(RandomSampler(seed=seed), 50, noisy)
        recommended.append(parzen.recommended_trial(study).user_attrs["true"])
        luckiest.append(study.best_trial.user_attrs["true"])
    assert np.mean(recommended) < 0.9 * np.mean(luckiest)


def test_a_recommended_trial_is_complete_and_feasible():
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    with pytest.raises(ValueError, match="No trials are completed yet"):
        parzen.recommended_trial(study)
    first = study.ask({"n": IntDistribution(0, 9)})
    study.tell(first, 3.0)
    assert parzen.recommended_trial(study).number == 0
    for k in range(1, 10):
        trial = study.ask({"n": IntDistribution(0, 9)})
        if k % 2:
            trial.report(-100.0, 0)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            trial.set_constraint("c", 1.0)
            study.tell(trial, -50.0)
    assert parzen.recommended_trial(study).number == 0
    with pytest.raises(RuntimeError, match="one objective"):
        parzen.recommended_trial(parzen.create_study(directions=["minimize"] * 2))
