"""How Sphinx makes the site: these pages, and one for each public module, written from its docstrings.

    pip install ".[docs]" && sphinx-build -W docs site

A module that `api` gains is found by listing the folder, so that no page has to be written for it.
"""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
API = HERE.parent / "api"
INTEGRATION = HERE.parent / "integration"
ROOMS = ("samplers", "pruners", *(f"integration.{path.parent.name}" for path in INTEGRATION.glob("*/__init__.py")))
PRIVATE = ("cli", "version")
OUTSIDE = {"reference/contributing.md": "CONTRIBUTING.md", "reference/changes.md": "CHANGELOG.md"}

project = "parzen"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser", "sphinx_copybutton"]
html_theme = "furo"
html_title = "parzen"
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
exclude_patterns = ["conf.py"]
suppress_warnings = ["ref.python"]  # `Study` is parzen.Study and parzen.study.Study: either is right

myst_heading_anchors = 3
copybutton_prompt_text = ">>> "

default_role = "py:obj"  # single backticks are names, double ones are literals
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "groupwise"
autodoc_default_options = {"members": True, "undoc-members": True, "show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88


def modules() -> list[str]:
    """List the public modules, `parzen` first."""
    parts = [path.relative_to(API).with_suffix("").parts for path in API.rglob("*.py")]
    names = {".".join(p for p in ("parzen", *part) if p != "__init__") for part in parts if not {*part} & {*PRIVATE}}
    return sorted(names | {f"parzen.{room}" for room in ROOMS})


def reference(module: str, described: dict[int, str]) -> str:
    """Write the page of a module. What another page has described already, by identity, is named with a link."""
    head = [module, "=" * len(module), ""]
    try:
        here = importlib.import_module(module)
        things = {name: getattr(here, name) for name in getattr(here, "__all__", [])}
    except ImportError as error:  # of an extra: the others have their pages without it
        return "\n".join([*head, f"Not shown here: {error}", ""])
    again = {}
    for name, thing in things.items():
        if isinstance(thing, type) or callable(thing):
            first = described.setdefault(id(thing), f"{module}.{name}")
            if first != f"{module}.{name}":
                again[name] = first
    lines = [*head, f".. automodule:: {module}"]
    if module == "parzen":  # a study's and a trial's verbs, wherever they are written
        lines += ["   :inherited-members: BaseException"]
    if again:
        links = ", ".join(f":py:obj:`{module}.{name} <{first}>`" for name, first in sorted(again.items()))
        lines += [f"   :exclude-members: {', '.join(sorted(again))}", "", f"Also here: {links}."]
    return "\n".join(lines) + "\n"


def write_pages() -> None:
    """Write a page for each public module, their list, and those of what lies outside of this folder."""
    folder = HERE / "reference"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    described: dict[int, str] = {}
    for module in modules():
        (folder / f"{module}.rst").write_text(reference(module, described))
    pages = "\n".join(f"   {module}" for module in modules())
    (folder / "index.rst").write_text(f"Reference\n=========\n\n.. toctree::\n   :maxdepth: 1\n\n{pages}\n")
    for page, source in OUTSIDE.items():
        text = (HERE.parent / source).read_text()
        (HERE / page).write_text(text.replace("](docs/", "](../"))


def lead_to_their_pages(app: Any, page: str, source: list[str]) -> None:
    """Let links to files outside of this folder lead to their pages."""
    for target, outside in OUTSIDE.items():
        source[0] = source[0].replace(f"](../{outside}", f"]({target}")


def setup(app: Any) -> None:
    """Write what is written anew for each build."""
    write_pages()
    app.connect("source-read", lead_to_their_pages)
