"""What the races came to: a table in Markdown, and a picture of the loss against the epochs drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read(path: Path) -> list[dict[str, Any]]:
    """Read the runs."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write(path: Path) -> None:
    """Report on the runs."""
