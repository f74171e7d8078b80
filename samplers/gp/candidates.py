"""Where a Gaussian process looks first: anywhere, and around the best trials; and what may be changed at a point."""

from __future__ import annotations

import numpy as np

from ...engine.arrays import BoolArray, FloatArray, IntArray
from .coordinates import Coordinates

N_UNIFORM, N_NEAR, N_REGRAFTED = 512, 256, 64
MOST_CENTRES = 8
REPLACED = 20  # coordinates that change at a time
DECADES = -2.5, -0.5  # of the steps around a centre
FEW = 12  # values of a discrete parameter up to which all are tried; of more the next ones
STEPS = (-4, -2, -1, 1, 2, 4)


def around(centres: FloatArray, coordinates: Coordinates, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw `n` points around some centres (k, d), by steps of all sizes in some coordinates.

    A coordinate changes with probability min(1, 20 / d), or in half of the points with one of its own for the point, so
    that some change little. Steps are reflected at the borders, those of a grid at least one value; choices are
    redrawn half of the time.
    """
    d = coordinates.d
    points = centres[rng.integers(len(centres), size=n)]
    share = rng.random((n, 1))
    changes = rng.random((n, d)) < np.where(
        rng.random((n, 1)) < 0.5, min(1.0, REPLACED / d), np.maximum(1.0 / d, share * share)
    )
    size = 10.0 ** rng.uniform(*DECADES, (n, 1))
    step = rng.standard_normal((n, d)) * size
    step = np.where(np.abs(step) < coordinates.cell, np.copysign(coordinates.cell, step), step)
    moved = np.abs(points + step)
    moved = np.clip(1.0 - np.abs(1.0 - moved), 0.0, 1.0)
    redrawn = random_choices(coordinates, n, rng)
    is_redrawn = rng.random((n, len(coordinates.choices))) < 0.5
    moved[:, coordinates.choices] = np.where(is_redrawn, redrawn, points[:, coordinates.choices])
    return np.where(changes, moved, points)


def random_choices(coordinates: Coordinates, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw `n` times a choice of each categorical parameter."""
    n_choices = coordinates.dims.n_choices[coordinates.choices]
    return np.asarray(np.floor(rng.random((n, len(n_choices))) * n_choices))


def uniform(coordinates: Coordinates, n: int, rng: np.random.Generator) -> FloatArray:
    """Draw `n` points anywhere."""
    points = rng.random((n, coordinates.d))
    points[:, coordinates.choices] = random_choices(coordinates, n, rng)
    return points


def single_changes(points: FloatArray, coordinates: Coordinates, counts: BoolArray) -> tuple[FloatArray, IntArray]:
    """Change one discrete parameter of each point, in all ways.

    Parameters
    ----------
    points
        Settled, shape (k, d).
    counts
        Which parameters count, shape (k, d).

    Returns
    -------
    changed, owner
        Shape (m, d), and (m,) which point each was.
    """
    internal = coordinates.internal(points)
    changed, owner = [np.empty((0, coordinates.d))], [np.empty(0, dtype=np.int64)]
    everyone = np.arange(len(points))
    for j in np.flatnonzero(coordinates.n_values > 0).tolist():
        n_values = int(coordinates.n_values[j])
        low, spacing = float(coordinates.dims.scale.low[j]), float(coordinates.dims.scale.spacing[j])
        here = np.rint((internal[:, j] - low) / spacing)
        all_values = n_values <= FEW
        ways = np.arange(n_values) if all_values else np.array(STEPS)
        new = np.tile(ways, (len(points), 1)) if all_values else here[:, None] + ways
        fits = counts[:, j, None] & (new != here[:, None]) & (new >= 0) & (new < n_values)
        of = np.repeat(everyone, len(ways)).reshape(len(points), -1)[fits]
        values = internal[of]
        values[:, j] = low + spacing * new[fits]
        changed.append(values)
        owner.append(of)
    rows, of_point = np.concatenate(changed), np.concatenate(owner)
    found = coordinates.unit(rows)
    continuous = coordinates.n_values == 0
    found[:, continuous] = points[of_point][:, continuous]
    return found, of_point
