"""The player in a real browser: every control and key, every number, nothing fetched, nothing run.

It needs Chromium and Playwright's package; without them these tests are skipped, but under CI=true.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import nbformat
import pytest
from browsing import Watched
from conftest import reused
from live_page import place, until
from nbclient import NotebookClient
from playing import played
from test_player import names_of, network

from micrograd_like import Backprop, Descent
from micrograd_like.notation import number

PROGRAM = """\
from micrograd_like import Backprop, Value
a = Value(2.0, "a")
b = a * 3
L = b * b + b
b.label, L.label = "b", "L"
Backprop(L)"""


@pytest.fixture
def still(browser: Any) -> Iterator[Watched]:
    """A page whose reader wants no motion: each step is there at once."""
    watched = Watched(browser, reduced_motion="reduce")
    yield watched
    watched.close()


@pytest.fixture
def moving(browser: Any) -> Iterator[Watched]:
    """A page with all its motion."""
    watched = Watched(browser, reduced_motion="no-preference")
    yield watched
    watched.close()


def opened(watched: Watched, steps: Any, folder: Path) -> Any:
    """The page of some steps, when its script has begun."""
    path = folder / "page.html"
    steps.save(path)
    page = watched.open(path)
    page.wait_for_selector("#toolbar")
    return page


def looks(page: Any) -> str:
    """All that a reader sees of the steps."""
    seen: str = page.evaluate(
        "['board', 'stage', 'controls'].map((id) => document.getElementById(id).outerHTML).join()"
    )
    return re.sub(r' (?:style|class)=""| data-size="\w*"', "", seen)


def test_every_control_and_key_goes_where_it_says(still: Watched, tmp_path: Path) -> None:
    """Buttons, slider and keys, from both ends and beyond them."""
    page = opened(still, Backprop(reused()), tmp_path)
    assert place(page) == 0
    for control, expected in [
        ("#next", 1), ("#next", 2), ("#previous", 1), ("#last", 9), ("#next", 9), ("#first", 0),
        ("#previous", 0), ("[data-phase=backward]", 4), ("[data-phase=forward]", 1),
    ]:  # fmt: skip
        page.click(f"#controls {control}")
        assert (control, place(page)) == (control, expected)
    page.locator("body").click(position={"x": 5, "y": 5})
    for key, expected in [
        ("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("End", 9), ("Home", 0),
        ("b", 4), ("f", 1), ("ArrowLeft", 0), ("ArrowLeft", 0),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert (key, place(page)) == (key, expected)
    page.locator("#slider").fill("6")
    assert page.inner_text("#count") == "step 6 of 9"
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")  # of the slider and of the page: one step, not two
    assert place(page) == 7
    speed = page.locator("#speed")
    for key, expected_speed in [("+", "2"), ("+", "4"), ("+", "8"), ("+", "8"), ("-", "4")]:
        page.keyboard.press(key)
        assert speed.input_value() == expected_speed


def test_playing_goes_on_to_the_end_and_pauses(moving: Watched, tmp_path: Path) -> None:
    """Play, pause by the key, play on by the button; at the end it starts again."""
    page = opened(moving, Backprop(reused()), tmp_path)
    page.select_option("#speed", "8")
    page.keyboard.press("Space")
    until(lambda: place(page) >= 3)
    assert page.get_attribute("#play", "aria-label") == "pause"
    assert page.get_attribute("#board", "aria-live") == "off"
    page.keyboard.press("Space")
    stopped = place(page)
    page.wait_for_timeout(500)
    assert place(page) == stopped < 9
    assert page.get_attribute("#play", "aria-label") == "play"
    page.click("#play")
    until(lambda: place(page) == 9)
    page.wait_for_selector("#play[aria-label=play]")
    page.click("#play")
    until(lambda: place(page) < 9)


def test_numbers_travel_and_appear_when_they_arrive(moving: Watched, tmp_path: Path) -> None:
    """During a step a mark moves along the edge; the gradient is there at its end."""
    page = opened(moving, Backprop(reused()), tmp_path)
    page.keyboard.press("b")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".pulse text")
    assert page.text_content("#g2 text") == "·"
    page.wait_for_selector(".pulse", state="detached")
    assert page.text_content("#g2 text") == "1"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # while it travels: the step before is finished at once
    assert page.text_content("#g1 text") == "1"
    page.wait_for_selector(".pulse", state="detached")
    assert page.text_content("#g1 text") == "7"


def test_every_step_shows_the_engines_numbers(still: Watched, tmp_path: Path) -> None:
    """The equation is the step's, and every cell has the number that the engine has by then."""
    steps = Backprop(network([3, 1], 2, 2))
    page = opened(still, steps, tmp_path)
    cells = {name: place[1:] for place, name in names_of(played(steps)).items()}
    assert set(cells) == {steps.name(v) for v in steps.order}
    data = {steps.name(v): number(v.data) if not v.inputs else "·" for v in steps.order}
    grads = {steps.name(v): "·" for v in steps.order}
    for step in steps:
        page.keyboard.press("ArrowRight")
        if step.phase == "forward":
            data[steps.name(step.node)] = number(step.node.data)
        else:
            grads[steps.name(step.node if step.input is None else step.input)] = number(step.after)
        shown = page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('.cell')]"
            ".map((cell) => [cell.id, cell.querySelector('text').textContent]))"
        )
        assert shown == {f"d{k}": data[name] for name, k in cells.items()} | {
            f"g{k}": grads[name] for name, k in cells.items()
        }
        said = " ".join(page.inner_text("#equation").split())
        assert said.replace(" now ", ", now ") == step.line
    root = steps.root
    root.backward()
    assert {name: grads[name] for name in grads} == {
        steps.name(v): number(v.grad) for v in steps.order
    }


@pytest.mark.parametrize("order", ["topological", "depth-first"])
def test_going_back_gives_the_same_page(still: Watched, tmp_path: Path, order: str) -> None:
    """By steps forward and back, and by jumps: what is seen depends on the place alone."""
    page = opened(still, Backprop(network([2, 1], 2, 1), order), tmp_path)
    count = int(page.get_attribute("#slider", "max"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    seen = [looks(page)]
    for _ in range(count):
        page.keyboard.press("ArrowRight")
        seen.append(looks(page))
    assert len(set(seen)) == count + 1
    for k in reversed(range(count)):
        page.keyboard.press("ArrowLeft")
        assert looks(page) == seen[k]
    for k in (count, 3, count // 2, 0, count - 1):
        page.locator("#slider").fill(str(k))
        assert looks(page) == seen[k]


def test_readers_who_hear_the_page_are_told(still: Watched, tmp_path: Path) -> None:
    """Controls and values have names, steps are announced, and Tab reaches all of them."""
    page = opened(still, Backprop(reused()), tmp_path)
    page.keyboard.press("End")
    assert page.get_attribute("#board", "aria-live") == "polite"
    assert page.get_attribute("#n1", "aria-label") == "b, data 6, gradient 13"
    for control in page.locator("button, input, select").all():
        named = control.evaluate("it => it.ariaLabel || it.textContent || it.labels[0].textContent")
        assert named.strip()
    assert page.get_attribute("#slider", "aria-valuetext") == "backward, step 9"
    reached = set()
    page.evaluate("document.activeElement.blur()")
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert reached >= {"n0", "first", "previous", "play", "next", "last", "slider", "speed"}


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_light_and_dark_are_the_readers_choice(
    browser: Any, tmp_path: Path, scheme: str, dark: bool
) -> None:
    """Background and text change with the preference, and can be told apart in both."""
    watched = Watched(browser, color_scheme=scheme)
    page = opened(watched, Backprop(reused()), tmp_path)

    def brightness(selector: str, style: str) -> float:
        colour = page.eval_on_selector(selector, f"it => getComputedStyle(it).{style}")
        parts = sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3
        return parts if "srgb" in colour else parts / 255

    ground, text = brightness("body", "backgroundColor"), brightness("body", "color")
    assert (ground < text) == dark
    assert abs(ground - text) > 0.7
    box, words = brightness("#d0 rect", "fill"), brightness("#d0 text", "fill")
    assert abs(box - words) > 0.6
    watched.close()


# --- zooming, moving, finding


WHOLE = "it => it.scrollWidth <= it.clientWidth && it.scrollHeight <= it.clientHeight"


@pytest.fixture
def large(still: Watched, tmp_path: Path) -> Any:
    """The page of a network whose neurons are nodes, larger than the window."""
    return opened(still, Backprop(network([16, 16, 1], 2, 3)), tmp_path)


def scale(page: Any) -> float:
    """How large the picture is, of 1."""
    of_one = "it => it.getBoundingClientRect().width / it.viewBox.baseVal.width"
    measured: float = page.eval_on_selector("#stage > svg", of_one)
    return measured


def sight(page: Any, selector: str) -> bool:
    """Whether all elements that a selector finds are within the stage."""
    stage = page.locator("#stage").bounding_box()
    boxes = [it.bounding_box() for it in page.locator(selector).all()]
    return bool(boxes) and all(
        stage[x] - 1 <= box[x] and box[x] + box[size] <= stage[x] + stage[size] + 1
        for box in boxes
        for x, size in (("x", "width"), ("y", "height"))
    )


def test_a_network_opens_as_neurons(large: Any) -> None:
    """Neurons are nodes; the picture is large enough to read and scrolls, or is shown whole."""
    assert large.locator(".node.group").count() == 33
    large.keyboard.press("End")
    assert "·" not in large.locator(".cell text").all_inner_texts()
    assert scale(large) == pytest.approx(1, abs=0.01)
    assert not large.eval_on_selector("#stage", WHOLE)
    large.keyboard.press("z")
    assert large.eval_on_selector("#stage", WHOLE)
    assert large.get_attribute("#view button[title$='(z)']", "aria-pressed") == "true"


def test_the_view_has_keys_and_buttons_that_go_to_no_step(large: Any) -> None:
    """Larger, smaller, whole and 100 %, by both; the keys for steps change no size."""
    large.keyboard.press("b")
    at = place(large)
    for key, expected in [("i", 1.25), ("i", 1.25**2), ("o", 1.25), ("1", 1.0)]:
        large.keyboard.press(key)
        assert scale(large) == pytest.approx(expected, rel=0.01)
    for button, expected in [("larger", 1.25), ("smaller", 1.0), ("smaller", 0.8), ("its own", 1)]:
        large.click(f"button[title^='{button}']")
        assert scale(large) == pytest.approx(expected, rel=0.01)
    large.click("#view button[title$='(z)']")
    assert large.eval_on_selector("#stage", WHOLE)
    assert place(large) == at
    for key in ("+", "-", "f", "b", "ArrowRight", "Home", "End"):
        large.keyboard.press(key)
        assert large.eval_on_selector("#stage", WHOLE)
    assert place(large) > at


def test_a_full_screen_shows_all_of_the_page(still: Watched, tmp_path: Path) -> None:
    """By key and by button, and back."""
    page = opened(still, Backprop(reused()), tmp_path)
    full = "document.fullscreenElement === document.documentElement"
    page.keyboard.press("s")
    page.wait_for_function(full)
    page.click("button[title='full screen (s)']")
    page.wait_for_function("document.fullscreenElement === null")


@pytest.mark.parametrize(("width", "height"), [(1100, 700), (390, 700), (550, 350)])
def test_what_a_step_is_about_stays_in_sight(
    browser: Any, tmp_path: Path, width: int, height: int
) -> None:
    """At each step, in a window, on a telephone and at twice the size; and when that changes."""
    watched = Watched(browser, width, height, reduced_motion="reduce")
    page = opened(watched, Backprop(network([3, 1], 2, 1)), tmp_path)
    for _ in range(int(page.get_attribute("#slider", "max"))):
        page.keyboard.press("ArrowRight")
        assert sight(page, ".node.lit >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": width - 50, "height": height - 20})
    until(lambda: sight(page, ".node.lit >> nth=0"))
    watched.close()


def test_a_drag_moves_the_picture_and_is_no_click(large: Any) -> None:
    """What is under the pointer stays there; a drag that begins on a value opens nothing."""
    large.keyboard.press("b")
    before = large.evaluate("document.getElementById('stage').scrollLeft")
    box = large.locator(".node.lit rect >> nth=0").bounding_box()
    x, y = box["x"] + 1, box["y"] + 3
    large.mouse.move(x, y)
    large.mouse.down()
    large.mouse.move(x + 20, y)
    large.mouse.move(x + 150, y)
    large.mouse.up()
    assert large.evaluate("document.getElementById('stage').scrollLeft") == before - 150
    assert large.locator("#tools").is_hidden()
    large.keyboard.press("ArrowRight")  # the next step comes back to what it is about
    assert sight(large, ".node.lit >> nth=0")
    large.click(".node.lit rect >> nth=0")  # and the next click is one
    assert large.locator("#value").is_visible()


@pytest.mark.parametrize("width", [1100, 390])
def test_names_are_found(browser: Any, tmp_path: Path, width: int) -> None:
    """Whole names and parts; the value is marked, in sight, and chosen."""
    watched = Watched(browser, width, reduced_motion="reduce")
    page = opened(watched, Backprop(network([4, 1], 2, 3)), tmp_path)
    page.keyboard.press("End")
    at = place(page)
    page.keyboard.press("/")  # on a telephone the view unfolds
    page.keyboard.type("layer0.neuron2.w1")
    assert page.inner_text(".look-count") == "1 of 1"
    until(lambda: sight(page, ".look-mark.here"))
    assert page.inner_text("#value h3") == "layer0.neuron2.w1"
    page.keyboard.press("Escape")
    assert page.locator(".look-mark").count() == 0
    assert page.inner_text("#value h3") == ""
    assert place(page) == at
    page.keyboard.press("/")
    page.keyboard.type("neuron")
    first = page.inner_text(".look-count")
    page.keyboard.press("Enter")
    assert (first[:2], page.inner_text(".look-count")[:2]) == ("1 ", "2 ")
    page.keyboard.type(" fb")  # letters are letters there, and a space plays nothing
    assert page.inner_text(".look-count") == "not found"
    assert (place(page), page.get_attribute("#play", "aria-label")) == (at, "play")
    watched.close()


def test_keys_that_are_listed_are_those_that_work(still: Watched, tmp_path: Path) -> None:
    """Every key that a button names is listed with the others."""
    page = opened(still, Backprop(reused()), tmp_path)
    page.keyboard.press("?")
    listed = set(" ".join(page.locator(".keys dt").all_inner_texts()).replace(",", "").split())
    titles = page.locator("[title]").evaluate_all("all => all.map((it) => it.title)")
    named = {match[1] for title in titles if (match := re.search(r"\((\S)[,)]", title))}
    assert named == {*"ioz1s/←→fbvlnpcur?"}
    assert named <= listed


def test_the_pages_policy_runs_its_own_script_alone(still: Watched, tmp_path: Path) -> None:
    """In a file and in a notebook's frame, another script does nothing."""
    steps = Backprop(reused())
    path = tmp_path / "page.html"
    other = "<script>document.title = 'other'</script></body>"
    path.write_text(steps.page().replace("</body>", other), "utf-8")
    page = still.open(path)
    assert page.title() == "Backprop of L"
    (complaint,) = still.complaints
    assert "Content Security Policy" in complaint
    still.complaints.clear()
    path.write_text(f"<!doctype html>{steps._repr_html_()}", "utf-8")
    frame = still.open(path).frame_locator("iframe")
    plays(frame)
    frame.locator("button[title='full screen (s)']").wait_for()


def test_without_script_the_page_shows_the_last_step(browser: Any, tmp_path: Path) -> None:
    """The finished picture, and no controls that would do nothing."""
    path = tmp_path / "page.html"
    Backprop(reused()).save(path)
    watched = Watched(browser, java_script_enabled=False)
    page = watched.open(path)
    assert page.locator("#g1 text").text_content() == "13"
    assert page.locator("#controls").is_hidden()
    assert "needs JavaScript" in page.locator("noscript").text_content()
    watched.close()


def test_paper_has_the_step_that_is_shown(still: Watched, tmp_path: Path) -> None:
    """All of its picture, in light colours, and the last step where nobody went to one."""
    path = tmp_path / "steps.html"
    Backprop(network([4, 1], 2, 3)).save(path)
    page = still.open(path)
    page.wait_for_selector("#toolbar")
    last = int(page.get_attribute("#slider", "max"))
    for presses, shown in ((0, f"step {last} of {last}"), (3, f"step 3 of {last}")):
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("#count").inner_text() == shown
        box = page.locator("#stage > svg").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= page.viewport_size["width"]
        ground = "getComputedStyle(document.documentElement).getPropertyValue('--background')"
        assert page.evaluate(ground) == "#ffffff"
        assert not page.locator("#controls").is_visible()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen", color_scheme="light")
        now = "" if presses == 0 else f"step {presses} of"
        assert now in page.locator("#count").inner_text()
    assert page.locator("#equation").inner_text() != "before the first step"


def test_a_descent_plays(still: Watched, tmp_path: Path) -> None:
    """The ball goes down the curve; going back gives the same picture."""
    steps = Descent(lambda w: (w - 2) ** 2, 5.0, lr=0.3, steps=4)
    page = opened(still, steps, tmp_path)
    seen, across = [], []
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        seen.append(looks(page))
        across.append(float(page.get_attribute("#here", "cx")))
    assert across == sorted(across, reverse=True)
    assert page.locator(".hop.gone").count() == 4
    assert page.locator("#phases button").count() == 0
    assert page.locator("[type=search]").is_hidden()  # there are no names to find
    for expected in seen[-2::-1]:
        page.keyboard.press("ArrowLeft")
        assert looks(page) == expected


# --- notebooks


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook whose one cell ends with a Backprop, run."""
    path = tmp_path_factory.mktemp("notebook") / "play.ipynb"
    cells = [nbformat.v4.new_code_cell(PROGRAM)]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python"}
    made.metadata["kernelspec"]["name"] = "python3"
    NotebookClient(made, kernel_name="python3").execute()
    nbformat.write(made, path)
    return path


def plays(frame: Any) -> None:
    """A player in a frame goes to its end."""
    frame.locator("#last").click()
    frame.locator("#count", has_text="step 9 of 9").wait_for()
    assert frame.locator("#g1 text").text_content() == "13"
    assert frame.locator("#equation").inner_text().split()[-2:] == ["=", "39"]


def test_it_plays_in_an_html_export(browser: Any, notebook: Path) -> None:
    """nbconvert's page, from a file, without a network."""
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", str(notebook)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(notebook.with_suffix(".html").as_uri())
    plays(page.frame_locator("iframe"))
    context.close()


@pytest.fixture(scope="module")
def lab(notebook: Path) -> Iterator[str]:
    """The address of a JupyterLab on this machine, in the notebook's folder."""
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        "--port=8899", "--port-retries=50", "--IdentityProvider.token=", "--ServerApp.password=",
        "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    home = notebook.parent / "home"
    environment = os.environ | {
        "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "IPYTHONDIR": str(home / "ipython"),
    }  # fmt: skip
    with (notebook.parent / "lab.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=notebook.parent, env=environment, stdout=log, stderr=log
        )
        try:
            yield _address(home / "runtime", server)
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _address(folder: Path, server: "subprocess.Popen[bytes]") -> str:
    for _ in range(240):
        assert server.poll() is None, "JupyterLab ended"
        for path in folder.glob("jpserver-*.json"):
            try:
                address: str = json.loads(path.read_text())["url"]
                with urlopen(f"{address}api/status"):
                    return address
            except (OSError, ValueError):
                pass
        time.sleep(0.25)
    raise AssertionError("JupyterLab did not start")


@pytest.mark.slow
def test_an_untrusted_notebook_shows_the_picture(browser: Any, lab: str) -> None:
    """JupyterLab strips frames from a notebook that was not run here; the PNG is left."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{lab}lab/tree/play.ipynb")
    picture = page.locator(".jp-OutputArea-output img[alt='step 9/9 of L']")
    picture.wait_for(timeout=60_000)
    assert picture.evaluate("it => it.complete && it.naturalWidth") > 300
    assert page.locator(".jp-OutputArea-output iframe").count() == 0
    context.close()


@pytest.mark.slow
def test_a_notebook_that_is_run_plays(browser: Any, lab: str) -> None:
    """In JupyterLab with a kernel: the cell is run, and its output plays, keys included."""
    context = browser.new_context()
    page = context.new_page()
    # On a slow machine JupyterLab may ask which kernel it is; the right one is chosen already.
    question = page.locator(".jp-Dialog .jp-mod-accept").last
    page.add_locator_handler(question, lambda: question.click())
    page.goto(f"{lab}lab/tree/play.ipynb")
    page.locator(".jp-OutputArea-output img").wait_for(timeout=60_000)
    frame = page.frame_locator(".jp-OutputArea-output iframe")

    def run() -> bool:
        """Run the cell; a notebook that is still being set up may not listen."""
        if frame.locator("#next").count():
            return True
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        page.wait_for_timeout(10_000)
        return bool(frame.locator("#next").count())

    assert any(run() for _ in range(6))
    frame.locator("#next").wait_for(timeout=60_000)
    plays(frame)
    frame.locator("#stage").click(position={"x": 5, "y": 5})
    page.keyboard.press("Home")
    page.keyboard.press("d")
    page.keyboard.press("d")  # would delete the cell if it left the frame
    assert frame.locator("#equation").inner_text() == "before the first step"
    assert page.locator(".jp-CodeCell").count() >= 1
    context.close()
