"""`parzen.terminator` beside Optuna's: the same answers, errors and stops; of a model's bounds what both should say.

Optuna calls its module deprecated at every use. Parzen keeps it, and so does not: those warnings are left out.
"""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pytest
from differential import compare, error_of, optuna, plain, run, scenarios

import parzen
from parzen import terminator as ours

pytest.importorskip("torch")  # Optuna's bounds need it
pytestmark = pytest.mark.bench

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import optuna.terminator as theirs

FEW = [3.0, 1.0, 1.0, 2.0, 5.0, 0.5, 0.5, 4.0]
WITH_GAPS = [None, 3.0, "pruned", 1.0, None, 2.0, 2.0, None]


def _compare(scenario):
    """Compare, but for Optuna's warnings that its module is deprecated or experimental."""
    compare(scenario, warnings_differ="Optuna calls its module deprecated")


def _trials(o, values):
    """Make trials of values, failed and pruned ones among them, in a parameter x."""
    space = {"x": o.distributions.FloatDistribution(-10, 10)}
    study = o.create_study()
    for number, value in enumerate(values):
        state = {None: "FAIL", "pruned": "PRUNED"}.get(value, "COMPLETE")
        trial = o.trial.create_trial(
            state=o.trial.TrialState[state],
            value=value if state == "COMPLETE" else None,
            params={"x": number / 2},
            distributions=space,
        )
        study.add_trial(trial)
    return study.trials


def _directions(o):
    return o.study.StudyDirection.MINIMIZE, o.study.StudyDirection.MAXIMIZE


@pytest.mark.parametrize("values", [FEW, WITH_GAPS, [1.0], [2.0] * 5, [math.inf, 1.0, -math.inf, 2.0], [], [None]])
def test_stagnation(values):
    def scenario(o):
        evaluator, trials = o.terminator.BestValueStagnationEvaluator(4), _trials(o, values)
        return [
            error_of(lambda k=k, d=direction: evaluator.evaluate(trials[:k], d))
            for direction in _directions(o)
            for k in range(len(trials) + 1)
        ]

    _compare(scenario)


def test_stagnation_of_a_list_in_another_order():
    _compare(lambda o: o.terminator.BestValueStagnationEvaluator().evaluate(_trials(o, FEW)[::-1], _directions(o)[0]))


@pytest.mark.parametrize(
    "scores", [[1.0, 2.0], [1.0, 2.0, 4.0, 0.0], [1, 2], (1.0, 3.0), [math.inf, 1.0], [1.0], [], 5]
)
def test_cross_validation(scores):
    def scenario(o):
        study = o.create_study()
        trial = study.ask()
        reported = error_of(lambda: o.terminator.report_cross_validation_scores(trial, scores))
        study.tell(trial, 1.0)
        evaluator = o.terminator.CrossValidationErrorEvaluator()
        found = error_of(lambda: evaluator.evaluate(study.trials, _directions(o)[0]))
        return reported, study.trials[0].system_attrs, found if isinstance(found, type) else round(float(found), 9)

    with np.errstate(all="ignore"):
        _compare(scenario)


def test_cross_validation_takes_the_best():
    def scenario(o):
        study = o.create_study(direction="maximize")
        for value in FEW:
            trial = study.ask()
            o.terminator.report_cross_validation_scores(trial, [value, 2 * value, 5.0])
            study.tell(trial, value)
        evaluator = o.terminator.CrossValidationErrorEvaluator()
        return [round(float(evaluator.evaluate(study.trials, direction)), 9) for direction in _directions(o)]

    _compare(scenario)


@pytest.mark.parametrize(
    ("warm_up", "n_initial", "ratio"), [(0, 1, 0.5), (2, 3, 0.1), (1, 4, 2.0), (0, 8, 1.0), (5, 4, 1.0)]
)
def test_median_error(warm_up, n_initial, ratio):
    def scenario(o):
        class Sum(o.terminator.BaseImprovementEvaluator):
            """Tells apart which trials it was given."""

            def evaluate(self, trials, study_direction):
                return float(sum(trial.value * 10**place for place, trial in enumerate(trials[:4])) + 100 * len(trials))

        evaluator = o.terminator.MedianErrorEvaluator(Sum(), warm_up, n_initial, ratio)
        trials = _trials(o, [*FEW, None])[::-1]
        direction = _directions(o)[0]
        shown = [evaluator.evaluate(trials[-k:], direction) for k in (1, 4, len(trials), 2)]
        return [round(value, 9) for value in shown]

    _compare(scenario)


CONSTRUCTORS = [
    ("Terminator", {"min_n_trials": 0}), ("Terminator", {"min_n_trials": -1}), ("Terminator", {"min_n_trials": "a"}),
    ("Terminator", {"min_n_trials": 1}), ("Terminator", {}), ("TerminatorCallback", {}),
    ("BestValueStagnationEvaluator", {"max_stagnation_trials": -1}),
    ("BestValueStagnationEvaluator", {"max_stagnation_trials": 0}),
    ("EMMREvaluator", {"min_n_trials": 1}), ("EMMREvaluator", {"min_n_trials": 2, "delta": 0.5}),
    ("EMMREvaluator", {"deterministic_objective": True}),
    ("RegretBoundEvaluator", {"top_trials_ratio": 0.3, "min_n_trials": 5, "seed": 1}),
    ("StaticErrorEvaluator", {"constant": 1.0}), ("StaticErrorEvaluator", {}),
    ("MedianErrorEvaluator", {}),
    *(("MedianErrorEvaluator", {"paired_improvement_evaluator": None, **more})
      for more in ({"warm_up_trials": -1}, {"warm_up_trials": 0}, {"n_initial_trials": 0}, {"threshold_ratio": 0.0},
                   {"threshold_ratio": math.inf}, {"threshold_ratio": math.nan}, {"threshold_ratio": -1.0})),
    *((name, {}) for name in ("BaseTerminator", "BaseErrorEvaluator", "BaseImprovementEvaluator")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), CONSTRUCTORS)
def test_constructors(name, arguments):
    def scenario(o):
        found = error_of(lambda: getattr(o.terminator, name)(**arguments))
        return found if isinstance(found, type) else type(found).__name__

    _compare(scenario)


# --- terminators -----------------------------------------------------------------------------------------------------


def stops_by_stagnation(o):
    study = o.create_study()
    terminator = o.terminator.Terminator(o.terminator.BestValueStagnationEvaluator(3), min_n_trials=5)
    study.optimize(lambda t: float(t.number), n_trials=30, callbacks=[o.terminator.TerminatorCallback(terminator)])
    return len(study.trials)


def goes_on(o):
    study = o.create_study()
    terminator = o.terminator.Terminator(o.terminator.BestValueStagnationEvaluator(3), min_n_trials=5)
    study.optimize(lambda t: -float(t.number), n_trials=12, callbacks=[o.terminator.TerminatorCallback(terminator)])
    return len(study.trials)


def stops_with_an_error_of_its_own(o):
    study = o.create_study()
    stagnation, error = o.terminator.BestValueStagnationEvaluator(9), o.terminator.StaticErrorEvaluator(5)
    terminator = o.terminator.Terminator(stagnation, error, min_n_trials=1)
    study.optimize(lambda t: float(t.number), n_trials=30, callbacks=[o.terminator.TerminatorCallback(terminator)])
    return len(study.trials)


def terminator_of_the_users(o):
    class After(o.terminator.BaseTerminator):
        def should_terminate(self, study):
            return len(study.trials) >= 4

    study = o.create_study()
    study.optimize(lambda t: 0.0, n_trials=30, callbacks=[o.terminator.TerminatorCallback(After())])
    return len(study.trials)


def evaluators_of_the_users(o):
    seen = []

    class Gain(o.terminator.BaseImprovementEvaluator):
        def evaluate(self, trials, study_direction):
            seen.append(([t.number for t in trials], study_direction.name))
            return 1.0 / len(trials)

    class Error(o.terminator.BaseErrorEvaluator):
        def evaluate(self, trials, study_direction):
            return 0.3

    study = o.create_study(direction="maximize")

    def objective(trial):
        if trial.number == 1:
            raise o.TrialPruned
        return float(trial.number)

    terminator = o.terminator.Terminator(Gain(), Error(), min_n_trials=2)
    study.optimize(objective, n_trials=9, callbacks=[o.terminator.TerminatorCallback(terminator)])
    return len(study.trials), seen


def few_trials_of_several_objectives(o):
    study = o.create_study(directions=["minimize", "minimize"])
    return o.terminator.Terminator().should_terminate(study)


def several_objectives(o):
    study = o.create_study(directions=["minimize", "minimize"])
    study.optimize(lambda t: (0.0, 1.0), n_trials=2)
    return o.terminator.Terminator(min_n_trials=1).should_terminate(study)


def an_empty_study(o):
    return o.terminator.Terminator().should_terminate(o.create_study())


def no_scores(o):
    study = o.create_study(sampler=o.samplers.RandomSampler(seed=0))
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=20)
    return o.terminator.Terminator().should_terminate(study)


def none_where_there_is_no_loop(o):
    study = o.create_study()
    study.optimize(lambda t: float(t.number), n_trials=9)
    terminator = o.terminator.Terminator(o.terminator.BestValueStagnationEvaluator(3), min_n_trials=2)
    o.terminator.TerminatorCallback(terminator)(study, study.trials[-1])


def frozen_trials_take_no_scores(o):
    study = o.create_study()
    study.tell(study.ask(), 1.0)
    o.terminator.report_cross_validation_scores(study.trials[0], [1.0, 2.0])


def fixed_trials_take_no_scores(o):
    o.terminator.report_cross_validation_scores(o.trial.FixedTrial({}), [1.0, 2.0])


def no_trials_no_regret(o):
    return o.terminator.RegretBoundEvaluator().evaluate([], _directions(o)[0])


def too_few_for_a_gap(o):
    return [o.terminator.EMMREvaluator().evaluate(_trials(o, FEW[:n]), _directions(o)[0]) for n in (0, 1)]


def no_parameter_in_common(o):
    study = o.create_study(sampler=o.samplers.RandomSampler(seed=0))
    study.optimize(lambda t: t.suggest_float(f"x{t.number % 2}", 0, 1), n_trials=25)
    kinds = (o.terminator.RegretBoundEvaluator, o.terminator.EMMREvaluator)
    return [error_of(lambda kind=kind: kind().evaluate(study.trials, _directions(o)[0])) for kind in kinds]


def no_parameters(o):
    study = o.create_study()
    study.optimize(lambda t: 1.0, n_trials=25)
    return o.terminator.EMMREvaluator().evaluate(study.trials, _directions(o)[0])


@pytest.mark.parametrize("scenario", scenarios(globals()), ids=lambda scenario: scenario.__name__)
def test_same(scenario):
    _compare(scenario)


# --- bounds of two models --------------------------------------------------------------------------------------------


def bowl(trial):
    return (trial.suggest_float("x", -1, 1) - 0.3) ** 2 + (trial.suggest_float("y", -1, 1) - 0.3) ** 2


@pytest.fixture(scope="module")
def shared():
    """Give 40 random trials on a bowl, for both."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    study.optimize(bowl, n_trials=40)
    return study.trials


@pytest.mark.parametrize("name", ["RegretBoundEvaluator", "EMMREvaluator"])
def test_bounds_fall_alike(shared, name):
    """Both say much at first, and next to nothing in the end; neither is below what the best trial lacks."""
    for module in (ours, theirs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            evaluator = getattr(module, name)(seed=0)
            early, late = (float(evaluator.evaluate(shared[:n], optuna.study.StudyDirection.MINIMIZE)) for n in (8, 40))
        assert 0.0 < late < early < math.inf
        if name == "RegretBoundEvaluator":
            assert late < 0.3
            assert early > min(trial.value for trial in shared[:8])


def test_directions_turn_the_bounds(shared):
    turned = [trial for trial in shared if trial.value is not None]
    flipped = parzen.create_study(direction="maximize")
    flipped.add_trials([
        parzen.create_trial(value=-t.value, params=t.params, distributions=t.distributions) for t in turned
    ])  # fmt: skip
    for kind in (ours.RegretBoundEvaluator, ours.EMMREvaluator):
        one = kind(seed=0).evaluate(turned, parzen.study.StudyDirection.MINIMIZE)
        other = kind(seed=0).evaluate(flipped.trials, parzen.study.StudyDirection.MAXIMIZE)
        assert one == pytest.approx(other, rel=0.05)


def test_a_constant_objective_leaves_nothing_to_gain():
    def scenario(o):
        study = o.create_study(sampler=o.samplers.RandomSampler(seed=0))
        study.optimize(lambda t: 0.0 * t.suggest_float("x", 0, 1), n_trials=25)
        found = o.terminator.RegretBoundEvaluator(seed=0).evaluate(study.trials, _directions(o)[0])
        return bool(found < 1e-6)

    assert run(scenario, optuna).result == run(scenario, parzen).result == plain(True)


def test_terminators_by_default_stop_both():
    """With folds that differ much the first look stops; with folds that hardly do none stops within 25 trials."""
    for spread, expected in ((10.0, 20), (1e-7, 25)):

        def scenario(o, spread=spread):
            study = o.create_study(sampler=o.samplers.RandomSampler(seed=3))

            def objective(trial):
                o.terminator.report_cross_validation_scores(trial, [0.0, spread, 2 * spread])
                return bowl(trial)

            study.optimize(objective, n_trials=25, callbacks=[o.terminator.TerminatorCallback()])
            return len(study.trials)

        assert [run(scenario, o).result for o in (optuna, parzen)] == [plain(expected)] * 2


def test_studies_of_optuna(shared):
    """Parzen's terminators and rules read a study of Optuna's."""
    study = optuna.create_study()
    study.add_trials(shared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ours.Terminator(ours.RegretBoundEvaluator(), ours.StaticErrorEvaluator(10.0)).should_terminate(study)
        assert not ours.Terminator(ours.RegretBoundEvaluator(), ours.StaticErrorEvaluator(1e-9)).should_terminate(study)
    assert parzen.stopping.Budget(trials=40)(study)
    assert parzen.stopping.RegretBound(10.0)(study)
    assert not parzen.stopping.Stagnation(41)(study)
    stopped = optuna.create_study()
    stopped.optimize(lambda t: float(t.number), n_trials=30, callbacks=[parzen.stopping.Stagnation(5)])
    assert len(stopped.trials) == 6
    assert parzen.describe(stopped)["trials"]["complete"] == 6
    assert parzen.planning.forecast(study, 10).n_trials == 40
    assert sys.float_info.max * 0.1 == ours.EMMREvaluator().evaluate([], optuna.study.StudyDirection.MINIMIZE)
