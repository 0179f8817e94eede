// look(stage, options) lets a reader zoom, move and find names in the SVG that lies in an element
// that scrolls.  It returns the controls and what the page may call; `page.py` says how to use it.
// The picture's own numbers are not touched: the style sheet scales it.
function look(stage, options = {}) {
  const { frame = document.documentElement, least = 0.8 } = options;
  const keys = { smaller: "−", larger: "+", whole: "0", full: "1", screen: "f", find: "/", ...options.keys };
  const picture = stage.querySelector(":scope > svg"), drawing = picture.querySelector(".graph") || picture;
  const [width, height] = ["width", "height"].map((side) => picture[side].baseVal.value);
  const MOST = 8, STEP = 1.25, LEGIBLE = 0.7;
  const make = (tag, name, looks = {}) => Object.assign(document.createElement(tag), { className: name, ...looks });
  stage.classList.add("looking");
  stage.tabIndex = 0;
  stage.setAttribute("role", "region");

  // --- how large it is

  let scale = 0, mode = "start"; // until the reader says otherwise, the size follows the window
  let watched = []; // what has been shown stays in sight when the window changes, until the reader moves

  function room() {
    const style = getComputedStyle(stage), padding = (...sides) => sides.reduce((sum, side) => sum + parseFloat(style[`padding${side}`]), 0);
    const across = (stage.clientWidth - padding("Left", "Right")) / width;
    return Math.min(1, across, (stage.clientHeight - padding("Top", "Bottom")) / height);
  }

  function zoom(to, x, y) {
    const frame = stage.getBoundingClientRect(), before = picture.getBoundingClientRect();
    x ??= frame.left + stage.clientWidth / 2;
    y ??= frame.top + stage.clientHeight / 2;
    const right = before.width ? (x - before.left) / before.width : 0.5, down = before.height ? (y - before.top) / before.height : 0.5;
    scale = Math.max(Math.min(room(), 0.1), Math.min(MOST, to));
    stage.style.setProperty("--look-width", `${width * scale}px`);
    stage.style.setProperty("--look-height", `${height * scale}px`);
    const after = picture.getBoundingClientRect();
    stage.scrollBy(after.left + right * after.width - x, after.top + down * after.height - y);
    say();
  }

  const by = (factor, x, y) => { mode = "free"; watched = []; zoom(scale * factor, x, y); };
  const full = () => { mode = "free"; zoom(1); };
  const whole = () => { mode = "whole"; zoom(room()); };

  function follow() {
    const fits = room();
    if (mode === "whole") zoom(fits);
    else if (mode === "start") {
      const first = !scale;
      zoom(fits < least ? 1 : fits);
      if (first && fits < least) start();
    } else say();
    if (watched.length) show(watched);
  }

  function start() { // where the picture begins, which is not always its corner
    const first = things().map((it) => it.getBoundingClientRect()).sort((a, b) => a.left - b.left)[0];
    const frame = stage.getBoundingClientRect();
    stage.scrollLeft = 0;
    if (first) stage.scrollTop += first.top + first.height / 2 - frame.top - stage.clientHeight / 2;
  }

  // --- moving it: by scrolling, as usual, and by dragging what is no text

  let from = null, moved = false;
  stage.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.pointerType === "touch" || event.button || event.target.closest("text, button, a, aside")) return;
    if (!picture.contains(event.target) && event.target !== stage) return;
    from = { x: event.clientX, y: event.clientY };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    const x = event.clientX - from.x, y = event.clientY - from.y;
    if (!moved && Math.hypot(x, y) < 4) return;
    moved = true;
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("look-moved");
    watched = [];
    stage.scrollBy(-x, -y);
    from = { x: event.clientX, y: event.clientY };
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => {
    from = null;
    stage.classList.remove("look-moved");
    setTimeout(() => { moved = false; });
  });
  stage.addEventListener("click", (event) => moved && event.stopImmediatePropagation(), true); // of a drag
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    by(Math.exp(-Math.max(-50, Math.min(50, event.deltaY)) / 100), event.clientX, event.clientY);
  }, { passive: false });

  let apart = 0; // of two fingers
  const fingers = ({ touches: [a, b] }) => [Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2];
  stage.addEventListener("touchstart", (event) => { apart = event.touches.length === 2 ? fingers(event)[0] : 0; }, { passive: true });
  stage.addEventListener("touchmove", (event) => {
    if (event.touches.length !== 2 || !apart) return;
    event.preventDefault();
    const [now, x, y] = fingers(event);
    by(now / apart, x, y);
    apart = now;
  }, { passive: false });

  // --- finding by name

  let found = [], at = -1;
  const things = () => [...picture.querySelectorAll(".node, .cluster")];
  const plain = (words) => words.replace(/\s+/g, " ").trim().toLowerCase();
  const title = (it) => it.querySelector(":scope > title, :scope > g > title")?.textContent;
  const said = (it) => title(it) ?? it.getAttribute("aria-label") ?? "";

  function rank(it, words) { // how well the words fit: 0 best, 4 not at all
    const texts = [...it.querySelectorAll("text")].map((text) => plain(text.textContent));
    if (texts.includes(words)) return 0;
    if (texts.some((text) => text.startsWith(words))) return 1;
    return plain(texts.join(" ")).includes(words) ? 2 : plain(said(it)).includes(words) ? 3 : 4;
  }

  function mark() {
    for (const old of picture.querySelectorAll(".look-mark")) old.remove();
    found.forEach((it, k) => {
      const box = it.getBBox(), rect = document.createElementNS(picture.namespaceURI, "rect");
      rect.setAttribute("class", k === at ? "look-mark here" : "look-mark");
      for (const [name, value] of Object.entries({ x: box.x - 3, y: box.y - 3, width: box.width + 6, height: box.height + 6, rx: 4 })) rect.setAttribute(name, value);
      drawing.append(rect);
    });
  }

  function find(words) {
    const wanted = plain(words);
    const ranked = wanted ? things().map((it) => [rank(it, wanted), it]).filter(([how]) => how < 4) : [];
    found = ranked.sort(([a], [b]) => a - b).map(([, it]) => it);
    at = -1;
    if (found.length) next(1);
    else tell(null);
    mark();
    count.textContent = found.length ? `${at + 1} of ${found.length}` : wanted ? "not found" : "";
    return found.length;
  }

  function next(step) {
    if (!found.length && !search.value.trim()) found = things(); // all, one after the other
    if (!found.length) return;
    at = (at + step + found.length) % found.length;
    mark();
    count.textContent = `${at + 1} of ${found.length}`;
    mode = "free";
    if (scale < LEGIBLE) full();
    tell(found[at]);
    show([found[at]]);
  }

  function show(elements) { // all of them, or the first if there is no room for all
    watched = elements;
    const boxes = elements.map((it) => it.getBoundingClientRect()), frame = stage.getBoundingClientRect();
    const [left, top] = ["left", "top"].map((side) => Math.min(...boxes.map((box) => box[side])));
    const [right, bottom] = ["right", "bottom"].map((side) => Math.max(...boxes.map((box) => box[side])));
    const fits = right - left <= frame.width && bottom - top <= frame.height;
    if (!fits && elements.length > 1) return show(elements.slice(0, 1));
    const inside = left >= frame.left && right <= frame.right && top >= frame.top && bottom <= frame.bottom;
    if (inside) return; // a picture that moves at every step is hard to look at
    if (fits) stage.scrollBy((left + right - frame.left - frame.right) / 2, (top + bottom - frame.top - frame.bottom) / 2);
    else stage.scrollBy(left - frame.left - 8, top - frame.top - 8); // where its name is
  }

  // --- what is known of a part: its tooltip, for readers without a mouse, and to be copied

  const told = make("p", "look-about", { hidden: true });
  told.setAttribute("role", "status");
  const tell = options.tell ?? ((it) => {
    told.textContent = it ? said(it) : "";
    told.hidden = !told.textContent;
  });
  if (!options.tell) {
    stage.after(told);
    stage.addEventListener("click", (event) => tell(event.target.closest(".node, .cluster, .edge")));
  }

  // --- controls and keys

  const controls = make("nav", "look-controls"), shown = make("output", "look-scale");
  controls.setAttribute("aria-label", "view");
  const button = (text, title, press) => {
    const made = make("button", "", { type: "button", textContent: text, title });
    if (text.length === 1) made.setAttribute("aria-label", title.replace(/ \(.*/, ""));
    made.addEventListener("click", press);
    controls.append(made);
    return made;
  };
  const smaller = () => by(1 / STEP), larger = () => by(STEP);
  button("−", `smaller (${keys.smaller})`, smaller);
  controls.append(shown);
  button("+", `larger (${keys.larger})`, larger);
  const wholeButton = button("whole", `all of the picture (${keys.whole})`, whole);
  const fullButton = button("100 %", `its own size (${keys.full})`, full);
  const screen = () => (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen());
  const screenButton = button("full screen", `full screen (${keys.screen})`, screen);
  screenButton.hidden = !document.fullscreenEnabled;
  document.addEventListener("fullscreenchange", () => screenButton.setAttribute("aria-pressed", String(Boolean(document.fullscreenElement))));
  const search = make("input", "", { type: "search", placeholder: "find a name", title: `find a name (${keys.find}); Enter: the next` });
  const count = make("output", "look-count"), finder = make("form", "look-search");
  finder.setAttribute("role", "search");
  search.setAttribute("aria-label", "find a name");
  search.addEventListener("input", () => find(search.value));
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") next(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") { search.value = ""; find(""); stage.focus(); }
    else return event.stopPropagation();
    event.stopPropagation();
    event.preventDefault();
  });
  finder.addEventListener("submit", (event) => event.preventDefault());
  finder.append(search, count);
  finder.hidden = !things().length;
  controls.append(finder);
  stage.before(controls);

  function say() {
    shown.textContent = `${Math.round(100 * scale)} %`;
    wholeButton.setAttribute("aria-pressed", String(Math.abs(scale - room()) < 1e-3));
    fullButton.setAttribute("aria-pressed", String(scale === 1));
  }

  function seek() {
    const fold = controls.closest("details");
    if (fold) fold.open = true;
    search.focus();
  }

  const acts = {
    [keys.smaller]: smaller, [keys.larger]: larger, [keys.whole]: whole, [keys.full]: full,
    [keys.screen]: () => screenButton.hidden || screen(), [keys.find]: seek,
  };
  addEventListener("keydown", (event) => {
    const act = acts[{ "-": "−", "=": "+" }[event.key] ?? event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select") || !act) return;
    event.preventDefault();
    act();
  });

  new ResizeObserver(follow).observe(stage);
  follow();
  return { controls, zoom: (to) => by(to / scale), whole, full, show, find, next, scale: () => scale };
}
