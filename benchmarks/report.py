"""What is said of runs: sections of text, tables and figures, from which `render` makes Markdown and HTML.

A comparison says in words whether it is significant; a ratio alone doesn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from parzen.benchmarks import stats
from parzen.benchmarks.environment import Environment
from parzen.benchmarks.results import BUDGETS, FLOOR, LEAST, Results, of_kind
from parzen.benchmarks.runs import Run, counted

Row = list[str]


@dataclass(frozen=True)
class Table:
    """A table, with a sentence above it and notes below."""

    caption: str
    columns: Row
    rows: list[Row]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """A heading, tables, the names of figures that `drawing` makes, and what is to be known of all its tables."""

    title: str
    tables: list[Table]
    figures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """Sections, and what was run where.

    Attributes
    ----------
    command
        What makes these runs again.
    environments
        Where they were made.
    days
        The first and the last day.
    notes
        What was left out, or failed.
    """

    command: str
    environments: list[Environment]
    days: tuple[str, str]
    sections: list[Section]
    notes: Sequence[str] = ()


def report(
    runs: Sequence[Run],
    environments: list[Environment],
    contenders: Sequence[str],
    command: str,
    budgets: Sequence[int] = (),
    notes: Sequence[str] = (),
) -> Report:
    """Say what runs show, of contenders in their order: the first is compared with each of the others.

    Parameters
    ----------
    runs, environments
        The runs, and where they were made.
    contenders
        Those to keep.
    command
        What makes the runs.
    budgets
        Numbers of evaluations to look at; none: the usual ones.
    notes
        What was left out, or failed.
    """
    kept = [run for run in runs if run.job.contender in set(contenders)]
    makers = {"value": values, "front": fronts, "fidelity": fidelities}
    sections: list[Section] = []
    for kind, make in makers.items():
        if these := of_kind(kept, kind):
            present = {run.job.contender for run in these}
            made = make(these, [name for name in contenders if name in present], budgets or BUDGETS)
            said = {note for section in sections for note in section.notes}
            sections.append(replace(made, notes=[note for note in made.notes if note not in said]))
    if any(run.kind != "fidelity" for run in kept):
        sections.append(sampler_times(kept, contenders))
    days = sorted({run.day for run in kept})
    return Report(command, environments, (days[0], days[-1]) if days else ("", ""), sections, notes)


# --- one value -------------------------------------------------------------------------------------------------------


def values(runs: Sequence[Run], contenders: Sequence[str], budgets: Sequence[int]) -> Section:
    """Say how good the best values are."""
    results = Results(runs, "value", contenders, budgets)
    tables = [compared(results, contenders[0], other) for other in contenders[1:]]
    noisy = [run for run in runs if "chosen" in run.told]
    if noisy:
        chosen = Results(noisy, "chosen", contenders, budgets)
        tables += [compared(chosen, contenders[0], other) for other in contenders[1:]]
    figures = ["regret", "problems"]
    if len(contenders) > 2 and len(results.problems()) > 1:
        tables.append(ranked(results))
        figures.append("ranks")
    notes = [
        f"A run's regret counts as at least {FLOOR:g} of that of one random trial; *floored*: on so many problems one "
        "side is there with every run. *Of means*: all problems, by the arithmetic mean over seeds.",
        *_significance(results),
    ]
    return Section("Best values", [*tables, by_problem(results)], figures, notes)


def _significance(results: Results) -> list[str]:
    """Say how sure comparisons are, or that seeds are too few; nothing of one contender alone."""
    ours, *others = results.contenders
    pairs = [
        [len(results.curves[p, c]) for c in (ours, other)] for other in others for p in results.problems(ours, other)
    ]
    n_able = sum(stats.can_differ(*pair) for pair in pairs)
    told = ["*Problems won*: the sign test."] if pairs else []
    if n_able:
        told[0] += (
            f" On one problem: Mann-Whitney over its seeds, p < {stats.SIGNIFICANT}, which chance alone gives each way "
            f"on one in {2 / stats.SIGNIFICANT:.0f}."
        )
    if n_able < len(pairs):
        where = "on one problem" if not n_able else "on some of the problems"
        told.append(f"Too few seeds to call a difference {where}: it takes four of each contender.")
    return told


def compared(results: Results, ours: str, other: str) -> Table:
    """Compare two contenders after each budget: ratios of regrets by group, and how sure they are."""
    groups = list(dict.fromkeys(results.groups[p] for p in results.problems(ours, other)))
    rows, worse = [], []
    for budget in results.budgets(ours, other):
        shared = results.problems(ours, other, budget=budget)
        ratios = {p: results.ratio(p, ours, other, budget) for p in shared}
        of_means = [results.ratio(p, ours, other, budget, floored=False) for p in shared]
        by_group = [[ratio for p, ratio in ratios.items() if results.groups[p] == group] for group in groups]
        won, lost = sum(r < 1 for r in ratios.values()), sum(r > 1 for r in ratios.values())
        sure = {p: r for p, r in ratios.items() if results.p_value(p, ours, other, budget) < stats.SIGNIFICANT}
        sign = stats.sign_test(won, lost)
        rows.append(
            [
                f"{budget:,}",
                *(f"{stats.geometric_mean(of):.3f}" if of else "" for of in by_group),
                f"{stats.geometric_mean(list(ratios.values())):.3f}",
                f"{stats.geometric_mean(of_means):.3f}",
                f"{sum(any(results.is_solved(p, c, budget) for c in (ours, other)) for p in shared)}",
                f"{won} of {won + lost}: {stats.verdict(sign, won > lost)} (p = {sign:.2g})",
                f"{sum(r < 1 for r in sure.values())}, {sum(r > 1 for r in sure.values())}",
            ]
        )
        worse = [f"{p} ({ratio:.2f})" for p, ratio in sure.items() if ratio > 1]
    n = len(results.problems(ours, other))
    what = "Regret" if results.measure == "value" else "With noise, regret of the point that was seen to be best,"
    return Table(
        f"{what} of {ours} over that of {other}: geometric means over {counted(n, 'problem')} and seeds; below 1 it is "
        "better.",
        ["evaluations", *groups, "all", "of means", "floored", "problems won", "significantly better, worse"],
        rows,
        [
            f"Significantly worse at the last budget: {', '.join(worse) or 'none'}.",
        ],
    )


def ranked(results: Results) -> Table:
    """Rank all contenders over the problems that all of them ran."""
    shared, scores = results.scores()
    ranks = stats.mean_ranks(scores)
    difference = stats.critical_difference(len(results.contenders), len(shared))
    p_value, best = stats.friedman(scores), float(ranks.min())
    rows = [
        [name, f"{rank:.2f}", "" if rank == best else "behind" if rank - best > difference else "not significant"]
        for rank, name in sorted(zip(ranks.tolist(), results.contenders, strict=True))
    ]
    told = "so the contenders differ" if p_value < stats.SIGNIFICANT else "which is not significant"
    is_told = bool(ranks.max() - best > difference) == (p_value < stats.SIGNIFICANT)
    friedman = "" if is_told else f" Friedman's test: p = {p_value:.2g}, {told}."
    return Table(
        f"Mean ranks over the {len(shared)} problems that all ran, each at its last budget.",
        ["contender", "mean rank", "against the first"],
        rows,
        [f"Nemenyi's critical difference at {stats.SIGNIFICANT}: {difference:.2f} (Demsar 2006).{friedman}"],
    )


def by_problem(results: Results) -> Table:
    """Give the first contender's regret on every problem, and its ratio to that of each of the others."""
    ours, *others = results.contenders
    rows = []
    for problem in results.problems(ours):
        budget = results.end(problem, *[c for c in results.contenders if (problem, c) in results.curves])
        cells = [_ratio_in_words(results, problem, ours, other, budget) for other in others]
        n_seeds = len(results.curves[problem, ours])
        is_solved = results.is_solved(problem, ours, budget)
        score = f"<= {FLOOR:g}" if is_solved else f"{results.score(problem, ours, budget):.2e}"
        rows.append([problem, f"{budget:,}", f"{n_seeds}", score, *cells])
    return Table(
        f"Regret of {ours} (1 = one random trial) at the end of each problem, and its ratio to that of the others.",
        ["problem", "evaluations", "seeds", ours, *others],
        rows,
    )


def _ratio_in_words(results: Results, problem: str, ours: str, other: str, budget: int) -> str:
    if (problem, other) not in results.curves:
        return "-"
    if all(results.is_solved(problem, c, budget) for c in (ours, other)):
        return "both at the floor"
    ratio = results.ratio(problem, ours, other, budget)
    p_value = results.p_value(problem, ours, other, budget)
    return f"{ratio:.3f} {stats.verdict(p_value, results.is_better(ratio))}"


# --- several objectives ----------------------------------------------------------------------------------------------


def fronts(runs: Sequence[Run], contenders: Sequence[str], budgets: Sequence[int]) -> Section:
    """Say how much of the box is dominated."""
    tables = []
    for measure in ("far", "near"):
        results = Results(runs, measure, contenders, budgets)
        tables += [_shares_compared(results, contenders[0], other) for other in contenders[1:]]
        tables.append(_shares(results))
        if measure == "far" and len(contenders) > 2 and len(results.problems()) > 1:
            tables.append(ranked(results))
    return Section("Fronts", tables, ["hypervolume", "fronts"], _significance(results))


def _shares_compared(results: Results, ours: str, other: str) -> Table:
    rows = []
    for budget in results.budgets(ours, other):
        shared = results.problems(ours, other, budget=budget)
        ratios = {p: results.ratio(p, ours, other, budget) for p in shared}
        sure = [r for p, r in ratios.items() if results.p_value(p, ours, other, budget) < stats.SIGNIFICANT]
        ratio = stats.geometric_mean(list(ratios.values()))
        won, lost = sum(r > 1 for r in ratios.values()), sum(r < 1 for r in ratios.values())
        sign = stats.sign_test(won, lost)
        rows.append(
            [
                f"{budget:,}",
                f"{len(shared)}",
                f"{ratio:.3f}",
                f"{won} of {won + lost}: {stats.verdict(sign, won > lost)} (p = {sign:.2g})",
                f"{sum(r > 1 for r in sure)}, {sum(r < 1 for r in sure)}",
            ]
        )
    return Table(
        f"Hypervolume of {ours} over that of {other}, up to the {results.measure} reference point: geometric means "
        f"over problems of (mean share of the box + {LEAST}); above 1 {ours} is better.",
        ["evaluations", "problems", "ratio", "problems won", "significantly better, worse"],
        rows,
    )


def _shares(results: Results) -> Table:
    ours = results.contenders[0]
    rows = []
    for problem in results.problems(ours):
        present = [c for c in results.contenders if (problem, c) in results.curves]
        budget = results.end(problem, *present)
        cells = {c: _share_in_words(results, problem, ours, c, budget) for c in present}
        rows.append([problem, f"{budget:,}", *(cells.get(c, "-") for c in results.contenders)])
    return Table(
        f"Share of the box up to the {results.measure} reference point that is dominated: mean ± standard error over "
        f"seeds, and how {ours} compares (Mann-Whitney).",
        ["problem", "evaluations", *results.contenders],
        rows,
    )


def _share_in_words(results: Results, problem: str, ours: str, other: str, budget: int) -> str:
    shares = results.at(problem, other, budget)
    error = shares.std(ddof=1) / np.sqrt(len(shares)) if len(shares) > 1 else 0.0
    told = f"{shares.mean():.4f} ± {error:.4f}"
    if other == ours:
        return told
    is_better = bool(results.at(problem, ours, budget).mean() > shares.mean())
    return f"{told} ({stats.verdict(results.p_value(problem, ours, other, budget), is_better)})"


# --- training by steps -----------------------------------------------------------------------------------------------


def fidelities(runs: Sequence[Run], contenders: Sequence[str], budgets: Sequence[int]) -> Section:
    """Say what the same number of training steps comes to."""
    tables, fewest = [], []
    for problem in dict.fromkeys(run.job.problem for run in runs):
        of = {c: by_seed([run for run in runs if run.job[:2] == (problem, c)]) for c in contenders}
        of = {c: runs_of for c, runs_of in of.items() if runs_of}
        tables.append(_losses(problem, of))
        names = list(of)
        reference = next((c for c in names if c.startswith("optuna-")), names[0])
        if len(names) > 1:
            tables.append(_losses_compared(of, reference))
            fewest.append(min(map(len, of.values())))
    few = "Too few seeds to call a difference: Wilcoxon's test takes six."
    return Section("Training by steps", tables, ["losses"], [few] if min(fewest, default=6) < 6 else [])


def by_seed(runs: Sequence[Run]) -> list[Run]:
    """Sort runs by their seeds."""
    return sorted(runs, key=lambda run: run.job.seed)


def _losses(problem: str, of: dict[str, list[Run]]) -> Table:
    rungs = [3**k for k in range(5)]
    rows = []
    for name, runs in of.items():
        low, middle, high = np.quantile([run.told["value"][-1][1] for run in runs], [0.25, 0.5, 0.75])
        test = np.median([run.told["test"][-1][1] for run in runs])
        reached = [np.mean([sum(n >= rung for n in run.told["trained"]) for run in runs]) for rung in rungs]
        counts = [f"{mean:.1f}" for mean in reached]
        rows.append([name, f"{len(runs)}", f"{middle:.4f}", f"{low:.3f} - {high:.3f}", f"{test:.4f}", *counts])
    budget = min(run.job.budget for runs in of.values() for run in runs)
    return Table(
        f"{problem}, {budget:,} steps in all: the lowest validation loss that any training had after any step, what "
        "one would deploy from a checkpoint; medians over seeds.",
        ["contender", "seeds", "validation", "quartiles", "test", *(f"trials to {rung}" for rung in rungs)],
        rows,
    )


def _losses_compared(of: dict[str, list[Run]], reference: str) -> Table:
    budget = min(run.job.budget for runs in of.values() for run in runs)
    curves = {c: {run.job.seed: run.curve("value", budget) for run in runs} for c, runs in of.items()}
    level = float(np.median([curve[-1] for curve in curves[reference].values()]))
    rows = []
    for name in [name for name in of if name != reference]:
        seeds = sorted(curves[name].keys() & curves[reference].keys())
        a, b = (np.array([curves[c][seed][-1] for seed in seeds]) for c in (name, reference))
        share = stats.reached(np.median(list(curves[name].values()), axis=0), level)
        won, lost = int((a < b).sum()), int((a > b).sum())
        p_value = stats.wilcoxon(a, b) if len(seeds) else 1.0
        words = f"{won} of {won + lost}: {stats.verdict(p_value, won > lost)} (p = {p_value:.2g})"
        rows.append([name, f"{share:.2f}" if np.isfinite(share) else "never", words])
    return Table(
        f"Against {reference}: the share of the steps to its final median, and seeds won (Wilcoxon).",
        ["contender", "share of the steps", "seeds won"],
        rows,
    )


# --- time ------------------------------------------------------------------------------------------------------------


def sampler_times(runs: Sequence[Run], contenders: Sequence[str]) -> Section:
    """Say what the samplers themselves took."""
    rows = []
    for name in contenders:
        of = [run for run in runs if run.job.contender == name and run.kind != "fidelity"]
        if of:
            per_trial = [1e3 * run.told["sampler"][-1][1] / run.told["sampler"][-1][0] for run in of]
            share = sum(run.told["sampler"][-1][1] for run in of) / max(sum(run.seconds for run in of), 1e-9)
            rows.append([name, f"{len(of)}", f"{np.median(per_trial):.3f}", f"{max(per_trial):.3f}", f"{share:.0%}"])
    return Section(
        "Time of the samplers",
        [
            Table(
                "Milliseconds between two evaluations, mean over a run: the median and the largest of the runs. As "
                "they come, with what is loaded and compiled meanwhile.",
                ["contender", "runs", "median", "largest", "share of the run"],
                rows,
                ["Runs side by side on a busy machine take longer. `parzen bench speed` measures times by themselves."],
            )
        ],
        ["times"],
    )
