"""Numeric functions in NumPy: arrays in, arrays out. They know nothing of trials and studies.

Importing this package, or any module in it outside `compiled`, loads NumPy alone. The modules of `compiled` hold the
Numba loops. A call of `COMPILED_FROM` or more uses them where they are ready; `loading` makes them so beside the
objective. Both tiers choose alike, so that it does not matter when.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

COMPILED_FROM = 100  # observations, or points, from which the compiled tier is the quicker one


def jit(function: _Function) -> _Function:
    """Compile a kernel with the one set of flags used in this package.

    - ``cache=True``: machine code is kept on disk, so that only the first process on a machine pays for compilation
      (where no folder can be written, each process does).
    - ``nogil=True``: a kernel touches arrays only, so other threads (objectives, a background warm-up) may run.
    - ``error_model="numpy"``: 1 / 0 is inf as in the NumPy twin, and the missing check lets LLVM vectorise divisions.
    - ``fastmath={"contract"}``: fused multiply-add, but nothing that reorders sums or assumes infinities away. Where
      a result is a coordinate, not a score, there is `exact`.

    Compilation is lazy (no signatures): it happens at the first call. With ``NUMBA_DISABLE_JIT=1`` the function runs as
    Python.
    """
    return _compiled(function, fastmath={"contract"})


def exact(function: _Function) -> _Function:
    """Compile a kernel as `jit` does, but without fused multiply-adds: it gives the bits that NumPy gives."""
    return _compiled(function, fastmath=False)


def _compiled(function: _Function, **flags: Any) -> _Function:
    from numba import njit

    flags |= {"nogil": True, "error_model": "numpy"}
    try:
        return cast(_Function, njit(cache=True, **flags)(function))
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return cast(_Function, njit(**flags)(function))
