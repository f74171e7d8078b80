"""The problems: that each is what it says it is, in all its instances and dimensions."""

from __future__ import annotations

import importlib.util
import itertools
import re
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parzen.benchmarks import composition, contenders, problems
from parzen.benchmarks.problem import FailedEvaluation, Identity
from parzen.distributions import CategoricalDistribution, FloatDistribution

HAS_TORCH = importlib.util.find_spec("torch") is not None
PLAIN = (None, "scikit-learn")  # what is installed with the extra test


def marked(name):
    needs = problems.families()[Identity.parse(name).function].needs
    if needs == "torch":  # CI's slow step has it
        return pytest.param(name, marks=[pytest.mark.slow, pytest.mark.skipif(not HAS_TORCH, reason="needs torch")])
    return pytest.param(name, marks=[] if needs in PLAIN else pytest.mark.bench)


OTHERS = [
    str(Identity(family.function, 3, dimension))
    for family in problems.families().values()
    if family.dimensions
    for dimension in next(iter(family.listed.values()))[:1]
]
ALL = [marked(name) for name in [*problems.listed(), *OTHERS]]


def values(problem, points):
    found = []
    for params in points:
        try:
            found.append(problem.function(params, 0))
        except FailedEvaluation:
            found.append(np.inf)
    return np.array(found)


def near(problem, rng, n, radius):
    """Draw points around the optimum, within the ranges; choices and integers keep their values."""
    points = []
    for _ in range(n):
        params = dict(problem.at)
        for name, value in params.items():
            distribution = problem.space[name]
            if isinstance(distribution, FloatDistribution) and distribution.step is None:
                low, high = distribution.low, distribution.high
                moved = value + radius * (high - low) * rng.standard_normal()
                params[name] = float(np.clip(moved, low, high))
        points.append(params)
    return points


@pytest.mark.filterwarnings("ignore")  # a model's, of settings that diverge
@pytest.mark.parametrize("name", ALL)
def test_the_optimum_is_where_it_is_said_to_be_and_nothing_is_below(name):
    problem = problems.find(name)
    rng = np.random.default_rng(0)
    points = composition.uniform(problem, rng, 200)
    if problem.front:
        outcomes = [problem.function(params, 0) for params in points]
        feasible = np.array([of for of, constraints in outcomes if (constraints <= 0).all()])
        assert feasible.size and (feasible >= problem.front.ideal - 1e-9).all()
        assert (problem.front.near > problem.front.ideal).all() and (problem.front.far >= problem.front.near).all()
    elif problem.optimum is None:
        assert problem.fidelity or np.isfinite(values(problem, points[:3])).all()
    else:
        assert (values(problem, points) >= problem.optimum - 1e-9).all()
    if problem.at is None:
        return
    scale = np.ptp(values(problem, points)[np.isfinite(values(problem, points))])
    for name, value in problem.at.items():
        assert problem.space[name]._contains(problem.space[name].to_internal_repr(value))
    assert problem.function(problem.at, 0) == pytest.approx(problem.optimum, abs=1e-8 * scale)
    for radius in (0.1, 1e-3, 1e-6):
        assert (values(problem, near(problem, rng, 100, radius)) >= problem.optimum - 1e-12 * scale).all()


TABLES = [name for name, group in problems.listed().items() if group == "tables"]


@pytest.mark.bench
@pytest.mark.parametrize("name", [name for name in TABLES if not name.startswith("hpolib")])  # of 62,208 cells each
def test_the_best_cell_of_a_table_is_its_optimum(name):
    problem = problems.find(name)
    values = [
        of.choices if isinstance(of, CategoricalDistribution) else range(of.low, of.high + 1)
        for of in problem.space.values()
    ]
    cells = (dict(zip(problem.space, cell, strict=True)) for cell in itertools.product(*values))
    assert np.nanmin([problem.function(cell, 0) for cell in cells]) == 0.0


@pytest.mark.bench
@pytest.mark.parametrize("name", ["zdt1", "zdt2", "zdt3", "zdt4", "zdt6", "dtlz1", "dtlz2"])
def test_the_reference_points_are_those_of_the_known_front(name):
    """The least values are those of the front, and `near` lies a tenth of its extent behind the worst ones."""
    from parzen.benchmarks.problems.pymoo_fronts import pymoo

    front = pymoo(name).pareto_front(**({} if name.startswith("zdt") else {"ref_dirs": _directions()}))
    of = problems.find(problems.select([name])[0]).front
    assert of.ideal == pytest.approx(front.min(axis=0), abs=0.02)
    assert of.near == pytest.approx(front.max(axis=0) + 0.1 * np.ptp(front, axis=0), abs=0.03)


def _directions():
    from pymoo.util.ref_dirs import get_reference_directions

    return get_reference_directions("das-dennis", 3, n_partitions=20)


# --- identities and seeds --------------------------------------------------------------------------------------------


def test_an_identity_can_be_read():
    assert str(Identity("ackley", 3, 5)) == "ackley-i03-d05"
    assert Identity.parse("levy-branched-i12-d100") == Identity("levy-branched", 12, 100)
    assert Identity.parse("ackley-5") is None


def test_instance_0_is_seeded_by_the_key_alone():
    """What was measured before there were instances stays comparable."""
    for key in ([5], [105], [2000, 17]):
        assert Identity("ackley", 0, 5).rng(*key).random() == np.random.default_rng(key).random()
    assert Identity("ackley", 0, 5).rng(5).random() == np.random.default_rng(5).random()


def test_instances_and_functions_have_seeds_of_their_own():
    drawn = {Identity(name, i, 5).rng(5).random() for name in ("ackley", "levy") for i in range(1, 50)}
    assert len(drawn) == 98


def test_a_function_is_moved_and_turned_as_its_identity_says():
    """A slow twin of the composition, from the seeds on."""
    problem = problems.find("ellipsoid-i02-d05")
    tail = [2, 2 * zlib.crc32(b"ellipsoid")]
    shift = -5.0 + 10.0 * np.random.default_rng([5, *tail]).uniform(0.15, 0.85, 5)
    q, r = np.linalg.qr(np.random.default_rng([105, *tail]).standard_normal((5, 5)))
    x = np.linspace(-4.0, 4.0, 5)
    expected = 0.0
    for i in range(5):
        y = sum(q[i, j] * np.sign(r[j, j]) * (x[j] - shift[j]) for j in range(5))
        expected += 1e3 ** (i / 4) * y**2
    assert problem.function(dict(zip(problem.space, x, strict=True)), 0) == pytest.approx(expected)
    assert list(problem.at.values()) == pytest.approx(shift)


def test_problems_are_found_by_group_function_name_and_pattern():
    assert problems.select(["noisy"]) == [name for name, group in problems.listed().items() if group == "noisy"]
    assert problems.select(["camel", "camel"]) == ["camel-i00-d02"]
    assert problems.select(["ackley-i00-d*"]) == [f"ackley-i00-d{d:02d}" for d in (5, 10, 30)]
    assert problems.select(["ackley-i07-d13"]) == ["ackley-i07-d13"]  # not listed, but there
    for word in (
        "nothing",
        "camel-i01-d02",
        "branin-i00-d05",
        "hartmann-i00-d04",
        "ackley-embedded-i00-d03",
        "levy-i00-d01",
    ):
        with pytest.raises(LookupError, match=word):
            problems.select([word])


def test_all_groups_are_there():
    assert set(problems.listed().values()) == {
        "functions", "mixed", "conditional", "tables", "training", "fronts", "multi-fidelity",
        "high-dimensional", "noisy", "rugged", "low-effective-dimension", "failing", "rounded", "branched", "long",
        "awkward", "device",
    }  # fmt: skip


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    problems.find.cache_clear()
    family = problems.families()["zdt1"]
    monkeypatch.setitem(problems.families(), "zdt1", replace(family, needs="no-such-package"))
    with pytest.raises(ImportError, match=r'zdt1-i00-d30 needs no-such-package: pip install "parzen\[bench\]"'):
        problems.find("zdt1-i00-d30")


def test_the_problem_of_contributing_is_one_file(tmp_path, monkeypatch):
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    (source,) = (block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "FAMILIES" in block)
    (tmp_path / "zakharov.py").write_text(source)
    monkeypatch.setattr(problems, "__path__", [*problems.__path__, str(tmp_path)])
    for found in (problems._found, problems.families):
        found.cache_clear()
    try:
        test_the_optimum_is_where_it_is_said_to_be_and_nothing_is_below("zakharov-i03-d12")
        assert problems.select(["zakharov"]) == ["zakharov-i00-d05", "zakharov-i00-d30"]
        assert "zakharov-noisy-i00-d05" in problems.select(["noisy"])
    finally:
        for found in (problems._found, problems.families):
            found.cache_clear()


# --- transformations -------------------------------------------------------------------------------------------------


def test_noise_is_seen_by_contenders_and_repeats():
    problem = problems.find("sphere-noisy-i01-d05")
    seen = [problem.seen(problem.at, 0.0, seed, number) for seed in range(20) for number in range(20)]
    assert seen == [problem.seen(problem.at, 0.0, seed, number) for seed in range(20) for number in range(20)]
    assert len(set(seen)) == 400
    assert np.mean(seen) == pytest.approx(0.0, abs=4 / np.sqrt(400))  # of standard deviation 1: four standard errors
    assert np.std(seen) == pytest.approx(1.0, abs=4 / np.sqrt(800))


@pytest.mark.parametrize(("name", "share"), [("sphere-failing", 0.3), ("ackley-failing", 0.5), ("levy-failing", 0.3)])
@pytest.mark.parametrize("instance", range(5))
def test_about_a_share_fails_and_the_optimum_does_not(name, share, instance):
    d = next(iter(problems.families()[name].listed.values()))[0]
    problem = problems.find(f"{name}-i{instance:02d}-d{d:02d}")
    found = values(problem, composition.uniform(problem, np.random.default_rng(1), 1000))
    assert share - 0.1 < np.isinf(found).mean() < share + 0.1 or np.isinf(found).mean() < share  # a near optimum spares
    assert np.isinf(found).any()
    assert problem.function(problem.at, 0) < 1e-6


def test_only_some_parameters_matter():
    problem = problems.find("hartmann-embedded-i00-d25")
    matter = 0
    for name in problem.space:
        moved = {**problem.at, name: 0.9 if problem.at[name] < 0.5 else 0.1}
        matter += problem.function(moved, 0) != problem.function(problem.at, 0)
    assert matter == 6


def test_every_second_parameter_is_rounded():
    problem = problems.find("ackley-rounded-i04-d10")
    kinds = [type(distribution).__name__ for distribution in problem.space.values()]
    assert kinds == ["IntDistribution", "FloatDistribution"] * 5


def test_a_branch_has_its_own_parameters_and_cost():
    problem = problems.find("levy-branched-i00-d10")
    for branch, cost in zip("abc", (0.0, 0.5, 1.0), strict=True):
        point = next(p for p in composition.uniform(problem, np.random.default_rng(0), 50) if p["branch"] == branch)
        assert list(point) == ["branch", *(f"{branch}_x{i}" for i in range(3))]
        assert problem.function(point, 0) >= cost


def test_an_unknown_contender_is_refused():
    with pytest.raises(LookupError, match="nobody"):
        contenders.find("nobody")
    with pytest.raises(LookupError, match="numpy:Nobody"):
        contenders.find("numpy:Nobody")
