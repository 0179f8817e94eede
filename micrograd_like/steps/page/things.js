// What the reader does with the picture's parts: choosing values, groups and edges, by pointer or key.

class Things {
  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    /** The ids of what can be reached by Tab and ↑ ↓. @type {string[]} */
    this.ids = [];
    /** Whether one of them had the focus. */
    this.wasHere = false;
    live.root.addEventListener("click", (event) => this.click(event));
    live.root.addEventListener("focusin", (event) => this.rove(event.target));
    // Before the page's other keys, as those of a value are for it alone.
    addEventListener("keydown", (event) => this.press(event), { capture: true });
    LISTED.push(
      ["Tab, ↑ ↓", "to the values, from value to value"],
      ["Enter, space", "choose a value; Enter opens or closes a group"],
      ["Shift ← →", "turn the leaf that is chosen"],
    );
    live.on("view", () => this.connect());
    live.on("select", () => this.mark());
    this.connect();
  }

  /** Have the parts of a picture answer. */
  connect() {
    const { live } = this;
    const { scenes, stage } = live;
    const clusters = new Map(closableClusters(live));
    this.ids = [...scenes.things.keys(), ...clusters.keys()];
    for (const id of this.ids) {
      const it = stage.element(id);
      it.setAttribute("role", "button");
      it.setAttribute("tabindex", id === this.ids[0] ? "0" : "-1");
      if (id.startsWith("n") && live.graph.isLeaf(live.valueOf(id)))
        it.setAttribute("aria-keyshortcuts", "Shift+ArrowLeft Shift+ArrowRight");
    }
    for (const [id, group] of clusters) {
      stage.element(id).removeAttribute("aria-hidden");
      stage.element(id).setAttribute("aria-label", `${group} is open: close it`);
    }
    scenes.view.links.forEach((_, link) => {
      const it = stage.element(`e${link}`);
      const path = it.querySelector("path");
      if (!path || it.querySelector(".hit")) return;
      const hit = /** @type {Element} */ (path.cloneNode());
      hit.setAttribute("class", "hit");
      it.append(hit);
    });
    this.mark();
    if (this.wasHere) this.focus(live.thing ?? this.ids[0]);
  }

  /** Show what is chosen. */
  mark() {
    const { scenes, stage, thing, link } = this.live;
    for (const id of scenes.things.keys())
      stage.element(id).setAttribute("aria-pressed", String(id === thing));
    scenes.view.links.forEach((_, k) => {
      stage.element(`e${k}`).toggleAttribute("data-chosen", k === link);
    });
  }

  /** The id of what can be reached and has an element in it. @param {EventTarget | null} target */
  idOf(target) {
    const it = /** @type {Element} */ (target).closest("[role=button]");
    return it && this.ids.includes(it.id) ? it.id : null;
  }

  /** @param {string} id */
  focus(id) {
    /** @type {SVGElement} */ (this.live.stage.element(id)).focus();
  }

  /** Tab comes back to where the focus was. @param {EventTarget | null} target */
  rove(target) {
    const id = this.idOf(target);
    this.wasHere = id !== null;
    if (!id) return;
    for (const other of this.ids)
      this.live.stage.element(other).setAttribute("tabindex", other === id ? "0" : "-1");
  }

  /** @param {MouseEvent} event */
  click(event) {
    const { live } = this;
    const edge = /** @type {Element} */ (event.target).closest(".edge");
    // The first click of two can have made room for the panel, and moved the picture.
    const isDouble = event.detail === 2 && this.open(live.group);
    if (isDouble) return;
    const id = this.idOf(event.target);
    if (id?.startsWith("c")) this.close(id);
    else if (id) live.chooseThing(id);
    else if (edge) live.selectLink(Number(edge.id.slice(1)));
    else if (live.isChosen) live.select(-1);
  }

  /** Open a group; whether it can be. @param {string} group */
  open(group) {
    const view = group ? viewToOpen(this.live, group) : undefined;
    if (view) this.live.open(view.name);
    return view !== undefined;
  }

  /** @param {string} cluster */
  close(cluster) {
    const group = this.live.viewData.open[Number(cluster.slice(1)) - 1];
    const view = viewToClose(this.live, group);
    if (!view) return;
    this.live.open(view.name);
    this.live.selectGroup(group);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = this.idOf(event.target);
    const isUsed = event.shiftKey ? this.turn(event, id) : id !== null && this.act(event.key, id);
    if (!isUsed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** What a key does to the part that has the focus; whether it does. @param {string} key @param {string} id */
  act(key, id) {
    const { live } = this;
    if (key === "ArrowDown" || key === "ArrowUp") {
      const next = this.ids[this.ids.indexOf(id) + (key === "ArrowDown" ? 1 : -1)];
      if (next) this.focus(next);
      if (next?.startsWith("n") && live.isChosen) live.chooseThing(next);
    } else if (key !== "Enter" && key !== " ") return false;
    else if (id.startsWith("c")) this.close(id);
    else {
      const { thing } = live;
      live.chooseThing(id);
      if (key === "Enter" && live.group && thing === id) this.open(live.group);
    }
    return true;
  }

  /** Turn the leaf that has the focus, or else the one that is chosen. @param {KeyboardEvent} event @param {string | null} id */
  turn({ key, repeat, target }, id) {
    const { live } = this;
    const sign = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const leaf = id?.startsWith("n") ? live.valueOf(id) : live.selected;
    const isTyped = /** @type {Element} */ (target).closest(`${Controls.TYPED}, input`);
    if (!sign || leaf < 0 || !live.graph.isLeaf(leaf) || isTyped || live.frozen) return false;
    if (leaf !== live.selected) live.select(leaf);
    turnLeaf(live, leaf, sign, repeat);
    return true;
  }
}
