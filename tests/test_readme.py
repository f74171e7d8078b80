"""The programs of the README, of docs/pruning.md and of docs/pbt.md run as they stand; what the pages name is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))]
TO_BE_WRITTEN = {"samplers/my_idea.py", "pruners/my_idea.py"}  # by a reader of CONTRIBUTING.md


def programs(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)


def test_there_are_programs() -> None:
    assert [len(programs(page)) for page in ("README.md", "docs/pruning.md", "docs/pbt.md")] == [4, 1, 1]


@pytest.mark.parametrize("program", programs("README.md") + programs("docs/pruning.md") + programs("docs/pbt.md"))
def test_program_runs_twice(program: str, tmp_path: Path) -> None:
    """Twice, since the first one resumes its study."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "best" in done.stderr.lower() or done.stdout.strip()


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
    named |= {ROOT / f"{name.replace('.', '/')}.py" for name in re.findall(r"python -m parzen\.([\w.]+)", text)}
    named |= {(ROOT / page).parent / name for name in re.findall(r"\]\(([\w./]+)[)#]", text)}
    assert [path for path in sorted(named) if not path.exists()] == []
