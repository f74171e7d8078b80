"""Many points at once: `ask_batch` and `tell_batch`."""

from __future__ import annotations

import math

import numpy as np
import pytest
from contract.storages import MinimalStorage

import parzen
from parzen.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from parzen.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from parzen.storages import InMemoryStorage
from parzen.study import Batch
from parzen.trial import TrialState

SPACE = {
    "x": FloatDistribution(1e-3, 1.0, log=True),
    "g": FloatDistribution(0.0, 1.0, step=0.25),
    "n": IntDistribution(1, 9),
    "c": CategoricalDistribution(["a", "b", "c"]),
    "one": IntDistribution(4, 4),
}
COMPLETE, PRUNED, FAIL, RUNNING = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING


class LowEnd(BaseSampler):
    """A sampler of Optuna's interface alone."""

    def infer_relative_search_space(self, study, trial):
        return {"n": SPACE["n"]}

    def sample_relative(self, study, trial, search_space):
        return {"n": 5}

    def sample_independent(self, study, trial, param_name, param_distribution):
        if isinstance(param_distribution, CategoricalDistribution):
            return param_distribution.choices[-1]
        return param_distribution.low


SAMPLERS = {"random": lambda: RandomSampler(seed=1), "tpe": lambda: TPESampler(seed=1), "foreign": LowEnd}


@pytest.fixture(params=["memory", "sqlite"])
def storage(request, tmp_path):
    return None if request.param == "memory" else f"sqlite:///{tmp_path}/study.db"


@pytest.fixture(params=SAMPLERS)
def study(request, storage):
    return parzen.create_study(storage=storage, sampler=SAMPLERS[request.param]())


def squared(batch):
    return batch["x"] ** 2 + batch["n"]


def test_columns_are_the_trials_parameters(study):
    batch = study.ask_batch(6, SPACE)
    assert len(batch) == 6 and list(batch) == list(batch.keys()) == list(SPACE) and "x" in batch and "y" not in batch
    assert {name: column.shape for name, column in batch.items()} == dict.fromkeys(SPACE, (6,))
    assert {name: column.dtype.kind for name, column in batch.items()} == {
        "x": "f",
        "g": "f",
        "n": "i",
        "c": "i",
        "one": "i",
    }
    assert dict(batch).keys() == SPACE.keys() and batch.choices == {"c": ("a", "b", "c")}
    for i, record in enumerate(study.trials):
        assert (record.number, record.state) == (batch.numbers[i], RUNNING)
        assert record.distributions == SPACE
        row = {name: batch[name][i] for name in SPACE}
        row["c"] = batch.choices["c"][row["c"]]
        assert record.params == row
        assert all(SPACE[n]._contains(SPACE[n].to_internal_repr(v)) for n, v in record.params.items())


def test_a_run_of_batches(study):
    for _ in range(4):
        batch = study.ask_batch(8, SPACE)
        study.tell_batch(batch, squared(batch))
    assert [t.number for t in study.trials] == list(range(32))
    assert all(t.state == COMPLETE and t.value == t.params["x"] ** 2 + t.params["n"] for t in study.trials)
    assert study.best_value == min(t.value for t in study.trials)


def test_batches_repeat_with_the_seed(storage):
    def run(where):
        study = parzen.create_study(storage=where, sampler=TPESampler(seed=7, n_startup_trials=8))
        for _ in range(3):
            batch = study.ask_batch(8, SPACE)
            study.tell_batch(batch, squared(batch))
        return [t.params for t in study.trials]

    assert run(storage) == run(None)


def test_points_of_a_batch_differ():
    study = parzen.create_study(sampler=TPESampler(seed=0, n_startup_trials=5))
    for _ in range(5):
        batch = study.ask_batch(20, {"x": SPACE["x"]})
        assert len(set(batch["x"])) == 20
        study.tell_batch(batch, batch["x"])


def test_enqueued_trials_come_first(study):
    study.enqueue_trial({"x": 0.5, "c": "b"}, user_attrs={"mine": True})
    study.enqueue_trial({"n": 7})
    batch = study.ask_batch(5, SPACE)
    assert batch.numbers == [0, 1, 2, 3, 4]
    assert batch["x"][0] == 0.5 and batch["c"][0] == 1 and batch["n"][1] == 7
    assert study.trials[0].user_attrs == {"mine": True}
    study.enqueue_trial({"n": 3})
    study.enqueue_trial({"n": 2})
    assert study.ask_batch(1, SPACE)["n"].tolist() == [3]
    assert study.ask_batch(1, SPACE)["n"].tolist() == [2]
    assert len(study.trials) == 7


def test_single_trials_of_a_batch(study):
    batch = study.ask_batch(4, SPACE)
    first = batch.trials[0]
    assert first.params["x"] == batch["x"][0] == first.suggest_float("x", 1e-3, 1.0, log=True)
    first.report(1.0, 1)
    extra = first.suggest_float("extra", 0, 1)
    study.tell(first, state=PRUNED)
    with pytest.raises(ValueError, match="Cannot tell trial 0"):
        study.tell_batch(batch, np.zeros(4))
    assert [t.state for t in study.trials] == [PRUNED, RUNNING, RUNNING, RUNNING]
    assert study.trials[0].params["extra"] == extra


def test_old_distributions_become_new_ones(study):
    with pytest.warns(FutureWarning):
        old = parzen.distributions.UniformDistribution(0, 1)
    assert study.ask_batch(2, {"u": old}).distributions == {"u": FloatDistribution(0, 1)}


def test_bad_questions_store_nothing(study):
    study.ask().suggest_int("x", 0, 1)
    study.enqueue_trial({"n": 1})
    for n, space in (
        (0, SPACE),
        (-3, SPACE),
        (4, {"n": SPACE["n"], "x": SPACE["x"]}),
        (2, {"u": FloatDistribution(0, math.inf)}),
    ):
        with pytest.raises(ValueError):
            study.ask_batch(n, space)
    assert [t.state for t in study.trials] == [RUNNING, TrialState.WAITING]


def test_an_empty_space_is_a_batch_all_the_same(study):
    batch = study.ask_batch(3, {})
    assert len(batch) == 3 and batch and list(batch) == []
    study.tell_batch(batch, [1.0, 2.0, 3.0])
    assert study.best_value == 1.0


# --- telling ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def told():
    return parzen.create_study(sampler=RandomSampler(seed=0))


def test_states_and_missing_values(told):
    batch = told.ask_batch(5, SPACE)
    batch.trials[1].report(0.5, 2)
    with pytest.warns(UserWarning, match="1 of 5 trials .*trial 4: "):
        told.tell_batch(batch, [1.0, 2.0, 3.0, 4.0, math.nan], [None, PRUNED, FAIL, COMPLETE, None])
    assert [t.state for t in told.trials] == [COMPLETE, PRUNED, FAIL, COMPLETE, FAIL]
    assert [t.value for t in told.trials] == [1.0, 0.5, None, 4.0, None]


@pytest.mark.parametrize(
    ("values", "states"),
    [
        ([1.0, 2.0], None),
        ([1.0, 2.0, 3.0, 4.0], None),
        ([[1.0, 2.0, 3.0]], None),
        (np.zeros((3, 2)), None),
        (1.0, None),
        (["a", "b", "c"], None),
        ([[1.0], [2.0, 3.0], [4.0]], None),
        ([1.0, 2.0, 3.0], [COMPLETE]),
        ([1.0, 2.0, math.nan], [COMPLETE] * 3),
        ([1.0, 2.0, 3.0], [COMPLETE, COMPLETE, RUNNING]),
    ],
)
def test_bad_answers_store_nothing(told, values, states):
    batch = told.ask_batch(3, SPACE)
    with pytest.raises(ValueError):
        told.tell_batch(batch, values, states)
    assert [t.state for t in told.trials] == [RUNNING] * 3
    told.tell_batch(batch, [1.0, 2.0, 3.0])


def test_the_shape_error_says_both_shapes(told):
    batch = told.ask_batch(3, SPACE)
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        told.tell_batch(batch, [1.0, 2.0])


def test_a_batch_is_told_once(told):
    batch = told.ask_batch(2, SPACE)
    told.tell_batch(batch, [1.0, 2.0])
    with pytest.raises(ValueError, match="Cannot tell trial 0"):
        told.tell_batch(batch, [3.0, 4.0])
    assert [t.value for t in told.trials] == [1.0, 2.0]


def test_a_batch_of_another_study_is_refused(told):
    other = parzen.create_study(sampler=RandomSampler(seed=0))
    told.ask()
    batch = other.ask_batch(2, SPACE)
    with pytest.raises(ValueError, match="Cannot tell a batch of study"):
        told.tell_batch(batch, [1.0, 2.0])


@pytest.mark.parametrize(
    "distribution",
    [
        FloatDistribution(1.6e9, 1.7e9, step=0.1),
        FloatDistribution(1e5, 1e5 + 1, step=1e-4),
        FloatDistribution(0, 1, step=1e-9),
        IntDistribution(0, 2**60, step=2**40),
    ],
)
def test_fine_and_large_grids(distribution):
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    study.tell_batch(study.ask_batch(50, {"x": distribution}), np.zeros(50))
    assert study.ask({"x": distribution}).params["x"] >= distribution.low


def test_an_enqueued_value_that_does_not_fit_orphans_nothing():
    study = parzen.create_study(sampler=RandomSampler(seed=0))
    study.enqueue_trial({"x": "bad"})
    study.enqueue_trial({"x": 0.5})
    with pytest.raises(ValueError, match="bad"):
        study.ask_batch(4, {"x": FloatDistribution(0, 1)})
    assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]
    assert study.ask_batch(2, {"x": FloatDistribution(0, 1)})["x"][0] == 0.5


def test_several_objectives():
    study = parzen.create_study(directions=["minimize", "maximize"], sampler=RandomSampler(seed=0))
    batch = study.ask_batch(3, SPACE)
    for values in (np.zeros(3), np.zeros((2, 3)), np.zeros((3, 1))):
        with pytest.raises(ValueError, match=r"\(3, 2\)"):
            study.tell_batch(batch, values)
    study.tell_batch(batch, [[1, 2], [3, 4], [5, 6]])
    assert [t.values for t in study.trials] == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]


# --- constraints -----------------------------------------------------------------------------------------------------


def test_constraints_are_what_the_trials_would_have_set(storage):
    study = parzen.create_study(storage=storage, directions=["minimize"] * 2, sampler=NSGAIISampler(seed=0))
    for _ in range(3):
        batch = study.ask_batch(50, {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)})
        memory, latency = batch["x"] - 0.5, np.full(50, -1.0)
        study.tell_batch(
            batch, np.stack([batch["x"], 1 - batch["x"]], axis=1), constraints={"memory": memory, "latency": latency}
        )
    assert [t.constraints for t in study.trials[-50:]] == [
        {"memory": m, "latency": -1.0} for m in memory.tolist()
    ]  # fmt: skip
    assert study.trials == parzen.load_study(storage=storage or study._storage, study_name=study.study_name).trials
    assert study.history.violation[-50:].tolist() == np.maximum(memory, 0).tolist()
    assert all(trial.params["x"] <= 0.5 for trial in study.best_trials)
    assert (memory <= 0).mean() > 0.8  # the third generation has learnt what is feasible


def test_a_sampler_sees_the_constraints_of_a_batch_whatever_the_storage():
    seen = []

    class Looking(RandomSampler):
        def after_trial(self, study, trial, state, values):
            seen.append(dict(trial.constraints))

    for storage in (InMemoryStorage(), MinimalStorage()):
        study = parzen.create_study(storage=storage, sampler=Looking())
        study.tell_batch(study.ask_batch(2, SPACE), [1.0, 2.0], constraints={"c": [0.5, -0.5]})
    assert seen == [{"c": 0.5}, {"c": -0.5}] * 2


def test_a_failed_trial_needs_no_constraint():
    study = parzen.create_study()
    batch = study.ask_batch(3, SPACE)
    with pytest.warns(UserWarning, match="1 of 3"):
        study.tell_batch(batch, [1.0, math.nan, 2.0], constraints={"c": [0.5, math.nan, -0.5]})
    assert [t.constraints for t in study.trials] == [{"c": 0.5}, {}, {"c": -0.5}]
    assert study.best_trial.number == 2
    noted = [t.system_attrs.get("parzen:error") for t in study.trials]
    assert noted == [None, "The value nan is not acceptable.", None]


@pytest.mark.parametrize(
    ("constraints", "error", "words"),
    [
        ({"c": [0.0, 1.0]}, ValueError, r"constraint 'c' of shape \(3,\), but got \(2,\)"),
        ({"c": [0.0, 1.0, math.nan]}, ValueError, "constraint 'c' must not be NaN"),
        ({"c": ["a", "b", "c"]}, ValueError, "numbers of the constraint 'c'"),
        ([0.0, 1.0, 2.0], TypeError, "by key"),
        ([], TypeError, "by key"),
        (np.zeros(3), TypeError, "by key"),
    ],
)
def test_bad_constraints_store_nothing(storage, constraints, error, words):
    study = parzen.create_study(storage=storage)
    batch = study.ask_batch(3, SPACE)
    with pytest.raises(error, match=words):
        study.tell_batch(batch, [1.0, 2.0, 3.0], constraints=constraints)
    assert [t.state for t in study.trials] == [TrialState.RUNNING] * 3
    assert [t.constraints for t in study.trials] == [{}] * 3
    study.tell_batch(batch, [1.0, 2.0, 3.0], constraints={"c": [1.0, 0.0, 0.0]})
    assert study.best_value == 2.0


def test_torch(told):
    torch = pytest.importorskip("torch")
    batch = told.ask_batch(4, SPACE)
    tensors = batch.to_torch()
    assert {name: tensor.dtype for name, tensor in tensors.items()} == {
        "x": torch.float32, "g": torch.float32, "n": torch.int64, "c": torch.int64, "one": torch.int64,
    }  # fmt: skip
    np.testing.assert_allclose(tensors["x"].numpy(), batch["x"], rtol=1e-7)
    told.tell_batch(batch, tensors["n"].float().requires_grad_() * 2)
    assert [t.value for t in told.trials] == (2.0 * batch["n"]).tolist()
    for dtype in (torch.bfloat16, torch.float16, torch.float64, torch.int32):
        batch = told.ask_batch(2, SPACE)
        told.tell_batch(batch, torch.tensor([1, 2], dtype=dtype))
        assert [t.value for t in told.trials[-2:]] == [1.0, 2.0]


class Touchy(RandomSampler):
    def after_trial(self, study, trial, state, values):
        if values == [2.0]:
            raise ZeroDivisionError


def test_a_samplers_error_loses_no_result():
    study = parzen.create_study(sampler=Touchy(seed=0))
    batch = study.ask_batch(3, SPACE)
    with pytest.raises(ZeroDivisionError):
        study.tell_batch(batch, [1.0, 2.0, 3.0])
    assert [t.value for t in study.trials] == [1.0, 2.0, 3.0]


class Counting(InMemoryStorage):
    """Counts the calls that change trials: each is a transaction."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith(("create_new_trial", "create_trials_at", "set_trial", "finish_trials", "claim")):
            object.__getattribute__(self, "calls").append(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_batch_is_one_transaction(sampler):
    study = parzen.create_study(storage=Counting(), sampler=SAMPLERS[sampler]())
    storage = study._storage
    storage.calls.clear()
    batch = study.ask_batch(50, SPACE)
    assert storage.calls[0] == "create_trials_at"
    assert not [name for name in storage.calls if name.startswith("set_trial_param")]
    storage.calls.clear()
    study.tell_batch(batch, squared(batch))
    assert storage.calls[0] == "finish_trials"


def test_repr_and_type():
    batch = parzen.create_study().ask_batch(2, {"x": SPACE["x"]})
    assert isinstance(batch, Batch) and repr(batch) == "Batch(n=2, parameters=['x'])"
    with pytest.raises(KeyError):
        batch["y"]
