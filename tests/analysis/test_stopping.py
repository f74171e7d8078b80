"""Rules that stop studies: each in `optimize` and in a loop, with a study that stops and one that goes on."""

import math
import pickle

import numpy as np
import pytest

import parzen
from parzen.analysis.stopping import regret
from parzen.samplers import RandomSampler
from parzen.stopping import (
    AllOf,
    AnyOf,
    Budget,
    EarlyStopping,
    NoiseFloor,
    RecordChance,
    RegretBound,
    Stagnation,
    Target,
    report_cross_validation_scores,
)

N = 26
FOLDS = (1.0, 2.0, 4.0)


def falling(trial):
    """Give a better value each time."""
    return -float(trial.number)


def best_at_five(trial):
    return 0.0 if trial.number == 5 else 1.0


def bowl(trial):
    trial.set_user_attr("price", 2.5)
    report_cross_validation_scores(trial, [value * 0.05 for value in FOLDS])
    return (trial.suggest_float("x", -1, 1) - 0.3) ** 2 + (trial.suggest_float("y", -1, 1) - 0.3) ** 2


def study_of(direction="minimize", **arguments):
    return parzen.create_study(direction=direction, sampler=RandomSampler(seed=1), **arguments)


def by_optimize(rule, objective, direction="minimize"):
    study = study_of(direction)
    study.optimize(objective, n_trials=N, callbacks=[rule])
    return len(study.trials)


def by_hand(rule, objective, direction="minimize"):
    study = study_of(direction)
    for _ in range(N):
        trial = study.ask()
        study.tell(trial, objective(trial))
        if rule(study):
            break
    return len(study.trials)


STOPS = {
    "stagnation": (lambda: Stagnation(10), best_at_five, 16, "no better value in 10 trials"),
    "record chance": (lambda: RecordChance(0.5, n_more=15), bowl, 16, "15 more random trials"),
    "target": (lambda: Target(-7), falling, 8, "trial 7 with -7"),
    "trials": (lambda: Budget(trials=4), bowl, 4, "4 trials are finished"),
    "seconds": (lambda: Budget(seconds=1e-9), bowl, 1, "seconds have passed"),
    "cost": (lambda: Budget(cost=10, cost_of="price"), bowl, 4, "the trials cost 10"),
    "regret": (lambda: RegretBound(0.1), bowl, 20, "less than the tolerance"),
    "noise": (lambda: NoiseFloor(), bowl, 27, "less than the noise of trial"),
    "any": (lambda: Target(-100) | Budget(trials=9), falling, 9, "9 trials are finished"),
    "all": (lambda: Budget(trials=3) & Target(-9), falling, 10, "10 trials are finished"),
}
GOES_ON = {
    "stagnation": (lambda: Stagnation(10), falling),
    "record chance": (lambda: RecordChance(0.1), bowl),
    "target": (lambda: Target(-1e-9), bowl),
    "trials": (lambda: Budget(trials=N + 1), bowl),
    "seconds": (lambda: Budget(seconds=1e6), bowl),
    "cost": (lambda: Budget(cost=2.5 * N + 1, cost_of="price"), bowl),
    "regret": (lambda: RegretBound(1e-9), bowl),
    "noise": (lambda: NoiseFloor("tiny", min_n_trials=20), lambda trial: tiny(trial)),
    "any": (lambda: Target(-100) | Budget(trials=N + 1), falling),
    "all": (lambda: Budget(trials=3) & Target(-100), falling),
}


def tiny(trial):
    trial.set_user_attr("tiny", [value * 1e-12 for value in FOLDS])
    return bowl(trial)


@pytest.mark.parametrize("use", [by_optimize, by_hand])
@pytest.mark.parametrize("name", STOPS)
def test_stops(name, use):
    make, objective, n_trials, reason = STOPS[name]
    rule = make()
    found = use(rule, objective)
    if name == "noise":  # by the model, whose last digits decide
        assert 20 <= found < N
    else:
        assert found == n_trials
    assert reason in rule.reason
    assert "\n" not in rule.reason


@pytest.mark.parametrize("use", [by_optimize, by_hand])
@pytest.mark.parametrize("name", GOES_ON)
def test_goes_on(name, use):
    make, objective = GOES_ON[name]
    rule = make()
    assert use(rule, objective) == N
    assert rule.reason is None


def test_maximised():
    def rising(trial):
        return -falling(trial)

    assert by_hand(Target(7), rising, "maximize") == 8
    assert by_hand(Stagnation(5), rising, "maximize") == N
    assert by_hand(Stagnation(5), falling, "maximize") == 6
    up, down = RegretBound(1e9), RegretBound(1e9)
    assert by_hand(up, lambda trial: -bowl(trial), "maximize") == by_hand(down, bowl) == 20
    assert up.bound == pytest.approx(down.bound)


def test_says_why_once(caplog):
    parzen.logging.enable_propagation()
    try:
        study, rule = study_of(), Budget(trials=2)
        with caplog.at_level("INFO", logger="parzen.analysis"):
            study.optimize(bowl, n_trials=2, callbacks=[rule])
            assert rule(study)
    finally:
        parzen.logging.disable_propagation()
    records = {id(record): record.getMessage() for record in caplog.records}  # more than one handler may collect
    assert [text for text in records.values() if "stop" in text] == [
        "The study should stop: 2 trials are finished, of a budget of 2."
    ]


def test_a_rule_reads_the_study_alone(tmp_path):
    """It says the same of a study that was loaded again, in another object, and after pickling."""
    study = study_of(storage=f"sqlite:///{tmp_path / 's.db'}", study_name="s")
    study.optimize(best_at_five, n_trials=16)
    rule = Stagnation(10)
    assert rule(study)
    loaded = parzen.load_study(study_name="s", storage=f"sqlite:///{tmp_path / 's.db'}")
    assert Stagnation(10)(loaded)
    assert not Stagnation(11)(loaded)
    assert pickle.loads(pickle.dumps(rule))(loaded)
    assert pickle.loads(pickle.dumps(Budget(cost=1, cost_of="price")))(loaded) is False


def test_functions_join():
    def many(study):
        return len(study.trials) >= 6

    for rule, n in ((many | Target(-100), 6), (Target(-3) | many, 4), (many & Target(-9), 10), (Target(-3) & many, 6)):
        assert by_hand(rule, falling) == n
    assert (many | Target(-100)).judge(_with(6)) == "many says so"
    with pytest.raises(TypeError):
        Target(0) | 3
    nested = AnyOf(AllOf(Budget(trials=2), Budget(trials=5)), Budget(trials=8))
    assert by_hand(nested, falling) == 5


def _with(n):
    study = study_of()
    study.optimize(falling, n_trials=n)
    return study


def test_pruned_and_failed_trials():
    study = study_of()
    study.optimize(lambda trial: 0.0, n_trials=1)
    for state in ("FAIL", "PRUNED", "FAIL", "PRUNED", "FAIL"):
        study.tell(study.ask(), state=parzen.trial.TrialState[state])
    assert Stagnation(2)(study)
    assert not Stagnation(3)(study)
    assert Budget(trials=6)(study)
    assert not Target(-1)(study)


def test_nothing_yet():
    study = study_of()
    for rule in (Stagnation(1), RecordChance(0.5), Target(0), Budget(trials=1), RegretBound(1), NoiseFloor()):
        assert not rule(study)


def test_infeasible_trials_reach_no_target():
    study = study_of()
    for violation in (1.0, -1.0):
        trial = study.ask()
        trial.set_constraint("c", violation)
        study.tell(trial, -5.0 if violation > 0 else -1.0)
    assert not Target(-2)(study)
    assert Target(-1)(study)


def test_several_objectives():
    study = parzen.create_study(directions=["minimize", "maximize"])
    study.optimize(lambda trial: (float(trial.number != 2), 1.0 if trial.number == 2 else 0.0), n_trials=8)
    assert Target([0, 1])(study)
    assert not Target([0, 2])(study)
    assert Stagnation(5)(study)
    assert not Stagnation(6)(study)
    assert Budget(trials=8)(study)
    with pytest.raises(ValueError, match="has 2 objectives, but `Target` has 1 values"):
        Target(0)(study)
    for rule in (RecordChance(0.5), RegretBound(1), NoiseFloor()):
        with pytest.raises(RuntimeError, match="one objective"):
            rule(study)


def test_a_repeat_of_the_front_is_nothing_new():
    study = parzen.create_study(directions=["minimize", "minimize"])
    study.optimize(lambda trial: [(0.0, 1.0), (1.0, 0.0), (0.5, 0.5)][min(trial.number, trial.number % 2 + 1)], 9)
    assert Stagnation(5)(study)
    assert not Stagnation(6)(study)
    study.optimize(lambda trial: (0.25, 0.25), n_trials=1)
    assert not Stagnation(1)(study)


def test_a_model_is_fitted_once_for_the_same_trials(monkeypatch):
    calls = []
    bound = regret.regret_bound
    monkeypatch.setattr(regret, "regret_bound", lambda *args: calls.append(1) or bound(*args))
    study = study_of()
    study.optimize(bowl, n_trials=20)
    rule = RegretBound(1e9) | RegretBound(1e-9)
    assert [rule(study), rule(study), rule(study)] == [True] * 3
    assert len(calls) == 2, "one for each of the two"
    study.optimize(bowl, n_trials=1)
    assert rule(study)
    assert len(calls) == 4


def test_a_bound_is_one():
    """The regret of a bowl whose optimum is known is below the bound, at any number of trials."""
    for n in (20, 30):
        study = study_of()
        study.optimize(bowl, n_trials=n)
        rule = RegretBound(1e9)
        assert rule(study)
        assert study.best_value <= rule.bound + 1e-3
    wider = RegretBound(1e9, top_trials_ratio=1.0)
    assert wider(study)
    assert wider.bound > 0


def test_conditional_spaces_choices_and_infinite_values():
    def objective(trial):
        kind = trial.suggest_categorical("kind", ["a", "b"])
        x = trial.suggest_float("x", 0, 1) if kind == "a" else trial.suggest_int("n", 1, 9) / 9
        return math.inf if trial.number % 10 == 0 else x

    study = study_of()
    study.optimize(objective, n_trials=40)
    rule = RegretBound(1e3)
    assert rule(study)
    assert 0 <= rule.bound < 10


def test_constant_and_huge_values():
    study = study_of()
    study.optimize(lambda trial: 0 * trial.suggest_float("x", 0, 1), n_trials=25)
    assert RegretBound(1e-6)(study)
    study = study_of()
    study.optimize(lambda trial: 1e300 * trial.suggest_float("x", -1, 1), n_trials=25)
    assert not RegretBound(1.0)(study)
    study = study_of()
    study.optimize(lambda trial: float(trial.number), n_trials=25)  # without a parameter
    assert not RegretBound(1.0)(study)


def test_folds():
    study = study_of()
    trial = study.ask()
    report_cross_validation_scores(trial, list(FOLDS))
    study.tell(trial, 1.0)
    limit, _ = NoiseFloor()._limit(study.history)
    assert limit == pytest.approx(math.sqrt((1 / 3 + 1 / 2) * np.var(FOLDS)))
    with pytest.raises(ValueError, match="greater than one"):
        report_cross_validation_scores(study.ask(), [1.0])
    for folds in ("nothing", lambda trial: [1.0], lambda trial: "ab"):
        with pytest.raises(ValueError, match="the scores of at least two folds"):
            NoiseFloor(folds)(study)
    assert not NoiseFloor(lambda trial: np.array(FOLDS))(study)  # one trial is too few for the model


def test_width():
    assert regret.width(3, 20) == pytest.approx(math.sqrt(2 * math.log(3 * 400 * math.pi**2 / 0.6) / 5))


BAD = [
    (lambda: Stagnation(0), "`n`"),
    (lambda: Stagnation(1.5), "`n`"),
    (lambda: Stagnation(True), "`n`"),
    (lambda: RecordChance(0), "`p`"),
    (lambda: RecordChance(math.nan), "`p`"),
    (lambda: RecordChance(0.1, n_more=0), "`n_more`"),
    (lambda: Target(math.nan), "`value`"),
    (lambda: Target([[1.0]]), "`value`"),
    (lambda: Target([]), "`value`"),
    (lambda: Target("low"), "`value`"),
    (lambda: Budget(), "needs"),
    (lambda: Budget(trials=0), "`trials`"),
    (lambda: Budget(seconds=0), "`seconds`"),
    (lambda: Budget(cost=math.nan), "`cost`"),
    (lambda: Budget(seconds="1"), "`seconds`"),
    (lambda: RegretBound(0), "`tolerance`"),
    (lambda: RegretBound(1, top_trials_ratio=0), "`top_trials_ratio`"),
    (lambda: RegretBound(1, min_n_trials=0), "`min_n_trials`"),
    (lambda: EarlyStopping(0), "`patience`"),
    (lambda: EarlyStopping(3, direction="up"), "`direction`"),
    (lambda: EarlyStopping(3, min_delta=-1), "`min_delta`"),
    (lambda: EarlyStopping(3, min_delta=math.nan), "`min_delta`"),
]


@pytest.mark.parametrize(("make", "name"), BAD)
def test_bad_arguments(make, name):
    with pytest.raises(ValueError, match=name):
        make()


def test_folds_of_another_type():
    with pytest.raises(TypeError, match="`folds`"):
        NoiseFloor(5)


# --- one training ----------------------------------------------------------------------------------------------------


def steps(early, values):
    """Count the values until a training stops."""
    return next((step for step, value in enumerate(values) if early(value)), None)


def test_early_stopping():
    early = EarlyStopping(3)
    assert steps(early, [5, 4, 4, 4, 3.9, 4, 4]) is None
    assert (early.best, early.best_step, early.n_values, early.reason) == (3.9, 4, 7, None)
    assert early(4)
    assert early.reason == "no better value in 3 steps, 3.9 at step 4 is the best"
    assert steps(EarlyStopping(3), [5, 4, 3, 2, 1, 0]) is None
    assert steps(EarlyStopping(2, "maximize"), [1, 2, 3, 2, 2]) == 4
    assert steps(EarlyStopping(2, parzen.study.StudyDirection.MAXIMIZE), [1, 2, 3, 4, 5]) is None
    assert steps(EarlyStopping(2, min_delta=0.5), [1.0, 0.9, 0.8, 0.7]) == 2
    assert steps(EarlyStopping(2, min_delta=0.5), [2.0, 1.0, 0.0]) is None


def test_early_stopping_without_numbers():
    early = EarlyStopping(2)
    assert steps(early, [math.nan, math.nan]) == 1
    assert early.best is None
    assert "none was a number" in early.reason
    assert steps(EarlyStopping(2), [math.inf, math.inf, math.inf]) == 2
    assert steps(EarlyStopping(3), [1.0, math.nan, -math.inf, -math.inf, 0.0]) is None


def test_early_stopping_inside_an_objective():
    def objective(trial):
        slope, early = trial.suggest_float("slope", 0.1, 1.0), EarlyStopping(4, "maximize")
        for epoch in range(50):
            if early(min(epoch * slope, 3.0)):
                break
        return early.best

    study = study_of("maximize")
    study.optimize(objective, n_trials=5)
    assert study.best_value == 3.0
