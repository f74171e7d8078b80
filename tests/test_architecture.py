"""The arrows between the rooms, and what an import costs: held by reading the sources, and by a fresh interpreter."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import house
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
INSIDE = ("engine", "samplers", "pruners", "storage", "analysis", "integration")  # where imports are relative
ROOMS = {*INSIDE, "examples", "benchmarks"}
HEAVY = {"numba", "scipy", "torch", "pandas", "sqlalchemy", "sklearn", "click", "yaml", "matplotlib", "plotly", "tqdm",
         "redis"}  # fmt: skip


def sources(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def shown(path):
    return path.relative_to(ROOT).as_posix()


def parts_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports_of(path):
    """List (level, dotted name) of every import in a file, at whatever depth; ``from . import a`` gives its names."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.level, node.module)] if node.module else [(node.level, alias.name) for alias in node.names]
    return found


GRAPH = house.arrows()


def test_arrows_go_down():
    assert house.upward(GRAPH) == []


def test_nothing_runs_in_circles():
    assert house.in_circles(GRAPH) == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("samplers/new.py", "from ..engine.study import Study"),
        ("samplers/tpe/new.py", "from ...engine.study.core import StudyCore"),
        ("samplers/new.py", "from ..storage.memory import InMemoryStorage"),
        ("pruners/new.py", "if TYPE_CHECKING:\n    from ..samplers import BaseSampler"),
        ("engine/kernels/new.py", "def f():\n    from ..distributions import BaseDistribution"),
        ("engine/records/new.py", "from ..history import History"),
        ("engine/new.py", "from .records import FrozenTrial"),
        ("analysis/new.py", "from parzen import create_study"),
        ("engine/study/new.py", "from ...analysis import indicators"),
        ("examples/new.py", "from parzen.cli import main"),
    ],
)
def test_an_arrow_against_the_design_is_found(path, text):
    files = {*house.sources(), path}
    new = [(path, target) for target in house.arrows_from(path, text, files)]
    assert house.upward(new) == new != []


def test_a_file_on_the_wrong_floor_is_found():
    """`telling` moved into the room of histories would have arrows that go up."""
    text = (ROOT / "engine/study/telling.py").read_text().replace("from .", "from ..study.")
    text = text.replace("from ..study...", "from ...").replace("from ..study..", "from ..")
    path = "engine/history/telling.py"
    found = [(path, target) for target in house.arrows_from(path, text, {*house.sources(), path})]
    assert (path, "engine/study/core.py") in house.upward(found)


def test_a_circle_is_found():
    a, b, c, d = "engine/a.py", "engine/b.py", "engine/c.py", "engine/d.py"
    assert house.in_circles({(a, b), (b, c), (c, b), (c, d)}) == {b, c}
    assert house.in_circles({*GRAPH, ("engine/history/columns.py", "engine/history/history.py")})


@pytest.mark.parametrize("path", sources(*INSIDE), ids=shown)
def test_rooms_import_relatively(path):
    named = [name for level, name in imports_of(path) if level == 0 and name.split(".")[0] == "parzen"]
    assert not named, f"inside the rooms imports are relative, not {named}"


def test_the_table_of_rooms_is_of_today():
    assert house.CONTRIBUTING.read_text() == house.drawn(), "run: python tests/house.py"


@pytest.mark.parametrize("path", sources("api", "examples", "benchmarks"), ids=shown)
def test_api_examples_and_benchmarks_import_absolutely(path):
    levels = {level for level, _ in imports_of(path)}
    assert levels <= {0}
    names = [name for _, name in imports_of(path) if name.split(".")[0] == "parzen"]
    if path.parts[len(ROOT.parts)] == "examples":
        inner = tuple(f"parzen.{room}" for room in ("engine", "storage"))
        assert not [name for name in names if name in inner or name.startswith(tuple(f"{room}." for room in inner))]


@pytest.mark.parametrize("path", sources(*INSIDE), ids=shown)
def test_heavy_imports_wait(path):
    """At the top of a module nothing slow is imported; compiled kernels, which are imported late, may import numba."""
    if "compiled" in path.parts:
        return
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "level", 0) == 0:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            assert not {name.split(".")[0] for name in names} & HEAVY


@pytest.mark.parametrize("path", [p for p in sources("api") if p.parent.name != "cli"], ids=shown)
def test_api_re_exports_only(path):
    """A public module holds a docstring, imports, some of them late, and ``__all__``, which names what is imported."""
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    if path.stem == "version":
        return
    imported = {alias.asname or alias.name for node in tree.body for alias in getattr(node, "names", [])}
    imported |= set(shown_late(tree))
    for node in tree.body[1:]:
        assert isinstance(node, (ast.Import, ast.ImportFrom, ast.If, ast.Assign)), ast.unparse(node)
        if isinstance(node, ast.Assign):
            assert [ast.unparse(target) for target in node.targets] == ["__all__"]
            assert sorted(ast.literal_eval(node.value)) == sorted(imported - {"TYPE_CHECKING", "lazily"})


def block_for_type_checkers(tree):
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    assert len(blocks) <= 1
    return blocks[0] if blocks else ast.If(test=ast.Constant(True), body=[], orelse=[])


def shown_late(tree):
    """Give what type checkers see of the names that a module loads late: the home of each."""
    found = {}
    for node in block_for_type_checkers(tree).body:
        assert isinstance(node, ast.ImportFrom), ast.unparse(node)
        found.update({alias.name: "." * node.level + (node.module or "") for alias in node.names})
    return found


def lacks_extra(package, name):
    """Tell whether a name cannot be had, as its error says, since a package is not installed."""
    try:
        getattr(package, name)
    except ImportError as error:
        assert 'pip install "parzen[' in str(error)
        return True
    return False


@pytest.mark.parametrize("path", [p for p in sources("api", *INSIDE)
                                  if "lazily(" in p.read_text() and p.stem != "lazily"], ids=shown)  # fmt: skip
def test_what_is_loaded_late_is_what_type_checkers_see(path):
    """The dictionary given to `lazily` agrees with the imports beside it, and every name can be had."""
    tree = ast.parse(path.read_text())
    calls = [node for node in ast.walk(block_for_type_checkers(tree)) if isinstance(node, ast.Call)]
    homes = ast.literal_eval(calls[0].args[1])
    package = importlib.import_module(".".join(("parzen", *parts_of(path))).replace("parzen.api", "parzen"))
    late = {name: home for home, names in homes.items() for name in names}
    for name, home in shown_late(tree).items():
        assert late.pop(name, home) == home
        if lacks_extra(package, name):
            continue
        assert getattr(package, name) is getattr(importlib.import_module(home, package.__name__), name, None) or (
            getattr(package, name).__name__ == f"{package.__name__}.{name}"
        )
        assert name in package.__all__ and name in dir(package)
    assert not late
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nobody'"):
        package.nobody  # noqa: B018


def test_packages_are_the_folders():
    folders = {
        "parzen." + ".".join(parent.relative_to(ROOT).parts): parent.relative_to(ROOT).as_posix()
        for parent in (path.parent for path in ROOT.rglob("__init__.py"))
        if parent.relative_to(ROOT).parts[0] in ROOMS
    }
    public = {f"parzen.{path.parent.name}": f"api/{path.parent.name}" for path in (ROOT / "api").glob("*/__init__.py")}
    assert SETUPTOOLS["package-dir"] == {"parzen": "api", **folders, **public}
    assert sorted(SETUPTOOLS["packages"]) == sorted(SETUPTOOLS["package-dir"])


def modules_after(code):
    """Run code in a fresh interpreter and give the modules that it loaded."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def loaded(code):
    """Run code in a fresh interpreter and give the top-level modules that it loaded."""
    return {name.split(".")[0] for name in modules_after(code)}


LATE = {"parzen.analysis", "parzen.indicators", "parzen.pruners.hyperband", "parzen.samplers.nsgaii",
        "parzen.samplers.tpe", "parzen.storage.journal", "parzen.storage.proxy", "parzen.storage.rdb",
        "concurrent.futures", "json", "socket", "sqlite3"}  # fmt: skip


def test_import_is_light():
    found = modules_after("import parzen")
    assert not {name.split(".")[0] for name in found} & HEAVY
    assert not found & LATE


@pytest.mark.parametrize(
    "code",
    [
        "import parzen; parzen.samplers.NSGAIISampler(crossover=parzen.samplers.nsgaii.SBXCrossover())",
        "from parzen.samplers import NSGAIISampler, nsgaii",
        "import parzen as optuna; optuna.storages.journal.JournalFileBackend; optuna.storages.RDBStorage",
        "from parzen.storages.journal import JournalFileBackend",
        "from parzen import *; indicators.hypervolume",
        "import parzen; parzen.samplers.tpe.sampler; parzen.pruners.asha",
        "import pickle, parzen; pickle.loads(pickle.dumps(parzen.pruners.HyperbandPruner()))",
    ],
)
def test_what_is_loaded_late_is_found_by_every_way(code):
    assert "parzen" in loaded(code)


def test_public_modules_are_there():
    names = [
        "artifacts",
        "distributions",
        "exceptions",
        "indicators",
        "logging",
        "pruners",
        "samplers",
        "search_space",
        "storages",
        "study",
        "trial",
        "version",
    ]
    code = "import parzen\n" + "\n".join(f"parzen.{name}.__name__" for name in names)
    assert "parzen" in loaded(code)


STUDY = """
import parzen
from parzen.engine.kernels import loading
loading.WORTH = 600.0
parzen.logging.set_verbosity(parzen.logging.WARNING)
def objective(trial):
    x = [trial.suggest_float("a", 0, 1), trial.suggest_float("b", 1e-3, 1, log=True), trial.suggest_int("c", 0, 9)]
    return sum(x) + trial.suggest_float("d", 0, 1, step=0.25) + len(trial.suggest_categorical("e", ["p", "qq"]))
parzen.create_study().optimize(objective, n_trials=100)
"""


def test_a_small_study_loads_nothing_heavy():
    """A hundred trials of five parameters are a short script, unless the machine is busy: time is taken out of it."""
    assert not loaded(STUDY) & HEAVY


@pytest.mark.bench
@pytest.mark.parametrize("path", [p for p in sources("benchmarks") if "__main__" in p.read_text()], ids=shown)
def test_every_program_of_the_benchmarks_starts(path):
    """They import from each other, so a change of one can break another."""
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
