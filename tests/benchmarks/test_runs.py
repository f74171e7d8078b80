"""The store: resumable, nothing twice and nothing lost, and runs of different origin aren't mixed silently."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from parzen.benchmarks import composition, contenders, environment, problems, runs
from parzen.benchmarks.problem import FailedEvaluation
from parzen.benchmarks.problems.mixed_front import DISTANCES
from parzen.benchmarks.race import Race, Spent, checkpoints
from parzen.benchmarks.runs import Job, MixedRuns, Store

JOBS = [Job(problem, "parzen-random", seed, 20) for seed in range(2) for problem in ("camel-i00-d02", "layers-i00-d07")]


def lines(store):
    return store.path.read_text().splitlines()


def test_runs_are_stored_and_not_made_again(tmp_path):
    store = Store(tmp_path / "new" / "runs.jsonl")
    assert store.missing(JOBS) == JOBS and store.fill(JOBS) == []
    again = Store(store.path)
    assert {run.job for run in again.runs} == set(JOBS) and again.missing(JOBS) == []
    assert [run.told for run in again.runs] == [json.loads(json.dumps(run.told)) for run in store.runs]
    again.check(again.runs, also_here=True)


def test_a_run_of_a_larger_budget_answers_a_smaller_one(tmp_path):
    store = Store(tmp_path / "runs.jsonl")
    store.fill(JOBS[:1])
    assert store.missing([JOBS[0]._replace(budget=10)]) == []
    larger = JOBS[0]._replace(budget=30)
    assert store.missing([larger]) == [larger]
    store.fill([larger])
    assert [run.job.budget for run in store.runs] == [30]


def test_a_line_that_was_cut_off_is_run_again(tmp_path):
    store = Store(tmp_path / "runs.jsonl")
    store.fill(JOBS)
    whole = store.path.read_text()
    store.path.write_text(whole[: len(whole) - 30])
    cut = Store(store.path)
    assert cut.missing(JOBS) == [JOBS[-1]]
    cut.fill(cut.missing(JOBS))
    assert Store(store.path).missing(JOBS) == []
    assert lines(store)[: len(JOBS)] == whole.splitlines()[: len(JOBS)]  # an environment, and all runs but the last


DAMAGED = {
    "[]": "expected an object",
    '"text': "Unterminated",
    '{"problem": "camel-i00-d02"}': "'contender' is missing",
    '{"packages": 3}': "expected packages",
    '{"packages": {}}': "'commit' is missing",
    "\xff\x00": "Expecting value",
}


def test_lines_that_are_no_runs_are_named_and_left_out(tmp_path):
    store = Store(tmp_path / "runs.jsonl")
    store.fill(JOBS)
    good = lines(store)
    run = json.loads(good[-1])
    odd = {
        **DAMAGED,
        json.dumps({**run, "environment": "elsewhere"}): "environment 'elsewhere' has no line",
        json.dumps({**run, "kind": "nothing"}): "'nothing' is missing",
        json.dumps({**run, "told": {**run["told"], "value": []}}): None,
        json.dumps({**run, "told": {**run["told"], "value": 3}}): "int",
        json.dumps({**run, "told": None}): "None",
        json.dumps({**run, "seed": "x"}): "'x'",
    }
    store.path.write_text("\n".join([*good[:-1], *odd, good[-1]]) + "\n")
    again = Store(store.path)
    told = [f"Line {len(good) + i} of {store.path} is not a run" for i, why in enumerate(odd.values()) if why]
    assert [text.split(",")[0] for text in again.damaged] == told
    for text, why in zip(again.damaged, filter(None, odd.values()), strict=True):
        assert why in text
    assert again.missing(JOBS) == []


@pytest.mark.slow
def test_a_killed_campaign_goes_on(tmp_path):
    words = ["--problems", "camel", "branin", "--contenders", "parzen-random", "--seeds", "40", "--budgets", "200"]
    command = [sys.executable, "-m", "parzen.benchmarks", *words, "--jobs", "2", "--out", str(tmp_path)]
    path = tmp_path / "runs.jsonl"
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as first:
        while not path.exists() or path.read_bytes().count(b"\n") < 5:
            assert first.poll() is None
            time.sleep(0.01)
        os.killpg(first.pid, signal.SIGKILL)
    kept = path.read_text()
    assert 5 <= kept.count("\n") < 81
    subprocess.run(command, check=True, capture_output=True)
    assert path.read_text().startswith(kept)
    found = [json.loads(line) for line in path.read_text().splitlines() if line.startswith('{"problem')]
    done = [(run["problem"], run["seed"]) for run in found]
    assert sorted(done) == sorted((name, seed) for name in ("branin-i00-d02", "camel-i00-d02") for seed in range(40))


def test_a_run_that_fails_is_told_and_the_others_are_made(tmp_path):
    store = Store(tmp_path / "runs.jsonl")
    failures = store.fill([JOBS[0], JOBS[1]._replace(contender="parzen:NoSampler"), JOBS[2]])
    assert [(job.contender, job.problem, "NoSampler" in told) for job, told in failures] == [
        ("parzen:NoSampler", "layers-i00-d07", True)
    ]
    assert [run.job for run in store.runs] == [JOBS[0], JOBS[2]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"code": "0123456789"}, "code: .*0123456789"),
        ({"machine": "a cray"}, "machine: .*a cray"),
        ({"packages": {"numpy": "1.24.0"}}, "numpy: .*1.24.0"),
    ],
)
def test_runs_of_different_origin_are_not_mixed_silently(tmp_path, change, told):
    store = Store(tmp_path / "runs.jsonl")
    store.fill(JOBS[:2])
    other = {**environment.here(), **change}
    moved = {**json.loads(lines(store)[-1]), "environment": environment.name_of(other)}
    store.path.write_text("\n".join([*lines(store)[:-1], json.dumps(other), json.dumps(moved)]) + "\n")
    mixed = Store(store.path)
    with pytest.raises(MixedRuns, match=told):
        mixed.check(mixed.runs)
    mixed.check(mixed.runs[:1], also_here=True)
    mixed.check(mixed.runs[1:])
    with pytest.raises(MixedRuns, match="--mix"):
        mixed.check(mixed.runs[1:], also_here=True)


def test_a_commit_of_the_same_code_is_the_same_origin():
    here = environment.here()
    assert environment.differences([here, {**here, "commit": "0123456789"}]) == {}
    assert environment.differences([here, {**here, "commit": "0123456789", "code": "abc"}]).keys() == {"commit", "code"}


@pytest.mark.parametrize("name", ["problem_code", "contender_code"])
def test_runs_of_a_problem_or_contender_that_changed_are_not_mixed_silently(tmp_path, name):
    store = Store(tmp_path / "runs.jsonl")
    store.fill(JOBS[:2])
    store.check(store.runs, also_here=True)
    old = replace(store.runs[0], **{name: "0123456789"})
    what = old.job.problem if name == "problem_code" else old.job.contender
    with pytest.raises(MixedRuns, match=f"changed .*: {what}"):
        store.check([old], also_here=True)
    store.check([old])
    with pytest.raises(MixedRuns, match=f"changed .*: {what}"):
        store.check([old, store.runs[0]])


def test_the_code_of_a_contender_is_its_line_and_what_all_share():
    def code(text, name="a"):
        return environment.code_of_entry(text, "MANY", name)

    text = 'X = 1\nMANY = [study("a", 1), study("b", X)]\n'
    assert code(text) == code(text.replace("X)", "2)")) == code(text.replace("X)]", 'X), study("c", 3)]  # new'))
    assert code(text) != code(text.replace("1)", "2)")) != code(text.replace("X = 1", "X = 2"))
    assert code(text, "nobody") not in (code(text), code(text, "b"))


def test_a_run_depends_on_all_sources_but_other_problems_and_contenders():
    found = {str(path.relative_to(environment._ROOT)) for path in environment._sources()}
    assert {"benchmarks/race.py", "engine/history/history.py", "samplers/tpe/rules.py"} <= found
    assert found & {"api/__init__.py", "__init__.py"}  # in a working copy, and where it is installed
    assert not any(path.startswith(("benchmarks/contenders", "benchmarks/problems/camel", "tests")) for path in found)


def test_a_new_problem_changes_no_code_but_its_own(tmp_path):
    """In a copy that nobody committed."""
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
from parzen.benchmarks import environment, problems
problems.__path__.append({str(tmp_path)!r})
print(environment.here()["code"], problems.code("plain-i00-d02"), problems.code("camel-i00-d02"))
"""
    text = """
from parzen.benchmarks.composition import boxed, functions
FAMILIES = [functions("plain", boxed(lambda y: float(y @ y), -1.0, 1.0), functions=(2,))]
"""

    def codes(changed):
        (tmp_path / "plain_file.py").write_text(changed)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return done.stdout.split()

    before, after = codes(text), codes(text.replace("y @ y", "2 * y @ y"))
    assert before[0] == after[0] == environment.here()["code"] and before[2] == after[2]
    assert before[1] != after[1]


def test_an_environment_says_where_a_run_was_made():
    here = environment.here()
    assert here["packages"]["numpy"] == np.__version__
    assert here["commit"] and here["machine"] and here["python"]
    assert environment.differences([here, here]) == {}


# --- races -----------------------------------------------------------------------------------------------------------


def test_a_curve_is_the_best_value_after_each_evaluation():
    problem = problems.find("levy-failing-i00-d06")
    run = runs.run(Job(problem.name, "parzen-random", 7, 60))
    race = Race(problem, 7, 60)
    seen = []
    evaluate = race.evaluate

    def watched(params):
        try:
            value = evaluate(params)
        except FailedEvaluation:
            seen.append(np.inf)
            raise
        seen.append(value)
        return value

    race.evaluate = watched
    with pytest.raises(Spent):
        contenders.find("parzen-random").play(race)
    assert len(seen) == 60 and np.isinf(seen).any()
    assert run.curve("value").tolist() == np.minimum.accumulate(seen).tolist()
    assert run.curve("value", 10).tolist() == np.minimum.accumulate(seen)[:10].tolist()


def test_noise_does_not_count_but_may_mislead():
    problem = problems.find("sphere-noisy-i00-d05")
    race = Race(problem, 0, 20)
    points = composition.uniform(problem, np.random.default_rng(0), 20)
    seen, true = [race.evaluate(params) for params in points], [problem.function(params, 0) for params in points]
    assert len(set(seen) & set(true)) == 0
    told = race.told()
    assert told["value"][-1] == (int(np.argmin(true)) + 1, min(true))
    assert told["chosen"][-1] == (int(np.argmin(seen)) + 1, true[int(np.argmin(seen))])


def test_a_value_that_is_none_is_not_the_best():
    outcomes = iter([float("nan"), 2.0, float("nan"), 1.0])
    race = Race(replace(problems.find("camel-i00-d02"), function=lambda params, seed: next(outcomes)), 0, 4)
    for _ in range(4):
        race.evaluate({})
    assert race.told()["value"] == [(2, 2.0), (4, 1.0)]


def test_only_feasible_points_are_on_a_front():
    problem = problems.find("dtlz2-mixed-i00-d12")
    race = Race(problem, 0, 10)
    best = {**dict.fromkeys(problem.space, 0.5), **dict.fromkeys(["x06", "x07", "x08"], 13)}
    best.update({f"x{9 + i:02d}": int(np.argmin(of)) for i, of in enumerate(DISTANCES)})
    race.evaluate({**best, "x01": 10})
    race._values.append(np.full(3, np.nan))  # what is not feasible
    race.n = 10
    told = race.told()
    assert len(told["front"]) == 1 and np.linalg.norm(told["front"][0]) == pytest.approx(1.0, abs=1e-3)
    (n, share), *_ = told["near"]
    assert n == 10 and share == pytest.approx(np.prod(1.1 - np.array(told["front"][0])) / 1.1**3, abs=1e-3)


def test_steps_are_spent_one_by_one():
    problem = problems.find("digits-network-i00-d10")
    run = runs.run(Job(problem.name, "parzen-asha", 0, 100))
    assert sum(run.told["trained"]) == 100
    values = [value for _, value in run.told["value"]]
    assert values == sorted(values, reverse=True) and len(run.told["test"]) == len(values)


def test_checkpoints_end_with_the_budget():
    assert checkpoints(20) == [1, 2, 3, 5, 7, 10, 15, 20]
    assert checkpoints(1) == [1]


def test_the_clock_of_the_sampler_stops_while_a_point_is_evaluated():
    now = [0.0]

    def wait(seconds):
        now[0] += seconds
        return 0.0

    problem = replace(problems.find("camel-i00-d02"), function=lambda params, seed: wait(100.0))
    race = Race(problem, 0, 3, clock=lambda: now[0])
    for seconds in (1.0, 2.0, 4.0):
        wait(seconds)  # what the sampler takes
        race.evaluate(problem.at)
    assert race.told()["sampler"] == [(1, 1.0), (2, 3.0), (3, 7.0)]
