"""The programs of the README and of docs/pruning.md run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def programs(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)


def test_there_are_programs() -> None:
    assert (len(programs("README.md")), len(programs("docs/pruning.md"))) == (4, 1)


@pytest.mark.parametrize("program", programs("README.md") + programs("docs/pruning.md"))
def test_program_runs_twice(program: str, tmp_path: Path) -> None:
    """Twice, since the first one resumes its study."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "best" in done.stderr.lower() or done.stdout.strip()


def test_no_figure_is_pending() -> None:
    assert "@@" not in (ROOT / "README.md").read_text()
