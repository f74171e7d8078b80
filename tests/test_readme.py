"""The README's programs run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
PROGRAMS = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_there_are_programs() -> None:
    assert len(PROGRAMS) == 3


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_runs_twice(program: str, tmp_path: Path) -> None:
    """Twice, since the first one resumes its study."""
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "best" in done.stderr.lower() or done.stdout.strip()


def test_no_figure_is_pending() -> None:
    assert "@@" not in README.read_text()
