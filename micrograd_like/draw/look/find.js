// Finding parts of the picture by name: the best first, all of them marked.
class Finder {
  static LEGIBLE = 0.7; // the scale from which a name that was found can be read

  /**
   * @param {Zoom} zoom
   * @param {(part: Element | null) => void} tell
   */
  constructor(zoom, tell) {
    this.zoom = zoom;
    this.tell = tell;
    this.wanted = "";
    /** @type {SVGGraphicsElement[]} */
    this.found = [];
    this.at = -1;
    this.changed = () => {}; // is called when the status may be another
  }

  /** Which one is shown, of how many. */
  get status() {
    if (this.found.length) return `${this.at + 1} of ${this.found.length}`;
    return this.wanted ? "not found" : "";
  }

  /**
   * Shows the first part that has the words; none ends the search.
   *
   * @param {string} words
   * @returns {number} how many have them
   */
  find(words) {
    this.wanted = normalized(words);
    const parts = this.wanted ? partsOf(this.zoom.picture) : [];
    const ranked = parts.map((part) => ({ part, rank: rankOf(part, this.wanted) }));
    const fitting = ranked.filter(({ rank }) => rank < 4).sort((a, b) => a.rank - b.rank);
    this.found = fitting.map(({ part }) => part);
    this.at = -1;
    if (this.found.length) this.next(1);
    else {
      this.tell(null);
      this.mark();
      this.changed();
    }
    return this.found.length;
  }

  /**
   * Shows the next part that was found, or the one before (-1); of all, if nothing was wanted.
   *
   * @param {number} step
   */
  next(step) {
    const { zoom } = this;
    if (!this.found.length && !this.wanted) this.found = partsOf(zoom.picture);
    if (!this.found.length) return;
    this.at = (this.at + step + this.found.length) % this.found.length;
    const part = this.found[this.at];
    this.mark();
    this.changed();
    zoom.mode = "free";
    if (zoom.scale < Finder.LEGIBLE) zoom.full();
    this.tell(part);
    zoom.show([part]);
  }

  /** Draws a frame around each part that was found. */
  mark() {
    const { picture } = this.zoom;
    const drawing = picture.querySelector(".graph") ?? picture;
    for (const old of picture.querySelectorAll(".look-mark")) old.remove();
    for (const [k, part] of this.found.entries()) {
      const box = part.getBBox();
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      mark.setAttribute("class", k === this.at ? "look-mark here" : "look-mark");
      mark.setAttribute("x", String(box.x - 3));
      mark.setAttribute("y", String(box.y - 3));
      mark.setAttribute("width", String(box.width + 6));
      mark.setAttribute("height", String(box.height + 6));
      mark.setAttribute("rx", "4");
      drawing.append(mark);
    }
  }
}

/**
 * Words without what does not matter: capitals, and space around and between.
 *
 * @param {string} words
 */
function normalized(words) {
  return words.replace(/\s+/g, " ").trim().toLowerCase();
}

/**
 * How well a part fits the words: 0 best, 4 not at all.
 *
 * @param {Element} part
 * @param {string} words
 */
function rankOf(part, words) {
  const texts = [...part.querySelectorAll("text")].map((text) => normalized(text.textContent));
  if (texts.includes(words)) return 0;
  if (texts.some((text) => text.startsWith(words))) return 1;
  if (normalized(texts.join(" ")).includes(words)) return 2;
  return normalized(aboutPart(part)).includes(words) ? 3 : 4;
}
