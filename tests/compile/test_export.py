"""Graphs as functions over arrays: the engine's numbers in NumPy, JAX and PyTorch."""

import math
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import examples, of, unlisted
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Value, cross_entropy, hinge, replay, rule, topological_order
from micrograd_like.compile.array_formulas import Library, array_formula
from micrograd_like.compile.export import to_function
from micrograd_like.custom import forget
from micrograd_like.rules import RULES, Rule, m
from micrograd_like.strategies import Graph, graphs

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")

POINTS = (-800.0, -1.5, -0.25, 0.25, 0.75, 1.5, 800.0)


@given(graphs(), st.data())
def test_numpy_gives_the_engines_values(graph: Graph, data: st.DataObject) -> None:
    """Random graphs of all rules at several rows, where the engine has a value."""
    values = [Value(x) for x in graph.leaves]
    root = graph.values(values)[-1]
    count = data.draw(st.integers(1, len(values)))
    below = {id(v) for v in topological_order(root)}
    if any(id(v) not in below for v in values[:count]):
        return
    function = to_function(root, values[:count], np)
    near = st.floats(-0.01, 0.01)
    rows = [[x + data.draw(near) for x in graph.leaves[:count]] for _ in range(3)]
    with np.errstate(all="ignore"):
        found = function(np.array(rows), [v.data for v in function.parameters])
    for row, number in zip(rows, found, strict=True):
        try:
            expected = replay(root, dict(zip(values, row, strict=False)))
        except (ValueError, ArithmeticError):
            continue
        if math.isfinite(expected):
            assert number == pytest.approx(expected, rel=1e-6, abs=1e-9)


def slopes_of(name: str) -> list[tuple[str, float, float, float, list[float]]]:
    """A rule at several points: name, x, y, the value and the gradients by the engine."""
    found = []
    arity = RULES[name].arity
    for k, x in enumerate(POINTS):
        leaves = [Value(x, "x"), Value(POINTS[(3 * k + 4) % 7], "y")][:arity]
        try:
            root = getattr(leaves[0], name)(*leaves[1:])
        except (ValueError, ArithmeticError):
            continue
        root.backward()
        grads = [v.grad for v in leaves]
        if all(map(math.isfinite, [root.data, *grads])) and abs(root.data) < 1e100:
            found.append((name, x, leaves[-1].data, root.data, grads))
    return found


RECORDED = [point for name in RULES if name in vars(Value) for point in slopes_of(name)]
IN_JAX = """
import os
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
import sys
sys.path[:0] = {folders!r}
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
from test_export import RECORDED, digits, rule_function, close
assert len(jax.devices()) == 8

for name, x, y, value, grads in RECORDED:
    f = rule_function(name, jnp)
    point = jnp.array([x, y][: len(grads)])
    found, slopes = jax.value_and_grad(f)(point)
    assert close([found, *slopes], [value, *grads]), (name, x, y, found, slopes, value, grads)

from jax.sharding import NamedSharding, PartitionSpec
mesh = jax.make_mesh((jax.device_count(),), ("rows",))
function, rows, loss, grads = digits(jnp)
X = jax.device_put(jnp.array(rows), NamedSharding(mesh, PartitionSpec("rows")))
p = jax.device_put(
    jnp.array([v.data for v in function.parameters]), NamedSharding(mesh, PartitionSpec())
)
step = jax.jit(jax.value_and_grad(lambda p, X: function(X, p).mean()))
found, slopes = step(p, X)
assert len(X.addressable_shards) == 8
assert close([found, *slopes], [loss, *grads])
print("the same", len(RECORDED), len(grads))
"""


def rule_function(name: str, xp: Any) -> Any:
    """A rule over arrays, as a function of one row."""
    leaves = [Value(0.5, "x"), Value(2.0, "y")][: RULES[name].arity]
    return to_function(getattr(leaves[0], name)(*leaves[1:]), leaves, xp)


def close(found: Any, expected: Any) -> bool:
    """Whether numbers are equal to a few units in the last place of the largest."""
    scale = max(1.0, *map(abs, expected))
    return all(abs(float(a) - b) <= 1e-11 * scale for a, b in zip(found, expected, strict=True))


def digits(xp: Any) -> tuple[Any, list[list[float]], float, list[float]]:
    """A classifier's loss over arrays, 64 rows for it, and the engine's loss and gradients."""
    random.seed(3)
    model = MLP(3, [6, 4], activation="tanh")
    rows = []
    for k in range(64):
        classes = [float(k % 4 == j) for j in range(4)]
        rows.append([*(random.uniform(-1, 1) for _ in range(3)), *classes])
    leaves = [Value(0.1 * k, f"x{k}") for k in range(7)]
    function = to_function(cross_entropy([model(leaves[:3])], [leaves[3:]]), leaves, xp)
    loss = cross_entropy([model(row[:3]) for row in rows], [row[3:] for row in rows])
    loss.backward()
    return function, rows, loss.data, [v.grad for v in function.parameters]


@pytest.mark.slow
def test_jax_gives_the_engines_numbers_jitted_and_sharded() -> None:
    """Every rule's value and gradient; a loss and its gradients, its batch on eight devices."""
    pytest.importorskip("jax")
    folders = [str(folder) for folder in Path(__file__).parents[:2]]
    program = IN_JAX.format(folders=folders)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("the same "), done.stderr[-2000:]


def test_pytorch_gives_the_engines_numbers() -> None:
    """Every rule's value and gradient, a loss and its gradients, by PyTorch's autograd."""
    torch = pytest.importorskip("torch")
    for name, x, y, value, grads in RECORDED:
        point = torch.tensor([x, y][: len(grads)], dtype=torch.float64, requires_grad=True)
        found = rule_function(name, torch)(point)
        found.backward()
        assert close([found.item(), *point.grad], [value, *grads]), (name, x, y, point.grad, grads)
    function, rows, loss, grads = digits(torch)
    X = torch.tensor(rows, dtype=torch.float64)
    numbers = [v.data for v in function.parameters]
    p = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    found = function(X, p).mean()
    found.backward()
    assert close([found.item(), *p.grad], [loss, *grads])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_pytorchs_compiler_takes_the_function() -> None:
    """Whole, without a break in its graph, and with the same loss and gradients."""
    torch = pytest.importorskip("torch")
    function, rows, loss, grads = digits(torch)
    compiled = torch.compile(function, fullgraph=True)
    X = torch.tensor(rows, dtype=torch.float64)
    numbers = [v.data for v in function.parameters]
    p = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    try:
        found = compiled(X, p).mean()
    except torch._inductor.exc.InductorError as error:
        pytest.skip(f"no compiler for PyTorch's: {error}")
    found.backward()
    assert close([found.item(), *p.grad], [loss, *grads])


def test_several_roots_a_single_row_and_single_precision() -> None:
    """A column for each root; any shape before the last axis; arrays keep their kind."""
    x, w = Value(1.0, "x"), Value(3.0, "w")
    function = to_function([w * x, x * x], [x], np)
    assert function(np.array([[2.0], [4.0]]), [3.0]).tolist() == [[6.0, 4.0], [12.0, 16.0]]
    assert function(np.array([2.0]), [5.0]).tolist() == [10.0, 4.0]
    assert function(np.ones((2, 3, 1), dtype="float32"), [3.0]).dtype == np.float32
    assert function.parameters == [w]
    assert repr(function) == "<function of 1 input and 1 parameter: f(X, parameters)>"


def test_the_text_runs_without_this_package() -> None:
    """It holds its imports, and names like ours or hostile ones do not get in its way."""
    labels = ["xp", "X", "parameters", "pi", "erfc", "program", "1 + 1", "exp", "nan"]
    leaves = [Value(0.1 * k, label) for k, label in enumerate(labels)]
    root = sum(v.gelu() * v for v in leaves)
    function = to_function(root, leaves[:2], np)
    scope: dict[str, Any] = {}
    exec(function.source, scope)
    assert "micrograd" not in function.source
    X, p = np.array([[0.5, -0.5]]), [v.data for v in function.parameters]
    expected = replay(root, {leaves[0]: 0.5, leaves[1]: -0.5})
    assert function(X, p).tolist() == pytest.approx([expected], rel=1e-14)
    parts = list(function.weights().values())
    assert scope["program"](X, parts).tolist() == pytest.approx([expected], rel=1e-14)


def test_a_rule_of_ones_own_with_branches() -> None:
    """Conditions become where(), chains of them and Python's words for them, too."""

    @unlisted
    @rule("step", "x", "1", "0")
    def staged(x: Any, y: Any) -> Any:
        return x, 1.0, 0.0

    of(
        staged
    ).arrays = (
        "1 if 0 <= x < y and not x > 5 else min(max(x, 0), pow(2, 1 / 2) * pi) if x < 3 else x / y"
    )
    x, y = Value(0.5, "x"), Value(1.0, "y")
    function = to_function(staged(x, y), [x], np)
    X = np.array([[-1.0], [0.5], [1.5], [2.9], [8.0]])
    assert function(X, [2.0]).tolist() == [0.0, 1.0, 1.0, 2.9, 4.0]
    assert "where(" in function.source
    assert "4.442" in function.source


x0, w0 = Value(1.0, "x0"), Value(3.0, "w0")
WRONG: list[tuple[Any, Any, str]] = [
    (w0 * 2, [x0], "input 0, Value(data=1, grad=0, label='x0'), is not in the graph"),
    ([w0 * x0, w0 * 2], [x0], "root 1, Value(data=6, grad=0), depends on none of the inputs"),
    (x0.asin(), [x0], "old has no asin; take a namespace of the Array API"),
    (x0.gelu(), [x0], "old has no erfc"),
    ([], [], "there is no root"),
]


@pytest.mark.parametrize(("root", "inputs", "message"), WRONG, ids=[w[2] for w in WRONG])
def test_mistakes_are_told(root: Any, inputs: Any, message: str) -> None:
    """In one line, before anything runs."""
    old = SimpleNamespace(__name__="old", exp=None, full_like=None, asarray=None)
    with pytest.raises(ValueError, match=r"^to_function: ") as caught:
        to_function(root, inputs, old)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_array_or_no_module_of_them_is_told() -> None:
    """By name, and with what it is."""
    with pytest.raises(
        TypeError, match="xp is None; it is to be a module of arrays, such as numpy"
    ):
        to_function(w0 * x0, [x0], None)
    with pytest.raises(TypeError, match="xp is <class 'int'>; it is to be a module of arrays"):
        to_function(w0 * x0, [x0], int)
    with pytest.raises(TypeError, match="to_function: inputs: takes a list of Values, not Value"):
        to_function(w0 * x0, x0, np)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"X is \[\[1.0\]\]; it is to be an array"):
        to_function(w0 * x0, [x0], np)([[1.0]], [3.0])
    for parameters in (None, 3.0, np.array(3.0)):
        with pytest.raises(TypeError, match=r"parameters is .*; it is to be a dict"):
            to_function(w0 * x0, [x0], np)(np.array([[1.0]]), parameters)


def test_arrays_of_the_wrong_shape_are_told() -> None:
    """Both arguments, with the remedy."""
    function = to_function(hinge([w0 * x0], [x0]), [x0], np)
    with pytest.raises(ValueError, match=r"a column for each of 1 inputs, not the shape \(2, 2\)"):
        function(np.ones((2, 2)), [1.0])
    with pytest.raises(ValueError, match=r"0 numbers, and there are 1 in 1 array; start"):
        function(np.ones((2, 1)))


def test_constants_are_written_as_python_reads_them() -> None:
    """A negative one to a power, one that is compared with an integer, and three in a row."""
    X = np.array([[0], [2]])
    assert to_function((-2.0) ** x0, [x0], np)(X).tolist() == [1.0, 4.0]
    assert to_function(x0.maximum(0.5) * w0, [x0], np)(X, [3.0]).tolist() == [1.5, 6.0]

    @unlisted
    @rule("most", "x", "1")
    def most(x: Any) -> Any:
        return x, 1.0

    of(most).arrays = "max(x, 0.5, 1.0) if x < 5 else 0.1 if x < 6 else 0.3"
    function = to_function(most(x0), [x0], np)
    assert function(np.array([[0.1], [3.0], [5.5], [7.0]])).tolist() == [1.0, 3.0, 0.1, 0.3]


def test_numbers_for_parameters_become_arrays() -> None:
    """As arrays of the rows' kind they are nan and inf where a Python float has another answer."""
    X = np.array([[2.0], [4.0]], dtype=np.float32)
    with np.errstate(all="ignore"):
        assert np.isnan(to_function(w0**0.5 * x0, [x0], np)(X, [-2.0])).all()
        found = to_function(1 / w0 * x0, [x0], np)(X, [0.0])
    assert found.tolist() == [math.inf, math.inf]
    assert found.dtype == np.float32
    torch = pytest.importorskip("torch")
    for root in (w0.tanh() * x0, w0.relu() * x0, w0.softplus() * x0, w0.maximum(x0)):
        expected = to_function(root, [x0], np)(X, [3.0])
        assert to_function(root, [x0], torch)(torch.tensor(X), [3.0]).numpy() == pytest.approx(
            expected
        )


def formula_of(text: str, *operands: Value | float) -> str:
    """A formula of x, or of x and y, over NumPy's arrays."""
    own = Rule(lambda x, y: x, "own", text, ("0",) * len(operands))
    names = [v.label if isinstance(v, Value) else v for v in operands]
    return array_formula(own, names, Library(np))


FORMULAS: list[tuple[str, tuple[Value | float, ...], str]] = [
    ("erf(x) / gamma(x)", (x0,), "special.erf(x0) / special.gamma(x0)"),
    ("silu(x)", (x0,), "x0 * xp.exp(-xp.logaddexp(0.0, -x0))"),
    ("max(x, 1, pi, x)", (x0,), "xp.maximum(xp.maximum(xp.maximum(x0, 1), 3.141592653589793), x0)"),
    ("leaky_relu(x)", (x0,), "xp.where(x0 > 0, x0, 0.01 * x0)"),
    ("x * sigmoid(y)", (x0, 0.0), "x0 * 0.5"),
    ("x * logaddexp(y, y)", (x0, 0.0), f"x0 * {math.log(2)}"),
    ("x * fabs(y) + fabs(x)", (x0, -2.0), "x0 * 2.0 + xp.abs(x0)"),
    ("atan2(x, y)", (x0, 2.0), "xp.atan2(x0, 2.0)"),
    ("x if not y > 5 else 0", (x0, 7.0), "0"),
    ("x if not y > 5 else 0", (x0, 3.0), "x0"),
    ("x if y < 5 and not x > 3 else 0", (x0, 3.0), "xp.where(True & ~(x0 > 3), x0, 0)"),
    ("x if y < 5 and y < 2 or x > 3 else 0", (x0, 3.0), "xp.where(False | (x0 > 3), x0, 0)"),
    ("x + y**(1/2)", (x0, -8.0), "x0 + float('nan')"),
    ("x + 1 / y", (x0, 0.0), "x0 + float('nan')"),
    ("x * log(y)", (x0, -8.0), "x0 * float('nan')"),
    ("max(x, y)", (x0, -math.inf), "xp.maximum(x0, -float('inf'))"),
]


@pytest.mark.parametrize(("text", "operands", "expected"), FORMULAS)
def test_formulas_become_expressions_over_arrays(
    text: str, operands: tuple[Value | float, ...], expected: str
) -> None:
    """Functions are found, rules written by their formulas, and what is constant is computed."""
    assert formula_of(text, *operands) == expected


def test_functions_of_two_arrays_get_two() -> None:
    """In namespaces whose functions take no number in an array's place, such as PyTorch's."""
    strict = SimpleNamespace(__name__="strict", exp=None, logaddexp=None, full_like=None)
    formula = array_formula(RULES["sigmoid"], ["a"], Library(strict))
    assert formula == "xp.exp(-xp.logaddexp(xp.full_like(a, 0.0), -a))"


@pytest.mark.parametrize("name", ["remainder", "isclose"])
def test_what_arrays_mean_something_else_by_is_refused(name: str) -> None:
    """As is what is neither an operator nor a function, and what the namespace does not have."""
    with pytest.raises(ValueError, match=f"^to_function: numpy has no {name}; take"):
        formula_of(f"{name}(x, y)", x0, w0)
    with pytest.raises(ValueError, match=r"^to_function: 'x\[0\]' in a formula is not for arrays"):
        formula_of("x[0]", x0)
    with pytest.raises(ValueError, match=r"^to_function: numpy has no lgamma"):
        formula_of("lgamma(x)", x0)


def test_a_rules_own_name_is_the_elementary_function_only_in_its_own_formula() -> None:
    """Other formulas that call it have the whole of it."""

    @rule("2e", "2 * erf(x)", "4 / sqrt(pi) * exp(-x**2)")
    def erf(x: Any) -> Any:
        return 2.0 * m.erf(x), 4.0 / m.sqrt(m.pi) * m.exp(-x * x)

    try:
        for text in ("erf(x) + 1", "1 + erf(x)"):
            assert "2 * special.erf(x0)" in formula_of(text, x0)
        function = to_function(erf(x0), [x0], np)
    finally:
        forget("erf")
    assert function(np.array([[0.5]])).tolist() == [2 * math.erf(0.5)]


def test_text_with_infinity_and_nan_runs_by_itself() -> None:
    """Constants that Python has no sign for are written as what gives them."""
    y = Value(0.5, "inf")
    function = to_function([x0 * math.inf + y, x0.maximum(-math.inf), x0 + math.nan], [x0, y], np)
    assert "inf(" not in function.source
    scope: dict[str, Any] = {}
    exec(function.source, scope)
    for program in (function, scope["program"]):
        found = program(np.array([[2.0, 1.0]]), []).tolist()
        assert found[0][:2] == [math.inf, 2.0]
        assert math.isnan(found[0][2])


def test_a_network_is_a_few_readable_lines() -> None:
    """A line for each array, named after the labels; weights are matrices, inputs by outputs."""
    x = [Value(0.0, f"x{k}") for k in range(5)]
    t = [Value(0.0, f"t{k}") for k in range(3)]
    model = MLP(5, [4, 3])
    function = to_function(cross_entropy([model(x)], [t]), [*x, *t], np)
    lines = function.source.splitlines()
    assert len(lines) < 20
    assert "    v1 = X[..., 0:5] @ layer0_w + layer0_b" in lines
    assert "    layer0_neuron = xp.where(v1 <= 0, 0.0, v1)" in lines
    assert function.shapes == {
        "layer0.w": (5, 4), "layer0.b": (4,), "layer1.w": (4, 3), "layer1.b": (3,),
    }  # fmt: skip
    weights = function.weights()
    for k, neuron in enumerate(model.layers[0].neurons):
        assert weights["layer0.w"][:, k].tolist() == [w.data for w in neuron.w]


def test_parameters_may_be_a_dict_a_list_or_flat() -> None:
    """All forms give the same numbers; a dict may be in any order."""
    function, rows, _, _ = digits(np)
    X, weights = np.array(rows), function.weights()
    expected = function(X, weights).tolist()
    forms: list[Any] = [
        dict(reversed(weights.items())),
        list(weights.values()),
        [array.tolist() for array in weights.values()],
        [v.data for v in function.parameters],
        np.concatenate([array.ravel() for array in weights.values()]),
    ]
    for form in forms:
        assert function(X, form).tolist() == expected


def test_weights_come_home() -> None:
    """What was learned elsewhere goes into the Values; what does not fit changes nothing."""
    random.seed(5)
    model = MLP(3, [4, 2])
    x = [Value(0.0, f"x{k}") for k in range(3)]
    function = to_function(model(x), x, np)
    weights = {name: array * 2 + 1 for name, array in function.weights().items()}
    function.load(weights)
    row = [0.5, -1.0, 2.0]
    expected = function(np.array([row]), weights)[0].tolist()
    assert [v.data for v in model(row)] == pytest.approx(expected, rel=1e-12)
    before = model.state_dict()
    for wrong, words in (
        ({**weights, "more": 1.0}, r"^load: parameters have no more; start with f.weights\(\)$"),
        ({"layer0.w": weights["layer0.w"]}, "lack layer0.b, layer1.w, layer1.b; start"),
        ({"layer0": weights["layer0.w"]}, "lack layer0.w, .*layer1.b, and have no layer0; start"),
        ({**weights, **dict.fromkeys("abcdef", 1.0)}, "have no a, b, c, d and 2 more; start"),
        (
            list(weights.values())[:-1],
            r"3 arrays, and there are 4: layer0.w, layer0.b, layer1.w, layer1.b; start with",
        ),
        ({**weights, "layer0.b": np.ones(3)}, r"layer0.b has the shape \(3,\), and it is"),
        ([1.0, 2.0], "2 numbers, and there are 26 in 4 arrays; start with f.weights"),
    ):
        with pytest.raises(ValueError, match=words):
            function.load(wrong)
        assert model.state_dict() == before


WEIGHTS = {"layer0.w": [[0.0] * 2] * 3, "layer0.b": [0.0] * 2}
NOT_LOADED: list[tuple[Any, type[Exception], str]] = [
    (
        {**WEIGHTS, "layer0.w": [[0, 0], [0, 0], [0, math.nan]]},
        ValueError,
        r"^load: layer0.w\[2, 1\] is nan, and it was 1; load weights that are finite$",
    ),
    ([0.0] * 7 + [-math.inf], ValueError, r"^load: layer0.b\[1\] is -inf, and it was 1; load"),
    (
        np.zeros((8, 1)),
        ValueError,
        r"parameters has the shape \(8, 1\), and one flat array has \(8,\); take param.*reshape",
    ),
    ([[0.0]] * 8, TypeError, r"^load: a parameter: takes a number, not the list \[0.0\]"),
    (np.zeros((2, 4)), ValueError, r"^load: parameters has the shape \(2, 4\), and one flat array"),
    (np.zeros(7), ValueError, "^load: 7 numbers, and there are 8 in 2 arrays; start with f.weig"),
    ({**WEIGHTS, "layer0.b": [[0.0], [0.0]]}, ValueError, r"b has the shape \(2, 1\), and it is"),
    ({**WEIGHTS, "layer0.w": [[0, 0], [0]]}, ValueError, "w has rows of several lengths, and"),
    ({**WEIGHTS, "layer0.b": ["0", "x"]}, TypeError, "^load: the type of layer0.b is '<U1'; it is"),
    ({**WEIGHTS, "layer0.b": [1j, 0]}, TypeError, "type of layer0.b is 'complex128'; it is to be"),
    ({**WEIGHTS, "layer0.b": [10**400, 0]}, TypeError, "the type of layer0.b is 'object'"),
    (
        {**WEIGHTS, "layer0.b": np.ma.array([1, 2], mask=[True, False])},
        ValueError,
        r"layer0.b\[0\] is nan",
    ),
    ({1.0}, TypeError, "^load: parameters is {1.0}; it is to be a dict, a list or an array"),
    ("12345678", TypeError, "^load: parameters is '12345678'; it is to be a dict, a list"),
]


@pytest.mark.parametrize(("weights", "error", "words"), NOT_LOADED)
def test_what_are_no_weights_is_not_loaded(weights: Any, error: Any, words: str) -> None:
    """The error has one line, with the weight, its place and the remedy; nothing changes."""
    model = MLP(3, [2])
    for p in model.parameters():
        p.data = 1.0
    x = [Value(0.0, f"x{k}") for k in range(3)]
    function = to_function(model(x), x, np)
    with pytest.raises(error, match=words) as caught:
        function.load(weights)
    assert "\n" not in str(caught.value)
    assert {p.data for p in model.parameters()} == {1.0}


def test_a_leaf_that_is_not_finite_stays_so() -> None:
    """What `weights` gave can be loaded, a mask of -inf too."""
    x, mask = Value(1.0, "x"), Value(-math.inf, "mask")
    function = to_function((x + mask).exp(), [x], np)
    function.load(function.weights())
    assert mask.data == -math.inf
    function.load([0.0])
    assert mask.data == 0.0


@pytest.mark.parametrize("kind", ["complex128", "str", "object"])
def test_rows_of_other_kinds_are_told(kind: str) -> None:
    """Rows hold real numbers."""
    with pytest.raises(TypeError, match=r"^to_function: the type of X is '.*'; it is to be one of"):
        to_function(w0 * x0, [x0], np)(np.array([[1.0]]).astype(kind), [3.0])


@given(graphs(max_nodes=40), st.data())
@settings(max_examples=examples(60))
def test_the_text_gives_what_the_function_gives(graph: Graph, data: st.DataObject) -> None:
    """By itself, with the parameters in their matrices and vectors, for several roots."""
    values = [Value(x, f"x{k}") for k, x in enumerate(graph.leaves)]
    nodes = graph.values(values)
    below = {id(v) for v in topological_order(nodes[-1])}
    inputs = [v for v in values if id(v) in below][: data.draw(st.integers(1, 3))]
    if not inputs or nodes[-1].rule is None:
        return
    try:
        function = to_function([nodes[-1], nodes[-1] * 2], inputs, np)
    except ValueError:  # a root that depends on none of the inputs
        return
    scope: dict[str, Any] = {}
    exec(function.source, scope)
    X = np.array([[v.data for v in inputs]] * 2)
    with np.errstate(all="ignore"):
        found = function(X, function.weights())
        again = scope["program"](X, list(function.weights().values()))
    assert found.shape == (2, 2)
    assert np.array_equal(found, again, equal_nan=True)


def test_a_pair_that_occurs_several_times_counts_each_time() -> None:
    """In sums of products, and of values."""
    x, w = Value(3.0, "x"), Value(5.0, "w")
    v = x.tanh()
    for root in (v * v + v * v, v * w + v * w + w * v, v + v + v, v * v + v * v + v * v - v * v):
        function = to_function(root, [x], np)
        assert function(np.array([[3.0]]), function.weights()).tolist() == pytest.approx(
            [root.data]
        )


def test_weights_of_pytorch_come_home() -> None:
    """Tensors with gradients; NumPy's arrays become tensors of the data's kind."""
    torch = pytest.importorskip("torch")
    x, w = Value(1.0, "x"), Value(3.0, "w")
    function = to_function((w * x).tanh() + w * w, [x], torch)
    X = torch.tensor([[0.5]], dtype=torch.float32)
    assert function(X, function.weights()).dtype == torch.float32
    function.load({"w": torch.tensor(5.0, requires_grad=True)})
    assert w.data == 5.0
    function.load({"w": torch.tensor(6.0, dtype=torch.bfloat16)})
    assert w.data == 6.0
    learning = [torch.tensor(2.0, requires_grad=True)]  # of a list of numbers, too
    function(X, learning).sum().backward()
    assert learning[0].grad.item() == pytest.approx(4.0 + 0.5 * (1 - math.tanh(1.0) ** 2))
