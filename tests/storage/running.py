"""Processes that begin at one moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

WORKER = Path(__file__).with_name("sqlite_worker.py")


def start_together(commands: Sequence[Sequence[str]]) -> list[subprocess.Popen[str]]:
    """Start `sqlite_worker.py` with each command line, and let all of them loose once all are ready."""
    workers = [
        subprocess.Popen(
            [sys.executable, str(WORKER), *command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for command in commands
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    return workers


def run_together(commands: Sequence[Sequence[str]]) -> list[list[str]]:
    """Run workers to their end, and give the lines that each printed."""
    outputs = [worker.communicate(timeout=120) for worker in start_together(commands)]
    assert [error for _, error in outputs] == [""] * len(commands)
    return [output.splitlines() for output, _ in outputs]
