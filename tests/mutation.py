"""Plants small faults at random, and tells which of them no test of their room notices.

    pip install coverage pytest-cov
    python tests/mutation.py --faults 200 --seed 1

A fault changes one operator, constant, comparison or condition of one function. The tests that run its line run until
one fails. Coverage finds them once; it does not see compiled code, for which all tests of the room run. The file is put
back after each fault, so run this in a checkout of your own that is installed by ``pip install -e .``.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The tests of a room: those of the first entry that is a beginning of the file's path.
TESTS = {
    "analysis/": ["tests/analysis"],
    "api/cli/": ["tests/test_cli.py", "tests/test_cli_storage.py"],
    "engine/kernels/": ["tests/engine/kernels", "tests/samplers"],
    "engine/": ["tests/engine", "tests/contract", "tests/samplers", "tests/pruners"],
    "pruners/": ["tests/pruners", "tests/contract/test_pruners.py", "tests/contract/test_pausing_pruners.py"],
    "samplers/": ["tests/samplers", "tests/contract/test_samplers.py"],
    "storage/": ["tests/storage", "tests/contract/test_storages.py"],
}
OTHER = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.USub: ast.UAdd, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Give what a node may be changed into."""
    changed = copy.deepcopy(node)
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.UnaryOp)) and type(node.op) in OTHER:
        changed.op = OTHER[type(node.op)]()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
        changed.ops[0] = OTHER[type(node.ops[0])]()
        yield changed
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value * 2 if node.value else -1)
    elif isinstance(node, ast.IfExp):
        changed.test = ast.UnaryOp(ast.Not(), node.test)
        yield changed


def faults(path: Path) -> Iterator[tuple[int, str, str]]:
    """Give (line, description, whole changed source) of every fault that can be planted in a file's functions."""
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    tree = ast.parse(text)
    skipped = {
        id(part)
        for node in ast.walk(tree)
        for whole in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if whole is not None
        for part in ast.walk(whole)
    }
    for function in ast.walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for node in (part for statement in function.body for part in ast.walk(statement)):
            if id(node) in skipped or not isinstance(node, ast.expr) or node.lineno != node.end_lineno:
                continue
            line = lines[node.lineno - 1].encode()
            start, end = node.col_offset, node.end_col_offset
            for change in changes(node):
                new = f"({ast.unparse(ast.fix_missing_locations(change))})".encode()
                changed = [*lines[: node.lineno - 1], (line[:start] + new + line[end:]).decode(), *lines[node.lineno :]]
                yield node.lineno, f"{line[start:end].decode()} -> {new.decode()}", "".join(changed)


def tests_of(path: str) -> list[str]:
    """Give the tests of a file's room."""
    return next(tests for room, tests in TESTS.items() if path.startswith(room))


def run(tests: list[str], *options: str, timeout: float | None = None) -> bool:
    """Tell whether tests pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow and not bench", "-p", "no:cacheprovider", *options]
    try:
        done = subprocess.run([*command, *tests], cwd=ROOT, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def covering(data: Path) -> dict[tuple[str, int], list[str]]:
    """Give the tests that run a line, by file and line."""
    import coverage

    found: dict[tuple[str, int], list[str]] = {}
    measured = coverage.CoverageData(basename=str(data))
    measured.read()
    for file in measured.measured_files():
        path = Path(file).relative_to(ROOT).as_posix()
        for line, contexts in measured.contexts_by_lineno(file).items():
            found[path, line] = sorted({context.partition("|")[0] for context in contexts} - {""})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", nargs="*", default=list(TESTS), help="beginnings of paths")
    parser.add_argument("--coverage", type=Path, default=ROOT / ".coverage", help="kept; delete it to measure anew")
    arguments = parser.parse_args()
    if not arguments.coverage.exists():
        wanted = sorted({test for tests in TESTS.values() for test in tests})
        run(wanted, "--cov=.", "--cov-context=test", "--cov-report=")
    lines = covering(arguments.coverage)
    files = [
        path.relative_to(ROOT).as_posix()
        for room in {room.split("/")[0] for room in TESTS}
        for path in sorted((ROOT / room).rglob("*.py"))
    ]
    files = [path for path in files if path.startswith(tuple(arguments.rooms)) and path.startswith(tuple(TESTS))]
    rng = random.Random(arguments.seed)
    found = 0
    for i in range(arguments.faults):
        path = rng.choices(files, [(ROOT / file).stat().st_size for file in files])[0]
        options = list(faults(ROOT / path))
        if not options:
            continue
        line, what, text = rng.choice(options)
        tests = lines.get((path, line)) or tests_of(path)
        before = (ROOT / path).read_text()
        try:
            (ROOT / path).write_text(text)
            is_found = not run(rng.sample(tests, min(len(tests), 400)), "-x", timeout=600)
        finally:
            (ROOT / path).write_text(before)
        found += is_found
        print(f"{'found' if is_found else 'MISSED'} {found}/{i + 1} {path}:{line} {what}", flush=True)


if __name__ == "__main__":
    main()
