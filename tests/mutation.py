"""Plants small faults at random, and tells which of them no test of their room notices.

    pip install coverage pytest-cov
    python tests/mutation.py --faults 200 --seed 1

A fault changes one operator, constant, comparison or condition of one function. Tests of its room run until one fails:
those that run its line, and those named after its file, the quickest first. Coverage finds them, once (``--kept``); it
does not see compiled code, for which the tests run that name a kernel which uses the file. A fault that makes them hang
counts as found. The file is put back after each fault; run this in a checkout of your own that is installed by
``pip install -e .``, for minutes a hundred times a fault.
"""

from __future__ import annotations

import argparse
import ast
import bisect
import contextlib
import copy
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMPILED = "engine/kernels/compiled/"
# The tests of a room: those of the first entry that is a beginning of the file's path.
TESTS = {
    "analysis/": ["tests/analysis/"],
    "api/cli/": ["tests/test_cli.py", "tests/test_cli_arguments.py", "tests/test_cli_storage.py"],
    "engine/study/liveness": ["tests/engine/study/test_retry.py", "tests/storage/test_liveness.py"],
    "engine/kernels/": ["tests/engine/kernels/"],
    "engine/": ["tests/engine/", "tests/contract/"],
    "pruners/": ["tests/pruners/", "tests/contract/test_pruners.py", "tests/contract/test_pausing_pruners.py"],
    "samplers/": ["tests/samplers/", "tests/contract/test_samplers.py"],
    "storage/": ["tests/storage/", "tests/contract/test_storages.py", "tests/contract/test_kept_values.py"],
}
OTHER = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.USub: ast.UAdd, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
SECONDS = 45.0  # of tests that one fault may cost


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


def harmless(tree: ast.AST) -> set[int]:
    """Give the nodes that no test can notice: annotations, and whether a `zip` would have told of unequal lengths."""
    wholes = [
        whole
        for node in ast.walk(tree)
        for whole in (
            getattr(node, "annotation", None),
            getattr(node, "returns", None),
            node.value if isinstance(node, ast.keyword) and node.arg == "strict" else None,
        )
        if whole is not None
    ]
    return {id(part) for whole in wholes for part in ast.walk(whole)}


def faults(path: Path) -> Iterator[tuple[int, str, str]]:
    """Give (line, description, whole changed source) of every fault that can be planted in a file's functions."""
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    tree = ast.parse(text)
    skipped = harmless(tree)
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


class Measured:
    """Which tests run a line, and how long a test takes: measured when first asked for, and kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder, folder / "numba"
        self.cache.mkdir(exist_ok=True, parents=True)
        self.lines: dict[tuple[str, int], set[str]] = {}
        self.seconds: dict[str, float] = {}
        self._loaded: set[str] = set()

    def _load(self, entry: str) -> None:
        """Read what is known of the tests in a folder or file."""
        import coverage

        if entry in self._loaded:
            return
        self._loaded.add(entry)
        data, times = (self.folder / f"{entry.partition('/')[2]}.{kind}" for kind in ("coverage", "txt"))
        if not times.exists():
            self._measure(entry, data, times)
        for seconds, test in re.findall(r"^([\d.]+)s \w+ +(tests/\S.*)$", times.read_text(), re.MULTILINE):
            self.seconds[test] = self.seconds.get(test, 0.0) + float(seconds)
        measured = coverage.CoverageData(basename=str(data))
        measured.read()
        for file in measured.measured_files():
            path = Path(file).relative_to(ROOT).as_posix()
            for line, contexts in measured.contexts_by_lineno(file).items():
                tests = {context.partition("|")[0] for context in contexts} - {""}
                self.lines.setdefault((path, line), set()).update(tests)

    def _measure(self, entry: str, data: Path, times: Path) -> None:
        rooms = [f"--cov={room}" for room in sorted({room.split("/")[0] for room in TESTS})]
        options = ["-vvv", "--durations=0", "--durations-min=0", "--cov-context=test", "--cov-report=", *rooms]
        print(f"measuring {entry}", flush=True)
        environment = {**os.environ, "COVERAGE_FILE": str(data), "NUMBA_CACHE_DIR": str(self.cache)}
        command = pytest(*options, entry)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        times.write_text(done.stdout)

    def tests(self, path: str, line: int) -> list[str]:
        """Give the tests of a line's room that may notice a fault in it, the quickest first."""
        room = tuple(next(tests for room, tests in TESTS.items() if path.startswith(room)))
        for test in room:
            self._load("/".join(test.split("/")[:2]).rstrip("/"))
        files = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "tests").rglob("test_*.py"))]
        files = [file for file in files if file.startswith(room)]
        stem = Path(path).stem
        namesakes = [file for file in files if Path(file).stem.startswith(f"test_{stem}")]
        if path.startswith(COMPILED):
            word = re.compile(rf"\b({'|'.join(users(stem))})\b")
            files = [file for file in files if word.search((ROOT / file).read_text())]
            found = {test for test in self.seconds if test.startswith(tuple(files))}
        else:
            found = {test for test in self.lines.get((path, line), ()) if test.startswith(room)}
        unknown = {file for file in namesakes if not self.cost(file)}  # made since
        tests = sorted(found | unknown, key=lambda test: (not test.startswith(tuple(namesakes)), self.cost(test)))
        return tests or sorted(files, key=self.cost)

    def cost(self, test: str) -> float:
        """Give how many seconds a test, or all of a file, took when it was measured."""
        return sum(seconds for name, seconds in self.seconds.items() if name.startswith(test))


def users(kernel: str) -> set[str]:
    """Give the names of a compiled kernel's file and of the kernels' files that use it."""
    sources = {path: path.read_text() for path in (ROOT / "engine/kernels").rglob("*.py")}
    found, new = {kernel}, {kernel}
    while new:
        word = re.compile(rf"import .*\b({'|'.join(new)})\b|from \S*\b({'|'.join(new)}) import")
        new = {path.stem for path, text in sources.items() if word.search(text)} - found - {"__init__"}
        found |= new
    return found


def pytest(*arguments: str) -> list[str]:
    """Give the command that runs tests."""
    return [sys.executable, "-m", "pytest", "-m", "not slow and not bench", "-p", "no:cacheprovider", *arguments]


@contextlib.contextmanager
def planted(path: Path, text: str, cache: Path) -> Iterator[dict[str, str]]:
    """Write a fault into a file, and give the environment of its tests: nothing made of it is kept."""
    before, stat = path.read_text(), path.stat()
    with tempfile.TemporaryDirectory() as folder:
        if COMPILED in path.as_posix():  # Numba does not notice that a kernel which is called by another was changed
            stale = shutil.ignore_patterns(*(f"{stem}.*" for stem in users(path.stem)))
            cache = Path(shutil.copytree(cache, Path(folder, "numba"), ignore=stale))
        try:
            path.write_text(text)
            quiet = {"PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_STORAGE_DIRECTORY": folder}
            yield {**os.environ, **quiet, "NUMBA_CACHE_DIR": str(cache)}
        finally:
            path.write_text(before)
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def noticed(tests: list[str], environment: dict[str, str], limit: float) -> str:
    """Give the test that fails, or an empty string."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(pytest("-x", *tests), cwd=ROOT, env=environment, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            return f"takes more than {limit:.0f} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and what the tests have started
            process.wait()
        output.seek(0)
        text = output.read()
        if missing := re.search(r"^ERROR: not found: .*$", text, re.MULTILINE):
            raise RuntimeError(f"{missing[0]}; the tests are not those that were measured, so measure anew")
        said = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", text, re.MULTILINE)
    return (said[1] if said else f"exit code {process.returncode}") if process.returncode else ""


def noticed_again(tests: list[str], environment: dict[str, str], limit: float) -> str:
    """Give a test that fails twice: on a busy machine one that waits for something may fail without a fault."""
    deselected: list[str] = []
    while (by := noticed([*tests, *deselected], environment, limit)).startswith("tests/"):
        if noticed([by], environment, limit):
            return by
        deselected += ["--deselect", by]
    return by


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rooms", nargs="*", default=list(TESTS), help="beginnings of paths")
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "mutation", help="delete it to measure anew")
    arguments = parser.parse_args()
    measured = Measured(arguments.kept)
    folders = sorted({room.split("/")[0] for room in TESTS})
    files = [path.relative_to(ROOT).as_posix() for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    files = [path for path in files if path.startswith(tuple(arguments.rooms)) and path.startswith(tuple(TESTS))]
    files = [path for path in files if any(faults(ROOT / path))]
    sizes = [(ROOT / path).stat().st_size for path in files]
    rng = random.Random(arguments.seed)
    found = 0
    for i in range(arguments.faults):
        path = rng.choices(files, sizes)[0]
        line, what, text = rng.choice(list(faults(ROOT / path)))
        tests = measured.tests(path, line)
        costs = list(accumulate(map(measured.cost, tests)))
        n = max(1, bisect.bisect(costs, SECONDS))
        with planted(ROOT / path, text, measured.cache) as environment:
            by = noticed_again(tests[:n], environment, limit=4 * costs[n - 1] + 240)
        found += bool(by)
        print(f"{found}/{i + 1} {path}:{line} {what}", f"| {by}" if by else f"| MISSED by {n} of {len(tests)} tests")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
