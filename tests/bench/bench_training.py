#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of byzsim against plain PyTorch loops: same model, batch size, workers and rules, one thread each, in turn, in
one run. Prints the median time of a round and the ratio.

The PyTorch side is what experiments in this field usually do: one model, for each worker a batch, a backward pass and a
flattened copy of the gradient; then the rules on the stacked matrix, and a step. Random images take the place of data
loading, which is left out on that side.

Parts: gradients (one worker's, beside the peak; needs bench_models and bench_layers beside the program), loop (mean,
median and trimmed mean over 25 workers), sequences (the same for gru and transformer on 32 characters of a made-up
language, mean and median), attacked (20 honest workers and 5 that send ALIE's vector; nearest-neighbour mixing, then the
trimmed mean; CNN), threads (two threads of byzsim beside one). Without a part, all of them.

usage: bench_training.py PROGRAM [PART]... [--model WORD] [--repeat K]
"""

import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

WORKERS, BATCH, CLASSES, IMAGES = 25, 32, 10, 4096
BYZANTINE = 5
Z = 1.5  # ALIE: standard deviations from the mean
CNN = "cnn 20@5x5-50@5x5-500-10"
# Model: hidden layers (None: the convolutional network), rounds of a measurement here and there.
MODELS = {
    "softmax 784-10": ([], 600, 20),
    "mlp 784-100-10": ([100], 200, 20),
    "mlp 784-200-100-10": ([200, 100], 100, 12),
    CNN: (None, 12, 3),
}
LONGER = 8  # rounds of "threads": a thread's first tenths of a second, while it may share a processor, must not count for much
RULES = ["mean", "median", "trimmed_mean"]
PARTS = ["gradients", "loop", "sequences", "attacked", "threads"]
LENGTH, CHARACTERS = 32, 27  # of the data set "words"
SEQUENCES = {"gru": 40, "transformer": 20}  # rounds of a measurement


def model_config(hidden):
    if hidden is None:
        return "cnn"
    return {"name": "mlp", "hidden": hidden} if hidden else "softmax"


def byzsim_round(program, model, rounds, threads=1, rule="mean", attacked=False, dataset="digits"):
    """Seconds of a round, from the timing in the result file; evaluations only at the start and the end."""
    config = {
        "name": "bench", "rounds": rounds,
        "workers": {"count": WORKERS, "batch_size": BATCH},
        "data": {"dataset": {"name": dataset, "train": 5000, "test": 100}},
        "model": model,
        "server": {"aggregator": rule, "declared_byzantine": BYZANTINE, "learning_rate": 0.01},
        "evaluation": {"every": 0, "train_samples": 100},
    }  # fmt: skip
    if attacked:
        config["workers"]["byzantine"] = BYZANTINE
        config["attack"] = {"name": "alie", "z": Z}
        config["server"]["preaggregators"] = ["nnm"]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "bench.json"
        path.write_text(json.dumps(config))
        command = [program, "run", str(path), "--threads", str(threads), "--out", folder, "--quiet"]
        subprocess.run(command, check=True)
        index = json.loads((pathlib.Path(folder) / "bench" / "sweep.json").read_text())
        result = json.loads((pathlib.Path(folder) / "bench" / index["runs"][0]["file"]).read_text())
    return result["timing"]["seconds"] / rounds


def image_network(torch, hidden):
    nn = torch.nn
    if hidden is None:
        layers = [nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
                  nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, CLASSES)]  # fmt: skip
        return nn.Sequential(*layers)
    sizes, layers = [784, *hidden, CLASSES], []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def sequence_network(torch, kind):
    """byzsim's gru and transformer with their default knobs; logits (batch, characters, positions)."""
    nn = torch.nn

    class Gru(nn.Module):
        def __init__(self):
            super().__init__()
            self.characters, self.states = nn.Embedding(CHARACTERS, 16), nn.GRU(16, 64, batch_first=True)
            self.out = nn.Linear(64, CHARACTERS)

        def forward(self, x):
            return self.out(self.states(self.characters(x))[0]).transpose(1, 2)

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.characters, self.positions = nn.Embedding(CHARACTERS, 32), nn.Embedding(LENGTH, 32)
            self.blocks = nn.ModuleList(
                nn.TransformerEncoderLayer(32, 4, 128, dropout=0.0, batch_first=True, norm_first=True) for _ in range(2)
            )
            self.norm, self.out = nn.LayerNorm(32), nn.Linear(32, CHARACTERS)
            self.later = torch.full((LENGTH, LENGTH), float("-inf")).triu(1)

        def forward(self, x):
            x = self.characters(x) + self.positions.weight
            for block in self.blocks:
                x = block(x, self.later)
            return self.out(self.norm(x)).transpose(1, 2)

    return Gru() if kind == "gru" else Transformer()


class Peer:
    """The loop in PyTorch."""

    def __init__(self, torch, network, inputs, labels):
        self.torch, self.network, self.inputs, self.labels = torch, network, inputs, labels
        self.parameters, self.loss = list(network.parameters()), torch.nn.CrossEntropyLoss()

    @classmethod
    def of_images(cls, torch, hidden):
        torch.manual_seed(1)
        shape = (1, 28, 28) if hidden is None else (784,)
        network = image_network(torch, hidden)
        return cls(torch, network, torch.rand(IMAGES, *shape), torch.randint(0, CLASSES, (IMAGES,)))

    @classmethod
    def of_sequences(cls, torch, kind):
        torch.manual_seed(1)
        text = torch.randint(0, CHARACTERS, (IMAGES, LENGTH + 1))
        return cls(torch, sequence_network(torch, kind), text[:, :-1], text[:, 1:])

    def gradient(self):
        pick = self.torch.randint(0, IMAGES, (BATCH,))
        self.network.zero_grad()
        self.loss(self.network(self.inputs[pick]), self.labels[pick]).backward()
        return self.torch.cat([p.grad.reshape(-1) for p in self.parameters])

    def matrix(self, workers):
        return self.torch.stack([self.gradient() for _ in range(workers)])

    def step(self, direction):
        at = 0
        with self.torch.no_grad():
            for p in self.parameters:
                p -= 0.01 * direction[at : at + p.numel()].view_as(p)
                at += p.numel()

    def trimmed_mean(self, matrix):
        return matrix.sort(dim=0).values[BYZANTINE : len(matrix) - BYZANTINE].mean(dim=0)

    def aggregate(self, rule, matrix):
        if rule == "mean":
            return matrix.mean(dim=0)
        if rule == "median":
            return matrix.median(dim=0).values
        return self.trimmed_mean(matrix)

    def attack(self, honest):
        """ALIE (Baruch, Baruch, Goldberg, 2019): mean minus z standard deviations, coordinate by coordinate."""
        return honest.mean(dim=0) - Z * honest.std(dim=0)

    def mix(self, matrix):
        """NNM (Allouah et al., 2023): every vector becomes the mean of its n - f nearest, itself among them."""
        nearest = self.torch.cdist(matrix, matrix).topk(len(matrix) - BYZANTINE, largest=False).indices
        return self.torch.stack([matrix[row].mean(dim=0) for row in nearest])

    def round(self, rule):
        self.step(self.aggregate(rule, self.matrix(WORKERS)))

    def round_attacked(self, _rule):
        honest = self.matrix(WORKERS - BYZANTINE)
        matrix = self.torch.cat([honest, self.attack(honest).expand(BYZANTINE, -1)])
        self.step(self.trimmed_mean(self.mix(matrix)))

    def seconds(self, work, rule, rounds):
        times = []
        work(rule)
        for _ in range(rounds):
            began = time.perf_counter()
            work(rule)
            times.append(time.perf_counter() - began)
        return statistics.median(times)


def print_row(model, rule, theirs, ours):
    a, b = statistics.median(theirs), statistics.median(ours)
    print(f"{model:26} {rule:22} {1e3 * a:11.3f} {1e3 * b:11.3f} {a / b:6.1f}x", flush=True)


def load_torch():
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed for this Python (Debian: python3-torch): nothing to compare with")
        return None
    torch.set_num_threads(1)
    return torch


def print_head(torch, repeat):
    print(f"{WORKERS} workers, batch {BATCH}, 1 thread, PyTorch {torch.__version__}, median of {repeat}")
    print(f"{'model':26} {'rule':22} {'PyTorch ms':>11} {'byzsim ms':>11} {'ratio':>7}")


def bench_loop(options, models):
    torch = load_torch()
    if torch is None:
        return
    print_head(torch, options.repeat)
    for model, (hidden, rounds, peer_rounds) in models.items():
        peer = Peer.of_images(torch, hidden)
        for rule in RULES:
            ours, theirs = [], []
            for _ in range(options.repeat):
                theirs.append(peer.seconds(peer.round, rule, peer_rounds))
                ours.append(byzsim_round(options.program, model_config(hidden), rounds, rule=rule))
            print_row(model, rule, theirs, ours)


def bench_sequences(options, _models):
    torch = load_torch()
    if torch is None:
        return
    print_head(torch, options.repeat)
    for kind, rounds in SEQUENCES.items():
        if options.model not in kind:
            continue
        peer = Peer.of_sequences(torch, kind)
        for rule in RULES[:2]:
            ours, theirs = [], []
            for _ in range(options.repeat):
                theirs.append(peer.seconds(peer.round, rule, 3))
                ours.append(byzsim_round(options.program, kind, rounds, rule=rule, dataset="words"))
            print_row(kind, rule, theirs, ours)


def bench_attacked(options, _models):
    torch = load_torch()
    if torch is None:
        return
    print_head(torch, options.repeat)
    peer, ours, theirs = Peer.of_images(torch, None), [], []
    for _ in range(options.repeat):
        theirs.append(peer.seconds(peer.round_attacked, None, 3))
        ours.append(byzsim_round(options.program, "cnn", 12, rule="trimmed_mean", attacked=True))
    print_row(CNN, "alie, nnm, trimmed_mean", theirs, ours)


def memory_gain(program):
    """How much faster two threads read memory than one, now: a virtual machine's processors may come to share a cache or
    cease to."""
    command = [program, "bench", "--kernel", "norms", "--n", "5", "--d", "100000", "--threads", "1,2"]
    out = subprocess.run([*command, "--seconds", "0", "--json"], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(out)["results"][-1]["memory_speedup"]


def rounds_apart(program, model, rounds):
    """Seconds of a round of two programs side by side on one thread each, halved: they share nothing but the machine."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda _: byzsim_round(program, model, rounds), range(2))) / 4


def bench_threads(options, models):
    print("ratio: of a round on one thread to a round on two; apart: the same of two programs side by side, the most a\n"
          "machine that is free for them gives; memory's: what memory gives two threads beside one (least and most)")  # fmt: skip
    print(f"{'model, mean':26} {'1 thread ms':>12} {'2 threads ms':>13} {'ratio':>7} {'apart':>7}   memory's")
    for model, (hidden, rounds, _) in models.items():
        times, memory = {1: [], 2: [], "apart": []}, [memory_gain(options.program)]
        kind, rounds = model_config(hidden), LONGER * rounds
        for _ in range(options.repeat):
            for threads in (1, 2):
                times[threads].append(byzsim_round(options.program, kind, rounds, threads=threads))
            times["apart"].append(rounds_apart(options.program, kind, rounds))
            memory.append(memory_gain(options.program))
        one, two, apart = (statistics.median(found) for found in times.values())
        print(
            f"{model:26} {1e3 * one:12.3f} {1e3 * two:13.3f} {one / two:6.2f}x {one / apart:6.2f}x"
            f"   {min(memory):.1f}-{max(memory):.1f}",
            flush=True,
        )


def bench_gradients(options, _models):
    for name in ["bench_models", "bench_layers"]:
        subprocess.run([pathlib.Path(options.program).parent / name], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; all without")
    parser.add_argument("--model", default="", help="models whose name holds this word only (loop, sequences, threads)")
    parser.add_argument("--repeat", type=int, default=5, help="measurements of each side, in turn")
    options = parser.parse_args()
    wrong = [part for part in options.parts if part not in PARTS]
    models = {name: plan for name, plan in MODELS.items() if options.model in name}
    if wrong:
        parser.error(f"no part is called {wrong[0]!r}: use {', '.join(PARTS)}")
    if not models and not any(options.model in kind for kind in SEQUENCES):
        parser.error(f"no model has {options.model!r} in its name: use {', '.join([*MODELS, *SEQUENCES])}")
    if options.repeat < 1:
        parser.error("--repeat must be at least 1")
    work = {"gradients": bench_gradients, "loop": bench_loop, "sequences": bench_sequences, "attacked": bench_attacked,
            "threads": bench_threads}  # fmt: skip
    for number, part in enumerate(options.parts or PARTS):
        if number > 0:
            print(flush=True)
        work[part](options, models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
