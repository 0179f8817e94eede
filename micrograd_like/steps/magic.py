r"""``%%backprop``: a notebook's cell that shows its last Value as the player.

IPython runs the cell as any other, so that its output, its errors and their lines, its magics and
its ``await`` are those of an ordinary cell.  Only two things are changed on the way, in two lists
that IPython has for this: the first line becomes a text, which Python passes over, and the last
statement is handed to what shows the player.  A magic that ran the cell itself could not do it: of
a cell with ``await`` it would be the one that waits.

>>> first_line(["%%backprop until w\n", "w = Value(2.0)\n"])
["'%%backprop until w'\n", 'w = Value(2.0)\n']
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from micrograd_like.engine import Value
from micrograd_like.steps.backprop import Backprop

__all__ = ["begin", "end", "load_ipython_extension", "unload_ipython_extension"]

NAME = "backprop"
FIRST = re.compile(rf"%%{NAME}(?:\s+(.*?))?\s*")  # the first line, and what it asks for
OPTIONS = ("order", "learn", "expand", "rankdir", "theme")
SEVERAL = ("learn", "expand")  # are names of what is in the graph
USAGE = f"until NAME, {', '.join(f'{name}=…' for name in OPTIONS)}"
OTHER_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def backprop(line: str, cell: str) -> None:
    """Run the cell, and show backprop of its last Value in the player.

    Its last Value is what the cell ends with, or else what it assigned last.  Values without a
    label have the names of the variables that hold them, as with ``Backprop(loss, names=…)``; no
    label changes.  On the first line may be:

        %%backprop until w          stop where w.grad is complete
        %%backprop order=naive      a wrong way back, or order=depth-first
        %%backprop learn=model      what learns on the page, or names: learn=w,b
        %%backprop expand=all       what is open of a large graph, or names: expand=loss,out
        %%backprop rankdir=TB       from the top
        %%backprop theme=dark       or light

    A name with blanks in it stands in quotation marks, as in until "my loss".  A semicolon at the
    end of the cell keeps the player away, as any output.
    """
    # A cell never gets here, as its first line is changed before; a script of a notebook does.
    from IPython import get_ipython

    if not get_ipython().run_cell(f"%%{NAME} {line}\n{cell}").success:
        raise _usage("the cell raised the error above")


def load_ipython_extension(shell: Any) -> None:
    """Let a shell know ``%%backprop``: IPython calls it for ``%load_ext micrograd_like``."""
    unload_ipython_extension(shell)
    for known, ours in _places(shell):
        known.insert(0, ours)  # lines before IPython reads a cell's magic
    shell.register_magic_function(backprop, "cell", NAME)


def unload_ipython_extension(shell: Any) -> None:
    """Have a shell forget ``%%backprop``, for ``%unload_ext micrograd_like``."""
    for known, ours in _places(shell):
        if ours in known:
            known.remove(ours)
    shell.magics_manager.magics["cell"].pop(NAME, None)


def _places(shell: Any) -> list[tuple[list[Any], Any]]:
    """What changes a shell's cells, each with the list that it stands in."""
    lines = shell.input_transformer_manager.line_transforms
    return [(lines, first_line), (shell.ast_transformers, _LAST)]


def first_line(lines: list[str]) -> list[str]:
    """A cell's lines, the first of which is a text if it was the magic."""
    if not lines or not FIRST.fullmatch(lines[0]):
        return lines
    from IPython.core import inputtransformer2

    rest: list[str] = inputtransformer2.cell_magic(lines[1:])  # type: ignore[no-untyped-call]
    return [f"{lines[0].rstrip()!r}\n", *rest]


class _LastStatement:
    """What IPython gives each cell's syntax tree to, and takes another back from."""

    def visit(self, tree: ast.AST) -> ast.AST:
        """The tree, with a check of the first line before it and the player behind it."""
        line = _asked_for(tree)
        if line is None or not isinstance(tree, ast.Module):
            return tree
        first, *others = tree.body
        assigned, loops = _bound(others)
        last = tree.body[-1]
        begins = _call(first, "begin", repr(line))
        shows = _call(last, "end", "get_ipython()", repr(line), repr(assigned), repr(loops))
        if others and isinstance(last, ast.Expr):
            shows.args.append(last.value)
            others.pop()
        tree.body = [
            ast.copy_location(ast.Expr(begins), first),
            *others,
            ast.copy_location(ast.Expr(shows), last),
        ]
        return tree


_LAST = _LastStatement()


def _asked_for(tree: ast.AST) -> str | None:
    """What is on the magic's line, if the tree is of such a cell."""
    match tree:
        case ast.Module(body=[ast.Expr(value=ast.Constant(value=str(text))), *_]):
            found = FIRST.fullmatch(text)
            return (found[1] or "") if found else None
    return None


def _call(at: ast.AST, function: str, *arguments: str) -> ast.Call:
    """A call of a function of this file, which needs no name in the user's namespace."""
    here = f"__import__({__name__!r}, fromlist=['']).{function}({', '.join(arguments)})"
    call = ast.parse(here, mode="eval").body
    assert isinstance(call, ast.Call)
    for node in ast.walk(call):
        ast.copy_location(node, at)
    return call


def _bound(body: Iterable[ast.AST]) -> tuple[list[str], list[str]]:
    """The variables that a cell assigns, as often as it does, and those of its loops alone."""
    assigned: list[str] = []
    loops: dict[str, None] = {}
    stack = [*body][::-1]
    while stack:  # an expression may be deeper than Python calls functions
        node = stack.pop()
        inside: Iterable[ast.AST] = ast.iter_child_nodes(node)
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                assigned.append(name)
            case ast.For() | ast.AsyncFor():
                loops |= {x.id: None for x in ast.walk(node.target) if isinstance(x, ast.Name)}
                inside = [node.iter, *node.body, *node.orelse]
            case ast.comprehension():
                inside = [node.iter, *node.ifs]
            case ast.Call(
                func=ast.Attribute(attr="run_cell_magic"),
                args=[_, _, ast.Constant(value=str(cell))],
            ):
                inside = _parsed(cell)
            case ast.AnnAssign(value=None):
                inside = []
        if not isinstance(node, OTHER_SCOPES):
            stack += [*inside][::-1]
    return assigned, [name for name in loops if name not in assigned]


def _parsed(cell: str) -> list[ast.stmt]:
    """The statements of a cell that another cell's magic runs, if it is Python."""
    from IPython.core import inputtransformer2

    python = inputtransformer2.TransformerManager()  # type: ignore[no-untyped-call]
    try:
        return ast.parse(python.transform_cell(cell)).body
    except SyntaxError:
        return []


def begin(line: str) -> None:
    """Check what the first line asks for before the cell runs; a UsageError tells what is wrong."""
    _, options = _read(line)
    _steps(Value(0.0), {key: x for key, x in options.items() if key not in SEVERAL})


def end(shell: Any, line: str, assigned: list[str], loops: list[str], *value: Any) -> Backprop:
    """The player of a cell's last Value, after the cell's own output if that is no Value.

    ``assigned`` and ``loops`` are names of variables, and ``value`` is what the cell ends with.
    """
    scope = shell.user_ns
    root = value[0] if value else None
    if not isinstance(root, Value):
        if root is not None:
            sys.displayhook(root)
        root = next(_values(scope, reversed(assigned)), None)
    if root is None:
        raise _usage("this cell has no Value to show: end it with one, such as the loss")
    until, options = _read(line)
    if options.get("learn"):
        options["learn"] = _learners(options["learn"], scope)
    names = {
        name: scope[name] for name in (*assigned, *scope) if name in scope and name not in loops
    }
    return _steps(root, options, names, until)


def _learners(words: list[str], scope: Mapping[str, Any]) -> Any:
    """A variable that holds a model, or the names of leaves."""
    model = scope.get(words[0])
    return model if len(words) == 1 and hasattr(type(model), "parameters") else words


def _values(scope: Mapping[str, Any], names: Iterable[str]) -> Iterator[Value]:
    return (scope[name] for name in names if isinstance(scope.get(name), Value))


def _read(line: str) -> tuple[str | None, dict[str, Any]]:
    """The name to stop at, and the options of Backprop."""
    words = iter(word.replace('"', "") for word in re.findall(r'(?:"[^"]*"|\S)+', line))
    until, options = None, dict[str, Any]()
    for word in words:
        key, equals, text = word.partition("=")
        if word == "until":
            until = next(words, None)
            if until is None:
                raise _usage("until needs a name, as in until w")
        elif equals and key in OPTIONS:
            options[key] = text.split(",") if key in SEVERAL else text
        else:
            raise _usage(f"takes {USAGE}, not {word!r}")
    return until, options


def _steps(
    root: Value,
    options: Mapping[str, Any],
    names: Mapping[str, Any] | None = None,
    until: str | None = None,
) -> Backprop:
    """The steps that are asked for; a UsageError, which is one line, tells what there is not."""
    try:
        steps = Backprop(root, names=names, **options)
        return steps if until is None else _until(steps, until, names or {})
    except (LookupError, TypeError, ValueError) as error:
        raise _usage(re.sub(r"^Backprop(\.until)?: ", "", str(error))) from None


def _until(steps: Backprop, name: str, variables: Mapping[str, Any]) -> Backprop:
    """The steps up to a value that is called so, or that the variable holds, by whatever label."""
    try:
        return steps.until(name)
    except LookupError:
        if isinstance(variables.get(name), Value):
            return steps.until(variables[name])
        raise


def _usage(words: str) -> Exception:
    """The error that IPython shows as one line."""
    from IPython.core.error import UsageError

    return UsageError(f"%%{NAME}: {words}")
