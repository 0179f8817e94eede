// The knob of a leaf: a slider whose range goes with the number, a field to type it, and what came of it.

const TICKS = 200; // of a slider, from 0 to one of its ends

/**
 * How far a leaf's slider goes, on both sides of 0: 1, 2 or 5 times a power of 10.
 *
 * @param {number} x its number
 */
function reachOf(x) {
  const size = Math.abs(x);
  if (!size || !Number.isFinite(size) || (size >= 0.02 && size <= 1)) return 2;
  const [digits, power] = (2 * size).toExponential(6).split("e");
  const first = [1, 2, 5, 10].find((most) => Number(digits) <= most);
  return Number(`${first}e${power}`);
}

/**
 * A leaf's number so many ticks away, without the last digits of adding.
 *
 * @param {number} x
 * @param {number} ticks
 * @param {number} [reach]
 */
function turned(x, ticks, reach = reachOf(x)) {
  return Number((x + (ticks * reach) / TICKS).toPrecision(12));
}

/**
 * Turn a leaf by some ticks; several turns are one to undo.
 *
 * @param {Live} live
 * @param {number} leaf
 * @param {number} ticks
 * @param {boolean} isMore
 */
function turnLeaf(live, leaf, ticks, isMore) {
  const x = live.graph.data[leaf];
  live.set(new Map([[leaf, turned(Number.isFinite(x) ? x : 0, ticks)]]), isMore);
}

class Knob {
  /** @param {Live} live @param {number} leaf */
  constructor(live, leaf) {
    this.live = live;
    this.leaf = leaf;
    this.isMore = false;
    this.element = part("div", "", "knob");
    this.slider = make("input", { type: "range" });
    this.field = make("input", { type: "text", autocomplete: "off", spellcheck: false });
    const name = live.graph.names[leaf];
    this.slider.setAttribute("aria-label", `turn ${name}`);
    this.field.setAttribute("aria-label", `data of ${name}`);
    this.trouble = part("p", "", "trouble");
    this.trouble.setAttribute("role", "alert");
    this.outcome = part("p", "", "outcome");
    this.outcome.setAttribute("role", "status");
    const label = part("label", "data ");
    label.append(this.field);
    this.element.append(label, this.slider, this.trouble, this.outcome);
    this.slider.addEventListener("input", () => this.slide());
    this.slider.addEventListener("change", () => {
      this.isMore = false;
      this.fit();
    });
    this.field.addEventListener("change", () => this.type());
    this.field.addEventListener("blur", () => this.restore());
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.fit();
    this.write();
  }

  get number() {
    return this.live.graph.data[this.leaf];
  }

  /** The slider's range for the number: a larger one if it is at the end. */
  fit() {
    const reach = reachOf(this.number);
    this.slider.max = String(reach);
    this.slider.min = String(-reach);
    this.slider.step = String(reach / TICKS);
  }

  slide() {
    const { isMore } = this;
    this.isMore = true;
    this.live.set(new Map([[this.leaf, Number(this.slider.value)]]), isMore);
  }

  /** Take what was typed, if it is a number. */
  type() {
    const { value } = this.field;
    const x = parsed(value);
    this.field.setAttribute("aria-invalid", String(x === undefined));
    if (x === undefined) {
      const told = value.trim()
        ? `“${value.trim().slice(0, 40)}” is no number`
        : "a number is missing";
      this.trouble.textContent = `${told}; ${exact(this.number)} stays${hintFor(value)}`;
      return;
    }
    if (!Object.is(x, this.number)) this.live.set(new Map([[this.leaf, x]]));
    this.fit();
    this.write();
    this.trouble.textContent = rounding(value, x);
  }

  /** What was refused goes from the field, and what was told of it stays. */
  restore() {
    if (this.field.getAttribute("aria-invalid") !== "true") return;
    this.field.value = exact(this.number);
    this.field.removeAttribute("aria-invalid");
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.key !== "Escape" || this.field.value === exact(this.number)) return;
    this.write();
    event.preventDefault(); // the panel stays
  }

  /** Write the number that the leaf has. */
  write() {
    const x = this.number;
    if (!this.isMore) this.fit(); // a range that changes would move what is being dragged
    this.slider.value = String(x);
    this.slider.setAttribute("aria-valuetext", number(x));
    this.field.value = exact(x);
    this.field.removeAttribute("aria-invalid");
    this.trouble.textContent = "";
    const { board, graph } = this.live;
    const root = graph.names[graph.root];
    const told = `${root} = ${exact(graph.data[graph.root])}`;
    this.outcome.textContent = board.problem || (this.leaf === graph.root ? "" : told);
  }
}

/** What became of a typed number that no float is. @param {string} text @param {number} x */
function rounding(text, x) {
  if (Number.isFinite(x))
    return x === 0 && /[1-9].*e/i.test(text) ? "too small for a float: 0" : "";
  return /\d/.test(text) ? `too large for a float: ${number(x)}` : "";
}
