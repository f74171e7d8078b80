"""Slow, obvious twins of crossover and mutation: one child at a time, coordinate by coordinate, as in the papers."""

import math


def uniform(p, q, swap, u):
    return [b if r < swap else a for a, b, r in zip(p, q, u, strict=True)]


def blx(p, q, alpha, u):
    out = []
    for a, b, r in zip(p, q, u, strict=True):
        longer = alpha * abs(a - b)
        start, end = min(a, b) - longer, max(a, b) + longer
        out.append(start + r * (end - start))
    return out


def sbx_spread(limit, eta, r):
    """Deb's code of NSGA-II: alpha = 2 - beta^-(eta + 1), where beta is the limit; then one of two inverses."""
    alpha = 2 - limit ** -(eta + 1)
    if r <= 1 / alpha:
        return (r * alpha) ** (1 / (eta + 1))
    return (1 / (2 - r * alpha)) ** (1 / (eta + 1))


def sbx(p, q, low, high, eta, u):
    lower, upper = [], []
    for a, b, start, end, r in zip(p, q, low, high, u, strict=True):
        if abs(a - b) <= 1e-14 * (end - start):
            lower.append(a)
            upper.append(b)
            continue
        least, most = min(a, b), max(a, b)
        before, behind = (1 + 2 * room / (most - least) for room in (least - start, end - most))
        lower.append((least + most - sbx_spread(before, eta, r) * (most - least)) / 2)
        upper.append((least + most + sbx_spread(behind, eta, r) * (most - least)) / 2)
    return lower, upper


def vsbx(p, q, eta, u):
    first, second = [], []
    for a, b, r in zip(p, q, u, strict=True):
        beta = (1 / (2 * min(r, 1 - r))) ** (1 / (eta + 1))  # the half of SBX with beta >= 1
        sign = 1 if r <= 0.5 else -1
        first.append(a + sign * (beta - 1) / 2 * (a - b))
        second.append(b - sign * (beta - 1) / 2 * (a - b))
    return first, second


def spx(parents, epsilon, u):
    """Tsutsui et al. (1999): C_0 = 0, C_k = r_{k-1} (x_{k-1} - x_k + C_{k-1}), the child is x_n + C_n."""
    centre = [sum(column) / len(parents) for column in zip(*parents, strict=True)]
    corners = [[g + epsilon * (x - g) for x, g in zip(parent, centre, strict=True)] for parent in parents]
    shift = [0.0] * len(centre)
    for k in range(1, len(parents)):
        r = u[k - 1] ** (1 / k)
        shift = [r * (a - b + c) for a, b, c in zip(corners[k - 1], corners[k], shift, strict=True)]
    return [x + c for x, c in zip(corners[-1], shift, strict=True)]


def undx(p, q, s, sigma_xi, sigma_eta, z):
    dot = lambda a, b: sum(x * y for x, y in zip(a, b, strict=True))  # noqa: E731
    line = [b - a for a, b in zip(p, q, strict=True)]
    length = math.sqrt(dot(line, line))
    axis = [x / length for x in line] if length else line
    away = lambda v: [x - dot(v, axis) * e for x, e in zip(v, axis, strict=True)]  # noqa: E731
    to_third = away([c - a for a, c in zip(p, s, strict=True)])
    distance = math.sqrt(dot(to_third, to_third))
    return [
        (a + b) / 2 + sigma_xi * z[0] * d + sigma_eta * distance * w
        for a, b, d, w in zip(p, q, line, away(z[1:]), strict=True)
    ]


def polynomial(x, low, high, eta, r):
    """Deb's code of NSGA-II: delta_q from the distance to either bound, in units of the range."""
    if high <= low:
        return x
    before, behind = (x - low) / (high - low), (high - x) / (high - low)
    if r < 0.5:
        value = 2 * r + (1 - 2 * r) * (1 - before) ** (eta + 1)
        delta = value ** (1 / (eta + 1)) - 1
    else:
        value = 2 * (1 - r) + 2 * (r - 0.5) * (1 - behind) ** (eta + 1)
        delta = 1 - value ** (1 / (eta + 1))
    return min(max(x + delta * (high - low), low), high)


def tournament(grades, u):
    """Draw two of those that are left for each parent; the one of the better grade wins, or the first."""
    left, chosen = list(range(len(grades))), []
    for a, b in u:
        winner = min(left[int(a * len(left))], left[int(b * len(left))], key=lambda i: grades[i])
        left.remove(winner)
        chosen.append(winner)
    return chosen


def child(points, grades, is_choice, swap, crossover_prob, probability, eta, u):
    """One child of the default operators, and of which point each coordinate is (-1: of none)."""
    d = len(points)
    first, second = tournament(grades.tolist(), [u[0:2], u[2:4]])
    genes, source = [], []
    for j in range(d):
        order = [second, first] if u[4] < crossover_prob and u[5 + j] < swap[j] else [first, second]
        having = [i for i in order if not math.isnan(points[j, i])]
        source.append(having[0] if having else -1)
        genes.append(points[j, having[0]] if having else math.nan)
    there = [j for j in range(d) if source[j] >= 0]
    whether, what = u[5 + d : 5 + 2 * d], u[5 + 2 * d :]
    chance = probability if probability >= 0 else 1 / max(len(there), 1)
    hit = [j for j in there if whether[j] < chance]
    if (
        probability < 0
        and not hit
        and there
        and any(is_like(genes, points, a, b) for a, b in ((first, second), (second, first)))
    ):
        hit = [min(there, key=lambda j: whether[j])]
    for j in hit:
        genes[j] = what[j] if is_choice[j] else polynomial(genes[j], 0.0, 1.0, eta, what[j])
        source[j] = -1
    return genes, source


def is_like(genes, points, parent, other):
    """Whether a child is like a parent, which has what it lacks from the other one."""
    own = [points[j, other] if math.isnan(points[j, parent]) else points[j, parent] for j in range(len(genes))]
    return all(a == b or math.isnan(a) for a, b in zip(genes, own, strict=True))
