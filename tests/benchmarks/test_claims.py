"""What README and docs claim is read off stored runs, each figure with its origin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from parzen.benchmarks import claims, environment, problems
from parzen.benchmarks.claims import CLAIMS, ENOUGH, Claim
from parzen.benchmarks.contenders import find
from parzen.benchmarks.runs import Job, Run

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CLAIM = Claim("camel", "camel branin", "parzen", "optuna", (10, 20))


def run(problem, contender, seed, steps, kind="value"):
    told = {"sampler": [(1, 0.0)], "value": steps}
    job = Job(problem, contender, seed, 20)
    return Run(job, "functions", kind, 0.0, 1.0, "2026-01-02", environment.name_of(environment.here()), told)


def made(n_seeds, names=("camel-i00-d02", "branin-i00-d02")):
    ours, other = [(1, 4.0), (10, 1.0), (20, 0.25)], [(1, 4.0), (10, 2.0), (20, 1.0)]
    return [run(n, c, s, v) for n in names for c, v in (("parzen", ours), ("optuna", other)) for s in range(n_seeds)]


def stored(path, runs):
    path.write_text("\n".join(map(json.dumps, [environment.here(), *(run.line() for run in runs)])) + "\n")
    return path


def test_a_claim_is_read_off_runs():
    figure = claims.measure(CLAIM, made(3))
    assert figure.values == pytest.approx({10: 0.5, 20: 0.25}) and figure.text() == "0.50 / 0.25"
    assert (figure.n_problems, figure.n_seeds, figure.is_whole) == (2, 3, True)
    assert figure.words == "2 of 2 problems: not significant (p = 0.5)"


def test_a_problem_that_was_not_run_makes_a_claim_a_part():
    assert not claims.measure(CLAIM, made(3, ["camel-i00-d02"])).is_whole
    assert claims.measure(CLAIM, []) is None


def test_a_loss_is_compared_seed_by_seed():
    name = problems.select(["digits-network"])[0]
    claim = Claim("loss", "digits-network", "parzen-asha", "optuna-hyperband", (20,), "loss")
    ends = {"parzen-asha": [0.1, 0.2, 0.3], "optuna-hyperband": [0.2, 0.1, 0.4]}
    runs = [run(name, c, s, [(1, v)], "fidelity") for c, of in ends.items() for s, v in enumerate(of)]
    figure = claims.measure(claim, runs)
    assert figure.values == {20: np.median(ends["parzen-asha"])} and figure.words.startswith("2 of 3: not significant")


@pytest.mark.parametrize("n_seeds", [ENOUGH - 1, ENOUGH])
def test_pages_take_figures_of_enough_seeds(n_seeds):
    texts = claims.names_in_pages({CLAIM: claims.measure(CLAIM, made(n_seeds))})
    page = "| <!--camel-->9.99<!--/--> | <!--camel:20-->8<!--/--> | <!--camel:day-->-<!--/--> | <!--other-->7<!--/--> |"
    expected = "| <!--camel-->0.50 / 0.25<!--/--> | <!--camel:20-->0.25<!--/--> | <!--camel:day-->2026-01-02<!--/-->"
    assert claims.rewritten(page, texts) == (page if n_seeds < ENOUGH else f"{expected} | <!--other-->7<!--/--> |")


def test_the_page_of_results_says_where_figures_come_from(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "CLAIMS", [CLAIM])
    page = tmp_path / "page.md"
    page.write_text("<!--camel-->9.99<!--/-->")
    store = stored(tmp_path / "runs.jsonl", made(ENOUGH))
    assert claims.main([str(store), "--results", str(tmp_path / "RESULTS.md"), "--pages", str(page)]) == 0
    text = (tmp_path / "RESULTS.md").read_text()
    here = environment.here()
    for told in ("0.50 / 0.25", "--seeds 10 --first-seed 0", here["commit"], "2026-01-02", here["packages"]["numpy"]):
        assert told in text
    assert page.read_text() == "<!--camel-->0.50 / 0.25<!--/-->"


@pytest.mark.bench  # the tables of searches must be there
def test_every_figure_of_a_page_is_of_a_claim():
    names = {claim.name for claim in CLAIMS}
    found = [mark for page in PAGES for mark in re.findall(r"<!--([\w:-]+)-->", page.read_text())]
    assert found and {mark.partition(":")[0] for mark in found} <= names
    for claim in CLAIMS:
        kinds = {problems.find(name).kind for name in problems.select(claim.problems.split()[:1])[:1]}
        assert kinds <= set(find(claim.ours).kinds) & set(find(claim.other).kinds)
