"""`ParzenScheduler`: pruners of parzen's decide in Ray as they do at home."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

tune = pytest.importorskip("ray.tune", reason='needs Ray: pip install ".[ray]"')

from ray import cloudpickle
from ray.tune.experiment import Trial as RayTrial
from ray.tune.search import ConcurrencyLimiter, Searcher
from ray_by_hand import ByHand

import parzen
from parzen.integration.ray import ParzenScheduler, ParzenSearch
from parzen.pruners import (
    ASHAPruner,
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    PASHAPruner,
    PBTPruner,
    SuccessiveHalvingPruner,
    SyncHyperbandPruner,
)
from parzen.samplers import RandomSampler
from parzen.trial import TrialState

pytestmark = pytest.mark.ray

SPACE = {"x": tune.uniform(0.0, 1.0)}
COMPLETE, PRUNED, FAIL, PAUSED = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.PAUSED


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def curve(config: dict[str, Any], at: int) -> dict[str, float]:
    return {"loss": config["x"] + 1 / at, "size": 1 - config["x"]}


def by_hand(pruner: BasePruner, n: int = 30, search: Searcher | None = None, **kwargs: Any) -> ByHand:
    search = search or ParzenSearch(SPACE, "loss", "min", sampler=RandomSampler(seed=1))
    return ByHand(search, ParzenScheduler(pruner), curve, n, **kwargs)


def study_of(driver: ByHand) -> parzen.Study:
    study: parzen.Study = driver.search_alg.searcher.study
    return study


def lengths(study: parzen.Study) -> Counter[int]:
    return Counter(trial.last_step or 0 for trial in study.trials)


def at_home(pruner: BasePruner, n: int) -> parzen.Study:
    """Run n new trials one after the other, promoted ones first, as long as there are any."""
    study = parzen.create_study(sampler=RandomSampler(seed=1), pruner=pruner)
    while True:
        if len(study.trials) == n and study.pruner.promote(study) is None:
            return study
        trial = study.ask()
        x = trial.suggest_float("x", 0.0, 1.0)
        for step in range(trial.resume_step + 1, trial.next_rung + 1):
            trial.report(x + 1 / step, step)
        if trial.should_pause():
            study.tell(trial, state=PAUSED)
        else:
            study.tell(trial, x + 1 / 9)


@pytest.mark.parametrize("pruner", [ASHAPruner, PASHAPruner])
def test_one_worker_promotes_as_a_study_of_parzen_does(pruner: type[ASHAPruner]) -> None:
    driver = by_hand(pruner(9, 1, 3), n=40, n_workers=1)
    driver.run()
    ours, home = study_of(driver), at_home(pruner(9, 1, 3), 40)
    assert [trial.params for trial in ours.trials] == [trial.params for trial in home.trials]
    assert sorted(lengths(ours).items()) == sorted(lengths(home).items())
    assert max(lengths(ours)) >= 3 and lengths(ours)[1] > 20
    assert {trial.state for trial in ours.trials} <= {COMPLETE, PRUNED}  # those that wait at the end are stopped
    assert all((trial.state == COMPLETE) == (trial.last_step == 9) for trial in ours.trials)


def test_the_trial_that_is_to_go_on_is_not_paused() -> None:
    driver = by_hand(ASHAPruner(9, 1, 3), n_workers=1)
    driver.run()
    rungs = [name for trial in study_of(driver).trials for name in trial.system_attrs if name.startswith("completed")]
    promoted = sum(n for step, n in lengths(study_of(driver)).items() if step > 1)
    assert len(rungs) - promoted < driver.n_pauses < len(rungs)


def test_a_trial_may_be_promoted_while_it_still_saves() -> None:
    search = ParzenSearch(SPACE, "loss", "min", sampler=RandomSampler(seed=5))
    driver = by_hand(ASHAPruner(9, 1, 3), n=40, search=search, n_workers=6, saves=2)
    driver.run()
    study = study_of(driver)
    assert driver.n_reports == sum(trial.last_step or 0 for trial in study.trials)  # nothing trained goes unseen
    assert set(lengths(study)) == {1, 3, 9}
    assert all((trial.state == COMPLETE) == (trial.last_step == 9) for trial in study.trials)


def test_hyperband_fills_its_brackets() -> None:
    driver = by_hand(SyncHyperbandPruner(9, 1, 3), n=9 + 3 + 3)
    driver.run()
    assert lengths(study_of(driver)) == {1: 6, 3: 2 + 2, 9: 1 + 1 + 3}


def test_several_objectives() -> None:
    search = ParzenSearch(SPACE, ["loss", "size"], ["min", "min"], sampler=RandomSampler(seed=1))
    driver = by_hand(ASHAPruner(9, 1, 3), n=20, search=search)
    assert driver.scheduler.metric is None
    driver.run()
    study = study_of(driver)
    assert max(lengths(study)) == 9 and lengths(study)[1] > 5
    assert all(len(trial.values) == 2 for trial in study.trials)
    assert study.best_trials
    with pytest.raises(ValueError, match="compares one value"):
        by_hand(MedianPruner(), search=search).run()


@pytest.mark.parametrize(
    "pruner", [MedianPruner(n_startup_trials=3), HyperbandPruner(1, 9, 3), SuccessiveHalvingPruner(1, 3)]
)
def test_pruners_that_stop(pruner: BasePruner) -> None:
    driver = by_hand(pruner)
    driver.run()
    study = study_of(driver)
    assert {trial.state for trial in study.trials} == {COMPLETE, PRUNED}
    assert all(trial.last_step == 9 for trial in study.trials if trial.state == COMPLETE)
    assert all(trial.value == trial.intermediate_values[trial.last_step] for trial in study.trials)


def test_without_checkpoints_trials_are_stopped_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    driver = by_hand(ASHAPruner(9, 1, 3), checkpoints=False)
    driver.run()
    assert capsys.readouterr().err.count("instead of pausing them") == 1
    assert not any(trial.status == RayTrial.PAUSED for trial in driver.trials)
    assert driver.n_reports == sum(trial.last_step or 0 for trial in study_of(driver).trials)
    assert len(lengths(study_of(driver))) > 1


def test_a_search_that_waits_for_ends_gets_them() -> None:
    limited = ConcurrencyLimiter(InTurn("loss", "min"), max_concurrent=3)
    driver = ByHand(limited, ParzenScheduler(ASHAPruner(9, 1, 3), "loss", "min"), curve, 20)
    driver.run()
    assert len(driver.trials) == 20 and all(trial.is_finished() for trial in driver.trials)
    study = driver.scheduler._trials.study  # its own one
    assert {trial.state for trial in study.trials} == {COMPLETE, PRUNED}


def test_paused_trials_do_not_count_as_running() -> None:
    search = ParzenSearch(SPACE, "loss", "min", sampler=RandomSampler(seed=1))
    driver = by_hand(ASHAPruner(9, 1, 3), n=30, search=ConcurrencyLimiter(search, max_concurrent=2))
    most = 0
    while driver.step():
        most = max(most, sum(trial.status == RayTrial.PAUSED for trial in driver.trials))
    assert most > 5
    assert len(search.study.trials) == 30


def test_failures() -> None:
    driver = by_hand(ASHAPruner(9, 1, 3), n=6, n_workers=1)
    driver.step()
    driver.step()
    driver.step()
    driver.step()
    (running,) = [trial for trial in driver.trials if trial.status == RayTrial.RUNNING]
    driver.fail(running)
    driver.run()
    study = study_of(driver)
    assert [trial.state for trial in study.trials].count(FAIL) == 1
    assert study.trials[int(running.trial_id[1:])].state == FAIL


class InTurn(Searcher):
    """Some other search: it proposes points in turn."""

    def suggest(self, trial_id: str) -> dict[str, Any]:
        return {"x": (int(trial_id[1:]) * 0.618) % 1}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        pass


@pytest.mark.parametrize("search", [ParzenSearch(SPACE, "loss", "min", seed=1), InTurn("loss", "min")])
def test_an_error_that_ray_tries_again_leaves_a_trial_running(search: Searcher) -> None:
    scheduler = ParzenScheduler(MedianPruner(), *([] if isinstance(search, ParzenSearch) else ["loss", "min"]))
    driver = ByHand(search, scheduler, curve, 2, n_workers=1)
    driver.step()
    (trial,) = driver.trials
    trial.set_status(RayTrial.ERROR)
    driver.scheduler.on_trial_error(driver, trial)
    trial.set_status(RayTrial.PENDING)
    driver.scheduler.on_trial_add(driver, trial)
    study = scheduler._trials.study
    assert study.trials[0].state == TrialState.RUNNING
    driver.run()
    assert [trial.state for trial in study.trials] == [COMPLETE, COMPLETE]


def test_a_failed_trial_that_ray_runs_again_can_complete() -> None:
    driver = by_hand(MedianPruner(), n=1)
    driver.step()
    (trial,) = driver.trials
    trial.set_status(RayTrial.RUNNING)
    driver.fail(trial)
    trial.set_status(RayTrial.PENDING)  # `resume_errored`
    driver.scheduler.on_trial_add(driver, trial)
    driver.run()
    assert [trial.state for trial in study_of(driver).trials] == [FAIL, COMPLETE]


def test_a_driver_that_is_restored_knows_rungs_and_results(tmp_path: Path) -> None:
    search = ParzenSearch(
        SPACE,
        "loss",
        "min",
        sampler=RandomSampler(seed=1),
        storage=f"sqlite:///{tmp_path / 'ray.db'}",
        study_name="mine",
    )
    scheduler = ParzenScheduler(ASHAPruner(9, 1, 3))
    begun = cloudpickle.dumps(scheduler)
    driver = ByHand(search, scheduler, curve, 30)
    driver.run(12)
    search.save(str(tmp_path / "snapshot.pkl"))
    told = {trial.trial_id: trial.status for trial in driver.trials}
    driver.run(12)
    ended = [trial for trial in search.study.trials if trial.state == COMPLETE]
    assert ended  # and the driver dies here

    again = ParzenSearch(SPACE)
    again.restore(str(tmp_path / "snapshot.pkl"))
    restored = ByHand(again, cloudpickle.loads(begun), curve, 30, name="r")
    restored.search_alg._counter = len(told)
    restored.iteration = dict(driver.iteration)
    for trial_id in told:  # all of them pending, as Ray brings back what its snapshot had as unfinished
        restored.add(trial_id, next(trial.config for trial in driver.trials if trial.trial_id == trial_id))
    statuses = {trial.trial_id: trial.status for trial in restored.trials}
    for trial in ended:
        ray_id = trial.user_attrs["ray:trial_id"]
        if ray_id in told:
            assert statuses[ray_id] == RayTrial.TERMINATED
            back = next(one for one in restored.trials if one.trial_id == ray_id)
            assert back.last_result["loss"] == trial.value and back.last_result["training_iteration"] == 9
    assert RayTrial.PAUSED in statuses.values()
    restored.run()
    study = again.study
    assert Counter(trial.state for trial in study.trials).keys() <= {COMPLETE, PRUNED, FAIL}
    assert [study.trials[trial.number].value for trial in ended] == [trial.value for trial in ended]
    for trial in study.trials:
        assert sorted(trial.intermediate_values) == list(range(1, (trial.last_step or 0) + 1))


def test_a_failed_trial_that_ray_runs_again_can_be_promoted() -> None:
    points = [{"x": 0.0}]
    search = ParzenSearch(SPACE, "loss", "min", sampler=RandomSampler(seed=1), points_to_evaluate=points)
    driver = by_hand(ASHAPruner(9, 1, 3), search=search, n=9)
    first = driver.add("t0", search.suggest("t0") or {})
    first.set_status(RayTrial.RUNNING)
    driver.fail(first)
    first.set_status(RayTrial.PENDING)
    driver.scheduler.on_trial_add(driver, first)
    driver.search_alg._counter = 1
    driver.run()
    failed, again = search.study.trials[:2]
    assert failed.params == again.params == {"x": 0.0}
    assert (failed.state, again.state, again.last_step) == (FAIL, COMPLETE, 9)


def test_a_trial_that_ray_ended_without_a_word_is_pruned_when_it_comes_back() -> None:
    driver = by_hand(MedianPruner(), n=2)
    driver.step()
    (trial,) = driver.trials
    trial.set_status(RayTrial.TERMINATED)  # as at the end of a time budget
    driver.scheduler.on_trial_add(driver, trial)
    assert study_of(driver).trials[0].state == PRUNED


def test_what_ray_forgot_goes_nowhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ray.db'}"
    search = ParzenSearch(SPACE, "loss", "min", sampler=RandomSampler(seed=1), storage=url, study_name="mine")
    scheduler = ParzenScheduler(ASHAPruner(9, 1, 3))
    begun = cloudpickle.dumps(scheduler)
    driver = ByHand(search, scheduler, curve, 30)
    driver.run(12)
    search.save(str(tmp_path / "snapshot.pkl"))  # newer than Ray's own, which knows none of these
    again = ParzenSearch(SPACE)
    again.restore(str(tmp_path / "snapshot.pkl"))
    restored = ByHand(again, cloudpickle.loads(begun), curve, 30, name="r")
    restored.run()
    assert {trial.state for trial in again.study.trials} <= {COMPLETE, PRUNED, FAIL}
    assert max(lengths(again.study)) == 9 and len(restored.trials) == 30


def test_all_of_it_pickles_before_a_run() -> None:
    for pruner in (ASHAPruner(9), SyncHyperbandPruner(9), MedianPruner(), HyperbandPruner(1, 9), NopPruner()):
        cloudpickle.loads(cloudpickle.dumps(ParzenScheduler(pruner, "loss", "min")))


def test_results_are_not_buffered() -> None:
    assert not ParzenScheduler(ASHAPruner(9)).supports_buffered_results


def test_metric_and_mode() -> None:
    scheduler = ParzenScheduler(NopPruner())
    assert scheduler.set_search_properties("loss", "min") and scheduler.metric == "loss"
    assert not scheduler.set_search_properties("loss", "min")
    assert ParzenScheduler(NopPruner(), "loss", "min").set_search_properties(None, None)
    with pytest.raises(TypeError, match="ask and tell"):
        ParzenScheduler(PBTPruner(4, 2))
    with pytest.raises(TypeError, match="a pruner of parzen's"):
        ParzenScheduler("asha")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="metrics of the search"):
        driver = ByHand(ParzenSearch(SPACE, "loss", "min"), ParzenScheduler(NopPruner(), "size", "min"), curve, 2)
        driver.run()
    assert "parzen's NopPruner" in scheduler.debug_string()


def test_a_step_of_its_own_and_an_end() -> None:
    def epochs(config: dict[str, Any], at: int) -> dict[str, float]:
        return {**curve(config, at), "epoch": 10 * at}

    scheduler = ParzenScheduler(NopPruner(), time_attr="epoch", max_t=40)
    driver = ByHand(ParzenSearch(SPACE, "loss", "min", seed=1), scheduler, epochs, 3)
    driver.run()
    trials = study_of(driver).trials
    assert [(trial.state, list(trial.intermediate_values)) for trial in trials] == [(COMPLETE, [10, 20, 30, 40])] * 3


def test_a_result_without_the_metric_goes_on() -> None:
    driver = ByHand(
        ParzenSearch(SPACE, "loss", "min", seed=1),
        ParzenScheduler(ASHAPruner(9, 1, 3)),
        lambda config, at: {} if at == 1 else curve(config, at),
        4,
    )
    driver.run()
    assert all(1 not in trial.intermediate_values for trial in study_of(driver).trials)
