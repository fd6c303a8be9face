#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A round of byzsim against a plain PyTorch loop over the workers: same model, batch size, workers and rule, one
thread each, in turn, in one run. Prints the median time of a round and the ratio.

The PyTorch side is what experiments in this field usually do: one model, for each worker a batch, a backward pass and a
flattened copy of the gradient; then the rule on the stacked matrix, and a step. Random images take the place of data
loading, which is left out on that side.

usage: bench_training.py PROGRAM [--rounds N] [--repeat K]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

WORKERS, BATCH, FEATURES, CLASSES = 25, 32, 784, 10
MODELS = {"softmax 784-10": [], "mlp 784-100-10": [100], "mlp 784-200-100-10": [200, 100]}
RULES = ["mean", "median", "trimmed_mean"]
TRIM = 5


def byzsim_round(program, hidden, rule, rounds, folder):
    """Seconds of a round, from the timing in the result file; evaluations only at the start and the end."""
    model = {"name": "mlp", "hidden": hidden} if hidden else "softmax"
    config = {
        "name": "bench", "rounds": rounds,
        "workers": {"count": WORKERS, "batch_size": BATCH},
        "data": {"dataset": {"name": "digits", "train": 5000, "test": 100}},
        "model": model,
        "server": {"aggregator": rule, "declared_byzantine": TRIM, "learning_rate": 0.01},
        "evaluation": {"every": 0, "train_samples": 100},
    }  # fmt: skip
    path = pathlib.Path(folder) / "bench.json"
    path.write_text(json.dumps(config))
    subprocess.run([program, "run", str(path), "--threads", "1", "--out", folder, "--quiet"], check=True)
    index = json.loads((pathlib.Path(folder) / "bench" / "sweep.json").read_text())
    result = json.loads((pathlib.Path(folder) / "bench" / index["runs"][0]["file"]).read_text())
    return result["timing"]["seconds"] / rounds


def torch_network(torch, hidden):
    sizes = [FEATURES, *hidden, CLASSES]
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(before, after), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def torch_aggregate(torch, matrix, rule):
    if rule == "mean":
        return matrix.mean(dim=0)
    if rule == "median":
        return matrix.median(dim=0).values
    return matrix.sort(dim=0).values[TRIM : WORKERS - TRIM].mean(dim=0)


def torch_round(torch, hidden, rule, rounds):
    torch.manual_seed(1)
    network, loss_of = torch_network(torch, hidden), torch.nn.CrossEntropyLoss()
    parameters = list(network.parameters())
    images, labels = torch.rand(4096, FEATURES), torch.randint(0, CLASSES, (4096,))
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        rows = []
        for _ in range(WORKERS):
            pick = torch.randint(0, 4096, (BATCH,))
            network.zero_grad()
            loss_of(network(images[pick]), labels[pick]).backward()
            rows.append(torch.cat([p.grad.reshape(-1) for p in parameters]))
        step, at = torch_aggregate(torch, torch.stack(rows), rule), 0
        with torch.no_grad():
            for p in parameters:
                p -= 0.01 * step[at : at + p.numel()].view_as(p)
                at += p.numel()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=300, help="rounds of byzsim in a measurement")
    parser.add_argument("--repeat", type=int, default=3, help="measurements of each side, in turn")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed for this Python (Debian: python3-torch): nothing to compare with")
        return 0
    torch.set_num_threads(1)
    print(f"{WORKERS} workers, batch {BATCH}, 1 thread, PyTorch {torch.__version__}, median of {options.repeat}")
    print(f"{'model':20} {'rule':14} {'PyTorch ms':>11} {'byzsim ms':>11} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for model, hidden in MODELS.items():
            for rule in RULES:
                ours, theirs = [], []
                for _ in range(options.repeat):
                    theirs.append(torch_round(torch, hidden, rule, 20))
                    ours.append(byzsim_round(options.program, hidden, rule, options.rounds, folder))
                a, b = statistics.median(theirs), statistics.median(ours)
                print(f"{model:20} {rule:14} {1e3 * a:11.3f} {1e3 * b:11.3f} {a / b:6.1f}x", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
