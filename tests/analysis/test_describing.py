"""What a study was."""

import json
import math

import pytest

import parzen
from parzen.pruners import HyperbandPruner
from parzen.samplers import AutoSampler, RandomSampler, TPESampler

STRANGE = '</script><b>&"\n'


def conditional(trial):
    kind = trial.suggest_categorical("kind", ["sgd", None, STRANGE])
    if kind == "sgd":
        trial.suggest_float("momentum", 0, 1)
    depth = trial.suggest_int(STRANGE, 1, 4)
    if depth > 2:
        trial.suggest_float("dropout", 1e-3, 1, log=True)
    trial.suggest_float("constant", 1, 1)
    if trial.number % 7 == 3:
        raise parzen.TrialPruned
    return math.inf if trial.number == 0 else float(depth)


def test_everything():
    study = parzen.create_study(study_name=STRANGE, sampler=TPESampler(seed=3), pruner=HyperbandPruner(max_resource=27))
    study.optimize(conditional, n_trials=40)
    study.enqueue_trial({})
    found = parzen.describe(study)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["name"] == STRANGE
    assert found["directions"] == ["minimize"]
    assert found["sampler"]["seed"] == 3
    assert found["pruner"]["max_resource"] == 27
    assert found["trials"]["complete"] + found["trials"]["pruned"] == 40
    assert (found["trials"]["waiting"], found["trials"]["total"]) == (1, 41)
    assert found["best"] == {"number": study.best_trial.number, "values": [1.0], "params": study.best_params}
    assert found["versions"]["parzen"] == parzen.__version__
    space = found["search_space"]
    assert space["kind"] == {"type": "categorical", "choices": ["sgd", None, STRANGE], "n_trials": 40, "if": None}
    assert space["dropout"] == {
        "type": "float", "low": 1e-3, "high": 1.0, "log": True, "step": None, "if": {STRANGE: [3, 4]},
        "n_trials": sum("dropout" in trial.params for trial in study.trials),
    }  # fmt: skip
    assert space["momentum"]["if"] == {"kind": ["sgd"]}
    assert space["constant"]["if"] is None


def test_empty_and_running():
    study = parzen.create_study(directions=["minimize", "maximize"])
    found = parzen.describe(study)
    assert (found["best"], found["search_space"], found["first_start"], found["last_end"]) == ([], {}, None, None)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    found = parzen.describe(study)
    assert found["trials"]["running"] == 1
    assert found["search_space"]["x"]["n_trials"] == 1
    study.tell(trial, [1.0, math.inf])
    assert parzen.describe(study)["best"][0]["values"] == [1.0, "inf"]
    assert parzen.describe(study)["last_end"] is not None
    assert parzen.describe(parzen.create_study())["best"] is None


def test_whose_sampler(tmp_path):
    """That of the start, unless the study object was given another than the one that loading gives."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    parzen.create_study(storage=url, study_name="s", sampler=TPESampler(seed=3))

    def sampler(**arguments):
        return parzen.describe(parzen.load_study(storage=url, study_name="s", **arguments))["sampler"]

    assert sampler()["seed"] == 3
    assert sampler(sampler=RandomSampler(seed=4)) | {"module": ""} == {"name": "RandomSampler", "module": "", "seed": 4}
    assert sampler(sampler=AutoSampler(seed=5))["seed"] == 5


def test_something_else_under_its_name():
    study = parzen.create_study()
    study._storage.set_study_system_attr(study._study_id, "parzen:origin", "?")
    found = parzen.describe(study)
    assert (found["created"], found["command"], found["sampler"]["name"]) == (None, None, "AutoSampler")


def test_arguments_without_secrets():
    class Remote(parzen.samplers.RandomSampler):
        def __init__(self, url, password="none", api_key=None, max_token=3, options=()):
            super().__init__()

    sampler = Remote("mysql://me:hush@host/db", "hush", "hush", 4, {"token": "hush", "depth": 2})
    found = parzen.describe(parzen.create_study(sampler=sampler))["sampler"]
    assert "hush" not in str(found) and "none" not in str(found)
    assert found["url"] == "mysql://me:REDACTED@host/db" and found["max_token"] == 4
    assert found["options"] == {"token": "REDACTED", "depth": 2}


def test_what_is_no_study():
    with pytest.raises(TypeError, match="Expected a study, but got 42"):
        parzen.describe(42)
