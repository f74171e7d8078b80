"""Numeric kernels: arrays in, arrays out.

Importing this package, or any module in it outside `compiled`, loads NumPy alone. The modules of `compiled` hold the Numba loops; they
are imported on demand by their NumPy twins, once a call is large enough (`COMPILE_ABOVE`) for compilation to pay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])

_logger = logging.getLogger(__name__)
_announced = False

# Cells are candidates x components x dimensions. The NumPy tier costs about 5 ns a cell, the compiled one below 1 ns, after importing
# numba (0.2 to 0.7 s) and loading the cached machine code (0.1 s), once a process: some 10^8 cells, or a thousand calls of this size.
COMPILE_ABOVE = 2**17


def jit(function: _Function) -> _Function:
    """Compile a kernel with the one set of flags used in this package.

    - ``cache=True``: machine code is kept on disk, so that only the first process on a machine pays for compilation.
    - ``nogil=True``: a kernel touches arrays only, so other threads (objectives, a background warm-up) may run beside it.
    - ``error_model="numpy"``: 1 / 0 is inf as in the NumPy twin, and the missing check lets LLVM vectorise divisions.
    - ``fastmath={"contract"}``: fused multiply-add, and nothing that would reorder a sum or assume away infinities: the compiled tier
      must agree with the NumPy tier.

    Compilation is lazy (no signatures): it happens at the first call. With ``NUMBA_DISABLE_JIT=1`` the function runs as Python.
    """
    from numba import njit

    return njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function)  # type: ignore[no-any-return]


def announce_compilation() -> None:
    """Log, once a process, that the compiled tier is being entered: the first time it may take seconds."""
    global _announced
    if not _announced:
        _announced = True
        _logger.info("Compiling the Parzen kernels with Numba; the first time on a machine this takes some seconds.")
