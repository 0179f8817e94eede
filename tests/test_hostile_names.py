"""Names that mean something elsewhere: in every output they are text, and nothing of them runs.

Labels, groups, models, inputs, signs of rules and variables are drawn, played, printed and told
with the names below, and read back by the format's own reader: Expat, JSON's, Graphviz, Chromium.
"""

import html
import io
import json
import linecache
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from browsing import Watched
from hypothesis import given
from hypothesis import strategies as st
from nbconvert import LatexExporter
from PIL import Image
from test_display import TAGS, Reader

from micrograd_like import (
    MLP,
    Backprop,
    Descent,
    Training,
    Value,
    draw_difference,
    draw_dot,
    gradcheck,
    group,
    mse,
    paths,
    rule,
    structure,
)
from micrograd_like.custom import forget
from micrograd_like.notation import readable
from micrograd_like.strategies import Graph, graphs

RUN = "window.hacked=1;alert(1)"
NAMES = [
    f"</script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"\"'><svg onload={RUN}>",
    f"</title></text></svg><script>{RUN}</script>",
    f"javascript:{RUN}",
    f"`${{{RUN}}}`;{RUN}//",
    "<!--<script>",
    "--><b>",
    "a]]>b",
    "]]",
    "]",
    "&#x3c;b&#x3e; &lt; &amp;",
    'red;}*{display:none}" style="position:fixed',
    "url(#clip)",
    "url(//x.test)",
    r"\N \G \L \E \T \H",
    r"\l\r\n",
    "\\",
    '"',
    "'",
    "<b>bold</b>",
    "<",
    "a\nb\r\nc\u2028d",
    "\x00\x01\x1b[2J\x7f\x85",
    "\ud800 half \udfff",
    "\ufffe\uffff",
    "\u202eturned\u202c",
    "\u2067turned",
    "משקל",
    "{{title}} {{svg}} {{script}}",
    "%s %(a)s {0} $& $1",
    "$x$",
    "$\\frac{",
    "__proto__",
    "constructor",
    "\ue0000,1,1\ue000",  # private characters, of which fonts have none
    "\\end{Verbatim}\\input{/etc/passwd}",
    "=cmd|'/c calc'!A1",
    "🙂é\u0301",
]
LONG = ["x" * 1_000_000, "<" * 1_000_000, "a b " * 250_000]
PIECES = [*"<>&\"'\\{}[]|`$%#;:=/-! \n\t\x00\x1b\u202e\u2028\ud800", *NAMES]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6).map("".join)
SVG = "{http://www.w3.org/2000/svg}"
BAD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066\u2067]")


# --- graphs whose parts have such names


def labelled(names: list[str]) -> Value:
    """Leaves with these labels, and results with some of them."""
    total = Value(1.0, "start")
    for k, name in enumerate(names):
        total = total * Value(1 + k / 10, name) + 0.1
        if k % 3 == 0:
            total.label = name
    total.backward()
    return total


def grouped(names: list[str]) -> Value:
    """Groups of these names, one in the other every third time."""
    total = Value(1.0, "start")
    for k, name in enumerate(names):
        with group(name or "-"):
            total = total * total.tanh()
            if k % 3 == 0:
                with group(f"in.{name}"):
                    total = total + total.tanh() * 0.1
    total.backward()
    return total


def networks(names: list[str]) -> Value:
    """Models and inputs of these names."""
    total = None
    for name in names:
        model = MLP(1, [2, 1], activation="tanh", name=name)
        found = mse([model([Value(0.5, name)])], [1.0])
        total = found if total is None else total + found
    assert total is not None
    total.label = names[0]
    total.backward()
    return total


def signed(names: list[str]) -> Value:
    """Operations whose signs are these names."""
    total = Value(0.5, "start")
    for k, name in enumerate(names):
        total = operation(name or "-", f"hostile{k}")(total)
    total.backward()
    return total


def operation(sign: str, name: str) -> Callable[..., Value]:
    """A rule with a sign, kept where a notebook keeps a cell's text, and forgotten at once."""
    source, file = f"def {name}(x):\n    return 2 * x, 2.0\n", f"<cell of {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope: dict[str, Any] = {}
    exec(compile(source, file, "exec"), scope)
    made: Callable[..., Value] = rule(sign, "2 * x", "2")(scope[name])
    forget(name)
    return made


MAKERS = {"labels": labelled, "groups": grouped, "models": networks, "signs": signed}
VIEWS = [
    *((kind, "values", ()) for kind in MAKERS),
    *((kind, "values", "all") for kind in MAKERS),
    *((kind, "sums", "all") for kind in MAKERS),
    ("models", "network", ()),
    ("models", "arrays", ()),
    ("labels", "arrays", ()),
]


def words_of(svg: str) -> str:
    """All text of a picture, which has elements and attributes of pictures alone."""
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            "svg", "style", "g", "title", "text", "a", "defs", "linearGradient", "stop",
            "path", "polygon", "polyline", "rect", "circle", "ellipse",
        }  # fmt: skip
        assert not any(key.lower().startswith("on") for key in element.attrib)
        assert all(x == "#" for key, x in element.attrib.items() if key.endswith("href"))
    texts = [it.text or "" for it in root.iter() if it.tag != f"{SVG}style"]
    return squeezed(" ".join(texts))


def squeezed(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


def shown(name: str) -> str:
    """The beginning of a name, as a picture or a page shows it."""
    return squeezed(readable(name)[:20])


# --- pictures


@pytest.mark.parametrize(("kind", "view", "expand"), VIEWS)
def test_in_a_picture_a_name_is_text(kind: str, view: str, expand: Any) -> None:
    """Read by an XML reader, there is no element of a name's, and names are what they were."""
    for names in (NAMES[: len(NAMES) // 2], NAMES[len(NAMES) // 2 :]):
        picture = draw_dot(MAKERS[kind](names), view=view, expand=expand)
        words = words_of(picture.pipe("svg", encoding="utf-8"))
        if kind == "labels" and view != "arrays":
            assert [name for name in names if shown(name) not in words] == []


@pytest.mark.parametrize("kind", list(MAKERS))
def test_in_every_format_a_name_is_drawn(kind: str, tmp_path: Path) -> None:
    """PNG and PDF are whole, Graphviz's own reader reads the DOT text, a difference is drawn."""
    root = MAKERS[kind](NAMES[:6])
    small, again = (draw_dot(root, view="values") for _ in range(2))
    Image.open(io.BytesIO(small.pipe("png"))).load()
    assert small.pipe("pdf")
    words_of(draw_difference(small, again).pipe("svg", encoding="utf-8"))
    names = NAMES[len(kind) % 2 :: 2]
    picture = draw_dot(MAKERS[kind](names), view="values", expand="all")
    written = picture.save(tmp_path / "a.gv")
    assert Path(written).read_text("utf-8") == picture.source
    read = json.loads(picture.pipe("json"))
    if kind == "labels":
        tips = [html.unescape(o.get("tooltip", "")).replace("\\\\", "\\") for o in read["objects"]]
        told = squeezed(" ".join(tips))
        assert [name for name in names if squeezed(readable(name)) not in told] == []


@given(HOSTILE)
def test_any_label_is_read_back(name: str) -> None:
    """Whatever characters a name is made of, beside others, in a picture and in DOT."""
    root = Value(2.0, name) * Value(3.0, "w")
    words = words_of(draw_dot(root, view="values").pipe("svg", encoding="utf-8"))
    assert shown(name) in words


@given(graphs(["add", "mul", "tanh"]), st.lists(HOSTILE, min_size=1))
def test_any_graph_with_any_labels_is_drawn_and_told(graph: Graph, names: list[str]) -> None:
    """The whole path from a label to SVG, to lines and to reprs, on random graphs."""
    root = graph.record()
    for k, v in enumerate(Backprop(root).order):
        v.label = names[k % len(names)]
    words_of(draw_dot(root).pipe("svg", encoding="utf-8"))
    for text in (str(Backprop(root)[-1]), repr(Backprop(root)), Backprop(root)[0].line):
        assert not BAD.search(text)
        assert "\n" not in text


@pytest.mark.parametrize("kind", list(MAKERS))
def test_on_stills_and_films_a_name_is_text(kind: str, tmp_path: Path) -> None:
    """The board's line above the picture is text, too, in a still picture and in a moving one."""
    for name in NAMES:
        whole = Backprop(MAKERS[kind]([name]))
        svg = Path(whole.only(1).save(tmp_path / "still.svg")).read_text("utf-8")
        words = words_of(svg)
        if kind == "labels":
            assert squeezed(whole[1].line)[:40] in words
    steps = Backprop(MAKERS[kind](NAMES[8:10]))
    with Image.open(steps[:3].save(tmp_path / "film.gif", width=400)) as film:
        assert getattr(film, "n_frames", 1) > 1


@pytest.mark.slow
def test_of_a_million_characters_a_picture_shows_a_few(tmp_path: Path) -> None:
    """Each output is made in a time that a reader waits, and pictures stay small."""
    for name in LONG[:2]:
        began = time.monotonic()
        for maker in (labelled, grouped, networks):
            root = maker([name])
            for view in ("values", "sums", *(["network", "arrays"] * (maker is networks))):
                assert len(draw_dot(root, view=view).pipe("svg")) < 300_000
            svg = Backprop(root)[-1:].save(tmp_path / "still.svg")
            assert Path(svg).stat().st_size < 300_000
            assert len(draw_dot(root).page()) < 400_000
        root = labelled([name])
        assert len(paths(root, root)._repr_html_()) < 100_000
        steps = Training(MLP(1, [1], name=name), [[0.0], [1.0]], [0, 1], epochs=1, names=[name])
        assert len(steps.still(".svg")) < 200_000
        assert time.monotonic() - began < 120


# --- text


def things(kind: str) -> Iterator[Any]:
    """What a notebook's cell or a program may end with."""
    root = MAKERS[kind](NAMES)
    steps = Backprop(root)
    leaf = next(v for v in steps.order if v.rule is None)
    few = MAKERS[kind](NAMES[:3])
    yield from (steps, *steps[:40], draw_dot(root), paths(few, leaf_of(few)), structure(root))
    yield from (gradcheck(few), MLP(1, [1], name=NAMES[0]), leaf)


def leaf_of(root: Value) -> Value:
    return next(v for v in Backprop(root).order if v.rule is None)


@pytest.mark.parametrize("kind", list(MAKERS))
def test_what_is_printed_obeys_no_name(kind: str) -> None:
    """Neither str nor repr has a character that a terminal obeys, or that cannot be encoded."""
    for thing in things(kind):
        for text in (str(thing).replace("\t", ""), repr(thing)):  # DOT's lines begin with tabs
            assert not BAD.search(text), (type(thing), ascii(text[:2000]))
            assert text.encode()


@pytest.mark.parametrize("kind", list(MAKERS))
def test_a_notebooks_tables_have_no_tag_of_a_name(kind: str) -> None:
    """Their HTML has the tags and attributes of tables alone, and can be sent."""
    for thing in things(kind):
        if not isinstance(thing, Backprop) and hasattr(thing, "_repr_html_"):
            text = thing._repr_html_()
            assert text.encode()
            assert Reader(re.sub("<img [^>]*>", "", text)).tags <= TAGS


def test_latex_has_names_as_text() -> None:
    """nbconvert's LaTeX of what a notebook keeps: a name ends no environment, nor reads a file."""
    outputs = [
        nbformat.v4.new_output("display_data", {"text/plain": str(thing)})
        for kind in MAKERS
        for thing in things(kind)
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("f()", outputs=outputs)])
    text, _ = LatexExporter().from_notebook_node(notebook)
    assert "\\input{/etc" not in text
    assert text.count("\\end{Verbatim}") == text.count("\\begin{Verbatim}")


# --- pages


def page_of(make: Callable[[list[str]], Any], names: list[str], path: Path) -> Path:
    """A page of things with such names, as a file; of what a notebook shows a frame in a page."""
    made = make(names)
    text = made if isinstance(made, str) else made.page()
    path.write_text(text, "utf-8")
    return path


def training(names: list[str]) -> Training:
    """A training whose inputs and model have such names."""
    model = MLP(len(names), [2, 1], activation="tanh", name=names[0])
    rows = [[0.1 * k for k in range(len(names))], [0.0] * len(names)]
    return Training(model, rows, [0, 1], epochs=2, names=names)


def descent(names: list[str]) -> Descent:
    """A descent on an error whose argument has such a name, as far as it can have one."""
    return Descent(lambda w: (w - 1) ** 2, 3.0)


def report(names: list[str]) -> str:
    """What a notebook shows of a wrong gradient, in a page of its own."""
    few = labelled(names[:4])
    found = gradcheck(few, gradient=[7.0] * 5)
    return f"<!doctype html><meta charset=utf-8>{found._repr_html_()}"


PAGES: dict[str, Callable[[list[str]], Any]] = {
    **{f"picture of {k}": (lambda names, f=f: draw_dot(f(names))) for k, f in MAKERS.items()},
    "network": lambda names: draw_dot(networks(names), view="network"),
    "arrays": lambda names: draw_dot(networks(names), view="arrays"),
    **{f"steps of {k}": (lambda names, f=f: Backprop(f(names))) for k, f in MAKERS.items()},
    "variables": lambda names: Backprop(
        Value(2.0) * Value(3.0), names={name: Value(1.0) for name in names}
    ),
    "training": training,
    "descent": descent,
}
COUNT = """() => ({
  scripts: document.querySelectorAll("script").length,
  frames: document.querySelectorAll("iframe, img, object, embed, link, base, form[action]").length,
  handlers: [...document.querySelectorAll("*")].filter((element) => [...element.attributes].some(
    ({ name, value }) => name.startsWith("on") || (
      /href|src|action/.test(name) && /^\\s*javascript:/i.test(value))
  )).length,
  hacked: "hacked" in window,
})"""
FORBIDDEN = """async () => {
  const blocked = [];
  document.addEventListener("securitypolicyviolation", (event) => blocked.push(
    event.effectiveDirective));
  const script = document.createElement("script");
  script.textContent = "window.hacked = 1";
  document.body.append(script);
  const button = document.createElement("button");
  button.setAttribute("onclick", "window.hacked = 1");
  document.body.append(button);
  button.click();
  const image = document.createElement("img");
  image.src = "https://x.test/a.png";
  const base = document.createElement("base");
  base.href = "https://x.test/";
  document.head.append(base);
  await fetch("https://x.test/").catch(() => 0);
  const form = document.createElement("form");
  form.action = "https://x.test/";
  document.body.append(form);
  form.submit();
  await new Promise((seen) => setTimeout(seen, 200));
  return { blocked: [...new Set(blocked)].sort(), hacked: "hacked" in window };
}"""
DIRECTIVES = [
    "base-uri", "connect-src", "form-action", "img-src", "script-src-attr", "script-src-elem",
]  # fmt: skip


@pytest.mark.parametrize("kind", list(PAGES))
def test_on_a_page_nothing_of_a_name_runs(browser: Any, tmp_path: Path, kind: str) -> None:
    """In Chromium: the scripts and elements that innocent names give, no complaint, no request."""
    innocent = [f"a{k}" for k in range(len(NAMES))]
    counts = []
    for names in (innocent, NAMES):
        watched = Watched(browser)
        page = watched.open(page_of(PAGES[kind], names, tmp_path / "page.html"))
        page.wait_for_load_state("load")
        page.wait_for_timeout(100)
        if "steps" in kind:
            page.wait_for_selector("#toolbar")
            for key in ("End", "v", "l", "n", "p", "c", "Home", "ArrowRight"):
                page.keyboard.press(key)
        counts.append(page.evaluate(COUNT))
        watched.close()
    assert counts[0] == counts[1]
    assert (counts[1]["handlers"], counts[1]["hacked"]) == (0, False)
    assert counts[1]["frames"] == 0


@pytest.mark.parametrize("kind", ["picture of labels", "steps of labels", "training", "descent"])
@pytest.mark.parametrize("framed", [False, True])
def test_a_page_forbids_scripts_and_the_network(
    browser: Any, tmp_path: Path, kind: str, framed: bool
) -> None:
    """What a script that got in would try: other scripts, handlers, images, requests, forms.

    The page alone, and in the sandboxed frame in which a notebook shows it.
    """
    watched = Watched(browser)
    path = page_of(PAGES[kind], ["a", "b"], tmp_path / "page.html")
    if framed:
        inside = html.escape(path.read_text("utf-8"))
        path = tmp_path / "host.html"
        frame = f"<iframe sandbox='allow-scripts' srcdoc=\"{inside}\"></iframe>"
        path.write_text(f"<!doctype html><meta charset=utf-8>{frame}", "utf-8")
    page = watched.open(path)
    page.wait_for_load_state("load")
    tried = page.frames[-1].evaluate(FORBIDDEN)
    open_ways = [name for name in DIRECTIVES if name not in tried["blocked"]]
    assert open_ways == (["form-action"] if framed else [])  # the sandbox lets no form be sent
    assert not tried["hacked"]
    watched.context.close()


@pytest.mark.parametrize("kind", ["picture of labels", "steps of labels", "training", "descent"])
def test_a_page_has_a_policy_of_its_own_scripts(tmp_path: Path, kind: str) -> None:
    """Scripts by their hashes, nothing from elsewhere, before anything else is read."""
    text = page_of(PAGES[kind], NAMES, tmp_path / "page.html").read_text("utf-8")
    found = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    assert len(found) == 1
    policy = dict(part.split(" ", 1) for part in found[0].split("; "))
    assert {policy[key] for key in ("default-src", "base-uri", "form-action")} == {"'none'"}
    assert all(source.startswith("'sha256-") for source in policy["script-src"].split())
    assert text.index("Content-Security") < min(text.index("<style"), text.index("<title"))


@pytest.mark.filterwarnings("ignore:Glyph")  # of private characters, which fonts lack
@pytest.mark.parametrize("name", ["steps of labels", "picture of labels", "training", "report"])
def test_in_a_notebook_nothing_of_a_name_runs(browser: Any, tmp_path: Path, name: str) -> None:
    """What a cell shows, in a page without a policy, as a notebook's is: text, and frames."""
    path = tmp_path / "notebook.html"
    if name == "report":
        text = report(NAMES)
    else:
        made = PAGES[name](NAMES)
        shown_there = made._repr_mimebundle_()
        data = shown_there[0] if isinstance(shown_there, tuple) else shown_there
        text = f"<!doctype html><meta charset=utf-8><body>{data['text/html']}"
    path.write_text(text, "utf-8")
    watched = Watched(browser)
    page = watched.open(path)
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)
    for frame in page.frames:
        assert not frame.evaluate("'hacked' in window")
    counts = page.evaluate(COUNT)
    assert (counts["scripts"], counts["handlers"]) == (0, 0)
    sandboxes = page.evaluate(
        "[...document.querySelectorAll('iframe')].map((it) => it.getAttribute('sandbox'))"
    )
    assert set(sandboxes) <= {"allow-scripts"}
    watched.close()


def test_names_are_read_back_on_the_live_page(browser: Any, tmp_path: Path) -> None:
    """The page's own names are the labels, but for characters that no page shows."""
    names = [name for name in map(readable, NAMES) if name.isprintable() and "�" not in name]
    watched = Watched(browser)
    page = watched.open(page_of(lambda of: Backprop(labelled(of)), NAMES, tmp_path / "page.html"))
    page.wait_for_selector("#toolbar")
    found = page.evaluate("backprop.names()")
    assert [name for name in names if name not in found] == []
    watched.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_page_of_a_million_characters_opens(browser: Any, tmp_path: Path, name: str) -> None:
    """Names of that length are cut where they are shown; the page plays and computes."""
    watched = Watched(browser)
    page = watched.open(page_of(PAGES["steps of labels"], [name], tmp_path / "page.html"))
    page.wait_for_selector("#toolbar")
    page.keyboard.press("End")
    assert page.evaluate("backprop.count()") > 3
    watched.close()
