// What the page shows after step k is a function of k alone: each step says how elements look from
// then on, and what it replaces is kept, so that going back is exact.  Numbers and words were all
// written beforehand; nothing is calculated here.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const { title, total, times, phases, start, steps, nodes } = JSON.parse(byId("steps").textContent);
  const stage = byId("stage"), picture = stage.querySelector("svg");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const PACE = 1600, TRAVEL = 800; // milliseconds of a step at speed 1, and of that on the way

  // --- how elements look

  const elements = new Map(), kinds = new Map(), looks = new Map();
  const nodeIds = Object.keys(nodes);
  const cellOf = new Map(nodeIds.flatMap((id) => [[nodes[id].data, id], [nodes[id].gradient, id]]));
  const element = (id) => {
    if (!elements.has(id)) {
      elements.set(id, byId(id));
      kinds.set(id, byId(id).getAttribute("class"));
    }
    return elements.get(id);
  };

  let lit = new Set();
  function paint(id) {
    const it = element(id), look = looks.get(id) || {};
    const words = [kinds.get(id), look.class, lit.has(id) && "lit"].filter(Boolean);
    it.setAttribute("class", words.join(" "));
  }

  function set(id, look) {
    const it = element(id), last = looks.get(id) || {};
    looks.set(id, look);
    let style = "";
    for (const key of new Set([...Object.keys(last), ...Object.keys(look)])) {
      const value = look[key];
      if (key === "text") it.querySelector("text").textContent = value ?? "";
      else if (key.startsWith("--")) style += value === undefined ? "" : `${key}:${value};`;
      else if (key !== "class" && value === undefined) it.removeAttribute(key);
      else if (key !== "class") it.setAttribute(key, value);
    }
    if (style) it.setAttribute("style", style);
    else it.removeAttribute("style");
    paint(id);
    if (cellOf.has(id)) describe(cellOf.get(id));
  }

  function describe(id) {
    const { name, data, gradient } = nodes[id], text = (cell) => looks.get(cell)?.text ?? "";
    element(id).setAttribute("aria-label", `${name}, data ${text(data)}, gradient ${text(gradient)}`);
  }

  const latest = { ...start };
  for (const step of steps) {
    step.undo = {};
    for (const id in step.set) {
      step.undo[id] = latest[id] || {};
      latest[id] = step.set[id];
    }
  }

  // --- going to a step: 0 is before the first

  let at = 0, travelling = null;

  function change(looksOf) {
    for (const id in looksOf) set(id, looksOf[id]);
  }

  function show(k, animated = false) {
    arrive();
    k = Math.max(0, Math.min(steps.length, k));
    const one = animated && k === at + 1 && !still.matches && steps[at].way;
    while (at < k - (one ? 1 : 0)) change(steps[at++].set);
    while (at > k) change(steps[--at].undo);
    at = k;
    const old = lit;
    lit = new Set(k ? steps[k - 1].lit : []);
    for (const id of new Set([...old, ...lit])) paint(id);
    write();
    follow();
    if (one) travel(steps[k - 1]);
  }

  function write() {
    const step = steps[at - 1], slider = byId("slider");
    byId("phase").textContent = step ? step.phase : "";
    stage.dataset.phase = step ? step.phase : steps[0]?.phase;
    byId("count").textContent = step ? `step ${step.number} of ${total}` : title;
    byId("equation").replaceChildren(...(step ? equation(step) : [part("span", "before the first step")]));
    byId("remark").replaceChildren(...(step ? remarks(step) : ["press play, or click here and use the arrow keys"]));
    slider.value = at;
    slider.setAttribute("aria-valuetext", step ? `${step.phase}, step ${step.number}` : "before the first step");
    for (const button of byId("phases").children) {
      button.setAttribute("aria-pressed", String(Boolean(step) && phaseOf(step) === button.dataset.phase));
    }
    if (!byId("history").hidden) recall(recalled);
  }

  function part(tag, words, name = "") {
    const made = document.createElement(tag);
    made.textContent = words;
    if (name) made.className = name;
    return made;
  }

  function equation(step) {
    const out = [];
    step.equation.forEach((side, i) => {
      const last = i === step.equation.length - 1;
      if (i) out.push(part("span", i === 1 && step.relation || "=", "equals"));
      if (typeof side === "string") out.push(part("span", side, last && i ? "result" : ""));
      else {
        const both = part("span", "");
        both.append(part("span", side[0], "local"), times, part("span", side[1], "above"));
        out.push(both);
      }
    });
    if (step.sum) out.push(part("span", "now", "equals now"), part("span", step.sum, "result"));
    return out;
  }

  function remarks(step) {
    if (step.phase !== "backward" || !step.equation.some(Array.isArray)) return [step.remark ?? ""];
    return [part("b", "local derivative"), " times ", part("b", "gradient from above", "above"), ` (${step.remark})`];
  }

  // --- what travels along the edges

  function travel(step) {
    const time = Math.min(TRAVEL, (TRAVEL / speed())) / step.way.length;
    const layer = document.createElementNS(picture.namespaceURI, "g");
    layer.setAttribute("class", "pulse");
    layer.setAttribute("aria-hidden", "true");
    picture.querySelector(".graph").append(layer);
    travelling = { step, layer, frame: 0, began: performance.now() };
    let leg = -1, riders = [];
    const tick = (now) => {
      const gone = Math.max(0, (now - travelling.began) / time);
      if (gone >= step.way.length) return arrive();
      if (Math.floor(gone) !== leg) {
        leg = Math.floor(gone);
        layer.replaceChildren();
        riders = step.way[leg].map(([id, words]) => rider(layer, id, words));
      }
      for (const { path, length, mark } of riders) {
        const { x, y } = path.getPointAtLength(length * (step.back ? 1 - gone + leg : gone - leg));
        mark.setAttribute("transform", `translate(${x} ${y})`);
      }
      travelling.frame = requestAnimationFrame(tick);
    };
    travelling.frame = requestAnimationFrame(tick);
  }

  function rider(layer, id, words) {
    const [mark, dot, text] = ["g", "circle", "text"].map((tag) => document.createElementNS(picture.namespaceURI, tag));
    dot.setAttribute("r", "4.5");
    text.setAttribute("y", "-8");
    text.textContent = words;
    mark.append(dot, text);
    layer.append(mark);
    const path = element(id).querySelector("path");
    return { path, length: path.getTotalLength(), mark };
  }

  function arrive() {
    if (!travelling) return;
    const { step, layer, frame } = travelling;
    travelling = null;
    cancelAnimationFrame(frame);
    layer.remove();
    change(step.set);
    if (!byId("history").hidden) recall(recalled);
  }

  // --- playing

  let timer = 0;
  const speed = () => Number(byId("speed").value);
  const playing = () => "playing" in document.documentElement.dataset;

  function play(on) {
    clearTimeout(timer);
    if (on) {
      document.documentElement.dataset.playing = "";
      if (at === steps.length) show(0);
      timer = setTimeout(beat, 200 / speed());
    } else delete document.documentElement.dataset.playing;
    byId("play").setAttribute("aria-label", on ? "pause" : "play");
    // What is read aloud at every step would never end while the steps go by themselves.
    byId("board").setAttribute("aria-live", on ? "off" : "polite");
  }

  function beat() {
    show(at + 1, true);
    if (at === steps.length) play(false);
    else timer = setTimeout(beat, PACE / speed());
  }

  function go(k, animated = false) {
    play(false);
    show(k, animated);
  }

  const phaseOf = (step) => (step.phase === "start" ? "backward" : step.phase);
  for (const phase of new Set(steps.map(phaseOf)).size > 1 ? phases : []) {
    const button = part("button", phase);
    button.dataset.phase = phase;
    button.title = `to the ${phase} phase (${phase[0]})`;
    byId("phases").append(button);
  }
  const toPhase = (phase) => {
    const k = steps.findIndex((step) => phaseOf(step) === phase);
    if (k >= 0) go(k + 1);
  };

  // --- the picture's size, and what of it is in sight

  const view = look(stage, {
    least: 0.95, // text of 9 px is hardly smaller
    keys: { smaller: "o", larger: "i", whole: "z", screen: "s" },
    tell: (it) => {
      if (it) view.show([it]);
      if (it && nodes[it.id]) recall(it.id);
      else forget();
    },
  });
  byId("view").append(view.controls);
  const roomy = matchMedia("(min-width: 841px)"); // where they stand beside the board, as in player.css
  const fold = () => { byId("view").open = roomy.matches; };
  roomy.addEventListener("change", fold);
  fold();

  function follow() {
    const ids = lit.size ? [...lit] : steps[0]?.lit ?? [];
    if (ids.length) view.show(ids.map(element));
  }

  // --- the history of a value

  const past = new Map();
  steps.forEach((step, i) => {
    for (const id in step.set) {
      const thing = cellOf.get(id);
      if (!thing) continue;
      if (!past.has(thing)) past.set(thing, []);
      if (past.get(thing).at(-1) !== i) past.get(thing).push(i);
    }
  });

  let recalled = null, kept = false;

  function recall(id) {
    recalled = id;
    const box = byId("history"), all = past.get(id) || [], gone = all.filter((i) => i < at);
    const list = document.createElement("ol");
    for (const i of gone.slice(-50)) {
      const button = document.createElement("button"), item = document.createElement("li");
      button.append(part("span", steps[i].number, "number"), " ", equation(steps[i]).map((e) => e.textContent).join(" "));
      button.addEventListener("click", () => go(i + 1));
      item.append(button);
      list.append(item);
    }
    const more = all.length - gone.length;
    const words = more ? `${more} more ${more === 1 ? "step" : "steps"} to come` : "nothing more to come";
    box.replaceChildren(part("h2", nodes[id].name), list, part("p", words));
    box.hidden = false;
    const frame = stage.getBoundingClientRect(), node = element(id).getBoundingClientRect();
    const left = node.left - frame.left + stage.scrollLeft;
    const below = node.bottom - frame.top + stage.scrollTop + 6;
    const above = node.top - frame.top + stage.scrollTop - 6 - box.offsetHeight;
    const fits = below + box.offsetHeight <= stage.scrollTop + stage.clientHeight;
    box.style.left = `${Math.max(stage.scrollLeft + 4, Math.min(left, stage.scrollLeft + stage.clientWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${fits || above < stage.scrollTop ? below : above}px`;
  }

  function forget() {
    byId("history").hidden = true;
    recalled = null;
    kept = false;
  }

  nodeIds.forEach((id, i) => {
    const it = element(id);
    it.setAttribute("role", "button");
    it.setAttribute("tabindex", i ? "-1" : "0");
    it.addEventListener("pointerenter", () => kept || recall(id));
    it.addEventListener("pointerleave", () => kept || forget());
    it.addEventListener("focus", () => {
      for (const other of nodeIds) element(other).setAttribute("tabindex", other === id ? "0" : "-1");
      kept = false;
      recall(id);
    });
    it.addEventListener("click", () => { recall(id); kept = true; });
  });
  stage.addEventListener("focusout", (event) => {
    if (!stage.contains(event.relatedTarget) && !kept) forget();
  });
  stage.addEventListener("click", (event) => {
    if (!event.target.closest("[role=button], #history")) forget();
  });

  // --- controls and keys

  byId("first").addEventListener("click", () => go(0));
  byId("previous").addEventListener("click", () => go(at - 1));
  byId("play").addEventListener("click", () => play(!playing()));
  byId("next").addEventListener("click", () => go(at + 1, true));
  byId("last").addEventListener("click", () => go(steps.length));
  byId("slider").max = steps.length;
  byId("slider").addEventListener("input", (event) => go(Number(event.target.value)));
  byId("phases").addEventListener("click", (event) => event.target.dataset.phase && toPhase(event.target.dataset.phase));

  function faster(by) {
    const choice = byId("speed");
    choice.selectedIndex = Math.max(0, Math.min(choice.options.length - 1, choice.selectedIndex + by));
  }

  const keys = {
    " ": () => play(!playing()),
    ArrowLeft: () => go(at - 1),
    ArrowRight: () => go(at + 1, true),
    Home: () => go(0),
    End: () => go(steps.length),
    f: () => toPhase("forward"),
    b: () => toPhase("backward"),
    "+": () => faster(1),
    "=": () => faster(1),
    "-": () => faster(-1),
    Escape: forget,
  };

  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("select")) return;
    const node = nodeIds.indexOf(target.id);
    if (node >= 0 && (key === "ArrowDown" || key === "ArrowUp")) {
      const next = nodeIds[node + (key === "ArrowDown" ? 1 : -1)];
      if (next) element(next).focus();
    } else if (node >= 0 && key === "Enter") {
      recall(target.id);
      kept = true;
    } else if (!keys[key] || (key === " " && target.closest("button, summary"))) return;
    else keys[key]();
    event.preventDefault();
  });

  // --- on paper: the step that is shown, or the last if nobody has gone to one

  let unplayed = false;
  addEventListener("beforeprint", () => {
    unplayed = at === 0;
    show(unplayed ? steps.length : at);
  });
  addEventListener("afterprint", () => unplayed && show(0));

  // --- at the beginning

  document.documentElement.classList.add("playing");
  for (const cell of cellOf.keys()) {
    // Numbers come and go: they stand at the right of their cell, however wide they are.
    const box = element(cell).querySelector("rect"), text = element(cell).querySelector("text");
    text.setAttribute("text-anchor", "end");
    text.setAttribute("x", Number(box.getAttribute("x")) + Number(box.getAttribute("width")) - 5);
  }
  for (const it of picture.querySelectorAll(".edge, .cluster")) it.setAttribute("aria-hidden", "true");
  change(start);
  picture.setAttribute("role", "group"); // an image would have no parts to ask about
  show(0);
})();
