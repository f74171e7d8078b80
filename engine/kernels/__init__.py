"""Numeric functions in NumPy: arrays in, arrays out. They know nothing of trials and studies.

Importing this package, or any module in it outside `compiled`, loads NumPy alone. The modules of `compiled` hold the
Numba loops; they are imported on demand by their NumPy twins, once a study is large enough (`COMPILED_FROM`) for
compilation to pay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Function = TypeVar("_Function", bound=Callable[..., Any])

_logger = logging.getLogger(__name__)
_announced = False

# Finished trials from which a study uses the compiled tier. Entering it takes 0.5 to 1 s a process (importing numba,
# loading the cached machine code), more than a study of fewer trials would win back.
COMPILED_FROM = 100


def jit(function: _Function) -> _Function:
    """Compile a kernel with the one set of flags used in this package.

    - ``cache=True``: machine code is kept on disk, so that only the first process on a machine pays for compilation
      (where no folder can be written, each process does).
    - ``nogil=True``: a kernel touches arrays only, so other threads (objectives, a background warm-up) may run.
    - ``error_model="numpy"``: 1 / 0 is inf as in the NumPy twin, and the missing check lets LLVM vectorise divisions.
    - ``fastmath={"contract"}``: fused multiply-add, but nothing that reorders sums or assumes infinities away.

    Compilation is lazy (no signatures): it happens at the first call. With ``NUMBA_DISABLE_JIT=1`` the function runs as
    Python.
    """
    from numba import njit

    flags: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
    try:
        return cast(_Function, njit(cache=True, **flags)(function))
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return cast(_Function, njit(**flags)(function))


def announce_compilation() -> None:
    """Log, once a process, that the compiled tier is being entered: the first time it may take seconds."""
    global _announced
    if not _announced:
        _announced = True
        _logger.info("Loading Numba's kernels; the first time on a machine, compiling them takes some seconds.")
