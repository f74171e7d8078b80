"""Ray's spaces: each domain has in parzen the values that it has in Ray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

tune = pytest.importorskip("ray.tune", reason='needs Ray: pip install ".[ray]"')

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.integration.ray import ParzenSearch
from parzen.integration.ray.spaces import RaySpace, nested

pytestmark = pytest.mark.ray


@pytest.fixture(autouse=True)
def quiet() -> None:
    parzen.logging.set_verbosity(parzen.logging.ERROR)


def converted(domain: Any) -> Any:
    return RaySpace({"x": domain}).distributions["x"]


def test_domains() -> None:
    assert converted(tune.uniform(-1.0, 2.0)) == FloatDistribution(-1.0, 2.0)
    assert converted(tune.loguniform(1e-5, 1e-1)) == FloatDistribution(1e-5, 1e-1, log=True)
    assert converted(tune.quniform(0.0, 1.0, 0.25)) == FloatDistribution(0.0, 1.0, step=0.25)
    assert converted(tune.randint(2, 9)) == IntDistribution(2, 8)
    assert converted(tune.lograndint(1, 100)) == IntDistribution(1, 99, log=True)
    assert converted(tune.choice(["a", None, 2])) == CategoricalDistribution(["a", None, 2])


def test_choices_may_be_lists(tmp_path: Path) -> None:
    space = {"widths": tune.choice([[64, 64], [128]])}
    with pytest.warns(UserWarning, match="stored as JSON"):
        search = ParzenSearch(space, "loss", "min", storage=f"sqlite:///{tmp_path / 'ray.db'}")
    assert {str(search.suggest(f"t{i}")) for i in range(9)} == {"{'widths': [64, 64]}", "{'widths': [128]}"}


def values_of(domain: Any, n: int = 200) -> list[Any]:
    """Give what a search suggests."""
    search = ParzenSearch({"x": domain}, "loss", "min", sampler=parzen.samplers.RandomSampler(seed=1))
    suggested = [search.suggest(f"t{i}") for i in range(n)]
    stored = [trial.params["x"] for trial in search.study.trials]
    assert [config["x"] for config in suggested if config is not None] == stored
    return stored


@settings(max_examples=30, deadline=None)
@given(low=st.integers(1, 30), width=st.integers(0, 40), q=st.integers(1, 9), is_log=st.booleans())
def test_whole_numbers_with_a_step_are_those_of_ray(low: int, width: int, q: int, is_log: bool) -> None:
    high = low + width
    kind = tune.qlograndint if is_log else tune.qrandint
    multiples = [k for k in range(low, high + 1) if k % q == 0 and (q > 1 or k < high)]
    if not multiples:
        return
    domain = kind(low, high, q)
    ours, theirs = set(values_of(domain, 60)), {domain.sample() for _ in range(60)}
    assert ours <= set(multiples)
    assert theirs <= set(multiples)
    assert all(type(value) is int for value in ours)


def test_a_step_on_a_log_scale_is_kept() -> None:
    values = values_of(tune.qloguniform(0.1, 10.0, 0.1))
    assert np.allclose(np.array(values) / 0.1, np.round(np.array(values) / 0.1))
    assert min(values) >= 0.1 and max(values) <= 10.0
    assert sum(value < 1.0 for value in values) > 60  # half of them, but for what rounding moves
    study_values = values_of(tune.qlograndint(1, 64, 4), 50)
    assert all(value % 4 == 0 for value in study_values)


def test_what_is_stored_on_a_grid_is_what_the_sampler_sees() -> None:
    search = ParzenSearch({"x": tune.qloguniform(0.5, 8.0, 0.5)}, "loss", "min", seed=1)
    for i in range(20):
        config = search.suggest(f"t{i}")
        assert config is not None
        search.on_trial_complete(trial_id=f"t{i}", result={"loss": config["x"], "training_iteration": 0})
    column = search.study.history.param("x")
    assert np.array_equal(column, [trial.params["x"] for trial in search.study.trials])
    assert np.allclose(column % 0.5, 0.0)


def test_nested_spaces_keep_their_constants_to_ray() -> None:
    space = RaySpace(
        {"m": {"x": tune.uniform(0, 1), "fixed": 3}, "l": [tune.randint(0, 3), "b"], "k": 1, 2: tune.choice("a")}
    )
    assert list(space.distributions) == ["m/x", "l/0", "2"]
    assert space.config({"m/x": 0.5, "l/0": 2, "2": "a"}) == {"m": {"x": 0.5}, "l": [2, "b"], 2: "a"}
    assert space.named({"m": {"x": 0.5}, "l": [1, "b"]}) == {"m/x": 0.5, "l/0": 1}
    assert space.named({"m/x": 0.5}) == {"m/x": 0.5}


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"a": {"b": {"grid_search": [1, 2]}}}, "'a/b' is a `grid_search`.*tune.choice"),
        ({"a": {"eval": "1"}}, "`eval`"),
        ({"a": "sampled"}, "sample_from"),
        ({"a": "normal"}, "Normal"),
        ({"a": "within"}, "chooses between domains"),
        ({"a/b": "uniform", "a": {"b": "uniform"}}, "Two parameters .* 'a/b'"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_is_refused(space: dict[str, Any], said: str) -> None:
    kinds = {
        "sampled": tune.sample_from(lambda config: 1),
        "normal": tune.randn(0, 1),
        "within": tune.choice([tune.uniform(0, 1), 2]),
        "uniform": tune.uniform(0, 1),
    }

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: filled(value) for key, value in part.items()}
        return kinds.get(part, part) if isinstance(part, str) else part

    with pytest.raises(ValueError, match=said):
        RaySpace(filled(space))
    with pytest.raises(ValueError, match=said):
        ParzenSearch(metric="loss", mode="min").set_search_properties("loss", "min", filled(space))


def test_names_of_a_function_nest() -> None:
    assert nested({"a/b": 1, "c": 2, "a/d": 3}) == {"a": {"b": 1, "d": 3}, "c": 2}
    with pytest.raises(ValueError, match="'a/b' lies within 'a'"):
        nested({"a": 1, "a/b": 2})
