"""Every public name of Optuna 5.0.0 that parzen offers takes the same arguments, by the same names and defaults."""

from __future__ import annotations

import importlib
import inspect
import types

import pytest

import parzen

optuna = pytest.importorskip("optuna", minversion="5.0.0")
pytestmark = pytest.mark.bench

SUBMODULES = {
    "artifacts", "distributions", "exceptions", "importance", "integration", "logging", "pruners", "samplers",
    "search_space", "storages", "study", "terminator", "trial", "version", "visualization",
}  # fmt: skip
MODULES = [
    "", "artifacts", "artifacts.exceptions", "distributions", "exceptions", "importance", "logging", "pruners",
    "samplers", "samplers.nsgaii", "search_space", "storages", "study", "terminator", "trial", "visualization",
    "visualization.matplotlib",
]  # fmt: skip

# What `import parzen as optuna` does not offer (yet), by module and class. What comes to be offered leaves this list.
MISSING: dict[str, set[str]] = {}


def public(module):
    """List a module's public names as its users see them: ``__all__``, or what it defines itself."""
    if hasattr(module, "__all__"):
        return {name for name in module.__all__ if not name.startswith("_")}
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", module.__name__) == module.__name__
        and isinstance(value, (type, types.FunctionType))
    }  # fmt: skip


def pair(path):
    theirs = importlib.import_module(f"optuna.{path}".rstrip("."))
    return theirs, importlib.import_module(f"parzen.{path}".rstrip("."))


def shared_names():
    for path in MODULES:
        theirs, ours = pair(path)
        for name in sorted(public(theirs) & set(vars(ours))):
            if not isinstance(getattr(theirs, name), types.ModuleType):
                yield path, name


SHARED = list(shared_names())
IDS = [".".join(filter(None, names)) for names in SHARED]


@pytest.mark.parametrize("path", MODULES)
def test_what_is_missing_is_listed(path):
    theirs, ours = pair(path)
    offered = public(theirs) | (SUBMODULES if not path else set())
    assert {name for name in offered if not hasattr(ours, name)} == MISSING.get(path, set())


def described(function):
    """Give name, kind and default of each parameter; defaults by their text: enums and functions of two libraries."""
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        default = parameter.default
        text = getattr(default, "__name__", None) or repr(default)
        shown.append((parameter.name, parameter.kind.name, "" if default is inspect.Parameter.empty else text))
    return shown


def assert_takes_the_same(ours, theirs):
    own, expected = described(ours), described(theirs)
    if [kind for _, kind, _ in expected if kind.startswith("VAR")]:  # (*args, **kwargs) of an inherited constructor
        return
    assert own[: len(expected)] == expected
    assert all(default for _, _, default in own[len(expected) :]), f"an added parameter needs a default: {own}"


@pytest.mark.parametrize(("path", "name"), SHARED, ids=IDS)
def test_signature(path, name):
    theirs, ours = (getattr(module, name) for module in pair(path))
    assert isinstance(ours, type) == isinstance(theirs, type)
    if isinstance(theirs, type) and not issubclass(theirs, (Exception, int)):
        assert_takes_the_same(ours.__init__, theirs.__init__)
    elif callable(theirs) and not isinstance(theirs, type):
        assert_takes_the_same(ours, theirs)
    elif not isinstance(theirs, type):
        assert ours == theirs


def members():
    for path, name in SHARED:
        theirs = getattr(pair(path)[0], name)
        if isinstance(theirs, type):
            missing = MISSING.get(f"{path}.{name}", set())
            yield from ((path, name, member) for member in vars_of(theirs) if member not in missing)


def vars_of(cls):
    """List what a class and its bases in Optuna define."""
    return sorted(
        {name for base in cls.__mro__ if base.__module__.startswith("optuna") for name in vars(base) if name[0] != "_"}
    )


@pytest.mark.parametrize(("path", "name", "member"), list(members()), ids=".".join)
def test_member(path, name, member):
    theirs, ours = (inspect.getattr_static(getattr(module, name), member, None) for module in pair(path))
    assert ours is not None, f"{name}.{member} is missing"
    if isinstance(theirs, (types.FunctionType, staticmethod, classmethod)):
        assert type(ours) is type(theirs)
        cls_theirs, cls_ours = (getattr(module, name) for module in pair(path))
        assert_takes_the_same(getattr(cls_ours, member), getattr(cls_theirs, member))
    elif isinstance(theirs, property):
        assert not callable(ours) and (theirs.fset is None or is_settable(ours))
    else:
        assert type(ours).__name__ == type(theirs).__name__


def is_settable(attribute):
    return attribute.fset is not None if isinstance(attribute, property) else hasattr(attribute, "__set__")


def test_attributes_of_instances():
    """What the objects carry beside their classes' properties, such as `state` of a frozen trial."""

    def attributes(o):
        study = o.create_study()
        trial = study.ask()
        study.tell(trial, 1.0)
        objects = [
            study, trial, study.trials[0], o.trial.FixedTrial({}), o.get_all_study_summaries(study._storage)[0],
            study._storage.get_all_studies()[0], o.distributions.IntDistribution(0, 1),
            o.distributions.FloatDistribution(0, 1), o.distributions.CategoricalDistribution("a"),
        ]  # fmt: skip
        return [{name for name in dir(thing) if not name.startswith("_")} for thing in objects]

    for theirs, ours in zip(attributes(optuna), attributes(parzen), strict=True):
        assert theirs <= ours


PRIVATE = ["study._storage", "study._study_id", "trial._trial_id", "study.trials[0]._trial_id", "study._thread_local"]


@pytest.mark.parametrize("expression", PRIVATE)
def test_private_names_that_others_rely_on(expression):
    """Optuna's dashboard, its integrations and third-party samplers read these."""
    study = parzen.create_study()
    trial = study.ask()
    assert eval(expression, {"study": study, "trial": trial}) is not None
