// Pointing at the network: by mouse, finger, or keys, which go along the lines.

class Explorer {
  /** @param {NetworkPicture} picture @param {WeightStory} story @param {Picture} answers */
  constructor(picture, story, answers) {
    this.picture = picture;
    this.story = story;
    this.answers = answers;
    /** The neuron whose answers the large picture shows. @type {number | null} */
    this.pinned = null;
    /** Whose lines the arrow keys go through. @type {number[]} */
    this.lines = [];
    const { root, strokes } = picture;
    strokes.forEach((stroke, k) => {
      stroke.hit.addEventListener("pointerenter", () => this.tellLine(k));
      stroke.hit.addEventListener("click", () => stroke.line.focus());
      stroke.line.addEventListener("focus", () => this.tellLine(k));
    });
    for (const { button } of picture.units) {
      const place = Number(button.dataset.unit);
      button.addEventListener("pointerenter", () => this.tellUnit(place));
      button.addEventListener("focus", () => this.tellUnit(place));
      button.addEventListener("click", () => this.pin(this.pinned === place ? null : place));
    }
    root.addEventListener("pointerleave", () => this.again());
    root.addEventListener("focusout", () => this.light([]));
    root.addEventListener("keydown", (event) => this.press(event));
  }

  /** Back to what the keyboard is at. */
  again() {
    const active = document.activeElement;
    const line = this.picture.strokes.findIndex((stroke) => stroke.line === active);
    const unit = this.picture.units.findIndex(({ button }) => button === active);
    if (line >= 0) this.tellLine(line);
    else if (unit >= 0) this.tellUnit(unit);
    else this.light([]);
  }

  /** @param {number} k */
  tellLine(k) {
    const { weight } = this.picture.strokes[k];
    this.light([k]);
    this.story.tell(this.picture.data.names[weight], [weight], true);
  }

  /** @param {number} place */
  tellUnit(place) {
    const { data } = this.picture.units[place];
    const lines = this.linesOf(place, "target");
    this.light(lines);
    const weights = lines.map((k) => this.picture.strokes[k].weight);
    this.story.tell(data.name, [...data.biases, ...weights], false, data);
  }

  /** Make lines stand out. @param {number[]} lines */
  light(lines) {
    const lit = new Set(lines);
    this.picture.root.classList.toggle("lighting", lit.size > 0);
    this.picture.strokes.forEach(({ line }, k) => {
      line.classList.toggle("lit", lit.has(k));
    });
  }

  /** Show in the large picture what a neuron answers, or what the model does. @param {number | null} place */
  pin(place) {
    const value = place === null ? -1 : this.picture.units[place].data.value;
    this.pinned = value < 0 || !this.answers.look ? null : place;
    this.picture.units.forEach(({ button }, k) => {
      button.setAttribute("aria-pressed", String(k === this.pinned));
    });
    this.answers.look?.(this.pinned === null ? null : value);
    const name = this.pinned === null ? "" : this.picture.units[this.pinned].data.name;
    byId("looking-at").textContent = name ? `what ${name} answers` : this.answers.title;
  }

  /** @param {number} place @param {"source" | "target"} end */
  linesOf(place, end) {
    const { strokes } = this.picture;
    return strokes.flatMap((stroke, k) => (stroke[end] === place ? [k] : []));
  }

  // --- keys: left and right along the lines, up and down among neurons, or among a neuron's lines

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {Element} */ (event.target);
    const line = this.picture.strokes.findIndex((stroke) => stroke.line === target);
    const unit = this.picture.units.findIndex(({ button }) => button === target);
    if (event.key === "Escape") this.pin(null);
    else if (!event.key.startsWith("Arrow")) return;
    else if (line >= 0) this.fromLine(line, event.key);
    else if (unit >= 0) this.fromUnit(unit, event.key);
    event.preventDefault();
  }

  /** @param {number} line @param {string} key */
  fromLine(line, key) {
    const { source, target } = this.picture.strokes[line];
    if (key === "ArrowLeft") this.focusUnit(source);
    else if (key === "ArrowRight") this.focusUnit(target);
    else {
      const next = this.lines.indexOf(line) + (key === "ArrowDown" ? 1 : -1);
      this.focusLine(this.lines[next] ?? line);
    }
  }

  /** @param {number} place @param {string} key */
  fromUnit(place, key) {
    if (key === "ArrowLeft" || key === "ArrowRight") {
      this.lines = this.linesOf(place, key === "ArrowLeft" ? "target" : "source");
      if (this.lines.length) this.focusLine(this.lines[0]);
      return;
    }
    const column = this.picture.columns.find((units) => units.includes(place)) ?? [];
    this.focusUnit(column[column.indexOf(place) + (key === "ArrowDown" ? 1 : -1)] ?? place);
  }

  /** @param {number} line */
  focusLine(line) {
    this.picture.strokes[line].line.focus();
  }

  /** @param {number} place */
  focusUnit(place) {
    this.picture.units.forEach(({ button }, k) => {
      button.tabIndex = k === place ? 0 : -1;
    });
    this.picture.units[place].button.focus();
  }
}
