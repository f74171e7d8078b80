"""What README and docs claim, written from stored runs: ``python -m parzen.benchmarks.claims OUT/runs.jsonl ...``.

Writes ``RESULTS.md``: each claim with its command, versions, commit and day. In pages, a figure stands between
``<!--name-->`` and ``<!--/-->``; it is written anew where it was measured on all problems with enough seeds.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from parzen.benchmarks import problems, stats
from parzen.benchmarks.environment import differences
from parzen.benchmarks.render import markdown_table
from parzen.benchmarks.report import Table
from parzen.benchmarks.results import Results
from parzen.benchmarks.runs import Run, Store

ENOUGH = 10  # seeds of each problem, for a figure of a page
USUAL = "functions mixed conditional tables"


@dataclass(frozen=True)
class Claim:
    """Two contenders compared on some problems after some numbers of evaluations.

    Attributes
    ----------
    name
        What its figures are called in pages.
    problems, ours, other, budgets
        What is compared; the problems as words of the command.
    measure
        ``value``: ratio of regrets. ``near``, ``far``: of hypervolumes. ``loss``: ours, of trainings by steps.
    """

    name: str
    problems: str
    ours: str
    other: str
    budgets: tuple[int, ...]
    measure: str = "value"

    def command(self, budgets: Iterable[int], seeds: Sequence[int]) -> str:
        """Give the command that makes runs of some budgets, with so many seeds from the first."""
        words = ["parzen", "bench", "--problems", *self.problems.split(), "--contenders", self.ours, self.other]
        options = ["--seeds", len(seeds), "--first-seed", min(seeds)]
        return shlex.join([*words, "--budgets", *map(str, [*budgets, *options])])

    def title(self) -> str:
        """Say what its figures are."""
        if self.measure == "loss":
            return f"{self.problems}: loss of {self.ours}, and seeds won against {self.other}"
        what = "regret" if self.measure == "value" else f"hypervolume ({self.measure})"
        return f"{self.problems}: {what} of {self.ours} / {self.other}"


GROUPS = [
    "functions",
    "high-dimensional",
    "mixed",
    "conditional",
    "noisy",
    "tables",
    "rugged",
    "failing",
    "low-effective-dimension",
    "rounded",
    "branched",
]
LOSSES = ("parzen-hyperband", "parzen-asha", "parzen-hyperband-bohb", "parzen-dehb")
CLAIMS = [
    Claim("regret", USUAL, "parzen", "optuna", (30, 50, 100, 200)),
    *(Claim(f"regret-{group}", group, "parzen", "optuna", (30, 50, 100, 200)) for group in GROUPS),
    *(Claim(f"tpe-{group}", group, "parzen", "parzen-tpe", (30, 50, 100, 200)) for group in GROUPS),
    Claim("regret-training", "training", "parzen", "optuna", (30, 50, 100)),
    Claim("tpe-training", "training", "parzen", "parzen-tpe", (30, 50, 100)),
    Claim("regret-awkward", "awkward", "parzen", "optuna", (30, 50, 100)),
    Claim("awkward-random", "awkward", "parzen", "random", (30, 50, 100)),
    Claim("regret-random", USUAL, "parzen", "random", (30, 50, 100, 200)),
    Claim("hypervolume", "fronts", "parzen", "optuna", (100, 300, 1000), "far"),
    Claim("nsgaii-optuna", "fronts", "parzen-nsgaii", "optuna-nsgaii", (3000,), "near"),
    Claim("nsgaii-pymoo", "fronts", "parzen-nsgaii", "pymoo-nsgaii", (3000,), "near"),
    Claim("nsgaii-pymoo-50", "fronts", "parzen-nsgaii", "pymoo-nsgaii-50", (3000,), "near"),
    *(Claim(f"loss-{name}", "multi-fidelity", name, "optuna-hyperband", (1620,), "loss") for name in LOSSES),
]


@dataclass(frozen=True)
class Figure:
    """What was measured of a claim.

    Attributes
    ----------
    values
        By the number of evaluations; those that runs did not reach are missing.
    words
        What the last one comes to.
    n_problems, n_seeds
        On how many problems, and the least number of seeds.
    is_whole
        Whether no problem and no budget is missing.
    runs
        Of which it was read.
    """

    values: dict[int, float]
    words: str
    n_problems: int
    n_seeds: int
    is_whole: bool
    runs: list[Run]

    def text(self, digits: int = 2) -> str:
        """Give the values, with slashes between."""
        return " / ".join(f"{value:.{digits}f}" for value in self.values.values())


def measure(claim: Claim, runs: Sequence[Run]) -> Figure | None:
    """Read a claim off runs, None if they don't tell. All runs count for unknown optima and for the unit of regret."""
    names = problems.select(claim.problems.split())
    kept = [run for run in runs if run.job.problem in names]
    pair = [run for run in kept if run.job.contender in (claim.ours, claim.other)]
    results = Results(kept, "value" if claim.measure == "loss" else claim.measure, [claim.ours, claim.other])
    shared = results.problems()
    values: dict[int, float] = {}
    words = ""
    for budget in claim.budgets:
        there = [problem for problem in shared if results.end(problem, claim.ours, claim.other) >= budget]
        if there:
            values[budget], words = _one(claim, results, pair, there, budget)
    if not values:
        return None
    n_seeds = min(len(results.curves[p, c]) for p in shared for c in results.contenders)
    is_whole = set(shared) == set(names) and len(values) == len(claim.budgets)
    return Figure(values, words, len(shared), n_seeds, is_whole, pair)


def _one(claim: Claim, results: Results, runs: Sequence[Run], names: list[str], budget: int) -> tuple[float, str]:
    """Give a figure after a number of evaluations, and its significance in words."""
    if claim.measure == "loss":
        ours, other = (
            {run.job.seed: run.curve("value", budget)[-1] for run in runs if run.job.contender == c}
            for c in (claim.ours, claim.other)
        )
        seeds = sorted(ours.keys() & other.keys())
        a, b = np.array([ours[seed] for seed in seeds]), np.array([other[seed] for seed in seeds])
        won, p_value = int((a < b).sum()), stats.wilcoxon(a, b) if seeds else 1.0
        verdict = stats.verdict(p_value, won > len(seeds) - won)
        return float(np.median(list(ours.values()))), f"{won} of {len(seeds)}: {verdict} (p = {p_value:.2g})"
    ratios = [results.ratio(problem, claim.ours, claim.other, budget) for problem in names]
    won, lost = (
        sum(map(results.is_better, ratios)),
        sum(ratio != 1 and not results.is_better(ratio) for ratio in ratios),
    )
    p_value = stats.sign_test(won, lost)
    return (
        stats.geometric_mean(ratios),
        f"{won} of {won + lost} problems: {stats.verdict(p_value, won > lost)} (p = {p_value:.2g})",
    )


def results_page(figures: dict[Claim, Figure], store: Store) -> str:
    """Write the page of all figures that were measured."""
    rows = []
    for claim, figure in figures.items():
        seeds = sorted({run.job.seed for run in figure.runs})
        days = sorted({run.day for run in figure.runs})
        commits = dict.fromkeys(_origin(store.environments[run.environment]) for run in figure.runs)
        rows.append(
            [
                claim.title(),
                " / ".join(f"{budget:,}" for budget in figure.values),
                figure.text(),
                figure.words,
                f"{figure.n_problems}, {figure.n_seeds}",
                f"`{claim.command(figure.values, seeds)}`",
                ", ".join(commits),
                " to ".join(dict.fromkeys((days[0], days[-1]))),
            ]
        )
    used = {run.environment for figure in figures.values() for run in figure.runs}
    environments = [store.environments[name] for name in store.environments if name in used]
    columns = ["what", "after", "figure", "at the last, in words", "problems, seeds", "command", "commit", "day"]
    parts = [
        "# What was measured last",
        "Written by `python -m parzen.benchmarks.claims` from stored runs. Ratios are geometric means over problems: "
        "of regrets the smaller, of hypervolumes the larger are better for the first. Few seeds are a check of the "
        f"harness, not a claim: README and docs take figures of {ENOUGH} seeds and more.",
    ]
    parts.append(markdown_table(Table("", columns, rows)))
    for environment in environments:
        versions = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
        parts.append(
            f"Commit {_origin(environment)}: {versions}; Python {environment['python']}, {environment['machine']}."
        )
    if differing := differences(environments):
        parts.append(f"**Mixed**: runs differ in {', '.join(differing)}.")
    return "\n\n".join(parts) + "\n"


def _origin(environment: Mapping[str, Any]) -> str:
    """Say which sources made runs: the commit, and the digest of the code, as an installed copy knows no commit."""
    return f"{environment['commit']}, code {environment['code']}"


def names_in_pages(figures: dict[Claim, Figure]) -> dict[str, str]:
    """Give the texts of figures with enough seeds, as ``regret``, ``regret:100`` (after 100) and ``regret:day``."""
    found = {}
    for claim, figure in figures.items():
        if figure.is_whole and figure.n_seeds >= ENOUGH:
            digits = 3 if claim.measure == "loss" else 2
            found[claim.name] = figure.text(digits)
            found.update({f"{claim.name}:{n}": f"{value:.{digits}f}" for n, value in figure.values.items()})
            found[f"{claim.name}:day"] = max(run.day for run in figure.runs)
    return found


def rewritten(page: str, texts: dict[str, str]) -> str:
    """Write figures into a page; a name that is not among the texts keeps its figure."""
    return re.sub(
        r"<!--([\w:-]+)-->(.*?)<!--/-->",
        lambda match: f"<!--{match[1]}-->{texts.get(match[1], match[2])}<!--/-->",
        page,
    )


def main(args: Sequence[str] | None = None) -> int:
    """Write ``RESULTS.md`` and the figures of pages; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stores", nargs="+", type=Path, help="files of runs")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/RESULTS.md"), help="default: %(default)s")
    parser.add_argument("--pages", nargs="*", type=Path, default=[], help="pages whose figures are written anew")
    parser.add_argument("--mix", action="store_true", help="take runs of different versions, code or machines together")
    arguments = parser.parse_args(args)
    store = Store(*arguments.stores)
    figures = {}
    for claim in CLAIMS:
        figure = measure(claim, store.runs)
        if figure:
            figures[claim] = figure
            if not arguments.mix:
                store.check(figure.runs)
    arguments.results.write_text(results_page(figures, store))
    texts = names_in_pages(figures)
    for page in arguments.pages:
        page.write_text(rewritten(page.read_text(), texts))
    print(f"{len(figures)} of {len(CLAIMS)} claims were measured, {len(texts)} figures are for pages.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
