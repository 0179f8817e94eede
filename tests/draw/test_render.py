"""Rendering: with dot, without it, without anything; files whole or not at all."""

import os
import random
import re
import struct
import sys
import time
import tracemalloc
import zlib
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from browsing import Watched

from micrograd_like import MLP, Backprop, Value, draw_dot, files
from micrograd_like.draw import process, render
from micrograd_like.draw.svg import size_of


@pytest.fixture
def picture() -> render.Picture:
    """A picture of two values."""
    return draw_dot(Value(2.0, "x") * 3)


def test_render_works_as_in_graphviz(picture: render.Picture, tmp_path: Path) -> None:
    """The DOT text and the picture beside it; cleanup removes the text."""
    assert picture.render("g", tmp_path) == str(tmp_path / "g.svg")
    assert {p.name for p in tmp_path.iterdir()} == {"g", "g.svg"}
    assert picture.render("h", tmp_path, format="png", cleanup=True) == str(tmp_path / "h.png")
    assert {p.name for p in tmp_path.iterdir()} == {"g", "g.svg", "h.png"}
    picture.render(outfile=tmp_path / "o.svg")
    assert (tmp_path / "o.svg").read_bytes().startswith(b"<?xml")


def parts(svg: str) -> list[Any]:
    """The elements of an SVG, with their attributes and texts."""
    elements = ElementTree.fromstring(svg).iter()
    return [(it.tag, it.attrib, (it.text or "").strip()) for it in elements]


def test_an_image_shows_every_sign(browser: Any, tmp_path: Path) -> None:
    """Those that addresses, attributes and SVG take for their own are shown as they are."""
    name = "%41 # \" ' & < > \\ ? + ~ é 漢"
    picture = draw_dot(Value(2.0, name) * 3, theme="light")
    (tmp_path / "page.html").write_text(
        f"<meta charset=utf-8>{picture._repr_mimebundle_()[0]['text/html']}", "utf-8"
    )
    watched = Watched(browser)
    page = watched.open(tmp_path / "page.html")
    image = page.locator("img")
    assert (
        image.evaluate("image => image.complete && image.naturalWidth")
        == size_of(picture.pipe("svg", encoding="utf-8"))[0]
    )
    text = page.evaluate("fetch(document.querySelector('img').src).then((answer) => answer.text())")
    assert parts(text) == parts(picture.pipe("svg", encoding="utf-8"))
    assert any(name in part[2] for part in parts(text))
    watched.close()


def test_notebooks_get_an_svg_with_a_png_beside_it(picture: render.Picture) -> None:
    """The SVG as an image in HTML, and for exports to paper a PNG that says its size."""
    bundle, metadata = picture._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png"}
    content = re.search(r'src="data:image/svg\+xml,([^"]+)"', bundle["text/html"])
    assert content
    assert parts(unquote(unescape(content[1]))) == parts(picture.pipe("svg", encoding="utf-8"))
    width, height, dpi = png_size(bundle["image/png"])
    assert dpi == 144
    size = metadata["image/png"]
    assert (width, height) == pytest.approx((2 * size["width"], 2 * size["height"]), abs=4)
    for only in ("text/html", "image/png", "image/svg+xml"):
        assert set(picture._repr_mimebundle_(include=[only])[0]) == {only}
    assert set(picture._repr_mimebundle_([], [])[0]) == set(bundle)  # as marimo has asked
    assert set(picture._repr_mimebundle_(exclude=["image/png"])[0]) == {"text/html"}


def test_the_png_in_a_notebook_is_not_larger_than_needed() -> None:
    """A large picture has fewer pixels there, and says with how many it is meant."""
    picture = render.Picture()
    picture.node("a", width="60", height="30")  # inches
    bundle, metadata = picture._repr_mimebundle_()
    width, height, dpi = png_size(bundle["image/png"])
    assert dpi < 144
    assert width * height < 1.1 * render.MOST_SHOWN
    assert width / dpi * 72 == pytest.approx(metadata["image/png"]["width"], rel=0.05)


def png_size(png: bytes) -> tuple[int, int, int]:
    """A PNG's pixels across and down, and how many of them it means for an inch."""
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    at = png.index(b"pHYs")
    across, down, unit = struct.unpack(">IIB", png[at + 4 : at + 13])
    assert (across, unit) == (down, 1)
    assert zlib.crc32(png[at : at + 13]) == struct.unpack(">I", png[at + 13 : at + 17])[0]
    return width, height, round(across * 0.0254)


def test_a_pixel_of_an_svg_is_a_unit_of_the_picture(picture: render.Picture) -> None:
    """A font of 9 is 9 pixels high; a PNG has two pixels for one, a PDF has the same size."""
    svg = picture.pipe("svg", encoding="utf-8")
    found = re.search(r'<svg width="(\d+)" height="(\d+)" viewBox="0 0 \1 \2"', svg)
    assert found
    width, height = map(int, found.groups())
    across, down, _ = png_size(picture.pipe("png"))
    assert (across, down) == pytest.approx((2 * width, 2 * height), abs=4)
    page = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", picture.pipe("pdf"))
    assert page
    assert [float(x) for x in page.groups()] == pytest.approx([width, height], abs=4)


def test_a_page_for_paper_is_of_the_size_of_the_picture_with_clusters_too() -> None:
    """Graphviz leaves half an inch around a PDF; that is gone, and clusters keep their margins."""
    picture = render.Picture()
    with picture.subgraph(name="cluster_a") as cluster:
        cluster.node("b")
    width, height = size_of(picture.pipe("svg", encoding="utf-8"))
    page = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", picture.pipe("pdf"))
    assert page
    assert [float(x) for x in page.groups()] == pytest.approx([width, height], abs=4)


def test_tooltips_are_titles_and_graphvizs_names_are_none() -> None:
    """What a reader sees on pointing is what was meant, in parts and cells; no link leads nowhere.

    Of a cell without a tooltip Graphviz would say <TABLE>.
    """
    picture = render.Picture(title="a & b")
    picture.node("b", "text", tooltip='<i> & "x"\nnext', id="n0")
    cells = '<td id="d0" href="#" tooltip="cell">1</td><td href="#">2</td>'
    picture.node("c", f"<<table><tr>{cells}</tr></table>>")
    picture.edge("b", "c", label="label", tooltip="why")
    root = ElementTree.fromstring(picture.pipe("svg", encoding="utf-8"))
    titles = [it.text for it in root.iter("{http://www.w3.org/2000/svg}title")]
    assert sorted(filter(None, titles)) == ['<i> & "x"\nnext', "cell", "why"]
    assert root.get("aria-label") == "a & b"
    assert not list(root.iter("{http://www.w3.org/2000/svg}a"))


def test_pictures_on_one_page_have_ids_of_their_own() -> None:
    """Colours that run into each other are not those of another picture."""
    pictures = []
    for colour in ("white", "black"):
        picture = render.Picture()
        picture.node("a", style="filled", fillcolor=f"red:{colour}")
        pictures.append(picture.pipe("svg", encoding="utf-8"))
    ids = [set(re.findall(r'Gradient id="([^"]+)"', svg)) for svg in pictures]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip(pictures, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) == own


@pytest.mark.parametrize("view", ["values", "sums", "network", "arrays"])
def test_every_colour_of_a_picture_has_one_in_the_dark(view: str) -> None:
    """A file that follows its reader leaves no part in the colours of day."""
    random.seed(0)
    model = MLP(2, [3, 1])
    rows = [[Value(0.5 * k, "x0"), Value(-1.0, "x1")] for k in range(3)]
    root = sum((model(row) - 1) ** 2 for row in rows)
    root.backward()
    svg = draw_dot(root, view=view, theme="auto").pipe("svg", encoding="utf-8")
    style, drawn = svg[: svg.index("</style>")], svg[svg.index("</style>") :]
    used = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn)) - {"none"}
    assert used
    assert all(f'="{colour}"]{{' in style for colour in used)
    assert "light-dark" not in draw_dot(root, view=view, theme="dark").pipe("svg", encoding="utf-8")


def test_values_stay_text_in_notebooks() -> None:
    """A Value has no picture of its own."""
    for method in ("_repr_svg_", "_repr_html_", "_repr_mimebundle_"):
        assert not hasattr(Value(1.0), method)


def test_without_dot_pygraphviz_takes_over(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Silently, for pipe, save and notebooks alike."""
    pytest.importorskip("pygraphviz")
    monkeypatch.setattr(render, "which", lambda name: None)
    assert b"<svg" in picture.pipe("svg")
    assert picture.pipe("svg", encoding="utf-8").startswith("<?xml")
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "image/png" in picture._repr_mimebundle_()[0]
    assert png_size(picture.pipe("png"))[2] == 144


def test_without_any_graphviz_the_error_names_both_ways(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line; the DOT text is there all the same."""
    monkeypatch.setattr(render, "which", lambda name: None)
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"install Graphviz, or .*: pip install .*\[render\]"):
        picture.save(tmp_path / "a.svg")
    picture.save(tmp_path / "a.dot")
    assert [p.name for p in tmp_path.iterdir()] == ["a.dot"]
    assert "install Graphviz" in picture._repr_mimebundle_()["text/plain"]


def test_a_missing_folder_and_an_unknown_format_leave_nothing(
    picture: render.Picture, tmp_path: Path
) -> None:
    """The error names the folder, or the formats there are."""
    for name in ("a.svg", "a.dot"):
        with pytest.raises(
            FileNotFoundError, match=r"there is no folder .*missing.*; make it first"
        ):
            picture.save(tmp_path / "missing" / name)
    with pytest.raises(ValueError, match=r"ending of .*bmp is 'bmp'; .* one of svg, png"):
        picture.save(tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())


def fake_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A program called dot that does something else."""
    program = folder / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def test_a_program_that_fails_is_quoted(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its last line of error is in ours, and the file of before is as it was."""
    fake_dot(
        tmp_path,
        monkeypatch,
        "import sys; print('trouble in init_rank', file=sys.stderr); sys.exit(1)",
    )
    (tmp_path / "a.svg").write_text("before")
    with pytest.raises(RuntimeError, match="dot failed: trouble in init_rank"):
        picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text() == "before"
    assert {p.name for p in tmp_path.iterdir()} == {"a.svg", "bin"}


@pytest.mark.parametrize("there", [True, False])
def test_a_graphviz_without_a_layout_gives_way(
    there: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Some systems' dot comes without neato's plugin, which places what has its place."""
    pytest.importorskip("pygraphviz")
    why = "Error: Layout was not done.  Missing layout plugins?"
    fake_dot(tmp_path, monkeypatch, f"import sys; print({why!r}, file=sys.stderr); sys.exit(1)")
    picture = draw_dot(MLP(1, [2, 1], activation="tanh")([1.0]), view="network")
    if there:
        assert "<svg" in picture.pipe("svg").decode()
        return
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"lacks a layout of this .*neato_layout, .*\[render\]"):
        picture.pipe("svg")


def test_a_program_that_hangs_is_stopped(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After the limit there is an error that says what to do."""
    fake_dot(tmp_path, monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(process, "TIME_LIMIT", 0.3)
    with pytest.raises(RuntimeError, match=r"dot took longer than 0.3 s; draw less, with depth="):
        picture.pipe("svg")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes")
def test_a_program_that_started_another_is_stopped_with_it(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A child that holds the output open cannot make the limit longer."""
    child = "[sys.executable, '-c', 'import time; time.sleep(30)']"
    body = f"import subprocess, sys; subprocess.run({child})"
    fake_dot(tmp_path, monkeypatch, body)
    monkeypatch.setattr(process, "TIME_LIMIT", 0.5)
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="took longer"):
        picture.pipe("png")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "it printed nothing"),
        ("print('hello')", "it printed no whole SVG"),
        ("print('<?xml version=\"1.0\"?><svg></svg>')", "it is no whole SVG"),
        ('print(\'<?xml?><svg width="8pt" height="6pt" viewBox="0.00 0.00 8.00 6.00"\')', "whole"),
        ("print('<?xml version=\"1.0\"?><svg><g></svg>')", "it printed no whole SVG"),
        ("print('<?xml version=\"1.0\"?><svg><a></b></svg>')", "it printed no whole SVG"),
        ("print('<?xml version=\"1.0\"?><html></html>')", "it printed no whole SVG"),
        (
            "import sys; sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n IEND\\xaeB`\\x82')",
            "whole SVG",
        ),
        ("import os; os.kill(os.getpid(), 9)", "it was ended by SIGKILL"),
        ("import os; print('<?xml', flush=True); os.kill(os.getpid(), 11)", "ended by SIGSEGV"),
        ("import sys; sys.exit(3)", "it ended with status 3"),
        ("import os; os.close(0); print('hello')", "it printed no whole SVG"),
    ],
)
def test_a_program_that_draws_nothing_is_told(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, words: str
) -> None:
    """An error of one line, and no file."""
    fake_dot(tmp_path, monkeypatch, body)
    for name in ("a.svg", "a.html"):
        with pytest.raises(RuntimeError, match=f"dot failed: .*{words}"):
            picture.save(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["bin"]


@pytest.mark.parametrize(
    "part",
    [
        "<script>alert(1)</script>",
        "<g onload='alert(1)'/>",
        "<g ONCLICK='alert(1)'/>",
        "<foreignObject><p/></foreignObject>",
        "<iframe src='https://x.test'/>",
        "<a xlink:href='javascript:alert(1)'/>",
        "<a href=' java&#10;script:alert(1)'/>",
        "<a href='data:text/html,x'/>",
        "<use href='data:text/html,x'/>",
    ],
)
@pytest.mark.parametrize("with_entity", [False, True])
def test_a_program_that_draws_a_script_is_refused(
    picture: render.Picture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    part: str,
    with_entity: bool,
) -> None:
    """Pages forbid scripts, and an image runs none, but a file that a browser opens would."""
    svg = render.picture_bytes(picture.source, "svg").decode()
    svg = svg.replace("</svg>", f"{'&x;' if with_entity else part}</svg>")
    if with_entity:
        svg = re.sub("<!DOCTYPE[^>]*>", f'<!DOCTYPE svg [<!ENTITY x "{part}">]>', svg)
    fake_dot(tmp_path, monkeypatch, f"import sys; sys.stdout.buffer.write({svg.encode()!r})")
    for name in ("a.svg", "a.html"):
        with pytest.raises(RuntimeError, match=r"^dot failed: its SVG has a .* never writes$"):
            picture.save(tmp_path / name)
    for show in (picture._repr_mimebundle_, Backprop(Value(2.0) * 3).page):
        with pytest.raises(RuntimeError, match="never writes"):
            show()
    assert [p.name for p in tmp_path.iterdir()] == ["bin"]


def test_links_that_a_user_draws_stay(tmp_path: Path) -> None:
    """Those to pages, to places in the picture, and to files beside it."""
    picture = render.Picture()
    for place in ("https://example.org/a?b=1", "#n0", "other.html", "mailto:a@example.org"):
        picture.node(place, URL=place)
    root = ElementTree.fromstring(picture.pipe("svg", encoding="utf-8"))
    links = list(root.iter("{http://www.w3.org/2000/svg}a"))
    assert len(links) == 4


FLOOD = "import os\nwhile True:\n    os.write({}, b'x' * 65536)"


@pytest.mark.parametrize(("stream", "words"), [(1, "printed more than 1 MB"), (2, "took longer")])
def test_a_program_that_floods_is_stopped(
    picture: render.Picture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stream: int,
    words: str,
) -> None:
    """No more of it is kept than a picture may have, and of complaints the last ones."""
    fake_dot(tmp_path, monkeypatch, FLOOD.format(stream))
    monkeypatch.setattr(process, "MOST_DRAWN", 1_000_000)
    monkeypatch.setattr(process, "TIME_LIMIT", 20.0 if stream == 1 else 1.0)
    tracemalloc.start()
    try:
        with pytest.raises(RuntimeError, match=f"^dot {words}"):
            picture.save(tmp_path / "a.svg")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert [p.name for p in tmp_path.iterdir()] == ["bin"]


def test_a_program_that_floods_and_fails_is_quoted_by_its_end(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of 20 MB of complaints the last line."""
    body = "import sys; sys.stderr.write('warning\\n' * 2_500_000); sys.exit('the end')"
    fake_dot(tmp_path, monkeypatch, body)
    with pytest.raises(RuntimeError, match=r"^dot failed: the end$"):
        picture.pipe("svg")


def test_a_program_that_reads_nothing_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """More text than a pipe holds, and a program that draws without it."""
    svg = render.Picture().pipe("svg")
    drawn = render.picture_bytes("digraph {}", "svg")
    assert svg.startswith(b"<?xml")
    fake_dot(tmp_path, monkeypatch, f"import sys; sys.stdout.buffer.write({drawn!r})")
    assert render.picture_bytes("#" * 1_000_000, "svg") == drawn


@pytest.mark.parametrize("kept", [0, 10, 0.9, -1])
@pytest.mark.parametrize("ending", render.FORMATS[:3])
def test_a_picture_that_is_cut_off_leaves_the_file_of_before(
    picture: render.Picture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ending: str,
    kept: float,
) -> None:
    """A program that ends early without an error has drawn nothing that is saved, in any format."""
    drawn = render.picture_bytes(picture.source, ending).rstrip()
    part = drawn[: kept if isinstance(kept, int) else int(kept * len(drawn))] or b"hello"
    fake_dot(tmp_path, monkeypatch, f"import sys; sys.stdout.buffer.write({part!r})")
    path = tmp_path / f"a.{ending}"
    path.write_text("before")
    with pytest.raises(RuntimeError, match=f"^dot failed: it printed no whole {ending.upper()}$"):
        picture.save(path)
    assert path.read_text() == "before"
    with pytest.raises(RuntimeError, match=r"^dot failed: it printed no whole DOT$"):
        Backprop(Value(2.0) * 3).save(tmp_path / "a.gif")
    assert {p.name for p in tmp_path.iterdir()} == {path.name, "bin"}


def test_a_complaint_is_one_short_line_without_control_characters(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """However much a program complains, in whatever colours."""
    body = r"import sys; sys.exit('first\n\x1b[31m' + 'x' * 100_000)"
    fake_dot(tmp_path, monkeypatch, body)
    with pytest.raises(RuntimeError, match=r"dot failed: .*31mx+$") as caught:
        picture.pipe("svg")
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_saving_takes_the_options_of_graphviz_for_text_alone(
    picture: render.Picture, tmp_path: Path
) -> None:
    """A picture has none, not even a theme, and says where that is chosen."""
    with pytest.raises(TypeError, match=r"^Picture.save: takes no theme; .*draw_dot\(loss, theme="):
        picture.save(tmp_path / "a.svg", theme="dark")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_an_ending_alone_is_drawn_by_it(
    picture: render.Picture, tmp_path: Path
) -> None:
    """An empty name before .svg gives a picture, not its DOT text."""
    picture.save(tmp_path / ".svg")
    assert (tmp_path / ".svg").read_bytes().startswith(b"<?xml")
    picture.save(tmp_path / ".gv")
    picture.save(tmp_path / "a")
    assert (tmp_path / ".gv").read_text("utf-8") == picture.source
    assert (tmp_path / "a").read_text("utf-8") == picture.source


def test_text_that_cannot_be_written_leaves_the_file_of_before(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The DOT text is written whole or not at all, too, and as graphviz does otherwise."""
    path = tmp_path / "a.dot"
    path.write_text("before", encoding="utf-8")
    assert picture.save(path, skip_existing=True) == str(path)

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "replace", fail)
        with pytest.raises(OSError, match="disk full"):
            picture.save(path)
    assert path.read_text("utf-8") == "before"
    picture.save(path)
    assert path.read_text("utf-8") == picture.source
    assert picture.save("b.gv", tmp_path / "new") == str(tmp_path / "new" / "b.gv")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no permissions of this kind")
def test_a_file_keeps_its_permissions_and_a_new_one_has_those_of_the_umask(tmp_path: Path) -> None:
    """What nobody else may read stays so, and what a user keeps private is private."""
    path, new = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"before")
    for mode in (0o600, 0o664, 0o444):
        path.chmod(mode)
        files.write(path, b"content")
        assert path.stat().st_mode & 0o777 == mode
    for umask, mode in ((0o077, 0o600), (0o022, 0o644), (0o002, 0o664)):
        before = os.umask(umask)
        try:
            files.write(new, b"content")
        finally:
            os.umask(before)
        assert new.stat().st_mode & 0o777 == mode
        new.unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_is_written_through(tmp_path: Path) -> None:
    """The file that it leads to is written, and it stays a link, in a chain and to nothing, too."""
    (tmp_path / "far").mkdir()
    target, link, other = tmp_path / "far" / "a", tmp_path / "link", tmp_path / "other"
    link.symlink_to(Path("far") / "a")
    other.symlink_to(link)
    for k, each in enumerate((link, other)):
        files.write(each, b"%d" % k)
        assert (each.is_symlink(), target.read_bytes()) == (True, b"%d" % k)
    assert [p.name for p in target.parent.iterdir()] == ["a"]
    lost = tmp_path / "lost"
    lost.symlink_to(tmp_path / "none" / "a")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*none.*; make it first"):
        files.write(lost, b"content")


@pytest.mark.skipif(sys.platform == "win32", reason="devices have other names")
def test_a_device_is_written_to_and_stays_one() -> None:
    """It is no file to put another in the place of."""
    files.write(Path(os.devnull), b"content")
    assert Path(os.devnull).is_char_device()


def test_what_cannot_be_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure between writing and naming removes the temporary file."""

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write(tmp_path / "a", b"content")
    assert not list(tmp_path.iterdir())
