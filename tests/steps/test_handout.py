"""Handouts of backprop's steps: LaTeX source that compiles, and a PDF to print."""

import math
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_hostile_names import LONG, NAMES

from micrograd_like import Backprop, Descent, Value
from micrograd_like.cli import main
from micrograd_like.draw import FONT, picture_bytes
from micrograd_like.steps.handout import A4, READABLE, Paper, latex, parts
from micrograd_like.steps.handout import expression as formula_of
from micrograd_like.steps.pages import svg_size

LINE = r"\dotfill"


def expression(names: tuple[str, ...] = ("a", "b", "c", "L")) -> Value:
    """tanh(a·b + c)² / a, with these labels."""
    a, b, c = (Value(x, label=name) for x, name in zip((2.0, -1.5, 2.4), names, strict=False))
    loss = (a * b + c).tanh() ** 2 / a + a**-1.5 + 1e-7
    loss.label = names[3]
    return loss


def source(steps: Backprop, folder: Path, blanks: bool = False) -> str:
    """The handout as LaTeX."""
    return Path(steps.save(folder / "handout.tex", blanks=blanks)).read_text("utf-8")


def compiled(tex: str, folder: Path) -> str:
    """What pdfLaTeX says; it ends with an error at the first thing that it does not know."""
    if not shutil.which("pdflatex"):
        pytest.skip("pdflatex is not installed")
    (folder / "check.tex").write_text(tex, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "check.tex"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    told = ended.stdout.decode(errors="replace")
    assert ended.returncode == 0, told[-1500:]
    return told


def is_balanced(tex: str) -> bool:
    """Whether all braces of a source that are no text have their partners, and dollars, too."""
    bare = re.sub(r"\\[\\{}$]", "", tex)
    depth = 0
    for sign in bare:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if depth < 0:
            return False
    return depth == 0 and bare.count("$") % 2 == 0


NAMES_TO_RAISE = ["x", "learning_rate", "w_1", "θ", "größe", "b2", "w[0]", "n.rate", "two words"]


def powers(rng: random.Random, leaves: list[Value], depth: int = 3) -> Value:
    """A formula with many powers, defined for all of the positive numbers that it has."""
    if depth == 0:
        return rng.choice(leaves)
    left, right = (powers(rng, leaves, depth - 1) for _ in range(2))
    kind = rng.choice(["power", "power", "number", "add", "mul", "div", "tanh", "sqrt"])
    if kind == "power":
        return left**right
    if kind == "number":
        return left ** rng.choice([2, -1.5, 0.5, 1e-7])
    if kind in ("add", "mul", "div"):
        return {"add": left + right, "mul": left * right, "div": left / right}[kind]
    return left.tanh() if kind == "tanh" else left.sqrt()


def value_of(tex: str, steps: Backprop) -> float:
    """What a formula of LaTeX comes to, read with nothing but its braces and signs."""
    names: dict[str, Any] = {"tanh": math.tanh, "sqrt": math.sqrt}
    leaves = [(latex(steps.name(v)), v.data) for v in steps.order if not v.inputs]
    for k, (name, data) in enumerate(sorted(leaves, key=lambda leaf: -len(leaf[0]))):
        tex = tex.replace(f"({name})", f"(leaf{k})") if "\\ " in name else tex
        tex = tex.replace(name, f" leaf{k} ")
        names[f"leaf{k}"] = data
    tex = tex.replace("{}", "")
    tex = re.sub(r"\\operatorname\{(\w+)\}", r"\1", tex)
    tex = tex.replace("^{", "**(").replace("{", "(").replace("}", ")").replace(r"\cdot", "*")
    return float(eval(tex, {"__builtins__": {}}, names))


@pytest.mark.parametrize("seed", range(60))
def test_a_power_is_raised_with_all_of_its_exponent(seed: int) -> None:
    """Read back as mathematics, a random formula in LaTeX is the number that it was."""
    rng = random.Random(seed)
    leaves = [Value(rng.uniform(0.5, 1.5), name) for name in NAMES_TO_RAISE]
    steps = Backprop(powers(rng, leaves))
    text = formula_of(steps).partition(" = ")[2]
    tex = latex(text)
    assert is_balanced(tex)
    assert "…" not in text
    assert "asciicircum" not in tex
    assert value_of(tex, steps) == pytest.approx(steps.root.data, rel=1e-3)


def test_a_power_in_a_gradients_row_has_all_of_its_exponent() -> None:
    """Names with _ and of all letters, functions and brackets are raised whole, and alone."""
    raised = {
        "x^learning_rate · 2": r"{x}^{\textit{learning\_rate}}{} \cdot 2",
        "a^(w_1 − 1)": r"{a}^{\textit{w\_1} - 1}{}",
        "2^tanh(x) + 1": r"2^{\operatorname{tanh}({x})}{} + 1",
        "2^f(g(x) + h(y))^3": r"2^{\operatorname{f}(\operatorname{g}({x}) + "
        r"\operatorname{h}({y}))}{}^{3}{}",
        "a^(w_1 · (x + 1)) · 3": r"{a}^{\textit{w\_1} \cdot ({x} + 1)}{} \cdot 3",
        "x^θ": r"{x}^{\theta}{}",
        "x^b₂ + 1": r"{x}^{{b}_{2}{}}{} + 1",
        "f(x^y)": r"\operatorname{f}({x}^{{y}}{})",
    }
    assert {text: latex(text) for text in raised} == raised


def test_a_number_behind_a_word_is_not_taken_off_it() -> None:
    """`now −0.09` has the minus sign of a number, and `a − b` that of a difference."""
    assert latex("2, now −0.09") == r"2, \textit{now}\ {-}0.09"
    assert latex("a − b = −1") == "{a} - {b} = -1"


def test_letters_with_accents_and_without_are_a_name(tmp_path: Path) -> None:
    """`größe` is one word, whose letters all are LaTeX's."""
    steps = Backprop(Value(2.0, "größe") * Value(3.0, "æøœł"))
    tex = source(steps, tmp_path)
    assert r"\textit{größe} \cdot \textit{æøœł}" in tex
    assert "U+" not in tex
    compiled(tex, tmp_path)


def test_the_formula_of_thirty_values_is_whole(tmp_path: Path) -> None:
    """It has all its operations, and LaTeX breaks it over lines."""
    weights = [Value(0.1 * k, f"w_{k}") for k in range(16)]
    total = sum((w**2 for w in weights), start=Value(1.0, "loss_of_data"))
    steps = Backprop((total * 0.01).tanh() + weights[0])
    assert all(f"w_{k}²" in formula_of(steps) for k in range(16))
    assert "…" not in formula_of(steps)
    assert "verfull" not in compiled(source(steps, tmp_path), tmp_path)


@pytest.mark.parametrize(("count", "ending"), [(14, "tex"), (15, "tex"), (18, "pdf")])
def test_a_heading_is_on_the_page_of_its_first_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, ending: str
) -> None:
    """Where a part begins near a page's foot, its heading is not the last line on that page."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    monkeypatch.setattr(Paper, "draw", lambda *_: None)  # the picture, which takes a second
    root = sum((Value(k, f"x{k}") for k in range(count)), start=Value(0.0, "s"))
    path = Path(Backprop(root).save(tmp_path / f"check.{ending}", blanks=True))
    if ending == "tex":
        compiled(path.read_text("utf-8"), tmp_path)
    command = ["pdftotext", "-layout", "check.pdf", "-"]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    pages = [page.split("\n") for page in told.decode().split("\f")]
    for lines in ([line.strip() for line in page if line.strip()] for page in pages):
        assert not lines or not re.match("Forward|Backward|formula", lines[-1])


def neuron() -> Value:
    """A graph of thirteen values, wide rather than deep."""
    w, v, b, x, y, t = (Value(0.3 * k - 1, name) for k, name in enumerate("wvbxyt"))
    return ((w * x + v * y + b).tanh() - t) ** 2


def chain() -> Value:
    """A graph of thirteen values, one after the other."""
    root = Value(1.0, label="x")
    for _ in range(6):
        root = (root * 1.1).tanh()
    return root


def spread_out() -> Value:
    """A graph of thirteen values, with all that it computes from beside each other."""
    leaves = [Value(k, f"x{k}") for k in range(7)]
    pairs = [leaves[k] * leaves[k + 1] for k in range(0, 6, 2)]
    return (pairs[0] + pairs[1]) + pairs[2] * leaves[6]


@pytest.mark.parametrize("graph", [neuron, chain, spread_out])
def test_a_picture_on_paper_can_be_read(graph: Any) -> None:
    """The text of thirteen values is of seven points at least, and inside of its page."""
    paper = Paper(None)
    paper.turn = lambda: setattr(paper, "page", None)  # type: ignore[method-assign]
    paper.write("Exercise", size=15)
    steps = Backprop(graph())
    assert len(steps.order) == 13
    picture, room, page = paper.arranged(steps._animation().final_picture())
    width, height = svg_size(picture_bytes(picture.source, "svg").decode())
    assert FONT * 72 * min(room[0] / width, room[1] / height) >= READABLE
    assert room[0] < page[0]
    assert room[1] < page[1]


def test_a_small_picture_stands_below_the_formula_as_it_is() -> None:
    """On the page where its sheet begins, and from left to right."""
    paper = Paper(None)
    paper.write("Exercise", size=15)
    picture = Backprop(Value(2.0, "a") * Value(3.0, "b"))._animation().final_picture()
    best, _, page = paper.arranged(picture)
    assert best is picture
    assert page == A4


def test_all_steps_are_in_the_source(tmp_path: Path) -> None:
    """LaTeX has a row for each step, what is given, the expression, and the steps' results."""
    steps = Backprop(expression())
    tex = source(steps, tmp_path)
    rows = re.findall(r"^(\d+) & \\rule", tex, re.MULTILINE)
    assert list(map(int, rows)) == list(range(1, len(steps) + 1))
    assert r"\operatorname{tanh}({a} \cdot {b} + {c})^{2}{} / {a}" in tex
    assert "Given: ${a} = 2$, ${b} = -1.5$, ${c} = 2.4$" in tex
    assert r"\dfrac{\partial {v_{2}}}{\partial {v_{1}}}" in tex
    assert r"10^{-7}" in tex
    assert LINE not in tex
    assert "verfull" not in compiled(tex, tmp_path)


def test_blanks_leave_out_every_number_and_the_solution_is_on_a_new_page(tmp_path: Path) -> None:
    """A row of the exercise has a line to write on; the solution is what is written without it."""
    steps = Backprop(expression())
    exercise, solution = source(steps, tmp_path, blanks=True).split(r"\newpage")
    assert exercise.count(LINE) == len(steps)
    for _, rows in parts(steps):
        for _, _, numbers in rows:
            assert f"${latex(numbers)}$ " not in exercise
            assert f"${latex(numbers)}$ " in solution
    assert LINE not in solution
    compiled(exercise + r"\newpage" + solution, tmp_path)


def test_any_name_compiles(tmp_path: Path) -> None:
    """A name with a meaning in LaTeX, or of letters that it has none of, is text, and compiles."""
    odd = ["w_1", "é", "αΔς", "$$", "²'²₁", "∂a/∂b^(x", "x^2^3", "x₁²₁²", "''", "a%", "5e3²"]
    heads: dict[str, None] = {}  # a set with an order
    bodies = []
    for name in [*NAMES, *odd]:
        tex = source(Backprop(expression((name, "b", name, f"{name}L"))), tmp_path)
        assert is_balanced(tex), name
        assert not re.search(r"\\(input|end\{Verb)", tex)
        head, body = tex.split(r"\begin{document}")
        heads |= dict.fromkeys(re.findall(r"\\Declare.*\{.*", head))
        bodies.append(body.replace(r"\end{document}", ""))
    head = re.sub(r"(?s)\\ifdefined.*?\\fi\n", "", head)
    compiled("\n".join([head, *heads, r"\begin{document}", *bodies, r"\end{document}"]), tmp_path)


@pytest.mark.parametrize("name", LONG)
def test_a_long_name_is_cut(tmp_path: Path, name: str) -> None:
    """A name of a million letters gives a handout of a few thousand."""
    tex = source(Backprop(expression((name, "b", "c", name))), tmp_path)
    assert len(tex) < 100_000
    assert is_balanced(tex)


def test_the_pdf_has_the_steps_and_the_picture_on_pages_to_print(tmp_path: Path) -> None:
    """A4; the exercise and its solution are two sheets; the same handout is the same file."""
    steps = Backprop(expression())
    once, again = (Path(steps.save(tmp_path / f"{k}.pdf")).read_bytes() for k in "ab")
    assert once == again
    assert once.startswith(b"%PDF")
    blanks = Path(steps.save(tmp_path / "c.pdf", blanks=True)).read_bytes()
    for content, least in ((once, 1), (blanks, 2)):
        boxes = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content)
        assert len(boxes) >= least
        for box in boxes:
            assert [float(x) for x in box] == pytest.approx([72 * x for x in A4])
        assert content.count(b"/Subtype /Image") >= least
    long = Backprop(sum((Value(k, f"x{k}") ** 2 for k in range(60)), start=Value(0.0, "s")))
    pages = Path(long.save(tmp_path / "long.pdf")).read_bytes().count(b"/MediaBox")
    assert pages > 3


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_name_is_text_in_the_pdf(tmp_path: Path) -> None:
    """matplotlib takes no name for a formula of its own."""
    Backprop(expression(("$\\frac{", "$x$", "\\", "a\nb"))).save(tmp_path / "x.pdf")


def test_one_step_is_a_picture_and_a_slice_a_part_of_the_table(tmp_path: Path) -> None:
    """`Step.save` writes the picture as PDF, and no handout; a slice has its own rows."""
    steps = Backprop(expression())
    drawn = Path(steps[3].save(tmp_path / "step.pdf")).read_bytes()
    assert b"/MediaBox [ 0 0 595" not in drawn
    with pytest.raises(ValueError, match=r"the ending of .* is '.tex'"):
        steps[3].save(tmp_path / "step.tex")
    assert re.findall(r"^(\d+) & \\rule", source(steps[2:4], tmp_path), re.MULTILINE) == ["3", "4"]


def test_what_is_no_handout_is_refused(tmp_path: Path) -> None:
    """Blanks in a page, a handout of a descent, and one of thousands of steps."""
    steps = Backprop(expression())
    with pytest.raises(ValueError, match=r"blanks is for .tex, .pdf, not for .html; leave it out"):
        steps.save(tmp_path / "x.html", blanks=True)
    with pytest.raises(TypeError, match=r"save: blanks"):
        steps.save(tmp_path / "x.tex", blanks="yes")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"the ending of .* is '.tex'"):
        Descent(lambda w: w**2, 1.0, steps=2).save(tmp_path / "x.tex")
    many = Backprop(sum((Value(k, f"x{k}") for k in range(300)), start=Value(0.0, "s")))
    with pytest.raises(ValueError, match=r"a handout of 90\d steps is too long.* take a slice"):
        many.save(tmp_path / "x.tex")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_a_handout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`step -o handout.tex --blanks` writes it; without a file --blanks is refused in one line."""
    monkeypatch.chdir(tmp_path)
    words = ["step", "tanh(a*b + c)", "a=2", "b=-1.5", "c=2.4", "--blanks"]
    assert main([*words, "-o", "handout.tex"]) == 0
    assert LINE in Path("handout.tex").read_text("utf-8")
    assert main([*words, "-o", "handout.pdf"]) == 0
    assert Path("handout.pdf").read_bytes().startswith(b"%PDF")
    capsys.readouterr()
    assert main(words) == 2
    assert "give one, as in -o handout.pdf" in capsys.readouterr().err
