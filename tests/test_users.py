"""What a room offers has a user besides the tests: otherwise it is something told twice, and belongs to them."""

from __future__ import annotations

import ast
from functools import cache
from typing import NamedTuple

import house
import pytest

ROOMS = ("engine", "samplers", "pruners", "storage", "analysis")
PRIVATE = "engine"  # what its rooms hand on is for other rooms; what the others hand on is for users of parzen
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

CALLED_BY_NAME = "`loading` imports the module by its name, and calls it"
CALLED_ON_THE_MODULE = "called on the module, which `Tier.neighbours` holds"
EXCEPTIONS = {
    ("engine/kernels/fronts_rehearsal.py", "rehearse"): CALLED_BY_NAME,
    ("samplers/gp/rehearsal.py", "rehearse"): CALLED_BY_NAME,
    ("samplers/nsgaii/rehearsal.py", "rehearse"): CALLED_BY_NAME,
    ("samplers/tpe/rehearsal.py", "rehearse"): CALLED_BY_NAME,
    ("engine/kernels/compiled/neighbours.py", "merge"): CALLED_ON_THE_MODULE,
}

Name = tuple[str, str]  # a file, or a module, and a name in it


class Facts(NamedTuple):
    """What a source file offers and uses."""

    offered: set[str]  # public functions and classes
    used: set[str]  # those of them that it uses itself, outside of their own definition
    imported: dict[str, list[Name]]  # names, from which file or room, by what they are called here
    on_modules: set[Name]  # attributes such as `fit` of `kernels.fit`, by what was imported as `kernels`


@cache
def all_files() -> tuple[str, ...]:
    return tuple(house.sources())


@cache
def facts_of(path: str, text: str) -> Facts:
    tree, files = ast.parse(text), set(all_files()) | {NEW}
    definitions = [node for node in tree.body if isinstance(node, DEFINITIONS) and not node.name.startswith("_")]
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    used = set()
    for node in definitions:
        own = {id(inner) for inner in ast.walk(node)}
        used |= {name.id for name in names if name.id == node.name and id(name) not in own}
    imported: dict[str, list[Name]] = {}
    for node in nodes:
        for alias in node.names if isinstance(node, ast.ImportFrom) else []:
            one = ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
            found = [(target, alias.name) for target in house.arrows_from(path, one, files)]
            imported.setdefault(alias.asname or alias.name, []).extend(found)
    on_modules = set()
    for node in nodes:
        if isinstance(node, ast.Attribute):
            holder = getattr(node.value, "attr", getattr(node.value, "id", ""))
            on_modules |= {(name, node.attr) for _, name in imported.get(holder, [("", holder)])}
    return Facts({node.name for node in definitions}, used, imported, on_modules)


def without_users(sources: dict[str, str]) -> set[Name]:
    """Give the public functions and classes of rooms that no source file uses."""
    facts = {path: facts_of(path, text) for path, text in sources.items()}
    # A private room that hands on a name does not use it, but who takes the name from the room does.
    handed_on = {
        (path, name): found
        for path, fact in facts.items()
        if path.startswith(PRIVATE) and path.endswith("/__init__.py")
        for name, found in fact.imported.items()
    }
    taken = {
        name
        for path, fact in facts.items()
        if not (path.startswith(PRIVATE) and path.endswith("/__init__.py"))
        for found in fact.imported.values()
        for name in found
    }
    while more := {name for key in taken & handed_on.keys() for name in handed_on[key]} - taken:
        taken |= more
    on_modules = set().union(*(fact.on_modules for fact in facts.values()))
    return {
        (path, name)
        for path, fact in facts.items()
        if path.startswith(ROOMS)
        for name in fact.offered - fact.used
        if (path, name) not in taken and (path.rpartition("/")[2].removesuffix(".py"), name) not in on_modules
    }


@cache
def sources() -> dict[str, str]:
    return {path: (house.ROOT / path).read_text() for path in house.sources()}


NEW = "engine/kernels/new.py"


def test_what_a_room_offers_is_used() -> None:
    """Where this fails: make the name private, drop it, move it to the tests, or name an exception with a reason."""
    assert without_users(sources()) == set(EXCEPTIONS)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (NEW, "def nobody():\n    return nobody()"),
        (NEW, "def used():\n    ...\n\ndef nobody():\n    return used()"),
        ("samplers/new.py", "class nobody:\n    def method(self): ..."),
    ],
)
def test_what_nobody_uses_is_found(path: str, text: str) -> None:
    assert without_users({**sources(), path: text}) == {*EXCEPTIONS, (path, "nobody")}


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ("samplers/user.py", "from ..engine.kernels.new import nobody"),
        ("samplers/user.py", "from ..engine.kernels import new\nnew.nobody()"),
        ("samplers/user.py", "from ..engine.kernels import new as kernels\nkernels.nobody()"),
        ("samplers/tpe/user.py", "def _f(tier):\n    tier.new.nobody()"),
        ("benchmarks/user.py", "from parzen.engine.kernels.new import nobody"),
    ],
)
def test_a_user_is_found(user: str, text: str) -> None:
    assert without_users({**sources(), NEW: "def nobody(): ...", user: text}) == set(EXCEPTIONS)


def test_a_private_room_that_hands_on_a_name_does_not_use_it() -> None:
    init = "engine/kernels/__init__.py"
    handed_on = {**sources(), NEW: "def nobody(): ...", init: sources()[init] + "\nfrom .new import nobody"}
    assert without_users(handed_on) == {*EXCEPTIONS, (NEW, "nobody")}
    taken = {**handed_on, "samplers/user.py": "from ..engine.kernels import nobody"}
    assert without_users(taken) == set(EXCEPTIONS)
