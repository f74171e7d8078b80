"""Random programs on both libraries: after each step the same result, or exception, and at the end the same study."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from differential import compare, plain

pytestmark = pytest.mark.bench

N_STEPS = 60
STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
NAMES = ("x", "y", "c", "n")


def fixed_sampler(o: Any) -> Any:
    """Make a sampler whose values both libraries get: the low end of a range, the last choice."""

    class Fixed(o.samplers.BaseSampler):  # type: ignore[misc]
        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            return dict(o.search_space.intersection_search_space(study.get_trials(deepcopy=False)))

        def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
            kept = {name: d for name, d in search_space.items() if name != "y"}
            return {name: self.sample_independent(study, trial, name, d) for name, d in kept.items()}

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            return getattr(param_distribution, "low", None) if hasattr(param_distribution, "low") else "b"

    return Fixed()


class Program:
    """A study of one library, and the steps that a program may take with it. Chances are drawn alike for both.

    What is sampled together is looked at at once: Optuna samples it when it is first needed, parzen at `Study.ask`.
    """

    def __init__(self, o: Any, seed: int, n_objectives: int, storage: Any) -> None:
        self.o = o
        self.random = random.Random(seed)
        directions = [self.random.choice(["minimize", "maximize"]) for _ in range(n_objectives)]
        self.study = o.create_study(storage=storage, study_name="s", directions=directions, sampler=fixed_sampler(o))
        self.n_objectives = n_objectives
        self.trials: list[Any] = []

    def run(self) -> list[Any]:
        steps = [getattr(self, name) for name in sorted(dir(self)) if name.startswith("do_")]
        out = []
        for _ in range(N_STEPS):
            step: Callable[[], Any] = self.random.choice(steps)
            before = self.random.getstate()
            try:
                found = plain(step())
            except Exception as error:
                found = next(cls.__name__ for cls in type(error).__mro__ if cls.__module__ != type(self).__module__)
            self.random.setstate(before)
            self.random.random()  # however many chances the step has drawn until it failed
            out.append((step.__name__, found))
        return [*out, plain(self.study.trials)]

    # --- chances -----------------------------------------------------------------------------------------------------

    def number(self) -> float:
        return self.random.choice([0.0, 1.0, -1.5, 2.5, 1e300, math.inf, -math.inf, math.nan, 3, True])

    def values(self) -> Any:
        kind = self.random.random()
        if kind < 0.15:
            return None
        if kind < 0.25:
            return [self.number() for _ in range(self.random.randint(0, 3))]
        return self.number() if self.n_objectives == 1 else [self.number() for _ in range(self.n_objectives)]

    def state(self) -> Any:
        return self.o.trial.TrialState[self.random.choice(STATES)]

    def trial(self) -> Any:
        return self.random.choice(self.trials or [None])

    def distribution(self, name: str) -> Any:
        d = self.o.distributions
        return {
            "x": [d.FloatDistribution(0, 1), d.FloatDistribution(-3, 5), d.FloatDistribution(0, 1, step=0.25)],
            "y": [
                d.FloatDistribution(0.1, 1, log=True),
                d.FloatDistribution(0.5, 2, log=True),
                d.IntDistribution(1, 3),
            ],
            "c": [d.CategoricalDistribution(["a", "b"])],
            "n": [d.IntDistribution(0, 10), d.IntDistribution(2, 2), d.IntDistribution(0, 10, step=3)],
        }[name][self.random.randrange(3 if name != "c" else 1)]

    def value_of(self, name: str) -> Any:
        return self.random.choice({"x": [0.5, 0.25, 7.0, -1.0], "c": ["a", "b"], "n": [2, 3, 11]}[name])

    def params(self) -> dict[str, Any]:
        """Draw values to enqueue; not those of y, whose kind changes: see `test_optuna_semantics`."""
        return {name: self.value_of(name) for name in ("x", "c", "n") if self.random.random() < 0.5}

    # --- steps -------------------------------------------------------------------------------------------------------

    def do_ask(self) -> Any:
        self.trials.append(self.study.ask())
        return self.trials[-1].number, self.trials[-1].params, self.trials[-1].relative_params

    def do_ask_again(self) -> Any:
        return self.do_ask()

    def do_ask_fixed(self) -> Any:
        # Not y, whose kind changes: Optuna stores what comes before the name that does not fit, parzen nothing.
        names = [name for name in ("x", "c", "n") if self.random.random() < 0.5]
        self.trials.append(self.study.ask({name: self.distribution(name) for name in names}))
        return self.trials[-1].params, self.trials[-1].relative_params

    def do_suggest(self) -> Any:
        trial, name = self.trial(), self.random.choice(NAMES)
        if name == "c":
            return trial.suggest_categorical("c", ["a", "b"])
        d = self.distribution(name)
        suggest = trial.suggest_int if isinstance(d, self.o.distributions.IntDistribution) else trial.suggest_float
        return suggest(name, d.low, d.high, step=d.step, log=d.log)

    def do_suggest_float(self) -> Any:
        low, high = sorted(self.random.choice([0, 0.5, 1, 3]) for _ in range(2))
        trial = self.trial()
        return trial.suggest_float("x", low, high), trial.params, trial.distributions

    def do_suggest_int(self) -> Any:
        low, high = sorted(self.random.choice([0, 2, 5, 9]) for _ in range(2))
        return self.trial().suggest_int("n", low, high, step=self.random.choice([1, 1, 2]))

    def do_report(self) -> Any:
        trial, step = self.trial(), self.random.choice([0, 1, 2, 5, -1])
        trial.report(self.number(), step)
        return bool(trial.should_prune())

    def do_set_user_attr(self) -> Any:
        trial = self.trial()
        trial.set_user_attr(self.random.choice("ab"), self.random.choice([1, None, [1, {"z": 2}], "t"]))
        return trial.user_attrs

    def do_set_constraint(self) -> Any:
        trial = self.trial()
        trial.set_constraint("v", self.random.choice([-1.0, 0.0, 1.0]))
        return trial.constraints

    def do_tell(self) -> Any:
        told = self.study.tell(self.trial(), self.values())
        return told.state, told.values

    def do_tell_a_state(self) -> Any:
        return self.study.tell(self.trial(), self.values(), self.state(), self.random.random() < 0.5)

    def do_tell_a_number(self) -> Any:
        return self.study.tell(self.random.randrange(6), self.values(), skip_if_finished=self.random.random() < 0.5)

    def do_enqueue(self) -> Any:
        self.study.enqueue_trial(self.params(), {"q": 1}, skip_if_exists=self.random.random() < 0.5)
        return len(self.study.trials)

    def do_add(self) -> Any:
        d, names = self.o.distributions, [name for name in ("x", "c") if self.random.random() < 0.5]
        space = {"x": d.FloatDistribution(0, 1), "c": d.CategoricalDistribution(["a", "b"])}
        self.study.add_trial(
            self.o.create_trial(
                state=self.state(), values=self.values_or_none(), params={name: self.value_of(name) for name in names},
                distributions={name: space[name] for name in names}, user_attrs={"added": True},
                intermediate_values={0: 1.0} if self.random.random() < 0.5 else None,
            )
        )  # fmt: skip

    def values_or_none(self) -> Any:
        if self.random.random() < 0.4:
            return None
        return [self.random.choice([0.5, -2.0, math.inf]) for _ in range(self.n_objectives)]

    def do_optimize(self) -> Any:
        ends = [self.random.choice(["value", "prune", "raise", "nan", "none"]) for _ in range(2)]

        def objective(trial: Any) -> Any:
            end = ends.pop()
            trial.suggest_float("x", 0, 1)
            if end == "prune":
                raise self.o.TrialPruned
            if end == "raise":
                raise KeyError
            return {"value": [2.0] * self.n_objectives, "nan": math.nan, "none": None}[end]

        self.study.optimize(objective, n_trials=2, catch=KeyError)
        return len(self.study.trials)

    def do_look(self) -> Any:
        states = None if self.random.random() < 0.3 else [self.state(), self.state()]
        return self.study.get_trials(deepcopy=self.random.random() < 0.5, states=states)

    def do_best(self) -> Any:
        return self.study.best_value  # of equal ones Optuna's memory takes the one that was told first

    def do_front(self) -> Any:
        return sorted(trial.number for trial in self.study.best_trials)

    def do_space(self) -> Any:
        return self.o.search_space.intersection_search_space(self.study.trials, self.random.random() < 0.5)

    def do_copy(self) -> Any:
        other = self.o.create_study(directions=self.study.directions)
        other.add_trials(self.study.trials)
        return other.trials


@pytest.mark.parametrize("n_objectives", [1, 2])
@pytest.mark.parametrize(
    ("kind", "seed"), [*(("memory", seed) for seed in range(100)), *(("sqlite", seed) for seed in range(10))]
)
def test_random_program(seed: int, n_objectives: int, kind: str, tmp_path: Path) -> None:
    def scenario(o: Any) -> Any:
        storage = None if kind == "memory" else f"sqlite:///{tmp_path}/{o.__name__}.db"
        return Program(o, seed, n_objectives, storage).run()

    compare(scenario)
