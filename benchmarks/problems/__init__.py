"""The problems, one function a file: a file offers ``FAMILIES``, and is found by listing the folder."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from parzen.benchmarks.environment import digest
from parzen.benchmarks.problem import Family, Identity, Problem, near


@functools.cache
def families() -> dict[str, Family]:
    """List the families by name; those whose package is missing are there, but cannot be made."""
    return {name: family for name, (family, _) in _found().items()}


@functools.cache
def _found() -> dict[str, tuple[Family, Path]]:
    """List the families by name, with the file of each."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return {family.function: (family, Path(str(of.__file__))) for of in modules for family in of.FAMILIES}


@functools.cache
def code(name: str) -> str:
    """Give a digest of the file of a problem, on which its runs depend."""
    identity = Identity.parse(name)
    assert identity is not None
    return digest([_found()[identity.function][1].read_bytes()])


def listed() -> dict[str, str]:
    """List the names of what is raced unless others are named, with the groups."""
    return {str(identity): group for family in families().values() for identity, group in family.identities().items()}


@functools.cache
def find(name: str) -> Problem:
    """Make the problem of a name, such as ``ackley-i03-d05``.

    Raises
    ------
    LookupError
        If there is no such problem.
    ImportError
        If it needs a package that is not installed; the message says which.
    """
    identity = Identity.parse(name)
    family = families().get(identity.function) if identity else None
    if identity is None or family is None or (name not in listed() and identity.dimension not in family.dimensions):
        raise LookupError(
            f"Expected the name of a problem, such as ackley-i03-d05, but got {name!r}.{near(name, _words())} See "
            "--list; functions of fixed parameters have one instance and dimension."
        )
    group = listed().get(name) or family.identities(identity.instance).get(identity) or next(iter(family.listed))
    if family.needs:
        try:
            importlib.metadata.version(family.needs)
        except importlib.metadata.PackageNotFoundError as error:
            raise ImportError(f'{name} needs {family.needs}: pip install "parzen[bench]"', name=family.needs) from error
    return family.make(identity, group)


def _words() -> list[str]:
    """List what stands for problems, but for patterns."""
    return list(dict.fromkeys([*families(), *listed().values(), *listed()]))


def select(words: Iterable[str]) -> list[str]:
    """List the problems of groups, functions, names or patterns such as ``*-d05``.

    Raises
    ------
    LookupError
        If a word stands for nothing.
    """
    names, found = listed(), {}
    for word in words:
        chosen = [
            name for name, group in names.items() if word in (group, name.rsplit("-", 2)[0]) or fnmatch(name, word)
        ]
        found.update(dict.fromkeys(chosen or [find(word).name]))
    return list(found)
