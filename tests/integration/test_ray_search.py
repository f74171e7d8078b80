"""`ParzenSearch`, driven by hand as Ray drives it."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import pytest

tune = pytest.importorskip("ray.tune", reason='needs Ray: pip install ".[ray]"')

from ray import cloudpickle
from ray.tune.search import ConcurrencyLimiter, Searcher, create_searcher
from ray.tune.search.search_generator import SearchGenerator

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution
from parzen.integration.ray import ParzenSearch
from parzen.integration.ray.search import PERTURBED
from parzen.integration.ray.trials import RAY_ID
from parzen.trial import TrialState

pytestmark = pytest.mark.ray

SPACE = {"x": tune.uniform(0.0, 1.0), "m": {"k": tune.choice(["a", "b"]), "constant": 1}}
COMPLETE, PRUNED, FAIL, RUNNING = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.ERROR)


@pytest.fixture(params=["memory", "sqlite"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    url = None if request.param == "memory" else f"sqlite:///{tmp_path / 'ray.db'}"
    return {"storage": url, "study_name": "mine"}


def search_of(**kwargs: Any) -> ParzenSearch:
    return ParzenSearch(SPACE, "loss", "min", seed=1, **kwargs)


def result(loss: float, step: int, **more: Any) -> dict[str, Any]:
    return {"loss": loss, "training_iteration": step, "config/x": 0.5, **more}


def train(search: Searcher, ray_id: str, losses: list[float], stopped_with: float | None = None) -> None:
    """Report as Ray does: the result of a stop comes only with the end of the trial."""
    for step, loss in enumerate(losses, 1):
        search.on_trial_result(ray_id, result(loss, step))
    last = result(losses[-1], len(losses)) if stopped_with is None else result(stopped_with, len(losses) + 1)
    search.on_trial_complete(trial_id=ray_id, result={**last, "done": True}, error=False)


def states(search: ParzenSearch) -> list[TrialState]:
    return [trial.state for trial in search.study.trials]


# --- trials ----------------------------------------------------------------------------------------------------------


def test_a_trial_is_stored_with_its_reports_and_its_end(where: dict[str, Any]) -> None:
    search = search_of(**where)
    config = search.suggest("abc")
    assert config is not None
    assert set(config) == {"x", "m"} and set(config["m"]) == {"k", "constant"}
    train(search, "abc", [0.5, 0.25])
    study = parzen.load_study(study_name="mine", storage=where["storage"]) if where["storage"] else search.study
    (trial,) = study.trials
    assert trial.state == COMPLETE and trial.value == 0.25
    assert trial.params == {"x": config["x"], "m/k": config["m"]["k"]}
    assert trial.intermediate_values == {1: 0.5, 2: 0.25}
    assert trial.user_attrs[RAY_ID] == "abc"
    assert study.metric_names == ["loss"]


def test_a_stop_by_a_scheduler_is_pruned(where: dict[str, Any]) -> None:
    search = search_of(max_t=4, **where)
    for ray_id in "abc":
        search.suggest(ray_id)
    train(search, "a", [0.5, 0.4], stopped_with=0.3)  # at iteration 3
    train(search, "b", [0.5, 0.4, 0.3], stopped_with=0.2)  # at iteration 4, which is `max_t`
    train(search, "c", [0.5, 0.4])  # by itself
    assert states(search) == [PRUNED, COMPLETE, COMPLETE]
    assert [trial.value for trial in search.study.trials] == [0.3, 0.2, 0.4]
    assert search.study.trials[0].intermediate_values == {1: 0.5, 2: 0.4, 3: 0.3}


def test_a_criterion_of_the_run_completes_a_trial() -> None:
    search = ParzenSearch(seed=1)
    assert search.set_search_properties("loss", "min", SPACE, stop={"training_iteration": 3}, num_samples=2)
    for ray_id in "ab":
        search.suggest(ray_id)
    train(search, "a", [0.5, 0.4], stopped_with=0.3)
    train(search, "b", [0.5], stopped_with=0.3)
    assert states(search) == [COMPLETE, PRUNED]


def test_an_unknown_max_t_is_said_to_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    parzen.logging.set_verbosity(parzen.logging.WARNING)
    search = search_of()
    search.suggest("a")
    train(search, "a", [0.5], stopped_with=0.4)
    assert "ParzenSearch(max_t=...)" in capsys.readouterr().err


def test_ends_without_a_result() -> None:
    search = search_of()
    for ray_id in "abc":
        search.suggest(ray_id)
    search.on_trial_complete("a")  # stopped while it waited
    search.on_trial_complete("b", error=True)
    search.on_trial_result("c", result(0.5, 1))
    search.on_trial_complete("c")
    assert states(search) == [PRUNED, FAIL, PRUNED]
    assert [trial.value for trial in search.study.trials] == [None, None, 0.5]


def test_results_that_lack_the_metric_or_hold_nan() -> None:
    search = search_of()
    for ray_id in "abc":
        search.suggest(ray_id)
    search.on_trial_result("a", {"training_iteration": 1, "other": 1.0})
    search.on_trial_complete("a", result={"training_iteration": 1, "done": True})
    search.on_trial_result("b", result(math.nan, 1))
    with pytest.warns(UserWarning, match="not acceptable"):
        search.on_trial_complete("b", result=result(math.nan, 1))
    search.on_trial_result("c", result(0.5, 1))
    search.on_trial_complete("c", result=result(0.5, 1))
    assert states(search) == [FAIL, FAIL, COMPLETE]
    assert math.isnan(search.study.trials[1].intermediate_values[1])


def test_an_end_is_told_once() -> None:
    search = search_of()
    search.suggest("a")
    train(search, "a", [0.5])
    search.on_trial_result("a", result(0.1, 2))
    search.on_trial_complete("a", result=result(0.1, 2))
    search.on_trial_complete("unknown", result=result(0.1, 2))
    assert [(trial.state, trial.value) for trial in search.study.trials] == [(COMPLETE, 0.5)]


def test_a_limit_of_concurrency_stores_nothing_before_a_trial_starts() -> None:
    search = search_of()
    limited = ConcurrencyLimiter(search, max_concurrent=2)
    generator = SearchGenerator(limited)
    assert [limited.suggest(ray_id) is None for ray_id in "abc"] == [False, False, True]
    assert len(search.study.trials) == 2
    generator.on_trial_complete("a", result=result(0.5, 1))
    assert limited.suggest("c") is not None
    assert len(search.study.trials) == 3


def test_several_metrics() -> None:
    search = ParzenSearch(SPACE, ["loss", "size"], ["min", "max"], seed=1)
    search.suggest("a")
    search.on_trial_result("a", result(0.5, 1, size=3.0))
    search.on_trial_complete("a", result=result(0.5, 1, size=3.0))
    assert [direction.name for direction in search.study.directions] == ["MINIMIZE", "MAXIMIZE"]
    assert search.study.trials[0].values == [0.5, 3.0]
    assert search.study.trials[0].intermediate_vectors == {1: [0.5, 3.0]}


def test_maximum() -> None:
    search = ParzenSearch(SPACE, "acc", "max", seed=1)
    for ray_id, value in (("a", 0.5), ("b", 0.9), ("c", 0.1)):
        search.suggest(ray_id)
        search.on_trial_complete(ray_id, result={"acc": value, "training_iteration": 0})
    assert search.study.best_trial.number == 1


def test_a_parameter_that_a_scheduler_changed_is_noted() -> None:
    search = search_of()
    config = search.suggest("a")
    assert config is not None
    same, changed = {"config/x": config["x"]}, {"config/x": 0.123}
    for step, more in ((1, same), (2, changed), (3, changed), (4, same)):
        search.on_trial_result("a", {**result(0.5, step), **more})
    trial = search.study.trials[0]
    assert trial.params["x"] == config["x"]
    assert trial.user_attrs[PERTURBED] == {"2": {"x": 0.123}, "4": {"x": config["x"]}}


def test_what_a_run_leaves_behind_is_pruned(where: dict[str, Any]) -> None:
    search = search_of(**where)
    search.close()  # nothing began
    for ray_id in "ab":
        search.suggest(ray_id)
    search.on_trial_result("a", result(0.5, 1))
    search.close()
    assert [(trial.state, trial.value) for trial in search.study.trials] == [(PRUNED, 0.5), (PRUNED, None)]


# --- spaces and points -----------------------------------------------------------------------------------------------


def test_a_space_of_distributions_and_a_function() -> None:
    ours = {"x": FloatDistribution(0, 1), "m": {"k": CategoricalDistribution(["a"])}}
    config = ParzenSearch(ours, "loss", "min", seed=1).suggest("a")
    assert config is not None and config["m"] == {"k": "a"} and 0 <= config["x"] <= 1

    def space(trial: Any) -> dict[str, Any]:
        if trial.suggest_categorical("model", ["net", "tree"]) == "net":
            trial.suggest_float("net/lr", 1e-5, 1.0, log=True)
        return {"epochs": 3}

    search = ParzenSearch(space, "loss", "min", seed=1)
    configs = [search.suggest(f"t{i}") for i in range(10)]
    assert all(config is not None and config["epochs"] == 3 for config in configs)
    assert {"net" in (config or {}) for config in configs} == {True, False}
    assert search.study.trials[0].params.keys() <= {"model", "net/lr"}


def test_a_function_that_fails_leaves_no_running_trial() -> None:
    def space(trial: Any) -> None:
        raise KeyError("mine")

    search = ParzenSearch(space, "loss", "min")
    with pytest.raises(KeyError, match="mine"):
        search.suggest("a")
    assert states(search) == [FAIL]
    returning: Any = lambda trial: [1]  # noqa: E731
    with pytest.raises(TypeError, match="must return None or a dictionary"):
        ParzenSearch(returning, "loss", "min").suggest("a")


def test_the_space_comes_from_the_run_or_from_the_search(where: dict[str, Any]) -> None:
    search = ParzenSearch(**where)
    assert search.set_search_properties("loss", "max", SPACE)
    config = search.suggest("a")
    assert search.metric == "loss" and config is not None and set(config["m"]) == {"k"}  # Ray adds the constants itself
    assert not search.set_search_properties("loss", "max", SPACE)  # there is one
    given = ParzenSearch(SPACE, seed=1)
    assert given.set_search_properties("loss", "min", {"constant": 1})  # its own space, the run's metric
    assert given.suggest("a") is not None
    with pytest.raises(RuntimeError, match="metric and a mode"):
        ParzenSearch(SPACE).suggest("a")  # Ray calls nothing before it if the run has no space
    with pytest.raises(RuntimeError, match="search space"):
        ParzenSearch(metric="loss", mode="min").suggest("a")
    anonymous = ParzenSearch(SPACE, mode="max")
    anonymous.suggest("a")
    anonymous.on_trial_complete("a", result={"_metric": 3.0, "training_iteration": 0})
    assert anonymous.study.best_value == 3.0


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"mode": "least"}, '"min" or "max"'),
        ({"metric": ["a", "b"], "mode": ["min"]}, "a mode for each metric"),
        ({"metric": ["a"], "mode": "min"}, "a mode for each metric"),
        ({"seed": 1, "sampler": parzen.samplers.RandomSampler()}, "`seed` or a `sampler`"),
        ({"points_to_evaluate": [{"x": 1}], "evaluated_rewards": [1, 2]}, "each of the 1"),
        ({"space": {"x": 1}}, "something to search"),
    ],
)
def test_arguments_that_contradict_each_other(kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ParzenSearch(**kwargs)


def test_points_to_evaluate_come_first_and_once(where: dict[str, Any]) -> None:
    points = [{"x": 0.25, "m": {"k": "b"}}, {"x": 0.5}]
    for _ in range(2 if where["storage"] else 1):
        search = search_of(points_to_evaluate=points, **where)
        configs = [search.suggest(f"{search._run}{i}") for i in range(3)]
        for i in range(3):
            search.on_trial_complete(f"{search._run}{i}", result=result(0.5, 1))
    first = [trial.params for trial in search.study.trials][:2]
    assert first[0] == {"x": 0.25, "m/k": "b"} and first[1]["x"] == 0.5
    assert sum(trial.params["x"] in (0.25, 0.5) for trial in search.study.trials) == 2
    assert len(configs) == 3


def test_evaluated_rewards_are_not_run(where: dict[str, Any]) -> None:
    points = [{"x": 0.25, "m": {"k": "b"}}, {"x": 0.5, "m": {"k": "a"}}]
    search = search_of(points_to_evaluate=points, evaluated_rewards=[0.1, 0.2], **where)
    search.suggest("a")
    assert [trial.value for trial in search.study.trials] == [0.1, 0.2, None]
    assert search.study.best_params == {"x": 0.25, "m/k": "b"}


def test_evaluated_rewards_of_a_function_and_of_several_objectives() -> None:
    def space(trial: Any) -> None:
        trial.suggest_float("a/x", 0, 1)

    search = ParzenSearch(
        space, ["l", "m"], ["min", "min"], points_to_evaluate=[{"a": {"x": 0.5}}], evaluated_rewards=[[1.0, 2.0]]
    )
    search.suggest("a")
    assert search.study.trials[0].values == [1.0, 2.0]
    assert search.study.trials[0].params == {"a/x": 0.5}


def test_points_that_ran_elsewhere() -> None:
    search = search_of()
    config = {"x": 0.5, "m": {"k": "a", "constant": 1}}
    search.add_evaluated_point(config, 0.5, intermediate_values=[0.7, 0.5])
    search.add_evaluated_point(config, 0.6, pruned=True)
    search.add_evaluated_point(config, 0.6, error=True)
    assert states(search) == [COMPLETE, PRUNED, FAIL]
    assert search.study.trials[0].intermediate_values == {1: 0.7, 2: 0.5}


def test_directions_of_a_study_that_exists(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ray.db'}"
    parzen.create_study(storage=url, study_name="mine", direction="maximize")
    with pytest.raises(ValueError, match=r"has the directions \['maximize'\]"):
        search_of(storage=url, study_name="mine").suggest("a")


def test_a_seed_gives_the_same_configurations(tmp_path: Path) -> None:
    def configs(**kwargs: Any) -> list[Any]:
        search = search_of(study_name="mine", **kwargs)
        found = []
        for i in range(15):
            config = search.suggest(f"t{i}")
            assert config is not None
            search.on_trial_complete(f"t{i}", result=result(config["x"], 1))
            found.append(config)
        return found

    assert configs() == configs() == configs(storage=f"sqlite:///{tmp_path / 'ray.db'}")


def test_no_string_names_the_search() -> None:
    with pytest.raises(ValueError, match="parzen"):
        create_searcher("parzen")  # Ray's table is its own: the object is passed


# --- snapshots -------------------------------------------------------------------------------------------------------


def test_all_of_it_pickles(where: dict[str, Any], tmp_path: Path) -> None:
    def space(trial: Any) -> None:
        trial.suggest_float("x", 0, 1)

    for search in (search_of(**where), ParzenSearch(space, "loss", "min")):
        cloudpickle.loads(cloudpickle.dumps(search))  # the Tuner does it before a run
        search.suggest("a")
        search.save(str(tmp_path / "snapshot.pkl"))
        cloudpickle.loads(cloudpickle.dumps(search))
    pickle.loads(pickle.dumps(search_of(**where)))


def test_a_search_goes_on_from_a_snapshot(where: dict[str, Any], tmp_path: Path) -> None:
    search = search_of(**where)
    for ray_id in "ab":
        search.suggest(ray_id)
    search.on_trial_result("b", result(0.5, 1))
    search.save(str(tmp_path / "snapshot.pkl"))
    restored = ParzenSearch(metric="loss", mode="min")
    restored.restore(str(tmp_path / "snapshot.pkl"))
    train(restored, "a", [0.4, 0.3])
    train(restored, "b", [0.5, 0.2])
    assert states(restored) == [COMPLETE, COMPLETE]
    assert restored.suggest("c") is not None


def test_a_study_that_is_ahead_of_the_snapshot(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ray.db'}"
    search = search_of(storage=url, study_name="mine", points_to_evaluate=[{"x": 0.75}])
    for ray_id in ("ended", "runs"):
        search.suggest(ray_id)
    search.save(str(tmp_path / "snapshot.pkl"))
    train(search, "ended", [0.5])
    search.on_trial_result("runs", result(0.6, 1))
    for ray_id in ("forgotten", "lost"):
        search.suggest(ray_id)
    train(search, "forgotten", [0.1])
    lost = search.study.trials[3].params  # the driver dies here

    restored = search_of()
    restored.restore(str(tmp_path / "snapshot.pkl"))
    assert states(restored) == [COMPLETE, RUNNING, COMPLETE, FAIL, TrialState.WAITING]
    train(restored, "ended", [0.9])  # Ray runs it again: what was told stays
    train(restored, "runs", [0.6, 0.3])
    config = restored.suggest("new")
    assert config is not None and config["x"] == lost["x"]  # it comes first
    train(restored, "new", [0.2])
    assert states(restored) == [COMPLETE, COMPLETE, COMPLETE, FAIL, COMPLETE]
    assert [trial.value for trial in restored.study.trials] == [0.5, 0.3, 0.1, None, 0.2]
    restored.restore(str(tmp_path / "snapshot.pkl"))  # once more
    assert states(restored) == [COMPLETE, COMPLETE, COMPLETE, FAIL, COMPLETE]


def test_a_failed_trial_that_ray_runs_again_is_a_new_one(where: dict[str, Any]) -> None:
    search = search_of(**where)
    config = search.suggest("a")
    search.on_trial_complete("a", error=True)
    train(search, "a", [0.5, 0.4])
    assert states(search) == [FAIL, COMPLETE]
    first, second = search.study.trials
    assert first.user_attrs[RAY_ID] == second.user_attrs[RAY_ID] == "a"
    assert first.params == second.params and config is not None and second.params["x"] == config["x"]
