"""The house read off its sources: rooms, floors, and the arrows between files.

    python tests/house.py    # writes the table of rooms into CONTRIBUTING.md

A room is a folder with an `__init__.py`; the floor that it stands on is the folder's, so no file is named here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- rooms: written by tests/house.py -->\n", "<!-- end of rooms -->\n"

# From the top down; arrows go down. A folder that is not listed stands on the floor of the one that it lies in.
FLOORS = (
    ("api/cli",),
    ("benchmarks", "examples"),
    ("api",),
    ("integration",),
    ("analysis",),
    ("engine/study",),
    ("samplers", "pruners", "storage"),
    ("engine/history",),
    ("engine/records",),
    ("engine/distributions",),
    ("engine/kernels",),
    ("engine",),
)
LEVEL = {room: len(FLOORS) - level for level, rooms in enumerate(FLOORS) for room in rooms}
TOPS = sorted({room.split("/")[0] for room in LEVEL})

Arrow = tuple[str, str]


def sources() -> list[str]:
    """List the source files by their paths under the root."""
    return [path.relative_to(ROOT).as_posix() for top in TOPS for path in sorted((ROOT / top).rglob("*.py"))]


def floor_of(path: str) -> str:
    """Give the folder of `FLOORS` on which a file stands: the deepest that it lies in."""
    folder = path
    while folder not in LEVEL:
        folder = folder.rpartition("/")[0]
    return folder


def room_of(path: str) -> str:
    """Give the folder in which a file lies."""
    return path.rpartition("/")[0]


def imports_in(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Give (level, module, names) of every import in a text, at whatever depth, those for type checkers included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]


def arrows_from(path: str, text: str, files: set[str]) -> Iterator[str]:
    """Give the files that a file imports from, or names of; a package is its `__init__.py`."""
    for level, module, names in imports_in(text):
        dots = module.split(".") if module else []
        if level:
            folder = path.split("/")[:-1]
            parts = folder[: len(folder) - level + 1] + dots
        elif dots[0] == "parzen":
            parts = dots[1:]
            if not parts or _file(["api", *parts], files):  # `api` alone is `parzen` itself
                parts = ["api", *parts]
        else:
            continue
        for name in names or [None]:
            found = (_file([*parts, name], files) if name else None) or _file(parts, files)
            if found is None:
                raise LookupError(f"{path} imports {module}.{name}, which is no file of the project.")
            yield found


def _file(parts: list[str], files: set[str]) -> str | None:
    stem = "/".join(parts)
    return next((file for file in (f"{stem}.py", f"{stem}/__init__.py") if file in files), None)


def arrows() -> set[Arrow]:
    """Give every (importing file, imported file)."""
    files = set(sources())
    return {
        (path, target)
        for path in files
        for target in arrows_from(path, (ROOT / path).read_text(), files)
        if target != path
    }


def upward(graph: Iterable[Arrow]) -> list[Arrow]:
    """Give the arrows that go up, or sideways to another room of the same floor."""
    return sorted(
        (a, b)
        for a, b in graph
        if floor_of(a) != floor_of(b) and LEVEL[floor_of(b)] >= LEVEL[floor_of(a)]
    )  # fmt: skip


def in_circles(graph: Iterable[Arrow]) -> set[str]:
    """Give the files from which arrows lead round and back, and those between circles: what peeling leaves over."""
    left = set(graph)
    while True:
        ends = {a for a, _ in left} & {b for _, b in left}
        kept = {(a, b) for a, b in left if a in ends and b in ends}
        if kept == left:
            return ends
        left = kept


def table() -> str:
    """Draw the rooms, floor by floor from the top down, with what the first lines of their docstrings say."""
    rooms = [room_of(path) for path in sources() if path.endswith("/__init__.py")]
    rows = ["| floor | room | what is in it |", "| --- | --- | --- |"]
    for room in sorted(rooms, key=lambda room: (-LEVEL[floor_of(room)], room)):
        text = (ROOT / room / "__init__.py").read_text()
        sentence = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].replace("\n", " ")
        rows.append(f"| {LEVEL[floor_of(room)]} | `{room}/` | {sentence} |")
    return "\n".join(rows) + "\n\n" + arrows_drawn()


def arrows_drawn() -> str:
    """Draw the arrows between floors: a mark in the column of each floor that a floor imports."""
    found = {(floor_of(a), floor_of(b)) for a, b in arrows()}
    floors = [room for rooms in FLOORS for room in rooms if any(room in pair for pair in found)]
    width = max(map(len, floors))
    lines = [f"{' ' * width}  imports", *(f"{room:{width}}  " for room in floors)]
    for i, below in enumerate(floors):
        for row, room in enumerate(floors):
            lines[row + 1] += " o" if (room, below) in found and room != below else " \\" if row == i else " ."
    lines[0] += " (columns as rows)"
    return "```text\n" + "\n".join(lines) + "\n```\n"


def drawn() -> str:
    """Give CONTRIBUTING.md with today's table."""
    before, rest = CONTRIBUTING.read_text().split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    CONTRIBUTING.write_text(drawn())
