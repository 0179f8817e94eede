"""Functions as people write them: points of any shape, gradients given by functions, vectors."""

import math
import random
from collections import OrderedDict, UserDict, defaultdict
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import Value, assert_gradients, gradcheck
from micrograd_like.check.points import Point

MATRIX = np.arange(6.0).reshape(2, 3) / 7 + 0.1


def squares(x: Any) -> Any:
    """The sum of an array's squares."""
    return (x**2).sum()


def outcomes(report: Any) -> list[str]:
    """One word for each row."""
    return [check.outcome for check in report.checks]


TREES = st.recursive(
    st.floats(-9, 9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(TREES)
def test_a_point_is_put_together_as_it_was(tree: Any) -> None:
    """Of lists, tuples and dicts within each other; each number has a name of its own."""
    point = Point(lambda w: w, [tree])
    assert point.rebuild(point.numbers) == [tree]
    assert len(set(point.names)) == len(point.names) == len(point.numbers)


def test_an_array_and_a_gradient_of_its_shape() -> None:
    """Rows are named as an index; a wrong place is found, of a gradient or a function for it."""
    assert gradcheck(squares, MATRIX, gradient=2 * MATRIX).ok
    wrong = 2 * MATRIX
    wrong[1, 2] += 1e-6
    for gradient in (wrong, lambda w: wrong, wrong.tolist()):
        report = gradcheck(squares, MATRIX, gradient=gradient)
        assert [c.input for c in report.checks if c.outcome == "fail"] == ["x[1, 2]"]
    assert gradcheck(squares, MATRIX).ok  # of Values in an array


def test_dicts_and_several_arguments() -> None:
    """Each part has the name that the function gives it."""

    def f(p: Any, scale: Any) -> Any:
        return scale * np.tanh(p["w"] @ np.arange(3.0) + p["b"][0])

    def gradient(p: Any, scale: Any) -> Any:
        t = np.tanh(p["w"] @ np.arange(3.0) + p["b"][0])
        slope = scale * (1 - t * t)
        return {"w": slope * np.arange(3.0), "b": [slope]}, t

    report = gradcheck(f, {"w": np.ones(3) / 9, "b": [0.5]}, 2.0, gradient=gradient)
    assert [c.input for c in report.checks] == [
        "p['w'][0]", "p['w'][1]", "p['w'][2]", "p['b'][0]", "scale"
    ]  # fmt: skip
    assert set(outcomes(report)) == {"pass"}


def test_a_jacobian_is_checked_by_rows() -> None:
    """Of few outputs; of many, by sums of rows at random first."""

    def gradient(x: Any) -> Any:
        return np.diag(np.cos(x))

    for size in (2, 40):
        x = np.linspace(0.1, 1, size)
        assert gradcheck(np.sin, x, gradient=gradient).ok
        wrong = gradient(x)
        wrong[1, 0] = 1e-5
        report = gradcheck(np.sin, x, gradient=wrong)
        assert [c.input for c in report.checks if c.outcome == "fail"] == ["f[1]: x[0]"]
    report = gradcheck(lambda x: [x[0] * x[1], x[0]], [Value(2.0), 3.0])
    assert (report.ok, len(report.checks)) == (True, 4)


def test_outputs_are_named_by_their_places() -> None:
    """As inputs are: by the indices of an array, or of lists within lists; of a Hessian, too."""
    x = np.array([[1.0, 2.0]])
    report = gradcheck(lambda x: x * x, x, gradient=[[2.0, 0.0], [0.0, 5.0]])
    assert [c.input for c in report.checks if c.outcome == "fail"] == ["f[0, 1]: x[0, 1]"]
    report = gradcheck(lambda v: [[v], [v * v, v]], 3.0, gradient=[[1.0], [6.0], [1.0]])
    assert [c.input for c in report.checks] == ["f[0][0]: v", "f[1][0]: v", "f[1][1]: v"]
    pair = lambda x: 3 * x**2, lambda x: np.diag(6 * x.ravel())
    report = gradcheck(lambda x: (x**3).sum(), x, gradient=pair, order=2)
    of_first = [f"∂²f/∂x[0, 0]∂x[0, {k}]" for k in range(2)]
    assert [c.input for c in report.checks][:2] == of_first
    with pytest.raises(ValueError, match="with order=2 the point is to hold no dict"):
        gradcheck(lambda p: p["a"], {"a": 1.0}, gradient=(lambda p: {"a": 1.0}, [[0.0]]), order=2)


def test_values_are_taken_for_slopes_of_plain_numbers() -> None:
    """As of a list: a Value is its number."""
    slopes = [Value(3.0), Value(2.0)]
    assert gradcheck(lambda a, b: a * b, 2.0, 3.0, gradient=slopes).ok
    assert gradcheck(lambda a: a * a, 2.0, gradient=Value(4.0)).ok


def test_a_jacobian_for_each_argument() -> None:
    """As PyTorch and JAX give it; or rows over all arguments; or with the output's axes."""
    w, b = np.array([1.0, 2.0]), 3.0
    for gradient in ([np.eye(2) * b, w], [[b, 0.0, 1.0], [0.0, b, 2.0]]):
        report = gradcheck(lambda w, b: w * b, w, b, gradient=gradient)
        assert outcomes(report) == ["pass"] * 6
    assert not gradcheck(lambda w, b: w * b, w, b, gradient=[np.eye(2), w]).ok

    def outer(x: Any) -> Any:
        return np.outer(x, x)

    slopes = np.einsum("ik,j->ijk", np.eye(2), w) + np.einsum("jk,i->ijk", np.eye(2), w)
    assert gradcheck(outer, w, gradient=slopes).ok
    assert gradcheck(outer, w, gradient=slopes.tolist()).ok
    assert gradcheck(outer, w, gradient=slopes.reshape(4, 2)).ok


def test_a_hessian_by_hand() -> None:
    """A pair for order 2: the gradient against f, and the Hessian against the gradient."""

    def f(x: Any) -> Any:
        return (x**3).sum()

    def gradient(x: Any) -> Any:
        return 3 * x**2

    x = np.array([1.0, 2.0])
    assert gradcheck(f, x, gradient=(gradient, lambda x: np.diag(6 * x)), order=2).ok
    assert not gradcheck(f, x, gradient=(gradient, np.diag(7 * x)), order=2).ok
    assert not gradcheck(f, x, gradient=(lambda x: x, np.diag(6 * x)), order=2).ok


def test_tolerances_are_relative_to_what_the_differences_say() -> None:
    """A claim that is far too large is not forgiven for its size."""
    assert not gradcheck(math.sin, 1.0, gradient=0.541).ok
    assert gradcheck(math.sin, 1.0, gradient=0.541, rtol=1e-2).ok
    assert gradcheck(math.sin, 1.0, gradient=0.541, atol=1e-2).ok
    assert not gradcheck(math.sin, 1.0, gradient=100.0, rtol=0.5).ok


def test_a_tolerance_settles_what_is_measured_within_it() -> None:
    """Roots beside a large number in single precision: open, but for who allows more."""
    x = np.linspace(0.5, 1.5, 5, dtype=np.float32)

    def f(x: Any) -> Any:
        return np.sqrt(x).sum() + np.float32(40)

    assert set(outcomes(gradcheck(f, x, gradient=0.5 / np.sqrt(x)))) == {"inconclusive"}
    assert set(outcomes(gradcheck(f, x, gradient=0.505 / np.sqrt(x), rtol=0.02))) == {"pass"}
    assert set(outcomes(gradcheck(f, x, gradient=0.53 / np.sqrt(x), rtol=0.02))) == {"fail"}


def test_single_precision_is_allowed_for() -> None:
    """By the type of the point's array, or by word."""
    x = np.array([0.5, 0.75], dtype=np.float32)
    gradient = np.cos(x)
    assert outcomes(gradcheck(lambda x: np.sin(x).sum(), x, gradient=gradient)) == ["pass"] * 2
    assert not gradcheck(lambda x: np.sin(x).sum(), x, gradient=gradient * 1.01).ok

    def rounded(x: float) -> float:
        return float(np.float32(math.sin(x)))

    slope = float(np.float32(math.cos(0.5)))
    assert outcomes(gradcheck(rounded, 0.5, gradient=slope, dtype="float32")) == ["pass"]


def test_bounds_and_a_limit_of_calls() -> None:
    """The function is never asked beyond the one, nor more often than the other."""
    asked = []

    def f(x: float) -> float:
        asked.append(x)
        return x * x

    assert outcomes(gradcheck(f, 0.5, gradient=1.0, lower=0.25, upper=0.5)) == ["pass"]
    assert 0.25 <= min(asked) <= max(asked) <= 0.5
    check = gradcheck(f, 0.5, gradient=1.0, calls=5).checks[0]
    assert (check.outcome, check.reason) == ("inconclusive", "the limit of 5 calls is reached")
    assert not gradcheck(f, 0.5, gradient=1.0, calls=5, strict=True).ok
    with pytest.raises(AssertionError, match="x is 1, left open: the limit"):
        assert_gradients(f, 0.5, gradient=1.0, calls=5, strict=True)


def test_what_a_function_prints_at_other_points_is_not_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only what it prints when it is first called, at the point; of several outputs, too."""

    def f(x: float) -> float:
        print("asked")
        return x

    gradcheck(f, 1.0, gradient=1.0)
    assert capsys.readouterr().out == "asked\n"
    for size in (3, 40):
        gradcheck(
            lambda x: (print("asked"), x)[1], np.ones(size), gradient=np.diag(2 * np.ones(size))
        )
        assert capsys.readouterr().out == "asked\n"


def changing(x: Any) -> Any:
    """A function that writes on its argument."""
    x[0] = 0.0
    return x.sum()


def adding(x: Any) -> Any:
    """A function that adds to its argument."""
    x["b"] = 2.0
    return x["a"]


def twice_and_sum(x: Any) -> Any:
    """Three outputs of two inputs."""
    return np.array([x[0] * 2, x[1] * 2, x[0] + x[1]])


@pytest.mark.parametrize(
    ("f", "point", "gradient", "message"),
    [
        (squares, MATRIX, MATRIX.T, r"has shape \(3, 2\) for x, which has shape \(2, 3\)"),
        (squares, MATRIX, np.ones(6), r"has shape \(6,\) for x, which has shape \(2, 3\)"),
        (squares, MATRIX, 1.0, r"has one number for x, which has shape \(2, 3\)"),
        (changing, np.ones(2), np.ones(2), r"f changes its argument x\[0\]; let it take a copy"),
        (squares, np.array([]), [], "the point is empty"),
        (np.sin, np.ones(2), np.ones(3), r"gradient has shape \(3,\); f gives shape \(2,\)"),
        (lambda x: x["a"], {"a": 1.0}, {"b": 1.0}, "has the keys b for x, which has the keys a"),
        (lambda x: x[0], [math.nan], [1.0], r"x\[0\] is nan; it is to be a finite number"),
        (math.sin, 1.0, np.ones((3, 2)), r"has shape \(3, 2\) for a point of 1 number; give one"),
        (math.sin, 1.0, {"x": 1.0}, "has the keys x for a point of 1 number; give one slope"),
        (squares, MATRIX, lambda x: None, "the function for the gradient returned None, no slopes"),
        (np.sin, np.ones(2), lambda x: None, "the function for the gradient returned None"),
        (squares, np.ones(2), "ab", r"gradient is 'ab' for x, which has shape \(2,\)"),
        (twice_and_sum, np.ones(2), np.ones((2, 3)), r"shape \(2, 3\); f gives shape \(3,\) of a"),
        (lambda x: [], 2.0, [], r"f returned \[\]; needs at least one output"),
        (lambda x: np.ones((0, 3)), np.ones(2), [], "needs at least one output"),
        (lambda x: MATRIX @ x, np.ones(2), np.ones((2, 2)), "f is undefined at the point: it r"),
        (lambda x: MATRIX @ x, np.ones(99), np.ones(99), "it raises ValueError: matmul: Input"),
        (lambda x, y: 1 / x, (0.0, 1.0), (1.0, 1.0), "it raises ZeroDivisionError: "),
        (lambda x: x["\n" * 9], {"\n" * 9: 1.0}, {"b" * 99: 1.0}, "has the keys b{37}... for x"),
        (
            adding,
            {"a": 1.0},
            {"a": 1.0},
            "f changes the length of its argument; let it take a copy",
        ),
        (
            lambda x: x.sum() + random.random(),
            np.ones(9),
            np.ones(9),
            r"x\[0\] = 1.0: is it random",
        ),
        (lambda x: x.sum() + random.random(), np.ones(99), np.ones(99), "same point: is it random"),
    ],
)
def test_what_does_not_fit_is_told(f: Any, point: Any, gradient: Any, message: str) -> None:
    """In one line, with both shapes, or with the function's own error."""
    arguments = point if isinstance(point, tuple) else (point,)
    with pytest.raises(ValueError, match=message) as error:
        gradcheck(f, *arguments, gradient=gradient)
    assert "\n" not in str(error.value)


class OwnError(Exception):
    """An error that no library knows of."""


def raising(x: float) -> float:
    """A function of one point."""
    if x != 3.0:
        raise OwnError("not\nthere")
    return x * x


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (raising, "f raises OwnError: not there"),
        (lambda x: x * x if x == 3.0 else None, "f returns None"),
        (lambda x: x * x if x == 3.0 else [x, x], "f returns ["),
        (lambda x: x * x if x == 3.0 else 1j, "f returns 1j"),
        (lambda x: x * x if x == 3.0 else math.nan, ""),
    ],
)
def test_a_function_that_has_no_number_next_to_the_point_is_left_open(f: Any, why: str) -> None:
    """What it does there is told in the line, and fails a strict check."""
    line = gradcheck(f, 3.0, gradient=6.0).line
    expected = "passed nothing: 1 input open; gradient of x is left open: undefined on both sides"
    assert line.startswith(f"gradcheck {expected}{': ' if why else ''}{why}")
    assert len(line.splitlines()) == 1
    assert not gradcheck(f, 3.0, gradient=6.0, strict=True).ok


def test_a_function_that_changes_its_argument_elsewhere_changes_no_point_of_its_user() -> None:
    """Each call has arrays, lists and dicts of its own."""

    def f(x: Any) -> Any:
        total = (x["w"] ** 2).sum() + x["b"][0]
        if x["b"][0] != 2.0:
            x["w"][:], x["b"][0] = 0.0, 0.0
        return total

    point = {"w": np.ones(2), "b": [2.0]}
    assert gradcheck(f, point, gradient={"w": [2.0, 2.0], "b": [1.0]}).ok
    assert (point["w"].tolist(), point["b"]) == ([1.0, 1.0], [2.0])


def test_a_gradient_of_no_dimension_is_a_number() -> None:
    """As NumPy and PyTorch give them."""
    assert gradcheck(math.sin, 1.0, gradient=np.array(math.cos(1.0))).ok
    assert not gradcheck(math.sin, 1.0, gradient=np.array(1.0)).ok


def test_what_was_found_before_the_limit_of_calls_is_kept() -> None:
    """Of three inputs the first is right, the second is wrong, and the third was not reached."""
    report = gradcheck(
        lambda *x: sum(v * v for v in x), 1.0, 2.0, 3.0, gradient=[2.0, 5.0, 6.0], calls=40
    )
    assert outcomes(report) == ["pass", "fail", "inconclusive"]
    assert "the limit of 40 calls is reached" in str(report)


@given(st.integers(1, 400), st.integers(1, 30), st.sampled_from([0.95, 1.0, 1.001]), st.booleans())
@settings(max_examples=examples(40), deadline=None)
def test_a_limit_of_calls_is_kept_and_calls_are_used(
    most: int, size: int, factor: float, vector: bool
) -> None:
    """Few calls tell what is plain, of one output and of several; never more are made."""
    made = [0]

    def f(x: Any) -> Any:
        made[0] += 1
        return x**2 if vector else (x**2).sum()

    x = np.linspace(1, 2, size)
    slopes = 2 * factor * x
    report = gradcheck(f, x, gradient=np.diag(slopes) if vector else slopes, calls=most)
    assert made[0] <= max(most, 2)
    right = {"pass"} if factor == 1 else {"fail", "pass"} if vector else {"fail"}
    assert set(outcomes(report)) <= {*right, "inconclusive"}
    if most >= 50 and not vector and size <= 3:
        assert "inconclusive" not in outcomes(report)


@pytest.mark.parametrize(("order", "most"), [(1, 6), (1, 30), (1, 100), (2, 100), (2, 300)])
def test_the_engines_own_gradients_keep_a_limit_of_calls(order: int, most: int) -> None:
    """What records the graph counts, too."""
    made = [0]

    def f(x: Any, y: Any) -> Any:
        made[0] += 1
        return x * y * x

    assert gradcheck(f, 1.0, 2.0, order=order, calls=most).ok
    assert made[0] <= most


def test_a_limit_of_calls_decides_by_a_short_ladder() -> None:
    """A claim that is 5 % off fails in fifty calls; a kink beside the point is left open."""
    report = gradcheck(lambda x: (x**2).sum(), np.ones(3), gradient=lambda x: 2.1 * x, calls=50)
    assert outcomes(report) == ["fail"] * 3
    assert outcomes(gradcheck(math.tanh, 0.5, gradient=1 - math.tanh(0.5) ** 2, calls=20)) == [
        "pass"
    ]
    for slope in (0.0, 0.5, 1.0):
        kink = gradcheck(lambda x: max(x, 0.0), 0.0, gradient=slope, calls=20)
        assert outcomes(kink) == ["inconclusive"]
        assert kink.line.startswith("gradcheck passed nothing: 1 input open; gradient of x is left")


def test_a_bound_beyond_the_point_is_told() -> None:
    """The point is within its bounds."""
    with pytest.raises(ValueError, match=r"x is 0.5, beyond its lower bound 1.0"):
        gradcheck(math.sin, 0.5, gradient=1.0, lower=1.0)


def test_arrays_of_pytorch_and_jax() -> None:
    """With the gradients that they give."""
    torch = pytest.importorskip("torch")

    def cubes(x: Any) -> Any:
        return (x**3).sum()

    def gradient(x: Any) -> Any:
        x = x.clone().requires_grad_()
        cubes(x).backward()
        return x.grad

    point = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert outcomes(gradcheck(cubes, point, gradient=gradient)) == ["pass"] * 2
    assert outcomes(gradcheck(cubes, point.float(), gradient=gradient)) == ["pass"] * 2
    assert not gradcheck(cubes, point, gradient=torch.ones(2)).ok


@pytest.mark.parametrize("library", ["numpy", "torch", "jax.numpy"])
@pytest.mark.parametrize("numbers", [[0, 1], [True], 0])
def test_a_point_of_whole_numbers_has_steps_between_them(library: str, numbers: Any) -> None:
    """Of an array of any of these libraries, of whole numbers or booleans, and within a dict."""
    module = pytest.importorskip(library)
    x = module.asarray(numbers)
    right = np.full(np.shape(numbers), 5.0)

    def f(x: Any) -> Any:
        return (5 * x).sum() if hasattr(x, "sum") else 5 * x

    assert set(outcomes(gradcheck(f, x, gradient=right))) == {"pass"}
    assert set(outcomes(gradcheck(f, x, gradient=0 * right))) == {"fail"}
    assert gradcheck(lambda p: f(p["x"]), {"x": x}, gradient={"x": right}).ok


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_an_array_stays_of_its_class() -> None:
    """The product of a matrix is not that of an array; masks are refused, in a gradient as well."""
    x = np.array([[1.0, 2.0, 3.0]]).view(np.matrix)

    def f(x: Any) -> Any:
        return (x * x.T)[0, 0]

    assert outcomes(gradcheck(f, x, gradient=2 * x)) == ["pass"] * 3
    assert outcomes(gradcheck(f, x, gradient=3 * x)) == ["fail"] * 3
    assert gradcheck(f, x).ok
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    for point, gradient in ((masked, np.ones(2)), (np.ones(2), masked)):
        with pytest.raises(TypeError, match=r"has masked elements; fill them first, by \.filled"):
            gradcheck(squares, point, gradient=gradient)
    assert gradcheck(squares, np.ma.array([1.0, 2.0]), gradient=[2.0, 4.0]).ok


def test_tables_of_pandas() -> None:
    """They keep their labels, with numbers and with Values; their gradients and Jacobians do."""
    pd = pytest.importorskip("pandas")
    series = pd.Series([1, 2], index=["a", "b"], name="row")

    def product(s: Any) -> Any:
        assert s.name == "row"
        return s["a"] * s["b"]

    assert outcomes(gradcheck(product, series, gradient=pd.Series([2, 1]))) == ["pass"] * 2
    assert outcomes(gradcheck(product, series, gradient=[1, 2])) == ["fail"] * 2
    assert gradcheck(product, series).ok
    slopes = pd.DataFrame([[2.0, 0.0], [0.0, 4.0]], columns=["a", "b"])
    assert outcomes(gradcheck(lambda s: s * s, series, gradient=slopes)) == ["pass"] * 4
    table = pd.DataFrame({"w": [1.0, 2.0], "b": [3, 4]})
    of_table = gradcheck(lambda t: (t["w"] * t["b"]).sum(), table, gradient=table[["b", "w"]])
    assert outcomes(of_table) == ["pass"] * 4
    with pytest.raises(ValueError, match=r"has shape \(2,\) for t, which has shape \(2, 2\)"):
        gradcheck(lambda t: t["w"].sum(), table, gradient=series)


def test_sparse_gradients_and_points() -> None:
    """A gradient has all of its zeros again, in a dict, too; a point is refused in one line."""
    sparse = pytest.importorskip("scipy.sparse")
    eye = sparse.eye_array(2).tocsr()
    assert gradcheck(np.trace, np.eye(2), gradient=eye).ok
    assert gradcheck(lambda p: np.trace(p["w"]), {"w": np.eye(2)}, gradient={"w": eye}).ok
    assert gradcheck(lambda x: 2 * x, np.ones(2), gradient=2 * eye).ok
    assert not gradcheck(lambda x: 2 * x, np.ones(2), gradient=eye).ok
    with pytest.raises(TypeError, match="takes no sparse array; give it with its zeros"):
        gradcheck(squares, eye, gradient=eye)


def test_dicts_of_other_classes_stay_what_they_are() -> None:
    """With the default of a defaultdict, and the order and the methods of others."""
    numbers = {"a": 2.0, "b": 3.0}
    for point in (defaultdict(list, numbers), OrderedDict(numbers), UserDict(numbers)):
        seen: set[Any] = set()

        def f(p: Any, seen: Any = seen) -> Any:
            seen.add((type(p), getattr(p, "default_factory", None)))
            return p["a"] * p["b"]

        assert outcomes(gradcheck(f, point, gradient={"a": 3.0, "b": 2.0})) == ["pass"] * 2
        assert gradcheck(f, point).ok
        assert seen == {(type(point), getattr(point, "default_factory", None))}
    fixed = MappingProxyType({"a": 2.0})
    assert gradcheck(lambda p: p["a"], fixed, gradient={"a": 1.0}).ok


def test_a_jacobian_of_a_dict() -> None:
    """As JAX gives it: one for each array within dicts and lists, the output's axes first."""
    w, x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([-1.0, 0.5])
    of_w = np.einsum("ik,l->ikl", np.eye(3), x)

    def f(p: Any, scale: Any = 1.0) -> Any:
        return scale * (p["layer"][0] @ p["layer"][1] + p["b"])

    point = {"layer": [w, x], "b": 2.0}
    slopes = {"b": np.ones(3), "layer": (of_w, w)}
    assert outcomes(gradcheck(f, point, gradient=slopes)) == ["pass"] * 27
    report = gradcheck(f, point, gradient=slopes | {"b": np.array([1.0, 1.0, 2.0])})
    assert [c.input for c in report.checks if c.outcome == "fail"] == ["f[2]: p['b']"]
    report = gradcheck(f, point, 1.0, gradient=(slopes, f(point)))
    assert outcomes(report) == ["pass"] * 30
    for wrong in (slopes | {"layer": [of_w, w.T]}, slopes | {"c": 1.0}, slopes | {"layer": of_w}):
        with pytest.raises(ValueError, match="give a row of slopes for each output"):
            gradcheck(f, point, gradient=wrong)
    pair = [w, w + 1.0]  # in a list of arrays of one shape as well
    eye = np.einsum("ik,jl->ijkl", np.eye(3), np.eye(2))
    slopes_of_pair = [eye * other[..., None, None] for other in reversed(pair)]
    assert gradcheck(lambda p: p[0] * p[1], pair, gradient=slopes_of_pair).ok


def test_inputs_of_a_function_of_any_number_of_them() -> None:
    """They have the names of its parameters, and are counted in what takes the rest."""

    def f(a: Any, /, b: Any, *rest: Any) -> Any:
        return a * b * rest[0] + rest[1]

    report = gradcheck(f, 1.0, 2.0, 3.0, 4.0, gradient=[6.0, 3.0, 2.0, 1.0])
    assert [c.input for c in report.checks] == ["a", "b", "rest[0]", "rest[1]"]
    assert report.ok


def test_a_report_has_one_line_for_a_log() -> None:
    """The counts and the first failure; what is open fails a strict check."""
    assert gradcheck(squares, MATRIX).line == "gradcheck passed: 6 inputs: 6 pass"
    line = gradcheck(squares, MATRIX, gradient=MATRIX).line
    assert line.startswith("gradcheck failed: gradient of x[0, 0] is 0.1, should be 0.2 ±")
    assert line.endswith("off by 0.1 (6 inputs: 6 fail)")
    line = gradcheck(math.sin, 1.0, gradient=0.5, calls=5, strict=True).line
    assert "x is 0.5, left open: the limit of 5 calls is reached (1 input: " in line


@pytest.mark.parametrize("made", [lambda w: [w, w], lambda w: {"w": w}, lambda w: w])
def test_a_gradient_function_of_pytorch_takes_tensors_that_record(made: Any) -> None:
    """Those within lists and dicts, too, where the point does; the point itself is kept."""
    torch = pytest.importorskip("torch")

    def flat(x: Any) -> list[Any]:
        return [*x.values()] if isinstance(x, dict) else x if isinstance(x, list) else [x]

    def f(x: Any) -> Any:
        return sum((k + 1) * (w**3).sum() for k, w in enumerate(flat(x)))

    def gradient(x: Any) -> Any:
        found = torch.autograd.grad(f(x), flat(x))
        return {"w": found[0]} if isinstance(x, dict) else found

    w = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert set(outcomes(gradcheck(f, made(w), gradient=gradient))) == {"pass"}
    assert w.grad is None

    def product(a: Any, b: Any) -> Any:
        return (a * b).sum()

    def slopes(a: Any, b: Any) -> Any:
        return torch.autograd.grad(product(a, b), (a, b))

    other = torch.tensor([3.0, -1.0], dtype=torch.float64, requires_grad=True)
    assert gradcheck(product, w, other, gradient=slopes).ok


def test_a_tensor_of_no_dimension_stays_one() -> None:
    """PyTorch's functions take no float; a function of Values has its Values all the same."""
    torch = pytest.importorskip("torch")
    x = torch.tensor(2.0, requires_grad=True, dtype=torch.float64)

    def gradient(x: Any) -> Any:
        return torch.autograd.grad(torch.sin(x), x)

    assert outcomes(gradcheck(torch.sin, x, gradient=gradient)) == ["pass"]
    assert outcomes(gradcheck(torch.sin, x, gradient=0.5)) == ["fail"]
    both = gradcheck(lambda a, b: a * math.exp(b), x, 1.0, gradient=[math.e, 2 * math.e])
    assert outcomes(both) == ["pass", "pass"]
    assert gradcheck(lambda v: v * v, x).ok


def test_points_of_half_of_a_single_precision() -> None:
    """NumPy has no bfloat16; its numbers are checked all the same, with what it loses."""
    torch = pytest.importorskip("torch")
    point = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    report = gradcheck(squares, point, gradient=lambda x: 2 * x)
    assert report.ok
    assert [c.point for c in report.checks] == [1.0, 2.0]
    assert not gradcheck(lambda x: (x.float() ** 2).sum(), point, gradient=-2 * point).ok


def test_a_function_may_return_a_decimal() -> None:
    """It is the number that it holds."""

    def f(x: float) -> Decimal:
        return Decimal(x) * Decimal("1.5")

    assert outcomes(gradcheck(f, 2.0, gradient=1.5)) == ["pass"]
    assert outcomes(gradcheck(f, 2.0, gradient=1.6)) == ["fail"]


@pytest.mark.parametrize("dtype", [np.float32, "f4", np.dtype("float32"), "float32"])
def test_a_precision_has_many_names(dtype: Any) -> None:
    """All that NumPy knows for it, its types among them."""

    def rounded(x: float) -> float:
        return float(np.float32(math.sin(x)))

    slope = float(np.float32(math.cos(0.5)))
    assert outcomes(gradcheck(rounded, 0.5, gradient=slope, dtype=dtype)) == ["pass"]
    with pytest.raises(ValueError, match="dtype is 'int64'; it is to be one of float64"):
        gradcheck(rounded, 0.5, gradient=slope, dtype=np.int64)
    with pytest.raises(TypeError, match=r"dtype is array\(\[1.\]\); it is to be a precision, such"):
        gradcheck(rounded, 0.5, gradient=slope, dtype=np.ones(1))


def test_words_for_tolerances_bounds_and_shapes() -> None:
    """Each says what would do."""
    with pytest.raises(ValueError, match="rtol is -1; it is to be a finite number from 0 up"):
        gradcheck(math.sin, 0.5, rtol=-1)
    check = gradcheck(math.exp, 1.0, gradient=math.e, lower=1, upper=1).checks[0]
    assert check.reason == "its bounds leave no room beside the point"
    with pytest.raises(TypeError, match=r"f returned the dict \{'a': 1.0\}, not a number"):
        gradcheck(lambda x: {"a": x}, 1.0, gradient=1.0)
    unlike = [np.ones(3), np.ones((2, 2))]
    with pytest.raises(ValueError, match="gradient has 2 parts of unlike shapes for w, which has"):
        gradcheck(lambda w: w["a"], {"a": 1.0}, gradient=unlike)


def test_second_derivatives_by_hand_are_named_as_such() -> None:
    """By the two inputs that they are for."""
    pair = lambda x: [x[1] ** 2, 2 * x[0] * x[1]], [[0, 4], [4, 2]]
    report = gradcheck(lambda x: x[0] * x[1] ** 2, [1.0, 2.0], gradient=pair, order=2)
    assert [c.input for c in report.checks] == [
        f"∂²f/∂x[{i}]∂x[{j}]" for i in range(2) for j in range(2)
    ]
    assert report.ok
    alone = gradcheck(lambda x: x**3, 2.0, gradient=(lambda x: 3 * x * x, 12.0), order=2)
    assert [c.input for c in alone.checks] == ["∂²f/∂x∂x"]
