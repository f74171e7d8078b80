"""Crossover and mutation of whole populations: points in boxes, from uniform or normal numbers drawn outside.

Shapes: n children, of k parents each, with d coordinates: ``parents`` (n, k, d), ``low`` and ``high`` (d,). What a
crossover makes may lie outside of the box; `bounce` brings it back. The whole way from parents to children by the
default operators is in `offspring`.
"""

from __future__ import annotations

import numpy as np

from ..arrays import BoolArray, FloatArray, IntArray

_LEAST = 1e-14  # parents closer than this share of the box are one: nothing is to be spread between them


def uniform(parents: FloatArray, swap: float, u: FloatArray) -> FloatArray:
    """Take each coordinate from the first parent, or with probability `swap` from the second (Syswerda 1989).

    Parameters
    ----------
    parents
        Shape (n, 2, d).
    swap
        Probability in [0, 1].
    u
        Uniform numbers, shape (n, d).

    Returns
    -------
    children
        Shape (n, d).
    """
    return np.where(u < swap, parents[:, 1], parents[:, 0])


def blx(parents: FloatArray, alpha: float, u: FloatArray) -> FloatArray:
    """Draw uniformly from the box of both parents, longer by `alpha` at either end (BLX; Eshelman & Schaffer 1993).

    Parameters
    ----------
    parents
        Shape (n, 2, d).
    alpha
        Share of the distance between the parents.
    u
        Uniform numbers, shape (n, d).

    Returns
    -------
    children
        Shape (n, d).
    """
    least, most = parents.min(axis=1), parents.max(axis=1)
    extent = most - least
    return np.asarray(least - alpha * extent + u * (1 + 2 * alpha) * extent)


def sbx(
    parents: FloatArray, low: FloatArray, high: FloatArray, eta: float, u: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Make two children each by simulated binary crossover within bounds (Deb & Agrawal 1995).

    A child lies at a spread beta of the parents' half distance from their middle; the density of beta is a polynomial
    of degree `eta` inside of the parents and falls as beta^-(eta + 2) outside. It is cut off where the child would
    leave the box, at each side by itself, as in Deb's own code of NSGA-II.

    Parameters
    ----------
    parents
        Shape (n, 2, d), inside of the box.
    low, high
        Ends of the box, shape (d,).
    eta
        Distribution index, at least 0: the larger, the nearer are children to their parents.
    u
        Uniform numbers, shape (n, d).

    Returns
    -------
    lower, upper
        Shape (n, d) each: coordinates next to the lesser and to the greater parent.
    """
    least, most = parents.min(axis=1), parents.max(axis=1)
    gap = most - least
    is_one = gap <= _LEAST * (high - low)
    safe = np.where(is_one, 1.0, gap)
    middle = 0.5 * (least + most)
    lower = middle - 0.5 * gap * _spread(1 + 2 * (least - low) / safe, eta, u)
    upper = middle + 0.5 * gap * _spread(1 + 2 * (high - most) / safe, eta, u)
    return np.where(is_one, parents[:, 0], lower), np.where(is_one, parents[:, 1], upper)


def _spread(limit: FloatArray, eta: float, u: FloatArray) -> FloatArray:
    """Draw beta of SBX from its density cut off at `limit`, at least 1, by inversion."""
    mass = 2 - np.maximum(limit, 1.0) ** -(eta + 1)  # twice the share of the density below the limit
    v = u * mass
    return np.asarray(np.where(v <= 1, v, 1 / np.maximum(2 - v, 1e-300)) ** (1 / (eta + 1)))


def vsbx(parents: FloatArray, eta: float, u: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Make two children each by vSBX (Ballester & Carter, GECCO 2003, section 3.2): SBX that leaves no region out.

    Of SBX's spread only the part outside of the parents is used, beta = (1 / 2u)^(1 / (eta + 1)) >= 1 for u <= 1/2. Of
    parents a and b, a child is ((1 + beta) a + (1 - beta) b) / 2, beyond a, or its mirror image at a,
    ((3 - beta) a - (1 - beta) b) / 2. The paper could not be consulted: these weights are the ones that are quoted from
    it, and beta the one with which they add up to 1 and the density is symmetric around each parent.

    Parameters
    ----------
    parents
        Shape (n, 2, d).
    eta
        Distribution index, at least 0.
    u
        Uniform numbers, shape (n, d).

    Returns
    -------
    first, second
        Shape (n, d) each: coordinates around the first and around the second parent.
    """
    outside = u <= 0.5
    beta = (1 / np.maximum(np.where(outside, 2 * u, 2 - 2 * u), 1e-300)) ** (1 / (eta + 1))
    shift = np.where(outside, 0.5, -0.5) * (beta - 1) * (parents[:, 0] - parents[:, 1])
    return np.asarray(parents[:, 0] + shift), np.asarray(parents[:, 1] - shift)


def spx(parents: FloatArray, epsilon: float, u: FloatArray) -> FloatArray:
    """Draw uniformly from the simplex of k parents, `epsilon` times as large (SPX; Tsutsui, Yamamura & Higuchi 1999).

    Parameters
    ----------
    parents
        Shape (n, k, d).
    epsilon
        Expansion from the parents' centre.
    u
        Uniform numbers, shape (n, k - 1).

    Returns
    -------
    children
        Shape (n, d).
    """
    k = parents.shape[1]
    centre = parents.mean(axis=1, keepdims=True)
    corners = centre + epsilon * (parents - centre)
    shift = np.zeros(corners[:, 0].shape)
    for i in range(1, k):
        r = u[:, i - 1, np.newaxis] ** (1 / i)
        shift = r * (corners[:, i - 1] - corners[:, i] + shift)
    return np.asarray(corners[:, k - 1] + shift)


def undx(parents: FloatArray, sigma_xi: float, sigma_eta: float, z: FloatArray) -> FloatArray:
    """Draw from a normal distribution along the line of two parents, its width given by a third (UNDX; Ono 1999).

    Parameters
    ----------
    parents
        Shape (n, 3, d): the first two span the primary direction.
    sigma_xi
        Standard deviation along it, in units of the distance of the two.
    sigma_eta
        Standard deviation across, in units of the distance of the third parent from the line.
    z
        Normal numbers, shape (n, 1 + d).

    Returns
    -------
    children
        Shape (n, d).
    """
    first, second, third = parents[:, 0], parents[:, 1], parents[:, 2]
    line = second - first
    length = np.sqrt((line * line).sum(axis=1, keepdims=True))
    axis = line / np.where(length > 0, length, 1.0)
    across = _without(third - first, axis)
    distance = np.sqrt((across * across).sum(axis=1, keepdims=True))
    along = 0.5 * (first + second) + sigma_xi * z[:, :1] * line
    # Independent normal numbers without their part along the axis are normal numbers on all axes across it.
    return np.asarray(along + sigma_eta * distance * _without(z[:, 1:], axis))


def _without(vectors: FloatArray, axis: FloatArray) -> FloatArray:
    """Take away the part of vectors (n, d) along unit vectors (n, d)."""
    return np.asarray(vectors - (vectors * axis).sum(axis=1, keepdims=True) * axis)


def bounce(children: FloatArray, parent: FloatArray, low: FloatArray, high: FloatArray, u: FloatArray) -> FloatArray:
    """Bring coordinates back into a box: to somewhere between its end and a parent (Price, Storn & Lampinen 2005).

    Clipping would gather children at the ends.

    Parameters
    ----------
    children
        Shape (n, d).
    parent
        A point inside of the box for each child, shape (n, d).
    low, high
        Ends of the box, shape (d,).
    u
        Uniform numbers, shape (n, d).

    Returns
    -------
    inside
        Shape (n, d).
    """
    inside = np.where(children < low, low + u * (parent - low), children)
    inside = np.where(children > high, high + u * (parent - high), inside)
    return np.clip(inside, low, high)


def polynomial(x: FloatArray, low: FloatArray, high: FloatArray, eta: float, u: FloatArray) -> FloatArray:
    """Mutate by the polynomial distribution within bounds (Deb & Goyal 1996; bounds as in Deb's code of NSGA-II).

    Parameters
    ----------
    x
        Coordinates, any shape, inside of the bounds.
    low, high
        Bounds, broadcast to the shape of x.
    eta
        Distribution index, at least 0: the larger, the nearer are mutants to x.
    u
        Uniform numbers in the shape of x.

    Returns
    -------
    mutants
        In the shape of x.
    """
    width = np.where(high > low, high - low, 1.0)
    below = u < 0.5
    room = np.where(below, (x - low) / width, (high - x) / width)  # to the end that the mutant moves towards
    v = np.where(below, 2 * u, 2 - 2 * u)
    step = 1 - (v + (1 - v) * (1 - np.clip(room, 0.0, 1.0)) ** (eta + 1)) ** (1 / (eta + 1))
    return np.clip(x + np.where(below, -step, step) * (high - low), low, high)


def tournament(grades: IntArray, u: FloatArray) -> IntArray:
    """Choose different parents by binary tournaments.

    Parameters
    ----------
    grades
        The place of each point, 0 for the best, shape (n_points,), at least as many as a child has parents.
    u
        Uniform numbers, shape (n, k, 2): two drawn points for each parent, of which the first wins if both are equal.

    Returns
    -------
    chosen
        Indices, shape (n, k); those of a row differ.
    """
    n, k, _ = u.shape
    chosen = np.empty((n, k), dtype=np.int64)
    for i in range(k):
        drawn = (u[:, i] * (len(grades) - i)).astype(np.int64)  # (n, 2)
        # An index among those that are left becomes one among all: it steps over the taken ones from below.
        for taken in np.sort(chosen[:, :i], axis=1).T:
            drawn += drawn >= taken[:, np.newaxis]
        first, second = drawn.T
        chosen[:, i] = np.where(grades[second] < grades[first], second, first)
    return chosen


def lent(genes: FloatArray) -> FloatArray:
    """Give parents (n, k, d) that lack a coordinate, which is NaN, the one of the first other parent that has it."""
    is_missing = np.isnan(genes)
    if not is_missing.any():
        return genes
    return np.where(is_missing, np.take_along_axis(genes, is_missing.argmin(axis=1)[:, np.newaxis], axis=1), genes)


def hits(children: FloatArray, genes: FloatArray, probability: float, u: FloatArray) -> BoolArray:
    """Choose the coordinates that mutate.

    Parameters
    ----------
    children
        Shape (n, d); what is NaN does not mutate.
    genes
        Their parents, shape (n, k, d).
    probability
        In [0, 1]; or negative: one coordinate of a child on average, and at least one of a child that is a copy of a
        parent.
    u
        Uniform numbers, shape (n, d).

    Returns
    -------
    mask
        Shape (n, d).
    """
    there = ~np.isnan(children)
    u = np.where(there, u, np.inf)
    if probability >= 0:
        return np.asarray(u < probability)
    is_hit: BoolArray = u < 1 / np.maximum(there.sum(axis=1, keepdims=True), 1)
    is_copy = ((children[:, np.newaxis] == genes) | ~there[:, np.newaxis]).all(axis=2).any(axis=1)
    rows = np.flatnonzero(is_copy & ~is_hit.any(axis=1) & there.any(axis=1))
    is_hit[rows, u[rows].argmin(axis=1)] = True
    return is_hit
