"""The pruners decide as Optuna's do, trial by trial, whatever is reported in whatever order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from differential import compare, optuna

import parzen

pytestmark = pytest.mark.bench

# Name, arguments, how often infinite values are reported. Wrapped pruners are given by such a pair themselves.
SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("NopPruner", {}),
    ("MedianPruner", {}),
    ("MedianPruner", {"n_startup_trials": 0, "n_warmup_steps": 3, "interval_steps": 2}),
    ("MedianPruner", {"n_startup_trials": 1, "n_min_trials": 3}),
    ("PercentilePruner", {"percentile": 25.0, "n_startup_trials": 2}),
    ("PercentilePruner", {"percentile": 66.6, "n_startup_trials": 0, "interval_steps": 3}),
    ("PercentilePruner", {"percentile": 0.0, "n_startup_trials": 3, "n_warmup_steps": 1}),
    ("PercentilePruner", {"percentile": 100.0, "n_startup_trials": 1, "n_min_trials": 2}),
    ("ThresholdPruner", {"lower": -0.5}),
    ("ThresholdPruner", {"upper": 0.75, "n_warmup_steps": 2, "interval_steps": 3}),
    ("ThresholdPruner", {"lower": -0.5, "upper": 0.5}),
    ("PatientPruner", {"wrapped_pruner": None, "patience": 0}),
    ("PatientPruner", {"wrapped_pruner": None, "patience": 2, "min_delta": 0.25}),
    ("PatientPruner", {"wrapped_pruner": ("NopPruner", {}), "patience": 1}),
    ("PatientPruner", {"wrapped_pruner": ("MedianPruner", {"n_startup_trials": 2}), "patience": 1}),
    ("PatientPruner", {"wrapped_pruner": ("SuccessiveHalvingPruner", {}), "patience": 1, "min_delta": 0.1}),
    ("WilcoxonPruner", {}),
    ("WilcoxonPruner", {"p_threshold": 0.3, "n_startup_steps": 4}),
    ("WilcoxonPruner", {"p_threshold": 0.8, "n_startup_steps": 0}),
    ("WilcoxonPruner", {"p_threshold": 0.0}),
    ("WilcoxonPruner", {"p_threshold": 1.0}),
    ("SuccessiveHalvingPruner", {}),
    ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 2}),
    ("SuccessiveHalvingPruner", {"min_resource": 2, "reduction_factor": 3, "min_early_stopping_rate": 1}),
    ("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 2, "bootstrap_count": 4}),
    ("HyperbandPruner", {}),
    ("HyperbandPruner", {"min_resource": 2, "max_resource": 30, "reduction_factor": 2}),
    ("HyperbandPruner", {"max_resource": 16, "reduction_factor": 4, "bootstrap_count": 2}),
    ("HyperbandPruner", {"max_resource": 243}),
]


def shown(setting: Any) -> str:
    name, arguments = setting
    values = [shown(value) if isinstance(value, tuple) else value for value in arguments.values()]
    return f"{name}({','.join(map(str, values))})"


def pruner_of(module: Any, setting: tuple[str, dict[str, Any]]) -> Any:
    name, arguments = setting
    made = {key: pruner_of(module, value) if isinstance(value, tuple) else value for key, value in arguments.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are experimental in Optuna
        return getattr(module.pruners, name)(**made)


class Event(NamedTuple):
    """What happens next: a trial starts, reports and asks, or ends."""

    what: str
    trial: int
    step: int = 0
    value: float = 0.0


def steps_of(rng: np.random.Generator, n: int) -> list[int]:
    """Steps of one trial: one by one, with gaps, or in any order."""
    kind = rng.integers(4)
    if kind == 0:
        return list(range(n))
    if kind == 1:
        return list(range(1, n + 1))
    steps = np.sort(rng.choice(3 * n, size=n, replace=False))
    return [int(step) for step in (steps if kind == 2 else rng.permutation(steps))]


def script(seed: int, n_trials: int, odd: float, infinite: bool) -> Iterator[Event]:
    """Trials of which up to four run at a time; `odd` is the share of reports that are NaN or infinite."""
    rng = np.random.default_rng(seed)
    running: dict[int, list[int]] = {}
    level: dict[int, float] = {}
    started = 0
    while started < n_trials or running:
        if started < n_trials and len(running) < 4 and rng.random() < 0.4:
            running[started], level[started] = steps_of(rng, int(rng.integers(1, 18))), rng.normal() / 2
            yield Event("start", started)
            started += 1
        elif running:
            number = int(rng.choice(list(running)))
            if running[number] and rng.random() > 0.02:
                step = running[number].pop(0)
                value = level[number] + rng.normal() / 3 + 1 / (1 + step)
                value = round(value, 1) if rng.random() < 0.5 else value  # ties
                if rng.random() < odd:
                    value = rng.choice([math.nan, math.inf, -math.inf] if infinite else [math.nan])
                yield Event("report", number, step, float(value))
            else:
                del running[number]
                yield Event("end", number, value=round(level[number], 1))


def play(module: Any, setting: Any, direction: str, events: list[Event]) -> list[tuple[int, int, bool]]:
    """Play a script; a trial that is to be pruned ends as pruned four times out of five, else goes on."""
    module.logging.set_verbosity(module.logging.ERROR)
    sampler = module.samplers.RandomSampler(seed=0)
    study = module.create_study(study_name="s", direction=direction, sampler=sampler, pruner=pruner_of(module, setting))
    trials: dict[int, Any] = {}
    decisions = []
    for event in events:
        if event.what == "start":
            trials[event.trial] = study.ask()
        elif event.trial not in trials:
            continue
        elif event.what == "report":
            trials[event.trial].report(event.value, event.step)
            decisions.append((event.trial, event.step, trials[event.trial].should_prune()))
            if decisions[-1][2] and (event.trial + event.step) % 5:
                study.tell(trials.pop(event.trial), state=module.trial.TrialState.PRUNED)
        else:
            state = module.trial.TrialState.FAIL if event.trial % 7 == 3 else None
            study.tell(trials.pop(event.trial), None if state else event.value, state)
    return decisions


def has_infinite(setting: tuple[str, dict[str, Any]]) -> bool:
    """Tell whether infinite values are compared: not by percentiles, see the test of those below."""
    wrapped = setting[1].get("wrapped_pruner")
    return "Percentile" not in setting[0] and "Median" not in setting[0] and (wrapped is None or has_infinite(wrapped))


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("setting", SETTINGS, ids=shown)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_decisions(setting: tuple[str, dict[str, Any]], direction: str) -> None:
    n_pruned = n_decisions = 0
    for seed, odd in ((0, 0.0), (1, 0.01), (2, 0.1)):
        n_trials = 12 if setting[0] == "WilcoxonPruner" else 60  # SciPy takes its time
        events = list(script(seed, n_trials, odd, has_infinite(setting)))
        theirs, ours = (play(module, setting, direction, events) for module in (optuna, parzen))
        assert ours == theirs
        n_decisions += len(ours)
        n_pruned += sum(decision for _, _, decision in ours)
    assert n_decisions > 200
    assert n_pruned > 0 or setting[0] == "NopPruner" or setting[1].get("p_threshold") == 0.0 or "Nop" in shown(setting)


def drawn(rng: np.random.Generator, n: int) -> list[float]:
    return [float(value) for value in rng.choice([0.0, 0.5, 1.0, math.inf, -math.inf], size=n)]


def test_infinite_values_of_others_have_percentiles_where_numpy_has_them() -> None:
    """Where it has none, between two numbers of which one is infinite, Optuna prunes nothing, and we what is worse."""
    rng = np.random.default_rng(0)
    n_alike = 0
    for _ in range(200):
        others, value, share = drawn(rng, 4), float(rng.choice([0.25, 0.75])), float(rng.choice([25.0, 50.0, 100.0]))
        with np.errstate(invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if math.isnan(np.percentile(others, share)):
                continue
            decisions = []
            for module in (optuna, parzen):
                module.logging.set_verbosity(module.logging.ERROR)
                study = module.create_study(pruner=module.pruners.PercentilePruner(share, n_startup_trials=1))
                for other in others:
                    study.add_trial(module.create_trial(value=0.0, intermediate_values={0: other}))
                trial = study.ask()
                trial.report(value, 0)
                decisions.append(trial.should_prune())
        assert decisions[0] == decisions[1]
        n_alike += 1
    assert n_alike > 50


BAD: list[tuple[str, dict[str, Any]]] = [
    ("ThresholdPruner", {}),
    ("ThresholdPruner", {"lower": 1, "upper": 0}),
    ("ThresholdPruner", {"lower": "a"}),
    ("ThresholdPruner", {"lower": 0, "n_warmup_steps": -1}),
    ("ThresholdPruner", {"lower": 0, "interval_steps": 0}),
    ("PatientPruner", {"wrapped_pruner": None, "patience": -1}),
    ("PatientPruner", {"wrapped_pruner": None, "patience": 1, "min_delta": -0.1}),
    ("WilcoxonPruner", {"p_threshold": -0.1}),
    ("WilcoxonPruner", {"p_threshold": 1.1}),
    ("WilcoxonPruner", {"p_threshold": math.nan}),
    ("WilcoxonPruner", {"n_startup_steps": -1}),
    ("SuccessiveHalvingPruner", {"min_resource": 0}),
    ("SuccessiveHalvingPruner", {"min_resource": "x"}),
    ("SuccessiveHalvingPruner", {"reduction_factor": 1}),
    ("SuccessiveHalvingPruner", {"min_early_stopping_rate": -1}),
    ("SuccessiveHalvingPruner", {"min_resource": 1, "bootstrap_count": -1}),
    ("SuccessiveHalvingPruner", {"bootstrap_count": 1}),
    ("HyperbandPruner", {"max_resource": "x"}),
    ("HyperbandPruner", {"max_resource": 1.5}),
    ("HyperbandPruner", {"bootstrap_count": 1}),
]
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("ThresholdPruner", {"lower": 0, "upper": 0}),
    ("ThresholdPruner", {"lower": "1.5"}),
    ("WilcoxonPruner", {"p_threshold": 0.0, "n_startup_steps": 0}),
    ("SuccessiveHalvingPruner", {"min_resource": None}),
    ("PatientPruner", {"wrapped_pruner": None, "patience": 0}),
]


@pytest.mark.parametrize("setting", BAD + GOOD, ids=shown)
def test_arguments(setting: tuple[str, dict[str, Any]]) -> None:
    compare(lambda o: bool(pruner_of(o, setting)))


def brackets_of(o: Any, study_name: str, **arguments: Any) -> list[list[int]]:
    """For each of a number of trials those that the sampler sees."""
    seen: list[list[int]] = []

    class Watching(o.samplers.BaseSampler):
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            seen.append([t.number for t in study.trials])
            return {}

        def sample_relative(self, *rest: Any) -> dict[str, Any]:
            return {}

        def sample_independent(self, study: Any, trial: Any, *rest: Any) -> float:
            seen.append([t.number for t in study.get_trials(deepcopy=False)])
            states = (o.trial.TrialState.COMPLETE,)
            seen.append([t.number for t in study.get_trials(states=states)])
            return 0.5 + trial.number % 5 / 10

    study = o.create_study(study_name=study_name, sampler=Watching(), pruner=o.pruners.HyperbandPruner(**arguments))

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(9):
            trial.report(x, step)
            if trial.should_prune() and trial.number % 3:
                raise o.TrialPruned
        return float(x)

    study.optimize(objective, n_trials=25)
    return seen


@pytest.mark.parametrize("name", ["s", "a study", "größer"])
@pytest.mark.parametrize("arguments", [{"max_resource": 27}, {"max_resource": 243}, {"max_resource": 125}])
def test_a_sampler_sees_its_bracket(name: str, arguments: dict[str, Any]) -> None:
    compare(lambda o: brackets_of(o, name, **arguments))


def test_brackets_found_out_by_themselves() -> None:
    """parzen knows them once a trial is complete, Optuna when a pruner is asked after that: a sampler's look later."""
    theirs, ours = brackets_of(optuna, "s"), brackets_of(parzen, "s")
    n_asked = 3  # looks of a sampler for each trial
    assert theirs[:n_asked] == ours[:n_asked]
    assert theirs[2 * n_asked :] == ours[2 * n_asked :]


def sharing(o: Any, path: str, n: int, setting: Any) -> Callable[[], None]:
    """Make a worker of one library on a file of both."""
    study = o.create_study(
        study_name="s", storage=path, load_if_exists=True, pruner=pruner_of(o, setting),
        sampler=o.samplers.RandomSampler(seed=n),
    )  # fmt: skip

    def work() -> None:
        trial = study.ask()
        for step in range(1, 9):
            trial.report(math.sin(7.0 * trial.number) + 1 / step, step)
            if trial.should_prune():
                study.tell(trial, state=o.trial.TrialState.PRUNED)
                return
        study.tell(trial, math.sin(7.0 * trial.number))

    return work


@pytest.mark.parametrize(
    "setting",
    [("SuccessiveHalvingPruner", {"min_resource": 1, "reduction_factor": 2}), ("HyperbandPruner", {"max_resource": 8})],
    ids=shown,
)
def test_workers_of_both_share_rungs(setting: Any, tmp_path: Any) -> None:
    """Two workers in turn, both of Optuna, or one of each library: the same trials stop at the same steps."""
    ends = []
    for second in (optuna, parzen):
        path = f"sqlite:///{tmp_path}/{second.__name__}.db"
        for module in (optuna, parzen):
            module.logging.set_verbosity(module.logging.ERROR)
        workers = [sharing(optuna, path, 0, setting), sharing(second, path, 1, setting)]
        for k in range(24):
            workers[k % 2]()
        trials = optuna.load_study(study_name="s", storage=path).trials
        ends.append([(t.state, t.last_step, t.system_attrs) for t in trials])
    assert ends[0] == ends[1]
