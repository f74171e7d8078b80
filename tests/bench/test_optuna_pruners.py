"""The pruners decide as Optuna's do, trial by trial, whatever is reported in whatever order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from differential import compare, optuna, run

import parzen

pytestmark = pytest.mark.bench

# Name, arguments. Wrapped pruners are given by such a pair themselves.
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


def script(seed: int, n_trials: int, odd: float) -> Iterator[Event]:
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
                    value = rng.choice([math.nan, math.inf, -math.inf])
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


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("setting", SETTINGS, ids=shown)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_decisions(setting: tuple[str, dict[str, Any]], direction: str) -> None:
    n_pruned = n_decisions = 0
    for seed, odd in ((0, 0.0), (1, 0.01), (2, 0.1)):
        n_trials = 12 if setting[0] == "WilcoxonPruner" else 60  # SciPy takes its time
        events = list(script(seed, n_trials, odd))
        theirs, ours = (play(module, setting, direction, events) for module in (optuna, parzen))
        assert ours == theirs
        n_decisions += len(ours)
        n_pruned += sum(decision for _, _, decision in ours)
    assert n_decisions > 200
    assert n_pruned > 0 or setting[0] == "NopPruner" or setting[1].get("p_threshold") == 0.0 or "Nop" in shown(setting)


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
    ("MedianPruner", {"n_startup_trials": "x"}),
    ("MedianPruner", {"n_warmup_steps": None}),
    ("MedianPruner", {"interval_steps": 0.5}),
    ("MedianPruner", {"n_min_trials": 0}),
    ("PercentilePruner", {"percentile": -0.1}),
    ("PercentilePruner", {"percentile": math.nan}),
    ("PercentilePruner", {"percentile": "25"}),
    ("PatientPruner", {"wrapped_pruner": None, "patience": "1"}),
    ("WilcoxonPruner", {"n_startup_steps": [2]}),
    ("SuccessiveHalvingPruner", {"reduction_factor": None}),
    ("SuccessiveHalvingPruner", {"min_early_stopping_rate": "1"}),
    ("SuccessiveHalvingPruner", {"bootstrap_count": "1"}),
    ("HyperbandPruner", {"bootstrap_count": "1"}),
]
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("ThresholdPruner", {"lower": 0, "upper": 0}),
    ("ThresholdPruner", {"lower": "1.5"}),
    ("WilcoxonPruner", {"p_threshold": 0.0, "n_startup_steps": 0}),
    ("SuccessiveHalvingPruner", {"min_resource": None}),
    ("SuccessiveHalvingPruner", {"min_resource": None, "bootstrap_count": 1}),
    ("MedianPruner", {"n_startup_trials": math.inf, "n_warmup_steps": 0.5}),
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


@pytest.mark.parametrize("arguments", [{}, {"min_resource": 2}, {"min_resource": 10}, {"reduction_factor": 2}])
def test_brackets_found_out_by_themselves(arguments: dict[str, Any]) -> None:
    compare(lambda o: brackets_of(o, "s", **arguments))


def seen_by_a_subclass(o: Any, name: str, **arguments: Any) -> list[Any]:
    """For each hook of one of the library's own samplers the trials that it sees, and the generations of trials."""
    seen: list[Any] = []

    class Watching(getattr(o.samplers, name)):  # type: ignore[misc]
        def before_trial(self, study: Any, trial: Any) -> None:
            seen.append(("before", [t.number for t in study.trials]))
            super().before_trial(study, trial)

        def infer_relative_search_space(self, study: Any, trial: Any) -> Any:
            seen.append(("space", [t.number for t in study.get_trials(deepcopy=False)]))
            return super().infer_relative_search_space(study, trial)

        def sample_relative(self, study: Any, trial: Any, space: Any) -> Any:
            seen.append(("relative", [t.number for t in study.get_trials()]))
            return super().sample_relative(study, trial, space)

        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            seen.append(("after", [t.number for t in study.trials]))
            super().after_trial(study, trial, state, values)

    sampler = Watching(seed=0, **arguments)
    study = o.create_study(study_name="s", sampler=sampler, pruner=o.pruners.HyperbandPruner(max_resource=9))
    for number in range(30):
        trial = study.ask()
        trial.suggest_float("x", 0, 1)
        state = None
        for step in range(9):
            trial.report(number * 7 % 40, step)
            if trial.should_prune():
                state = o.trial.TrialState.PRUNED
                break
        study.tell(trial, None if state else number * 7 % 40, state)
    generations = [[v for k, v in t.system_attrs.items() if k.endswith(":generation")] for t in study.trials]
    return [seen, generations]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomSampler", {}),
        ("TPESampler", {}),
        ("NSGAIISampler", {"population_size": 3}),
        ("NSGAIIISampler", {"population_size": 3}),
    ],
)
def test_what_samplers_of_the_library_see(name: str, arguments: dict[str, Any]) -> None:
    """All list the trials of their bracket, and genetic ones breed from all brackets nevertheless."""
    theirs, ours = (run(lambda o: seen_by_a_subclass(o, name, **arguments), module) for module in (optuna, parzen))
    assert theirs.error is None
    assert ours.result == theirs.result  # some warn in Optuna that they are experimental


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("n_startup_steps", [2, 4])
@pytest.mark.parametrize("own", [{0: 2.0, 1: 2.0, 2: 3.0, 3: 4.0}, {3: 2.0, 1: 2.0, 0: 3.0, 7: 4.0}, {0: 1.0, 2: NAN},
                                 {0: 0.1, 1: INF, 3: 0.0}])  # fmt: skip
@pytest.mark.parametrize("best", [None, {}, {0: 1.0, 1: 1.0}, {5: 1.0}, {0: 1.0, 2: 1.0, 7: 1.0}, {0: 1.0, 1: NAN},
                                  {0: 1.0, 9: NAN}, {0: -INF, 1: 1.0}, {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}])  # fmt: skip
def test_warnings_of_wilcoxon(best: dict[int, float] | None, own: dict[int, float], n_startup_steps: int) -> None:
    """Both warn at the same steps: of NaN and infinities, and of steps that the best trial did not report."""

    def scenario(o: Any) -> list[tuple[bool, list[type]]]:
        pruner = pruner_of(o, ("WilcoxonPruner", {"n_startup_steps": n_startup_steps}))
        study = o.create_study(pruner=pruner)
        if best is not None:
            study.add_trial(o.create_trial(value=0.0, intermediate_values=best))
        trial = study.ask()
        said = []
        for step, value in own.items():
            trial.report(value, step)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                decision = bool(trial.should_prune())
            said.append((decision, [warning.category for warning in caught]))
        return said

    compare(scenario)


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
