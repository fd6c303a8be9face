# SPDX-License-Identifier: GPL-3.0-or-later
"""GB/s of torch's median and of its sort with a mean over the kept ranks, on one thread: the peer of bench_order."""

import sys
import time

import torch


def rate(function, size):
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return size * 4e-9 / best


torch.set_num_threads(1)
d = int(float(sys.argv[1])) if len(sys.argv) > 1 else 20000
print(f"torch {torch.__version__}, 1 thread, GB/s\n    n         d   median  trimmed")
for n in (5, 11, 25, 51, 101, 255, 1001):
    x = torch.randn(n, d)
    trim = n // 5
    median = rate(lambda: torch.median(x, 0), n * d)
    trimmed = rate(lambda: torch.sort(x, 0)[0][trim : n - trim].mean(0), n * d)
    print(f"{n:5d} {d:9d} {median:8.3f} {trimmed:8.3f}")
