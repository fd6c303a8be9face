# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that need more than a matrix, as users meet them: fltrust on files, and what is refused for want of a fact."""

import json
import sys

from program import TINY, Checks, changed, run, scratch, write

try:
    import numpy as np
except ImportError:
    print("the Python module numpy is missing: run 'make deps'")
    sys.exit(77)

checks = Checks()


def fltrust(x, g0):
    """The definition in float64: output and weights."""
    length = np.linalg.norm(g0)
    norms = np.linalg.norm(x, axis=1)
    trust = np.maximum(0, x @ g0 / (norms * length))
    return (trust * length / norms) @ x / trust.sum(), trust / trust.sum()


def compare(name, x, g0, *arguments):
    done = run("aggregate", "--rule", "fltrust", "--json", *arguments)
    if not checks.expect(f"{name}: answers", done.returncode == 0, done.stderr):
        return
    answer = json.loads(done.stdout)
    output, weights = fltrust(x.astype(np.float64), g0.astype(np.float64))
    error = np.abs(np.array(answer["output"]) - output).max() / np.abs(output).max()
    checks.expect(f"{name}: output", error < 2e-6, error)
    checks.expect(f"{name}: weights", np.abs(np.array(answer["weights"]) - weights).max() < 1e-9, answer["weights"])


def refused(name, wanted, *arguments):
    done = run(*arguments)
    checks.expect(f"{name}: exit status 2", done.returncode == 2, done.returncode)
    checks.expect(f"{name}: the reason", wanted in done.stderr and done.stderr.count("\n") <= 2, done.stderr)
    checks.expect(f"{name}: nothing on standard output", done.stdout == "", done.stdout)


with scratch() as folder:
    random = np.random.default_rng(1)
    for n, d in ((1, 1), (3, 2), (10, 5000), (25, 333)):
        g0 = random.normal(size=d).astype(np.float32)
        x = (random.normal(size=(n, d)) * random.lognormal(size=(n, 1)) + 0.3 * g0).astype(np.float32)
        x[0] = 2 * g0
        np.save(f"{folder}/x.npy", x)
        np.save(f"{folder}/g.npy", g0.reshape(1, d))
        write(f"{folder}/both.json", {"server_gradient": g0.tolist(), "rows": x.tolist()})
        compare(f"{n} x {d}, two files", x, g0, "--server-gradient", f"{folder}/g.npy", f"{folder}/x.npy")
        compare(f"{n} x {d}, one file", x, g0, f"{folder}/both.json")

    rows = write(f"{folder}/rows.json", [[3, 4], [0, 2], [2, 0]])
    both = write(f"{folder}/both.json", {"rows": [[3, 4], [0, 2], [2, 0]], "server_gradient": [1, 0]})
    long = write(f"{folder}/long.json", [[1, 0, 3]])
    two = write(f"{folder}/two.json", [[1, 0], [0, 1]])
    rule = ("aggregate", "--rule", "fltrust")
    refused("no gradient", "give --server-gradient FILE", *rule, rows)
    refused("a gradient of another length", "one row of 2 values, not 1 of 3", *rule, "--server-gradient", long, rows)
    refused("two gradients in a file", "one row of 2 values, not 2 of 2", *rule, "--server-gradient", two, rows)
    refused("a gradient twice", "leave out --server-gradient", *rule, "--server-gradient", long, both)
    refused("both from standard input", 'only one of the two files can be "-"', *rule, "--server-gradient", "-", "-")
    refused("a gradient nobody needs", "mean has no use", "aggregate", "--rule", "mean", both)
    refused("a loss", 'use it in "byzsim run"', "aggregate", "--rule", "zeno", rows)
    refused("an attack with a gradient", "leave it out", "attack", "--name", "alie", both)
    last = write(f"{folder}/last.json", [[1, -2]])
    a, mu, ones = np.array([1.0, -2.0]), np.array([5 / 3, 2.0]), np.ones(2)
    r = 0.9 * a + 0.1 * mu
    q = ones - (ones @ r) / (r @ r) * r
    for z in (1, 2.5):
        done = run("attack", "--name", f"rop:z={z}", "--previous", last, "--json", rows)
        sent = json.loads(done.stdout)["output"]
        checks.expect(f"rop with a last aggregate, z = {z}", np.allclose(sent, a + z * q / np.linalg.norm(q), rtol=1e-6), sent)
    refused("a last aggregate of another length", "one row of 2 values, not 1 of 3", "attack", "--name", "rop", "--previous",
            long, rows)
    refused("last aggregate and messages from standard input", 'only one of the two files can be "-"', "attack", "--name",
            "rop", "--previous", "-", "-")
    for name in ("fltrust", "zeno"):
        refused(f"trying out {name}", 'use "byzsim run"', "attack", "--name", "optimal_ipm", "--rule", name, rows)
    for name in ("foolsgold", "safeguard", "byzantine_sgd"):
        done = run("attack", "--name", "optimal_ipm", "--rule", name, "--json", rows)
        checks.expect(f"trying out {name}", done.returncode == 0, done.stderr)
        refused(f"{name} behind bucketing", "behind bucketing a row is no single worker's", "aggregate", "--pre",
                "bucketing", "--rule", name, rows)
        server = {"preaggregators": ["nnm", "bucketing"], "aggregator": name}
        config = write(f"{folder}/{name}.json", changed(TINY, server=server))
        done = run("check", config)
        checks.expect(f"check refuses {name} behind bucketing", done.returncode == 2 and "server.aggregator" in done.stderr
                      and "behind bucketing" in done.stderr, done.stderr)

    done = run("bench", "--rule", "zeno", "--rule", "fltrust", "--n", "4", "--d", "8", "--threads", "1")
    checks.expect("bench leaves zeno out and says why", done.returncode == 0 and "left out: zeno" in done.stderr, done.stderr)

checks.finish()
