"""The scripts of the pages: what is left out of them changes nothing that they do."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import chromium
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import Backprop, Value, draw_dot
from micrograd_like.draw.page import compact, in_function, look_script
from micrograd_like.rules import RULES
from micrograd_like.steps.javascript import script
from micrograd_like.steps.pages import unpacked

PACKAGE = Path(micrograd_like.__file__).parent
SCRIPTS = {
    str(path.relative_to(PACKAGE)): path.read_text("utf-8")
    for path in sorted(PACKAGE.rglob("*.js"))
} | {"the rules": script(RULES.values())}


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """An empty page."""
    with chromium() as browser:
        yield browser.new_page()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_read_line_by_line(name: str) -> None:
    """No text goes over several lines, so none of its lines can look like a comment."""
    for line in SCRIPTS[name].split("\n"):
        assert line.count("`") % 2 == 0, line
        assert not line.endswith("\\"), line


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_compact_script_is_a_script(page: Any, name: str) -> None:
    """A browser can read it; it is shorter, and no line of it is a comment or blank."""
    short = compact(SCRIPTS[name])
    assert page.evaluate("text => { new Function(text); return true; }", short)
    assert len(short) < len(SCRIPTS[name])
    assert not [line for line in short.split("\n")[:-1] if re.match(r"\s|$|//|/\*", line)]


CODE = (
    "f(x); // why", 'const text = "/* no comment */ // nor this";', "y = `/** ${x} */`;",
    "x = a / b /* of a */ / c;", "return 2 * x;", "* y; /* and", "};",
)  # fmt: skip
COMMENTS = (
    "", " ", "// f(x);", "//", "/** @type {number} */", "/**\n * Twice; `x`.\n *\n * @x\n */",
    "/* f(x);\n\n   // g(x);\n*/", "// /*", "/* // */",
)  # fmt: skip
pieces = st.tuples(st.booleans(), st.sampled_from(["", "  ", "\t"]), st.integers(0, 6))


@given(st.lists(pieces))
def test_code_is_kept_and_comments_are_not(written: list[tuple[bool, str, int]]) -> None:
    """Whatever stands between which lines; and a second time changes nothing."""
    code = [CODE[k] for is_code, _, k in written if is_code]
    lines = [space + (CODE if is_code else COMMENTS)[k] for is_code, space, k in written]
    short = compact("\n".join(lines))
    assert short == "".join(f"{line}\n" for line in code)
    assert compact(short) == short


def test_code_after_a_type_is_kept() -> None:
    """The type of an expression may stand at the beginning of a line."""
    assert compact("  /** @type {Element} */ (x).remove();\n") == "(x).remove();\n"


@given(st.text())
def test_text_is_kept(text: str) -> None:
    """A label or a rule's words may have anything in them, as long as they are on one line."""
    line = f"const text = {json.dumps(text, ensure_ascii=False)};\n"
    assert compact(f"// Words.\n  {line}") == line


def test_a_compact_script_of_the_rules_has_all_of_them(page: Any) -> None:
    """With the same functions."""
    names = "[...rules].map(([name, rule]) => [name, rule.function(0.5, 2)])"
    whole, short = (
        page.evaluate(f"(() => {{ {text}\nreturn {names}; }})()")
        for text in (SCRIPTS["the rules"], compact(SCRIPTS["the rules"]))
    )
    assert whole == short
    assert [name for name, _ in whole] == [*RULES]


@pytest.mark.parametrize("kind", [draw_dot, Backprop])
def test_a_page_has_compact_scripts(page: Any, tmp_path: Path, kind: Any) -> None:
    """In one function: what they declare is nobody else's."""
    path = Path(kind(Value(2.0, "a") * 3).save(tmp_path / "page.html"))
    html = path.read_text("utf-8")
    packed = html.partition('id="packed">')[2].partition("</script>")[0]
    text = html.rpartition("<script>")[2].partition("</script>")[0]
    if packed:  # the player's, which a small one unpacks
        assert text == compact(text)
        text = unpacked(packed)
    assert text == compact(text)
    assert text.startswith('(() => {\n"use strict";\n')
    assert in_function(look_script()).split("\n", 2)[2].removesuffix("})();\n") in text
    page.goto(path.as_uri())
    assert page.locator(".look-controls").count() == 1
    assert page.evaluate("typeof look + typeof Zoom + typeof LOOK_KEYS") == "undefined" * 3


def test_what_is_typed_into_a_field_is_no_key_of_the_view(page: Any, tmp_path: Path) -> None:
    """A page that has a field for a number gets its digits and signs; a slider needs none."""
    page.goto(Path(draw_dot(Value(2.0, "a") * 3).save(tmp_path / "page.html")).as_uri())
    scale = page.locator(".look-scale")
    for kind, typed, shown in (("text", "-1+", "100 %"), ("range", "", "125 %")):
        page.evaluate(f"document.body.insertAdjacentHTML('beforeend', '<input type={kind}>')")
        page.locator(f"body > input[type={kind}]").focus()
        page.keyboard.type("-1+")
        assert scale.text_content() == shown
        if typed:
            assert page.locator(f"body > input[type={kind}]").input_value() == typed
