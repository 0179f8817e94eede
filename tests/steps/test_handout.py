"""Handouts of backprop's steps: LaTeX source that compiles, and a PDF to print."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_hostile_names import LONG, NAMES

from micrograd_like import Backprop, Descent, Value
from micrograd_like.cli import main
from micrograd_like.steps.handout import A4, latex, parts

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
