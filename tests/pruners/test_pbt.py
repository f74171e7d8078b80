"""Population based training: who is replaced by whom, what children are like, and what is left to others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import parzen
from parzen.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.pruners import Fork, PBTPruner
from parzen.pruners.pbt import Member, Perturb, TimeVaryingBandit
from parzen.samplers import RandomSampler
from parzen.samplers.base import Sampler
from parzen.storages import JournalStorage
from parzen.storages.journal import JournalFileBackend
from parzen.trial import FrozenTrial, Trial, TrialState

COMPLETE, FAIL, PAUSED, PRUNED = TrialState.COMPLETE, TrialState.FAIL, TrialState.PAUSED, TrialState.PRUNED
Weights = dict[tuple[int, int], float]


def study_of(
    seed: int = 0, sampler: Any = None, n_objectives: int = 1, storage: Any = None, **options: Any
) -> parzen.Study:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    options = {"population_size": 8, "interval": 2, "max_resource": 12, "seed": seed, **options}
    if "intervals" in options:
        del options["interval"]
    directions = ["minimize"] * n_objectives
    return parzen.create_study(
        directions=directions,
        pruner=PBTPruner(**options),
        sampler=sampler or RandomSampler(seed),
        storage=storage,
    )


def train(trial: Trial, weights: Weights, x: float) -> float:
    """Train a number, which must end up low: the best x falls from step to step."""
    w = 1.0 if trial.resume_from is None else weights[trial.resume_from, trial.resume_step]
    for step in range(trial.resume_step + 1, trial.next_rung + 1):
        w *= 1 - 0.3 * math.exp(-(math.log(x * step) ** 2))
        trial.report(w, step)
        weights[trial.number, step] = w
    return w


def work(study: parzen.Study, trial: Trial, weights: Weights) -> None:
    w = train(trial, weights, trial.suggest_float("x", 1e-3, 1, log=True))
    study.tell(trial, *((None, PAUSED) if trial.should_pause() else (w,)))


def run(study: parzen.Study, n_asks: int, weights: Weights | None = None) -> Weights:
    weights = {} if weights is None else weights
    for _ in range(n_asks):
        work(study, study.ask(), weights)
    return weights


def attr(trial: FrozenTrial, name: str) -> Any:
    return trial.system_attrs.get(f"parzen:{name}")


def children(study: parzen.Study) -> list[FrozenTrial]:
    return [trial for trial in study.trials if attr(trial, "parent") is not None]


# --- who is replaced by whom -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("synchronous", [False, True])
def test_one_worker_replaces_the_worst_quarter_by_children_of_the_best_quarter(synchronous: bool) -> None:
    study = study_of(synchronous=synchronous)
    weights = run(study, 8 * 6)
    trials = study.trials
    assert Counter(trial.state for trial in trials) == {COMPLETE: 8, PRUNED: 10}  # 2 of 8 at each of 5 rungs
    for step in (2, 4, 6, 8, 10):
        here = sorted((w, number) for (number, at), w in weights.items() if at == step)
        forked = [child for child in children(study) if attr(child, "forked_at") == step]
        assert {attr(child, "replaces") for child in forked} == {number for _, number in here[-2:]}
        assert {attr(child, "parent") for child in forked} <= {number for _, number in here[:2]}
        assert all(attr(trials[attr(child, "replaces")], "lost_at") == step for child in forked)


def test_a_child_has_what_its_parent_had_reached_and_parameters_of_its_own() -> None:
    study = study_of()
    run(study, 8)
    trial = study.ask()
    parent = study.trials[trial.resume_from]
    assert (trial.number, trial.resume_step, trial.next_rung) == (8, 2, 4)
    assert trial.params == {} and parent.last_step == 2
    x = trial.suggest_float("x", 1e-3, 1, log=True)
    assert x != parent.params["x"]
    assert study.lineage(trial) == [(parent.number, 0, 2, parent.params), (8, 2, 2, {"x": x})]


def test_a_lineage_replayed_gives_the_same_result() -> None:
    study = study_of()
    run(study, 8 * 6)
    segments = study.lineage(study.best_trial)
    assert len(segments) >= 2 and segments[0].start == 0 and segments[-1].stop == 12
    assert [segment.stop for segment in segments[:-1]] == [segment.start for segment in segments[1:]]
    assert segments[-1].params == study.best_params
    w = 1.0
    for segment in segments:
        for step in range(segment.start + 1, segment.stop + 1):
            w *= 1 - 0.3 * math.exp(-(math.log(segment.params["x"] * step) ** 2))
    assert w == study.best_value
    with pytest.raises(ValueError, match="but got 99"):
        study.lineage(99)


def test_it_finds_a_schedule_that_no_constant_comes_near() -> None:
    def best(**options: Any) -> float:
        found = []
        for seed in range(5):
            study = study_of(seed, max_resource=24, **options)
            run(study, 8 * 12)
            found.append(math.log(study.best_value))
        return float(np.median(found))

    copies = best(explore=lambda member, rng: member.params)
    assert best() < copies - 1
    assert best(explore=TimeVaryingBandit()) < copies - 1


def test_checkpoints_that_are_not_in_use_can_be_deleted_at_any_time() -> None:
    study, weights = study_of(), {}
    for _ in range(8 * 6):
        trial = study.ask()
        in_use = study.checkpoints_in_use()
        assert trial.resume_from is None or (trial.resume_from, trial.resume_step) in in_use
        assert (trial.number, trial.next_rung) in in_use  # it may be there before the trial tells
        for key in weights.keys() - in_use:
            del weights[key]
        rung, w = trial.next_rung, train(trial, weights, trial.suggest_float("x", 1e-3, 1, log=True))
        is_paused = trial.should_pause()
        assert (trial.number, rung) in study.checkpoints_in_use()
        study.tell(trial, *((None, PAUSED) if is_paused else (w,)))
        assert len(study.checkpoints_in_use()) <= 8
    assert study.checkpoints_in_use() == {(t.number, 12) for t in study.trials if t.state == COMPLETE}


def test_a_fork_whose_checkpoint_ceases_to_be_in_use_meanwhile_is_given_up() -> None:
    study, weights = study_of(), {}
    run(study, 8, weights)
    create = study._storage.create_trials_at
    hurried = []

    def create_late(study_id: int, number: int, templates: Any) -> Any:
        if not hurried:  # another worker takes the parent to the next rung
            hurried.append(templates[0].system_attrs["parzen:parent"])
            work(study, study.resume(hurried[0]), weights)
        return create(study_id, number, templates)

    study._storage.create_trials_at = create_late
    trial = study.ask()
    assert study.trials[8].state == FAIL
    assert trial.number == 9 and study.trials[9].system_attrs["parzen:replaces"] == 8
    assert (trial.resume_from, trial.resume_step) in study.checkpoints_in_use()


def test_a_second_child_in_one_place_is_given_up_where_a_storage_could_not_prevent_it() -> None:
    study = study_of()
    run(study, 8)
    others = []

    def create_in_two_steps(study_id: int, number: int, templates: Any) -> Any:
        if not others:  # as a journal, into which another process writes between the two
            others.append(None)
            others[0] = study.ask()
        return study._storage.create_new_trials(study_id, templates)

    study._storage.create_trials_at = create_in_two_steps
    trial = study.ask()
    assert [child.number for child in children(study)] == [8, 9, 10]
    assert [attr(child, "replaces") for child in children(study)][:2] == [attr(study.trials[8], "replaces")] * 2
    assert [child.state for child in children(study)] == [TrialState.RUNNING, FAIL, TrialState.RUNNING]
    assert (others[0].number, trial.number) == (8, 10)
    assert len(study.pruner._populations_of(study.history).active[0].members) == 8


# --- mishaps ---------------------------------------------------------------------------------------------------------


def test_a_member_that_fails_is_replaced_and_the_population_stays_as_large() -> None:
    study, weights = study_of(), {}
    run(study, 8, weights)
    for _ in range(40):
        trial = study.ask()
        if trial.number % 3 == 1 and trial.resume_step < 10:
            study.tell(trial, state=FAIL)
        else:
            work(study, trial, weights)
    ends = Counter(trial.state for trial in study.trials)
    assert ends[FAIL] > 3
    assert ends[PAUSED] + ends[COMPLETE] + (ends[FAIL] + ends[PRUNED] - len(children(study))) == 8


def test_only_members_that_are_left_have_children() -> None:
    study = study_of()
    weights = run(study, 8)
    ranked = sorted(range(8), key=lambda number: weights[number, 2])
    for number in (best := ranked[:2]):
        study.tell(study.resume(number), state=FAIL)
    fork = study.pruner.promote(study)
    assert isinstance(fork, Fork) and fork.attrs["parzen:replaces"] == min(best)
    assert fork.parent in ranked[2:4]


def test_a_child_that_is_taken_up_again_before_it_was_compared_goes_on_from_its_parent() -> None:
    study, weights = study_of(), {}
    run(study, 8, weights)
    child = study.ask()
    source = child.resume_from, child.resume_step
    study.tell(child, state=PAUSED)
    again = study.ask()
    assert (again.number, again.resume_from, again.resume_step) == (child.number, *source)
    work(study, again, weights)
    assert study.trials[child.number].last_step == 4


def test_a_failed_founder_is_replaced_once_there_is_somebody_to_fork() -> None:
    study, weights = study_of(), {}
    study.tell(study.ask(), state=FAIL)
    run(study, 1, weights)  # nobody had come to a rung
    assert children(study) == []
    work(study, study.ask(), weights)
    assert [attr(child, "replaces") for child in children(study)] == [0]


def test_a_synchronous_population_waits_for_all_and_its_workers_begin_another_one() -> None:
    study, weights = study_of(synchronous=True), {}
    late = study.ask()
    run(study, 7, weights)
    run(study, 8, weights)
    assert [trial.number for trial in study.trials if trial.last_step == 2] == list(range(1, 16))
    work(study, late, weights)
    assert study.ask().resume_step == 2


def test_a_synchronous_population_replaces_a_dead_member_after_the_deadline() -> None:
    study, weights = study_of(synchronous=True, deadline=3600.0), {}
    dead = study.ask()
    run(study, 7, weights)
    assert study.ask().resume_from is None  # of the next population
    assert study.pruner._rules.patience == 3600e6
    study.pruner._rules = type(study.pruner._rules)(8, 0.25, -1.0)  # an hour later
    study.pruner._populations.clear()
    trial = study.ask()
    assert trial.study.trials[trial.number].system_attrs["parzen:replaces"] == dead.number
    work(study, trial, weights)
    work(study, dead, weights)  # it was slow, not dead: its place is taken
    run(study, 1, weights)
    assert study.trials[dead.number].state == PRUNED


def test_an_enqueued_trial_is_a_member() -> None:
    study = study_of()
    study.enqueue_trial({"x": 0.5})
    run(study, 8)
    assert study.trials[0].params == {"x": 0.5} and len(study.trials) == 8
    assert study.ask().resume_from is not None


def test_the_next_population_begins_when_one_is_complete() -> None:
    study = study_of()
    weights = run(study, 8 * 6)
    n = len(study.trials)
    run(study, 8 * 6, weights)
    assert all(study.lineage(trial)[0].number in range(n, n + 8) for trial in study.trials[n:])


def test_members_without_an_end_are_complete_when_they_are_told() -> None:
    study, weights = study_of(max_resource=None), {}
    for _ in range(40):
        trial = study.ask()
        w = train(trial, weights, trial.suggest_float("x", 1e-3, 1, log=True))
        assert trial.should_pause()
        study.tell(trial, *((w,) if trial.resume_step >= 6 else (None, PAUSED)))
    assert sum(trial.state == COMPLETE for trial in study.trials) == 8


# --- children --------------------------------------------------------------------------------------------------------


def test_a_seed_repeats_and_another_one_differs() -> None:
    def params(seed: int) -> list[Any]:
        study = study_of(seed, RandomSampler(0))
        run(study, 48)
        return [trial.params for trial in study.trials]

    assert params(1) == params(1)
    assert params(1)[:8] == params(2)[:8]
    assert params(1)[8:] != params(2)[8:]


def test_every_storage_has_the_same_study(tmp_path: Path) -> None:
    found = []
    for storage in (None, f"sqlite:///{tmp_path}/s.db", JournalStorage(JournalFileBackend(str(tmp_path / "journal")))):
        study = study_of(storage=storage)
        run(study, 48)
        trials = [(t.params, t.state, t.values, t.system_attrs, t.intermediate_values) for t in study.trials]
        found.append([trials, study.lineage(study.best_trial), study.checkpoints_in_use()])
    assert found[0] == found[1] == found[2]


finite = st.floats(-1e6, 1e6)


@st.composite
def distributions(draw: st.DrawFn) -> BaseDistribution:
    kind = draw(st.integers(0, 4))
    if kind == 0:
        low, high = sorted(draw(st.tuples(finite, finite)))
        return FloatDistribution(low, high)
    if kind == 1:
        low, high = sorted(draw(st.tuples(st.floats(1e-9, 1e6), st.floats(1e-9, 1e6))))
        return FloatDistribution(low, high, log=True)
    if kind == 2:
        low, n, step = draw(st.tuples(st.integers(-50, 50), st.integers(0, 20), st.sampled_from([0.1, 0.25, 3.0])))
        return FloatDistribution(low, low + n * step, step=step)
    if kind == 3:
        low, n, step = draw(st.tuples(st.integers(1, 50), st.integers(0, 20), st.integers(1, 3)))
        is_log = draw(st.booleans())
        return IntDistribution(low, low + n * (1 if is_log else step), log=is_log, step=1 if is_log else step)
    return CategoricalDistribution(list("abc")[: draw(st.integers(1, 3))])


@given(
    st.lists(distributions(), min_size=1, max_size=4),
    st.integers(0, 2**32),
    st.lists(st.sampled_from([1e-6, 0.5, 0.8, 1.0, 1.2, 3.0, 1e6]), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.25, 1.0]),
)
@settings(max_examples=200, deadline=None)
def test_perturbed_values_never_leave_their_ranges(
    space: list[BaseDistribution], seed: int, factors: list[float], resample: float
) -> None:
    rng, explore = np.random.default_rng(seed), Perturb(resample, factors)
    named = {f"p{i}": distribution for i, distribution in enumerate(space)}
    params = {name: d.to_external_repr(d.from_unit(rng.random())) for name, d in named.items()}
    for _ in range(20):
        record = parzen.trial.create_trial(params=params, distributions=named, state=FAIL)
        params = explore(Member(record, 1, parzen.create_study().history), rng)
        for name, distribution in named.items():
            internal = distribution.to_internal_repr(params[name])
            assert distribution._contains(internal)
            assert distribution.to_external_repr(internal) == params[name]


def test_grids_move_by_a_step_at_least_and_ranges_below_zero_by_their_distance() -> None:
    up, down = Perturb(0.0, [1.2]), Perturb(0.0, [0.8])
    u = [0.5, 0.5, 0.5]
    layers, rate = IntDistribution(1, 10), FloatDistribution(1e-4, 1.0, log=True)
    assert (up.explored(layers, 2.0, u), down.explored(layers, 2.0, u)) == (3.0, 1.0)
    assert (up.explored(layers, 10.0, u), down.explored(layers, 10.0, u)) == (10.0, 8.0)
    assert up.explored(rate, 0.01, u) == pytest.approx(0.012)
    assert up.explored(rate, 0.9, u) == 1.0
    assert up.explored(FloatDistribution(-1, 1), 0.0, u) == pytest.approx(0.2)
    assert up.explored(FloatDistribution(0, 1, step=0.25), 0.5, u) == 0.75
    assert up.explored(CategoricalDistribution("ab"), 1.0, u) == 1.0


def test_children_of_a_conditional_space_have_the_parameters_of_their_branch() -> None:
    study, weights = study_of(resample_probability=0.7), {}
    for _ in range(8 * 6):
        trial = study.ask()
        if trial.suggest_categorical("optimizer", ["sgd", "adam"]) == "sgd":
            x = trial.suggest_float("momentum", 0.01, 1)
        else:
            x = trial.suggest_float("beta", 0.01, 1)
        w = train(trial, weights, x)
        study.tell(trial, *((None, PAUSED) if trial.should_pause() else (w,)))
    switched = 0
    for trial in study.trials:
        assert set(trial.params) == {"optimizer", {"sgd": "momentum", "adam": "beta"}[trial.params["optimizer"]]}
        if attr(trial, "parent") is not None:
            switched += study.trials[attr(trial, "parent")].params["optimizer"] != trial.params["optimizer"]
    assert switched > 1
    assert study.history.unsuggested == []


def test_what_an_explorer_of_ones_own_gives_is_brought_into_range() -> None:
    study = study_of(explore=lambda member, rng: {"x": member.params["x"] * 1e9, "new": 3})
    run(study, 8)
    trial = study.ask()
    assert trial.suggest_float("x", 1e-3, 1, log=True) == 1.0
    assert trial.suggest_int("new", 0, 5) == 3  # handed on, too
    with pytest.raises(TypeError, match="by name, but gave 3"):
        other = study_of(explore=lambda member, rng: 3)
        run(other, 9)


def test_several_intervals_share_one_population() -> None:
    study = study_of(intervals=(2, 4), max_resource=16)
    weights = run(study, 8)
    assert [trial.last_step for trial in study.trials] == [2, 4] * 4
    run(study, 60, weights)
    kept = {(own := trial.system_attrs)["parzen:replaces"] % 2: own["parzen:interval"] for trial in children(study)}
    assert set(kept.values()) <= {2, 4}
    slow = [t for t in children(study) if attr(t, "interval") == 4]
    from_fast = [t for t in slow if (study.trials[attr(t, "parent")].system_attrs.get("parzen:interval") or
                                     (2, 4)[attr(t, "parent") % 2]) == 2]  # fmt: skip
    assert from_fast
    assert all(t.params == study.trials[attr(t, "replaces")].params for t in from_fast)


def test_bandits_explore_within_ranges_and_refuse_several_objectives() -> None:
    study, weights = study_of(explore=TimeVaryingBandit()), {}
    for _ in range(48):
        trial = study.ask()
        x = trial.suggest_float("x", 1e-3, 1, log=True)
        trial.suggest_int("n", 1, 3)
        trial.suggest_categorical("c", ["a", "b"])
        w = train(trial, weights, x)
        study.tell(trial, *((None, PAUSED) if trial.should_pause() else (w,)))
    assert len(children(study)) == 10
    several = study_of(n_objectives=2, explore=TimeVaryingBandit())
    with pytest.raises(ValueError, match="models one objective"):
        for _ in range(9):
            trial = several.ask()
            trial.suggest_float("x", 0, 1)
            trial.report([1.0, 2.0], 2)
            trial.should_pause()
            several.tell(trial, state=PAUSED)


# --- what others make of it ------------------------------------------------------------------------------------------


class Spy(Sampler):
    """Notes which trials it could learn from."""

    def sample(self, space: Any, history: Any, rng: Any, n: int = 1) -> Any:
        learnt = (history.states == COMPLETE) | (history.states == PRUNED) | (history.states == PAUSED)
        self.seen = set(np.flatnonzero(learnt).tolist())
        return {name: rng.uniform(*distribution.support, size=n) for name, distribution in space.items()}


def test_samplers_do_not_learn_from_children() -> None:
    study = study_of(sampler=Spy(0))
    weights = run(study, 8 * 6)
    assert study.sampler.seen == set(range(7))
    founders = {trial.number for trial in study.trials if attr(trial, "parent") is None}
    work(study, study.ask(), weights)
    assert study.sampler.seen == founders == set(range(8))


@pytest.mark.parametrize(
    "make", [parzen.samplers.TPESampler, parzen.samplers.AutoSampler, parzen.samplers.NSGAIISampler]
)
def test_samplers_with_models_work_with_populations(make: Callable[..., Any]) -> None:
    study = study_of(sampler=make(seed=0), population_size=12)
    weights = run(study, 12 * 6)
    run(study, 24, weights)
    assert len({trial.params["x"] for trial in study.trials}) > 30


def test_several_objectives_are_compared_by_rank() -> None:
    study = study_of(n_objectives=2)
    for _ in range(8 * 6):
        trial = study.ask()
        x = trial.suggest_float("x", 0, 1)
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            trial.report([x / step, (1 - x) / step + (trial.number % 2)], step)
        study.tell(trial, *((None, PAUSED) if trial.should_pause() else ([x, 1 - x],)))
    odd = [attr(child, "parent") % 2 for child in children(study)]
    assert len(odd) == 10 and sum(odd) < 4


def test_a_batch_is_a_whole_population() -> None:
    study = study_of(max_resource=8)
    space = {"x": FloatDistribution(1e-3, 1, log=True)}
    batch, rows = study.ask_batch(8, space), None
    assert (batch.resume_from == -1).all()
    weights = np.ones(8)
    for step in range(2, 9, 2):
        for at in (step - 1, step):
            weights = weights * (1 - 0.3 * np.exp(-(np.log(batch["x"] * at) ** 2)))
            batch.report(weights, at)
        paused = batch.should_pause()
        assert paused.all() == (step < 8)
        study.tell_batch(batch, weights, [PAUSED if p else COMPLETE for p in paused])
        if step < 8:
            last, batch = batch, study.ask_batch(8, space)
            assert (batch.resume_step == step).all()
            rows = batch.rows_in(last)
            assert np.bincount(rows, minlength=8).max() >= 2  # an exploit: who has a copy, and who none
            weights = weights[rows]
    assert Counter(trial.state for trial in study.trials) == {COMPLETE: 8, PRUNED: 6}
    for trial in children(study):
        assert trial.last_step - attr(trial, "forked_at") >= 2
    with pytest.raises(ValueError, match="go on from the checkpoints of"):
        work(study, study.ask(), {})
        batch.rows_in(study.ask_batch(1, space))


@pytest.mark.parametrize(
    "options",
    [
        {"population_size": 1},
        {"population_size": 3},
        {"quantile": 0.6},
        {"quantile": 0.0},
        {"interval": 0},
        {"interval": None},
        {"interval": 5},
        {"deadline": 1.0},
        {"deadline": -1.0, "synchronous": True},
        {"perturbation_factors": ()},
        {"perturbation_factors": (0.8, -1.0)},
        {"resample_probability": 1.5},
    ],
)
def test_arguments_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="but got"):
        PBTPruner(**{"population_size": 8, "interval": 2, "max_resource": 12, **options})


def test_the_deadline_counts_from_the_last_arrival() -> None:
    study = study_of(synchronous=True, deadline=50.0)
    study.ask()
    run(study, 7)
    population = study.pruner._populations_of(study.history).active[0]
    now = datetime.now()
    micro = lambda when: int((when - datetime(1970, 1, 1)) / timedelta(microseconds=1))  # noqa: E731
    assert population.vacancy(study.history, micro(now + timedelta(seconds=40))) is None
    assert population.vacancy(study.history, micro(now + timedelta(seconds=60))).member == 0
