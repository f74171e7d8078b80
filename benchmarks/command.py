"""The command: which problems, contenders, seeds and budgets; run what is missing, and report."""

from __future__ import annotations

import argparse
import os
import pkgutil
import runpy
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from parzen.benchmarks import contenders, problems
from parzen.benchmarks.problem import Problem
from parzen.benchmarks.runs import Job, MixedRuns, Run, Store, counted

USUAL = ("functions", "mixed", "conditional")
QUICK = (
    "branin", "hartmann-i00-d06", "ackley-i00-d05", "ellipsoid-i00-d05", "rastrigin-i00-d05", "sphere-noisy-i00-d05",
    "levy-failing", "network", "choices", "classifier", "pipeline", "zdt1", "dtlz2-mixed", "digits-network",
)  # fmt: skip
QUICK_CONTENDERS = {
    "value": ("parzen", "optuna", "random"),
    "front": ("parzen", "parzen-nsgaii", "optuna-nsgaii"),
    "fidelity": ("parzen", "parzen-asha", "optuna-hyperband"),
}
QUICK_BUDGETS = {"value": 60, "front": 100, "fidelity": 243}
MOST_SHOWN = 5  # damaged lines

DESCRIPTION = """Compare samplers and pruners in the same number of evaluations.

Every finished run is appended to OUT/runs.jsonl, and not made again: stop it when you like, go on later, add
contenders, problems and seeds. Then the report is written beside it: report.md, report.html and pictures."""
EXAMPLES = """examples:
  parzen bench --quick                                       a first look, in less than three minutes
  parzen bench --problems functions '*-noisy-*' --contenders parzen optuna optuna:GPSampler --seeds 10 --jobs 4
  parzen bench --problems zdt1 dtlz2 --contenders parzen-nsgaii pymoo-nsgaii --budgets 300 1000
  parzen bench speed                                         what measures times; speed NAME runs one of them"""


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    Attributes
    ----------
    words
        What stands for the problems on the command line; none: the usual ones.
    contenders
        Names; none: those that race by default on problems of a kind, and are installed.
    seeds
        Of the runs; none: as many as are usual.
    budgets
        At which the report looks; none: each problem's own.
    quick
        Whether budgets are those of a first look.
    """

    words: list[str]
    contenders: list[str]
    seeds: range | None = None
    budgets: list[int] = field(default_factory=list)
    quick: bool = False

    @property
    def all_seeds(self) -> range:
        """The seeds of the runs that are made."""
        return self.seeds or range(3 if self.quick else 5)

    def takes(self, run: Run) -> bool:
        """Tell whether a stored run is of the selection; what is not given takes all."""
        return (
            (not (self.words or self.quick) or run.job.problem in self.problems)
            and (not self.contenders or run.job.contender in self.contenders)
            and (self.seeds is None or run.job.seed in self.seeds)
        )

    @cached_property
    def problems(self) -> list[str]:
        """Names of the problems. Raise ``LookupError`` where a word stands for none."""
        return problems.select(self.words or (QUICK if self.quick else USUAL))

    def budget(self, problem: Problem) -> int:
        """Give the evaluations of a run."""
        return max(self.budgets, default=QUICK_BUDGETS[problem.kind] if self.quick else problem.budget)

    def usual(self, problem: Problem) -> list[str]:
        """Give who races on a problem unless others are named."""
        if self.quick:
            return list(QUICK_CONTENDERS[problem.kind])
        return [name for name, contender in contenders.CONTENDERS.items() if problem.kind in contender.default]

    def jobs(self) -> tuple[list[Job], list[str]]:
        """List the runs, seed by seed, and say what is left out and why."""
        left_out: dict[str, int] = {}
        pairs = []
        for name in self.problems:
            try:
                problem = problems.find(name)
            except ImportError as error:
                lacking = f'{error.name} is missing, pip install "parzen[bench]"'
                left_out[lacking] = left_out.get(lacking, 0) + 1
                continue
            for contender in map(contenders.find, self.contenders or self.usual(problem)):
                reason = contender.missing() or contender.refuses(problem)
                if reason:
                    left_out[reason] = left_out.get(reason, 0) + 1
                else:
                    pairs.append((name, contender.name, self.budget(problem)))
        jobs = [Job(name, who, seed, budget) for seed in self.all_seeds for name, who, budget in pairs]
        return jobs, [f"Left out on {counted(n, 'problem')}: {reason}" for reason, n in left_out.items()]

    def command(self, report: bool = False) -> str:
        """Give the command that makes these runs, or a report on those that are there."""
        words = ["parzen", "bench", *(["--report"] if report else []), *(["--quick"] if self.quick else [])]
        for option, values in (("problems", self.words), ("contenders", self.contenders), ("budgets", self.budgets)):
            if values:
                words += [f"--{option}", *map(str, values)]
        if self.seeds or not report:
            words += ["--seeds", str(len(self.all_seeds)), "--first-seed", str(self.all_seeds.start)]
        return shlex.join(words)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = argparse.ArgumentParser(
        "parzen bench", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--list", action="store_true", help="list problems and contenders, and what they need")
    made.add_argument("--quick", action="store_true", help="a few problems, contenders and evaluations of each kind")
    made.add_argument(
        "--problems",
        nargs="+",
        metavar="WORD",
        help=f"groups, functions, names or patterns (default: {' '.join(USUAL)})",
    )
    made.add_argument("--contenders", nargs="+", metavar="NAME", help="the first is compared with each of the others")
    made.add_argument("--seeds", type=at_least(1), help="number of seeds (default: 5, quick: 3)")
    made.add_argument("--first-seed", type=at_least(0), default=0, metavar="SEED")
    made.add_argument(
        "--budgets",
        nargs="+",
        type=at_least(1),
        metavar="N",
        help="evaluations, of steps where there are steps (default: each problem's)",
    )
    made.add_argument(
        "--out", type=Path, default=Path("parzen-bench"), help="folder of runs and report (default: %(default)s)"
    )
    made.add_argument(
        "--jobs",
        type=at_least(1),
        default=max((os.cpu_count() or 2) // 2, 1),
        help="number of processes (default: %(default)s)",
    )
    made.add_argument("--mix", action="store_true", help="take runs of different versions, code or machines together")
    made.add_argument(
        "--report", action="store_true", help="run nothing, report on what is there, or on what is selected of it"
    )
    return made


def at_least(least: int) -> Callable[[str], int]:
    """Make what reads a whole number of an argument."""

    def read(text: str) -> int:
        if not text.strip().lstrip("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} on, but got {text!r}")
        return int(text)

    return read


def check_folder(folder: Path) -> None:
    """Raise ``OSError`` if runs cannot be stored in a folder, which need not be there."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"Expected a folder for --out, but {there} is a file. Give another one.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(f"Expected to write to the folder of --out, but {there} is closed. Give another one.")


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Turn arguments into a plan. Raise ``LookupError`` if a contender is unknown."""
    quick = arguments.quick
    who = list(dict.fromkeys(arguments.contenders or ()))
    for name in who:
        contenders.find(name)
    seeds = None
    if arguments.seeds is not None or arguments.first_seed:
        n_seeds = arguments.seeds or (3 if quick else 5)
        seeds = range(arguments.first_seed, arguments.first_seed + n_seeds)
    return Plan(arguments.problems or [], who, seeds, sorted(arguments.budgets or []), quick)


def main(args: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    args
        Arguments without the program's name; those of the process if None.

    Returns
    -------
    code
        0 done; 1 refused, or some runs failed; 2 wrong usage; 130 interrupted.
    """
    words = list(sys.argv[1:] if args is None else args)
    if words[:1] == ["speed"]:
        return speed(words[1:])
    arguments = parser().parse_args(words)
    if arguments.list:
        print("\n".join(listing()))
        return 0
    try:
        check_folder(arguments.out)
        return race(plan_of(arguments), arguments)
    except (LookupError, ImportError, MixedRuns, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted. What is finished is in {arguments.out}; the same command goes on.", file=sys.stderr)
        return 130


def race(plan: Plan, arguments: argparse.Namespace) -> int:
    """Run what is missing, and report; or report on what is there."""
    store = Store(arguments.out / "runs.jsonl")
    for damage in store.damaged[:MOST_SHOWN]:
        print(damage, file=sys.stderr)
    if len(store.damaged) > MOST_SHOWN:
        print(f"So are {len(store.damaged) - MOST_SHOWN:,} more.", file=sys.stderr)
    if arguments.report:
        runs = [run for run in store.runs if plan.takes(run)]
        if not runs:
            found = f"{len(store.runs):,} others" if store.runs else "none"
            raise LookupError(
                f"Expected runs{' of this selection' if store.runs else ''} to report on in {store.path}, but found "
                f"{found}. Run the command without --report, or give the --out of another campaign."
            )
        if not arguments.mix:
            store.check(runs)
        print(write_report(runs, store, plan, arguments))
        return 0
    jobs, notes = plan.jobs()
    for note in notes:
        print(note, file=sys.stderr)
    wanted = {job[:3] for job in jobs}
    if not arguments.mix:
        store.check([run for run in store.runs if run.job[:3] in wanted], also_here=True)
    failures = store.fill(store.missing(jobs), arguments.jobs) if jobs else []
    told = in_words(failures)
    for note in told:
        print(note, file=sys.stderr)
    runs = [run for run in store.runs if run.job[:3] in wanted]
    if not runs:
        raise LookupError("Expected runs to report on, but none was made, for the reasons above. See also --list.")
    print(write_report(runs, store, plan, arguments, [*notes, *told]))
    return 1 if failures else 0


def in_words(failures: list[tuple[Job, str]]) -> list[str]:
    """Say what failed, the same failure of a contender once."""
    jobs: dict[tuple[str, str], list[Job]] = {}
    for job, reason in failures:
        jobs.setdefault((job.contender, reason), []).append(job)
    return [
        f"Failed: {who} in {counted(len(of), 'run')}, on {counted(len({job.problem for job in of}), 'problem')}, first "
        f"{of[0].problem} with seed {of[0].seed}: {reason}"
        for (who, reason), of in jobs.items()
    ]


def write_report(
    runs: list[Run], store: Store, plan: Plan, arguments: argparse.Namespace, notes: Sequence[str] = ()
) -> str:
    """Write report.md, report.html and pictures into a folder; say in a few lines what was written."""
    from parzen.benchmarks import render
    from parzen.benchmarks.report import report

    folder, present = arguments.out, dict.fromkeys(run.job.contender for run in runs)
    order = plan.contenders or sorted(present, key=[*contenders.CONTENDERS, *present].index)
    environments = [store.environments[name] for name in dict.fromkeys(run.environment for run in runs)]
    made = report(runs, environments, order, plan.command(arguments.report), plan.budgets, notes)
    try:
        from parzen.benchmarks.drawing import draw

        pictures = draw(runs, order, folder)
    except ImportError as error:
        pictures = {}
        print(error.args[0], file=sys.stderr)
    (folder / "report.md").write_text(render.markdown(made, pictures))
    (folder / "report.html").write_text(render.page(made, pictures))
    first = "\n\n".join(
        f"{table.caption}\n\n{render.markdown_table(table)}" for s in made.sections for table in s.tables[:1]
    )
    files = f"{folder / 'report.html'}, {folder / 'report.md'}, {counted(len(pictures), 'picture')}"
    return f"{first}\n\n{counted(len(runs), 'run')}: {files}."


def listing() -> list[str]:
    """List problems by group, contenders, and what is missing."""
    by_group: dict[str, list[str]] = {}
    for name, group in problems.listed().items():
        by_group.setdefault(group, []).append(name)
    lines = ["Problems, by group; functions without a fixed instance have any instance and dimension:"]
    for group, names in by_group.items():
        lines += [f"  {group}", *(f"    {name}" for name in names)]
    lines.append("Contenders; also library:Sampler, as optuna:GPSampler or parzen:DEHBSampler, and hub:samplers/NAME:")
    for name, contender in contenders.CONTENDERS.items():
        lines.append(f"  {name:28}{', '.join(contender.kinds):24}{contender.missing() or ''}".rstrip())
    return lines


def speed(words: list[str]) -> int:
    """Run a module of the folder ``speed`` that measures times, with its own arguments; without a name list them."""
    folder = Path(__file__).parent / "speed"
    names = [found.name for found in pkgutil.iter_modules([str(folder)]) if found.name != "timing"]
    if not words or words[0] not in names:
        print(
            f"Give one of: {', '.join(names) or 'none is there'}. Each says with --help what it measures.",
            file=sys.stderr,
        )
        return 2 if words else 0
    before, sys.argv = sys.argv, [f"parzen bench speed {words[0]}", *words[1:]]
    try:
        runpy.run_module(f"parzen.benchmarks.speed.{words[0]}", run_name="__main__")
    finally:
        sys.argv = before
    return 0
