"""Samplers of OptunaHub as contenders: ``hub:samplers/NAME``, or ``hub:samplers/NAME:Class`` where there are several.

The package optunahub fetches them from its registry when they race. ``PARZEN_HUB`` names the folder of a copy of that
registry, which needs no network then.
"""

from __future__ import annotations

import inspect
import os
from types import ModuleType
from typing import Any

PREFIX = "hub"


def sampler(name: str) -> Any:
    """Load a class from ``samplers/NAME`` or ``samplers/NAME:Class``; made with ``seed=`` where it knows one.

    Raises
    ------
    LookupError
        If there is no such class, or there are several and none is named.
    """
    package, _, wanted = name.partition(":")
    module = _module(package)
    known = [key for key in getattr(module, "__all__", dir(module)) if inspect.isclass(getattr(module, key, None))]
    found = [key for key in known if (key == wanted if wanted else key.endswith("Sampler") and key != "BaseSampler")]
    if len(found) != 1:
        raise LookupError(
            f"Expected one sampler, as in hub:{package}:Class, but {package} has {', '.join(known) or 'no class'}."
        )
    made = getattr(module, found[0])

    def make(seed: int, **arguments: Any) -> Any:
        return made(**({"seed": seed} if "seed" in inspect.signature(made).parameters else {}), **arguments)

    return make


def _module(package: str) -> ModuleType:
    import optunahub

    folder = os.environ.get("PARZEN_HUB")
    if folder:
        return optunahub.load_local_module(package, registry_root=os.path.join(folder, "package"))
    return optunahub.load_module(package)
