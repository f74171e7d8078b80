"""Every contender plays what it says it plays: all of the budget, repeatably, or it says what it lacks."""

from __future__ import annotations

import sys

import pytest

from parzen.benchmarks import contenders, problems, runs
from parzen.benchmarks.runs import Job

PROBLEMS = {
    "value": ["camel-i00-d02", "levy-failing-i00-d06", "network-i00-d06", "pipeline-i00-d08"],
    "front": ["dtlz2-mixed-i00-d12"],
    "fidelity": ["digits-network-i00-d10"],
}
BUDGETS = {"value": 12, "front": 60, "fidelity": 30}
SLOW = ("optuna-gp",)  # seconds an evaluation on a busy machine: one problem will do


def marks(contender):
    if set(contender.needs) & set(contenders.UNBUNDLED):
        lacks = contender.missing()
        return [pytest.mark.bench, pytest.mark.slow, pytest.mark.skipif(bool(lacks), reason=str(lacks))]
    plain = set(contender.needs) <= {"parzen"}
    return [] if plain else [pytest.mark.bench, *([pytest.mark.slow] if contender.name in SLOW else [])]


PAIRS = [
    pytest.param(name, problem, marks=marks(contender))
    for name, contender in contenders.CONTENDERS.items()
    for kind in (contender.kinds[:1] if name in SLOW else contender.kinds)
    for problem in (PROBLEMS[kind][:1] if name in SLOW else PROBLEMS[kind])
    if contender.refuses(problems.find(problem)) is None
]


@pytest.mark.filterwarnings("ignore")  # those of other libraries
@pytest.mark.parametrize(("name", "problem"), PAIRS)
def test_a_contender_spends_the_budget_and_repeats_itself(name, problem):
    kind = problems.find(problem).kind
    told = [runs.run(Job(problem, name, 3, BUDGETS[kind])).told for _ in range(2)]
    for found in told:
        assert found.pop("sampler")[-1][0] == BUDGETS[kind]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("name", "problem", "why"),
    [
        ("cmaes", "network-i00-d06", "floats alone"),
        ("cmaes", "pipeline-i00-d08", "conditional"),
        ("pymoo-nsgaii", "camel-i00-d02", "kind 'value'"),
        ("parzen-asha", "camel-i00-d02", "kind 'value'"),
        ("rustuna", "digits-network-i00-d10", "kind 'fidelity'"),
    ],
)
def test_a_contender_says_what_it_does_not_play(name, problem, why):
    assert why in contenders.find(name).refuses(problems.find(problem))


@pytest.mark.bench
@pytest.mark.filterwarnings("ignore")
def test_a_sampler_of_the_hub_races_from_a_copy_of_its_registry(tmp_path, monkeypatch):
    folder = tmp_path / "package" / "samplers" / "two_kinds"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "import optuna\n"
        "class Seeded(optuna.samplers.RandomSampler): ...\n"
        "class PlainSampler(optuna.samplers.BaseSampler):\n"
        "    def infer_relative_search_space(self, study, trial): return {}\n"
        "    def sample_relative(self, study, trial, space): return {}\n"
        "    def sample_independent(self, study, trial, name, distribution): return distribution.low\n"
        "__all__ = ['PlainSampler', 'Seeded']\n"
    )
    monkeypatch.setenv("PARZEN_HUB", str(tmp_path))
    plain = runs.run(Job("camel-i00-d02", "hub:samplers/two_kinds", 0, 5)).told
    assert len({value for _, value in plain["value"]}) == 1  # it alone is called a sampler, and takes no seed
    seeded = [runs.run(Job("camel-i00-d02", name, 7, 5)).told for name in ("hub:samplers/two_kinds:Seeded", "random")]
    assert seeded[0]["value"] == seeded[1]["value"]
    with pytest.raises(LookupError, match="PlainSampler, Seeded"):
        runs.run(Job("camel-i00-d02", "hub:samplers/two_kinds:None", 0, 5))


def test_a_sampler_races_without_a_line():
    run = runs.run(Job("camel-i00-d02", "parzen:NSGAIISampler", 0, 20))
    line = runs.run(Job("camel-i00-d02", "parzen-nsgaii", 0, 20))
    assert run.told["value"] == line.told["value"]


@pytest.mark.bench
def test_any_sampler_of_optuna_races_without_a_line():
    assert len(runs.run(Job("camel-i00-d02", "optuna:QMCSampler", 0, 8)).told["value"]) > 0


@pytest.mark.bench
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("problem", ["camel-i00-d02", "network-i00-d06", "levy-failing-i00-d06"])
@pytest.mark.parametrize(("guest", "at_home"), [("parzen-in-optuna", "parzen"), ("optuna-in-parzen", "optuna")])
def test_a_sampler_plays_in_the_other_library_as_at_home(guest, at_home, problem):
    there, here = (runs.run(Job(problem, name, 1, 40)).told["value"] for name in (guest, at_home))
    assert there == here


def test_what_is_missing_is_named_with_its_extra(monkeypatch):
    assert contenders.find("parzen").missing() is None
    monkeypatch.setitem(sys.modules, "cmaes", None)
    assert contenders.find("cmaes").missing() == 'cmaes needs cmaes: pip install "parzen[bench]"'
    monkeypatch.setitem(sys.modules, "torch", None)
    assert contenders.find("optuna-gp").missing().endswith('torch]"')
    monkeypatch.setitem(sys.modules, "smac", None)
    assert contenders.find("smac").missing() == "smac needs smac: pip install smac"
