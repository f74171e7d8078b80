"""Which tier ranks points and measures volumes."""

from __future__ import annotations

from . import COMPILED_FROM, loading

REHEARSAL = f"{__package__}.fronts_rehearsal"
LEAST = 5e-324  # what a point adds to a volume that no chosen one dominates, should rounding leave nothing
PARTS = 2.0**40  # of the unit volume, to which what points add is rounded: both tiers then find the same ones alike
MANY = 2000  # points from which NumPy takes longer than a user's patience: there the call waits for the compiler


def is_compiled(n: int) -> bool:
    """Tell whether `n` points are for the compiled tier. Both tiers order points alike; volumes agree to 1e-12.

    Where the kernels are not ready, they are made so beside the objective. A call with `MANY` points waits for them.
    """
    if n < COMPILED_FROM:
        return False
    return is_ready() or (n >= MANY and loading.is_available())


def is_ready() -> bool:
    """Tell whether the kernels can be called without waiting; if not, let them be made ready."""
    return loading.is_ready(REHEARSAL) or loading.want(REHEARSAL)
