"""Every name between single backticks, in a docstring or a comment, is the name of something.

Literals, commands and files that a program writes stand between double backticks.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import io
import keyword
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache

import house
import pytest

NAMES = re.compile(r"(?<!`)`([^`]+)`(?!`)")
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
EXCEPTIONS = {
    "engine/kernels/compiled/neighbours.py": {"order[j, : count[j]]"},  # a slice says it best
}


@cache
def tree_of(path: str) -> ast.Module:
    return ast.parse((house.ROOT / path).read_text())


def quoted(path: str) -> Iterator[tuple[int, str]]:
    """Give line and text of what stands between single backticks."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node):
            text, line = node.body[0].value.value, node.body[0].lineno
            yield from ((line + text[: match.start()].count("\n"), match[1]) for match in NAMES.finditer(text))
    for token in tokenize.generate_tokens(io.StringIO((house.ROOT / path).read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield from ((token.start[0], match[1]) for match in NAMES.finditer(token.string))


@cache
def identifiers(path: str) -> set[str]:
    """Give every identifier of a file's code."""
    found = [getattr(node, field, None) for node in ast.walk(tree_of(path)) for field in ("id", "attr", "arg", "name")]
    return {part for name in found if isinstance(name, str) for part in name.split(".")}


def handed_on(path: str) -> list[str]:
    """Give what a room hands on by ``__all__``."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return ast.literal_eval(node.value)
    return []


def arguments(node: ast.AST) -> set[str]:
    return {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}


@cache
def members(node: ast.ClassDef) -> set[str]:
    """Give what a class defines, or inherits within the house: methods, fields, and attributes of ``self``."""
    found = {inner.name for inner in node.body if isinstance(inner, DEFINITIONS)}
    fields = [target for it in node.body for target in getattr(it, "targets", [getattr(it, "target", None)])]
    found |= {target.id for target in fields if isinstance(target, ast.Name)}
    found |= {it.attr for it in ast.walk(node) if isinstance(it, ast.Attribute) and ast.unparse(it.value) == "self"}
    bases = [ast.unparse(it).partition("[")[0].rpartition(".")[2] for it in node.bases]
    return found.union(*(members(base) for name in bases for base in CLASSES.get(name, []) if base is not node))


@cache
def definitions(path: str) -> set[str]:
    """Give what others may know of a file: what it defines and hands on, members of classes and arguments included."""
    found: set[str] = set()
    for node in tree_of(path).body:
        if isinstance(node, DEFINITIONS):
            found |= {node.name} | arguments(node) | (members(node) if isinstance(node, ast.ClassDef) else set())
        else:
            found |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            found |= {alias.asname or alias.name for alias in getattr(node, "names", [])}
    return found


FILES = house.sources()
CLASSES: dict[str, list[ast.ClassDef]] = {}
for file in FILES:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ClassDef):
            CLASSES.setdefault(node.name, []).append(node)
ROOMS = {part for path in FILES for part in path.split("/")[:-1]} | {"parzen"}
PUBLIC = {name for path in FILES for name in handed_on(path)}
OF_PUBLIC = {name for each in PUBLIC for node in CLASSES.get(each, []) for name in members(node) | arguments(node)}
LANGUAGE = {*dir(builtins), *keyword.kwlist, *keyword.softkwlist}


@cache
def of_room(room: str) -> set[str]:
    """Give what the files of a room define, and their names."""
    inside = [path for path in FILES if house.room_of(path) == room]
    return {path.removesuffix(".py").rpartition("/")[2] for path in inside}.union(*map(definitions, inside))


def is_imported(name: str) -> bool:
    """Tell whether a dotted name leads to something in an installed package."""
    module, _, rest = name.partition(".")
    try:
        found = importlib.import_module(module)
        for part in rest.split("."):
            if not hasattr(found, part):
                importlib.import_module(f"{found.__name__}.{part}")
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return False
    return True


def resolves(path: str, text: str) -> bool:
    """Tell whether a text within a file is the name of something."""
    if text.endswith("/"):
        return any(file.startswith(text) for file in FILES)
    if "/" in text or text.endswith(".py"):
        return text in FILES or f"{house.room_of(path)}/{text}" in FILES
    name = re.sub(r"(\(.*\)|\[\w+\])$", "", text)
    first, _, rest = name.partition(".")
    if not rest:
        known = first in identifiers(path) | of_room(house.room_of(path)) | ROOMS | PUBLIC | OF_PUBLIC | LANGUAGE
        return known or (first.startswith("__") and first.endswith("__"))
    if any(rest in members(node) for node in CLASSES.get(first, [])):
        return True
    if any(is_in_module(name, module) for module in FILES):
        return True
    if first in {"parzen", "numpy", *sys.stdlib_module_names}:
        return is_imported(name)
    return first in identifiers(path) and any(rest in members(node) for nodes in CLASSES.values() for node in nodes)


def is_in_module(name: str, path: str) -> bool:
    """Tell whether a dotted name ends the path of a module, or that and the name of something in it."""
    dotted = "." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    module, _, last = name.rpartition(".")
    return dotted.endswith(f".{name}") or (dotted.endswith(f".{module}") and last in definitions(path))


@pytest.mark.parametrize("path", FILES)
def test_names_in_backticks_are_those_of_something(path: str) -> None:
    known = EXCEPTIONS.get(path, ())
    lost = [f"{path}:{line}: {text}" for line, text in quoted(path) if text not in known and not resolves(path, text)]
    assert not lost, f"nothing has such a name; literals and commands stand between double backticks: {lost}"


@pytest.mark.parametrize(
    "text",
    ["tempered", "TPESampler.tempered", "rules.tempered", "engine.kernels.tempered", "study.tempered", "math.tempered",
     "parzen.samplers.Tempered", "samplers/tpe/tempered.py", "samplers/tempered/", "parzen tempered"],
)  # fmt: skip
def test_a_name_of_nothing_is_noticed(text: str) -> None:
    assert not resolves("samplers/tpe/sampler.py", text)
