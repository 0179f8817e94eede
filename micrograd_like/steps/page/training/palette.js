// The colours that the page mixes itself, for pictures made of pixels; others are the style sheet's.

class Palette {
  /** @param {Record<string, ColoursData>} colours by the theme @param {string} theme */
  constructor(colours, theme) {
    this.colours = colours;
    this.theme = theme;
    this.isDark = matchMedia("(prefers-color-scheme: dark)");
    this.isOnPaper = false;
    /** The signed colours, by the box that they are on. @type {Map<string, [number, number, number][]>} */
    this.known = new Map();
  }

  /** The colours as they are to be now. */
  get data() {
    const dark = this.isDark.matches && !this.isOnPaper;
    return this.colours[this.theme] ?? this.colours[dark ? "dark" : "light"];
  }

  /** Calls when the colours change. @param {() => void} changed */
  watch(changed) {
    /** @param {boolean} isOnPaper */
    const print = (isOnPaper) => {
      this.isOnPaper = isOnPaper;
      changed();
    };
    this.isDark.addEventListener("change", changed);
    addEventListener("beforeprint", () => print(true));
    addEventListener("afterprint", () => print(false));
  }

  /** A colour for each strength from -1 to 1, in 255 steps, as bytes: negative, none, positive. */
  signed() {
    const { box, positive, negative } = this.data;
    const known = this.known.get(box);
    if (known) return known;
    const steps = Array.from({ length: 255 }, (_, k) => (k - 127) / 127);
    const made = steps.map((x) => mixed(box, x < 0 ? negative : positive, 0.55 * Math.abs(x)));
    this.known.set(box, made);
    return made;
  }

  /** For each class its colours, from none to the strongest, in 128 steps. @param {number} count */
  classes(count) {
    const { box, classes } = this.data;
    const steps = Array.from({ length: 128 }, (_, k) => k / 127);
    return Array.from({ length: count }, (_, k) => {
      const colour = classes[k % classes.length];
      return steps.map((x) => mixed(box, colour, 0.08 + 0.42 * x));
    });
  }
}

/**
 * A colour laid over a ground.
 *
 * @param {string} ground
 * @param {string} colour
 * @param {number} part
 * @returns {[number, number, number]}
 */
function mixed(ground, colour, part) {
  const [a, b] = [ground, colour].map((code) =>
    [1, 3, 5].map((k) => parseInt(code.slice(k, k + 2), 16)),
  );
  const [red, green, blue] = a.map((x, k) => Math.round(x + (b[k] - x) * part));
  return [red, green, blue];
}
