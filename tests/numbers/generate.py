"""Writes pytorch.json, what PyTorch 2.15 gives at the ends of the numbers, for tests/numbers.rs:

    pip install torch==2.15.0
    python3 tests/numbers/generate.py

Elementwise operations are run on a long vector, which goes through PyTorch's vectorised loops, and on single
numbers; where the two differ, both are stored (`alone`). What PyTorch refuses is null.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
LONG = 1009  # a prime, so that every number comes to stand in every lane, and in the rest


def names(dtype):
    info = torch.finfo(dtype)
    least = 2.0 ** -149 if dtype == torch.float32 else 5e-324
    return {"least": least, "sub": info.smallest_normal - least, "max": info.max, "eps": info.eps}


def points(dtype):
    n = names(dtype)
    right = [0.0, n["least"], n["sub"], 1.0, 100.0, 1000.0, n["max"], INF]
    return [-x for x in reversed(right)] + right + [NAN]


def few(dtype):
    n = names(dtype)
    right = [0.0, n["least"], 1.0, n["max"], INF]
    return [-x for x in reversed(right)] + right + [NAN]


ONE = {
    "negate": lambda x: -x,
    "exp": torch.exp,
    "exp_m1": torch.expm1,
    "ln": torch.log,
    "ln_1p": torch.log1p,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "recip": torch.reciprocal,
    "abs": torch.abs,
    "sin": torch.sin,
    "cos": torch.cos,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "leaky_relu(0.01)": lambda x: F.leaky_relu(x, 0.01),
    "elu(0.5)": lambda x: F.elu(x, 0.5),
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "erf": torch.erf,
    "powi(0)": lambda x: x.pow(0),
    "powi(1)": lambda x: x.pow(1),
    "powi(2)": lambda x: x.pow(2),
    "powi(3)": lambda x: x.pow(3),
    "powi(-1)": lambda x: x.pow(-1),
    "powi(-2)": lambda x: x.pow(-2),
    "powf(0.0)": lambda x: x.pow(0.0),
    "powf(0.5)": lambda x: x.pow(0.5),
    "powf(1.0)": lambda x: x.pow(1.0),
    "powf(1.7)": lambda x: x.pow(1.7),
    "powf(2.0)": lambda x: x.pow(2.0),
    "powf(-0.5)": lambda x: x.pow(-0.5),
    "clamp(-1, 1)": lambda x: x.clamp(-1.0, 1.0),
    "clamp(1, -1)": lambda x: x.clamp(1.0, -1.0),
    "sign": torch.sign,
    "floor": torch.floor,
    "detach": lambda x: x.detach(),
}

COMPARISONS = {
    "eq": torch.eq,
    "ne": torch.ne,
    "lt": torch.lt,
    "le": torch.le,
    "gt": torch.gt,
    "ge": torch.ge,
}

TWO = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
} | {name: (lambda f: lambda a, b: f(a, b).to(a.dtype))(f) for name, f in COMPARISONS.items()}


def pow_grid(dtype):
    least = names(dtype)["least"]
    a = [-INF, -2.0, -1.0, -0.5, -0.0, 0.0, least, 0.5, 1.0, 2.0, INF, NAN]
    b = [-INF, -3.0, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, INF, NAN]
    return a, b


def bce_grid(dtype):
    n = names(dtype)
    return [-1.0, -0.0, 0.0, n["least"], 0.5, 1.0 - n["eps"], 1.0, 2.0, NAN], [0.0, 0.5, 1.0, NAN]


def logits_grid(dtype):
    n = names(dtype)
    x = [-INF, -n["max"], -1000.0, -100.0, -1.0, -0.0, 0.0, n["least"], 1.0, 100.0, 1000.0, n["max"], INF, NAN]
    return x, [0.0, 0.5, 1.0, NAN]


def rows_grid(dtype):
    n = names(dtype)
    return [-1.0, -0.0, 0.0, n["least"], n["sub"], 0.5, 1.0, INF, NAN], [0.0, 0.5, 1.0, NAN]


GRIDS = {name: (f, lambda dtype: (few(dtype), few(dtype))) for name, f in TWO.items()}
GRIDS["pow"] = (torch.pow, pow_grid)
GRIDS["bce"] = (lambda p, y: F.binary_cross_entropy(p, y, reduction="none"), bce_grid)
GRIDS["surprise"] = (lambda p, t: -(t * p.log().clamp(min=-100.0)), rows_grid)
GRIDS["bce_with_logits"] = (lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"), logits_grid)


def lists(dtype):
    n = names(dtype)
    least, sub, big = n["least"], n["sub"], n["max"]
    singles = [[x] for x in [-INF, -0.0, 0.0, least, big, INF, NAN]]
    pairs = [
        [0.0, 0.0], [-0.0, -0.0], [0.0, -0.0], [-0.0, 0.0], [1.0, 1.0], [least, least], [sub, -sub], [big, big],
        [-big, -big], [big, -big], [1000.0, 1000.0], [-1000.0, 1000.0], [-INF, -INF], [INF, INF], [-INF, INF],
        [0.0, -INF], [0.0, INF], [0.0, NAN], [NAN, 0.0], [-INF, NAN], [INF, NAN], [NAN, NAN], [1.0, 2.0, 2.0],
    ]
    long = [[0.0] * 40 + [x] + [0.0] * 26 for x in [-INF, INF, NAN]] + [[-INF] * 67, [-INF] * 66 + [0.0]]
    return [[]] + singles + pairs + long


def each(f, cases):
    return lambda dtype: [([torch.tensor(x, dtype=dtype) for x in case], f) for case in cases(dtype)]


LISTS = {
    "sum": lambda x: x.sum(),
    "mean": lambda x: x.mean(),
    "prod": lambda x: x.prod(),
    "max": lambda x: x.amax(),
    "min": lambda x: x.amin(),
    "norm": lambda x: torch.linalg.vector_norm(x),
    "logsumexp": lambda x: x.logsumexp(0),
    "variance": lambda x: x.var(correction=0),
    "variance(correction 1)": lambda x: x.var(correction=1),
    "softmax": lambda x: x.softmax(0),
    "log_softmax": lambda x: x.log_softmax(0),
    "cumsum": lambda x: x.cumsum(0),
    "argmax": lambda x: x.argmax(0).to(x.dtype),
}


def some(dtype):
    n = names(dtype)
    return [-INF, -n["max"], -1.0, -n["least"], -0.0, 0.0, n["least"], n["sub"], 1.0, n["max"], INF, NAN]


def back(dtype):
    return some(dtype)[::-1]


def others(dtype):
    """(call, inputs, function, cotangent or None for ones)."""
    T = lambda x: torch.tensor(x, dtype=dtype)
    n = names(dtype)
    x, g = T(some(dtype)), T(back(dtype))
    index = torch.tensor([11, 0, 0, 4, 5])
    yield "reshape", [x], lambda x: x.reshape(3, 4), g.reshape(3, 4)
    yield "permute", [x.reshape(3, 4)], lambda x: x.t(), g.reshape(4, 3)
    yield "expand", [x], lambda x: x.expand(2, 12), torch.stack([g, x])
    yield "slice", [x], lambda x: x[2:9], g[2:9]
    yield "pad", [x.reshape(1, 2, 6)], lambda x: F.pad(x, (0, 0, 0, 0, 1, 1)), torch.stack([x, g, x]).reshape(3, 2, 6)
    yield "concat", [x[:5], x[5:]], lambda a, b: torch.cat([a, b]), g
    yield "stack", [x[:6], x[6:]], lambda a, b: torch.stack([a, b]), g.reshape(2, 6)
    yield "index_select", [x], lambda x: x[index], g[index]
    yield "gather", [x], lambda x: x.gather(0, index), g[index]
    # The transposes of the two: entries of the same index are added.
    rows = torch.stack([x, g, x.roll(1)])
    into = lambda x: torch.zeros(4, 12, dtype=dtype).index_add(0, torch.tensor([2, 0, 2]), x)
    yield "index_add", [rows], into, torch.stack([x, g, x, g])
    index2 = torch.tensor([[2, 0], [1, 1]])
    into2 = lambda x: torch.zeros(3, 4, dtype=dtype).scatter_add(1, index2, x)
    for v in [[INF, NAN, INF, -INF], [-0.0, 0.0, -0.0, -0.0], [n["least"], -n["max"], n["max"], n["max"]]]:
        yield "scatter_add", [T(v).reshape(2, 2)], into2, g.reshape(3, 4)
    yield "spread", [x, torch.zeros(3, 12, dtype=dtype)], lambda g, x: g.expand(3, 12) / 3.0, rows
    conditions = T([NAN, INF, 1.0, n["least"], 0.0, -0.0, -n["least"], -1.0, -INF, 2.0, -2.0, NAN])
    yield "where_cond", [conditions, x, g], lambda c, a, b: torch.where(c != 0, a, b), x
    yield "where_positive", [conditions, x, g], lambda c, a, b: torch.where(c > 0, a, b), x
    lone = lambda k, v: [[v if i == k else 0.0 for i in range(67)]]
    products = [
        ([[0.0]], [[INF]]), ([[INF]], [[INF]]), ([[-0.0]], [[1.0]]), ([[0.0, 0.0]], [[NAN], [1.0]]),
        ([[INF, -INF]], [[1.0], [1.0]]), ([[n["max"], n["max"]]], [[1.0], [1.0]]),
        ([[n["max"], -n["max"]]], [[2.0], [2.0]]), ([[n["least"]]], [[1.0]]), ([[n["sub"], n["least"]]], [[1.0], [1.0]]),
        (lone(40, INF), [[1.0]] * 67), (lone(66, NAN), [[1.0]] * 67), ([[1.0] * 67], [[x[0]] for x in zip(*lone(3, INF))]),
        ([[]], torch.zeros(0, 1).tolist()),
    ]
    for a, b in products:
        a, b = T(a), T(b).reshape(-1, 1)
        yield "matmul", [a, b], torch.matmul, None
        yield "linear", [a, b.t().contiguous(), T([-0.0])], F.linear, None
    rows = [
        ([0.0, 0.0], [1.0, 0.0]), ([1000.0, -1000.0], [1.0, 0.0]), ([1000.0, -1000.0], [0.0, 1.0]),
        ([-INF, 0.0], [0.0, 1.0]), ([-INF, 0.0], [1.0, 0.0]), ([-INF, -INF], [0.5, 0.5]), ([INF, 0.0], [1.0, 0.0]),
        ([INF, 0.0], [0.0, 1.0]), ([NAN, 0.0], [0.0, 1.0]), ([n["max"], -n["max"]], [0.5, 0.5]), ([0.0, 0.0], [0.0, 0.0]),
        ([0.0], [1.0]), ([0.0, 0.0], [NAN, 1.0]), ([n["least"], -0.0], [1.0, 0.0]),
    ]
    for logits, target in rows:
        yield "cross_entropy", [T([logits]), T([target])], lambda x, t: F.cross_entropy(x, t, reduction="none"), None


def number(x):
    """As text, which every reader of JSON leaves alone, and which ∞ and NaN have too."""
    return repr(x).removesuffix(".0")


def array(x):
    return {"shape": list(x.shape), "data": [number(v) for v in x.detach().flatten().tolist()]}


def run(f, inputs, seed=None):
    """The result and the gradients of its sum, or of its product with the seed."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = f(*leaves)
    if not y.requires_grad:
        return y, [None for _ in leaves]
    seed = torch.ones_like(y) if seed is None else seed
    return y, torch.autograd.grad(y, leaves, seed, allow_unused=True)


def elementwise(f, inputs):
    """On a long vector and on single numbers, entry by entry; None where PyTorch refuses."""
    count = inputs[0].numel()
    alone = []
    for i in range(count):
        try:
            y, grads = run(f, [x[i] for x in inputs])
            alone.append([y.item()] + [None if g is None else g.item() for g in grads])
        except RuntimeError:
            alone.append(None)
    known = [i for i in range(count) if alone[i] is not None]
    times = [known[i % len(known)] for i in range(LONG)]
    y, grads = run(f, [x[times] for x in inputs])
    columns = [y.tolist()] + [[None] * LONG if g is None else g.tolist() for g in grads]
    # The first time, where every lane is full.
    vector = [None if alone[i] is None else [c[times.index(i)] for c in columns] for i in range(count)]
    return vector, alone


def cells(column):
    return [None if x is None else number(x) for x in column]


def columns(results, width):
    return [cells([None if r is None else r[k] for r in results]) for k in range(width)]


cases = []
for dtype, name in [(torch.float32, "f32"), (torch.float64, "f64")]:

    def elements(kind, call, f, inputs, extra):
        vector, alone = elementwise(f, inputs)
        case = {"kind": kind, "call": call, "type": name, **extra, "inputs": [cells(x.tolist()) for x in inputs]}
        y, *grads = columns(vector, 1 + len(inputs))
        case |= {"y": y, "grads": grads}
        y, *grads = columns(alone, 1 + len(inputs))
        if repr([y, grads]) != repr([case["y"], case["grads"]]):
            case["alone"] = {"y": y, "grads": grads}
        cases.append(case)

    for call, f in ONE.items():
        elements("one", call, f, [torch.tensor(points(dtype), dtype=dtype)], {})
    # A mask of each kind.
    torch.manual_seed(0)
    x = torch.tensor(points(dtype), dtype=dtype)
    for call, kept in [("dropout(0.5), kept", True), ("dropout(0.5), dropped", False)]:
        found = {}
        while len(found) < x.numel():
            leaf = x.clone().requires_grad_()
            y, mask = torch.native_dropout(leaf, 0.5, True)
            (g,) = torch.autograd.grad(y, leaf, torch.ones_like(y))
            found |= {i: (y[i].item(), g[i].item()) for i in range(x.numel()) if mask[i].item() == kept}
        case = {"kind": "one", "call": call, "type": name, "inputs": [cells(x.tolist())]}
        case |= {"y": cells([found[i][0] for i in range(x.numel())])}
        case |= {"grads": [cells([found[i][1] for i in range(x.numel())])]}
        cases.append(case)
    for call, (f, grid) in GRIDS.items():
        a, b = grid(dtype)
        both = [torch.tensor(v, dtype=dtype) for v in zip(*[(p, q) for p in a for q in b])]
        elements("two", call, f, both, {"grid": [cells(a), cells(b)]})
    for call, f in LISTS.items():
        for x in lists(dtype):
            x = torch.tensor(x, dtype=dtype)
            case = {"kind": "list", "call": call, "type": name, "inputs": [array(x)]}
            try:
                y = f(x)
                # Where the entries of the result depend on each other: the gradient of the first one.
                seed = torch.zeros_like(y)
                seed.view(-1)[:1] = 1.0
                y, (g,) = run(f, [x], seed)
                case |= {"y": array(y), "grads": [None if g is None else array(g)], "seed": array(seed)}
            except (RuntimeError, IndexError):
                case |= {"y": None, "grads": [None]}
            cases.append(case)
    for call, inputs, f, seed in others(dtype):
        y, grads = run(f, inputs, seed)
        seed = torch.ones_like(y) if seed is None else seed
        case = {"kind": "list", "call": call, "type": name, "inputs": [array(x) for x in inputs]}
        case |= {"y": array(y), "grads": [None if g is None else array(g) for g in grads], "seed": array(seed)}
        cases.append(case)

path = pathlib.Path(__file__).with_name("pytorch.json")
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
path.write_text('{"torch":"%s","cases":[\n%s\n]}\n' % (torch.__version__.split("+")[0], lines))
print(len(cases), "cases,", path.stat().st_size, "bytes")
