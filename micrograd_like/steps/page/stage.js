// The picture on the page: its elements, and how they look.

const LETTER = 7.2; // pixels, at most, of a digit in the picture
const SMALL_LETTER = 5; // of one at an edge

class Stage {
  /**
   * @param {HTMLElement} root that the SVG is in
   * @param {Show} show
   */
  constructor(root, show) {
    this.root = root;
    this.show = show;
    this.picture = /** @type {SVGSVGElement} */ (root.querySelector(":scope > svg"));
    /** @type {Map<string, Element>} */
    this.elements = new Map();
    /** The classes that elements have anyway. @type {Map<string, string>} */
    this.kinds = new Map();
    /** @type {Map<string, Look>} */
    this.looks = new Map();
    /** @type {Set<string>} */
    this.lit = new Set();
    /** The things of cells. @type {Map<string, string>} */
    this.thingOf = new Map();
    for (const [id, { data, gradient, parameters }] of show.things)
      for (const cell of [data, gradient, parameters]) if (cell) this.thingOf.set(cell, id);
    for (const cell of this.thingOf.keys()) this.alignRight(cell);
    for (const it of this.picture.querySelectorAll(".edge, .cluster"))
      it.setAttribute("aria-hidden", "true");
    this.picture.setAttribute("role", "group"); // an image would have no parts to ask about
  }

  /** @param {string} id */
  element(id) {
    let found = this.elements.get(id);
    if (!found) {
      found = /** @type {Element} */ (this.picture.querySelector(`#${CSS.escape(id)}`));
      this.elements.set(id, found);
      this.kinds.set(id, found.getAttribute("class") ?? "");
    }
    return found;
  }

  /** Numbers come and go: they stand at the right of their cell, however wide they are. @param {string} cell */
  alignRight(cell) {
    const [box, text] = ["rect", "text"].map((tag) => this.element(cell).querySelector(tag));
    if (!box || !text) return;
    text.setAttribute("text-anchor", "end");
    const right = Number(box.getAttribute("x")) + Number(box.getAttribute("width"));
    text.setAttribute("x", String(right - 5));
  }

  /**
   * Have elements look so, and those lit that a step is about.
   *
   * @param {Map<string, Look>} looks
   * @param {Iterable<string>} lit
   */
  draw(looks, lit) {
    const changed = new Set();
    for (const [id, look] of looks) if (this.set(id, look)) changed.add(id);
    for (const id of this.looks.keys()) if (!looks.has(id) && this.set(id, {})) changed.add(id);
    const before = this.lit;
    this.lit = new Set(lit);
    for (const id of new Set([...before, ...this.lit, ...changed])) this.paint(id);
    for (const id of new Set([...changed].map((cell) => this.thingOf.get(cell))))
      if (id) this.describe(id);
  }

  /** Give an element its look; whether it was another. @param {string} id @param {Look} look */
  set(id, look) {
    const last = this.looks.get(id) ?? {};
    const names = [...new Set([...Object.keys(last), ...Object.keys(look)])];
    const changed = names.filter((name) => last[name] !== look[name]);
    this.looks.set(id, look);
    if (!changed.length) return false;
    const it = this.element(id);
    for (const name of changed) {
      if (name === "text") this.write(it, look.text ?? "");
      else if (name.startsWith("--")) this.style(it, name, look[name]);
      else if (name === "class")
        continue; // with what is lit, later
      else if (look[name] === undefined) it.removeAttribute(name);
      else it.setAttribute(name, look[name]);
    }
    return true;
  }

  /** @param {Element} it @param {string} name @param {string | undefined} value */
  style(it, name, value) {
    const { style } = /** @type {SVGElement} */ (it);
    if (value === undefined) style.removeProperty(name);
    else style.setProperty(name, value);
  }

  /** Put a number into a cell, narrower where it is too long. @param {Element} it @param {string} words */
  write(it, words) {
    const text = it.querySelector("text");
    if (!text) return;
    text.textContent = words;
    const room = Number(it.querySelector("rect")?.getAttribute("width") ?? Infinity) - 8;
    if (words.length * LETTER > room) {
      text.setAttribute("textLength", String(room));
      text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    } else text.removeAttribute("textLength");
  }

  /** @param {string} id */
  paint(id) {
    const it = this.element(id);
    const words = [this.kinds.get(id), this.looks.get(id)?.class, this.lit.has(id) && "lit"];
    it.setAttribute("class", words.filter(Boolean).join(" "));
  }

  /** Tell readers who do not see it what a value has. @param {string} id */
  describe(id) {
    const thing = this.show.things.get(id);
    if (!thing) return;
    const text = (/** @type {string} */ cell) => this.looks.get(cell)?.text;
    const words = `${thing.name}, data ${text(thing.data)}, gradient ${text(thing.gradient)}`;
    const inside = thing.parameters ? `, of its parameters ${text(thing.parameters)}` : "";
    this.element(id).setAttribute("aria-label", words + inside);
  }

  /** Write the local derivatives on their edges. @param {Map<string, string>} labels */
  label(labels) {
    for (const [id, words] of labels) {
      const texts = [...this.element(id).querySelectorAll("text")];
      const last = texts.pop();
      if (!last || last.textContent?.trim() === words) continue;
      const isCount = words.startsWith("×");
      // It grows to both sides, as a longer one would reach into the node beside it.
      const more = (words.length - (last.textContent?.trim().length ?? 0)) * SMALL_LETTER;
      for (const text of [...texts, last])
        text.setAttribute("x", String(Number(text.getAttribute("x")) - more / 2));
      for (const sign of texts) sign.textContent = isCount ? "" : "∂";
      last.textContent = isCount ? words : `\u00a0${words}`;
    }
  }
}
