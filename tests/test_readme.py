"""The programs of the README and of the docs run as they stand; what the pages name is there."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import parzen

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
TO_BE_WRITTEN = {"samplers/my_idea.py", "pruners/my_idea.py"}  # by a reader of CONTRIBUTING.md


def programs(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)


RUN = [
    "README.md",
    "docs/index.md",
    "docs/howto-loop.md",
    "docs/howto-race.md",
    "docs/howto-research.md",
    "docs/pruning.md",
    "docs/sequences.md",
    "docs/pbt.md",
]


def test_there_are_programs() -> None:
    assert [len(programs(page)) for page in RUN] == [3, 1, 4, 1, 2, 1, 2, 1]


@pytest.mark.parametrize(("page", "program"), [(page, program) for page in RUN for program in programs(page)])
def test_program_runs(page: str, program: str, tmp_path: Path) -> None:
    """One that keeps its study runs twice, since it resumes it."""
    for _ in range(2 if "storage" in program else 1):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "best" in done.stderr.lower() or done.stdout.strip()


# What the programs of the other pages take for granted.
PRELUDE = """
import os
import parzen
parzen.logging.set_verbosity(parzen.logging.WARNING)
def objective(trial):
    x, lr = trial.suggest_float("dropout", 0, 1), trial.suggest_float("lr", 1e-4, 1, log=True)
    return x + lr + trial.suggest_float("learning_rate", 0, 1)
study, another = parzen.create_study(), parzen.create_study()
for each in (study, another):
    each.optimize(objective, n_trials=8)
os.mkdir("artifacts")
"""
PARTS = ["importance", "plots", "report", "stopping", "watch"]
FRAGMENTS = [*(f"docs/analysis-{part}.md" for part in PARTS), "docs/cmaes.md", "docs/default.md", "docs/storage.md"]
NEEDS = {"docs/analysis-plots.md": ["plotly", "matplotlib"], "docs/storage.md": ["sqlalchemy", "grpc"]}


@pytest.mark.parametrize("page", FRAGMENTS)
def test_fragments_run(page: str, tmp_path: Path) -> None:
    for name in NEEDS.get(page, []):
        pytest.importorskip(name)
    command = [sys.executable, "-W", "error", "-c", PRELUDE + "\n".join(programs(page))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_page_with_programs_is_run() -> None:
    # Below and in test_problems.py; in test_optuna_inside.py; in test_ray_itself.py. That of
    # docs/distributed.md is a line of examples/executors.py.
    elsewhere = ["CONTRIBUTING.md", "docs/distributed.md", "docs/optuna.md", "docs/ray.md"]
    assert sorted(page for page in PAGES if programs(page)) == sorted([*RUN, *FRAGMENTS, *elsewhere])


def test_the_sampler_of_contributing_samples() -> None:
    program = textwrap.dedent(next(text for text in programs("CONTRIBUTING.md") if "MyIdeaSampler" in text))
    program = program.replace("from ..", "from parzen.").replace("from .base", "from parzen.samplers.base")
    found: dict[str, Any] = {}
    exec(program, found)
    study = parzen.create_study(sampler=found["MyIdeaSampler"](seed=1))
    study.optimize(lambda trial: trial.suggest_float("lr", 1e-3, 1, log=True), n_trials=3)
    assert 1e-3 <= study.best_value <= 1


@pytest.mark.parametrize("page", PAGES)
def test_lines_can_be_read(page: str) -> None:
    lines = re.sub("<!--.*?-->", "", (ROOT / page).read_text()).splitlines()
    assert [line for line in lines if len(line) > 150 or "@@" in line] == []  # @@: a figure that was not filled in
    assert page != "README.md" or len(lines) < 110


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    """Files in backticks, from the root; files that are linked to, from the page; programs run as modules."""
    text = (ROOT / page).read_text()
    named = {ROOT / name for name in re.findall(r"`((?:\w+/)+\w+\.py)`", text) if name not in TO_BE_WRITTEN}
    named |= {ROOT / name for name in re.findall(r"python ((?:\w+/)+\w+\.py)", text)}
    for name in re.findall(r"python -m parzen\.([\w.]+)", text):
        place = ROOT / name.replace(".", "/")
        named.add(place / "__main__.py" if place.is_dir() else place.with_suffix(".py"))
    named |= {(ROOT / page).parent / name for name in re.findall(r"\]\(([\w./]+)[)#]", text)}
    assert [path for path in sorted(named) if not path.exists()] == []
