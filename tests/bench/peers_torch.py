# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and pre-aggregators in whole-tensor operations of PyTorch, written from their definitions: peers for bench_peers.py.

Each takes a matrix x (n, d) and the number f of Byzantine rows.
"""

import itertools
import math

import torch

MOST_SUBSETS = 100000


def mean(x, f):
    return x.mean(dim=0)


def median(x, f):
    return x.median(dim=0).values


def trimmed_mean(x, f):
    return x.sort(dim=0).values[f : x.shape[0] - f].mean(dim=0)


def meamed(x, f):
    nearest = (x - x.median(dim=0).values).abs().topk(x.shape[0] - f, dim=0, largest=False).indices
    return x.gather(0, nearest).mean(dim=0)


def geometric_median(x, f, steps=3, nu=0.1, start=None):
    z = torch.zeros_like(x[0]) if start is None else start(x, f)
    for _ in range(steps):
        weights = 1 / (x - z).norm(dim=1).clamp(min=nu)
        z = (weights[:, None] * x).sum(dim=0) / weights.sum()
    return z


def krum_scores(x, f):
    return (torch.cdist(x, x) ** 2).sort(dim=1).values[:, 1 : x.shape[0] - f].sum(dim=1)


def krum(x, f):
    return x[krum_scores(x, f).argmin()]


def multi_krum(x, f):
    return x[krum_scores(x, f).topk(x.shape[0] - f, largest=False).indices].mean(dim=0)


def centered_clipping(x, f, tau=10.0, steps=1):
    v = torch.zeros_like(x[0])
    for _ in range(steps):
        moves = x - v
        v = v + (moves * (tau / moves.norm(dim=1)).clamp(max=1)[:, None]).mean(dim=0)
    return v


def monna(x, f):
    return x[(x - x[0]).norm(dim=1).topk(x.shape[0] - f, largest=False).indices].mean(dim=0)


def subsets(x, f):
    return (list(rows) for rows in itertools.combinations(range(x.shape[0]), x.shape[0] - f))


def mda(x, f):
    distances = torch.cdist(x, x)
    return x[min(subsets(x, f), key=lambda rows: distances[rows][:, rows].max().item())].mean(dim=0)


def smea(x, f):
    def largest(rows):
        centred = x[rows] - x[rows].mean(dim=0)
        return torch.linalg.eigvalsh(centred @ centred.T)[-1].item()

    return x[min(subsets(x, f), key=largest)].mean(dim=0)


def top_direction(centred, shares, steps=50, tolerance=1e-6):
    """The largest eigenvalue of sum_i shares_i c_i c_i' and its vector, by power iteration."""
    v, value = torch.randn(centred.shape[1]), 0.0
    v = v / v.norm()
    for _ in range(steps):
        moved = centred.T @ (shares * (centred @ v))
        before, value = value, moved.norm().item()
        v = moved / value
        if abs(value - before) <= tolerance * value:
            break
    return value, v


def caf(x, f):
    n = x.shape[0]
    weights, least, best = torch.ones(n), math.inf, None
    while weights.sum() > n - 2 * f:
        shares = weights / weights.sum()
        centre = shares @ x
        value, v = top_direction(x - centre, shares)
        if value < least:
            least, best = value, centre
        scores = ((x - centre) @ v) ** 2
        weights = weights * (1 - scores / scores.max())
    return x.mean(dim=0) if best is None else best


def nnm(x, f):
    return x[torch.cdist(x, x).topk(x.shape[0] - f, dim=1, largest=False).indices].mean(dim=1)


def bucketing(x, f, size=2):
    return torch.stack([bucket.mean(dim=0) for bucket in x[torch.randperm(x.shape[0])].split(size)])


def clipping(x, f, threshold=2.0):
    return x * (threshold / x.norm(dim=1)).clamp(max=1)[:, None]


def arc(x, f):
    n, norms = x.shape[0], x.norm(dim=1)
    longest = int(2 * f * (n - f) / n)
    limit = norms.sort(descending=True).values[min(longest, n - 1)]
    return x * (limit / norms).clamp(max=1)[:, None]


def peers(x, f):
    """By the words that byzsim has for it: a call of the same rule here. What has too many subsets is left out."""
    n, d = x.shape
    found = {
        "mean": lambda: mean(x, f),
        "median": lambda: median(x, f),
        "trimmed_mean": lambda: trimmed_mean(x, f),
        "meamed": lambda: meamed(x, f),
        "geometric_median": lambda: geometric_median(x, f),
        "geometric_median:iterations=8,start=mean": lambda: geometric_median(x, f, steps=8, start=mean),
        "krum:neighbours=kappa": lambda: krum(x, f),
        "multi_krum:neighbours=kappa": lambda: multi_krum(x, f),
        "centered_clipping": lambda: centered_clipping(x, f),
        "monna": lambda: monna(x, f),
        "caf": lambda: caf(x, f),
        "bucketing": lambda: bucketing(x, f),
        "clipping": lambda: clipping(x, f),
        "arc": lambda: arc(x, f),
    }
    if 4.0 * n * (n - f) * d <= 9e9:  # it gathers all the rows of all the means at once
        found["nnm"] = lambda: nnm(x, f)
    if math.comb(n, f) <= MOST_SUBSETS:
        found["mda"] = lambda: mda(x, f)
    if math.comb(n, f) * n * d <= 1e9:
        found["smea"] = lambda: smea(x, f)
    return found
