#!/usr/bin/env python3
"""The same work in PyTorch, in JAX and here, in one go; prints one table, ours last.

    pip install torch            # and jax, if it is to be compared too
    python3 benches/peers/compare.py [--rounds 3]

Each peer runs in a process of its own, on one thread and on all cores, and its better time counts. The peers and
these benches (criterion's medians) take turns for a number of rounds, and the median of the rounds counts. The factor
behind a peer's time is how many times ours it is.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORES = len(os.sched_getaffinity(0))
MNIST = [784, 256, 128, 10]
# Steps before a network starts over: later the one batch is known by heart, and gradients are subnormal numbers.
RESTART = 500
UNARY = ["exp", "tanh", "sigmoid", "gelu", "relu", "softmax"]
MATMUL = {"128x784x256": (128, 784, 256), "512": (512, 512, 512), "1024": (1024, 1024, 1024)}


def median_time(f, budget=1.0):
    """Seconds of one call: the median of at least nine samples, each of some calls."""
    start = time.perf_counter()
    for _ in range(3):
        f()
    once = (time.perf_counter() - start) / 3
    calls = max(1, int(budget / 20 / once))
    samples = []
    end = time.perf_counter() + budget
    while len(samples) < 9 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(calls):
            f()
        samples.append((time.perf_counter() - start) / calls)
    return statistics.median(samples)


def torch_times(threads):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    times = {}

    def step(model, loss_of, x, y):
        beginning = {name: value.clone() for name, value in model.state_dict().items()}
        adam, steps = torch.optim.Adam(model.parameters(), lr=1e-3), 0

        def run():
            nonlocal adam, steps
            if steps == RESTART:
                model.load_state_dict(beginning)
                adam, steps = torch.optim.Adam(model.parameters(), lr=1e-3), 0
            steps += 1
            adam.zero_grad()
            loss = loss_of(model(x), y)
            loss.backward()
            adam.step()
            return loss.item()

        return run

    wdbc = nn.Sequential(
        nn.Linear(30, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(32, 1), nn.Sigmoid(),
    )
    x, y = torch.randn(32, 30), (torch.arange(32) % 3 == 0).float().unsqueeze(1)
    times["wdbc_step"] = median_time(step(wdbc, nn.BCELoss(), x, y))

    for rows in (32, 128, 512):
        layers = []
        for i, o in zip(MNIST, MNIST[1:]):
            layers += [nn.Linear(i, o), nn.ReLU()]
        x, y = torch.rand(rows, 784), torch.arange(rows) * 7 % 10
        times[f"mnist_step/{rows}"] = median_time(step(nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss(), x, y))

    if threads == 1:

        def chain():
            x, w, b = (torch.tensor(v, requires_grad=True) for v in (0.5, 1.0, 0.0))
            for i in range(3000):
                x = x * w if i % 3 == 0 else x.tanh() if i % 3 == 1 else x + b
            x.backward()

        times["scalar_chain/3000"] = median_time(chain)
        x = torch.randn(128, 256)
        leaf, ones = x.clone().requires_grad_(), torch.ones_like(x)
        for name in UNARY:
            f = {"softmax": lambda x: torch.softmax(x, -1), "gelu": nn.functional.gelu}.get(name) or getattr(torch, name)

            def both():
                leaf.grad = None
                f(leaf).backward(ones)

            times[f"unary/{name}/forward"] = median_time(lambda: f(x), 0.3)
            times[f"unary/{name}/both"] = median_time(both, 0.3)

    for name, (m, k, n) in MATMUL.items():
        a, b, c = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
        times[f"matmul/{name}"] = median_time(lambda: torch.mm(a, b, out=c), 0.5)
    return times


def jax_times(threads):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    import jax
    import jax.numpy as jnp

    def start(sizes):
        keys = jax.random.split(jax.random.key(0), len(sizes))
        p = [(jax.random.normal(k, (i, o)) / i**0.5, jnp.zeros(o)) for k, i, o in zip(keys, sizes, sizes[1:])]
        zeros = lambda: jax.tree.map(jnp.zeros_like, p)
        return p, zeros(), zeros(), jnp.zeros((), jnp.int32), jax.random.key(1)

    def forward(p, x, dropouts, key):
        for i, (w, b) in enumerate(p):
            x = x @ w + b
            if i < len(p) - 1:
                x = jax.nn.relu(x)
                if dropouts:
                    key, sub = jax.random.split(key)
                    keep = 1 - dropouts[i]
                    x = jnp.where(jax.random.bernoulli(sub, keep, x.shape), x / keep, 0)
        return x

    def step(sizes, loss_of, dropouts, x, y):
        def update(state):
            p, m, v, t, key = state
            key, sub = jax.random.split(key)
            loss, g = jax.value_and_grad(lambda p: loss_of(forward(p, x, dropouts, sub), y))(p)
            t = t + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            move = lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
            return (jax.tree.map(move, p, m, v), m, v, t, key), loss

        compiled = jax.jit(update, donate_argnums=0)
        beginning = start(sizes)
        state, steps = jax.tree.map(jnp.copy, beginning), 0

        def run():
            nonlocal state, steps
            if steps == RESTART:
                state, steps = jax.tree.map(jnp.copy, beginning), 0
            steps += 1
            state, loss = compiled(state)
            return float(loss)

        return run

    def binary(z, y):
        p = jax.nn.sigmoid(z)
        return -jnp.mean(y * jnp.maximum(jnp.log(p), -100) + (1 - y) * jnp.maximum(jnp.log1p(-p), -100))

    def classes(z, y):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

    key = jax.random.key(2)
    x, y = jax.random.normal(key, (32, 30)), (jnp.arange(32) % 3 == 0).astype(jnp.float32)[:, None]
    times = {"wdbc_step": median_time(step([30, 64, 32, 1], binary, [0.3, 0.2], x, y))}
    for rows in (32, 128, 512):
        x, y = jax.random.uniform(key, (rows, 784)), jnp.arange(rows) * 7 % 10
        times[f"mnist_step/{rows}"] = median_time(step(MNIST, classes, None, x, y))
    return times


def our_times(threads):
    """Criterion's medians; under `GROUP by hand` those of the steps without a tape."""
    names = "wdbc_step|mnist_step|scalar_chain" + ("|unary" if threads == 1 else "") + "|matmul"
    environment = dict(os.environ, WENGERT_NUM_THREADS=str(threads))
    command = ["cargo", "bench", "--quiet", "--bench", "steps", "--bench", "kernels", "--", names]
    start = time.time()
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{run.stderr}")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    times = {}
    for file in target.glob("criterion/*/*/new/estimates.json"):
        if file.stat().st_mtime < start:
            continue  # of an earlier run
        group, function = json.loads((file.parent / "benchmark.json").read_text())["full_id"].rsplit("/", 1)
        seconds = json.loads(file.read_text())["median"]["point_estimate"] * 1e-9
        name = {"tape": group, "by_hand": f"{group} by hand"}.get(function, f"{group}/{function}")
        times[name] = seconds
    return times


def peer_times(peer, threads):
    command = [sys.executable, __file__, "--peer", peer, "--threads", str(threads)]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def better(runs, name):
    """The median over the rounds, on the better number of threads."""
    found = [statistics.median([times[name] for times in rounds]) for rounds in runs if name in rounds[0]]
    return min(found) if found else None


def importable(module):
    return subprocess.run([sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def show(seconds):
    return f"{seconds * 1e6:,.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.2f} ms"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often all take turns")
    parser.add_argument("--peer", choices=["torch", "jax"], help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=CORES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        times = {"torch": torch_times, "jax": jax_times}[options.peer](options.threads)
        return print(json.dumps(times))

    peers = [peer for peer in ("torch", "jax") if importable(peer)]
    if not peers:
        sys.exit("neither torch nor jax can be imported: pip install torch")
    threads = sorted({1, CORES})
    runs = {who: [[] for _ in threads] for who in peers + ["ours"]}
    for done in range(options.rounds):
        for i, n in enumerate(threads):
            print(f"round {done + 1} of {options.rounds}, {n} thread(s)", file=sys.stderr)
            for peer in peers:
                runs[peer][i].append(peer_times(peer, n))
            runs["ours"][i].append(our_times(n))

    titles = {"torch": "PyTorch", "jax": "JAX, jit"}
    names = ["wdbc_step"] + [f"mnist_step/{rows}" for rows in (32, 128, 512)] + ["scalar_chain/3000"]
    names += [f"unary/{name}/{what}" for name in UNARY for what in ("forward", "both")]
    print(f"\n{processor()}, {CORES} cores; the better of {' and '.join(map(str, threads))} threads; "
          f"medians of {options.rounds} rounds\n")
    print("| |", " | ".join([titles[peer] for peer in peers] + ["by hand", "wengert"]), "|")
    print("|---|" + "---:|" * (len(peers) + 2))
    every = range(len(threads))
    rows = [(name, name, every) for name in names]
    rows += [(f"matmul/{name}, {threads[i]} thread(s)", f"matmul/{name}", [i]) for name in MATMUL for i in every]
    for label, name, at in rows:
        of = lambda who, name: better([runs[who][i] for i in at], name)
        ours = of("ours", name)
        row = []
        for other in [of(peer, name) for peer in peers] + [of("ours", f"{name} by hand")]:
            row.append(f"{show(other)} ({other / ours:.2f}×)" if other else "")
        print("|", " | ".join([label] + row + [show(ours)]), "|")


def processor():
    try:
        lines = subprocess.run(["lscpu"], stdout=subprocess.PIPE, text=True).stdout.splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("Model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
