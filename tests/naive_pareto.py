"""Slow, obvious twins of the kernels for several objectives, all minimised."""

import itertools
import math
import operator


def dominates(a, b):
    """No worse in all objectives, better in one."""
    return a != b and all(map(operator.le, a, b))


def ranks(points):
    """Rank of each point: peel off front after front."""
    out, left, rank = [0] * len(points), set(range(len(points))), 0
    while left:
        front = {i for i in left if not any(dominates(points[j], points[i]) for j in left)}
        for i in front:
            out[i] = rank
        left, rank = left - front, rank + 1
    return out


def constrained_ranks(points, violations):
    """Rank of each point by constrained-domination: peel off front after front."""

    def beats(j, i):
        if violations[j] <= 0 and violations[i] <= 0:
            return dominates(points[j], points[i])
        return max(violations[j], 0) < max(violations[i], 0)

    out, left, rank = [0] * len(points), set(range(len(points))), 0
    while left:
        front = {i for i in left if not any(beats(j, i) for j in left)}
        for i in front:
            out[i] = rank
        left, rank = left - front, rank + 1
    return out


def ranks_until(points, enough):
    """Ranks, of which those after the front that reaches `enough` points are all the next."""
    return until(ranks(points), enough)


def until(exact, enough):
    """Set the ranks after the one that reaches `enough` points to the next."""
    last = sorted(exact)[max(enough, 1) - 1] if exact else 0
    return [min(r, last + 1) for r in exact]


def hypervolume(points, reference):
    """Sum of the cells, of the grid through all coordinates, that some point dominates."""
    inside = [p for p in points if all(x < r for x, r in zip(p, reference, strict=True))]
    axes = [sorted({*(p[j] for p in inside), r}) for j, r in enumerate(reference)]
    total = 0.0
    for cell in itertools.product(*(itertools.pairwise(axis) for axis in axes)):
        if any(all(x <= low for x, (low, _) in zip(p, cell, strict=True)) for p in inside):
            total += math.prod(high - low for low, high in cell)
    return total


def contributions(points, reference):
    """What is lost without each point."""
    whole = hypervolume(points, reference)
    return [whole - hypervolume(points[:i] + points[i + 1 :], reference) for i in range(len(points))]


def subset(points, reference, k):
    """Greedy choice: measure all sets that have one more point, take the first of the largest."""
    chosen = []
    for _ in range(min(k, len(points))):
        rest = [i for i in range(len(points)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: hypervolume([points[c] for c in [*chosen, i]], reference)))
    return chosen


def reference_points(m, divisions):
    """Shares of so many parts, that make up the whole, in lexicographic order."""
    shares = itertools.product(range(divisions + 1), repeat=m)
    return [[part / divisions for part in share] for share in shares if sum(share) == divisions]


def nearest_line(point, lines):
    """Index of the line through the origin that is nearest to a point, and the distance."""

    def distance(line):
        foot = sum(x * y for x, y in zip(point, line, strict=True)) / sum(y * y for y in line)
        return math.dist(point, [foot * y for y in line])

    return min(((i, distance(line)) for i, line in enumerate(lines)), key=lambda found: found[1])


def fill(niche, distance, counts, k, u):
    """Deb and Jain (2014), algorithm 4, where niches that have no point to offer are left out before one is drawn."""
    left, counts, chosen = list(range(len(niche))), list(counts), []
    for first, second in u[:k]:
        least = min(counts[niche[i]] for i in left)
        niches = sorted({niche[i] for i in left if counts[niche[i]] == least})
        j = niches[int(first * len(niches))]
        members = sorted((i for i in left if niche[i] == j), key=lambda i: distance[i])
        i = members[int(second * len(members)) if counts[j] else 0]
        chosen.append(i)
        left.remove(i)
        counts[j] += 1
    return chosen


def shares(front, reference):
    """What each point of a front adds to its hypervolume, the front's ranges being 1."""
    low, high = ([f(column) for column in zip(*front, strict=True)] for f in (min, max))
    scaled = [[(x - a) / ((b - a) or 1) for x, a, b in zip(p, low, high, strict=True)] for p in front]
    return contributions(scaled, [reference] * len(low))


def survival(points, violations, reference):
    """For each point the key that SMS-EMOA sorts by: the last one leaves."""
    feasible = [i for i in range(len(points)) if violations[i] <= 0]
    keys = [(violation, 0, 0.0) for violation in violations]
    rank = ranks([points[i] for i in feasible])
    for r in set(rank):
        front = [i for i, own in zip(feasible, rank, strict=True) if own == r]
        looked_at = r in (0, max(rank)) and len(front) > 1 and len(points[0]) > 1
        added = shares([points[i] for i in front], reference) if looked_at else [0.0] * len(front)
        for i, share in zip(front, added, strict=True):
            keys[i] = (0.0, r, -round(share, 9))
    return keys
