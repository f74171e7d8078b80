"""Importances beside Optuna's: the same numbers, orders, errors and warnings, over made-up studies of every kind."""

from __future__ import annotations

import math

import numpy as np
import pytest
from differential import compare, differ, optuna

import parzen

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore")]

INF = math.inf
FORESTS = ["FanovaImportanceEvaluator", "MeanDecreaseImpurityImportanceEvaluator"]
EVALUATORS = ["PedAnovaImportanceEvaluator", *FORESTS]


@pytest.fixture(autouse=True)
def quiet():
    for library in (optuna, parzen):
        library.logging.set_verbosity(library.logging.CRITICAL)


# --- made-up studies -------------------------------------------------------------------------------------------------


def distributions_of(o, rng, d):
    """Choose d distributions of all kinds, some of a single value."""
    made = o.distributions
    kinds = [
        lambda: made.FloatDistribution(-1.0, 2.0),
        lambda: made.FloatDistribution(1e-4, 1.0, log=True),
        lambda: made.FloatDistribution(0.0, 1.0, step=0.05),
        lambda: made.IntDistribution(0, 9),
        lambda: made.IntDistribution(1, 300, log=True),
        lambda: made.IntDistribution(0, 120, step=4),
        lambda: made.IntDistribution(3, 3),
        lambda: made.CategoricalDistribution(tuple("abcdef"[: int(rng.integers(1, 6))])),
    ]
    return {f"p{j}": kinds[int(rng.integers(len(kinds)))]() for j in range(d)}


def drawn(distribution, u, o):
    """Give the value at a share u of the range, and how much it counts."""
    if isinstance(distribution, o.distributions.CategoricalDistribution):
        k = int(u * len(distribution.choices))
        return distribution.choices[k], float(k)
    low, high = distribution.low, distribution.high
    value = low * (high / low) ** u if distribution.log else low + u * (high - low)
    if distribution.step is not None:
        value = min(max(low + round((value - low) / distribution.step) * distribution.step, low), high)
    if isinstance(distribution, o.distributions.IntDistribution):
        return round(value), math.log(value) if distribution.log else value / (high + 1)
    return float(value), math.log(value) if distribution.log else value / high


def made_up(o, seed, n=60, d=5, m=1, conditional=True, moved=True):
    """Make a study: parameters from the fourth on are conditional, and the range of the first moves."""
    rng = np.random.default_rng([seed, m])
    space = distributions_of(o, rng, d)
    study = o.create_study(directions=[("minimize", "maximize")[int(rng.integers(2))] for _ in range(m)])
    states = o.trial.TrialState
    for number in range(n):
        params, own, score = {}, {}, 0.0
        for j, (name, distribution) in enumerate(space.items()):
            if conditional and j >= 3 and rng.random() < 0.4:
                continue
            is_plain = repr(distribution) == repr(o.distributions.FloatDistribution(-1.0, 2.0))
            if moved and j == 0 and is_plain and number % 2:
                distribution = o.distributions.FloatDistribution(-2.0, 4.0)
            params[name], effect = drawn(distribution, rng.random(), o)
            own[name], score = distribution, score + effect * (j + 1)
        values = [score * (1 - 2 * k) + rng.normal() / 2 for k in range(m)]
        if rng.random() < 0.2:
            values = [float(round(value)) for value in values]
        if rng.random() < 0.05:
            values[0] = INF
        state = states.COMPLETE if rng.random() < 0.85 else (states.PRUNED, states.FAIL)[int(rng.integers(2))]
        kept = {"values": values} if state == states.COMPLETE else {}
        study.add_trial(o.trial.create_trial(state=state, params=params, distributions=own, **kept))
    return study


def same(call):
    """Demand the same importances to 1e-6, or the same error; equal importances may stand in any order."""
    found = []
    for o in (optuna, parzen):
        try:
            found.append(call(o))
        except Exception as error:
            found.append({type(error).__name__: str(error)})
    theirs, ours = found
    assert ours.keys() == theirs.keys()
    if any(isinstance(value, str) for value in theirs.values()):
        assert ours == theirs
        return
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(float(value), rel=1e-6, abs=1e-9), (name, ours, theirs)
    assert list(ours.values()) == sorted(ours.values(), reverse=True)


SETTINGS = [
    {},
    {"target_quantile": 0.3, "region_quantile": 0.6},
    {"evaluate_on_local": False},
    {"target_quantile": 0.02, "region_quantile": 0.1, "evaluate_on_local": False},
]


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_ped_anova_of_made_up_studies(settings, m):
    for seed in range(10):
        same(lambda o, seed=seed: o.importance.get_param_importances(
            made_up(o, seed, m=m),
            evaluator=o.importance.PedAnovaImportanceEvaluator(**settings),
            normalize=False,
        ))  # fmt: skip


def rare(o, seed, n=30):
    """Make a study in which some ranges are those of one or two trials, or one trial lacks a parameter."""
    rng, d, study = np.random.default_rng(seed), o.distributions, o.create_study()
    for number in range(n):
        wide = float(1 + min(int(rng.exponential(0.6)), 4))
        space, params = {"x": d.FloatDistribution(0.0, wide)}, {"x": float(rng.uniform(0.0, wide))}
        if number != seed % n:
            high = 5 if rng.random() < 0.8 else int(rng.integers(5, 15))
            space |= {"k": d.IntDistribution(0, high), "s": d.IntDistribution(3, 3 + (number == 1))}
            params |= {"k": int(rng.integers(0, high + 1)), "s": 3}
        study.add_trial(o.trial.create_trial(params=params, distributions=space, value=params["x"] + rng.normal()))
    return study


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_ped_anova_where_ranges_are_rare(settings):
    """A domain of one trial says nothing, and is warned of; so is a parameter that one trial lacks."""
    for seed in range(20):

        def weigh(o, seed=seed):
            evaluator = o.importance.PedAnovaImportanceEvaluator(**settings)
            return o.importance.get_param_importances(rare(o, seed), evaluator=evaluator, normalize=False)

        same(weigh)
        compare(lambda o, weigh=weigh: {name: round(value, 6) for name, value in weigh(o).items()} and None)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("name", FORESTS)
def test_forests_of_made_up_studies(name, conditional):
    for seed in range(12):
        same(lambda o, seed=seed: o.importance.get_param_importances(
            made_up(o, seed, n=40, d=4, conditional=conditional, moved=conditional),
            evaluator=getattr(o.importance, name)(n_trees=5, max_depth=3 + seed, seed=seed),
            normalize=False,
        ))  # fmt: skip


@pytest.mark.parametrize("name", EVALUATORS)
def test_a_target_of_several_objectives(name):
    same(lambda o: o.importance.get_param_importances(
        made_up(o, 3, m=2, conditional=False), evaluator=evaluator_of(o, name), target=lambda t: t.values[1]
    ))  # fmt: skip


# --- scenarios -------------------------------------------------------------------------------------------------------


def evaluator_of(o, name):
    return getattr(o.importance, name)(**({} if name.startswith("Ped") else {"n_trees": 4, "seed": 0}))


def study_of(o, rows, **kwargs):
    """Make a study of rows: parameters, distributions, value."""
    study = o.create_study(**kwargs)
    for params, space, value in rows:
        values = {"values": value} if isinstance(value, list) else {"value": value}
        study.add_trial(o.trial.create_trial(params=params, distributions=space, **values))
    return study


def floats(o, names="xy", high=1.0):
    return {name: o.distributions.FloatDistribution(0.0, high) for name in names}


def points(n, names="xy"):
    rng = np.random.default_rng(0)
    return [dict(zip(names, row, strict=True)) for row in rng.random((n, len(names))).tolist()]


def simple(o, n=20, value=lambda k: float(k), **kwargs):
    return study_of(o, [(params, floats(o), value(k)) for k, params in enumerate(points(n))], **kwargs)


def partly(o):
    """Make a study in which x is always there, and y in every other trial."""
    rows = [
        ({name: params[name] for name in ("xy" if k % 2 else "x")}, floats(o, "xy" if k % 2 else "x"), float(k))
        for k, params in enumerate(points(20))
    ]
    return study_of(o, rows)


def weighed(o, study, name, **kwargs):
    found = o.importance.get_param_importances(study, evaluator=evaluator_of(o, name), **kwargs)
    return {key: round(float(value), 6) for key, value in found.items()}


SCENARIOS = {
    "empty": lambda o, name: weighed(o, o.create_study(), name),
    "empty with params": lambda o, name: weighed(o, o.create_study(), name, params=["x"]),
    "one trial": lambda o, name: weighed(o, simple(o, 1), name),
    "two trials": lambda o, name: weighed(o, simple(o, 2), name, normalize=False),
    "three trials": lambda o, name: weighed(o, simple(o, 3), name, normalize=False),
    "infinite values": lambda o, name: weighed(o, simple(o, value=lambda k: [1.0, INF, -INF, 2.0][k % 4]), name),
    "all infinite": lambda o, name: weighed(o, simple(o, value=lambda k: INF), name),
    "no parameters": lambda o, name: weighed(o, study_of(o, [({}, {}, float(k)) for k in range(9)]), name),
    "maximised": lambda o, name: weighed(o, simple(o, direction="maximize"), name),
    "target": lambda o, name: weighed(o, simple(o), name, target=lambda t: t.params["x"]),
    "integer target": lambda o, name: weighed(o, simple(o), name, target=lambda t: t.number),
    "target of NaN": lambda o, name: weighed(o, simple(o), name, target=lambda t: [math.nan, t.value][t.number % 2]),
    "target of None": lambda o, name: weighed(o, simple(o), name, target=lambda t: None),
    "target of text": lambda o, name: weighed(o, simple(o), name, target=lambda t: "a"),
    "target that raises": lambda o, name: weighed(o, simple(o), name, target=lambda t: t.user_attrs["lost"]),
    "target that is none": lambda o, name: weighed(o, simple(o), name, target=3),
    "params": lambda o, name: weighed(o, simple(o), name, params=["y"]),
    "params, both": lambda o, name: weighed(o, simple(o), name, params=["x", "y"], normalize=False),
    "params twice": lambda o, name: weighed(o, simple(o), name, params=["x", "x"]),
    "no params": lambda o, name: weighed(o, simple(o), name, params=[]),
    "params of a tuple": lambda o, name: weighed(o, simple(o), name, params=("x",)),
    "params of text": lambda o, name: weighed(o, simple(o), name, params="x"),
    "params of integers": lambda o, name: weighed(o, simple(o), name, params=[1]),
    "unknown params": lambda o, name: weighed(o, simple(o), name, params=["x", "z"]),
    "conditional": lambda o, name: weighed(o, partly(o), name),
    "conditional, by params": lambda o, name: weighed(o, partly(o), name, params=["x", "y"]),
    "moved ranges, by params": lambda o, name: weighed(
        o,
        study_of(o, [(p, floats(o, "xy", 1.0 + k % 2), float(k)) for k, p in enumerate(points(20))]),
        name,
        params=["x", "y"],
    ),
    "only single values": lambda o, name: weighed(
        o,
        study_of(o, [({"x": 0.0}, floats(o, "x", 0.0), float(k)) for k in range(9)]),
        name,
    ),
    "single values": lambda o, name: weighed(
        o,
        study_of(
            o, [({**p, "s": 0.0}, {**floats(o), **floats(o, "s", 0.0)}, float(k)) for k, p in enumerate(points(20))]
        ),
        name,
    ),
    "several objectives": lambda o, name: weighed(
        o, simple(o, value=lambda k: [float(k), -float(k % 3)], directions=["minimize"] * 2), name
    ),
}


@pytest.mark.parametrize("name", EVALUATORS)
@pytest.mark.parametrize("what", SCENARIOS)
def test_scenarios(what, name):
    compare(lambda o: SCENARIOS[what](o, name))


def test_a_constant_objective():
    compare(lambda o: weighed(o, simple(o, value=lambda k: 1.0), "PedAnovaImportanceEvaluator"))
    compare(lambda o: weighed(o, simple(o, value=lambda k: 1.0), "FanovaImportanceEvaluator"))
    compare(lambda o: weighed(o, simple(o, value=lambda k: 1.0), "MeanDecreaseImpurityImportanceEvaluator"))


def test_the_default_is_ped_anova():
    compare(lambda o: round(o.importance.get_param_importances(simple(o))["x"], 9))


def test_an_evaluator_that_is_none():
    compare(lambda o: o.importance.get_param_importances(simple(o), evaluator=3))


@pytest.mark.parametrize("name", FORESTS)
@pytest.mark.parametrize("kwargs", [{"n_trees": 0}, {"n_trees": "a"}, {"max_depth": 0}, {"seed": -1}], ids=str)
def test_arguments_of_forests(name, kwargs):
    compare(lambda o: o.importance.get_param_importances(simple(o), evaluator=getattr(o.importance, name)(**kwargs)))


def test_arguments_are_named():
    compare(lambda o: o.importance.PedAnovaImportanceEvaluator(0.1))
    compare(lambda o: o.importance.FanovaImportanceEvaluator(64))
    compare(lambda o: o.importance.get_param_importances(simple(o), None))


@pytest.mark.parametrize(
    "kwargs",
    [{"target_quantile": 0.0}, {"target_quantile": 1.0}, {"target_quantile": 0.5, "region_quantile": 0.3}],
    ids=str,
)
def test_quantiles_differ(kwargs):
    """Optuna asserts; a wrong argument is a ValueError here."""
    differ(lambda o: o.importance.PedAnovaImportanceEvaluator(**kwargs), ValueError)


def test_the_order_of_params_does_not_exchange_importances():
    """Optuna's gives y what is x's, and x what is y's, unless the names are sorted."""
    name = "MeanDecreaseImpurityImportanceEvaluator"
    expected = weighed(parzen, simple(parzen), name)
    assert expected == weighed(optuna, simple(optuna), name)
    differ(lambda o: weighed(o, simple(o), name, params=["y", "x"]), expected)
    compare(lambda o: weighed(o, simple(o), "FanovaImportanceEvaluator", params=["y", "x"]))
    compare(lambda o: weighed(o, simple(o), "PedAnovaImportanceEvaluator", params=["y", "x"]))


def test_an_evaluator_of_the_users():
    def scenario(o):
        class Names(o.importance.BaseImportanceEvaluator):
            def evaluate(self, study, params=None, *, target=None):
                return {name: float(len(name)) for name in params or study.best_params}

        weigh = o.importance.get_param_importances
        return weigh(simple(o), evaluator=Names()), weigh(simple(o), evaluator=Names(), params=["x"], normalize=False)

    compare(scenario)


def test_a_base_evaluator_is_abstract():
    compare(lambda o: o.importance.BaseImportanceEvaluator())


def test_a_study_of_optunas_is_weighed_here():
    for m in (1, 2):
        study = made_up(optuna, 5, m=m)
        ours, theirs = (o.importance.get_param_importances(study) for o in (parzen, optuna))
        assert {key: pytest.approx(value) for key, value in theirs.items()} == ours
